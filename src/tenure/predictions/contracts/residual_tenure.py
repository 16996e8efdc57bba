"""Renewals still to come: the discounted sum of a survival curve from some age on.

The next renewal counts in full and the k-th after it is discounted k - 1 times: the value of a
contract that comes up for renewal now, in units of its recurring value.

References
----------
P. S. Fader, B. G. S. Hardie (2010), Customer-Base Valuation in a Contractual Setting, Marketing
Science 29(1), 85-93, doi:10.1287/mksc.1080.0482 (discounted expected residual lifetime).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError

FloatArray = npt.NDArray[np.float64]

_SUMMED = 256
"""Terms added one by one; the smooth rest is integrated."""

_FORGOTTEN = 40.0
"""exp(-40): what is discounted so far does not count."""

_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def check_horizon(horizon: int | None, discount_rate: float) -> None:
    """Raise an `OptionError` where a sum of renewals would have no end or no meaning."""
    if not (0 <= discount_rate < np.inf):
        raise OptionError(
            f"discount_rate {discount_rate}", "a rate per period from 0 on", "pass e.g. 0.01"
        )
    if horizon is None and discount_rate == 0:
        raise OptionError(
            "neither a horizon nor a discount rate",
            "one of them: without an end, undiscounted renewals may add up to infinity",
            "pass horizon=12 or discount_rate=0.01, for example",
        )
    if horizon is not None and (horizon < 0 or horizon != int(horizon)):
        raise OptionError(f"horizon {horizon}", "whole periods from 0 on", "correct it")


def residual_tenure(
    log_survival: Callable[[FloatArray], FloatArray],
    ages: FloatArray,
    *,
    horizon: int | None,
    discount_rate: float,
) -> FloatArray:
    """Return expected discounted renewals for contracts of some ages.

    Parameters
    ----------
    log_survival : log S at times of any shape, in periods; smooth between whole periods. It may
        return several curves at once, along axes before those of the times.
    ages : renewals behind each contract, whole numbers, shape (n,).
    horizon : renewals to count at most; None counts all.
    discount_rate : per period, at least 0.

    Returns
    -------
    Sum over k = 1 .. horizon of S(age + k) / S(age) / (1 + rate)^(k - 1), shape (..., n).
    """
    last = _SUMMED if horizon is None else min(horizon, _SUMMED)
    discount = np.log1p(discount_rate)
    start = log_survival(ages)[..., None]

    def terms(steps: FloatArray) -> FloatArray:
        logs = log_survival(ages[:, None] + steps) - start - discount * (steps - 1)
        found: FloatArray = np.exp(logs)
        return found

    total = _summed(log_survival, ages, last, discount)
    if horizon is not None and horizon <= _SUMMED:
        return total
    first, end = last + 0.5, _end(horizon, discount)
    if end <= first:
        return total
    half = np.log(end / first) / 2
    steps = first * np.exp(half * (_POINTS + 1))
    total += (terms(steps) * (steps * _WEIGHTS)).sum(axis=-1) * half
    # Euler and Maclaurin's first correction of an integral between half steps, at both ends.
    edges = terms(np.array([first - 0.5, first + 0.5, end - 0.5, end + 0.5]))
    total += (edges[..., 1] - edges[..., 0] - edges[..., 3] + edges[..., 2]) / 24
    return total


def _summed(
    log_survival: Callable[[FloatArray], FloatArray], ages: FloatArray, last: int, discount: float
) -> FloatArray:
    """Return the sum of S(age + k) / S(age) / (1 + rate)^(k - 1) over k = 1 .. last."""
    steps = np.arange(1.0, last + 1)
    weights = np.exp(-discount * (steps - 1))
    if ages.max(initial=0.0) > ages.size * last:
        logs = log_survival(ages[:, None] + np.arange(last + 1.0))
    else:
        # Neighbouring ages share their terms: each is worked out once.
        table = log_survival(np.arange(ages.max(initial=0.0) + last + 1))
        windows = np.lib.stride_tricks.sliding_window_view(table, last + 1, axis=-1)
        logs = windows[..., ages.astype(np.intp), :]
    total: FloatArray = (np.exp(logs[..., 1:] - logs[..., :1]) * weights).sum(axis=-1)
    return total


def _end(horizon: int | None, discount: float) -> float:
    """Return where the sum ends, or where nothing is left of its terms."""
    ends = [] if horizon is None else [horizon + 0.5]
    if discount > 0:
        ends.append(_SUMMED + _FORGOTTEN / discount)
    return min(ends)
