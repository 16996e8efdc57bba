"""Import of a CSV of 8 columns, clean and messy, against DuckDB's bare reader and pandas.

TENURE_BENCH_ROWS sets the number of rows (default 300,000). The bare reader only splits
the text; pandas parses dates and numbers and drops duplicates, but keeps no line numbers,
quarantines nothing and writes Parquet; Tenure does all of it and commits to the lake.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.measuring import Measurement, measure_interleaved
from tenure.activity.importing import ImportOptions
from tenure.assembly import Workspace, import_into

ROW_COUNT = int(os.environ.get("TENURE_BENCH_ROWS", "300000"))

# Made from the row number alone, so every run reads the same bytes.
_CLEAN = """
SELECT
    'O' || (i // 3) AS order_id,
    'C' || lpad((i * 7919 % 200003)::VARCHAR, 7, '0') AS customer_id,
    strftime(TIMESTAMP '2023-01-01' + INTERVAL (i * 31) SECOND, '%Y-%m-%d %H:%M:%S')
        AS order_date,
    'P' || (i * 13 % 5000) AS product_id,
    'category ' || (i * 13 % 40) AS category,
    1 + i % 4 AS quantity,
    printf('%.2f', (i * 17 % 9900) / 100.0) AS line_total,
    ['web', 'shop', 'app'][1 + i % 3] AS channel
FROM range($rows) AS r(i)
"""
# The same rows as a spreadsheet would mangle them: padded ids, day-month dates, euro signs,
# decimal commas, spelled-out missing values, and one row in two hundred broken.
_MESSY = """
SELECT
    'O' || (i // 3) AS Bestellnummer,
    '  C' || lpad((i * 7919 % 200003)::VARCHAR, 7, '0') || ' ' AS Kunde,
    CASE WHEN i % 200 = 7 THEN 'unknown date' ELSE
        strftime(TIMESTAMP '2023-01-01' + INTERVAL (i * 31) SECOND, '%d.%m.%Y %H:%M')
        END AS Datum,
    'P' || (i * 13 % 5000) AS product_id,
    CASE WHEN i % 9 = 0 THEN 'N/A' ELSE 'Kategorie ' || (i * 13 % 40) END AS category,
    1 + i % 4 AS quantity,
    '€ ' || replace(printf('%.2f', (i * 17 % 9900) / 100.0), '.', ',') AS line_total,
    ['web', 'shop', 'app'][1 + i % 3] AS channel
FROM range($rows) AS r(i)
"""


def run() -> Iterator[Measurement]:
    """Yield the peers and the import, for clean and for messy rows."""
    with tempfile.TemporaryDirectory() as folder:
        clean, messy = Path(folder) / "clean.csv", Path(folder) / "messy.csv"
        with duckdb.connect() as connection:
            for query, path, sign in ((_CLEAN, clean, ","), (_MESSY, messy, ";")):
                connection.execute(
                    f"COPY ({query.replace('$rows', str(ROW_COUNT))}) TO '{path}' "
                    f"(HEADER, DELIMITER '{sign}')"
                )
        bare, frame, *imports = measure_interleaved(
            {
                "DuckDB, bare reader of texts": partial(_bare, clean),
                "pandas, parse and write Parquet": partial(_pandas, clean),
                "tenure import, clean": partial(_import, clean, {}),
                "tenure import, messy": partial(
                    _import, messy, {"customer": "Kunde", "time": "Datum", "order": "Bestellnummer"}
                ),
            },
            amount=ROW_COUNT,
        )
        yield bare
        yield frame.against(bare)
        for measured in imports:
            yield measured.against(bare)
            yield measured.against(frame)


def _bare(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "SELECT count(order_id), count(customer_id), count(order_date), count(product_id), "
            "count(category), count(quantity), count(line_total), count(channel) "
            "FROM read_csv(?, all_varchar = true)",
            [str(path)],
        ).fetchone()


def _pandas(path: Path) -> None:
    frame = pd.read_csv(path, dtype={"order_id": str, "customer_id": str})
    frame["order_date"] = pd.to_datetime(frame["order_date"])
    with tempfile.TemporaryDirectory() as folder:
        frame.drop_duplicates().to_parquet(Path(folder) / "orders.parquet")


def _import(path: Path, roles: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "workspace", {"currency": "EUR"})
        result = import_into(workspace, [path], ImportOptions(roles=roles))
        if not result.sources[0].accepted:
            raise RuntimeError(f"nothing was accepted: {result.as_dict()}")
