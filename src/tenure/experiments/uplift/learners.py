"""Learners of uplift: what treating a customer changes, given what was known of her before.

Four ways to make it of outcome models, each on lines or on trees. S reads the arm as a feature of
one model; T fits one model per arm; X imputes each customer's effect from the other arm's model
and fits that; DR fits the effect corrected by the known chance of treatment, so that a poor
outcome model costs precision and never truth.

References
----------
Künzel, Sekhon, Bickel, Yu (2019), Metalearners for estimating heterogeneous treatment effects
using machine learning, PNAS 116(10), doi:10.1073/pnas.1804597116, for S, T and X; Kennedy (2023),
Towards optimal doubly robust estimation of heterogeneous causal effects, Electronic Journal of
Statistics 17(2), doi:10.1214/23-EJS2157, for DR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenure.experiments.uplift.bases import (
    Mean,
    Scale,
    check_base,
    fit_both_arms,
    fit_mean,
    mean_from_dict,
)
from tenure.experiments.uplift.pilots import OutcomeKind, Pilot, folds, pilot
from tenure.experiments.uplift.scores import effect_scores
from tenure.kernel import DataError, OptionError
from tenure.predictions.churn.choosing import ColumnRemark, choose_features
from tenure.predictions.churn.features import FeatureSpace
from tenure.predictions.churn.table_model import arrow_table
from tenure.predictions.estimator import Estimator
from tenure.predictions.tables import FloatArray

Outcomes = tuple[FloatArray, FloatArray]
"""Each customer's mean outcome without and with treatment."""

CUSTOMERS_MIN = 20
"""Fewer customers than this in an arm cannot be learnt from at all."""


class UpliftLearner(Estimator):
    """What treating a customer changes; subclasses say how it is learnt.

    Parameters
    ----------
    base : `linear` (logistic or ridge regression) or `boosted` (LightGBM).
    outcome : `binary`, `amount`, or `auto`, which looks at the values.
    seed : of everything random, from 0.
    keep : columns to use in spite of a refusal.

    Attributes
    ----------
    space_ : the columns that are read.
    remarks_ : what is to be said of columns: refused ones, and ones to check.
    """

    code = ""

    def __init__(
        self,
        base: str = "linear",
        outcome: OutcomeKind = "auto",
        seed: int = 0,
        keep: Sequence[str] = (),
    ) -> None:
        self.base = base
        self.outcome = outcome
        self.seed = seed
        self.keep = keep

    def fit(
        self,
        X: object,  # noqa: N803 - scikit-learn's name
        treated: npt.ArrayLike,
        y: npt.ArrayLike,
        propensity: npt.ArrayLike | None = None,
    ) -> Self:
        """Learn from a randomised pilot and return the learner itself.

        Parameters
        ----------
        X : a pandas, Polars or Arrow table, a mapping of columns, or a two-dimensional array:
            what was known before the treatment.
        treated : 1 for who was treated, else 0.
        y : what each customer then did.
        propensity : the chance of being treated, one for all or one each; None takes the share
            that was treated.

        Raises
        ------
        DataError : lengths differ, a value is out of its range, an arm has fewer than
            `CUSTOMERS_MIN` customers, or no column tells customers apart.
        OptionError : there is no such base or outcome.
        """
        return self.fit_pilot(pilot(X, treated, y, propensity, kind=self.outcome))

    def fit_pilot(self, given: Pilot, outcomes: Outcomes | None = None) -> Self:
        """Learn from a pilot that was checked already; see `fit`.

        Parameters
        ----------
        given : the pilot.
        outcomes : what `cross_fitted` says of it with the same base, seed and columns, where
            several learners share it; None works it out where it is needed.
        """
        check_base(self.base)
        fewest = int(min(given.treated.sum(), len(given) - given.treated.sum()))
        if fewest < CUSTOMERS_MIN:
            raise DataError(
                f"an arm of {fewest} customers",
                f"at least {CUSTOMERS_MIN} in each",
                "treat, or hold out, more customers",
            )
        self.space_, self.remarks_ = pilot_features(given, self.keep)
        matrix = self.space_.encode(given.table)
        self.means_ = self._learn(given, matrix, outcomes)
        self.treated_share_ = float(given.treated.mean())
        return self

    def predict(self, X: object) -> FloatArray:  # noqa: N803
        """Return what treating each customer is expected to change, in units of the outcome.

        Parameters
        ----------
        X : as in `fit`.

        Raises
        ------
        DataError : the learner was never fitted, or a column is missing.
        """
        self._require_fit()
        return self._effect(self.space_.encode(arrow_table(X)))

    def _scale(self, given: Pilot) -> Scale:
        return "probability" if given.is_binary else "amount"

    def _learn(
        self, given: Pilot, matrix: FloatArray, outcomes: Outcomes | None
    ) -> tuple[Mean, ...]:
        raise NotImplementedError

    def _effect(self, matrix: FloatArray) -> FloatArray:
        """Return the effect of encoded rows; most learners hold the means of both arms."""
        without, treated = self.means_
        return treated.predict(matrix) - without.predict(matrix)

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "space": self.space_.as_dict(),
            "remarks": [remark.as_dict() for remark in self.remarks_],
            "treated_share": self.treated_share_,
            "means": [mean.as_dict() for mean in self.means_],
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.space_ = FeatureSpace.from_dict(state["space"])
        self.remarks_ = tuple(ColumnRemark.from_dict(one) for one in state["remarks"])
        self.treated_share_ = float(state["treated_share"])
        self.means_ = tuple(mean_from_dict(one) for one in state["means"])


