"""Laws of the kept tables on random histories: refreshed by parts, whole, or not kept at all,

every figure is the same; rewriting files changes none, and what is erased leaves no trace.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.activity.contract import ACTIVITY
from tenure.activity.facts import Facts
from tenure.assembly import Workspace, compact_workspace, erase_customer, refresh, refreshing
from tenure.assembly.kept_tables import is_fresh
from tenure.engine.relations import Relation
from tenure.metrics import METRICS
from tenure.metrics.customer_days import days_of_activity
from tenure.metrics.customer_states import customer_states
from tenure.metrics.kept import KeptActivity
from tenure.snapshots import snapshot

FIRST = date(2022, 3, 5)
CUSTOMERS = 60
KINDS = ("order", "order", "order", "refund", "visit")


def history(chance: random.Random, rows: int, *, days: int = 500) -> list[dict[str, object]]:
    """Return rows of activity: orders in lines over several days, refunds, visits, gaps."""
    made = []
    for number in range(rows):
        customer = f"c{int(chance.paretovariate(0.7)) % CUSTOMERS:02d}"
        day = FIRST + timedelta(days=chance.randrange(days))
        kind = chance.choice(KINDS)
        value = None if kind == "visit" else Decimal(chance.randrange(1, 9999)) / 100
        made.append(
            {
                "activity_id": f"{chance.getrandbits(64):016x}{number}",
                "customer_id": customer,
                "occurred_at": datetime.combine(day, time(chance.randrange(24))),
                "occurred_on": day,
                "kind": kind,
                "value": -value if kind == "refund" and value is not None else value,
                "currency": "EUR",
                "order_id": None if kind == "visit" else f"{customer}-{chance.randrange(12)}",
                "channel": chance.choice([None, "web", "shop"]),
                "source": chance.choice([None, "ad", "mail"]),
                "product_id": chance.choice([None, "p1", "p2", "p3"]),
                "category": chance.choice([None, "k1", "k2"]),
                "received_at": datetime(2030, 1, 1),
            }
        )
    return made


def append(workspace: Workspace, rows: list[dict[str, object]]) -> None:
    with workspace.lake.writing() as writer:
        table = pa.Table.from_pylist(rows, schema=ACTIVITY)
        pq.write_table(table, writer.new_file("activity"))
        writer.commit("append")


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with tempfile.TemporaryDirectory() as folder:
        yield Workspace.create(Path(folder) / "workspace", {"currency": "EUR"})


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refresh by parts however many customers are touched, in many small ranges."""
    monkeypatch.setattr(refreshing, "TOUCHED_SHARE_MAX", 1.0)
    monkeypatch.setattr(refreshing, "REPLACED_SHARE_MAX", 100.0)
    monkeypatch.setattr(refreshing, "BUCKET_ROWS", 40)


def kept(workspace: Workspace) -> tuple[Facts, KeptActivity]:
    facts = workspace.facts()
    assert isinstance(facts.activity, KeptActivity)
    return facts, facts.activity


def plain(facts: Facts) -> Facts:
    return replace(facts, activity=Relation(facts.activity.table, facts.engine))


def rows_of(relation: Relation) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = relation.collect(relation.table).to_pylist()
    return sorted(rows, key=lambda row: (row["customer_id"], str(row.get("occurred_on"))))


def check_kept(workspace: Workspace) -> dict[str, list[dict[str, object]]]:
    """Check the kept tables against those worked out from the activity now; return them."""
    facts, activity = kept(workspace)
    engine = facts.engine
    raw = plain(facts)
    days = days_of_activity(raw.activity, workspace.calendar)
    states = customer_states(days, activity.origin_month)
    found = {
        "days": rows_of(Relation(activity.days, engine)),
        "states": rows_of(Relation(activity.states, engine)),
    }
    assert found["days"] == rows_of(Relation(days, engine))
    assert found["states"] == rows_of(Relation(states, engine))
    return found


