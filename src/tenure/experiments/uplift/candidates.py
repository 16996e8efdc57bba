"""Rankings that are judged beside each other: learners, and the rules that people use without one.

A ranking learns from the first part of a pilot and ranks the next; then both teach for the third,
and so on. So what a later part says does not lean on itself, which pooled cross-validation does:
there each part teaches the model that is tried on the part that taught its own.

References
----------
Wager (2024), Sequential validation of treatment heterogeneity, arXiv:2405.05534.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.experiments.uplift.learners import (
    Outcomes,
    ResponseRule,
    RiskRule,
    arm_means,
    cross_fitted,
    make_learner,
    pilot_features,
)
from tenure.experiments.uplift.pilots import OutcomeKind, Pilot, folds
from tenure.experiments.uplift.scores import effect_scores
from tenure.predictions.scorecards.ordered import score_order
from tenure.predictions.tables import FloatArray

Text = Mapping[str, str]

RISK = RiskRule.code
RESPONSE = ResponseRule.code

LEARNER_KINDS = (
    ("s", "linear"),
    ("t", "linear"),
    ("dr", "linear"),
    ("s", "boosted"),
    ("t", "boosted"),
    ("x", "boosted"),
    ("dr", "boosted"),
)
"""Code and base of the learners that are tried, the simplest first."""

_PARTS = 5
_FIRST_TRIED = 2  # two of five parts teach before the third is ranked

_RULES: Mapping[str, Text] = {
    RISK: {"en": "most at risk first", "zh": "流失风险最高者优先"},
    RESPONSE: {"en": "likeliest to buy first", "zh": "最可能购买者优先"},
}
_BASES: Mapping[str, Text] = {
    "linear": {"en": "linear", "zh": "线性"},
    "boosted": {"en": "boosted", "zh": "提升树"},
}


def learner_name(code: str, base: str) -> str:
    """Return a learner's name among the candidates, such as `t_linear`."""
    return f"{code}_{base}"


def title_of(name: str) -> Text:
    """Return what people call a candidate, by language."""
    if name in _RULES:
        return _RULES[name]
    code, base = name.split("_")
    words = _BASES[base]
    return {
        "en": f"the {words['en']} {code.upper()}-learner",
        "zh": f"{words['zh']} {code.upper()} 学习器",
    }


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of the customers who were ranked by what earlier ones taught.

    Parameters
    ----------
    pilot : these customers.
    part : in which part of the pilot each stands.
    scores : their effect scores.
    rankings : each candidate's numbers for them, the highest first, by name, the simplest first.
    """

    pilot: Pilot
    part: npt.NDArray[np.int64]
    scores: FloatArray
    rankings: Mapping[str, FloatArray]

    def places(self, name: str) -> tuple[FloatArray, FloatArray]:
        """Return each customer's place, and how many share it, as shares of her part.

        Parameters
        ----------
        name : of the candidate.

        Returns
        -------
        The middle place of all with her number, from 0 (best) to 1, and their share.
        """
        place, shared = np.empty(len(self.part)), np.empty(len(self.part))
        for number in np.unique(self.part):
            rows = self.part == number
            order = score_order(self.rankings[name][rows])
            sizes = np.bincount(order.group, minlength=order.count) / rows.sum()
            place[rows] = (np.cumsum(sizes) - sizes / 2)[order.group]
            shared[rows] = sizes[order.group]
        return place, shared


def tried(
    given: Pilot,
    learners: Sequence[tuple[str, str]],
    *,
    risk: FloatArray | None = None,
    seed: int = 0,
    keep: Sequence[str] = (),
) -> Tried:
    """Return the later customers of a pilot, ranked by what the earlier ones taught.

    Parameters
    ----------
    given : the pilot.
    learners : code and base of each learner to try.
    risk : how much each customer is at risk, the highest first; None takes how unlikely a
        purchase (or how small an amount) is without treatment, by a model of the held out.
    seed : of the order of customers, and of trees.
    keep : columns to use in spite of a refusal.
    """
    fold = folds(given, _PARTS, seed)
    found: dict[str, list[FloatArray]] = {}
    scores, chosen = [], []
    for number in range(_FIRST_TRIED, _PARTS):
        rows = fold == number
        earlier, later = given.part(fold < number), given.part(rows)
        space, _ = pilot_features(earlier, keep)
        matrix = space.encode(later.table)
        means = arm_means("linear", space, earlier, space.encode(earlier.table), seed=seed)
        without, treated = (mean.predict(matrix) for mean in means)
        scores.append(effect_scores(later, without, treated))
        chosen.append(np.flatnonzero(rows))
        at_risk = -without if risk is None else risk[rows]
        ranked = {RISK: at_risk, RESPONSE: treated}
        ranked.update(_learnt(earlier, later, learners, seed, keep))
        for name, values in ranked.items():
            found.setdefault(name, []).append(values)
    where = np.concatenate(chosen)
    return Tried(
        given.taken(where),
        fold[where],
        np.concatenate(scores),
        {name: np.concatenate(values) for name, values in found.items()},
    )


def _learnt(
    earlier: Pilot,
    later: Pilot,
    learners: Sequence[tuple[str, str]],
    seed: int,
    keep: Sequence[str],
) -> Iterator[tuple[str, FloatArray]]:
    kind: OutcomeKind = "binary" if earlier.is_binary else "amount"
    space, _ = pilot_features(earlier, keep)
    matrix = space.encode(earlier.table)
    shared: dict[str, Outcomes] = {}
    for code, base in learners:
        learner = make_learner(code, base, outcome=kind, seed=seed, keep=keep)
        if code in ("x", "dr") and base not in shared:
            shared[base] = cross_fitted(base, space, earlier, matrix, seed=seed)
        fitted = learner.fit_pilot(earlier, shared.get(base))
        yield learner_name(code, base), fitted.predict(later.table)
