"""Files that are broken, odd or no data at all: exact lines, or a clear error; never a fault."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from tenure.kernel import SourceError, TenureError
from tests.e2e.desk import Desk, Purchase, facts_of, issues_of

HEADER = "customer_id,order_date,quantity,line_total"


def rows_of(purchases: list[Purchase]) -> list[str]:
    return [f"{p.customer},{p.day},{p.cds},{p.dollars}" for p in purchases]


def packed(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("orders.csv", b"", "no rows"),
        ("orders.csv", b" \n\n\t\n", "no rows"),
        ("orders.csv", b"\xef\xbb\xbf", "no rows"),
        ("orders.csv", bytes(range(256)) * 40, "orders.csv"),
        ("orders.xlsx", b"PK\x03\x04" + b"\0" * 200, "orders.xlsx"),
        ("orders.xlsx", packed(readme="no workbook"), "orders.xlsx"),
        ("orders.xls", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "orders.xls"),
        ("orders.parquet", b"PAR1 and no more", "orders.parquet"),
        ("orders.csv.gz", b"\x1f\x8b\x08\0 damaged", "gzip"),
        ("orders.pdf", b"%PDF-1.7 \n", "PDF"),
        ("orders.xls", b"<html><table><tr><td>1</td></tr></table>", "web page"),
        ("orders.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "picture"),
        ("orders.json", b'{"customer_id": ', "orders.json"),
        ("orders.jsonl", b"[1, 2, 3]\n", "orders.jsonl"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_is_no_table_is_refused_by_name_and_nothing_is_written(
    desk: Desk, name: str, content: bytes, said: str
):
    with pytest.raises(TenureError) as caught:
        desk.one(name, content)
    assert said in str(caught.value)
    assert caught.value.remedy
    assert desk.count("imports") == 0
    assert not list(desk.workspace.scratch.iterdir())


def test_a_folder_without_data_is_refused(desk: Desk):
    desk.file("exports/letter.doc", "Dear customer")
    with pytest.raises(SourceError, match="no file that can be read among 1"):
        desk.bring(desk.folder / "exports")


def test_an_absent_file_is_refused(desk: Desk):
    with pytest.raises(SourceError, match="no such file"):
        desk.bring(desk.folder / "absent.csv")


def test_one_unreadable_file_of_several_stops_the_import_before_anything_is_written(
    desk: Desk, purchases: list[Purchase]
):
    desk.file("exports/a.csv", "\n".join((HEADER, *rows_of(purchases), "")))
    desk.file("exports/b.parquet", b"PAR1 and no more")
    with pytest.raises(SourceError, match=r"b\.parquet"):
        desk.bring(desk.folder / "exports")
    assert desk.count("activity") == desk.count("imports") == 0


def test_a_file_with_headers_only_brings_no_rows(desk: Desk):
    told = desk.one("orders.csv", HEADER + "\n")
    assert (told["rows_read"], told["accepted"], told["value"]) == (0, 0, None)


def test_cells_of_several_lines_keep_every_line_number_exact(desk: Desk, purchases: list[Purchase]):
    rows = rows_of(purchases)
    lines, at = [HEADER + ",remark"], []
    for number, row in enumerate(rows):
        at.append(len(lines) + 1)
        if number % 5 == 2:
            lines += [f'{row},"first', "", "second, with a quote", 'third"']
        else:
            lines.append(f"{row},none")
    bad = 17
    lines[at[bad] - 1] = lines[at[bad] - 1].replace(str(purchases[bad].day), "soon")
    told = desk.one("orders.csv", "\r\n".join((*lines, "")))
    assert told["rows_read"] == 44
    assert issues_of(told, "bad_time")[0]["row"] == at[bad]
    assert desk.column("source_row") == [line for i, line in enumerate(at) if i != bad]
    for row in desk.column("source_row"):
        assert lines[row - 1].startswith(rows[at.index(row)])


def test_nul_bytes_do_not_stop_an_import(desk: Desk, purchases: list[Purchase]):
    rows = rows_of(purchases)
    rows[3] = rows[3].replace("00003", "00003\0")
    rows[9] = rows[9] + "\0"
    told = desk.one("orders.csv", "\n".join((HEADER, *rows, "")))
    assert told["rows_read"] == 44
    assert told["accepted"] + told["quarantined"] == 44
    assert set(desk.column("customer_id")) <= {p.customer for p in purchases}


def test_rows_with_too_few_cells_lack_only_their_last_ones(desk: Desk, purchases: list[Purchase]):
    rows = rows_of(purchases)
    rows[3] = rows[3].rsplit(",", 1)[0]
    rows[9] = rows[9].split(",")[0]
    told = desk.one("orders.csv", "\n".join((HEADER, *rows, "")))
    assert (told["rows_read"], told["accepted"], told["quarantined"]) == (44, 43, 1)
    assert issues_of(told, "missing_time")[0]["row"] == 11
    assert desk.column("value")[3] is None


def test_headers_repeated_in_the_middle_are_headers_and_no_fact(
    desk: Desk, purchases: list[Purchase]
):
    rows = rows_of(purchases)
    told = desk.one("orders.csv", "\n".join((HEADER, *rows[:20], HEADER, *rows[20:], "")))
    assert desk.facts() == facts_of(purchases)
    assert told["detected"]["header_row"] == 1
    assert (told["quarantined"], issues_of(told, "bad_time")[0]["row"]) == (1, 22)


def test_two_columns_of_one_name_are_both_kept_apart(desk: Desk, purchases: list[Purchase]):
    rows = [f"{row},x{i}" for i, row in enumerate(rows_of(purchases))]
    told = desk.one("orders.csv", "\n".join((HEADER + ",customer_id", *rows, "")))
    assert told["detected"]["mapping"]["customer"] == "customer_id"
    assert desk.facts() == facts_of(purchases)


def test_columns_called_like_our_own(desk: Desk, purchases: list[Purchase]):
    rows = [f"{row},9,x,y,z" for row in rows_of(purchases)]
    header = HEADER + ",source_row,fault_code,activity_id,select"
    told = desk.one("orders.csv", "\n".join((header, *rows, "")))
    assert told["accepted"] == 44
    assert desk.column("source_row") == list(range(2, 46))


def test_a_file_with_quotes_commas_and_markup_in_its_names(desk: Desk, purchases: list[Purchase]):
    path = desk.file('a\'b, [red]"x" ;--.csv', "\n".join((HEADER, *rows_of(purchases), "")))
    told = desk.bring(path).as_dict()
    assert told["accepted"] == 44
    assert desk.query("SELECT source FROM imports") == [(path.name,)]


def test_headers_with_quotes_and_commas(desk: Desk, purchases: list[Purchase]):
    rows = "\n".join(rows_of(purchases))
    content = f'"cust""omer\'s, id",order_date,quantity,line_total\n{rows}\n'
    roles = {"customer": "cust\"omer's, id"}
    assert desk.one("orders.csv", content, roles=roles)["accepted"] == 44


def test_a_long_cell_is_kept_out_of_messages(desk: Desk, purchases: list[Purchase]):
    rows = rows_of(purchases)
    rows[3] = rows[3].replace(str(purchases[3].day), "x" * 100_000)
    told = desk.one("orders.csv", "\n".join((HEADER, *rows, "")))
    (issue,) = issues_of(told, "bad_time")
    assert len(issue["given"]) <= 200


def test_a_path_that_cannot_be_read(desk: Desk):
    link = desk.folder / "orders.csv"
    link.symlink_to(Path("absent"))
    with pytest.raises(SourceError):
        desk.bring(link)
