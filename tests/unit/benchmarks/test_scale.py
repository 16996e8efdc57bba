"""The scale benchmark's peers do the same work, and a difference between them shows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import peers_pandas, peers_polars, peers_sql, peers_tenure
from benchmarks.scale_goals import Goal, goals, slope
from benchmarks.scale_results import Measured, Size, as_text, sizes_of
from benchmarks.works import FILED, SCAN, TENURE, WORKS, differences, figures, perform
from tenure.activity.contract import ACTIVITY, CUSTOMER_ATTRIBUTES
from tenure.assembly import Workspace

AS_OF = date(2026, 1, 1)
MEMORY_MB = 500

# customer, day, kind, value, order, channel, source, product
EDGES = [
    ("ann", date(2025, 1, 3), "order", 10, "a1", "web", "ad", "P1"),
    ("ann", date(2025, 1, 3), "order", 5, "a1", "web", "ad", "P2"),
    ("ann", date(2025, 1, 3), "order", 7, "a2", "app", None, "P1"),
    ("ann", date(2025, 3, 9), "order", 20, "a3", None, "ad", None),
    ("ann", date(2025, 3, 20), "refund", -20, "a3", None, "ad", None),
    ("ann", date(2025, 12, 30), "order", 1, "a4", None, None, "P3"),
    ("bob", date(2025, 2, 1), "visit", None, None, "web", "ad", None),
    ("cat", date(2025, 2, 1), "refund", -4, "c1", "web", "ad", "P1"),
    ("dan", date(2025, 2, 28), "order", 8, "d1", "web", "mail", "P1"),
    ("dan", date(2025, 3, 1), "order", 8, "d2", "shop", "mail", "P1"),
    ("dan", date(2025, 12, 31), "order", 8, "d3", "app", "mail", "P4"),
    ("dan", AS_OF, "order", 99, "d4", "web", "mail", "P9"),
    ("eve", date(2025, 12, 31), "order", 30, "e1", None, None, None),
    ("fay", AS_OF, "order", 30, "f1", None, None, None),
]

CITIES = [
    ("ann", datetime(2025, 1, 1), "Berlin"),
    ("ann", datetime(2025, 6, 1), "Lyon"),
    ("bob", datetime(2026, 6, 1), "Rome"),
    ("dan", None, "Oslo"),
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of `EDGES`."""
    workspace = Workspace.create(tmp_path / "workspace", {"currency": "EUR"})
    rows = [
        {
            "activity_id": str(number),
            "customer_id": customer,
            "occurred_at": datetime(day.year, day.month, day.day, 12),
            "occurred_on": day,
            "kind": kind,
            "value": None if value is None else Decimal(value),
            "currency": "EUR",
            "order_id": order,
            "channel": channel,
            "source": source,
            "product_id": product,
            "received_at": datetime(2026, 1, 2),
        }
        for number, (customer, day, kind, value, order, channel, source, product) in enumerate(
            EDGES
        )
    ]
    with workspace.lake.writing() as writer:
        pq.write_table(pa.Table.from_pylist(rows, schema=ACTIVITY), writer.new_file("activity"))
        known = [
            {"attribute_id": str(number), "customer_id": customer, "known_at": at, "name": "city",
             "value": city, "received_at": datetime(2026, 1, 2)}
            for number, (customer, at, city) in enumerate(CITIES)
        ]  # fmt: skip
        cities = pa.Table.from_pylist(known, schema=CUSTOMER_ATTRIBUTES)
        pq.write_table(cities, writer.new_file("customer_attributes"))
        writer.commit("edges")
    return workspace.root


