"""Whom to treat: learners beside simple rules, and a refusal where nothing beats chance.

Each ranking is judged by the same effect scores of the same customers, whom it had not seen. What
counts is its gain over treating at random, averaged over all depths; how sure that must be is set
for the best of all rankings tried, not for one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenure.experiments.uplift.calibration import Line, Tenth, calibration_line, tenths
from tenure.experiments.uplift.candidates import (
    LEARNER_KINDS,
    RISK,
    Text,
    Tried,
    title_of,
    tried,
)
from tenure.experiments.uplift.curves import CurveFigures, curve_figures
from tenure.experiments.uplift.learners import (
    CUSTOMERS_MIN,
    RULES,
    cross_fitted,
    pilot_features,
)
from tenure.experiments.uplift.means import (
    CONFIDENCE,
    check_confidence,
    customer_sums,
    mean_estimate,
)
from tenure.experiments.uplift.pilots import Integers, Pilot
from tenure.experiments.uplift.scores import effect_scores
from tenure.experiments.uplift.targeting_words import VerdictCode, verdict_text
from tenure.kernel import DataError, Estimate, OptionError, Undefined
from tenure.predictions.tables import FloatArray

ARM_MIN = 200
"""Customers that each arm must have before a ranking is judged."""

EVENTS_MIN = 20
"""Events, and customers without one, that each arm must have where the outcome is 0 or 1."""

_NULL_DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class TargetingOptions:
    """How rankings are judged.

    Parameters
    ----------
    learners : code and base of each, the simplest first.
    depth : share of customers that is to be treated, 0..1 exclusive.
    cost : of treating one customer, in units of the outcome.
    confidence : of intervals, and 1 - the chance of a false alarm, 0..1 exclusive.
    curve_draws : of the bootstrap of Qini and AUUC, from 20.
    seed : of everything random.
    keep : columns to use in spite of a refusal.
    """

    learners: tuple[tuple[str, str], ...] = LEARNER_KINDS
    depth: float = 0.3
    cost: float = 0.0
    confidence: float = CONFIDENCE
    curve_draws: int = 100
    seed: int = 0
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One ranking, as it did among customers it had not seen.

    Parameters
    ----------
    name : `most_at_risk`, `response`, or code and base of a learner.
    gain_over_random : what treating by it brings more than treating as many at random, per
        customer of all, averaged over all depths.
    p_value : the chance that the best of so many worthless rankings looks as good as this one.
    value : what treating the best-ranked share brings after cost, per customer of all.
    uplift : mean effect among the best-ranked share.
    curve : Qini, AUUC and uplift at depths, from arms alone, without outcome models.
    tenths : predicted against found uplift, the highest first; empty for rules.
    line : effect on its numbers: for learners, how far their predictions came true.
    """

    name: str
    gain_over_random: Estimate | Undefined
    p_value: float
    value: Estimate | Undefined
    uplift: Estimate | Undefined
    curve: CurveFigures
    tenths: tuple[Tenth, ...]
    line: Line

    @property
    def title(self) -> Text:
        """What people call it, by language."""
        return title_of(self.name)


@dataclass(frozen=True, slots=True)
class TargetingVerdict:
    """Whether to choose whom to treat, and by what.

    Parameters
    ----------
    code : what it came to.
    text : the same for people, by language.
    recommended : name of the ranking to use; None where it is refused.
    learner : name of the best learner told from random; None where there is none.
    candidates : all rankings, the simplest first; empty where there is too little to judge by.
    everybody : mean effect of treating everybody, before cost.
    at_random : what treating the same share at random brings after cost, per customer of all.
    customers : in the pilot, and how many of them rankings were tried on.
    """

    code: VerdictCode
    text: Text
    recommended: str | None
    learner: str | None
    candidates: tuple[Candidate, ...]
    everybody: Estimate | Undefined
    at_random: Estimate | Undefined
    customers: tuple[int, int]

    @property
    def refused(self) -> bool:
        """Whether no ranking is to be used."""
        return self.recommended is None

    def candidate(self, name: str) -> Candidate:
        """Return the candidate of a name."""
        return next(one for one in self.candidates if one.name == name)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Gains over random: each customer's part in them, means and standard errors."""

    parts: FloatArray
    gain: FloatArray
    error: FloatArray

    @property
    def steps(self) -> FloatArray:
        """Each gain in its own standard errors; 0 where a ranking has no order."""
        known = self.error > 0
        return np.where(known, self.gain / np.where(known, self.error, 1.0), 0.0)


