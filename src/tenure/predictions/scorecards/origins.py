"""What several predictors said of the same customers at a past date, and what then happened."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from tenure.kernel import DataError, OptionError
from tenure.predictions.scorecards.arrays import Floats, Integers, events, numbers, probabilities
from tenure.predictions.scorecards.ordered import ScoreOrder, score_order
from tenure.predictions.scorecards.rankings import Pairs, checked_lists


@dataclass(frozen=True, slots=True, eq=False)
class ScoredOrigin:
    """Predictions of one date beside what then happened, one row per customer.

    Parameters
    ----------
    as_of : the predictions were made from what was known before this business date.
    until : the outcome is what happened in `[as_of, until)`.
    actual : the outcome: 1 or 0 for events, an amount from 0 for counts and money.
    predictions : probability or expected amount per row, by the predictor's name.
    customers : whom each row is about, any ids, the same at every origin; None: the rows of all
        origins are other customers.
    value : what each customer is worth, money; for value-weighted lift and profit.
    low, high : the model's interval per row, for its coverage.
    """

    as_of: date
    until: date
    actual: npt.ArrayLike
    predictions: Mapping[str, npt.ArrayLike]
    customers: npt.ArrayLike | None = None
    value: npt.ArrayLike | None = None
    low: npt.ArrayLike | None = None
    high: npt.ArrayLike | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RankedOrigin:
    """Lists of products suggested at one date beside what was bought next.

    Parameters
    ----------
    as_of, until : as in `ScoredOrigin`.
    bought : the products bought in `[as_of, until)`, by the list's row number.
    predictions : product numbers per customer, best first, shape (customers, places), -1 for
        none, by the predictor's name.
    customers : whom each row is about; None: all rows are other customers.
    known : the products bought before `as_of`; with it repeats and new products are told apart.
    """

    as_of: date
    until: date
    bought: Pairs
    predictions: Mapping[str, npt.ArrayLike]
    customers: npt.ArrayLike | None = None
    known: Pairs | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A `ScoredOrigin` as checked arrays."""

    as_of: date
    until: date
    actual: Floats
    predictions: Mapping[str, Floats]
    value: Floats | None
    low: Floats | None
    high: Floats | None
    orders: dict[str, ScoreOrder] = field(default_factory=dict)

    def order(self, name: str) -> ScoreOrder:
        """Return a predictor's order of the customers, sorted once."""
        if name not in self.orders:
            self.orders[name] = score_order(self.predictions[name])
        return self.orders[name]

    @property
    def rows(self) -> int:
        """Number of customers."""
        return self.actual.size


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A `RankedOrigin` as checked arrays."""

    as_of: date
    until: date
    bought: Pairs
    predictions: Mapping[str, Integers]
    known: Pairs | None

    @property
    def rows(self) -> int:
        """Number of customers."""
        return len(next(iter(self.predictions.values())))


def scored(origin: ScoredOrigin, names: Sequence[str], *, binary: bool) -> Scored:
    """Return an origin's arrays, checked.

    Parameters
    ----------
    origin : what was predicted and what happened.
    names : the predictors that must be there.
    binary : whether outcomes are events and predictions probabilities.

    Raises
    ------
    DataError : a predictor is missing, or an array does not fit.
    """
    where = f"at {origin.as_of}"
    actual = (events if binary else numbers)(f"actual {where}", origin.actual)
    _check_names(origin.predictions, names, origin.as_of)
    check = probabilities if binary else numbers
    made = {
        name: check(f"{name} {where}", origin.predictions[name], rows=actual.size) for name in names
    }

    def optional(name: str, values: npt.ArrayLike | None) -> Floats | None:
        return None if values is None else numbers(f"{name} {where}", values, rows=actual.size)

    return Scored(
        origin.as_of,
        origin.until,
        actual,
        made,
        optional("value", origin.value),
        optional("low", origin.low),
        optional("high", origin.high),
    )


def ranked(origin: RankedOrigin, names: Sequence[str]) -> Ranked:
    """Return an origin's lists, checked.

    Raises
    ------
    DataError : a predictor is missing, or lists do not fit each other or the purchases.
    """
    _check_names(origin.predictions, names, origin.as_of)
    lists = {name: checked_lists(origin.predictions[name], origin.bought) for name in names}
    sizes = {name: len(made) for name, made in lists.items()}
    if len(set(sizes.values())) != 1:
        raise DataError(
            f"lists at {origin.as_of} of {sizes} customers",
            "one list per customer from each predictor",
            "give an empty list (-1) where a predictor suggests nothing",
        )
    return Ranked(origin.as_of, origin.until, origin.bought, lists, origin.known)


def owners(origins: Sequence[ScoredOrigin | RankedOrigin], rows: Sequence[int]) -> list[Integers]:
    """Return, per origin, a number for each row's customer, alike over the origins.

    Parameters
    ----------
    origins : with ids at all of them or at none.
    rows : number of rows of each.

    Raises
    ------
    DataError : ids at some origins only, of another length, or twice within one origin.
    """
    given = [origin.customers for origin in origins if origin.customers is not None]
    edges = np.cumsum([0, *rows])
    if not given:
        return [np.arange(start, end, dtype=np.int64) for start, end in itertools.pairwise(edges)]
    if len(given) != len(origins):
        raise DataError(
            f"customers' ids at {len(given)} of {len(origins)} origins",
            "ids at all origins or at none",
            "give the ids, so that one customer's rows are taken together",
        )
    ids = [np.asarray(one) for one in given]
    for origin, one, count in zip(origins, ids, rows, strict=True):
        if one.shape != (count,):
            raise DataError(
                f"customers of shape {one.shape} at {origin.as_of}",
                f"{count} ids, one per row",
                "give the ids of the rows predicted",
            )
        if len(np.unique(one)) != count:
            raise DataError(
                f"{count - len(np.unique(one))} customers twice at {origin.as_of}",
                "one row per customer and date",
                "leave the doubled rows out: they count one outcome twice",
            )
    _, inverse = np.unique(np.concatenate(ids), return_inverse=True)
    return [np.asarray(inverse[start:end], np.int64) for start, end in itertools.pairwise(edges)]


def check_dates(origins: Sequence[ScoredOrigin | RankedOrigin], *, least: int) -> None:
    """Raise unless there are enough origins, in order of time, each with an open window.

    Raises
    ------
    OptionError : fewer than `least` origins, an empty window, or dates not ascending.
    """
    if len(origins) < least:
        raise OptionError(
            f"{len(origins)} origins",
            f"at least {least}: one date tells nothing of how steady a model is",
            "add earlier dates, or shorten the horizon so that more dates fit",
        )
    for origin in origins:
        if origin.until <= origin.as_of:
            raise OptionError(
                f"window from {origin.as_of} to {origin.until}",
                "an end after its start",
                "give the first day after the horizon as `until`",
            )
    dates = [origin.as_of for origin in origins]
    if dates != sorted(set(dates)):
        raise OptionError(
            f"origins at {', '.join(map(str, dates))}",
            "distinct dates in order of time",
            "sort the origins",
        )


def _check_names(
    predictions: Mapping[str, npt.ArrayLike], names: Sequence[str], as_of: date
) -> None:
    missing = [name for name in names if name not in predictions]
    if missing:
        raise DataError(
            f"no predictions of {', '.join(missing)} at {as_of}",
            f"every predictor at every origin: {', '.join(names)}",
            "predict for all origins, or leave the predictor out",
        )
