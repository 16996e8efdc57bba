"""Uplift and Qini curves: what treating the best-ranked part would have brought.

Customers of equal score form one step, as no order among them is meant, so neither the order of
rows nor the way a tie is broken changes a figure. Treated and held out are weighed by the chance
of their arm. A curve that knows nothing is the straight line to its end, by definition.

References
----------
Radcliffe (2007), Using control groups to target on predicted lift, Direct Marketing Analytics
Journal 1, for the Qini curve; Jaskowski, Jaroszewicz (2012), Uplift modeling for clinical trial
data, ICML workshop, for the uplift curve.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.experiments.uplift.means import CONFIDENCE, check_confidence, customer_numbers
from tenure.experiments.uplift.pilots import pilot
from tenure.kernel import Estimate, OptionError, Undefined
from tenure.predictions.scorecards.arrays import numbers
from tenure.predictions.scorecards.ordered import ScoreOrder, score_order
from tenure.predictions.tables import FloatArray

DRAWS = 200
DEPTHS = (0.1, 0.2, 0.3, 0.5)

_GROUPS_MAX = 2000  # draws look at a curve of so many steps; the figure itself at all


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve from nobody to everybody.

    Parameters
    ----------
    depth : share of customers treated, best first, from 0 to 1.
    gain : what that brings per customer of all, in units of the outcome.
    """

    depth: FloatArray
    gain: FloatArray

    @property
    def area(self) -> float:
        """Area under the curve."""
        return float(np.trapezoid(self.gain, self.depth))

    @property
    def above_random(self) -> float:
        """Area between the curve and the straight line to its end."""
        return self.area - float(self.gain[-1]) / 2


