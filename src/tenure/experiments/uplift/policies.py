"""What a rule for choosing actions would have earned, told from decisions another rule made.

Every logged decision carries the chance with which its action was chosen. Three answers are given
side by side. IPS weighs each reward by how much likelier the new rule's choice is; SNIPS divides
by the weights themselves, which steadies it; DR adds an outcome model, and stays right when that
model is poor. The model alone is never given as an answer: its bias is not seen in its interval.

References
----------
Horvitz, Thompson (1952), JASA 47(260), for IPS; Swaminathan, Joachims (2015), The self-normalized
estimator for counterfactual learning, NeurIPS, for SNIPS; Dudík, Langford, Li (2011), Doubly
robust policy evaluation and learning, ICML, for DR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.experiments.uplift.bases import Scale, fit_mean
from tenure.experiments.uplift.means import (
    CONFIDENCE,
    check_confidence,
    customer_numbers,
    mean_estimate,
)
from tenure.kernel import DataError, Estimate, OptionError, Undefined
from tenure.predictions.churn.choosing import choose_features
from tenure.predictions.churn.table_model import arrow_table
from tenure.predictions.scorecards.arrays import numbers
from tenure.predictions.tables import FloatArray

FLOOR = 0.02
"""Where the new rule would act, each action should have had at least this chance."""

EFFECTIVE_MIN = 30.0
"""Decisions that the weighed ones must be worth, or there is no figure."""

_FOLDS = 5
_ROWS_MIN = 20  # an action with fewer decisions is given its mean reward


@dataclass(frozen=True)
class Decisions:
    """Logged decisions; make them with `decisions`.

    Parameters
    ----------
    action : number of the chosen action, from 0; doing nothing is an action too.
    propensity : the chance of each action, shape (decisions, actions); rows sum to 1.
    reward : what followed.
    customers : number of each decision's customer; None where each has one decision.
    """

    action: npt.NDArray[np.int64]
    propensity: FloatArray
    reward: FloatArray
    customers: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.action)

    @property
    def actions(self) -> int:
        """Number of actions there are."""
        return int(self.propensity.shape[1])

    @property
    def of_chosen(self) -> FloatArray:
        """The chance of the action that was chosen."""
        return np.asarray(self.propensity[np.arange(len(self)), self.action], np.float64)


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """The mean reward that a rule would have earned per decision.

    Parameters
    ----------
    ips, snips, dr : by the three ways; DR is Undefined without an outcome model.
    effective_decisions : how many decisions the weighed ones are worth, at most all.
    decisions : number of all.
    least_propensity : smallest logged chance of an action where the rule would take it.
    notes : `propensity_below_floor`, `few_effective_decisions`, `no_overlap`.
    """

    ips: Estimate | Undefined
    snips: Estimate | Undefined
    dr: Estimate | Undefined
    effective_decisions: float
    decisions: int
    least_propensity: float
    notes: tuple[str, ...]


def decisions(
    action: npt.ArrayLike,
    propensity: npt.ArrayLike,
    reward: npt.ArrayLike,
    *,
    customers: npt.ArrayLike | None = None,
) -> Decisions:
    """Return checked decisions.

    Parameters
    ----------
    action : number of the chosen action, from 0.
    propensity : the chance that each action had, shape (decisions, actions).
    reward : what followed, finite.
    customers : an id per decision, where a customer has several.

    Raises
    ------
    DataError : lengths differ, a row of chances does not sum to 1, or an action was chosen that
        had no chance.
    """
    chances = np.asarray(propensity, dtype=np.float64)
    earned = numbers("reward", reward)
    if chances.ndim != 2 or len(chances) != len(earned):
        raise DataError(
            f"propensities of shape {chances.shape} for {len(earned)} decisions",
            "one row per decision with the chance of each action",
            "log the chances of all actions, also of those not chosen",
        )
    fine = np.isfinite(chances).all() and (chances >= 0).all()
    if not fine or np.abs(chances.sum(axis=1) - 1).max(initial=0.0) > 1e-6:
        raise DataError(
            "propensities that are negative or do not sum to 1",
            "the chance of each action, summing to 1 in each row",
            "count doing nothing as an action",
        )
    chosen = numbers("action", action, rows=len(earned)).astype(np.int64)
    if len(chosen) and not 0 <= chosen.min() <= chosen.max() < chances.shape[1]:
        raise DataError(
            f"actions from {chosen.min()} to {chosen.max()}",
            f"numbers from 0 to {chances.shape[1] - 1}",
            "number the actions as the columns of the propensities",
        )
    made = Decisions(chosen, chances, earned, customer_numbers(customers, len(earned)))
    impossible = made.of_chosen <= 0
    if impossible.any():
        raise DataError(
            f"decision {int(np.argmax(impossible))} took an action that had no chance",
            "a chance above 0 for each action that was taken",
            "log the chances that were drawn from",
        )
    return made


def policy_value(
    logged: Decisions,
    policy: npt.ArrayLike,
    *,
    rewards: FloatArray | None = None,
    floor: float = FLOOR,
    confidence: float = CONFIDENCE,
) -> PolicyValue:
    """Return what a rule would have earned per decision.

    Parameters
    ----------
    logged : decisions made with known chances.
    policy : the rule's choice, one action number per decision, or its chance of each action,
        shape (decisions, actions).
    rewards : expected reward of each action, shape (decisions, actions), by a model that did not
        learn from the decision, such as `expected_rewards`; None leaves DR out.
    floor : least chance that an action should have had where the rule takes it.
    confidence : nominal coverage, 0..1 exclusive.

    Returns
    -------
    Estimates with intervals over customers. All are Undefined with `no_overlap` where the rule
    takes an action that had no chance, and with `few_effective_decisions` where the weighed
    decisions are worth fewer than `EFFECTIVE_MIN`.
    """
    check_confidence(confidence)
    chances = _chances(logged, policy)
    weight = chances[np.arange(len(logged)), logged.action] / logged.of_chosen
    squares = float(np.square(weight).sum())
    effective = float(weight.sum()) ** 2 / squares if squares > 0 else 0.0
    taken = chances > 0
    least = float(logged.propensity[taken].min()) if taken.any() else 0.0
    notes = _notes(least, floor, effective)
    reasons = [code for code in notes if code != "propensity_below_floor"]
    if reasons:
        undefined = Undefined(reasons[0])
        found: list[Estimate | Undefined] = [undefined] * 3
    else:
        found = [
            _estimate(rows, logged, confidence, method)
            for method, rows in _contributions(logged, chances, weight, rewards).items()
        ]
        if rewards is None:
            found.append(Undefined("no_outcome_model"))
    return PolicyValue(found[0], found[1], found[2], effective, len(logged), least, notes)


def policy_gain(
    logged: Decisions,
    policy: npt.ArrayLike,
    rival: npt.ArrayLike,
    *,
    rewards: FloatArray,
    confidence: float = CONFIDENCE,
) -> Estimate | Undefined:
    """Return how much more a rule earns per decision than another, by DR on the same decisions.

    Parameters
    ----------
    logged, policy, rewards, confidence : as in `policy_value`.
    rival : the other rule, as `policy`.
    """
    check_confidence(confidence)
    parts = []
    for rule in (policy, rival):
        chances = _chances(logged, rule)
        if (logged.propensity[chances > 0] <= 0).any():
            return Undefined("no_overlap")
        weight = chances[np.arange(len(logged)), logged.action] / logged.of_chosen
        parts.append(_contributions(logged, chances, weight, rewards)["dr"])
    return _estimate(parts[0] - parts[1], logged, confidence, "dr")


def expected_rewards(
    X: object,  # noqa: N803 - scikit-learn's name
    logged: Decisions,
    *,
    base: str = "linear",
    seed: int = 0,
) -> FloatArray:
    """Return each action's expected reward for each decision, learnt from other customers.

    Parameters
    ----------
    X : what was known at each decision: a table, a mapping of columns, or a 2-D array.
    logged : the decisions.
    base : `linear` or `boosted`.
    seed : of the folds and of trees.

    Returns
    -------
    Shape (decisions, actions).
    """
    table = arrow_table(X)
    if table.num_rows != len(logged):
        raise DataError(
            f"{table.num_rows} rows for {len(logged)} decisions", "one row each", "align them"
        )
    binary = bool(np.isin(logged.reward, (0.0, 1.0)).all())
    scale: Scale = "probability" if binary else "amount"
    labels = logged.reward if binary else (logged.reward > np.median(logged.reward)) * 1.0
    space, _ = choose_features([table], [np.asarray(labels, dtype=np.float64)])
    matrix = space.encode(table)
    fold = _customer_folds(logged, seed)
    found = np.empty((len(logged), logged.actions))
    for number in range(_FOLDS):
        out = fold == number
        for action in range(logged.actions):
            rows = ~out & (logged.action == action)
            if rows.sum() < _ROWS_MIN:
                mean = logged.reward[rows].mean() if rows.any() else logged.reward[~out].mean()
                found[out, action] = mean
                continue
            fitted = fit_mean(
                base, space, matrix[rows], logged.reward[rows], scale=scale, seed=seed
            )
            found[out, action] = fitted.predict(matrix[out])
    return found


def _customer_folds(logged: Decisions, seed: int) -> npt.NDArray[np.int64]:
    who = np.arange(len(logged)) if logged.customers is None else logged.customers
    dealt = np.random.default_rng(seed).permutation(int(who.max(initial=0)) + 1) % _FOLDS
    return np.asarray(dealt[who], dtype=np.int64)


def _chances(logged: Decisions, policy: npt.ArrayLike) -> FloatArray:
    given = np.asarray(policy)
    if given.ndim == 1 and len(given) == len(logged) and given.dtype.kind in "iu":
        if len(given) and not 0 <= given.min() <= given.max() < logged.actions:
            raise OptionError("a rule with unknown actions", "known ones", "number them alike")
        return np.asarray(np.eye(logged.actions)[given], dtype=np.float64)
    if given.shape != logged.propensity.shape:
        raise OptionError(
            f"a rule of shape {given.shape}",
            f"{len(logged)} action numbers, or chances of shape {logged.propensity.shape}",
            "give one row per decision",
        )
    chances = given.astype(np.float64)
    if not (chances >= 0).all() or np.abs(chances.sum(axis=1) - 1).max(initial=0.0) > 1e-6:
        raise OptionError(
            "chances that are negative or do not sum to 1", "chances of 0..1", "mend the rule"
        )
    return chances


def _notes(least: float, floor: float, effective: float) -> tuple[str, ...]:
    notes = []
    if least <= 0:
        notes.append("no_overlap")
    elif least < floor:
        notes.append("propensity_below_floor")
    if effective < EFFECTIVE_MIN:
        notes.append("few_effective_decisions")
    return tuple(notes)


def _contributions(
    logged: Decisions, chances: FloatArray, weight: FloatArray, rewards: FloatArray | None
) -> dict[str, FloatArray]:
    """Return one number per decision and way, whose mean is the value.

    Those of SNIPS are the value plus each decision's influence on the ratio.
    """
    weighed = weight * logged.reward
    ratio = weighed.sum() / weight.sum() if weight.sum() > 0 else 0.0
    steadied = ratio + (weighed - weight * ratio) / max(float(weight.mean()), 1e-300)
    found = {"ips": weighed, "snips": steadied}
    if rewards is not None:
        of_chosen = rewards[np.arange(len(logged)), logged.action]
        found["dr"] = (chances * rewards).sum(axis=1) + weight * (logged.reward - of_chosen)
    return found


def _estimate(
    rows: FloatArray, logged: Decisions, confidence: float, method: str
) -> Estimate | Undefined:
    return mean_estimate(rows, customers=logged.customers, confidence=confidence, method=method)