def judge_targeting(
    given: Pilot,
    *,
    risk: FloatArray | None = None,
    options: TargetingOptions = TargetingOptions(),
) -> TargetingVerdict:
    """Return whether customers can be told apart by what treating them changes.

    Parameters
    ----------
    given : a randomised pilot.
    risk : how much each customer is at risk, for the rule "most at risk first"; None takes how
        unlikely a purchase is without treatment.
    options : how rankings are judged.

    Raises
    ------
    DataError : there is not one risk per customer.
    OptionError : a depth or a coverage is out of its range.
    """
    _check(given, risk, options)
    everybody = mean_effect(given, options)
    if _too_few(given):
        return _refused(VerdictCode.TOO_FEW, given, everybody, options)
    seen = tried(given, options.learners, risk=risk, seed=options.seed, keep=options.keep)
    names = tuple(seen.rankings)
    judged = _judge(seen, names)
    p_values = _p_values(judged, options.seed)
    candidates = tuple(
        _candidate(seen, name, float(p_values[i]), judged, i, options)
        for i, name in enumerate(names)
    )
    return _concluded(given, seen, judged, candidates, everybody, options)


def _concluded(
    given: Pilot,
    seen: Tried,
    judged: _Judged,
    candidates: tuple[Candidate, ...],
    everybody: Estimate | Undefined,
    options: TargetingOptions,
) -> TargetingVerdict:
    level = 1 - options.confidence
    told = [i for i, one in enumerate(candidates) if one.p_value <= level]
    chosen = _simplest_not_beaten(judged, told)
    recommended = None if chosen is None else candidates[chosen]
    learner = _best_learner(candidates, judged, told, recommended)
    code = VerdictCode.NOT_TOLD_FROM_RANDOM
    if recommended is not None:
        code = VerdictCode.SIMPLE_RULE if recommended.name in RULES else VerdictCode.TARGET
    text = verdict_text(
        code,
        title=None if recommended is None else recommended.title,
        uplift=None if recommended is None else recommended.uplift,
        p_value=min(one.p_value for one in (recommended and [recommended]) or candidates),
        depth=options.depth,
        cost=options.cost,
        everybody=everybody,
        risk_told=any(one.name == RISK and one.p_value <= level for one in candidates),
        customers=len(given),
    )
    return TargetingVerdict(
        code,
        text,
        None if recommended is None else recommended.name,
        learner,
        candidates,
        everybody,
        mean_estimate(
            (seen.scores - options.cost) * options.depth,
            customers=seen.pilot.customers,
            confidence=options.confidence,
            method="effect_scores",
        ),
        (len(given), len(seen.scores)),
    )


def _best_learner(
    candidates: tuple[Candidate, ...],
    judged: _Judged,
    told: Sequence[int],
    recommended: Candidate | None,
) -> str | None:
    if recommended is not None and recommended.name not in RULES:
        return recommended.name
    learners = [i for i in told if candidates[i].name not in RULES]
    simplest = _simplest_not_beaten(judged, learners)
    return None if simplest is None else candidates[simplest].name


def mean_effect(
    given: Pilot,
    options: TargetingOptions = TargetingOptions(),
) -> Estimate | Undefined:
    """Return the mean effect over a whole pilot, steadied by cross-fitted linear models.

    It is Undefined with `too_few_customers` where an arm has fewer than `CUSTOMERS_MIN`.

    Parameters
    ----------
    given : the pilot.
    options : its coverage, seed and columns.
    """
    if min(given.treated.sum(), len(given) - given.treated.sum()) < CUSTOMERS_MIN:
        return Undefined("too_few_customers")
    space, _ = pilot_features(given, options.keep)
    matrix = space.encode(given.table)
    without, treated = cross_fitted("linear", space, given, matrix, seed=options.seed)
    scores = effect_scores(given, without, treated)
    return mean_estimate(
        scores,
        customers=given.customers,
        confidence=options.confidence,
        method="effect_scores",
    )


def _check(given: Pilot, risk: FloatArray | None, options: TargetingOptions) -> None:
    check_confidence(options.confidence)
    if not 0 < options.depth < 1:
        raise OptionError(
            f"depth {options.depth}", "a share between 0 and 1", "pass e.g. depth=0.3"
        )
    if risk is not None and (np.shape(risk) != (len(given),) or not np.isfinite(risk).all()):
        raise DataError(
            f"risks of shape {np.shape(risk)} for {len(given)} customers",
            "one finite number per customer",
            "score the pilot's customers as of its start",
        )


