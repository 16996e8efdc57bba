"""Which need and which candidate comes first: four rankings, their numbers, and how sure they are.

References
----------
S. McBride (2018), RICE: simple prioritization for product managers (reach, impact, confidence,
    effort).
A. W. Ulwick (2002), Turn customer input into innovation, Harvard Business Review 80(1), 91-97
    (opportunity = importance + max(importance - satisfaction, 0)).
J. A. Martilla, J. C. James (1977), Importance-performance analysis, Journal of Marketing 41(1),
    77-79, doi:10.1177/002224297704100112.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenure.kernel import Estimate, Undefined
from tenure.kernel.scipy_library import special
from tenure.strategies.priorities import RATING_MAX, Candidate, Need, Priorities, Range

Reals = NDArray[np.float64]
Quadrant = Literal["concentrate_here", "keep_up", "low_priority", "possible_overkill"]
Method = Literal["opportunity", "rice", "net_benefit", "benefit_cost_ratio"]

DRAWS = 10_000
_CONFIDENCE = 0.9
_OUTSIDE = (1 - _CONFIDENCE) / 2


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entry of one ranking.

    Parameters
    ----------
    name : the need or candidate.
    kind : `need` or `candidate`.
    title : for people, by language.
    rank : 1 is first, by the likely values; equal scores share a rank; None without a score.
    score : by the likely values, with the interval in which nine of ten draws lie.
    share_first : share of draws (0..1) in which it is among the first so many; None without one.
    parts : the numbers behind the score.
    """

    name: str
    kind: Literal["need", "candidate"]
    title: Mapping[str, str]
    rank: int | None
    score: Estimate | Undefined
    share_first: float | None
    parts: Mapping[str, float | str]

    def as_dict(self) -> dict[str, object]:
        """Return the entry as plain values for JSON."""
        return {**asdict(self), "title": dict(self.title), "parts": dict(self.parts)}


@dataclass(frozen=True, slots=True)
class Ranking:
    """One list by one method.

    Parameters
    ----------
    method : `opportunity` (needs), `rice`, `net_benefit` or `benefit_cost_ratio` (candidates).
    first : how many count as first.
    entries : best first; those without a score last.
    certainty : mean share of draws in which the first by the likely values are among the first:
        1 means that the doubt about the numbers changes nothing; None without entries.
    """

    method: Method
    first: int
    entries: tuple[Ranked, ...]
    certainty: float | None

    def as_dict(self) -> dict[str, object]:
        """Return the ranking as plain values for JSON."""
        return {
            "method": self.method,
            "first": self.first,
            "certainty": self.certainty,
            "entries": [entry.as_dict() for entry in self.entries],
        }


@dataclass(frozen=True, slots=True)
class PlacedNeed:
    """A need in the grid of importance and performance.

    Parameters
    ----------
    name : the need.
    quadrant : by the likely values; on a line counts as above.
    shares : share of draws in each quadrant.
    """

    name: str
    quadrant: Quadrant
    shares: Mapping[Quadrant, float]


