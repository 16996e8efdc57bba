"""What learners are built on: means of an outcome given features, by lines or by trees.

A base predicts a mean: of an outcome of 0 and 1 (a probability), of an amount, or of an effect,
which may be below 0. Features come encoded; unknown values and categories need nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np

from tenure.kernel import OptionError
from tenure.kernel.scipy_library import special
from tenure.predictions.churn.features import FeatureSpace
from tenure.predictions.churn.logistic import (
    LogisticRegression,
    Term,
    design_terms,
    newton,
    rounded,
)
from tenure.predictions.tables import FloatArray
from tenure.predictions.trees_library import lightgbm
from tenure.predictions.value.boosted_value import Part

Scale = Literal["probability", "amount", "effect"]
BaseName = Literal["linear", "boosted"]

BASES = ("linear", "boosted")

_THREADS = 1  # another number rounds sums otherwise, and trees differ
_ROUNDS = 80
_BINS = 63
_BELOW_MAX = 0.05  # of the whole, what amounts below 0 may come to
_RIDGE_LOGISTIC = 10.0
_RIDGES = tuple(float(10.0**power) for power in np.arange(0.0, 6.1, 0.5))
_NEVER_CERTAIN = 1e-3  # a probability is kept this far from 0 and 1


class Mean(Protocol):
    """A fitted mean of rows."""

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the mean of each encoded row."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""


@dataclass(frozen=True, slots=True)
class LinearMean:
    """A regression on standardised terms.

    Parameters
    ----------
    line : its intercept and terms.
    scale : `probability`: the line is in log-odds; else it is the mean itself.
    """

    line: LogisticRegression
    scale: Scale

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the mean of each encoded row."""
        found = self.line.margin(matrix)
        return (
            np.asarray(special.expit(found), np.float64) if self.scale == "probability" else found
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {"base": "linear", "scale": self.scale, "line": self.line.as_dict()}


@dataclass(frozen=True)
class BoostedMean:
    """Boosted trees.

    Parameters
    ----------
    trees : as LightGBM writes them.
    factor : by which what they say is multiplied.
    arm : appended to each row where the trees read the arm as a feature; None where not.
    """

    trees: Part
    factor: float = 1.0
    arm: float | None = None

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the mean of each encoded row."""
        if self.arm is not None:
            matrix = np.column_stack([matrix, np.full(len(matrix), self.arm)])
        return self.trees.predict(matrix) * self.factor

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        return {
            "base": "boosted",
            "factor": self.factor,
            "arm": self.arm,
            "trees": self.trees.text,
        }


def mean_from_dict(described: Mapping[str, Any]) -> LinearMean | BoostedMean:
    """Make a mean again from what `as_dict` returned."""
    if described["base"] == "linear":
        return LinearMean(LogisticRegression.from_dict(described["line"]), described["scale"])
    return BoostedMean(Part(described["trees"]), described["factor"], described["arm"])


def fit_mean(
    base: str,
    space: FeatureSpace,
    matrix: FloatArray,
    target: FloatArray,
    *,
    scale: Scale,
    seed: int = 0,
    weight: FloatArray | None = None,
) -> Mean:
    """Return the mean of a target given encoded features.

    Parameters
    ----------
    base : `linear` or `boosted`.
    space : what the matrix's columns are.
    matrix : encoded rows.
    target : 0 and 1 for `probability`, any finite number else.
    scale : what the target is; for an `effect`, which is mostly noise, trees are grown slower
        and smaller than for an `amount`.
    seed : of the choice of rows and columns by trees.
    weight : of each row, above 0; None weighs all alike.

    Raises
    ------
    OptionError : there is no such base.
    """
    check_base(base)
    weight = np.ones(len(target)) if weight is None else weight
    if base == "boosted":
        return BoostedMean(*_grown(matrix, target, weight, scale, seed, space.categorical))
    terms = tuple(design_terms(space, matrix))
    columns = [term.column(matrix) for term in terms]
    if scale == "probability":
        found = _logistic(columns, target)
    else:
        found = _ridge(columns, target, weight)
    return LinearMean(_line(terms, found), scale)


def fit_both_arms(
    base: str,
    space: FeatureSpace,
    matrix: FloatArray,
    treated: FloatArray,
    target: FloatArray,
    *,
    scale: Scale,
    seed: int = 0,
) -> tuple[Mean, Mean]:
    """Return the means without and with treatment from one model that reads the arm.

    Parameters are those of `fit_mean`; `treated` is 1 or 0. Lines give each feature a weight for
    all and one more for the treated; both are drawn towards 0, so that arms differ only as far
    as they must.
    """
    check_base(base)
    if base == "boosted":
        rows = np.column_stack([matrix, treated])
        weight = np.ones(len(target))
        trees, factor = _grown(rows, target, weight, scale, seed, space.categorical)
        return BoostedMean(trees, factor, 0.0), BoostedMean(trees, factor, 1.0)
    terms = tuple(design_terms(space, matrix))
    columns = [term.column(matrix) for term in terms]
    share = rounded(float(treated.mean()))
    arm = treated - share
    both = [*columns, arm, *(column * arm for column in columns)]
    if scale == "probability":
        found = _logistic(both, target)
    else:
        found = _ridge(both, target, np.ones(len(target)))
    own, more = found[: 1 + len(terms)], found[1 + len(terms) :]
    without, treated_line = (
        LinearMean(_line(terms, own + more * (one - share)), scale) for one in (0.0, 1.0)
    )
    return without, treated_line


def check_base(base: str) -> None:
    """Raise an `OptionError` unless there is such a base."""
    if base not in BASES:
        raise OptionError(f"base {base!r}", f"one of {', '.join(BASES)}", "choose one")


def _line(terms: tuple[Term, ...], weights: FloatArray) -> LogisticRegression:
    placed = zip(terms, weights[1:], strict=True)
    return LogisticRegression(
        rounded(float(weights[0])),
        tuple(replace(term, coefficient=rounded(float(weight))) for term, weight in placed),
    )


def _logistic(columns: list[FloatArray], target: FloatArray) -> FloatArray:
    share = float(target.mean())
    if not _NEVER_CERTAIN / 10 < share < 1 - _NEVER_CERTAIN / 10:
        # with hardly an event there is no slope to learn
        kept = np.clip(share, _NEVER_CERTAIN / 10, 1 - _NEVER_CERTAIN / 10)
        return np.concatenate(([np.log(kept / (1 - kept))], np.zeros(len(columns))))
    design = np.column_stack([np.ones(len(target)), *columns])
    penalty = np.full(design.shape[1], _RIDGE_LOGISTIC)
    penalty[0] = 0.0
    return newton(design, target, penalty)


def _ridge(columns: list[FloatArray], target: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the ridge regression whose penalty has the least generalised cross-validation.

    References
    ----------
    Golub, Heath, Wahba (1979), Generalized cross-validation as a method for choosing a good
    ridge parameter, Technometrics 21(2), doi:10.1080/00401706.1979.10489751.
    """
    total = weight.sum()
    centre = float(weight @ target / total)
    if not columns:
        return np.array([centre])
    design = np.column_stack(columns)
    middle = weight @ design / total
    design = design - middle
    gap = target - centre
    values, directions = np.linalg.eigh((design * weight[:, None]).T @ design)
    values = np.maximum(values, 0.0)
    along = directions.T @ (design.T @ (weight * gap))
    squares = float(weight @ gap**2)
    best, least = _RIDGES[-1], np.inf
    for ridge in _RIDGES:
        shrunk = along / (values + ridge)
        left = squares - 2 * float(shrunk @ along) + float(shrunk**2 @ values)
        free = 1 - (1 + float((values / (values + ridge)).sum())) / len(target)
        if free > 0 and left / free**2 < least:
            best, least = ridge, left / free**2
    slopes = directions @ (along / (values + best))
    return np.concatenate(([centre - float(middle @ slopes)], slopes))


def _grown(
    matrix: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    scale: Scale,
    seed: int,
    categorical: list[int],
) -> tuple[Part, float]:
    """Return trees, and by what their sums are multiplied.

    Amounts are grown on a logarithmic scale, in units of their mean: effects on spend grow with
    what is spent anyway, and a currency's unit changes nothing. Where hardly any is below 0, as
    refunds are, those count as 0 while learning.
    """
    objective, factor = "binary" if scale == "probability" else "regression", 1.0
    below = -float(np.minimum(target, 0.0).sum())
    if scale == "amount" and target.max() > 0 and below <= _BELOW_MAX * float(target.sum()):
        objective, factor = "poisson", float(weight @ target / weight.sum())
        target = np.maximum(target, 0.0)
    leaves, rate, leaf_rows = (4, 0.04, 2.0) if scale == "effect" else (8, 0.08, 1.0)
    parameters = {
        "objective": objective,
        "num_leaves": leaves,
        "learning_rate": rate,
        "min_data_in_leaf": int(np.clip(round(leaf_rows * len(target) ** 0.5), 10, 1000)),
        "feature_fraction": 0.7,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 10.0,
        "cat_smooth": 20.0,
        "min_data_per_group": 50,
        "max_cat_to_onehot": 8,
        "max_bin": _BINS,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": _THREADS,
        "seed": seed,
        "verbose": -1,
    }
    data = lightgbm().Dataset(
        matrix,
        target / factor,
        weight=weight,
        categorical_feature=categorical,
        params={"verbose": -1, "max_bin": _BINS},
    )
    return Part(lightgbm().train(parameters, data, _ROUNDS).model_to_string()), factor
