"""The model itself: trees, a logistic regression, or the mean of both in log-odds.

All three are sums of what each feature adds, so their reasons are sums too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from tenure.kernel import OptionError
from tenure.predictions.churn.boosting import BoostingOptions, Trees, fit_trees
from tenure.predictions.churn.features import FeatureSpace
from tenure.predictions.churn.logistic import LogisticRegression, fit_logistic
from tenure.predictions.tables import FloatArray

METHODS = ("logistic", "boosted", "blend")
"""Simplest first: logistic regression, trees, and the mean of their log-odds."""


@dataclass(frozen=True, slots=True)
class AdditiveModel:
    """Log-odds of leaving as a sum over features, not calibrated.

    Parameters
    ----------
    trees : None for `logistic`.
    logistic : None for `boosted`.
    """

    trees: Trees | None
    logistic: LogisticRegression | None

    def margin(self, matrix: FloatArray) -> FloatArray:
        """Return the log-odds of each encoded row."""
        parts = [part.margin(matrix) for part in self._parts()]
        return np.asarray(sum(parts) / len(parts), dtype=np.float64)

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each feature adds to the mean row's log-odds, shape (rows, features)."""
        parts = [part.contributions(matrix) for part in self._parts()]
        return np.asarray(sum(parts) / len(parts), dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        """Return the model as plain values for JSON."""
        return {
            "trees": None if self.trees is None else self.trees.text,
            "logistic": None if self.logistic is None else self.logistic.as_dict(),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Make the model again from what `as_dict` returned."""
        trees, logistic = described["trees"], described["logistic"]
        return cls(
            None if trees is None else Trees(trees),
            None if logistic is None else LogisticRegression.from_dict(logistic),
        )

    def _parts(self) -> tuple[Trees | LogisticRegression, ...]:
        return tuple(part for part in (self.trees, self.logistic) if part is not None)

    def method(self, method: str) -> Self:
        """Return the model of one method out of the fitted parts.

        Raises
        ------
        OptionError : there is no such method.
        """
        check_method(method)
        return type(self)(
            None if method == "logistic" else self.trees,
            None if method == "boosted" else self.logistic,
        )


def fit_parts(
    methods: Sequence[str],
    space: FeatureSpace,
    matrix: FloatArray,
    left: FloatArray,
    options: BoostingOptions,
    *,
    until_best_on: tuple[FloatArray, FloatArray] | None = None,
    rounds: int | None = None,
) -> AdditiveModel:
    """Return the parts that methods need, fitted to labelled rows.

    Parameters
    ----------
    methods : some of `METHODS`.
    space, matrix, left, options, until_best_on, rounds : as in `fit_trees`.

    Raises
    ------
    DataError : all rows have the same label.
    """
    logistic = None if set(methods) == {"boosted"} else fit_logistic(space, matrix, left)
    trees = None
    if set(methods) != {"logistic"}:
        trees = fit_trees(space, matrix, left, options, until_best_on=until_best_on, rounds=rounds)
    return AdditiveModel(trees, logistic)


def check_method(method: str) -> None:
    """Raise an `OptionError` unless there is such a method."""
    if method not in METHODS:
        raise OptionError(f"method {method!r}", f"one of {', '.join(METHODS)}", "name one of these")
