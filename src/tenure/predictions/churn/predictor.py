"""The fitted early warning: scores rows batch by batch, and lives as small JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.kernel import DefinitionError, OptionError
from tenure.kernel.scipy_library import special
from tenure.predictions import score_columns
from tenure.predictions.churn.additive import AdditiveModel
from tenure.predictions.churn.calibration import Calibration
from tenure.predictions.churn.choosing import ColumnRemark
from tenure.predictions.churn.definition import ChurnDefinition
from tenure.predictions.churn.evidence import Evidence
from tenure.predictions.churn.features import FeatureSpace
from tenure.predictions.churn.learning import (
    LabelledRows,
    Learned,
    LearningOptions,
    learn,
    learn_each,
)
from tenure.predictions.churn.levels import (
    LOW,
    Warned,
    WarningLevels,
    by_capacity,
    by_levels,
    by_threshold,
)
from tenure.predictions.churn.naming import name_families, reason_codes
from tenure.predictions.panels import Panel
from tenure.predictions.tables import FloatArray

EVERYONE, WARNED = "everyone", "warned"
"""Whose reasons are worked out."""

FORMAT = 1
"""Version of the text form."""

SCORES = score_columns.SCORES[score_columns.CHURN].told
"""What is said of each customer who can still leave.

`churn_probability` is calibrated. `churn_probability_low` and `churn_probability_high` hold the
share who leave among customers with such a score with 90 % confidence: how well the calibration
is known, and how far the level of leaving moves from date to date. `churn_reasons` is read out by
`reasons_text`.
"""


@dataclass(frozen=True, slots=True)
class ChurnPredictor:
    """A fitted early warning.

    Parameters
    ----------
    definition : what leaving means.
    learned : the calibrated model, its columns and its evidence.
    levels : where warning levels begin.
    """

    definition: ChurnDefinition
    learned: Learned
    levels: WarningLevels

    @property
    def evidence(self) -> Evidence:
        """What the model was learnt from, and what that is worth."""
        return self.learned.evidence

    @property
    def remarks(self) -> tuple[ColumnRemark, ...]:
        """What is to be said of columns: refused ones, and ones to check."""
        return self.learned.remarks

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the rows to score that the model reads."""
        return self.learned.space.columns

    def score_batch(
        self, rows: pa.Table | pa.RecordBatch, *, explained: str = EVERYONE
    ) -> pa.Table:
        """Return the scores of those who can still leave, in the order of the rows.

        A row's scores depend on the row alone, so batches can be cut anywhere.

        Parameters
        ----------
        rows : of `panels.known_rows`, or a panel's features.
        explained : whose reasons are worked out: `everyone`, or only the `warned`, which takes a
            tenth of the time for millions of customers; the others' are then empty.

        Returns
        -------
        A table of `SCORES`.

        Raises
        ------
        DataError : a column is missing.
        OptionError : `explained` is neither.
        """
        if explained not in (EVERYONE, WARNED):
            raise OptionError(
                f"explained {explained!r}", f"{EVERYONE} or {WARNED}", "name one of these"
            )
        table = pa.table(rows) if isinstance(rows, pa.RecordBatch) else rows
        chosen = table.filter(pa.array(self.definition.at_risk(table)))
        matrix = self.learned.space.encode(chosen)
        margin = self.learned.model.margin(matrix)
        return scored(self.learned, self.levels, chosen, matrix, margin, explained)

    def probabilities(self, rows: pa.Table) -> FloatArray:
        """Return the probability of each row to leave; NaN for who cannot.

        Parameters
        ----------
        rows : of `panels.known_rows`, or a panel's features.
        """
        return self.estimates(rows)[0]

    def estimates(self, rows: pa.Table) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return each row's probability and its interval's ends; NaN for who cannot leave.

        Parameters
        ----------
        rows : of `panels.known_rows`, or a panel's features.
        """
        at_risk = self.definition.at_risk(rows)
        margin = self.learned.model.margin(
            self.learned.space.encode(rows.filter(pa.array(at_risk)))
        )
        low, high = self.learned.calibration.interval(margin)
        filled = []
        for values in (self.learned.calibration.probability(margin), low, high):
            whole = np.full(len(at_risk), np.nan)
            whole[at_risk] = values
            filled.append(whole)
        return filled[0], filled[1], filled[2]

    def warned(self, probabilities: npt.ArrayLike) -> tuple[Warned, ...]:
        """Return the customers of each warning level, with the precision to expect.

        Parameters
        ----------
        probabilities : `churn_probability` of everyone scored.
        """
        return by_levels(self.learned.calibration, self._margin(probabilities), self.levels)

    def call_list(
        self,
        probabilities: npt.ArrayLike,
        capacity: int,
        *,
        value: npt.ArrayLike | None = None,
    ) -> Warned:
        """Return the customers to call when there is time for so many.

        Parameters
        ----------
        probabilities : `churn_probability` of everyone scored.
        capacity : how many can be called, from 1.
        value : what each is worth; then the expected loss decides.
        """
        margin = self._margin(probabilities)
        return by_capacity(self.learned.calibration, margin, capacity, value=value)

    def above(self, probabilities: npt.ArrayLike, threshold: float) -> Warned:
        """Return the customers with at least this probability, with the precision to expect.

        Parameters
        ----------
        probabilities : `churn_probability` of everyone scored.
        threshold : 0..1.
        """
        return by_threshold(self.learned.calibration, self._margin(probabilities), threshold)

    def to_dict(self) -> dict[str, Any]:
        """Return the predictor as plain values for JSON; its scores come back bit for bit."""
        return {
            "model": type(self).__name__,
            "format": FORMAT,
            "definition": self.definition.as_dict(),
            "levels": self.levels.as_dict(),
            **learned_as_dict(self.learned),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Make the predictor again from what `to_dict` returned.

        Raises
        ------
        DefinitionError : it describes another model or a newer format.
        """
        if described.get("model") != cls.__name__ or described.get("format") != FORMAT:
            raise DefinitionError(
                f"model {described.get('model')!r} in format {described.get('format')!r}",
                f"model {cls.__name__!r} in format {FORMAT}",
                "load it with the version of Tenure that saved it",
            )
        return cls(
            ChurnDefinition.from_dict(described["definition"]),
            learned_from_dict(described),
            WarningLevels.from_dict(described["levels"]),
        )

    def _margin(self, probabilities: npt.ArrayLike) -> FloatArray:
        calibration = self.learned.calibration
        given = np.asarray(probabilities, dtype=np.float64)
        if calibration.slope == 0:
            return np.zeros(len(given))
        return np.asarray((special.logit(given) - calibration.intercept) / calibration.slope)


