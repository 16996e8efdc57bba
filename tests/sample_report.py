"""A small made-up shop with hostile texts in it, as facts and as a report's inputs."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa

from tenure.activity.contract import (
    ACTIVITY,
    CUSTOMER_ATTRIBUTES,
    IMPORTS,
    ORDER_LINES,
    SUBSCRIPTIONS,
)
from tenure.activity.facts import Facts
from tenure.activity.quality import QualityFinding
from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.pages import ReportInputs, ReportOptions, inputs_from_facts
from tenure.predictions.scorecards.judging import scorecard
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.segments import Segments, default_segments, kinds_of, segment
from tenure.snapshots import snapshot
from tests.unit.predictions.scorecards.cards import (
    RIVALS,
    amount_origins,
    binary_origins,
    options,
    ranking_origins,
)

AS_OF = date(2024, 6, 15)
MADE = datetime(2024, 6, 15, 8, 30)
SCRIPT = "<script>alert('id')</script>"
FORMULA = '=HYPERLINK("http://evil.example","pay")'
HOSTILE_SOURCE = "<img src=x onerror=alert(1)>"


def _order(customer: str, day: date, value: str, source: str, kind: str = "order") -> dict:
    at = datetime(day.year, day.month, day.day, 3)
    return {
        "activity_id": f"{customer}|{day}|{kind}",
        "customer_id": customer,
        "occurred_at": at,
        "occurred_on": day,
        "kind": kind,
        "value": Decimal(value),
        "currency": "CNY",
        "order_id": f"{customer}|{day}",
        "source": source,
        "received_at": MADE,
        "import_id": "one",
        "source_row": 1,
    }


def activity() -> pa.Table:
    """Eighteen months of 400 customers of two sources; two with hostile ids are long overdue."""
    chance, rows = random.Random(7), []
    for number in range(400):
        source = "web" if number % 3 else HOSTILE_SOURCE
        day = date(2023, 1, 1) + timedelta(days=chance.randrange(420))
        gap, worth = chance.choice((14, 25, 40)), 30 if source == "web" else 60
        while day < AS_OF:
            rows.append(_order(f"C{number:04d}", day, f"{worth + chance.randrange(20)}.50", source))
            if chance.random() < 0.03:
                rows.append(_order(f"C{number:04d}", day, "-10.00", source, "refund"))
            if chance.random() < 0.12:
                break
            day += timedelta(days=max(1, round(gap * chance.uniform(0.5, 1.6))))
    for customer in (SCRIPT, FORMULA):
        for week in range(12):
            day = date(2024, 1, 2) + timedelta(days=7 * week)
            rows.append(_order(customer, day, "900.00", "referral"))
    return pa.Table.from_pylist(rows, ACTIVITY)


def facts(rows: pa.Table | None = None) -> Facts:
    """The shop's facts."""
    engine = DuckDBEngine()
    imports = pa.Table.from_pylist(
        [
            {
                "import_id": "one",
                "received_at": MADE,
                "source": "orders <b>2024</b>.csv",
                "kind": "orders",
                "rows_read": 5000,
                "accepted": 4900,
                "duplicate": 60,
                "quarantined": 30,
                "skipped": 10,
            }
        ],
        IMPORTS,
    )
    tables = {
        "activity": activity() if rows is None else rows,
        "order_lines": ORDER_LINES.empty_table(),
        "customer_attributes": CUSTOMER_ATTRIBUTES.empty_table(),
        "subscriptions": SUBSCRIPTIONS.empty_table(),
        "imports": imports,
    }
    return Facts(
        engine,
        *(Relation(engine.attach_arrow(name, table), engine) for name, table in tables.items()),
    )


def both(text: str) -> dict[str, str]:
    """Return a text that is the same in both languages."""
    return {"en": text, "zh": text}


QUALITY = (
    QualityFinding(
        "fresh", "freshness", "pass", both("newest activity 1 days old"), both("at most 7 days")
    ),
    QualityFinding(
        "volume", "volume", "warning", both("0.31 times <i>"), both("0.5 to 2 times the median")
    ),
    QualityFinding(
        "no_future_rows", "future", "error", both("2.00% (98 rows)"), both("at most 0.00%")
    ),
)


def scorecards() -> dict[str, Scorecard]:
    """A scorecard of each kind that a workspace can have."""
    leaving = {
        "en": "A customer leaves when <she> places no order within 91 days.",
        "zh": "91 天内没有下单<即为流失>。",
    }
    spending = {"en": "Net value within 91 days.", "zh": "91 天内的净额。"}
    bought = {"en": "products of the next order", "zh": "下一次订单中的商品"}
    few, baskets = binary_origins(count=400, level=-4), ranking_origins(count=150)
    made = (
        ("churn", "binary", few, RIVALS, leaving),
        ("value", "amount", amount_origins(count=400), ("past_rate",), spending),
        ("next_purchase", "ranking", baskets, ("popular",), bought),
    )
    return {
        kind: scorecard(
            task, origins, model="model", rivals=rivals, options=options(definition=definition)
        )
        for kind, task, origins, rivals, definition in made
    }


def report_inputs(
    rows: pa.Table | None = None,
    *,
    cards: Mapping[str, Scorecard] | None = None,
    **given: object,
) -> ReportInputs:
    """The shop's report inputs; `given` goes to `ReportOptions`."""
    known, calendar = facts(rows), Calendar("Asia/Shanghai")
    fresh = snapshot(known, as_of=AS_OF, calendar=calendar)
    made = Relation(
        known.engine.attach_arrow("snapshot_rows", fresh.collect(fresh.table)), known.engine
    )
    hostile = segment("big_spenders", "net_value > 1000", en="<u>Big</u> spenders", zh="大客户")
    segments = Segments((*default_segments(), hostile), kinds_of(made.table))
    chosen = {"business": "Shop & <Co>", "currency": "CNY", **given}
    return inputs_from_facts(
        known,
        made,
        segments,
        calendar=calendar,
        as_of=AS_OF,
        generated_at=MADE,
        quality=QUALITY,
        options=ReportOptions(**chosen),
        scorecards=cards,
    )
