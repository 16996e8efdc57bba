"""How well forecasts of counts or money come true: errors, totals, deciles, order, intervals.

Forecasts are means, so squared error or a deviance judges them rightly; absolute error asks for
the median, which is 0 where most buy nothing, so the error of forecasting 0 stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate, OptionError, Undefined, wilson_interval
from tenure.kernel.scipy_library import special
from tenure.predictions.scorecards.arrays import Floats, numbers, ratio
from tenure.predictions.scorecards.ordered import (
    captured,
    concentration,
    equal_mass_bins,
    score_order,
)


@dataclass(frozen=True, slots=True)
class AmountErrors:
    """Errors of forecast amounts, in the amounts' unit unless said otherwise.

    Parameters
    ----------
    mean_absolute_error, root_mean_squared_error : of the rows.
    bias : mean forecast less mean actual.
    total_error : sum of forecasts / sum of actuals - 1, a ratio; Undefined if nothing was bought.
    zero_share : share of rows whose actual is 0.
    absolute_error_of_zero : mean absolute error of forecasting 0 for everybody.
    """

    mean_absolute_error: float
    root_mean_squared_error: float
    bias: float
    total_error: float | Undefined
    zero_share: float
    absolute_error_of_zero: float


@dataclass(frozen=True, slots=True)
class DecileRow:
    """One bin of about equally many rows: mean forecast and mean actual.

    Parameters
    ----------
    rows : number of rows.
    forecast, actual : means.
    error : standard error of the mean actual.
    """

    rows: int
    forecast: float
    actual: float
    error: float


def amount_errors(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> AmountErrors:
    """Return the errors of forecast amounts.

    Parameters
    ----------
    actual : what came, per row.
    forecast : the expected amount, per row.
    """
    y, mu = _pair(actual, forecast)
    total = float(ratio(mu.sum(), y.sum())) - 1
    return AmountErrors(
        float(np.abs(mu - y).mean()),
        float(np.sqrt(np.square(mu - y).mean())),
        float((mu - y).mean()),
        total if np.isfinite(total) else Undefined("nothing_came"),
        float((y == 0).mean()),
        float(np.abs(y).mean()),
    )


def normalised_gini(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> float | Undefined:
    """Return how far ordering by forecast concentrates the actual, as a share of the best order.

    1: in the true order; 0: no better than chance. For 0/1 outcomes it is 2 AUC - 1.
    """
    y, mu = _pair(actual, forecast)
    value = float(ratio(_gini(mu, y), _gini(y, y)))
    return value if np.isfinite(value) else Undefined("all_amounts_alike")


def rank_correlation(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> float | Undefined:
    """Return Spearman's rank correlation, ties with their mean rank."""
    y, mu = _pair(actual, forecast)
    ranks = [_mean_ranks(values) - (y.size + 1) / 2 for values in (y, mu)]
    value = float(
        ratio((ranks[0] * ranks[1]).sum(), np.sqrt(np.prod([(r * r).sum() for r in ranks])))
    )
    return value if np.isfinite(value) else Undefined("all_amounts_alike")


def share_in_top(
    actual: npt.ArrayLike, forecast: npt.ArrayLike, *, top: float = 0.1
) -> float | Undefined:
    """Return the share of the actual total that the rows forecast highest brought.

    Parameters
    ----------
    actual, forecast : amounts per row.
    top : share of the rows, 0..1.
    """
    y, mu = _pair(actual, forecast)
    order = score_order(mu)
    found = captured(order.sums(np.ones_like(y)), order.sums(y), top * y.size)
    value = float(ratio(found, y.sum()))
    return value if np.isfinite(value) else Undefined("nothing_came")


def decile_chart(
    actual: npt.ArrayLike, forecast: npt.ArrayLike, *, bins: int = 10
) -> tuple[DecileRow, ...]:
    """Return mean forecast and mean actual in bins of equal size, lowest forecasts first."""
    y, mu = _pair(actual, forecast)
    bin_of = equal_mass_bins(score_order(mu), bins)
    rows = np.bincount(bin_of, minlength=bins).astype(np.float64)
    means = [ratio(np.bincount(bin_of, weights=v, minlength=bins), rows) for v in (mu, y, y * y)]
    variance = np.maximum(means[2] - np.square(means[1]), 0.0)
    error = np.sqrt(ratio(variance, np.maximum(rows - 1, 1)))
    return tuple(
        DecileRow(int(rows[b]), float(means[0][b]), float(means[1][b]), float(error[b]))
        for b in np.flatnonzero(rows)[::-1]
    )


def interval_coverage(
    actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike
) -> Estimate | Undefined:
    """Return the share of rows whose actual lies in its forecast interval, ends included."""
    y = numbers("actual", actual)
    inside = (numbers("low", low, rows=y.size) <= y) & (y <= numbers("high", high, rows=y.size))
    return wilson_interval(int(inside.sum()), y.size)


def poisson_deviance(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> float:
    """Return the mean Poisson deviance of forecasts above 0, in the amounts' unit.

    Raises
    ------
    OptionError : a forecast is 0 or below; no such mean can be told from its outcomes.

    References
    ----------
    Gneiting (2011), Making and evaluating point forecasts, JASA 106, 746-762, for why a forecast
    of a mean is judged by squared error or a deviance and not by absolute error.
    """
    y, mu = _pair(actual, forecast)
    if mu.min(initial=np.inf) <= 0:
        raise OptionError(
            f"a forecast of {mu.min():g}", "amounts above 0", "raise forecasts to a least amount"
        )
    return float(deviances(y, mu).mean())


def deviances(actual: Floats, forecast: Floats) -> Floats:
    """Return each row's Poisson deviance; an actual below 0 (more returned than sold) is allowed.

    Such a row's deviance has no saturated part, which no forecast could change anyway.
    """
    saturated = special.xlogy(np.maximum(actual, 0.0), np.maximum(actual, 0.0))
    return np.asarray(2 * (saturated - actual * np.log(forecast) - actual + forecast))


def _pair(actual: npt.ArrayLike, forecast: npt.ArrayLike) -> tuple[Floats, Floats]:
    y = numbers("actual", actual)
    return y, numbers("forecast", forecast, rows=y.size)


def _mean_ranks(values: Floats) -> Floats:
    order = score_order(-values)
    rows = order.sums(np.ones_like(values))
    return np.asarray((np.cumsum(rows) - (rows - 1) / 2)[order.group])


def _gini(scores: Floats, actual: Floats) -> Floats:
    order = score_order(scores)
    return concentration(order.sums(np.ones_like(actual)), order.sums(actual))
