"""What a valuation assumes and no data can tell: margin, discount rate, cost of a customer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.kernel import OptionError
from tenure.predictions.tables import FloatArray

YEAR_DAYS = 365.25

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ValueAssumptions:
    """The settings behind every value; all values are in the currency of the data.

    Parameters
    ----------
    margin : share of net value that is left after the cost of what was sold, above 0 to 1; 1
        takes revenue for value.
    discount_rate_per_year : by which money a year later is worth less, from 0; 0.1 is 10 %.
    acquisition_cost : of winning one customer, where her source has no cost of its own.
    acquisition_cost_by_source : source and cost of winning one customer from it.
    """

    margin: float = 1.0
    discount_rate_per_year: float = 0.1
    acquisition_cost: float = 0.0
    acquisition_cost_by_source: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        costs = [self.acquisition_cost, *(cost for _, cost in self.acquisition_cost_by_source)]
        wrong = [
            (name, value, expected)
            for name, value, expected, fine in (
                ("margin", self.margin, "above 0 to 1", 0 < self.margin <= 1),
                (
                    "discount_rate_per_year",
                    self.discount_rate_per_year,
                    "from 0 to 10",
                    0 <= self.discount_rate_per_year <= 10,
                ),
                (
                    "acquisition_cost",
                    min(costs),
                    "from 0",
                    all(0 <= cost < math.inf for cost in costs),
                ),
            )
            if not fine
        ]
        if wrong:
            name, value, expected = wrong[0]
            raise OptionError(f"{name} {value}", f"a number {expected}", f"correct {name}")

    @property
    def discount_rate_per_day(self) -> float:
        """The continuous rate per day: the same money in a year."""
        return math.log1p(self.discount_rate_per_year) / YEAR_DAYS

    def costs_of(self, sources: Sequence[str | None]) -> FloatArray:
        """Return the cost of winning each customer, by her source."""
        known = dict(self.acquisition_cost_by_source)
        return np.array([known.get(s or "", self.acquisition_cost) for s in sources], np.float64)

    def texts(self) -> list[Text]:
        """Return what is assumed, one sentence each, by language."""
        rate = f"{self.discount_rate_per_year:.1%}"
        said: list[Text] = [
            {
                "en": f"Value is {self.margin:.0%} of net value, the margin that was set.",
                "zh": f"价值按净额的 {self.margin:.0%}（设定的毛利率）计算。",
            }
            if self.margin < 1
            else {
                "en": "Value is net revenue: no margin was set.",
                "zh": "价值即净收入：未设定毛利率。",
            },
            {
                "en": f"Money a year later is worth {rate} less.",
                "zh": f"一年后的钱按 {rate} 折现。",
            },
        ]
        if self.acquisition_cost or self.acquisition_cost_by_source:
            named = ", ".join(f"{s} {cost:,.2f}" for s, cost in self.acquisition_cost_by_source)
            other = f"{self.acquisition_cost:,.2f}"
            said.append(
                {
                    "en": f"Winning a customer costs {other}"
                    + (f", by source: {named}." if named else "."),
                    "zh": f"获客成本为每位 {other}" + (f"，按来源：{named}。" if named else "。"),
                }
            )
        return said

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values for JSON."""
        return {
            "margin": self.margin,
            "discount_rate_per_year": self.discount_rate_per_year,
            "acquisition_cost": self.acquisition_cost,
            "acquisition_cost_by_source": dict(self.acquisition_cost_by_source),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> ValueAssumptions:
        """Make the settings again from what `as_dict` returned."""
        return cls(
            float(described["margin"]),
            float(described["discount_rate_per_year"]),
            float(described["acquisition_cost"]),
            tuple((s, float(c)) for s, c in described["acquisition_cost_by_source"].items()),
        )