def answers(root: Path, tmp_path: Path, work: str) -> dict[str, dict[str, float]]:
    files = Workspace.open(root).lake.view().files("activity")

    def run(name: str, call: object) -> dict[str, float]:
        target = tmp_path / f"{name}-{work}" if work in FILED else None
        return dict(figures(AS_OF, work, perform(call, target)))

    def by(module: object, *arguments: object, **given: object) -> object:
        def call(*target: Path) -> object:
            return getattr(module, work)(*arguments, AS_OF, *target, **given)

        return call

    by_hand: dict[str, object] = {"memory_mb": MEMORY_MB}
    if work == "snapshot":
        by_hand["attributes"] = Workspace.open(root).lake.view().files("customer_attributes")
    return {
        "tenure": run("tenure", by(peers_tenure, root, source="raw")),
        "sql": run("sql", by(peers_sql, files, **by_hand)),
        "pandas": run("pandas", by(peers_pandas, files)),
        "polars": run("polars", by(peers_polars, files)),
    }


@pytest.mark.parametrize("work", WORKS)
def test_every_peer_gives_the_same_answer_on_edge_cases(
    work: str, root: Path, tmp_path: Path
) -> None:
    found = answers(root, tmp_path, work)
    for peer, figures_of_peer in found.items():
        assert differences(figures_of_peer, found["tenure"]) == [], peer


def test_one_wrong_value_in_a_snapshot_shows(root: Path, tmp_path: Path) -> None:
    files = Workspace.open(root).lake.view().files("activity")
    good, bad = tmp_path / "good.parquet", tmp_path / "bad.parquet"
    peers_sql.snapshot(files, AS_OF, good, MEMORY_MB, [])
    table = pq.read_table(good)
    places = table.schema.get_field_index("order_count")
    counts = table["order_count"].to_pylist()
    counts[0] += 1
    pq.write_table(table.set_column(places, "order_count", pa.array(counts, pa.int64())), bad)
    found = differences(figures(AS_OF, "snapshot", bad), figures(AS_OF, "snapshot", good))
    assert [each.split(":")[0] for each in found] == ["order_count"]


def test_a_missing_row_of_a_small_answer_shows() -> None:
    rows = [(24300, 0, 5), (24300, 1, 3)]
    found = differences(figures(AS_OF, "cohorts", rows[:1]), figures(AS_OF, "cohorts", rows))
    assert found == ["24300|1|0: None instead of 3"]


def test_months_that_had_not_ended_are_not_compared() -> None:
    ended, open_month = (2025 * 12 + 11, 1, 2, 3, 4), (2026 * 12, 9, 9, 9, 9)
    assert figures(AS_OF, "lifecycle", [ended, open_month]) == figures(AS_OF, "lifecycle", [ended])


def test_the_slope_is_the_exponent() -> None:
    assert slope([(x, 3 * x**1.2) for x in (10.0, 100.0, 1000.0)]) == pytest.approx(1.2)


def test_a_goal_says_by_how_much_it_is_missed() -> None:
    assert Goal("x", 1, 5.0, 4.0).verdict == "missed by 25%"
    assert Goal("x", 1, 4.0, 4.0).verdict == "met"
    assert Goal("x", 1, 4.0, 5.0, at_least=True).verdict == "missed by 20%"


def test_goals_compare_cpu_with_the_scan_of_the_same_size() -> None:
    scan, ours = Measured(SCAN, SCAN, 1, 2, 100, 1), Measured(TENURE, "cohorts", 9, 10, 100, 1)
    size = Size(1000, 1000, 10, 100, [scan, ours])
    (by_scan,) = [g for g in goals([size]) if "scan" in g.what]
    assert (by_scan.measured, by_scan.is_met) == (5.0, False)
    assert "cohorts: Tenure" in as_text([size])


def test_kept_results_are_read_again() -> None:
    told = {
        "sizes": [
            {
                "asked": 1, "rows": 1, "customers": 1, "orders": 1, "skipped": {},
                "disagreements": [],
                "measured": [
                    {"peer": SCAN, "work": SCAN, "seconds": 1.0, "cpu_seconds": 2.0,
                     "peak_mb": 3.0, "runs": 1}
                ],
            }
        ]
    }  # fmt: skip
    assert sizes_of(told)[0].scan.cpu_seconds == 2.0
