"""Covariates known at acquisition, as numbers: source, first product, first value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.kernel import OptionError
from tenure.predictions.fitting.tuples import distinct
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

    def codes(self, table: object) -> FloatArray:
        """Return one number per row: the value, or the level's number from 1.

        0 is the reference, and so is a level never seen.
        """
        if not self.levels:
            return columns_of(table, (self.column,), signed=(self.column,))[self.column]
        number = {level: i for i, level in enumerate(self.levels, start=1)}
        texts = _texts(texts_of(table, self.column))
        return np.array([number.get(text, 0) for text in texts], dtype=np.float64)

    def numbers(self, codes: FloatArray) -> FloatArray:
        """Return what enters the model, shape (codes, names)."""
        if not self.levels:
            return ((codes - self.mean) / self.spread).reshape(-1, 1)
        each = np.arange(1, len(self.levels) + 1)
        found: FloatArray = (codes[:, None] == each).astype(np.float64)
        return found


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
        """Return the covariates of each row, shape (rows, names)."""
        groups, design = self.groups(table, row_count)
        return design[groups.astype(np.int64)]

    def groups(self, table: object, row_count: int) -> tuple[FloatArray, FloatArray]:
        """Return each row's group, and the covariates of each group, shape (groups, names).

        Customers whose covariates are equal form a group; without covariates there is one.
        """
        if not self.each:
            return np.zeros(row_count), np.empty((1, 0))
        codes = [covariate.codes(table) for covariate in self.each]
        found = distinct(codes, for_rows=True)
        parts = [c.numbers(own) for c, own in zip(self.each, found.columns, strict=True)]
        return found.spread(np.arange(len(found), dtype=np.float64)), np.hstack(parts)

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
    counts: dict[str, float] = defaultdict(float)
    for level, weight in zip(_texts(given), own.tolist(), strict=True):
        counts[level] += weight
    if len(counts) > LEVELS_MAX:
        raise OptionError(
            f"{column} with {len(counts)} different values",
            f"a category with at most {LEVELS_MAX}",
            "leave it out of `covariates`, or group its values first",
        )
    named = sorted(counts, key=lambda level: (-counts[level], level))
    # A single level cannot be told from the parameters: the penalty keeps its effect at 0.
    return Covariate(column, levels=tuple(named[1:] or named[:1]))


def _texts(values: npt.NDArray[np.object_]) -> list[str]:
    return [MISSING if v is None or v != v else str(v) for v in values]
