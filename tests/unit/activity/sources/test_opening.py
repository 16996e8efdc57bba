"""The door: folders, foreign files, and bytes of any kind without a traceback."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.activity.sources import SourceOptions, expand, open_sources
from tenure.engine.duck import connect
from tenure.kernel import TenureError

from .conftest import read_all


def test_a_folder_is_its_files_sorted_and_the_rest_is_told(tmp_path, read_many):
    folder = tmp_path / "exports"
    (folder / "2024").mkdir(parents=True)
    (folder / "b.csv").write_text("id,date\n1,2024-01-01\n")
    (folder / "2024" / "a.csv.gz").write_bytes(gzip.compress(b"id,date\n2,2024-01-01\n"))
    (folder / "c.jsonl").write_text('{"id": 3}\n')
    for name in ("notes.docx", ".hidden.csv", "~$b.xlsx"):
        (folder / name).write_text("x")
    sources = read_many(folder)
    assert [s.raw.name for s in sources] == ["a.csv.gz", "b.csv", "c.jsonl"]
    assert [(n.code, n.source) for n in sources[0].raw.notes] == [
        ("skipped_file", "notes.docx"),
        ("skipped_file", "~$b.xlsx"),
    ]


def test_nothing_to_read_is_refused(tmp_path, read_many, read):
    (tmp_path / "none").mkdir()
    with pytest.raises(TenureError, match="no file that can be read"):
        expand([tmp_path / "none"])
    with pytest.raises(TenureError, match="no such file"):
        read_many(tmp_path / "missing.csv")
    for content in (b"", b"\n\n \n", b"\xef\xbb\xbf", b"\xff\xfe"):
        with pytest.raises(TenureError, match="no rows"):
            read(content)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "picture"),
        (b"SQLite format 3\0", "SQLite"),
        (b"\n <!DOCTYPE html><table>", "web page"),
        (bytes(range(256)) * 9, "binary"),
    ],
)
def test_a_foreign_file_is_refused_by_what_it_is(read, content, what):
    with pytest.raises(TenureError, match=what):
        read(content)


NAMES = ("x.csv", "x.tsv", "x.json", "x.jsonl", "x.xlsx", "x.xls", "x.ods", "x.parquet", "x.csv.gz")
PARTS = st.sampled_from(
    [bytes([byte]) for byte in b'",;\t\n\r a1|{}[]\0\x1f\xff\xe9']
    + b'\r\n {"a":1} Total PAR1 PK\x03\x04 \x1f\x8b \xd0\xcf\x11\xe0 \xef\xbb\xbf \xff\xfe'.split(
        b" "
    )
    + ["客".encode(), "客户".encode("gbk")]
)
BYTES = st.one_of(st.binary(max_size=400), st.lists(PARTS, max_size=60).map(b"".join))
OPTIONS = st.builds(
    SourceOptions,
    delimiter=st.sampled_from([None, None, ",", " ", "\t"]),
    encoding=st.sampled_from([None, None, "utf-8", "gb18030", "utf-16", "cp1252"]),
    header_row=st.sampled_from([None, None, 0, 1, 2]),
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=BYTES, name=st.sampled_from(NAMES), options=OPTIONS)
def test_any_bytes_give_a_source_that_adds_up_or_a_clear_error(content, name, options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        connection = connect(threads=1)
        try:
            for raw in open_sources([path], connection, Path(folder), options):
                read_all(connection, raw)
        except TenureError as error:
            assert error.given
            assert error.expected
            assert error.remedy
        finally:
            connection.close()