@dataclass(frozen=True, slots=True)
class CurveFigures:
    """How well a ranking finds those who respond.

    Parameters
    ----------
    auuc : area under the uplift curve; a random ranking has half the mean effect.
    qini : area between the Qini curve and that of a random ranking, which has 0. It may be
        below 0, and above half the mean effect where some customers are driven away.
    mean_effect : of treating everybody, per customer.
    uplift_at : mean effect among the best-ranked share, by that share.
    """

    auuc: Estimate | Undefined
    qini: Estimate | Undefined
    mean_effect: Estimate | Undefined
    uplift_at: dict[float, Estimate | Undefined]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Sums of each step, best score first: rows, weight of each arm, weighed outcomes."""

    rows: FloatArray
    treated: FloatArray
    held: FloatArray
    of_treated: FloatArray
    of_held: FloatArray

    def cumulated(self) -> _Sums:
        return _Sums(
            *(
                np.concatenate(([0.0], np.cumsum(values)))
                for values in (self.rows, self.treated, self.held, self.of_treated, self.of_held)
            )
        )

    def at(self, depth: float) -> _Sums:
        """Return cumulated sums at a share of the rows; a step is entered in proportion."""
        reached = self.rows / self.rows[-1]
        return _Sums(
            *(
                np.atleast_1d(np.interp(depth, reached, values))
                for values in (self.rows, self.treated, self.held, self.of_treated, self.of_held)
            )
        )


def uplift_curve(
    scores: npt.ArrayLike,
    treated: npt.ArrayLike,
    outcome: npt.ArrayLike,
    propensity: npt.ArrayLike | None = None,
) -> Curve | Undefined:
    """Return depth x (mean of the treated - mean of the held out) among the best-ranked.

    Parameters
    ----------
    scores : of each customer; the highest is treated first.
    treated, outcome, propensity : as in `pilots.pilot`.
    """
    order, terms = _prepared(scores, treated, outcome, propensity)
    return _curve(_sums(order, terms, None), qini=False)


def qini_curve(
    scores: npt.ArrayLike,
    treated: npt.ArrayLike,
    outcome: npt.ArrayLike,
    propensity: npt.ArrayLike | None = None,
) -> Curve | Undefined:
    """Return the outcomes that treatment added among the best-ranked treated, per treated of all.

    Parameters are those of `uplift_curve`. With one chance for all this is Radcliffe's curve,
    treated outcomes less held-out outcomes scaled to as many customers, over the treated.
    """
    order, terms = _prepared(scores, treated, outcome, propensity)
    return _curve(_sums(order, terms, None), qini=True)


def curve_figures(
    scores: npt.ArrayLike,
    treated: npt.ArrayLike,
    outcome: npt.ArrayLike,
    propensity: npt.ArrayLike | None = None,
    *,
    customers: npt.ArrayLike | None = None,
    depths: tuple[float, ...] = DEPTHS,
    draws: int = DRAWS,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> CurveFigures:
    """Return AUUC, Qini and uplift at depths, with intervals by bootstrap over customers.

    Parameters
    ----------
    scores, treated, outcome, propensity : as in `uplift_curve`. The scores are taken as given:
        the intervals do not know how a learner would have come out on other customers.
    customers : an id per row, where a customer has several; None takes one row for each.
    depths : shares to look at, above 0, at most 1.
    draws : of the bootstrap, at least 20.
    confidence : nominal coverage, 0..1 exclusive.
    seed : of the draws.

    Raises
    ------
    OptionError : a depth, a number of draws or a coverage is out of its range.
    """
    check_confidence(confidence)
    if draws < 20 or not all(0 < depth <= 1 for depth in depths):
        raise OptionError(
            f"depths {depths}, {draws} draws", "depths within 0..1, 20 draws", "change them"
        )
    order, terms = _prepared(scores, treated, outcome, propensity)
    who = customer_numbers(customers, len(terms[0]))
    exact = _figures(_sums(order, terms, None), depths)
    coarse = order.coarser(_GROUPS_MAX)
    base = _figures(_sums(coarse, terms, None), depths)
    drawn = np.array(
        [
            _figures(_sums(coarse, terms, weight), depths)
            for weight in _weights(len(terms[0]), who, draws, seed)
        ]
    )
    found = [
        _with_interval(value, values - start, confidence)
        for value, start, values in zip(exact, base, drawn.T, strict=True)
    ]
    return CurveFigures(found[0], found[1], found[2], dict(zip(depths, found[3:], strict=True)))


def _prepared(
    scores: npt.ArrayLike,
    treated: npt.ArrayLike,
    outcome: npt.ArrayLike,
    propensity: npt.ArrayLike | None,
) -> tuple[ScoreOrder, tuple[FloatArray, ...]]:
    ranked = numbers("scores", scores)
    given = pilot({"score": ranked}, treated, outcome, propensity)
    arm = given.treated / given.propensity
    held = (1 - given.treated) / (1 - given.propensity)
    terms = (np.ones(len(ranked)), arm, held, arm * given.outcome, held * given.outcome)
    return score_order(ranked), terms


def _sums(order: ScoreOrder, terms: tuple[FloatArray, ...], weight: FloatArray | None) -> _Sums:
    weighed = terms if weight is None else tuple(term * weight for term in terms)
    return _Sums(*(order.sums(term) for term in weighed)).cumulated()


def _curve(sums: _Sums, *, qini: bool) -> Curve | Undefined:
    known = (sums.treated > 0) & (sums.held > 0)
    if not known[-1]:
        return Undefined("no_customers_in_an_arm")
    effect = sums.of_treated[known] / sums.treated[known] - sums.of_held[known] / sums.held[known]
    depth = sums.rows[known] / sums.rows[-1]
    share = sums.treated[known] / sums.treated[-1] if qini else depth
    return Curve(np.concatenate(([0.0], depth)), np.concatenate(([0.0], share * effect)))


def _figures(sums: _Sums, depths: tuple[float, ...]) -> list[float]:
    """Return AUUC, Qini, mean effect and uplift at each depth; NaN where an arm is empty."""
    found = [np.nan] * 2
    for place, qini in enumerate((False, True)):
        curve = _curve(sums, qini=qini)
        if isinstance(curve, Curve):
            found[place] = curve.above_random if qini else curve.area
    for depth in (1.0, *depths):
        at = sums.at(depth)
        arms = float(min(at.treated[0], at.held[0]))
        effect = at.of_treated / at.treated - at.of_held / at.held if arms > 0 else [np.nan]
        found.append(float(effect[0]))
    return found


def _weights(
    rows: int, who: npt.NDArray[np.int64] | None, draws: int, seed: int
) -> Iterator[FloatArray]:
    """Yield how often each row is drawn: Poisson counts, one per customer.

    References
    ----------
    Chamandy, Muralidharan, Najmi, Naidu (2012), Estimating uncertainty for massive data streams.
    """
    random = np.random.default_rng(seed)
    count = rows if who is None else int(who.max()) + 1
    for _ in range(draws):
        drawn = random.poisson(1.0, count).astype(np.float64)
        yield drawn if who is None else drawn[who]


def _with_interval(value: float, deviations: FloatArray, confidence: float) -> Estimate | Undefined:
    if not np.isfinite(value):
        return Undefined("no_customers_in_an_arm")
    known = deviations[np.isfinite(deviations)]
    if len(known) < 0.9 * len(deviations):
        return Undefined("too_few_customers")
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(
        value,
        min(value, value + float(low)),
        max(value, value + float(high)),
        confidence,
        "customer_bootstrap",
    )