def _too_few(given: Pilot) -> bool:
    for arm in (given.treated == 0, given.treated == 1):
        outcome = given.outcome[arm]
        if len(outcome) < ARM_MIN:
            return True
        if given.is_binary and min(outcome.sum(), len(outcome) - outcome.sum()) < EVENTS_MIN:
            return True
    return bool(given.outcome.max() == given.outcome.min())


def _refused(
    code: VerdictCode,
    given: Pilot,
    everybody: Estimate | Undefined,
    options: TargetingOptions,
) -> TargetingVerdict:
    text = verdict_text(
        code,
        title=None,
        uplift=None,
        p_value=1.0,
        depth=options.depth,
        cost=options.cost,
        everybody=everybody,
        risk_told=False,
        customers=len(given),
    )
    nothing = Undefined("too_few_customers")
    return TargetingVerdict(code, text, None, None, (), everybody, nothing, (len(given), 0))


def _judge(seen: Tried, names: Sequence[str]) -> _Judged:
    parts = np.empty((len(seen.scores), len(names)))
    spread = np.empty_like(parts)
    for column, name in enumerate(names):
        place, _ = seen.places(name)
        for number in np.unique(seen.part):
            rows = seen.part == number
            level = seen.scores[rows].mean()
            parts[rows, column] = (seen.scores[rows] - level) * (0.5 - place[rows])
            spread[rows, column] = parts[rows, column] - parts[rows, column].mean()
    if seen.pilot.customers is not None:
        parts, spread = (_by_customer(one, seen.pilot.customers) for one in (parts, spread))
    error = np.sqrt(np.square(spread).sum(axis=0)) / len(parts)
    return _Judged(parts, parts.mean(axis=0), error)


def _by_customer(parts: FloatArray, customers: Integers) -> FloatArray:
    """Return each customer's sums, scaled so that their mean is that of the rows."""
    sums = np.column_stack([customer_sums(column, customers) for column in parts.T])
    return sums * (len(sums) / len(parts))


def _p_values(judged: _Judged, seed: int) -> FloatArray:
    """Return each ranking's p-value against the best of so many without any worth.

    The worthless are drawn with the correlations that these rankings have, so that two that
    agree do not count as two.

    References
    ----------
    Westfall, Young (1993), Resampling-based multiple testing, Wiley, for the step that takes the
    largest.
    """
    apart = judged.parts - judged.gain
    lengths = np.sqrt(np.square(apart).sum(axis=0))
    apart = apart / np.where(lengths > 0, lengths, 1.0)
    values, directions = np.linalg.eigh(apart.T @ apart)
    root = directions * np.sqrt(np.maximum(values, 0.0))
    random = np.random.default_rng([seed, 7])
    largest = (random.standard_normal((_NULL_DRAWS, len(values))) @ root.T).max(axis=1)
    beyond = (largest[:, None] >= judged.steps[None, :]).sum(axis=0)
    return np.asarray((1 + beyond) / (1 + _NULL_DRAWS), dtype=np.float64)


def _simplest_not_beaten(judged: _Judged, told: Sequence[int]) -> int | None:
    """Return the first of those told from random that the best leads by no standard error."""
    if not told:
        return None
    best = max(told, key=lambda i: float(judged.gain[i]))
    for one in told:
        lead = judged.parts[:, best] - judged.parts[:, one]
        if lead.mean() <= lead.std() / np.sqrt(len(lead)):
            return one
    return best


def _candidate(
    seen: Tried,
    name: str,
    p_value: float,
    judged: _Judged,
    column: int,
    options: TargetingOptions,
) -> Candidate:
    place, shared = seen.places(name)
    # those who share the last place are taken in proportion
    taken = np.clip((options.depth - (place - shared / 2)) / shared, 0.0, 1.0)
    within = taken.mean()
    value = (seen.scores - options.cost) * taken
    mean = float((seen.scores * taken).sum() / taken.sum())
    uplift = mean + taken * (seen.scores - mean) / within
    is_rule = name in RULES
    predictions, who = seen.rankings[name], seen.pilot.customers
    return Candidate(
        name,
        mean_estimate(judged.parts[:, column], confidence=options.confidence),
        p_value,
        mean_estimate(value, customers=who, confidence=options.confidence, method="effect_scores"),
        mean_estimate(uplift, customers=who, confidence=options.confidence, method="effect_scores"),
        curve_figures(
            1 - place,
            seen.pilot.treated,
            seen.pilot.outcome,
            seen.pilot.propensity,
            customers=who,
            draws=options.curve_draws,
            confidence=options.confidence,
            seed=options.seed,
        ),
        ()
        if is_rule
        else tenths(predictions, seen.scores, customers=who, confidence=options.confidence),
        calibration_line(predictions, seen.scores, customers=who),
    )
