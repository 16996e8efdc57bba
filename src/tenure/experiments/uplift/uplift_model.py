"""The effect that a plan may count on: judged first, drawn towards the mean, flat where refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenure.experiments.uplift.calibration import Line
from tenure.experiments.uplift.learners import LEARNERS, UpliftLearner, make_learner
from tenure.experiments.uplift.pilots import OutcomeKind, pilot
from tenure.experiments.uplift.targeting import (
    TargetingOptions,
    TargetingVerdict,
    judge_targeting,
)
from tenure.experiments.uplift.verdict_tables import verdict_as_dict
from tenure.kernel import DataError, DefinitionError, Estimate
from tenure.predictions.churn.table_model import arrow_table
from tenure.predictions.estimator import Estimator
from tenure.predictions.tables import FloatArray


class UpliftModel(Estimator):
    """What one action changes for each customer, as far as a randomised pilot can tell.

    Fitting judges all learners and rules first. Where no learner can be told from treating at
    random, everybody's effect is the mean effect. Else the simplest learner not beaten is fitted
    to the whole pilot, and its predictions are drawn towards the mean effect by as much as they
    came true among customers it had not seen.

    Parameters
    ----------
    depth : share of customers that is to be treated, 0..1 exclusive.
    cost : of treating one customer, in units of the outcome.
    outcome : `binary`, `amount`, or `auto`.
    seed : of everything random, from 0.
    keep : columns to use in spite of a refusal.

    Attributes
    ----------
    verdict_ : the verdict with its figures as plain values, texts in `en` and `zh`.
    learner_ : the fitted learner; None where there is none to be believed.
    line_ : how predictions become effects.
    """

    def __init__(
        self,
        depth: float = 0.3,
        cost: float = 0.0,
        outcome: OutcomeKind = "auto",
        seed: int = 0,
        keep: Sequence[str] = (),
    ) -> None:
        self.depth = depth
        self.cost = cost
        self.outcome = outcome
        self.seed = seed
        self.keep = keep

    def fit(
        self,
        X: object,  # noqa: N803 - scikit-learn's name
        treated: npt.ArrayLike,
        y: npt.ArrayLike,
        propensity: npt.ArrayLike | None = None,
        *,
        risk: FloatArray | None = None,
        options: TargetingOptions | None = None,
    ) -> Self:
        """Judge, learn and return the model itself.

        Parameters
        ----------
        X, treated, y, propensity : as in `UpliftLearner.fit`.
        risk : as in `judge_targeting`.
        options : which learners are tried; depth, cost, seed and columns are the model's own.

        Raises
        ------
        DataError : the pilot has too few customers even for a mean effect, or is not one.
        """
        given = pilot(X, treated, y, propensity, kind=self.outcome)
        chosen = replace(
            options or TargetingOptions(),
            depth=self.depth,
            cost=self.cost,
            seed=self.seed,
            keep=tuple(self.keep),
        )
        verdict = judge_targeting(given, risk=risk, options=chosen)
        if not isinstance(verdict.everybody, Estimate):
            raise DataError(
                f"a pilot of {len(given)} customers",
                "at least two customers in each arm",
                "treat, or hold out, more customers",
            )
        self.verdict_ = verdict_as_dict(verdict)
        self.learner_: UpliftLearner | None = None
        predictions = np.zeros(len(given))
        if verdict.learner is not None:
            code, base = verdict.learner.split("_")
            kind: OutcomeKind = "binary" if given.is_binary else "amount"
            learner = make_learner(code, base, outcome=kind, seed=self.seed, keep=self.keep)
            self.learner_ = learner.fit_pilot(given)
            predictions = learner.predict(given.table)
        self.line_ = _line(verdict, verdict.everybody, predictions)
        return self

    def predict(self, X: object) -> FloatArray:  # noqa: N803
        """Return each customer's expected effect, in units of the outcome, before cost.

        Parameters
        ----------
        X : as in `fit`.
        """
        return self.predict_effects(X)[0]

    def predict_effects(self, X: object) -> tuple[FloatArray, FloatArray]:  # noqa: N803
        """Return each customer's expected effect and its standard deviation.

        Parameters
        ----------
        X : as in `fit`.

        Returns
        -------
        The standard deviation is of what a pilot of this size knows of the mean effect and of how
        far predictions come true; one customer's own effect varies beyond it.
        """
        self._require_fit()
        table = arrow_table(X)
        if self.learner_ is None:
            return self.line_.drawn(np.full(table.num_rows, self.line_.centre))
        return self.line_.drawn(self.learner_.predict(table))

    def _fitted_state(self) -> dict[str, Any]:
        learner = self.learner_
        return {
            "verdict": self.verdict_,
            "learner": None if learner is None else [learner.code, learner.to_dict()],
            "line": self.line_.as_dict(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.verdict_ = state["verdict"]
        self.line_ = Line.from_dict(state["line"])
        self.learner_ = None
        if state["learner"] is not None:
            code, described = state["learner"]
            if code not in LEARNERS:
                raise DefinitionError(f"learner {code!r}", "a known one", "fit the model anew")
            self.learner_ = LEARNERS[code].from_dict(described)


def _line(verdict: TargetingVerdict, everybody: Estimate, predictions: FloatArray) -> Line:
    """Return the line through the mean effect and prediction of the whole pilot.

    At the mean prediction level and slope are told by different deviations, so their covariance
    is left out.
    """
    reach = NormalDist().inv_cdf(0.5 + everybody.confidence / 2)
    variance = ((everybody.high - everybody.low) / 2 / reach) ** 2
    flat = Line(float(predictions.mean()), everybody.value, 0.0, variance, 0.0, 0.0)
    if verdict.learner is None:
        return flat
    tried = verdict.candidate(verdict.learner).line
    if tried is None:
        return flat
    return replace(flat, slope=tried.slope, variance_slope=tried.variance_slope)
