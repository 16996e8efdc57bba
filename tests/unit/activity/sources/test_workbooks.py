"""Workbooks: which sheets hold data, where the table lies, and what each cell means."""

from __future__ import annotations

import datetime as dt
import io

import openpyxl
import pytest

from tenure.kernel import OptionError, SourceError

HEADER = ["customer_id", "date", "number_of_cds", "dollar_value"]


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.fixture
def purchases(cdnow):
    """Real purchases as Excel holds them: ids and counts as numbers, days as dates."""
    return [
        [int(c), dt.datetime.strptime(d, "%Y%m%d"), int(n), float(v)] for c, d, n, v in cdnow[:200]
    ]


def as_read(purchases):
    return [(str(c), d.date().isoformat(), str(n), f"{v:.15g}") for c, d, n, v in purchases]


def days(cells):
    return [(row[0], row[1][:10], *row[2:]) for row in cells]


def test_ids_stay_whole_numbers_and_dates_become_iso(read, purchases):
    source = read(workbook(orders=[HEADER, *purchases]), "orders.xlsx")
    assert source.raw.columns == tuple(HEADER)
    assert days(source.cells) == as_read(purchases)
    assert source.lines == list(range(2, 202))
    assert (source.raw.sheet, source.raw.name, source.raw.header_row) == (
        "orders",
        "orders.xlsx",
        1,
    )


def test_titles_above_and_totals_below_the_table_are_listed(read, purchases):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet["A1"] = "Sales report 1997"
    sheet.merge_cells("A1:D1")
    sheet["A2"] = "Printed:"
    sheet["B2"] = dt.datetime(1998, 7, 1)
    for column, text in enumerate(HEADER, start=1):
        sheet.cell(5, column, text)
    for index, row in enumerate(purchases, start=6):
        for column, value in enumerate(row, start=1):
            sheet.cell(index, column, value)
    sheet.cell(207, 1, "Grand total")
    sheet.cell(207, 4, 7010.5)
    file = io.BytesIO()
    book.save(file)
    source = read(file.getvalue(), "report.xlsx")
    assert source.raw.header_row == 5
    assert source.lines == list(range(6, 206))
    assert source.skipped == [
        (1, "skipped_preamble"),
        (2, "skipped_preamble"),
        (207, "skipped_footer"),
    ]


def test_group_titles_over_the_headers_are_no_headers(read, purchases):
    rows = [["Customer", None, "Order", None], HEADER, *purchases]
    source = read(workbook(orders=rows), "orders.xlsx")
    assert source.raw.columns == tuple(HEADER)
    assert source.skipped == [(1, "skipped_preamble")]


def test_the_one_sheet_with_data_is_taken_and_the_others_are_told(read, purchases):
    source = read(
        workbook(
            Readme=[["This file was exported"], ["by the shop"]],
            Orders=[HEADER, *purchases],
            Blank=[],
        ),
        "shop.xlsx",
    )
    assert source.raw.sheet == "Orders"
    assert [(n.code, n.source) for n in source.raw.notes] == [("skipped_sheet", "shop.xlsx#Readme")]


def test_several_sheets_with_data_are_several_sources(read_many, tmp_path, purchases):
    path = tmp_path / "years.xlsx"
    path.write_bytes(workbook(y1997=[HEADER, *purchases], y1998=[HEADER, *purchases[:50]]))
    sources = read_many(path)
    assert [(s.raw.name, s.raw.rows) for s in sources] == [
        ("years.xlsx#y1997", 200),
        ("years.xlsx#y1998", 50),
    ]
    (one,) = read_many(path, sheet="Y1998")
    assert one.raw.rows == 50
    with pytest.raises(OptionError, match="y1997, y1998"):
        read_many(path, sheet="y1999")


def test_cells_keep_what_they_mean(read):
    rows = [
        ["id", "when", "flag", "amount", "time"],
        [17850.0, dt.datetime(2020, 1, 2, 3, 4, 5), True, 0.1 + 0.2, dt.time(3, 4)],
        ["00017", dt.date(2020, 2, 29), False, 1234567.5, "x"],
        [43831, "#N/A", None, -5, "y"],
    ]
    source = read(workbook(orders=rows), "orders.xlsx")
    assert source.cells == [
        ("17850", "2020-01-02 03:04:05", "TRUE", "0.3", "03:04:00"),
        ("00017", "2020-02-29", "FALSE", "1234567.5", "x"),
        ("43831", source.cells[2][1], None, "-5", "y"),
    ]
    assert source.cells[2][1] in (None, "#N/A")


def test_blank_rows_and_columns_around_the_table_move_no_line(read, purchases):
    rows = [
        [],
        [None, *HEADER],
        *([None, *row] for row in purchases[:3]),
        [],
        [None, *purchases[4]],
    ]
    source = read(workbook(orders=rows), "orders.xlsx")
    assert source.lines == [3, 4, 5, 7]
    assert source.raw.columns == tuple(HEADER)


def test_a_person_can_name_the_header_row_or_say_there_is_none(read, purchases):
    book = workbook(orders=purchases)
    assert read(book, "orders.xlsx", header_row=0).raw.rows == 200
    assert read(book, "orders.xlsx").raw.header_row is None
    with pytest.raises(OptionError, match="header row"):
        read(book, "orders.xlsx", header_row=999)


def test_a_workbook_called_csv_and_a_text_called_xls_are_read_by_content(read, purchases):
    assert read(workbook(orders=[HEADER, *purchases]), "orders.csv").raw.sheet == "orders"
    text = read("id\tdate\n1\t2024-01-01\n2\t2024-01-02\n", "orders.xls")
    assert (text.raw.delimiter, text.raw.rows) == ("\t", 2)


@pytest.mark.parametrize("keep", [4, 100, 2_000])
def test_a_cut_workbook_is_refused(read, purchases, keep):
    with pytest.raises(SourceError, match="damaged workbook"):
        read(workbook(orders=[HEADER, *purchases])[:keep], "orders.xlsx")


def test_a_workbook_without_any_cell_is_refused(read):
    with pytest.raises(SourceError, match="no rows"):
        read(workbook(a=[], b=[]), "orders.xlsx")
