"""Counts, means and centred sums of products: all that the estimates need of an arm's customers.

Sums are taken around a mean, never around zero, so that large amounts with small differences
keep their digits; and parts of an arm (strata, days, files) can be put together again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError

FloatArray: TypeAlias = npt.NDArray[np.float64]
Quantity: TypeAlias = Literal[
    "outcome", "denominator", "covariate", "covariate_denominator", "received", "members"
]
"""What is known of a customer: what is measured, what it is divided by, the same two before the
experiment, and whether she received what was planned for her (1 or 0). Of a cluster: the sums of
these over its members, and how many these are."""

QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)

_CANCELLED = 1e-12  # share of what was added up below which a variance is rounding alone
_ROUNDING = 1e-13  # share of the mean below which a scatter is that of floating point


@dataclass(frozen=True, slots=True)
class Moments:
    """The first two moments of some quantities over a group of customers.

    Parameters
    ----------
    count : customers, or whatever the units are.
    quantities : which quantities, in the order of the other fields.
    means : mean of each; 0 for an empty group.
    products : sums over the units of (a - mean of a)(b - mean of b), symmetric.

    References
    ----------
    Chan, Golub, LeVeque (1983), The American Statistician 37, 242-247,
    doi:10.1080/00031305.1983.10483115, for putting parts together.
    """

    count: int
    quantities: tuple[Quantity, ...]
    means: tuple[float, ...]
    products: tuple[tuple[float, ...], ...]

    def __contains__(self, quantity: object) -> bool:
        return quantity in self.quantities

    def mean(self, quantity: Quantity) -> float:
        """Return the mean of one quantity."""
        return self.means[self._place(quantity)]

    def total(self, quantity: Quantity) -> float:
        """Return the sum of one quantity."""
        return self.count * self.mean(quantity)

    def variance(self, quantity: Quantity) -> float:
        """Return the sample variance of one quantity (divided by count - 1)."""
        return self.covariance(quantity, quantity)

    def covariance(self, one: Quantity, other: Quantity) -> float:
        """Return the sample covariance of two quantities (divided by count - 1).

        Raises
        ------
        DataError : there are fewer than two units.
        """
        if self.count < 2:
            raise DataError(f"{self.count} units", "at least 2 for a variance", "wait for more")
        return self.products[self._place(one)][self._place(other)] / (self.count - 1)

    def is_constant(self, quantity: Quantity) -> bool:
        """Tell whether a quantity is the same for every unit, but for rounding."""
        place = self._place(quantity)
        rounding = _ROUNDING * abs(self.means[place])
        return self.products[place][place] <= self.count * rounding * rounding

    def combined(
        self, weights: Mapping[Quantity, float], others: Mapping[Quantity, float] | None = None
    ) -> float:
        """Return the variance of a weighted sum of quantities, or its covariance with another.

        Parameters
        ----------
        weights : weight of each quantity in the sum.
        others : weights of the other sum; None is the same sum.
        """
        pairs = weights.items()
        seconds = pairs if others is None else others.items()
        value = sum(
            parts := [
                a * b * self.covariance(one, other) for one, a in pairs for other, b in seconds
            ]
        )
        if others is None and value <= _CANCELLED * sum(map(abs, parts)):
            return 0.0
        return value

    def merged(self, other: Moments) -> Moments:
        """Return the moments of both groups together.

        Raises
        ------
        DataError : they hold different quantities.
        """
        if self.quantities != other.quantities:
            raise DataError(
                f"moments of {self.quantities} and of {other.quantities}",
                "the same quantities",
                "aggregate both parts with the same columns",
            )
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        share = other.count / count
        gaps = [b - a for a, b in zip(self.means, other.means, strict=True)]
        between = self.count * share
        return Moments(
            count,
            self.quantities,
            tuple(mean + gap * share for mean, gap in zip(self.means, gaps, strict=True)),
            tuple(
                tuple(
                    self.products[i][j] + other.products[i][j] + gaps[i] * gaps[j] * between
                    for j in range(len(gaps))
                )
                for i in range(len(gaps))
            ),
        )

    def _place(self, quantity: Quantity) -> int:
        try:
            return self.quantities.index(quantity)
        except ValueError:
            raise DataError(
                f"statistics without {quantity!r}",
                f"statistics with it (there are {', '.join(self.quantities)})",
                "name its column when you aggregate",
            ) from None


def moments_of(columns: Mapping[Quantity, FloatArray]) -> Moments:
    """Return the moments of arrays, one per quantity and all of one length."""
    names = tuple(quantity for quantity in QUANTITIES if quantity in columns)
    rows = np.stack([np.asarray(columns[name], np.float64) for name in names])
    count = rows.shape[1]
    if not count:
        return empty_moments(names)
    with np.errstate(over="ignore", invalid="ignore"):
        means = rows.mean(axis=1)
        centred = rows - means[:, None]
        # What rounding left in the mean is taken out of the products.
        rest = centred.mean(axis=1)
        products = centred @ centred.T - count * np.outer(rest, rest)
    return Moments(
        count, names, tuple((means + rest).tolist()), tuple(map(tuple, products.tolist()))
    )


def empty_moments(quantities: tuple[Quantity, ...]) -> Moments:
    """Return the moments of nobody."""
    zeros = (0.0,) * len(quantities)
    return Moments(0, quantities, zeros, (zeros,) * len(quantities))


def merged(parts: Iterable[Moments], quantities: tuple[Quantity, ...]) -> Moments:
    """Return the moments of all parts together."""
    total = empty_moments(quantities)
    for part in parts:
        total = total.merged(part)
    return total
