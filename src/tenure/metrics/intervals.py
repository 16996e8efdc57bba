"""How long customers take to order again: survival of the purchase interval, with censoring.

An interval begins on a day on which a customer ordered and ends on her next order day. The last
one is still open at the as-of date: all we know is that it is longer than the days observed since.
Leaving open intervals out would make customers look faster than they are, so the Kaplan-Meier
estimator counts them as long as they were watched.

References
----------
E. L. Kaplan, P. Meier (1958), JASA 53, 457-481, doi:10.1080/01621459.1958.10501452 (estimator);
M. Greenwood (1926), Reports on Public Health 33 (variance); J. D. Kalbfleisch, R. L. Prentice
(1980), The Statistical Analysis of Failure Time Data, section 1.3 (log-log limits).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log, sqrt

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import TableLike
from tenure.kernel import Calendar, Estimate, OptionError, Undefined
from tenure.metrics.customer_days import customer_days
from tenure.metrics.customer_states import customer_sums
from tenure.metrics.orders import Base, base
from tenure.metrics.results import COMPLETE, UNDEFINED, Meaning, MetricResult

Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""

HORIZONS_DAYS = (30, 60, 90, 180, 365)
QUARTILES = {"quartile_1": 0.75, "median": 0.5, "quartile_3": 0.25}
"""Each quartile and the share still waiting at it."""

ANY, SECOND = "any", "second"
"""All intervals, or only those from the first order day to the second."""


@dataclass(frozen=True, slots=True)
class SurvivalPoint:
    """The survival curve from one time with events to the next.

    Parameters
    ----------
    days : time of the events, in days (in the unit of the durations).
    at_risk : intervals watched at least that long.
    events : intervals that ended then.
    survival : share still waiting after it, 0..1, or its estimate with 95 % limits.
    greenwood : sum of d / (n (n - d)) so far; infinite once nobody waits any more.
    """

    days: float
    at_risk: int
    events: int
    survival: float
    greenwood: float

    @property
    def estimate(self) -> Estimate:
        """Survival with 95 % log-log limits; at 0 or 1 the limits are the value itself."""
        value = self.survival
        if not 0 < value < 1:
            return Estimate(value, value, value, 0.95, "kaplan_meier_log_log")
        width = Z_95 * sqrt(self.greenwood) / -log(value)
        low, high = value ** exp(width), value ** exp(-width)
        return Estimate(value, low, high, 0.95, "kaplan_meier_log_log")


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """A survival curve.

    Parameters
    ----------
    points : one per time with events, ascending.
    intervals : intervals in all, ended or open.
    longest_days : the longest time watched; beyond it nothing is known. None if nothing was.
    """

    points: tuple[SurvivalPoint, ...]
    intervals: int
    longest_days: float | None

    def at(self, days: float) -> Estimate | Undefined:
        """Return the share still waiting after `days`, with 95 % limits.

        Undefined (`not_followed_long_enough`) beyond the longest time watched, unless
        nobody waits any more.
        """
        if not self.intervals:
            return Undefined("no_intervals")
        past = [point for point in self.points if point.days <= days]
        watched = self.longest_days is not None and days <= self.longest_days
        if not watched and not (past and past[-1].survival == 0):
            return Undefined("not_followed_long_enough")
        return past[-1].estimate if past else Estimate(1.0, 1.0, 1.0, 0.95, "kaplan_meier_log_log")

    def quantile(self, waiting: float) -> float | Undefined:
        """Return the first time at which the share still waiting is at most `waiting`, 0..1."""
        return self._first(lambda point: point.survival, waiting)

    def quantile_limits(self, waiting: float) -> tuple[float | Undefined, float | Undefined]:
        """Return 95 % limits of `quantile`, by inverting the limits of the curve.

        References
        ----------
        R. Brookmeyer, J. Crowley (1982), Biometrics 38, 29-41, doi:10.2307/2530286.
        """
        low = self._first(lambda point: point.estimate.low, waiting)
        high = self._first(lambda point: point.estimate.high, waiting)
        return low, high

    def _first(self, height: Callable[[SurvivalPoint], float], waiting: float) -> float | Undefined:
        # A hair of tolerance: products of fractions such as 1/2 may miss 0.5 by one ulp.
        for point in self.points:
            if height(point) <= waiting + 1e-12:
                return point.days
        return Undefined("not_reached" if self.intervals else "no_intervals")


def kaplan_meier(counts: Iterable[tuple[float, int, int]]) -> KaplanMeier:
    """Return the survival curve of durations that were counted.

    Parameters
    ----------
    counts : (duration, events, censored) with each duration once, in any order; an interval
        censored at a duration is still at risk for the events of that duration.
    """
    rows = sorted(counts)
    at_risk = total = sum(events + censored for _, events, censored in rows)
    survival, greenwood = 1.0, 0.0
    points = []
    for duration, events, censored in rows:
        if events:
            survival *= 1 - events / at_risk
            left = at_risk - events
            greenwood += events / (at_risk * left) if left else float("inf")
            points.append(SurvivalPoint(duration, at_risk, events, survival, greenwood))
        at_risk -= events + censored
    return KaplanMeier(tuple(points), total, rows[-1][0] if rows else None)


MEANING = Meaning(
    name="intervals",
    title={"en": "Time to the next order", "zh": "再次下单间隔"},
    text={
        "en": "Kaplan-Meier estimate of the days from one order day to the next, over all "
        "intervals (any) and from the first to the second order day (second); intervals still "
        "open at the as-of date count for as long as they were watched.",
        "zh": "相邻两个下单日间隔天数的 Kaplan-Meier 估计：any 为全部间隔，second 为首次到第二次；"
        "截至统计日仍未结束的间隔按已观察天数计入（删失）。",
    },
    formula="S(t) = product over t_i <= t of (1 - d_i / n_i); back within t = 1 - S(t)",
    edges=(
        {
            "en": "A quartile the curve does not reach, and a share beyond the longest time "
            "watched, is undefined. Under 'any', one customer's intervals are taken as "
            "independent, so its limits are somewhat too narrow.",
            "zh": "曲线未达到的分位数以及超出最长观察期的比例为未定义。"
            "any 将同一客户的多个间隔视为相互独立，"
            "因此其区间略偏窄。",
        },
    ),
)

_SCHEMA = pa.schema(
    [
        ("interval", pa.string()),
        ("statistic", pa.string()),
        ("unit", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("intervals", pa.int64()),
        ("customers", pa.int64()),
        ("state", pa.string()),
        ("reason", pa.string()),
    ]
)


def survival_curve(
    data: TableLike,
    *,
    interval: str = ANY,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> KaplanMeier:
    """Return the survival curve of the days to the next order.

    Parameters
    ----------
    data : activity, as `metrics.orders.base` takes it.
    interval : `any` or `second`.
    columns : canonical name to the data's own column name, where they differ.
    calendar : zone in which instants become days.
    as_of : first business day that does not count; None is the day after the last activity.

    Raises
    ------
    OptionError : `interval` is neither.
    DataError : a needed column is missing, or there is no activity and no `as_of`.
    """
    if interval not in (ANY, SECOND):
        raise OptionError(f"interval {interval!r}", f"{ANY} or {SECOND}", "choose one of them")
    facts = base(data, columns=columns, calendar=calendar, as_of=as_of)
    spans = _spans(facts)
    return _curves(spans, facts)[interval]


def intervals(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
    horizons_days: Sequence[int] = HORIZONS_DAYS,
) -> MetricResult:
    """Return quartiles of the time to the next order and the shares back within some days.

    Parameters
    ----------
    data : activity, as `metrics.orders.base` takes it.
    columns : canonical name to the data's own column name, where they differ.
    calendar : zone in which instants become days.
    as_of : first business day that does not count; None is the day after the last activity.
    horizons_days : days within which to be back, each at least 1.

    Returns
    -------
    For each `interval` (`any`, `second`) one row per `statistic`: `quartile_1`, `median`,
    `quartile_3` in days and `back_within_30` ... as a share 0..1, with 95 % limits, the
    number of `intervals` behind it and the `customers`: all, or those seen back so far.

    Raises
    ------
    OptionError : a horizon is below 1.
    DataError : a needed column is missing, or there is no activity and no `as_of`.
    """
    if any(days < 1 for days in horizons_days):
        raise OptionError(f"horizons {list(horizons_days)}", "days from 1 on", "take whole days")
    facts = base(data, columns=columns, calendar=calendar, as_of=as_of)
    spans, engine = _spans(facts), facts.relation.engine
    seen = _customers_back(spans, facts, horizons_days)
    rows: list[dict[str, object]] = []
    curves = _curves(spans, facts)
    for name, curve in curves.items():
        rows += _quartile_rows(name, curve, curves[SECOND].intervals)
        rows += _share_rows(name, curve, horizons_days, seen[name])

    def members(cell: Mapping[str, object]) -> pa.Table:
        chosen = _behind(spans, str(cell["interval"]), str(cell["statistic"]))
        return engine.collect(chosen.select("customer_id").distinct().order_by("customer_id"))

    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(calendar, facts.as_of),
        table=pa.Table.from_pylist(rows, _SCHEMA),
        members=members,
        keys=("interval", "statistic"),
        measures=("customers",),
        warnings=facts.warnings,
    )


def _spans(facts: Base) -> ir.Table:
    """Return all intervals: customer, days, whether it ended, whether it is the first one."""
    days = customer_days(facts)
    closed = days.filter(days.gap_days.notnull())
    ended = closed.select(
        "customer_id", days=closed.gap_days, ended=True, is_first=closed.order_day_number == 2
    )
    sums = customer_sums(facts)
    buyers = sums.filter(sums.first_order_on.notnull())
    # The last day watched is the one before as_of: an order on as_of itself would not be seen.
    watched = ibis.date(facts.as_of).delta(buyers.last_order_on, unit="day").cast("int64") - 1
    still_open = buyers.select(
        "customer_id", days=watched, ended=False, is_first=buyers.order_day_count == 1
    )
    return ended.union(still_open)


def _curves(spans: ir.Table, facts: Base) -> dict[str, KaplanMeier]:
    """Return both curves from one pass that counts intervals by their length."""
    sums = spans.group_by("days").aggregate(
        events=spans.count(where=spans.ended),
        censored=spans.count(where=~spans.ended),
        first_events=spans.count(where=spans.ended & spans.is_first),
        first_censored=spans.count(where=~spans.ended & spans.is_first),
    )
    rows = [
        row
        for part in facts.relation.parts(sums)
        for row in facts.relation.collect(part).to_pylist()
    ]
    return {
        ANY: kaplan_meier(_added(rows, "events", "censored")),
        SECOND: kaplan_meier(_added(rows, "first_events", "first_censored")),
    }


def _added(
    rows: Sequence[Mapping[str, int]], events: str, censored: str
) -> Iterator[tuple[int, int, int]]:
    """Yield days, events and censored of each length that has any, added over the rows."""
    found: dict[int, list[int]] = {}
    for row in rows:
        sums = found.setdefault(row["days"], [0, 0])
        sums[0] += row[events]
        sums[1] += row[censored]
    for days, (ended, still_open) in found.items():
        if ended + still_open:
            yield days, ended, still_open


def _customers_back(
    spans: ir.Table, facts: Base, horizons_days: Sequence[int]
) -> dict[str, dict[int, int]]:
    if not horizons_days:
        return {ANY: {}, SECOND: {}}
    # Back within some days is whose shortest interval was: no distinct count is needed.
    each = spans.group_by("customer_id").aggregate(
        **{
            ANY: spans.days.min(where=spans.ended),
            SECOND: spans.days.min(where=spans.ended & spans.is_first),
        }
    )
    sums = {
        f"{name}_{days}": each.count(where=each[name] <= days)
        for name in (ANY, SECOND)
        for days in horizons_days
    }
    counts = dict.fromkeys(sums, 0)
    for part in facts.relation.parts(each.aggregate(**sums)):
        row = facts.relation.collect(part).to_pylist()[0]
        counts = {name: counts[name] + row[name] for name in counts}
    return {
        name: {days: counts[f"{name}_{days}"] for days in horizons_days} for name in (ANY, SECOND)
    }


def _behind(spans: ir.Table, interval: str, statistic: str) -> ir.Table:
    """Return the intervals behind a cell: those ended in time, or all those of a quartile."""
    if statistic.startswith("back_within_"):
        return spans.filter(_back(spans, interval, int(statistic.rsplit("_", 1)[1])))
    return spans if interval == ANY else spans.filter(spans.is_first)


def _back(spans: ir.Table, interval: str, days: int) -> ir.BooleanValue:
    back = spans.ended & (spans.days <= days)
    return back if interval == ANY else back & spans.is_first


def _quartile_rows(name: str, curve: KaplanMeier, customers: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for statistic, waiting in QUARTILES.items():
        value = curve.quantile(waiting)
        low, high = curve.quantile_limits(waiting)
        rows.append(
            {
                "interval": name,
                "statistic": statistic,
                "unit": "days",
                "value": _known(value),
                "low": _known(low),
                "high": _known(high),
                "intervals": curve.intervals,
                "customers": customers,  # every buyer has exactly one first interval
                **_state(value),
            }
        )
    return rows


def _share_rows(
    name: str, curve: KaplanMeier, horizons_days: Sequence[int], seen: Mapping[int, int]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for days in horizons_days:
        waiting = curve.at(days)
        known = isinstance(waiting, Estimate)
        rows.append(
            {
                "interval": name,
                "statistic": f"back_within_{days}",
                "unit": "share",
                "value": 1 - waiting.value if isinstance(waiting, Estimate) else None,
                "low": 1 - waiting.high if isinstance(waiting, Estimate) else None,
                "high": 1 - waiting.low if isinstance(waiting, Estimate) else None,
                "intervals": curve.intervals,
                "customers": seen[days] if known else None,
                **_state(waiting),
            }
        )
    return rows


def _known(value: float | Undefined) -> float | None:
    return None if isinstance(value, Undefined) else float(value)


def _state(value: object) -> dict[str, object]:
    if isinstance(value, Undefined):
        return {"state": UNDEFINED, "reason": value.reason}
    return {"state": COMPLETE, "reason": None}
