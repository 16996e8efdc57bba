"""The early warning for who has only a table: one row per customer and a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.engine.relations import ArrowStream
from tenure.kernel import DataError
from tenure.predictions.churn.choosing import ColumnRemark
from tenure.predictions.churn.evidence import Evidence
from tenure.predictions.churn.learning import LabelledRows, LearningOptions, learn
from tenure.predictions.churn.levels import WarningLevels
from tenure.predictions.churn.predictor import learned_as_dict, learned_from_dict, scored
from tenure.predictions.estimator import Estimator
from tenure.predictions.tables import FloatArray


class ChurnModel(Estimator):
    """Calibrated probability to leave, from any table of columns known beforehand.

    Numbers, truth values and texts are taken as they are; unknown values need no filling in.
    Columns that are identifiers or know the future are refused by name (`remarks_`). Rows must be
    one per customer, as of one kind of moment: a table cannot show how steady a model is over
    time, which `train_churn` over several past dates can.

    Parameters
    ----------
    method : `blend` (trees and logistic regression), `boosted` or `logistic`.
    seed : of everything random, from 0.
    keep : columns to use in spite of a refusal.
    threshold : probability from which `predict` says that a customer leaves, 0..1.
    """

    def __init__(
        self,
        method: str = "blend",
        seed: int = 0,
        keep: Sequence[str] = (),
        threshold: float = 0.5,
    ) -> None:
        self.method = method
        self.seed = seed
        self.keep = keep
        self.threshold = threshold

    def fit(self, X: object, y: npt.ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Learn from labelled rows and return the model itself.

        Parameters
        ----------
        X : a pandas, Polars or Arrow table, a mapping of columns, or a two-dimensional array.
        y : 1 (or true) for who left, else 0.

        Raises
        ------
        DataError : rows and labels differ in number, a label is neither 0 nor 1, or there are
            too few leavers or stayers.
        """
        table = arrow_table(X)
        left = _labels(y, table.num_rows)
        customers = np.arange(table.num_rows).astype(object)
        options = LearningOptions(method=self.method, seed=self.seed, keep=tuple(self.keep))
        self.learned_ = learn([LabelledRows(table, left, customers)], options)
        self.levels_ = WarningLevels.around(self.evidence_.share)
        return self

    @property
    def evidence_(self) -> Evidence:
        """What the model was learnt from, and what that is worth."""
        self._require_fit()
        return self.learned_.evidence

    @property
    def remarks_(self) -> tuple[ColumnRemark, ...]:
        """What is to be said of columns: refused ones, and ones to check."""
        self._require_fit()
        return self.learned_.remarks

    @property
    def classes_(self) -> npt.NDArray[np.int64]:
        """What `predict` can say: 0 stays, 1 leaves."""
        self._require_fit()
        return np.array([0, 1], dtype=np.int64)

    def predict_proba(self, X: object) -> FloatArray:  # noqa: N803
        """Return the calibrated probabilities to stay and to leave, shape (rows, 2).

        Parameters
        ----------
        X : as in `fit`.

        Raises
        ------
        DataError : the model was never fitted, or a column is missing.
        """
        _, _, margin = self._margin(X)
        p = self.learned_.calibration.probability(margin)
        return np.column_stack([1 - p, p])

    def predict(self, X: object) -> npt.NDArray[np.int64]:  # noqa: N803
        """Return 1 for who leaves by the threshold, else 0.

        Parameters
        ----------
        X : as in `fit`.
        """
        return (self.predict_proba(X)[:, 1] >= self.threshold).astype(np.int64)

    def predict_interval(self, X: object) -> tuple[FloatArray, FloatArray]:  # noqa: N803
        """Return the ends of each probability's 90 % interval; see `predictor.SCORES`.

        Parameters
        ----------
        X : as in `fit`.
        """
        _, _, margin = self._margin(X)
        return self.learned_.calibration.interval(margin)

    def score_batch(self, X: object) -> pa.Table:  # noqa: N803
        """Return probability, interval, warning level and reasons of each row.

        Parameters
        ----------
        X : as in `fit`; its column `customer_id`, if any, names the rows, else their number.

        Returns
        -------
        A table of `predictor.SCORES`.
        """
        table, matrix, margin = self._margin(X)
        if "customer_id" not in table.column_names:
            numbers = pa.array(np.arange(table.num_rows)).cast(pa.string())
            table = table.append_column("customer_id", numbers)
        return scored(self.learned_, self.levels_, table, matrix, margin)

    def _margin(self, X: object) -> tuple[pa.Table, FloatArray, FloatArray]:  # noqa: N803
        self._require_fit()
        table = arrow_table(X)
        matrix = self.learned_.space.encode(table)
        return table, matrix, self.learned_.model.margin(matrix)

    def _fitted_state(self) -> dict[str, Any]:
        return {"levels": self.levels_.as_dict(), **learned_as_dict(self.learned_)}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.learned_ = learned_from_dict(state)
        self.levels_ = WarningLevels.from_dict(state["levels"])


def arrow_table(data: object) -> pa.Table:
    """Return any table as Arrow's, without what only pandas needs.

    Parameters
    ----------
    data : a pandas, Polars or Arrow table, a mapping of columns, or a two-dimensional array.

    Raises
    ------
    DataError : it is none of these, or Arrow cannot read a column.
    """
    try:
        if isinstance(data, np.ndarray) and data.ndim == 2:
            table = pa.table({f"column_{i}": data[:, i] for i in range(data.shape[1])})
        elif isinstance(data, Mapping | ArrowStream):
            table = pa.table(data)
        else:
            raise DataError(
                f"data of type {type(data).__name__}",
                "a pandas, Polars or Arrow table, a mapping of columns, or a 2-D array",
                "convert it to one of these, e.g. pyarrow.table(data)",
            )
    except (pa.ArrowInvalid, pa.ArrowTypeError) as fault:
        raise DataError(
            f"a table that Arrow cannot read ({fault})",
            "columns that hold values of one type each",
            "convert the named column to numbers or to text",
        ) from None
    return table.select([n for n in table.column_names if not n.startswith("__index_level_")])


def _labels(y: npt.ArrayLike, rows: int) -> FloatArray:
    given = np.asarray(y)
    fine = given.ndim == 1 and given.dtype.kind in "biuf" and len(given) == rows
    if not fine or not np.isin(given, (0, 1)).all():
        raise DataError(
            f"labels of type {given.dtype} and shape {given.shape} for {rows} rows",
            "one label per row, 1 for who left and 0 for who stayed",
            "make them so, e.g. y = table['Churn'] == 'Yes'",
        )
    return given.astype(np.float64)