class SLearner(UpliftLearner):
    """One model that reads the arm as a feature; see `UpliftLearner` for the parameters."""

    code = "s"

    def _learn(
        self, given: Pilot, matrix: FloatArray, outcomes: Outcomes | None
    ) -> tuple[Mean, ...]:
        return fit_both_arms(
            self.base,
            self.space_,
            matrix,
            given.treated,
            given.outcome,
            scale=self._scale(given),
            seed=self.seed,
        )


class TLearner(UpliftLearner):
    """One model per arm; see `UpliftLearner` for the parameters."""

    code = "t"

    def _learn(
        self, given: Pilot, matrix: FloatArray, outcomes: Outcomes | None
    ) -> tuple[Mean, ...]:
        return arm_means(self.base, self.space_, given, matrix, seed=self.seed)


class XLearner(UpliftLearner):
    """Each customer's effect imputed from the other arm's model, then learnt in both arms.

    See `UpliftLearner` for the parameters. The two effects are weighed by the share treated.
    """

    code = "x"

    def _learn(
        self, given: Pilot, matrix: FloatArray, outcomes: Outcomes | None
    ) -> tuple[Mean, ...]:
        without, treated = outcomes or cross_fitted(
            self.base, self.space_, given, matrix, seed=self.seed
        )
        imputed = np.where(given.treated == 1, given.outcome - without, treated - given.outcome)
        return tuple(
            fit_mean(
                self.base, self.space_, matrix[arm], imputed[arm], scale="effect", seed=self.seed
            )
            for arm in (given.treated == 0, given.treated == 1)
        )

    def _effect(self, matrix: FloatArray) -> FloatArray:
        of_held, of_treated = (mean.predict(matrix) for mean in self.means_)
        share = self.treated_share_
        return share * of_held + (1 - share) * of_treated


class DRLearner(UpliftLearner):
    """The effect corrected by the known chance of treatment, then learnt over both arms.

    See `UpliftLearner` for the parameters.
    """

    code = "dr"

    def _learn(
        self, given: Pilot, matrix: FloatArray, outcomes: Outcomes | None
    ) -> tuple[Mean, ...]:
        without, treated = outcomes or cross_fitted(
            self.base, self.space_, given, matrix, seed=self.seed
        )
        scores = effect_scores(given, without, treated)
        # a score's noise grows where an arm was rare, so such rows weigh less
        weight = given.propensity * (1 - given.propensity)
        fitted = fit_mean(
            self.base,
            self.space_,
            matrix,
            scores,
            scale="effect",
            seed=self.seed,
            weight=weight / weight.mean(),
        )
        return (fitted,)

    def _effect(self, matrix: FloatArray) -> FloatArray:
        return self.means_[0].predict(matrix)


