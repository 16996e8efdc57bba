"""What one more point of retention is worth in this business, over a year and over the lifetime.

Retention here is the probability that a customer who is active now is still active a year later,
by the business's own fitted model. One point more means that everybody leaves more slowly by the
same factor, just so much that this probability rises by 0.01: a customer's chance of still being
there at time t becomes what it would have been at c t, which is exact for any mixture of constant
hazards. What it is worth is the margin gained on today's customers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.kernel import Estimate, Undefined
from tenure.kernel.scipy_library import optimize
from tenure.predictions.tables import FloatArray
from tenure.predictions.value.assumptions import Text, ValueAssumptions

POINT = 0.01
FIVE_POINTS = 0.05
POPULAR = (0.25, 0.95)
"""The popular claim: 5 % more retention brings 25 to 95 % more profit.

Reichheld, Sasser (1990), Zero Defections, Harvard Business Review 68(5), 105-111 (25 to 85 %);
Reichheld, Schefter (2000), E-Loyalty, Harvard Business Review 78(4) (25 to 95 %).
"""
LIFETIME_YEARS = 50
"""Years after which nothing is counted."""

CONFIDENCE = 0.9
DRAWS = 200

_PANELS = (0.0, 1.0, 3.0, 10.0, float(LIFETIME_YEARS))
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_SLOWEST = 1e-6


@dataclass(frozen=True, slots=True)
class Moments:
    """When money comes: instants in years from now, and what share of a year each stands for."""

    years: FloatArray
    share: FloatArray


@dataclass(frozen=True, slots=True)
class CustomerBase:
    """Today's customers as one set of parameters sees them, in groups of equals.

    Parameters
    ----------
    active : expected number of active customers of each group.
    value_per_year : margin per year of an active customer of the group.
    survival : takes years, shape (k,), and returns the probability that an active customer of
        each group is still active then, shape (groups, k).
    """

    active: FloatArray
    value_per_year: FloatArray
    survival: Callable[[FloatArray], FloatArray]

    def retention(self, slower: float = 1.0) -> float:
        """Return the share of active customers who are still active in a year."""
        still = self.survival(np.array([slower]))[:, 0]
        return float(self.active @ still / self.active.sum())

    def value(self, when: Moments, discount: float, slower: float = 1.0) -> float:
        """Return the discounted margin of all customers.

        Parameters
        ----------
        when : when money comes.
        discount : continuous rate per year.
        slower : by which leaving is slowed down, above 0; 1 leaves it as it is.
        """
        weights = when.share * np.exp(-discount * when.years)
        paid = self.survival(slower * when.years) @ weights
        return float((self.active * self.value_per_year) @ paid)

    def slowed(self, points: float) -> float | None:
        """Return by which factor leaving slows down if retention rises by so much; None if never.

        Parameters
        ----------
        points : share, above 0.
        """
        aim = self.retention() + points
        if aim >= 1 or self.retention(_SLOWEST) <= aim:
            return None
        return float(optimize.brentq(lambda c: self.retention(c) - aim, _SLOWEST, 1.0, xtol=1e-12))


@dataclass(frozen=True, slots=True)
class RetentionValue:
    """What retention is worth here; money is margin in the currency of the data.

    Parameters
    ----------
    customers : customers looked at.
    active : how many of them are expected to be active now.
    retention : share of active customers who are still active in a year.
    value_year, value_lifetime : what today's customers will bring, discounted.
    point_year, point_lifetime : what one more point of retention would add to these.
    five_points_share : share by which five more points would raise the lifetime value.
    replacement_cost : what it would cost to win as many customers anew as one point keeps within
        a year.
    assumptions : what all this assumes, one sentence each, by language.
    """

    customers: int
    active: Estimate | Undefined
    retention: Estimate | Undefined
    value_year: Estimate | Undefined
    value_lifetime: Estimate | Undefined
    point_year: Estimate | Undefined
    point_lifetime: Estimate | Undefined
    five_points_share: Estimate | Undefined
    replacement_cost: Estimate | Undefined
    assumptions: tuple[Text, ...]

    @property
    def text(self) -> Text:
        """The result in a sentence or two, by language."""
        year, life = self.point_year, self.point_lifetime
        if isinstance(year, Undefined) or isinstance(life, Undefined):
            reason = year.reason if isinstance(year, Undefined) else "retention_too_high"
            return REASONS[reason]
        spans = (year.value, year.low, year.high, life.value, life.low, life.high)
        return {
            "en": "One more point of yearly retention is worth {:,.0f} within a year ({:,.0f} to "
            "{:,.0f}) and {:,.0f} over the lifetime of today's customers ({:,.0f} to "
            "{:,.0f}).".format(*spans),
            "zh": "年留存率每提高一个百分点，一年内价值 {:,.0f}（{:,.0f} 至 {:,.0f}），"
            "在现有客户的生命周期内价值 {:,.0f}（{:,.0f} 至 {:,.0f}）。".format(*spans),
        }

    @property
    def replacement_text(self) -> Text | None:
        """What the same number of customers would cost to win; None where no cost was set."""
        cost = self.replacement_cost
        if isinstance(cost, Undefined):
            return None
        spans = (cost.value, cost.low, cost.high)
        return {
            "en": "To win as many customers anew as one point keeps within a year would cost "
            "{:,.0f} ({:,.0f} to {:,.0f}). What today's customers cost to win is spent: it is in "
            "none of these values.".format(*spans),
            "zh": "若改为新获取一个百分点在一年内所留住的同样多的客户，需花费 {:,.0f}"
            "（{:,.0f} 至 {:,.0f}）。现有客户的获客成本已经支出，不计入上述任何价值。".format(
                *spans
            ),
        }

    @property
    def popular_text(self) -> Text:
        """The popular claim beside this business's own figure, by language."""
        own, low, high = self.five_points_share, *POPULAR
        if isinstance(own, Undefined):
            return {
                "en": f"Popular: 5 % more retention, {low:.0%} to {high:.0%} more profit. For this "
                f"business it cannot be worked out: {REASONS[own.reason]['en']}",
                "zh": f"流行说法：留存率提高 5%，利润增加 {low:.0%} 至 {high:.0%}。"
                f"本企业无法计算：{REASONS[own.reason]['zh']}",
            }
        spans = f"{own.value:.1%} ({own.low:.1%}"
        return {
            "en": f"Popular: 5 % more retention, {low:.0%} to {high:.0%} more profit. Here five "
            f"points would raise the lifetime value of today's customers by {spans} to "
            f"{own.high:.1%}). The popular range is profit per customer in selected industries of "
            "1990, with spending that grows over the years and retention that was high already; "
            "this figure is your own customers' margin, at their own pace, discounted.",
            "zh": f"流行说法：留存率提高 5%，利润增加 {low:.0%} 至 {high:.0%}。"
            f"在本企业，提高五个百分点会使现有客户的生命周期价值增加 {own.value:.1%}"
            f"（{own.low:.1%} 至 {own.high:.1%}）。"
            "流行区间是 1990 年若干行业的单客利润，假设消费逐年增长且留存率本已很高；"
            "此处是您自己客户按自身节奏、折现后的毛利。",
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as plain values for JSON."""
        figures = (
            "active",
            "retention",
            "value_year",
            "value_lifetime",
            "point_year",
            "point_lifetime",
            "five_points_share",
            "replacement_cost",
        )
        replacing = self.replacement_text
        return {
            "customers": self.customers,
            **{name: _plain(getattr(self, name)) for name in figures},
            "text": dict(self.text),
            "replacement_text": None if replacing is None else dict(replacing),
            "popular": {"low": POPULAR[0], "high": POPULAR[1], "text": dict(self.popular_text)},
            "assumptions": [dict(one) for one in self.assumptions],
        }


REASONS: dict[str, Text] = {
    "nobody_returned": {
        "en": "Nobody has ordered twice: there is no retention to value yet.",
        "zh": "还没有客户下过第二单：暂无可估值的留存。",
    },
    "no_amounts": {
        "en": "Orders carry no amounts: retention cannot be expressed in money.",
        "zh": "订单没有金额：无法用金额衡量留存。",
    },
    "leaving_unidentified": {
        "en": "The data cannot tell how fast customers leave: a longer history is needed.",
        "zh": "数据不足以判断客户流失的速度：需要更长的历史。",
    },
    "retention_too_high": {
        "en": "Retention is so high that it cannot rise by as many points.",
        "zh": "留存率已经很高，无法再提高这么多个百分点。",
    },
    "no_acquisition_cost": {
        "en": "No cost of winning a customer was set.",
        "zh": "未设定获客成本。",
    },
    "nobody_active": {
        "en": "Nobody is expected to be active any more.",
        "zh": "预计已没有活跃客户。",
    },
}
"""Why there is no figure, by reason."""


def continuous_moments() -> tuple[Moments, Moments]:
    """Return the instants of a year and of a lifetime where money flows all the time."""
    parts = []
    for start, end in itertools.pairwise(_PANELS):
        half = (end - start) / 2
        parts.append((start + half * (_POINTS + 1), half * _WEIGHTS))
    life = Moments(np.concatenate([y for y, _ in parts]), np.concatenate([w for _, w in parts]))
    return Moments(*parts[0]), life


def renewal_moments(period_years: float) -> tuple[Moments, Moments]:
    """Return the instants of a year and of a lifetime where money comes with each renewal."""

    def up_to(years: float) -> Moments:
        count = max(int(np.floor(years / period_years + 1e-9)), 1)
        return Moments(np.arange(1.0, count + 1) * period_years, np.full(count, period_years))

    return up_to(1.0), up_to(float(LIFETIME_YEARS))


def retention_value(
    customers: int,
    base: CustomerBase,
    drawn: Sequence[CustomerBase],
    moments: tuple[Moments, Moments],
    assumptions: ValueAssumptions,
    assumed: Sequence[Text],
) -> RetentionValue:
    """Return what retention is worth to a business.

    Parameters
    ----------
    customers : customers looked at.
    base : the customers at the fitted parameters.
    drawn : the same at draws of the parameters, for the intervals.
    moments : when money comes, within a year and over the lifetime.
    assumptions : margin and discount rate.
    assumed : sentences on the model, by language; what the settings assume is added.
    """
    if not base.active.sum() > 0:
        return undefined(customers, "nobody_active", assumptions)
    discount = float(np.log1p(assumptions.discount_rate_per_year))
    value = _figures(base, moments, discount)
    draws = [_figures(one, moments, discount) for one in drawn]
    found = {name: _estimate(value[name], [one[name] for one in draws]) for name in value}
    said = (
        *assumed,
        {
            "en": "One more point means that everybody leaves more slowly by the same factor, from "
            "today on; customers won later are not counted, nor what the programme costs.",
            "zh": "提高一个百分点指从今天起所有人的流失速度按同一比例放慢；"
            "不计入之后新获得的客户，也不计入计划本身的成本。",
        },
        {
            "en": f"Spending per order stays as it is; nothing after {LIFETIME_YEARS} years "
            "counts.",
            "zh": f"每单消费保持不变；{LIFETIME_YEARS} 年之后不计入。",
        },
        *assumptions.texts(),
    )
    replacing = _replacement(found["active"], assumptions.acquisition_cost)
    return RetentionValue(customers, **found, replacement_cost=replacing, assumptions=said)


def undefined(customers: int, reason: str, assumptions: ValueAssumptions) -> RetentionValue:
    """Return the answer where the data cannot tell.

    Parameters
    ----------
    customers : customers looked at.
    reason : one of `REASONS`.
    assumptions : what would have been assumed.
    """
    nothing = Undefined(reason)
    return RetentionValue(
        customers,
        active=nothing,
        retention=nothing,
        value_year=nothing,
        value_lifetime=nothing,
        point_year=nothing,
        point_lifetime=nothing,
        five_points_share=nothing,
        replacement_cost=nothing,
        assumptions=tuple(assumptions.texts()),
    )


def _replacement(active: Estimate | Undefined, cost: float) -> Estimate | Undefined:
    if isinstance(active, Undefined):
        return active
    if not cost:
        return Undefined("no_acquisition_cost")
    each = POINT * cost
    ends = (each * active.value, each * active.low, each * active.high)
    return Estimate(*ends, active.confidence, active.method)


def _figures(
    base: CustomerBase, moments: tuple[Moments, Moments], discount: float
) -> dict[str, float | None]:
    year, life = (base.value(when, discount) for when in moments)
    gains: list[float | None] = [None, None, None]
    one, five = base.slowed(POINT), base.slowed(FIVE_POINTS)
    if one is not None:
        gains[:2] = [
            base.value(when, discount, one) - before
            for when, before in zip(moments, (year, life), strict=True)
        ]
    if five is not None and life > 0:
        gains[2] = base.value(moments[1], discount, five) / life - 1
    return {
        "active": float(base.active.sum()),
        "retention": base.retention(),
        "value_year": year,
        "value_lifetime": life,
        "point_year": gains[0],
        "point_lifetime": gains[1],
        "five_points_share": gains[2],
    }


def _estimate(value: float | None, draws: Sequence[float | None]) -> Estimate | Undefined:
    if value is None:
        return Undefined("retention_too_high")
    known = [one for one in draws if one is not None and np.isfinite(one)]
    if not known:
        return Estimate(value, value, value, CONFIDENCE, "laplace_expectation")
    tail = (1 - CONFIDENCE) / 2
    low, high = (float(q) for q in np.quantile(known, (tail, 1 - tail)))
    return Estimate(value, min(low, value), max(high, value), CONFIDENCE, "laplace_expectation")


def _plain(figure: Estimate | Undefined) -> dict[str, Any]:
    if isinstance(figure, Undefined):
        return {"undefined": figure.reason}
    return {
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "confidence": figure.confidence,
        "method": figure.method,
    }