def check_figures(workspace: Workspace) -> None:
    """Check the snapshot and metrics by kept tables against those by the activity."""
    facts, activity = kept(workspace)
    assert activity.last_on is not None
    for as_of in (activity.last_on + timedelta(days=1), activity.last_on - timedelta(days=100)):
        ours, theirs = (
            rows_of(snapshot(f, as_of=as_of, calendar=workspace.calendar))
            for f in (facts, plain(facts))
        )
        assert ours == theirs
        for name in ("totals", "cohorts", "lifecycle"):
            metric = METRICS[name].function
            ours, theirs = (
                metric(f.activity, calendar=workspace.calendar, as_of=as_of).as_dict()
                for f in (facts, plain(facts))
            )
            assert ours == theirs, name


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_refreshed_by_parts_or_whole_or_not_kept_every_cell_is_the_same(
    workspace: Workspace, seed: int
) -> None:
    chance = random.Random(seed)
    rows = history(chance, chance.randrange(60, 400))
    # The first row of all comes first: one in a month before it would make all anew.
    first = min(range(len(rows)), key=lambda number: str(rows[number]["occurred_on"]))
    rows.insert(0, rows.pop(first))
    modes = []
    for _ in range(chance.randrange(2, 6)):
        size = chance.randrange(1, len(rows)) if len(rows) > 1 else 1
        append(workspace, rows[:size])
        rows = rows[size:]
        if chance.random() < 0.7:
            modes.append(refresh(workspace).mode)
        if chance.random() < 0.3:
            compact_workspace(workspace)
        if not rows:
            break
    if rows:
        append(workspace, rows)
    modes.append(refresh(workspace).mode)
    by_parts = check_kept(workspace)
    check_figures(workspace)
    assert refresh(workspace, full=True).mode == "full"
    assert check_kept(workspace) == by_parts
    assert modes[0] == "full"


def test_only_touched_customers_are_made_anew(workspace: Workspace) -> None:
    chance = random.Random(1)
    rows = history(chance, 300)
    append(workspace, rows)
    assert refresh(workspace).mode == "full"
    late = [row for row in history(chance, 300) if row["customer_id"] in ("c01", "c02")][:4]
    append(workspace, late)
    done = refresh(workspace)
    assert (done.mode, done.customers) == ("incremental", len({r["customer_id"] for r in late}))
    check_kept(workspace)
    assert refresh(workspace).mode == "none"


def test_a_row_before_the_first_month_makes_all_anew(workspace: Workspace) -> None:
    append(workspace, history(random.Random(2), 50))
    refresh(workspace)
    early = history(random.Random(3), 1)[0]
    early["occurred_on"] = date(2021, 1, 1)
    append(workspace, [early])
    done = refresh(workspace)
    assert (done.mode, done.reason) == ("full", "a row lies before the first month kept")
    check_kept(workspace)


def test_many_touched_customers_make_all_anew(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "TOUCHED_SHARE_MAX", 0.2)
    append(workspace, history(random.Random(4), 300))
    refresh(workspace)
    append(workspace, history(random.Random(5), 300))
    done = refresh(workspace)
    assert (done.mode, done.reason) == ("full", "many customers are touched")


