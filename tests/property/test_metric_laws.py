"""Laws that hold for every metric on any data."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.kernel import Calendar, PeriodUnit
from tenure.metrics import (
    MetricResult,
    cohorts,
    growth,
    lifecycle,
    repeat,
    retention,
    revenue,
    stickiness,
    totals,
)

FIRST = date(2019, 12, 16)
AS_OF = date(2020, 3, 12)
CALENDAR = Calendar("America/New_York", week_start=6, month_start_day=5, fiscal_year_start_month=4)

Order = tuple[str, date, str, str, Decimal, str]
"""customer, day, order, kind, value, source."""

SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("occurred_on", pa.date32()),
        ("order_id", pa.string()),
        ("kind", pa.string()),
        ("value", pa.decimal128(18, 4)),
        ("source", pa.string()),
    ]
)

METRICS: dict[str, Callable[[pa.Table], MetricResult]] = {
    "totals": lambda t: totals(t, calendar=CALENDAR, as_of=AS_OF),
    "totals_by_week": lambda t: totals(t, period="week", calendar=CALENDAR, as_of=AS_OF),
    "retention": lambda t: retention(t, calendar=CALENDAR, as_of=AS_OF),
    "retention_by_rhythm": lambda t: retention(
        t, active_rule="rhythm", fallback_days=9, period="week", calendar=CALENDAR, as_of=AS_OF
    ),
    "lifecycle": lambda t: lifecycle(t, period="week", calendar=CALENDAR, as_of=AS_OF),
    "cohorts": lambda t: cohorts(t, calendar=CALENDAR, as_of=AS_OF),
    "cohorts_unbounded_by_source": lambda t: cohorts(
        t, period="week", mode="unbounded", by="source", calendar=CALENDAR, as_of=AS_OF
    ),
    "cohorts_rolling_revenue": lambda t: cohorts(
        t, period="week", window="rolling", amount="revenue", calendar=CALENDAR, as_of=AS_OF
    ),
    "cohorts_bracket_recurring": lambda t: cohorts(
        t,
        period="week",
        mode="bracket",
        brackets="0,1-2,3-6",
        recurring=True,
        min_occurrences=2,
        calendar=CALENDAR,
        as_of=AS_OF,
    ),
    "repeat": lambda t: repeat(t, horizon_days=20, calendar=CALENDAR, as_of=AS_OF),
    "revenue": lambda t: revenue(t, calendar=CALENDAR, as_of=AS_OF),
    "growth": lambda t: growth(t, by_source=True, calendar=CALENDAR, as_of=AS_OF),
    "stickiness": lambda t: stickiness(t, calendar=CALENDAR, as_of=AS_OF),
}

laws = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def order_lists(draw: st.DrawFn) -> list[Order]:
    count = draw(st.integers(5, 25))
    rows: list[Order] = []
    for number in range(count):
        customer = f"c{draw(st.integers(0, 5))}"
        day = FIRST + timedelta(days=draw(st.integers(0, 90)))
        refund = draw(st.integers(0, 6)) == 0
        value = Decimal(draw(st.integers(1, 9000))) / 100
        source = draw(st.sampled_from(["ads", "friends"]))
        kind, amount = ("refund", -value) if refund else ("order", value)
        rows.append((customer, day, f"o{number}", kind, amount, source))
    return rows


def table(rows: list[Order]) -> pa.Table:
    names = SCHEMA.names
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=SCHEMA)


@pytest.mark.parametrize("name", METRICS)
@laws
@given(rows=order_lists(), seed=st.integers(0, 99))
def test_neither_row_order_nor_splitting_an_order_changes_anything(
    name: str, rows: list[Order], seed: int
):
    changed = []
    for customer, day, order, kind, value, source in rows:
        part = (value / 3).quantize(Decimal("0.01"))
        changed.append((customer, day, order, kind, part, source))
        changed.append((customer, day, order, kind, value - part, source))
    random.Random(seed).shuffle(changed)
    assert METRICS[name](table(rows)).as_dict() == METRICS[name](table(changed)).as_dict()


@pytest.mark.parametrize("name", METRICS)
@laws
@given(rows=order_lists(), seed=st.integers(0, 99))
def test_drill_down_equals_the_cell(name: str, rows: list[Order], seed: int):
    result = METRICS[name](table(rows))
    cells = [
        (row, measure)
        for row in result.rows()
        for measure in result.measures
        if row[measure] is not None
        and not (name == "cohorts_bracket_recurring" and row["row"] == "mean")
    ]
    for row, measure in random.Random(seed).sample(cells, min(5, len(cells))):
        members = result.drill(measure=measure, **{key: row[key] for key in result.keys})
        assert members.num_rows == row[measure], (row, measure)


KNOWN_WHILE_OPEN = {"at_start", "cohort_size", "period_number", "period_to", "horizon_days"}


@pytest.mark.parametrize("name", METRICS)
@laws
@given(rows=order_lists())
def test_an_open_period_has_no_figures_and_no_closed_one_lacks_a_state(
    name: str, rows: list[Order]
):
    for row in METRICS[name](table(rows)).rows():
        if row["state"] == "open":
            shown = {k for k, v in row.items() if isinstance(v, int | float | Decimal)}
            assert shown <= KNOWN_WHILE_OPEN
            assert row["reason"] == "open_period"
        assert row["state"] == "complete" or row["reason"]
        if row.get("period_end") is not None:
            assert (row["state"] == "open") == (row["period_end"] > AS_OF)


@laws
@given(rows=order_lists(), unit=st.sampled_from(list(PeriodUnit)[:4]))
def test_lifecycle_identities_and_a_naive_count_agree(rows: list[Order], unit: PeriodUnit):
    active: dict[int, set[str]] = defaultdict(set)
    for customer, day, _, kind, _, _ in rows:
        if kind == "order":
            active[CALENDAR.index(day, unit)].add(customer)
    result = lifecycle(table(rows), period=unit.value, calendar=CALENDAR, as_of=AS_OF)
    before: dict[str, object] | None = None
    for row in result.rows():
        if row["state"] != "complete":
            before = row if row["state"] == "undefined" else None
            continue
        index = CALENDAR.index(row["period_start"], unit)
        now, then = active[index], active[index - 1]
        ever = set().union(*(who for i, who in active.items() if i < index))
        assert row["active"] == len(now)
        assert row["new"] == len(now - ever)
        assert row["returning"] == len(now & then)
        assert row["resurrecting"] == len((now & ever) - then)
        assert row["dormant"] == len(then - now)
        assert row["new"] + row["returning"] + row["resurrecting"] == row["active"]
        if before is not None:
            change = row["new"] + row["resurrecting"] - row["dormant"]
            assert row["active"] - before["active"] == change
        before = row


@laws
@given(rows=order_lists(), unit=st.sampled_from([PeriodUnit.WEEK, PeriodUnit.MONTH]))
def test_cohort_counts_agree_with_a_naive_count(rows: list[Order], unit: PeriodUnit):
    seen: dict[str, set[int]] = defaultdict(set)
    for customer, day, _, kind, _, _ in rows:
        if kind == "order":
            seen[customer].add(CALENDAR.index(day, unit))
    for row in cohorts(table(rows), period=unit.value, calendar=CALENDAR, as_of=AS_OF).rows():
        if row["row"] == "cohort" and row["state"] == "complete":
            index = CALENDAR.index(row["cohort_start"], unit)
            members = {c for c, periods in seen.items() if min(periods) == index}
            back = {c for c in members if index + row["period_number"] in seen[c]}
            assert (row["cohort_size"], row["count"]) == (len(members), len(back))


@laws
@given(rows=order_lists(), window=st.sampled_from(["calendar", "rolling"]))
def test_unbounded_retention_never_rises_and_is_never_below_exact(rows: list[Order], window: str):
    choice = {"period": "week", "window": window, "calendar": CALENDAR, "as_of": AS_OF}
    unbounded = cohorts(table(rows), mode="unbounded", **choice).rows()
    exact = {
        (row["cohort"], row["period_number"]): row
        for row in cohorts(table(rows), **choice).rows()
        if row["row"] == "cohort"
    }
    last: dict[str, float] = {}
    for row in unbounded:
        if row["row"] == "cohort" and row["state"] == "complete":
            label = row["cohort"]
            assert row["rate"] <= last.get(label, 1.0)
            last[label] = row["rate"]
            assert row["count"] >= exact[label, row["period_number"]]["count"]


@laws
@given(rows=order_lists())
def test_revenue_flows_explain_the_change_and_gross_retention_is_a_share(rows: list[Order]):
    for row in revenue(table(rows), calendar=CALENDAR, as_of=AS_OF).rows():
        if row["start_revenue"] is None:
            continue
        kept = row["start_revenue"] - row["churned_revenue"] - row["contraction_revenue"]
        assert 0 <= kept <= row["start_revenue"]
        came = row["new_revenue"] + row["reactivation_revenue"] + row["expansion_revenue"]
        if row["returned_value"] == 0:
            assert kept + came == row["net_value"]
        if row["gross_revenue_retention"] is not None:
            assert row["net_revenue_retention"] >= row["gross_revenue_retention"]
