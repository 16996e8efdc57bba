"""Laws of imports on any rows: all accounted for, twice is once, order is nothing, no fault."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tenure.activity.contract import Role
from tenure.activity.importing import ImportOptions
from tenure.activity.sources import SourceOptions
from tenure.assembly import Workspace, import_into
from tenure.cli import main

FEW = settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
MANY = settings(FEW, max_examples=30)

HEADER = "order_id,customer_id,order_date,quantity,line_total,status"
SAID = ImportOptions(
    source=SourceOptions(encoding="utf-8", delimiter=",", header_row=1),
    roles={
        name.value: column
        for name, column in zip(
            (Role.ORDER, Role.CUSTOMER, Role.TIME, Role.QUANTITY, Role.LINE_TOTAL, Role.STATUS),
            HEADER.split(","),
            strict=True,
        )
    },
    date_order="dmy",
    decimal=".",
    currency="EUR",
)
WORDS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=8
)
CELLS = {
    "order_id": st.sampled_from(["1", "2", "C2", "0003", "３", "", "1.0"]) | WORDS,
    "customer_id": st.sampled_from(["00017", "17", "17.0", "NA", "", "ａ1", "A@b.c"]) | WORDS,
    "order_date": st.dates().map(str)
    | st.sampled_from(["01/02/2024", "2024-02-30", "45000", "1700000000", "1月2日", ""])
    | WORDS,
    "quantity": st.integers(-(10**6), 10**6).map(str) | st.sampled_from(["", "1e9", "x"]),
    "line_total": st.decimals(-(10**9), 10**9, places=2).map(str)
    | st.sampled_from(["€5", "1,234.50", "(3)", "$9", "NaN", "", "1e400", "=1"])
    | WORDS,
    "status": st.sampled_from(["", "paid", "refunded", "已取消", "待付款"]) | WORDS,
}
ROWS = st.tuples(*CELLS.values())
TIDY = st.tuples(
    st.sampled_from(["00001", "00002", "00003"]),
    st.sampled_from(["1997-01-01", "1997-01-12", "1997-03-30"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from(["11.77", "12.00", "20.76"]),
)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def text(header: str, rows: list[tuple[str, ...]]) -> bytes:
    lines = [header, *(",".join(map(quoted, row)) for row in rows), ""]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


class Place:
    """A fresh workspace in a folder that goes away."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.root = Path(self._folder.name)
        self.workspace = Workspace.create(self.root / "workspace")

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def bring(self, content: bytes, options: ImportOptions = SAID) -> dict:
        path = self.root / "orders.csv"
        path.write_bytes(content)
        told = import_into(self.workspace, [path], options).as_dict()
        parts = ("accepted", "duplicate", "quarantined", "skipped")
        assert told["rows_read"] == sum(told[part] for part in parts)
        return told

    def facts(self) -> list[tuple]:
        connection = self.workspace.facts().engine.connection
        return connection.execute(
            "SELECT * EXCLUDE (received_at, import_id, source_row) FROM activity ORDER BY ALL"
        ).fetchall()


@FEW
@given(st.lists(ROWS, min_size=1, max_size=30))
@example([("1", "00017", "2024-03-05", "1", "5", "paid")] * 3)
def test_every_row_is_accounted_for_and_twice_is_once(rows: list[tuple[str, ...]]):
    with Place() as place:
        told = place.bring(text(HEADER, rows))
        known = place.facts()
        assert len(known) == told["accepted"]
        again = place.bring(text(HEADER, rows))
        assert again["accepted"] == 0
        assert again["rows_read"] == told["rows_read"]
        assert again["duplicate"] == told["accepted"] + told["duplicate"]
        assert again["quarantined"] == told["quarantined"]
        assert place.facts() == known


@FEW
@given(st.lists(TIDY, min_size=2, max_size=24), st.data())
def test_overlapping_exports_in_any_order_give_the_same_facts(
    rows: list[tuple[str, ...]], data: st.DataObject
):
    start = data.draw(st.integers(0, len(rows) - 1))
    end = data.draw(st.integers(start, len(rows)))
    header = "customer_id,order_date,quantity,line_total"
    first, second = text(header, rows[:end] or rows), text(header, rows[start:])
    said = ImportOptions(currency="USD", decimal=".", date_order="ymd")
    found = []
    for exports in ((first, second), (second, first), (first, second, first)):
        with Place() as place:
            for export in exports:
                place.bring(export, said)
            found.append(place.facts())
    assert found[0] == found[1] == found[2]