@dataclass(frozen=True, slots=True)
class PrioritisedList:
    """Needs and candidates, ranked.

    Parameters
    ----------
    name : name of the list.
    rankings : by method; those without anything to rank are absent.
    grid : needs by importance and performance; the lines are the means of the likely values.
    importance_line, performance_line : where the lines are; None without needs.
    combined : candidates by the mean of their places in the rankings that have them and in the
        opportunity of the needs they meet; 0 is best, 1 is last.
    draws, seed : of the sensitivity.
    """

    name: str
    rankings: Mapping[Method, Ranking]
    grid: tuple[PlacedNeed, ...]
    importance_line: float | None
    performance_line: float | None
    combined: tuple[Ranked, ...]
    draws: int
    seed: int
    details: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return the list as plain values for JSON."""
        return {
            "name": self.name,
            "rankings": {method: ranking.as_dict() for method, ranking in self.rankings.items()},
            "grid": [asdict(one) for one in self.grid],
            "importance_line": self.importance_line,
            "performance_line": self.performance_line,
            "combined": [entry.as_dict() for entry in self.combined],
            "draws": self.draws,
            "seed": self.seed,
            **self.details,
        }


def prioritise(priorities: Priorities, *, seed: int = 1, draws: int = DRAWS) -> PrioritisedList:
    """Rank needs and candidates by every method that their numbers allow.

    Parameters
    ----------
    priorities : needs and candidates.
    seed : of the draws.
    draws : how many, at least 100.
    """
    rng = np.random.default_rng(seed)
    drawn = _Drawn(priorities, rng, draws)
    rankings: dict[Method, Ranking] = {}
    if priorities.needs:
        rankings["opportunity"] = _opportunity(priorities, drawn)
    if priorities.candidates:
        rankings["rice"] = _rice(priorities, drawn)
        if any(_has_money(one) for one in priorities.candidates):
            rankings["net_benefit"] = _money(priorities, drawn, "net_benefit")
            rankings["benefit_cost_ratio"] = _money(priorities, drawn, "benefit_cost_ratio")
    lines = _lines(priorities)
    importance, performance = lines if priorities.needs else (None, None)
    return PrioritisedList(
        priorities.name,
        rankings,
        _grid(priorities, drawn, *lines) if priorities.needs else (),
        importance,
        performance,
        _combined(priorities, rankings, drawn),
        draws,
        seed,
        {
            "currency": priorities.currency,
            "horizon_months": priorities.horizon_months,
            "needs_without_candidate": _unserved(priorities),
        },
    )


def opportunity_score(importance: Reals | float, satisfaction: Reals | float) -> Reals:
    """Return Ulwick's opportunity: importance + max(importance - satisfaction, 0), 0..20."""
    gap = np.maximum(np.asarray(importance) - np.asarray(satisfaction), 0)
    score: Reals = np.asarray(importance) + gap
    return score


def drawn_values(given: Range, rng: np.random.Generator, draws: int) -> Reals:
    """Return values of a range: nine of ten between low and high, the median at likely.

    Each side is half of a normal distribution, as wide as that side of the range; a range with
    positive ends that spans more than threefold is drawn on the log scale.
    """
    ends = np.array([given.low, given.likely, given.high])
    is_wide = given.low > 0 and given.high > 3 * given.low
    low, likely, high = np.log(ends) if is_wide else ends
    deviates = rng.standard_normal(draws)
    width = np.where(deviates < 0, likely - low, high - likely)
    values = likely + deviates * width / float(special.ndtri(1 - _OUTSIDE))
    drawn: Reals = np.exp(values) if is_wide else values
    return drawn


class _Drawn:
    """Draws of every number, the same for all rankings."""

    def __init__(self, priorities: Priorities, rng: np.random.Generator, draws: int) -> None:
        self.size = draws
        self._values: dict[tuple[str, str], Reals] = {}
        for need in priorities.needs:
            for key in ("importance", "satisfaction"):
                values = drawn_values(getattr(need, key), rng, draws)
                self._values[need.name, key] = np.clip(values, 0, RATING_MAX)
        for one in priorities.candidates:
            for key in ("reach", "impact", "effort", "cost", "benefit"):
                given: Range | None = getattr(one, key)
                if given is not None:
                    values = drawn_values(given, rng, draws)
                    self._values["candidate " + one.name, key] = _bounded(values, key, given)

    def need(self, one: Need, key: str) -> Reals:
        return self._values[one.name, key]

    def candidate(self, one: Candidate, key: str) -> Reals:
        return self._values["candidate " + one.name, key]


def _bounded(values: Reals, key: str, given: Range) -> Reals:
    """Keep draws where the number can be: effort and cost stay above a fraction of their low."""
    if key == "benefit":
        return values
    least = given.low / 10 if key in ("effort", "cost") else 0.0
    return np.maximum(values, least)


def _opportunity(priorities: Priorities, drawn: _Drawn) -> Ranking:
    needs = priorities.needs
    likely = [
        float(opportunity_score(one.importance.likely, one.satisfaction.likely)) for one in needs
    ]
    draws = [
        opportunity_score(drawn.need(one, "importance"), drawn.need(one, "satisfaction"))
        for one in needs
    ]
    parts: list[Mapping[str, float | str]] = [
        {
            "importance": one.importance.likely,
            "satisfaction": one.satisfaction.likely,
            "gap": max(one.importance.likely - one.satisfaction.likely, 0.0),
            "answers": float(one.answers) if one.answers else "a guess",
            "source": one.source,
        }
        for one in needs
    ]
    return _ranking("opportunity", needs, likely, draws, parts, priorities.first)


