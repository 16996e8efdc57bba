"""Draws of parameters that follow the likelihood itself, not only its curvature at the maximum.

Where the data are few, the likelihood is a bent ridge: a straight ellipse around its maximum
leaves the ridge, and intervals of well-known quantities would sit to one side. So draws from a
widened ellipse are weighted by the likelihood and drawn again by weight.

References
----------
D. B. Rubin (1988), Using the SIR Algorithm to Simulate Posterior Distributions, in Bayesian
Statistics 3, 395-402 (sampling, importance resampling); J. D. Hol, T. B. Schon, F. Gustafsson
(2006), On Resampling Algorithms for Particle Filters, section 3.3 (systematic resampling).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tenure.predictions.fitting.draws import DRAWS, SEED
from tenure.predictions.fitting.likelihood import ANCHOR, FURTHEST, IDENTIFIED_WITHIN, Maximum

FloatArray = npt.NDArray[np.float64]

_TRIED = 2000
_WIDENED = 1.3
"""The ellipse is drawn so much wider, so that its tails hold those of the likelihood."""


def with_weighted_draws(
    maximum: Maximum,
    log_likelihood: Callable[[FloatArray], FloatArray],
    *,
    penalty: float = 0.0,
    tried: int = _TRIED,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Maximum:
    """Return a maximum with draws of its parameters from their likelihood.

    Parameters
    ----------
    maximum : the fit; its parameters are positive.
    log_likelihood : at working parameters (logarithms) of shape (draws, parameters).
    penalty : the ridge it was fitted with.
    tried : how many points of the likelihood are looked at, even.
    draws : how many draws are kept.
    seed : the same seed gives the same draws.

    Returns
    -------
    The same with `draws`. The likelihood is multiplied by a wide normal distribution of the
    logarithms around the maximum, whose standard deviation is the bound beyond which a parameter
    counts as unidentified: where the data leave a direction open, it ends there.
    """
    random = np.random.default_rng(seed)
    half = random.standard_normal((tried // 2, len(maximum.names)))
    standard = np.concatenate((half, -half))
    variances, directions = np.linalg.eigh(maximum.covariance)
    reach = _WIDENED / np.sqrt(1 / np.maximum(variances, 1e-300) + IDENTIFIED_WITHIN**-2)
    moved = (standard * reach) @ directions.T
    working = np.clip(maximum.working + moved, -FURTHEST, FURTHEST)
    logs = log_likelihood(working) - (penalty + ANCHOR) / 2 * (working**2).sum(axis=1)
    logs -= (moved**2).sum(axis=1) / 2 * IDENTIFIED_WITHIN**-2
    logs += (standard**2).sum(axis=1) / 2
    logs = np.where(np.isfinite(logs), logs, -np.inf)
    weights = np.exp(logs - logs.max())
    places = (np.arange(draws) + random.random()) / draws * weights.sum()
    picked = np.minimum(np.searchsorted(np.cumsum(weights), places), len(weights) - 1)
    return replace(maximum, draws=np.exp(working[picked]))
