"""What every engine is asked, by name: functions of the facts that return plain figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

import pyarrow as pa

from tenure.activity.facts import Facts
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.metrics import METRICS, MetricResult, churn_by_label, rhythm, stages
from tenure.metrics.intervals import survival_curve
from tenure.metrics.rfm import RfmCuts, rfm_cuts

ZONE = "America/New_York"
NEW_YORK = Calendar(timezone=ZONE)
SHANGHAI = Calendar(timezone="Asia/Shanghai")
FISCAL = Calendar(timezone=ZONE, week_start=6, month_start_day=15, fiscal_year_start_month=4)
AS_OF = date(2025, 1, 15)
CHANGES = (date(2024, 3, 11), date(2024, 11, 4))
"""The days after both changes of the clock."""

Case = Callable[[Facts], object]

_SPAN = {"from_on": date(2024, 2, 10), "to_on": date(2024, 11, 4)}
_CUTS = RfmCuts((10, 30, 90, 200), (1, 2, 3, 5), (0, 5, 10, 50.5))

_OPTIONS: Mapping[str, Iterable[Mapping[str, object]]] = {
    "totals": ({}, {"period": "week", **_SPAN}, {"period": "quarter", "calendar": FISCAL}),
    "retention": (
        {},
        {"period": "week", "calendar": FISCAL, **_SPAN},
        {"active_rule": "rhythm"},
        {"active_rule": "rhythm", "rhythm_factor": 1.3, "fallback_days": 20, "period": "week"},
        {"active_rule": "subscription"},
    ),
    "cohorts": (
        {},
        {"mode": "unbounded", "as_of": CHANGES[0]},
        {"mode": "bracket", "brackets": "0,1-3,5-8", "amount": "revenue"},
        {"window": "rolling", "period": "week", "last_number": 9, **_SPAN},
        {"window": "rolling", "mode": "unbounded", "period": "quarter"},
        {"recurring": True, "period": "quarter", "min_occurrences": 2},
        {"start_kinds": ("visit",), "return_kinds": ("order", "login"), "period": "quarter"},
        {"amount": "revenue", "by": "source", "period": "quarter"},
        {"by": "channel", "merge_periods": True, "period": "quarter"},
        {"by": "Home City!", "attributes": "customer_attributes", "period": "year"},
    ),
    "lifecycle": ({}, {"period": "week", **_SPAN}, {"period": "year", "calendar": FISCAL}),
    "rfm": ({}, {"cuts": _CUTS, "as_of": CHANGES[1]}),
    "repeat": ({}, {"horizon_days": 30, "period": "quarter", **_SPAN}),
    "intervals": ({"horizons_days": (1, 30, 400)},),
    "revenue": ({}, {"period": "day", "from_on": date(2024, 10, 1)}),
    "growth": ({"costs": "costs"}, {"by_source": True, "costs": "costs", "period": "quarter"}),
    "stickiness": (
        {},
        {"period": "week", "within_period": "quarter", "kinds": ("order", "visit"), **_SPAN},
    ),
}

COSTS = pa.table(
    {
        "source": ["ads", "ads", "friend", None, "none"],
        "period_start": pa.array(
            [date(2024, 1, 1), date(2024, 1, 15), date(2024, 1, 1)] * 1 + [date(2024, 4, 1), None],
            pa.date32(),
        ),
        "cost": [100.10, 0.3333, 20.0, 5.0, 1.0],
        "currency": ["USD"] * 5,
    }
)


def plain(result: MetricResult) -> dict[str, object]:
    """Return all of a metric's result that can be compared."""
    return {
        "definition": result.definition,
        "warnings": result.warnings,
        "types": result.table.schema,
        "rows": result.rows(),
    }


def metric(name: str, facts: Facts, **options: object) -> MetricResult:
    """Compute a metric; options that name a table of the facts are given that table."""
    known: dict[str, object] = {
        "subscription": facts.subscriptions,
        "customer_attributes": facts.customer_attributes,
        "costs": COSTS,
    }
    given: dict[str, object] = {"calendar": NEW_YORK, "as_of": AS_OF, **options}
    if given.get("active_rule") == "subscription":
        given["subscriptions"] = facts.subscriptions
    for key in ("attributes", "costs"):
        if key in given:
            given[key] = known[str(given[key])]
    return METRICS[name].function(facts.activity, **given)


def _metric_cases() -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for name, choices in _OPTIONS.items():
        for number, options in enumerate(choices):

            def run(facts: Facts, name: str = name, options: object = options) -> object:
                return plain(metric(name, facts, **options))  # type: ignore[arg-type]

            cases[f"{name} {number}"] = run
    return cases


