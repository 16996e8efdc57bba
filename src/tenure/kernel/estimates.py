"""A number with its uncertainty, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Undefined:
    """A figure that cannot be computed; shown as "n/a" with its reason, never as 0.

    Parameters
    ----------
    reason : stable code, e.g. `open_period`, `empty_cohort`, `nothing_at_start`.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A point estimate with its confidence interval.

    Parameters
    ----------
    value : the point estimate.
    low, high : the interval's ends, low <= value <= high.
    confidence : nominal coverage, 0..1.
    method : how the interval was made, e.g. `wilson`.
    """

    value: float
    low: float
    high: float
    confidence: float
    method: str


def wilson_interval(successes: int, trials: int, *, z: float = 1.959964) -> Estimate | Undefined:
    """Return the Wilson score interval of a proportion.

    Parameters
    ----------
    successes : count of successes, 0 <= successes <= trials.
    trials : count of trials.
    z : standard normal quantile; the default gives 95 %.

    Returns
    -------
    Estimate with value = successes / trials, or Undefined if there are no trials.

    References
    ----------
    E. B. Wilson (1927), JASA 22, 209-212, doi:10.1080/01621459.1927.10502953.
    """
    if trials <= 0:
        return Undefined("nothing_at_start")
    rate = successes / trials
    scale = 1 + z * z / trials
    centre = (rate + z * z / (2 * trials)) / scale
    half = z * ((rate * (1 - rate) + z * z / (4 * trials)) / trials) ** 0.5 / scale
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return Estimate(rate, min(low, rate), max(high, rate), 0.95, "wilson")
