"""The effect that a plan may count on: judged first, drawn towards the mean, flat where refused."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tenure.experiments.uplift.calibration import Line
from tenure.experiments.uplift.learners import (
    CUSTOMERS_MIN,
    LEARNERS,
    RULES,
    RiskRule,
    UpliftLearner,
    make_learner,
)
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

    Fitting judges all learners and rules first. Where none can be told from treating at random,
    everybody's effect is the mean effect. Else the simplest not beaten is fitted to the whole
    pilot, and its predictions are drawn towards the mean effect by as much as they came true
    among customers it had not seen. A simple rule's numbers are read off the line of effect on
    them.

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
    learner_ : the fitted learner or rule; None where there is none to be believed, or where
        the rule is a risk that was handed over.
    by_risk_ : whether effects follow from a risk that was handed over.
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
        customers: npt.ArrayLike | None = None,
        options: TargetingOptions | None = None,
    ) -> Self:
        """Judge, learn and return the model itself.

        Parameters
        ----------
        X, treated, y, propensity : as in `UpliftLearner.fit`.
        risk : as in `judge_targeting`.
        customers : as in `pilots.pilot`: an id per row, where a customer has several.
        options : which learners are tried; depth, cost, seed and columns are the model's own.

        Raises
        ------
        DataError : the pilot has too few customers even for a mean effect, or is not one.
        """
        given = pilot(X, treated, y, propensity, kind=self.outcome, customers=customers)
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
                f"at least {CUSTOMERS_MIN} customers in each arm",
                "treat, or hold out, more customers",
            )
        self.verdict_ = verdict_as_dict(verdict)
        self.by_risk_ = risk is not None and verdict.recommended == RiskRule.code
        self.learner_: UpliftLearner | None = None
        ranking = np.zeros(len(given))
        if self.by_risk_:
            ranking = np.asarray(risk, dtype=np.float64)
        elif verdict.recommended is not None:
            self.learner_ = self._made(verdict.recommended, given.is_binary).fit_pilot(given)
            ranking = self.learner_.predict(given.table)
        self.line_ = _line(verdict, verdict.everybody, ranking)
        return self

    def _made(self, name: str, is_binary: bool) -> UpliftLearner:
        kind: OutcomeKind = "binary" if is_binary else "amount"
        if name in RULES:
            return RULES[name]("linear", kind, self.seed, self.keep)
        code, base = name.split("_")
        return make_learner(code, base, outcome=kind, seed=self.seed, keep=self.keep)

    def predict(self, X: object, risk: FloatArray | None = None) -> FloatArray:  # noqa: N803
        """Return each customer's expected effect, in units of the outcome, before cost.

        Parameters
        ----------
        X, risk : as in `predict_effects`.
        """
        return self.predict_effects(X, risk)[0]

    def predict_effects(
        self,
        X: object,  # noqa: N803
        risk: FloatArray | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Return each customer's expected effect and its standard deviation.

        Parameters
        ----------
        X : as in `fit`.
        risk : as in `fit`; needed where the verdict is to treat by the risk handed over then.

        Returns
        -------
        The standard deviation is of what a pilot of this size knows of the mean effect and of how
        far predictions come true; one customer's own effect varies beyond it.

        Raises
        ------
        DataError : the model was never fitted, a column is missing, or the risk is.
        """
        self._require_fit()
        table = arrow_table(X)
        if self.by_risk_:
            if risk is None or risk.shape != (table.num_rows,):
                raise DataError(
                    f"risks of {0 if risk is None else len(risk)} for {table.num_rows} customers",
                    "one risk per customer, as at fitting",
                    "hand over `risk` as well",
                )
            return self.line_.drawn(risk, slope_max=math.inf)
        if self.learner_ is None:
            return self.line_.drawn(np.full(table.num_rows, self.line_.centre))
        slope_max = math.inf if self.learner_.code in RULES else 1.0
        return self.line_.drawn(self.learner_.predict(table), slope_max=slope_max)

    def _fitted_state(self) -> dict[str, Any]:
        learner = self.learner_
        return {
            "verdict": self.verdict_,
            "learner": None if learner is None else [learner.code, learner.to_dict()],
            "line": self.line_.as_dict(),
            "by_risk": self.by_risk_,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.verdict_ = state["verdict"]
        self.line_ = Line.from_dict(state["line"])
        self.by_risk_ = bool(state["by_risk"])
        self.learner_ = None
        if state["learner"] is not None:
            code, described = state["learner"]
            known = {**LEARNERS, **RULES}
            if code not in known:
                raise DefinitionError(f"learner {code!r}", "a known one", "fit the model anew")
            self.learner_ = known[code].from_dict(described)


def _line(verdict: TargetingVerdict, everybody: Estimate, ranking: FloatArray) -> Line:
    """Return the line through the mean effect and prediction of the whole pilot.

    At the mean prediction level and slope are told by different deviations, so their covariance
    is left out.
    """
    reach = NormalDist().inv_cdf(0.5 + everybody.confidence / 2)
    variance = ((everybody.high - everybody.low) / 2 / reach) ** 2
    flat = Line(float(ranking.mean()), everybody.value, 0.0, variance, 0.0, 0.0)
    if verdict.recommended is None:
        return flat
    tried = verdict.candidate(verdict.recommended).line
    return replace(flat, slope=tried.slope, variance_slope=tried.variance_slope)