def _rice(priorities: Priorities, drawn: _Drawn) -> Ranking:
    every = priorities.candidates
    likely, draws = _rice_columns(every, drawn)
    parts: list[Mapping[str, float | str]] = [
        {
            "reach": one.reach.likely,
            "impact": one.impact.likely,
            "confidence": one.confidence,
            "effort": one.effort.likely,
            "source": one.source,
        }
        for one in every
    ]
    known = [float(score) for score in likely]
    return _ranking("rice", every, known, list(draws), parts, priorities.first)


def _money(priorities: Priorities, drawn: _Drawn, method: Method) -> Ranking:
    every = priorities.candidates
    likely: list[float | None] = []
    draws: list[Reals] = []
    parts: list[Mapping[str, float | str]] = []
    for one in every:
        if one.cost is None or one.benefit is None:
            likely.append(None)
            draws.append(np.full(drawn.size, -np.inf))
            parts.append({"source": one.source})
            continue
        cost, benefit = drawn.candidate(one, "cost"), drawn.candidate(one, "benefit")
        is_net = method == "net_benefit"
        known = (one.benefit.likely, one.cost.likely)
        likely.append(known[0] - known[1] if is_net else known[0] / known[1])
        draws.append(benefit - cost if is_net else benefit / cost)
        parts.append(
            {
                "benefit": one.benefit.likely,
                "cost": one.cost.likely,
                "chance_of_loss": float((benefit < cost).mean()),
                "source": one.source,
            }
        )
    return _ranking(method, every, likely, draws, parts, priorities.first)


def _has_money(one: Candidate) -> bool:
    return one.cost is not None and one.benefit is not None


def _ranking(
    method: Method,
    every: Sequence[Need | Candidate],
    likely: Sequence[float | None],
    draws: Sequence[Reals],
    parts: Sequence[Mapping[str, float | str]],
    first: int,
) -> Ranking:
    stacked = np.stack(draws)
    shares = _shares_first(stacked, first)
    known = [score for score in likely if score is not None]
    entries = []
    for number, one in enumerate(every):
        score = likely[number]
        entries.append(
            Ranked(
                one.name,
                "need" if isinstance(one, Need) else "candidate",
                {str(key): text for key, text in one.title.items()},
                None if score is None else 1 + sum(other > score for other in known),
                Undefined("cost_or_benefit_unknown")
                if score is None
                else _estimate(score, stacked[number]),
                None if score is None else float(shares[number]),
                parts[number],
            )
        )
    entries.sort(key=lambda entry: (entry.rank is None, entry.rank or 0, entry.name))
    leaders = [entry.share_first for entry in entries[:first] if entry.share_first is not None]
    certainty = float(np.mean(leaders)) if leaders else None
    return Ranking(method, first, tuple(entries), certainty)


def _estimate(score: float, draws: Reals) -> Estimate:
    low, high = np.quantile(draws, [_OUTSIDE, 1 - _OUTSIDE])
    return Estimate(score, min(float(low), score), max(float(high), score), _CONFIDENCE, "draws")


def _shares_first(stacked: Reals, first: int) -> Reals:
    """Return in which share of draws each row is among the first; ties go to the earlier row."""
    order = np.argsort(-stacked, axis=0, kind="stable")
    places = np.argsort(order, axis=0, kind="stable")
    shares: Reals = (places < first).mean(axis=1)
    return shares


def _lines(priorities: Priorities) -> tuple[float, float]:
    if not priorities.needs:
        return 0.0, 0.0
    importance = float(np.mean([one.importance.likely for one in priorities.needs]))
    return importance, float(np.mean([one.satisfaction.likely for one in priorities.needs]))


def _grid(
    priorities: Priorities, drawn: _Drawn, importance_line: float, performance_line: float
) -> tuple[PlacedNeed, ...]:
    placed = []
    for one in priorities.needs:
        likely = _quadrant(
            one.importance.likely >= importance_line, one.satisfaction.likely >= performance_line
        )
        important = drawn.need(one, "importance") >= importance_line
        satisfied = drawn.need(one, "satisfaction") >= performance_line
        shares: dict[Quadrant, float] = {
            _quadrant(is_important, is_satisfied): float(
                ((important == is_important) & (satisfied == is_satisfied)).mean()
            )
            for is_important in (True, False)
            for is_satisfied in (True, False)
        }
        placed.append(PlacedNeed(one.name, likely, shares))
    return tuple(placed)


