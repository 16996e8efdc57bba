"""Covariates known at acquisition, as numbers: source, first product, first value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError
from tenure.predictions.tables import columns_of, texts_of

FloatArray = npt.NDArray[np.float64]

LEVELS_MAX = 100
MISSING = "(missing)"


@dataclass(frozen=True)
class Covariate:
    """One covariate and how it becomes numbers.

    Parameters
    ----------
    column : its name in the table.
    levels : of a category, without the most common one, which is the reference; empty for a number.
    mean, spread : of a number: it enters as (value - mean) / spread.
    """

    column: str
    levels: tuple[str, ...] = ()
    mean: float = 0.0
    spread: float = 1.0

    @property
    def names(self) -> tuple[str, ...]:
        """What its coefficients are called."""
        return tuple(f"{self.column}={x}" for x in self.levels) or (self.column,)

    def numbers(self, table: object) -> FloatArray:
        """Return its numbers, shape (rows, names); a level never seen counts as the reference."""
        if not self.levels:
            values = columns_of(table, (self.column,), signed=(self.column,))[self.column]
            return ((values - self.mean) / self.spread).reshape(-1, 1)
        texts = _texts(texts_of(table, self.column))
        return np.stack([texts == level for level in self.levels], axis=1).astype(np.float64)


@dataclass(frozen=True)
class Covariates:
    """All covariates of a model.

    Parameters
    ----------
    each : the covariates, in order.
    """

    each: tuple[Covariate, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What the coefficients are called."""
        return tuple(name for covariate in self.each for name in covariate.names)

    def numbers(self, table: object, row_count: int) -> FloatArray:
        """Return the design, shape (rows, names)."""
        if not self.each:
            return np.empty((row_count, 0))
        return np.hstack([covariate.numbers(table) for covariate in self.each])

    def to_list(self) -> list[dict[str, Any]]:
        """Return them as plain values for JSON."""
        return [asdict(covariate) for covariate in self.each]

    @classmethod
    def from_list(cls, described: Sequence[Mapping[str, Any]]) -> Covariates:
        """Make them again from what `to_list` returned."""
        return cls(tuple(Covariate(**{**d, "levels": tuple(d["levels"])}) for d in described))


def learn_covariates(
    table: object, columns: Sequence[str], weights: FloatArray | None
) -> Covariates:
    """Return how some columns of a table become numbers.

    Parameters
    ----------
    table : any table with named columns.
    columns : numbers or texts, known when a customer was won.
    weights : customers per row.

    Raises
    ------
    DataError : a column is missing.
    OptionError : a column of texts has more than `LEVELS_MAX` levels.
    """
    return Covariates(tuple(_learn(table, column, weights) for column in columns))


def _learn(table: object, column: str, weights: FloatArray | None) -> Covariate:
    given = texts_of(table, column)
    own = np.ones(len(given)) if weights is None else weights
    if all(isinstance(value, int | float | np.number | np.bool_) for value in given):
        values = columns_of(table, (column,), signed=(column,))[column]
        mean = float(np.average(values, weights=own))
        spread = float(np.sqrt(np.average((values - mean) ** 2, weights=own)))
        return Covariate(column, mean=mean, spread=spread or 1.0)
    levels, numbers = np.unique(_texts(given), return_inverse=True)
    if len(levels) > LEVELS_MAX:
        raise OptionError(
            f"{column} with {len(levels)} different values",
            f"a category with at most {LEVELS_MAX}",
            "leave it out of `covariates`, or group its values first",
        )
    counts = np.bincount(numbers, own)
    order = sorted(range(len(levels)), key=lambda i: (-counts[i], levels[i]))
    # A single level is its own reference: its column is all zeros and its effect stays 0.
    named = [str(levels[i]) for i in order]
    return Covariate(column, levels=tuple(named[1:] or named[:1]))


def _texts(values: npt.NDArray[np.object_]) -> npt.NDArray[np.str_]:
    return np.array([MISSING if v is None or v != v else str(v) for v in values])
