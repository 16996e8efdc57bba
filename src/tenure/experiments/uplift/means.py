"""Means with intervals, where rows of one customer (or one store) belong together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError, Estimate, OptionError, Undefined
from tenure.kernel.scipy_library import special
from tenure.predictions.tables import FloatArray

CONFIDENCE = 0.95


def mean_estimate(
    values: FloatArray,
    *,
    customers: npt.NDArray[np.int64] | None = None,
    confidence: float = CONFIDENCE,
    method: str = "mean",
) -> Estimate | Undefined:
    """Return the mean of values with its interval by Student's law.

    Parameters
    ----------
    values : one per row.
    customers : number of each row's customer; None takes each row for a customer of her own.
    confidence : nominal coverage, 0..1 exclusive.
    method : what the estimate calls itself.

    Returns
    -------
    The estimate; `too_few_customers` for fewer than two.
    """
    check_confidence(confidence)
    independent = len(values) if customers is None else len(np.unique(customers))
    if independent < 2:
        return Undefined("too_few_customers")
    value = float(values.mean())
    error = standard_error(values - value, customers)
    reach = float(special.stdtrit(independent - 1, 0.5 + confidence / 2)) * error
    return Estimate(value, value - reach, value + reach, confidence, method)


def standard_error(deviations: FloatArray, customers: npt.NDArray[np.int64] | None = None) -> float:
    """Return the standard error of a mean from its rows' deviations, summed by customer first.

    Parameters
    ----------
    deviations : one per row, with mean 0.
    customers : as in `mean_estimate`.
    """
    rows = len(deviations)
    sums = deviations if customers is None else customer_sums(deviations, customers)
    count = len(sums)
    return float(np.sqrt(count / (count - 1) * np.square(sums).sum()) / rows)


def customer_sums(values: FloatArray, customers: npt.NDArray[np.int64]) -> FloatArray:
    """Return the sum of each customer's values.

    Parameters
    ----------
    values : one per row.
    customers : number of each row's customer.
    """
    _, who = np.unique(customers, return_inverse=True)
    return np.asarray(np.bincount(who, values), dtype=np.float64)


def customer_numbers(customers: npt.ArrayLike | None, rows: int) -> npt.NDArray[np.int64] | None:
    """Return any ids as numbers from 0, or None where there are none.

    Raises
    ------
    DataError : there is not one id per row.
    """
    if customers is None:
        return None
    given = np.asarray(customers)
    if given.shape != (rows,):
        raise DataError(
            f"customers of shape {given.shape}", f"{rows} ids, one per row", "give one id per row"
        )
    _, numbers = np.unique(given.astype(str), return_inverse=True)
    return np.asarray(numbers, dtype=np.int64)


def check_confidence(confidence: float) -> None:
    """Raise an `OptionError` unless a nominal coverage lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise OptionError(
            f"confidence {confidence}", "a share between 0 and 1", "pass e.g. confidence=0.95"
        )
