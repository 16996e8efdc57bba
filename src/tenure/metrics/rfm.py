"""Recency, frequency and monetary value: three scores of 1 to 5 and eleven named segments.

A score is the number of cut points a value lies beyond, so equal values always get equal scores
and the order of rows cannot matter. Cut points are given, frozen from an earlier date, or
quintiles over the customers at the as-of date.

The map. FM is the mean of the frequency and the monetary score, halves upwards (the frequency score
alone where orders carry no amounts). Each of the 25 cells has exactly one name:

| R   | FM 1           | FM 2           | FM 3           | FM 4             | FM 5             |
|-----|----------------|----------------|----------------|------------------|------------------|
| 5   | New            | Potential L.   | Potential L.   | Champions        | Champions        |
| 4   | Promising      | Potential L.   | Potential L.   | Loyal            | Champions        |
| 3   | About to Sleep | About to Sleep | Need Attention | Loyal            | Loyal            |
| 2   | Hibernating    | Hibernating    | At Risk        | At Risk          | At Risk          |
| 1   | Lost           | Lost           | At Risk        | Cannot Lose Them | Cannot Lose Them |

(Potential L. stands for Potential Loyalists.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import Relation, TableLike
from tenure.kernel import Calendar, OptionError
from tenure.metrics.customer_days import net_value
from tenure.metrics.customer_states import order_sums
from tenure.metrics.orders import Base, base
from tenure.metrics.results import Meaning, MetricResult, Text

QUINTILES = (0.2, 0.4, 0.6, 0.8)


class RfmSegment(StrEnum):
    """The eleven names."""

    CHAMPIONS = "champions"
    LOYAL = "loyal"
    POTENTIAL_LOYALISTS = "potential_loyalists"
    NEW = "new"
    PROMISING = "promising"
    NEED_ATTENTION = "need_attention"
    ABOUT_TO_SLEEP = "about_to_sleep"
    AT_RISK = "at_risk"
    CANNOT_LOSE_THEM = "cannot_lose_them"
    HIBERNATING = "hibernating"
    LOST = "lost"


RFM_TITLES: Mapping[RfmSegment, Text] = {
    RfmSegment.CHAMPIONS: {"en": "Champions", "zh": "冠军客户"},
    RfmSegment.LOYAL: {"en": "Loyal", "zh": "忠诚客户"},
    RfmSegment.POTENTIAL_LOYALISTS: {"en": "Potential Loyalists", "zh": "潜力忠诚客户"},
    RfmSegment.NEW: {"en": "New", "zh": "新客户"},
    RfmSegment.PROMISING: {"en": "Promising", "zh": "有希望的客户"},
    RfmSegment.NEED_ATTENTION: {"en": "Need Attention", "zh": "需要关注"},
    RfmSegment.ABOUT_TO_SLEEP: {"en": "About to Sleep", "zh": "即将沉睡"},
    RfmSegment.AT_RISK: {"en": "At Risk", "zh": "有流失风险"},
    RfmSegment.CANNOT_LOSE_THEM: {"en": "Cannot Lose Them", "zh": "不能失去的客户"},
    RfmSegment.HIBERNATING: {"en": "Hibernating", "zh": "沉睡客户"},
    RfmSegment.LOST: {"en": "Lost", "zh": "已流失"},
}

_S = RfmSegment
RFM_CELLS: Mapping[tuple[int, int], RfmSegment] = {
    (recency, frequency_money): name
    for recency, row in (
        (5, (_S.NEW, _S.POTENTIAL_LOYALISTS, _S.POTENTIAL_LOYALISTS, _S.CHAMPIONS, _S.CHAMPIONS)),
        (4, (_S.PROMISING, _S.POTENTIAL_LOYALISTS, _S.POTENTIAL_LOYALISTS, _S.LOYAL, _S.CHAMPIONS)),
        (3, (_S.ABOUT_TO_SLEEP, _S.ABOUT_TO_SLEEP, _S.NEED_ATTENTION, _S.LOYAL, _S.LOYAL)),
        (2, (_S.HIBERNATING, _S.HIBERNATING, _S.AT_RISK, _S.AT_RISK, _S.AT_RISK)),
        (1, (_S.LOST, _S.LOST, _S.AT_RISK, _S.CANNOT_LOSE_THEM, _S.CANNOT_LOSE_THEM)),
    )
    for frequency_money, name in enumerate(row, start=1)
}
"""The name of each (recency score, FM score)."""


@dataclass(frozen=True, slots=True)
class RfmCuts:
    """Four cut points for each score; a value beyond a cut point is a score further.

    Parameters
    ----------
    recency_days : ascending; more days than all of them scores 1, none of them 5.
    order_count : ascending; more orders than all of them scores 5, none of them 1.
    net_value : ascending, in money; as for orders. None if orders carry no amounts.

    Raises
    ------
    OptionError : not four ascending finite numbers.
    """

    recency_days: tuple[float, ...]
    order_count: tuple[float, ...]
    net_value: tuple[float, ...] | None

    def __post_init__(self) -> None:
        for name in ("recency_days", "order_count", "net_value"):
            cuts = getattr(self, name)
            if cuts is None and name == "net_value":
                continue
            if (
                len(cuts) != len(QUINTILES)
                or list(cuts) != sorted(cuts)
                or not all(map(math.isfinite, cuts))
            ):
                raise OptionError(
                    f"{name} cut points {cuts}",
                    "four numbers, ascending (equal ones are allowed)",
                    "give the four bounds between the scores 1 to 5",
                )

    def describe(self) -> Text:
        """Return the cut points in words, by language."""
        recency, orders, value = (
            ", ".join(f"{cut:g}" for cut in cuts) if cuts else "-"
            for cuts in (self.recency_days, self.order_count, self.net_value)
        )
        return {
            "en": f"Cut points: days {recency}; orders {orders}; net value {value}.",
            "zh": f"分界点：天数 {recency}；订单数 {orders}；净消费 {value}。",
        }


MEANING = Meaning(
    name="rfm",
    title={"en": "RFM segments", "zh": "RFM 分群"},
    text={
        "en": "Each customer with an order gets 1 to 5 for recency (days since the last order), "
        "frequency (orders) and money (value net of refunds); recency and the mean of the other "
        "two name one of eleven segments. Equal values always get equal scores.",
        "zh": "对每位有订单的客户按最近一次下单距今天数、订单数和净消费（扣除退款）各评 1 至 5 分；"
        "由 R 分与 F、M 的均值确定十一个分群之一。相同的值必得相同的分数。",
    },
    formula="R = 5 - #{cuts < days}; F, M = 1 + #{cuts < value}; FM = floor((F + M + 1) / 2)",
    edges=(
        {
            "en": "Where orders carry no amounts, FM is the frequency score.",
            "zh": "订单没有金额时，FM 取频次分。",
        },
    ),
)


def with_scores(customers: ir.Table, cuts: RfmCuts | None = None) -> ir.Table:
    """Return customers with their three scores and `rfm_segment`, all null without an order.

    Parameters
    ----------
    customers : with `days_since_last_order`, `order_count` and `net_value`.
    cuts : cut points; None takes quintiles over the customers with an order.
    """
    if cuts is None:
        joined = customers.cross_join(quintiles(customers))
        points: dict[str, Sequence[ir.FloatingValue]] = {
            name: [joined[cut] for cut in _cut_names(name)] for name in _MEASURES
        }
    else:
        joined, points = customers, _literals(cuts)
    known = joined.days_since_last_order.notnull()
    recency = 5 - _beyond(joined.days_since_last_order, points["recency_days"])
    frequency = 1 + _beyond(joined.order_count, points["order_count"])
    money = 1 + _beyond(joined.net_value, points["net_value"])
    scored = joined.mutate(
        recency_score=known.ifelse(recency, ibis.null("int64")),
        frequency_score=known.ifelse(frequency, ibis.null("int64")),
        monetary_score=known.ifelse(money, ibis.null("int64")),
    ).drop(*(name for name in joined.columns if name not in customers.columns))
    # Step by step: written as one expression, each of 25 cells would repeat all comparisons.
    frequency, money = scored.frequency_score, scored.monetary_score
    blended = ibis.coalesce(((frequency + money + 1) / 2).floor().cast("int64"), frequency)
    placed = scored.mutate(rfm_cell=scored.recency_score * 10 + blended)
    names = [(placed.rfm_cell == r * 10 + fm, name.value) for (r, fm), name in RFM_CELLS.items()]
    return placed.mutate(rfm_segment=ibis.cases(*names)).drop("rfm_cell")


def quintiles(customers: ir.Table) -> ir.Table:
    """Return the quintile cut points over customers with an order, as one row."""
    buyers = customers.days_since_last_order.notnull()
    found = customers.aggregate(
        **{
            name: customers[column].cast("float64").quantile(list(QUINTILES), where=buyers)
            for name, column in _MEASURES.items()
        }
    )
    # Money has four digits; so has a cut point, which can then be printed and given back.
    return found.select(
        **{
            cut: found[name][number].round(4)
            for name in _MEASURES
            for number, cut in enumerate(_cut_names(name))
        }
    )


_MEASURES = {
    "recency_days": "days_since_last_order",
    "order_count": "order_count",
    "net_value": "net_value",
}


def rfm_cuts(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> RfmCuts:
    """Return the quintile cut points at a date, to be frozen and used at later ones.

    Raises
    ------
    DataError : a needed column is missing, or there is no activity and no `as_of`.
    OptionError : there is no order before `as_of`, so there are no cut points.
    """
    facts = base(data, columns=columns, calendar=calendar, as_of=as_of)
    return frozen_cuts(Relation(_customers(facts), facts.relation.engine))


def frozen_cuts(customers: Relation) -> RfmCuts:
    """Return the quintile cut points over customers (a snapshot, say).

    Raises
    ------
    OptionError : none of them has an order.
    """
    found = _cuts_of(customers.collect(quintiles(customers.table)).to_pylist()[0])
    if found is None:
        raise OptionError(
            "no customer with an order", "at least one", "take a later as-of date, or give cuts"
        )
    return found


def rfm(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
    cuts: RfmCuts | None = None,
) -> MetricResult:
    """Return how many customers and how much value lie in each RFM segment.

    Parameters
    ----------
    data : activity, as `metrics.orders.base` takes it.
    columns : canonical name to the data's own column name, where they differ.
    calendar : zone in which instants become days.
    as_of : first business day that does not count; None is the day after the last activity.
    cuts : fixed cut points (the merchant's, or `rfm_cuts` of an earlier date); None takes
        quintiles over the customers at `as_of`.

    Returns
    -------
    One row per segment, also the empty ones: `segment`, `customers`, `share` (0..1 of
    customers), `net_value` (null where orders carry no amounts) and `value_share` (0..1).

    Raises
    ------
    DataError : a needed column is missing, or there is no activity and no `as_of`.
    """
    facts = base(data, columns=columns, calendar=calendar, as_of=as_of)
    engine = facts.relation.engine
    customers = _customers(facts)
    found = engine.collect(quintiles(customers)).to_pylist()[0]
    points = cuts if cuts is not None else _cuts_of(found)
    note = None if points is None else points.describe()
    scored = with_scores(customers, points)
    sizes = scored.group_by("rfm_segment").aggregate(
        customers=scored.count(), net_value=scored.net_value.sum()
    )
    rows = {row["rfm_segment"]: row for row in engine.collect(sizes).to_pylist()}

    def members(cell: Mapping[str, object]) -> pa.Table:
        chosen = scored.filter(scored.rfm_segment == cell["segment"]).select("customer_id")
        return engine.collect(chosen.order_by("customer_id"))

    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(calendar, facts.as_of, note=note),
        table=_table(rows, has_money=found["net_value_cut_0"] is not None),
        members=members,
        keys=("segment",),
        measures=("customers",),
        warnings=facts.warnings,
    )


def _customers(facts: Base) -> ir.Table:
    """Return the customers with an order: recency, orders and net value."""
    customers = order_sums(facts)
    since = ibis.date(facts.as_of).delta(customers.last_order_on, unit="day").cast("int64")
    return customers.select(
        "customer_id",
        "order_count",
        net_value=net_value(customers.gross_value, customers.returned_value),
        days_since_last_order=since,
    )


def _cut_names(measure: str) -> list[str]:
    return [f"{measure}_cut_{number}" for number in range(len(QUINTILES))]


def _cuts_of(row: Mapping[str, float | None]) -> RfmCuts | None:
    points = {name: [row[cut] for cut in _cut_names(name)] for name in _MEASURES}
    if points["recency_days"][0] is None:
        return None
    plain = {name: tuple(float(p) for p in four if p is not None) for name, four in points.items()}
    return RfmCuts(plain["recency_days"], plain["order_count"], plain["net_value"] or None)


def _literals(cuts: RfmCuts) -> dict[str, Sequence[ir.FloatingValue]]:
    given = {
        "recency_days": cuts.recency_days,
        "order_count": cuts.order_count,
        "net_value": cuts.net_value or (None,) * 4,
    }
    return {
        name: [ibis.null("float64") if p is None else ibis.literal(p, "float64") for p in four]
        for name, four in given.items()
    }


def _beyond(value: ir.NumericValue, cuts: Sequence[ir.FloatingValue]) -> ir.IntegerValue:
    """Count the cut points that lie below a value; null if either is unknown."""
    number = value.cast("float64")
    first, *others = ((number > cut).cast("int64") for cut in cuts)
    return sum(others, first)


def _table(rows: Mapping[str, Mapping[str, object]], *, has_money: bool) -> pa.Table:
    sizes = [int(str(rows.get(s.value, {}).get("customers", 0))) for s in RfmSegment]
    amounts = [_amount(rows.get(s.value), has_money=has_money) for s in RfmSegment]
    total, money = sum(sizes), sum((a for a in amounts if a is not None), Decimal(0))
    return pa.table(
        {
            "segment": [s.value for s in RfmSegment],
            "customers": pa.array(sizes, pa.int64()),
            "share": pa.array([n / total if total else None for n in sizes], pa.float64()),
            "net_value": pa.array(amounts, pa.decimal128(38, 4)),
            "value_share": pa.array(
                [float(a / money) if a is not None and money > 0 else None for a in amounts],
                pa.float64(),
            ),
        }
    )


def _amount(row: Mapping[str, object] | None, *, has_money: bool) -> Decimal | None:
    """Return a segment's value: 0 without customers, null if their orders carry no amounts."""
    if row is None:
        return Decimal(0) if has_money else None
    return None if row["net_value"] is None else Decimal(str(row["net_value"]))
