"""Re-randomisation: draw until the arms are alike in what is known of the units before.

A draw is accepted if the Mahalanobis distance between the arms' means is below the quantile that
a given share of draws stays under (Morgan & Rubin 2012, doi:10.1214/12-AOS1008). The seed of the
accepted draw is kept; estimates that ignore the balance stay valid, only wider than need be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.experiments.arms import Arm
from tenure.experiments.assignment import Integers, Units, hash_number
from tenure.experiments.designs import Design
from tenure.experiments.quotas import Counts, Strata, check_once, deal, strata_of, weights_left
from tenure.kernel import DataError
from tenure.kernel.scipy_library import special

FloatArray = npt.NDArray[np.float64]

_TRIES = 20
"""Draws at most, over those needed on average: all fail once in e**20."""


@dataclass(frozen=True, slots=True)
class Balanced:
    """An accepted draw.

    Parameters
    ----------
    arms : number of the arm of each unit.
    draw : which draw it was, from 0; with the salt and the units it gives the same arms again.
    distance : Mahalanobis distance between the arms' means, summed over arms.
    limit : what it had to be below. It is above only if no draw of thousands was accepted, which
        happens where units are too few for the columns; then the nearest is taken.
    """

    arms: Integers
    draw: int
    distance: float
    limit: float


def assign_balanced(
    units: Units,
    covariates: npt.ArrayLike,
    design: Design,
    strata: Sequence[str] | None = None,
    already: Counts | None = None,
) -> Balanced:
    """Return the arm of each unit: exact shares in strata, means alike in all arms.

    Parameters
    ----------
    units : ids, texts, each once; their order plays no part.
    covariates : what is known of them before the start; shape (units, columns).
    design : says arms, salt and the share of draws to accept.
    strata : name of each unit's stratum; None: one stratum for all.
    already : units by arm that each stratum has from earlier calls; the balance is over the
        units of this call.

    Raises
    ------
    DataError : an id stands twice, or a covariate is missing.
    """
    texts = check_once(units)
    values = _checked(covariates, len(texts))
    # Sorted by id, so that the answer does not depend on the order of rows.
    by_id = np.argsort(np.array(texts), kind="stable")
    given = None if strata is None else [strata[place] for place in by_id]
    found = strata_of(given, len(texts), len(design.arms), already or {})
    scores = _whitened(values[by_id])
    freedom = scores.shape[1] * (len(design.arms) - 1)
    limit = 2 * float(special.gammaincinv(freedom / 2, design.acceptance)) if freedom else math.inf
    number = hash_number(design.key, f"{len(texts)}|{found.counts.sum()}")
    best: tuple[float, int, Integers] | None = None
    for draw in range(math.ceil(_TRIES / design.acceptance)):
        drawn = _drawn(np.random.default_rng([number, draw]), found, design.arms)
        distance = _distance(scores, drawn, len(design.arms))
        if best is None or distance < best[0]:
            best = (distance, draw, drawn)
        if distance <= limit:
            best = (distance, draw, drawn)
            break
    assert best is not None  # at least one draw was made
    arms = np.empty(len(texts), dtype=np.int64)
    arms[by_id] = best[2]
    return Balanced(arms, best[1], best[0], limit)


def mahalanobis_distance(covariates: npt.ArrayLike, arms: Integers, arm_count: int) -> float:
    """Return how far apart the arms' means are, in units of what chance does.

    Parameters
    ----------
    covariates : shape (units, columns).
    arms : number of the arm of each unit.
    arm_count : how many arms there are.

    Returns
    -------
    The sum over arms of `n (m - M)' S^-1 (m - M)`, 0 or more: close to chi-squared with columns
    x (arms - 1) degrees of freedom if arms were drawn blindly.
    """
    return _distance(_whitened(_checked(covariates, len(arms))), arms, arm_count)


def _checked(covariates: npt.ArrayLike, units: int) -> FloatArray:
    values = np.asarray(covariates, dtype=np.float64)
    values = values.reshape(units, -1) if values.size else np.empty((units, 0))
    if not np.isfinite(values).all():
        raise DataError(
            f"{int((~np.isfinite(values)).sum())} covariates that are missing or infinite",
            "a finite number per unit and column",
            "fill them, e.g. with 0 and a column that says so",
        )
    return values


def _whitened(values: FloatArray) -> FloatArray:
    """Return the columns turned so that each has variance 1 and no two go together."""
    if len(values) < 2:
        return np.empty((len(values), 0))
    centred = values - values.mean(axis=0)
    spread = centred.std(axis=0, ddof=1)
    # Relative to the size of the numbers: rounding alone makes a constant column vary a little.
    varies = spread > 1e-12 * np.maximum(np.abs(values).max(axis=0), 1e-300)
    centred = centred[:, varies] / spread[varies]
    left, strengths, _ = np.linalg.svd(centred, full_matrices=False)
    kept = strengths > 1e-9 * max(1.0, float(strengths.max(initial=0.0)))
    scores: FloatArray = left[:, kept] * math.sqrt(len(values) - 1)
    return scores


def _distance(scores: FloatArray, arms: Integers, arm_count: int) -> float:
    counts = np.bincount(arms, minlength=arm_count)
    total = 0.0
    for column in scores.T:
        sums = np.bincount(arms, weights=column, minlength=arm_count)
        total += float((sums**2 / np.maximum(counts, 1)).sum())
    return total


def _drawn(random: np.random.Generator, strata: Strata, arms: Sequence[Arm]) -> Integers:
    order = random.permutation(len(strata.codes))
    starts = random.integers(0, weights_left(arms)[:-1], size=(len(strata.names), len(arms) - 1))
    return deal(order, strata, arms, starts)
