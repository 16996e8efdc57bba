"""Where each customer stands in her life with the business, judged by her own purchase rhythm.

The rule; the first line that holds gives the stage, so every customer has exactly one.

| stage     | when                                                                            |
|-----------|---------------------------------------------------------------------------------|
| prospect  | no order yet                                                                    |
| lapsed    | silent for more than 3 times the rhythm                                         |
| declining | silent for more than 1.5 times the rhythm, or settled and ordering ever slower  |
| new       | one order day                                                                   |
| growing   | not settled yet (2-4 order days), or settled and ordering ever faster           |
| mature    | all others: settled and steady                                                  |

Settled is at least 5 order days. "Ever slower" and "ever faster" is Laplace's test for a trend in
a series of events: with the n order days after the first at mean distance m from it, observed for T
days, U = (m / T - 1/2) * sqrt(12 n) is nearly standard normal if the pace is steady; slower is
U <= -1.645, faster U >= 1.645 (each by chance in one steady customer out of twenty).
Where nobody has ordered twice there is no rhythm, and every customer with an order is new.

References
----------
D. R. Cox, P. A. W. Lewis (1966), The Statistical Analysis of Series of Events, section 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import sqrt

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import TableLike
from tenure.kernel import Calendar, OptionError
from tenure.kernel.calendars import EPOCH
from tenure.metrics.customer_states import customer_sums
from tenure.metrics.orders import base
from tenure.metrics.results import Meaning, MetricResult, Text
from tenure.metrics.rhythm import with_rhythm


class Stage(StrEnum):
    """The stages, from the first acquaintance to the end."""

    PROSPECT = "prospect"
    NEW = "new"
    GROWING = "growing"
    MATURE = "mature"
    DECLINING = "declining"
    LAPSED = "lapsed"


STAGE_TITLES: Mapping[Stage, Text] = {
    Stage.PROSPECT: {"en": "Prospect", "zh": "潜在客户"},
    Stage.NEW: {"en": "New", "zh": "新客户"},
    Stage.GROWING: {"en": "Growing", "zh": "成长期"},
    Stage.MATURE: {"en": "Mature", "zh": "成熟期"},
    Stage.DECLINING: {"en": "Declining", "zh": "衰退期"},
    Stage.LAPSED: {"en": "Lapsed", "zh": "已流失"},
}


@dataclass(frozen=True, slots=True)
class StageRule:
    """The numbers of the rule.

    Parameters
    ----------
    declining_ratio : overdue ratio above which a customer declines.
    lapsed_ratio : overdue ratio above which a customer has lapsed; not below the former.
    settled_order_days : order days from which on a pace can be told, at least 2.
    trend : bound of Laplace's statistic, in standard deviations, above 0.

    Raises
    ------
    OptionError : a number is out of its range.
    """

    declining_ratio: float = 1.5
    lapsed_ratio: float = 3.0
    settled_order_days: int = 5
    trend: float = 1.645

    def __post_init__(self) -> None:
        if not 0 < self.declining_ratio <= self.lapsed_ratio:
            raise OptionError(
                f"declining_ratio {self.declining_ratio}, lapsed_ratio {self.lapsed_ratio}",
                "0 < declining_ratio <= lapsed_ratio",
                "a customer declines before she lapses",
            )
        if self.settled_order_days < 2 or not self.trend > 0:
            raise OptionError(
                f"settled_order_days {self.settled_order_days}, trend {self.trend}",
                "at least 2, and above 0",
                "take the defaults 5 and 1.645",
            )


MEANING = Meaning(
    name="stages",
    title={"en": "Lifecycle stages", "zh": "客户生命周期阶段"},
    text={
        "en": "Each customer's stage, judged by her own purchase rhythm: lapsed when silent for "
        "more than 3 times it, declining from 1.5 times on or when ordering ever slower, new "
        "with one order day, growing with 2 to 4 or when ordering ever faster, else mature.",
        "zh": "按客户本人的购买节奏判定：沉默超过节奏 3 倍为流失；超过 1.5 倍或下单越来越慢为衰退；"
        "仅一个下单日为新客；2 至 4 个下单日或下单越来越快为成长；其余为成熟。",
    },
    formula="overdue_ratio = days since last order / rhythm; U = (m / T - 1/2) * sqrt(12 n)",
    population="customers with any activity",
)


def stage_of(customers: ir.Table, as_of: date, rule: StageRule | None = None) -> ir.StringValue:
    """Return the stage of each customer of a table made by `rhythm.with_rhythm`."""
    rule = rule or StageRule()
    ratio, days = customers.overdue_ratio, customers.order_day_count
    settled = days >= rule.settled_order_days
    trend = _trend(customers)
    return ibis.cases(
        (customers.last_order_on.isnull(), Stage.PROSPECT.value),
        ((ratio > rule.lapsed_ratio).fill_null(False), Stage.LAPSED.value),
        ((ratio > rule.declining_ratio).fill_null(False), Stage.DECLINING.value),
        ((settled & (trend <= -rule.trend)).fill_null(False), Stage.DECLINING.value),
        (days <= 1, Stage.NEW.value),
        (~settled, Stage.GROWING.value),
        ((trend >= rule.trend).fill_null(False), Stage.GROWING.value),
        else_=Stage.MATURE.value,
    )


def _trend(customers: ir.Table) -> ir.FloatingValue:
    """Laplace's statistic of the order days after the first; null if there are none."""
    start = customers.first_order_on.delta(ibis.date(EPOCH), unit="day").cast("float64")
    mean_distance = customers.mean_repeat_day - start
    # Events can fall on the days 1 .. T-1 after the first order, whose middle is T / 2.
    observed = customers.tenure_days.cast("float64")
    events = (customers.order_day_count - 1).cast("float64")
    return (mean_distance / observed.nullif(0.0) - 0.5) * events.sqrt() * sqrt(12.0)


def stages(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
    rule: StageRule | None = None,
) -> MetricResult:
    """Return how many customers are in each lifecycle stage.

    Parameters
    ----------
    data : activity, as `metrics.orders.base` takes it.
    columns : canonical name to the data's own column name, where they differ.
    calendar : zone in which instants become days.
    as_of : first business day that does not count; None is the day after the last activity.
    rule : the numbers of the rule; None takes the defaults.

    Returns
    -------
    One row per stage: `stage`, `customers`, `share` (0..1; null if there are no customers).

    Raises
    ------
    DataError : a needed column is missing, or there is no activity and no `as_of`.
    """
    facts = base(data, columns=columns, calendar=calendar, as_of=as_of)
    timed = with_rhythm(customer_sums(facts), facts.as_of)
    staged = timed.mutate(stage=stage_of(timed, facts.as_of, rule)).select("customer_id", "stage")
    sizes = staged.group_by("stage").aggregate(customers=staged.count())
    engine = facts.relation.engine
    found = {row["stage"]: row["customers"] for row in engine.collect(sizes).to_pylist()}
    counts = [found.get(stage.value, 0) for stage in Stage]
    total = sum(counts)
    table = pa.table(
        {
            "stage": [stage.value for stage in Stage],
            "customers": pa.array(counts, pa.int64()),
            "share": pa.array([n / total if total else None for n in counts], pa.float64()),
        }
    )

    def members(cell: Mapping[str, object]) -> pa.Table:
        chosen = staged.filter(staged.stage == cell["stage"]).select("customer_id")
        return engine.collect(chosen.order_by("customer_id"))

    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(calendar, facts.as_of, active_rule="rhythm"),
        table=table,
        members=members,
        keys=("stage",),
        measures=("customers",),
        warnings=facts.warnings,
    )