def test_generations_do_not_pile_up(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    append(workspace, history(random.Random(6), 300))
    refresh(workspace)
    monkeypatch.setattr(refreshing, "GENERATIONS_MAX", 2)
    modes = []
    for seed in range(3):
        append(workspace, history(random.Random(seed), 5))
        modes.append(refresh(workspace).mode)
    assert modes == ["incremental", "incremental", "full"]
    check_kept(workspace)


@pytest.mark.parametrize("code", ["EUR", "USD"])
def test_another_currency_is_noted(workspace: Workspace, code: str) -> None:
    append(workspace, history(random.Random(7), 40))
    refresh(workspace)
    append(workspace, [{**row, "currency": code} for row in history(random.Random(8), 3)])
    assert refresh(workspace).mode == "incremental"
    _, activity = kept(workspace)
    assert activity.mixed_currencies == (code != "EUR")
    assert activity.currency == (None if activity.mixed_currencies else "EUR")
    check_kept(workspace)


def test_erasure_leaves_no_trace_and_the_rest_stays_fresh(workspace: Workspace) -> None:
    chance = random.Random(9)
    append(workspace, history(chance, 200))
    refresh(workspace)
    # The person has the first and the last day and the only other currency.
    person = {**history(chance, 1)[0], "customer_id": "secret-person", "currency": "USD"}
    days = (FIRST + timedelta(days=n) for n in (5, 900))
    append(workspace, [{**person, "activity_id": f"s{d}", "occurred_on": d} for d in days])
    assert refresh(workspace).mode == "incremental"
    scratch = workspace.scratch / "refresh-dead"
    scratch.mkdir()
    (scratch / "days.parquet").write_bytes(b"secret-person")
    before = check_kept(workspace)
    done = erase_customer(workspace, "secret-person")
    assert done["rows"] == {"activity": 2, "customer_days": 2, "customer_states": 1}
    assert is_fresh(workspace.lake.view().head, "UTC")
    after = check_kept(workspace)
    check_figures(workspace)
    _, activity = kept(workspace)
    assert (activity.mixed_currencies, activity.currency) == (False, "EUR")
    assert after["states"] == [r for r in before["states"] if r["customer_id"] != "secret-person"]
    for path in workspace.root.rglob("*"):
        if path.is_file():
            assert b"secret-person" not in path.read_bytes(), path


def test_compaction_changes_no_figure_and_keeps_the_mark(workspace: Workspace) -> None:
    for seed in range(4):
        append(workspace, history(random.Random(seed), 80))
    refresh(workspace)
    append(workspace, history(random.Random(5), 5))
    before = check_kept_after(workspace)
    compact_workspace(workspace)
    assert is_fresh(workspace.lake.view().head, "UTC")
    assert refresh(workspace).mode == "none"
    assert check_kept(workspace) == before
    head = workspace.lake.view().head
    compact_workspace(workspace)
    assert workspace.lake.view().head.versions == head.versions


def check_kept_after(workspace: Workspace) -> dict[str, list[dict[str, object]]]:
    refresh(workspace)
    return check_kept(workspace)


def test_days_of_another_zone_are_made_anew(workspace: Workspace) -> None:
    append(workspace, history(random.Random(11), 80))
    refresh(workspace)
    file = workspace.root / "tenure.toml"
    file.write_text(file.read_text().replace('timezone = "UTC"', 'timezone = "Asia/Shanghai"'))
    moved = Workspace.open(workspace.root)
    assert not isinstance(moved.facts().activity, KeptActivity)
    before = {row["customer_id"]: row for row in rows_of(moved.facts().activity)}
    compact_workspace(moved)
    assert is_fresh(moved.lake.view().head, "Asia/Shanghai")
    check_kept(moved)
    after = {row["customer_id"]: row for row in rows_of(moved.facts().activity)}
    assert before.keys() == after.keys()


def test_the_right_zone_noted_over_wrong_days_is_dropped_by_compaction(
    workspace: Workspace,
) -> None:
    rows = history(random.Random(12), 80)
    for row in rows:
        row["occurred_on"] += timedelta(days=1)  # type: ignore[operator]
    append(workspace, rows)
    refresh(workspace)
    compact_workspace(workspace)
    check_kept(workspace)


def test_a_head_without_a_mark_reads_and_refreshes(workspace: Workspace) -> None:
    append(workspace, history(random.Random(13), 50))
    refresh(workspace)
    head = workspace.lake.root / "HEAD.json"
    text = head.read_text()
    start = text.index('"derived"')
    end = text.index("}", start) + 1
    head.write_text(text[:start] + text[end:].lstrip(", \n"))
    assert not isinstance(workspace.facts().activity, KeptActivity)
    assert refresh(workspace).mode == "full"
    check_kept(workspace)


def test_figures_as_known_earlier_do_not_read_kept_tables(workspace: Workspace) -> None:
    append(workspace, history(random.Random(14), 50))
    refresh(workspace)
    facts = workspace.facts(received_before=datetime(2029, 1, 1))
    assert not isinstance(facts.activity, KeptActivity)
    assert rows_of(facts.activity) == []


def test_a_reader_during_a_refresh_sees_one_state(workspace: Workspace) -> None:
    append(workspace, history(random.Random(15), 120))
    refresh(workspace)
    facts, activity = kept(workspace)
    before = rows_of(Relation(activity.days, facts.engine))
    append(workspace, history(random.Random(16), 30))
    refresh(workspace)
    refresh(workspace, full=True)
    compact_workspace(workspace)
    assert rows_of(Relation(activity.days, facts.engine)) == before


def test_months_of_many_years_give_the_same_figures(workspace: Workspace) -> None:
    append(workspace, history(random.Random(17), 80, days=365 * 30))
    refresh(workspace)
    facts = workspace.facts()
    for name in ("cohorts", "lifecycle"):
        ours, theirs = (
            METRICS[name].function(f.activity, calendar=workspace.calendar).as_dict()
            for f in (facts, plain(facts))
        )
        assert ours == theirs, name