class ResponseRule(TLearner):
    """Who is likeliest to buy when treated: a ranking that people use, and no effect.

    See `UpliftLearner` for the parameters.
    """

    code = "response"

    def _effect(self, matrix: FloatArray) -> FloatArray:
        return self.means_[1].predict(matrix)


class RiskRule(TLearner):
    """Who is least likely to buy untreated: a ranking that people use, and no effect.

    See `UpliftLearner` for the parameters.
    """

    code = "most_at_risk"

    def _effect(self, matrix: FloatArray) -> FloatArray:
        return -self.means_[0].predict(matrix)


LEARNERS: Mapping[str, type[UpliftLearner]] = {
    kind.code: kind for kind in (SLearner, TLearner, XLearner, DRLearner)
}
"""The learners by code."""

RULES: Mapping[str, type[UpliftLearner]] = {kind.code: kind for kind in (RiskRule, ResponseRule)}
"""Rankings that no learner of uplift makes, by name; the simplest there are."""

CROSS_FOLDS = 3


def make_learner(
    code: str, base: str, *, outcome: OutcomeKind = "auto", seed: int = 0, keep: Sequence[str] = ()
) -> UpliftLearner:
    """Return an unfitted learner.

    Parameters
    ----------
    code : a key of `LEARNERS`.
    base, outcome, seed, keep : as in `UpliftLearner`.

    Raises
    ------
    OptionError : there is no such learner or base.
    """
    if code not in LEARNERS:
        raise OptionError(f"learner {code!r}", f"one of {', '.join(LEARNERS)}", "choose one")
    check_base(base)
    return LEARNERS[code](base, outcome, seed, keep)


def pilot_features(
    given: Pilot, keep: Sequence[str] = ()
) -> tuple[FeatureSpace, tuple[ColumnRemark, ...]]:
    """Return the columns of a pilot that may be read, and what is to be said of the others.

    Parameters
    ----------
    given : the pilot.
    keep : columns to use in spite of a refusal.
    """
    happened = given.outcome if given.is_binary else given.outcome > np.median(given.outcome)
    labels = np.asarray(happened, dtype=np.float64)
    return choose_features([given.table], [labels], keep=tuple(keep))


def arm_means(
    base: str, space: FeatureSpace, given: Pilot, matrix: FloatArray, *, seed: int = 0
) -> tuple[Mean, Mean]:
    """Return the means without and with treatment, each from its own arm.

    Parameters
    ----------
    base : `linear` or `boosted`.
    space : what the matrix's columns are.
    given : the pilot.
    matrix : its encoded rows.
    seed : of trees.
    """
    scale: Scale = "probability" if given.is_binary else "amount"
    held, treated = (
        fit_mean(base, space, matrix[arm], given.outcome[arm], scale=scale, seed=seed)
        for arm in (given.treated == 0, given.treated == 1)
    )
    return held, treated


def cross_fitted(
    base: str, space: FeatureSpace, given: Pilot, matrix: FloatArray, *, seed: int = 0
) -> tuple[FloatArray, FloatArray]:
    """Return each customer's mean outcome without and with treatment, as others teach it.

    Parameters are those of `arm_means`.
    """
    fold = folds(given, CROSS_FOLDS, seed)
    found = np.empty((2, len(given)))
    for number in range(CROSS_FOLDS):
        out = fold == number
        means = arm_means(base, space, given.part(~out), matrix[~out], seed=seed)
        for place, mean in enumerate(means):
            found[place, out] = mean.predict(matrix[out])
    return found[0], found[1]
