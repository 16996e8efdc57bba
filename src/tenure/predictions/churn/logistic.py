"""Ridge-penalised logistic regression over encoded features: plain, exact, additive.

Each number enters standardised, as it is and as its logarithm, so that both steady and
flattening effects fit; each category as an indicator. What is unknown has an indicator of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.kernel import DataError
from tenure.kernel.scipy_library import special
from tenure.predictions.churn.features import FeatureKind, FeatureSpace
from tenure.predictions.tables import FloatArray

DIGITS = 12
"""Digits kept of a fitted number: the rest depends on how many cores added it up."""

_TAIL = 0.005
"""Numbers beyond these quantiles of the training rows are taken as if at them."""

_STEPS_MAX = 100
_SETTLED = 1e-9


@dataclass(frozen=True, slots=True)
class Term:
    """One column of the design.

    Parameters
    ----------
    feature : place of the feature it is made from.
    form : `raw` or `log` of a number, `is` a category's place, `unknown`.
    place : the category for `is`, else 0.
    low, high : the range that numbers are kept in.
    centre, scale : what is taken off and divided by.
    coefficient : its weight in log-odds.
    """

    feature: int
    form: str
    place: int = 0
    low: float = 0.0
    high: float = 0.0
    centre: float = 0.0
    scale: float = 1.0
    coefficient: float = 0.0

    def column(self, matrix: FloatArray) -> FloatArray:
        """Return the term's value for each row, 0 where it is unknown."""
        numbers = matrix[:, self.feature]
        if self.form == "unknown":
            return np.asarray(np.isnan(numbers) - self.centre, dtype=np.float64)
        if self.form == "is":
            return np.asarray((numbers == self.place) - self.centre, dtype=np.float64)
        kept = np.clip(numbers, self.low, self.high)
        if self.form == "log":
            kept = signed_log(kept)
        return np.where(np.isnan(kept), 0.0, (kept - self.centre) / self.scale)


@dataclass(frozen=True, slots=True)
class LogisticRegression:
    """A fitted logistic regression.

    Parameters
    ----------
    intercept : log-odds of a row whose terms are all 0, which is the mean row.
    terms : its terms, each with its coefficient.
    """

    intercept: float
    terms: tuple[Term, ...]

    def margin(self, matrix: FloatArray) -> FloatArray:
        """Return the log-odds of each row; a row's figure does not depend on the others."""
        margin = np.full(len(matrix), self.intercept)
        for term in self.terms:
            margin += term.coefficient * term.column(matrix)
        return margin

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each feature adds to the log-odds of the mean row, shape (rows, features)."""
        parts = np.zeros(matrix.shape)
        for term in self.terms:
            parts[:, term.feature] += term.coefficient * term.column(matrix)
        return parts

    def as_dict(self) -> dict[str, Any]:
        """Return the regression as plain values for JSON."""
        return {
            "intercept": self.intercept,
            "terms": [
                [t.feature, t.form, t.place, t.low, t.high, t.centre, t.scale, t.coefficient]
                for t in self.terms
            ],
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> LogisticRegression:
        """Make the regression again from what `as_dict` returned."""
        return cls(described["intercept"], tuple(Term(*row) for row in described["terms"]))


def fit_logistic(
    space: FeatureSpace, matrix: FloatArray, left: FloatArray, *, ridge: float = 1.0
) -> LogisticRegression:
    """Return the regression that maximises the likelihood less `ridge`/2 x squared coefficients.

    Parameters
    ----------
    space : what the matrix's columns are.
    matrix : encoded rows.
    left : 1 for who left, else 0; both must occur.
    ridge : strength of the penalty on standardised coefficients, above 0.

    Raises
    ------
    DataError : all rows have the same label.
    """
    if not 0 < left.sum() < len(left):
        raise DataError(
            f"{len(left)} customers of whom {int(left.sum())} left",
            "some who left and some who stayed",
            "take a longer horizon or more history",
        )
    terms = list(design_terms(space, matrix))
    design = np.column_stack([np.ones(len(left)), *(term.column(matrix) for term in terms)])
    penalty = np.full(design.shape[1], ridge)
    penalty[0] = 0.0
    weights = newton(design, left, penalty)
    return LogisticRegression(
        rounded(weights[0]),
        tuple(
            Term(t.feature, t.form, t.place, t.low, t.high, t.centre, t.scale, rounded(weight))
            for t, weight in zip(terms, weights[1:], strict=True)
        ),
    )


def newton(design: FloatArray, left: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return the coefficients at the maximum, by Newton's method with halved steps.

    Parameters
    ----------
    design : one row per customer, the first column ones.
    left : 1 for who left, else 0.
    penalty : ridge of each coefficient, from 0.
    """
    share = left.mean()
    weights = np.zeros(design.shape[1])
    weights[0] = np.log(share / (1 - share))
    best = _objective(design, left, penalty, weights)
    for _ in range(_STEPS_MAX):
        p = special.expit(design @ weights)
        slope = design.T @ (left - p) - penalty * weights
        curve = (design * (p * (1 - p))[:, None]).T @ design + np.diag(penalty + 1e-12)
        step = np.linalg.solve(curve, slope)
        while True:
            found = _objective(design, left, penalty, weights + step)
            if found >= best - 1e-9 * abs(best) or np.abs(step).max() < _SETTLED:
                break
            step = step / 2
        weights, best = weights + step, found
        if np.abs(step).max() < _SETTLED:
            break
    return weights


def signed_log(values: FloatArray) -> FloatArray:
    """Return the logarithm of 1 + size, with the sign kept."""
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))


def rounded(value: float) -> float:
    """Return a number with `DIGITS` digits."""
    return float(f"{value:.{DIGITS}g}")


def design_terms(space: FeatureSpace, matrix: FloatArray) -> Iterator[Term]:
    """Yield the columns of the design that encoded rows call for, without coefficients.

    Parameters
    ----------
    space : what the matrix's columns are.
    matrix : encoded rows; what does not vary among them has no term.
    """
    for place, feature in enumerate(space.features):
        numbers = matrix[:, place]
        unknown = np.isnan(numbers)
        if 0 < unknown.sum() < len(numbers):
            yield Term(place, "unknown", centre=rounded(unknown.mean()))
        if feature.kind is FeatureKind.CATEGORY:
            for category in range(len(feature.vocabulary) + 1):
                same = numbers == category
                if 0 < same.sum() < len(same):
                    yield Term(place, "is", category, centre=rounded(same.mean()))
            continue
        known = numbers[~unknown]
        if len(known):
            yield from _number_terms(place, known)


def _number_terms(place: int, known: FloatArray) -> Iterator[Term]:
    low, high = (float(q) for q in np.quantile(known, [_TAIL, 1 - _TAIL], method="nearest"))
    kept = np.clip(known, low, high)
    for form, values in (("raw", kept), ("log", signed_log(kept))):
        centre, scale = rounded(values.mean()), rounded(values.std())
        if scale > _SETTLED * (1 + abs(centre)):  # all else is rounding
            yield Term(place, form, 0, low, high, centre, scale)


def _objective(
    design: FloatArray, left: FloatArray, penalty: FloatArray, weights: FloatArray
) -> float:
    margin = design @ weights
    likelihood = left @ margin - np.logaddexp(0.0, margin).sum()
    return float(likelihood - (penalty * weights**2).sum() / 2)