def train_churn(
    panels: Sequence[Panel],
    definition: ChurnDefinition,
    options: LearningOptions = LearningOptions(),  # noqa: B008 - frozen
    *,
    levels: WarningLevels | None = None,
) -> ChurnPredictor:
    """Return the early warning that past dates teach.

    Parameters
    ----------
    panels : with outcomes over the definition's horizon, in any order.
    definition : what leaving means.
    options : how to learn.
    levels : where warning levels begin; None takes twice and four times the average odds.

    Raises
    ------
    DataError : a window is not closed, or there are too few leavers or stayers.
    """
    dates = [labelled(panel, definition) for panel in sorted(panels, key=lambda p: p.as_of)]
    learned = learn(dates, options)
    return ChurnPredictor(
        definition, learned, levels or WarningLevels.around(learned.evidence.share)
    )


def train_each(
    panels: Sequence[Panel],
    definition: ChurnDefinition,
    methods: Sequence[str],
    options: LearningOptions = LearningOptions(),  # noqa: B008 - frozen
) -> dict[str, ChurnPredictor]:
    """Return the early warnings of several methods; what they share is fitted once.

    Parameters
    ----------
    panels, definition, options : as in `train_churn`; the method named there is not looked at.
    methods : some of `additive.METHODS`.

    Raises
    ------
    DataError : as in `train_churn`.
    """
    dates = [labelled(panel, definition) for panel in sorted(panels, key=lambda p: p.as_of)]
    return {
        method: ChurnPredictor(definition, learned, WarningLevels.around(learned.evidence.share))
        for method, learned in learn_each(dates, options, methods).items()
    }


def labelled(panel: Panel, definition: ChurnDefinition) -> LabelledRows:
    """Return the customers of a panel who could leave, and whether they did.

    Parameters
    ----------
    panel : with an outcome over the definition's horizon.
    definition : what leaving means.
    """
    left = definition.labels(panel)
    known = ~np.isnan(left)
    table = panel.features.filter(pa.array(known))
    ids = np.array(table["customer_id"].to_pylist(), dtype=object)
    return LabelledRows(table, left[known], ids, panel.as_of, panel.until)


def scored(
    learned: Learned,
    levels: WarningLevels,
    table: pa.Table,
    matrix: FloatArray,
    margin: FloatArray,
    explained: str = EVERYONE,
) -> pa.Table:
    """Return encoded rows as a table of `SCORES`; see `ChurnPredictor.score_batch`."""
    calibration = learned.calibration
    probability = calibration.probability(margin)
    low, high = calibration.interval(margin)
    level = levels.of(probability)
    codes = np.full(len(margin), "[]", dtype=object)
    told = np.flatnonzero((level != LOW) | (explained == EVERYONE))
    if calibration.slope > 0 and len(told):
        own = np.asfortranarray(matrix[told])
        named = name_families(learned.model, learned.space, own, margin[told])
        rows = table.take(pa.array(told))
        codes[told] = reason_codes(named, learned.space, rows, calibration.slope)
    return pa.table(
        [
            table["customer_id"].cast(pa.string()),
            probability,
            low,
            high,
            pa.array(level.tolist(), pa.string()),
            pa.array(codes.tolist(), pa.string()),
        ],
        schema=SCORES,
    )


def learned_as_dict(learned: Learned) -> dict[str, Any]:
    """Return a calibrated model as plain values for JSON."""
    return {
        "features": learned.space.as_dict(),
        "remarks": [remark.as_dict() for remark in learned.remarks],
        "additive": learned.model.as_dict(),
        "calibration": learned.calibration.as_dict(),
        "evidence": learned.evidence.as_dict(),
    }


def learned_from_dict(described: Mapping[str, Any]) -> Learned:
    """Make a calibrated model again from what `learned_as_dict` returned."""
    return Learned(
        FeatureSpace.from_dict(described["features"]),
        tuple(ColumnRemark.from_dict(remark) for remark in described["remarks"]),
        AdditiveModel.from_dict(described["additive"]),
        Calibration.from_dict(described["calibration"]),
        Evidence.from_dict(described["evidence"]),
    )