@FEW
@given(st.lists(ROWS, min_size=2, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_fact(rows: list[tuple[str, ...]], chance):
    shuffled = rows[:]
    chance.shuffle(shuffled)
    found = []
    for some in (rows, shuffled):
        with Place() as place:
            told = place.bring(text(HEADER, some))
            found.append((place.facts(), told["accepted"], told["quarantined"]))
    assert found[0] == found[1]


SUFFIXES = ("csv", "tsv", "txt", "json", "jsonl", "xlsx", "xls", "parquet", "csv.gz", "weird", "")
STARTS = (
    b"",
    b"customer_id,order_date,line_total\n",
    "会员号,消费日期,实付金额\n".encode("gb18030"),
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"PK\x03\x04",
    b"PAR1",
    b"\x1f\x8b\x08",
    b"\xd0\xcf\x11\xe0",
    b'{"customer_id": "1", "order_date": "2024-01-01"}\n',
    b"[",
    b'"',
)
BYTES = (
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass"))
    | st.lists(ROWS, max_size=5).map(lambda rows: text(HEADER, rows))
    | st.text('",;\t|\n\r 019.-=年月日$€abcC\0', max_size=200).map(str.encode)
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@MANY
@given(st.sampled_from(SUFFIXES), st.sampled_from(STARTS), BYTES)
@example("csv", b"", b"\0")
@example("csv", b"a,b\n", b'"' * 999)
@example("json", b"", b'{"a": {"a": {"a": [1, {"b": null}]}}}')
@example("jsonl", b"", b'{"customer_id": 1e999, "order_date": "2024-01-01"}')
def test_any_bytes_in_any_file_are_read_or_refused_clearly(
    root: Path, suffix: str, start: bytes, rest: bytes
):
    path = root / f"orders.{suffix}"
    path.write_bytes(start + rest)
    ran = CliRunner().invoke(main, ["import", str(path), "-w", str(root / "w"), "--json"])
    assert ran.exit_code in (0, 2, 4, 5), (ran.exit_code, ran.output)
    assert "Traceback" not in ran.output
    told = json.loads(ran.stdout)
    if ran.exit_code == 0:
        parts = ("accepted", "duplicate", "quarantined", "skipped")
        assert told["rows_read"] == sum(told[part] for part in parts)
    else:
        assert all(told["error"][key] for key in ("code", "given", "expected", "remedy"))


WORDS_OF_HEADERS = (*HEADER.split(","), "price", "currency", "city", "会员号", "消费日期", "plan",
                    "start_date", "end_date", "event", "timestamp", "", "Total")  # fmt: skip
OPTIONS = ("--date-order=dmy", "--decimal=,", "--currency=EUR", "--orders=row", "--repeats=drop",
           "--as=orders", "--as=events", "--as=customers", "--as=subscriptions",
           "--header-row=1", "--header-row=0", "--timezone=Asia/Shanghai")  # fmt: skip


@settings(FEW, max_examples=10)
@given(
    st.lists(st.sampled_from(WORDS_OF_HEADERS), min_size=1, max_size=6),
    st.lists(st.lists(st.one_of(*CELLS.values()), max_size=7), max_size=12),
    st.sampled_from([",", ";", "\t", "|"]),
    st.lists(st.sampled_from(OPTIONS), max_size=3, unique=True),
)
@example(["customer_id"], [], ",", [])
@example(["city", "customer_id"], [["Rome", "3"], ["Bari", "3"]], ",", [])
@example(["会员号", "timestamp"], [["1", "C2"], ["2", "soon"]], ",", [])
def test_any_table_with_any_options_is_accounted_for_and_twice_is_once(
    headers: list[str], rows: list[list[str]], delimiter: str, options: list[str]
):
    with Place() as place:
        path = place.root / "orders.csv"
        lines = (delimiter.join(map(quoted, row)) for row in (headers, *rows))
        path.write_text("\n".join((*lines, "")), encoding="utf-8")
        given = ["import", str(path), "-w", str(place.root / "workspace"), "--json", *options]
        first, again = (CliRunner().invoke(main, given) for _ in range(2))
        assert first.exit_code in (0, 2, 4, 5), first.output
        assert again.exit_code == first.exit_code, again.output
        if first.exit_code == 0:
            told, twice = json.loads(first.stdout), json.loads(again.stdout)
            parts = ("accepted", "duplicate", "quarantined", "skipped")
            assert told["rows_read"] == sum(told[part] for part in parts)
            assert (twice["accepted"], twice["quarantined"]) == (0, told["quarantined"])