def drilled(name: str, facts: Facts, **options: object) -> dict[str, object]:
    """Return the customers behind the largest cell of the first and the last measure."""
    result = metric(name, facts, **options)
    found: dict[str, object] = {}
    for measure in dict.fromkeys((result.measures[0], result.measures[-1])):
        rows = [row for row in result.rows() if row.get(measure)]
        if not rows:
            continue
        largest = max(rows, key=lambda row: int(str(row[measure])))
        cell = {key: largest[key] for key in result.keys}
        found[measure] = (cell, result.drill(measure=measure, **cell).to_pylist())
    return found


_DRILLS: Mapping[str, Mapping[str, object]] = {
    "totals": {"period": "month"},
    "retention": {"active_rule": "rhythm"},
    "cohorts": {"by": "Home City!", "attributes": "customer_attributes", "period": "year"},
    "lifecycle": {"period": "quarter"},
    "rfm": {},
    "repeat": {"period": "quarter"},
    "intervals": {"horizons_days": (30,)},
    "revenue": {"period": "quarter"},
    "growth": {"by_source": True, "period": "year"},
    "stickiness": {},
}


def _drill_cases() -> dict[str, Case]:
    return {
        f"behind {name}": lambda facts, name=name, options=options: drilled(name, facts, **options)
        for name, options in _DRILLS.items()
    }


def without_days(facts: Facts) -> Relation:
    """Return activity that knows instants only, so that the engine works out the days."""
    table = facts.activity.table.drop("occurred_on", "currency", "kind", "order_id")
    return Relation(table, facts.engine)


def rough(facts: Facts) -> Relation:
    """Return a table as a person may hold it: texts for days, floats for money."""
    table = pa.table(
        {
            "buyer": pa.array([1, 1, 2, 2, 3, None, 4, 5, 6, 7], pa.int64()),
            "day": [*(f"2024-0{n}-28" for n in range(1, 9)), None, "2024-03-10"],
            "paid": [
                1.005,
                2.675,
                -3.3,
                0.00005,
                float("nan"),
                1.0,
                float("inf"),
                None,
                1.0,
                0.33335,
            ],
        }
    )
    return Relation(facts.engine.attach_object(table), facts.engine)


_ROUGH = {"customer_id": "buyer", "occurred_on": "day", "value": "paid"}


def labelled(facts: Facts) -> Relation:
    """Return a list of customers with a churn label in many spellings."""
    table = pa.table(
        {
            "customer_id": [f"c{n}" for n in range(10)],
            "left": ["Yes", " no", "TRUE", "0", "是", "否", None, "maybe", "1.0", ""],
            "plan": ["a", "a", "b", None, "b", "a", "a", "b", "b", None],
            "fee": ["9.99", " 5 ", "0.0001", None, "7", "abc", "1", "2", "", "3"],
        }
    )
    return Relation(facts.engine.attach_object(table), facts.engine)


def sorted_rows(table: pa.Table) -> list[dict[str, object]]:
    """Return rows in an order of their own content, for tables without one."""
    rows: list[dict[str, object]] = table.to_pylist()
    return sorted(rows, key=lambda row: tuple((v is None, str(v)) for v in row.values()))


def _rhythm(facts: Facts) -> object:
    found = rhythm(facts.activity, calendar=NEW_YORK, as_of=AS_OF)
    return found.collect(found.table.order_by("customer_id")).to_pylist()


def _churn(facts: Facts) -> object:
    result = churn_by_label(labelled(facts), churned="left", by="plan", value="fee")
    return plain(result), result.drill(total=False, group="b", measure="churned").to_pylist()


def _instants(facts: Facts, calendar: Calendar) -> object:
    data = without_days(facts)
    return [
        plain(METRICS["totals"].function(data, period="day", calendar=calendar, as_of=AS_OF)),
        plain(METRICS["cohorts"].function(data, calendar=calendar, window="rolling", as_of=AS_OF)),
    ]


def _rough(facts: Facts) -> object:
    return [
        plain(METRICS[name].function(rough(facts), columns=_ROUGH, calendar=NEW_YORK))
        for name in ("totals", "revenue")
    ]


OTHER_CASES: Mapping[str, Case] = {
    "stages": lambda facts: plain(stages(facts.activity, calendar=NEW_YORK, as_of=AS_OF)),
    "rhythm": _rhythm,
    "survival": lambda facts: survival_curve(facts.activity, calendar=NEW_YORK, as_of=AS_OF),
    "cut points": lambda facts: rfm_cuts(facts.activity, calendar=NEW_YORK, as_of=AS_OF),
    "churn by label": _churn,
    "days of New York": lambda facts: _instants(facts, NEW_YORK),
    "days of Shanghai": lambda facts: _instants(facts, SHANGHAI),
    "a rough table": _rough,
}

METRIC_CASES: Mapping[str, Case] = {**_metric_cases(), **_drill_cases(), **OTHER_CASES}