def _quadrant(is_important: bool, is_satisfied: bool) -> Quadrant:
    if is_important:
        return "keep_up" if is_satisfied else "concentrate_here"
    return "possible_overkill" if is_satisfied else "low_priority"


def _combined(
    priorities: Priorities, rankings: Mapping[Method, Ranking], drawn: _Drawn
) -> tuple[Ranked, ...]:
    """Rank candidates by the mean of their places, in the likely values and in every draw."""
    every = priorities.candidates
    if not every:
        return ()
    columns: dict[str, tuple[Reals, Reals]] = {"rice": _rice_columns(every, drawn)}
    if all(_has_money(one) for one in every):
        columns["net_benefit"] = _net_columns(every, drawn)
    if priorities.needs and all(one.needs for one in every):
        columns["opportunity"] = _need_columns(priorities, drawn)
    likely = np.mean([_places(scores[:, None])[:, 0] for scores, _ in columns.values()], axis=0)
    draws = np.mean([_places(scores) for _, scores in columns.values()], axis=0)
    shares = _shares_first(-draws, priorities.first)
    entries = []
    for number, one in enumerate(every):
        score = float(likely[number])
        parts = {
            name: float(_places(scores[:, None])[number, 0])
            for name, (scores, _) in columns.items()
        }
        entries.append(
            Ranked(
                one.name,
                "candidate",
                {str(key): text for key, text in one.title.items()},
                1 + int((likely < score - 1e-12).sum()),
                _estimate(score, draws[number]),
                float(shares[number]),
                parts,
            )
        )
    return tuple(sorted(entries, key=lambda entry: (entry.rank or 0, entry.name)))


def _unserved(priorities: Priorities) -> list[str]:
    served = {name for one in priorities.candidates for name in one.needs}
    return [need.name for need in priorities.needs if need.name not in served]


def _places(scores: Reals) -> Reals:
    """Return each row's place in its column from 0 (best) to 1 (last); equal scores share one."""
    count = len(scores)
    if count == 1:
        return np.zeros_like(scores)
    better = (scores[None, :, :] > scores[:, None, :] + 1e-12).sum(axis=1)
    equal = (np.abs(scores[None, :, :] - scores[:, None, :]) <= 1e-12).sum(axis=1) - 1
    places: Reals = (better + equal / 2) / (count - 1)
    return places


def _rice_columns(every: Sequence[Candidate], drawn: _Drawn) -> tuple[Reals, Reals]:
    likely = [
        one.reach.likely * one.impact.likely * one.confidence / one.effort.likely for one in every
    ]
    draws = [
        drawn.candidate(one, "reach")
        * drawn.candidate(one, "impact")
        * one.confidence
        / drawn.candidate(one, "effort")
        for one in every
    ]
    return np.array(likely), np.stack(draws)


def _net_columns(every: Sequence[Candidate], drawn: _Drawn) -> tuple[Reals, Reals]:
    likely = [
        one.benefit.likely - one.cost.likely
        for one in every
        if one.benefit is not None and one.cost is not None
    ]
    draws = [drawn.candidate(one, "benefit") - drawn.candidate(one, "cost") for one in every]
    return np.array(likely), np.stack(draws)


def _need_columns(priorities: Priorities, drawn: _Drawn) -> tuple[Reals, Reals]:
    """Return the best opportunity among the needs that each candidate meets."""
    needs = {one.name: one for one in priorities.needs}
    likely, draws = [], []
    for one in priorities.candidates:
        met = [needs[name] for name in one.needs]
        likely.append(
            max(float(opportunity_score(n.importance.likely, n.satisfaction.likely)) for n in met)
        )
        scores = [
            opportunity_score(drawn.need(n, "importance"), drawn.need(n, "satisfaction"))
            for n in met
        ]
        draws.append(np.max(scores, axis=0))
    return np.array(likely), np.stack(draws)
