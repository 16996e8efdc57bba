"""Reasons: which families of features move a customer's score, with her own figures.

A family's contribution is the sum of its features' (TreeSHAP for trees, coefficient times distance
from the mean for a regression), in log-odds. A family is named only if it also passes the test of
taking it away: with its features set to the typical customer's, the score must move the other way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.predictions.churn.additive import AdditiveModel
from tenure.predictions.churn.families import COLUMN, Family, families_of
from tenure.predictions.churn.features import FeatureKind, FeatureSpace
from tenure.predictions.tables import FloatArray

REASONS_MAX = 3
"""Most reasons that are given for one customer."""

CONTRIBUTION_MIN = 0.05
"""Log-odds below which a family is not worth a word: about one part in a hundred of chance."""

Integers = npt.NDArray[np.int64]

_FIGURES: Mapping[str, Mapping[str, str]] = {
    "timing": {
        "gap": "mean_gap_days",
        "days": "days_since_last_order",
        "on": "last_order_on",
        "usual": "rhythm_days",
    },
    "frequency": {"orders": "order_count", "recent": "order_count_90_days"},
    "spend": {"value": "net_value", "recent": "net_value_90_days"},
    "returns": {"returned": "returned_value", "bought": "gross_value"},
    "variety": {"products": "distinct_product_count", "categories": "distinct_category_count"},
    "tenure": {"days": "tenure_days", "on": "first_activity_on"},
    "channel": {"first": "first_channel", "last": "last_channel"},
    "source": {"source": "acquisition_source"},
    "contract": {
        "plan": "subscription_plan",
        "on": "subscription_started_on",
        "value": "subscription_recurring_value",
    },
}
"""What is told of a family: the figure's name and its column."""

_COMPARED = frozenset({"frequency", "spend", "variety", "tenure"})
"""Families whose figures are told beside the typical customer's."""

_BEFORE = "change_90_days_order_count_90_days"
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class NamedFamilies:
    """The families named for each row, the strongest first.

    Parameters
    ----------
    place : of the family among `families_of(space)`, -1 for none, shape (rows, `REASONS_MAX`).
    contribution : to the log-odds, of the same shape; 0 for none.
    """

    place: Integers
    contribution: FloatArray


def name_families(
    model: AdditiveModel, space: FeatureSpace, matrix: FloatArray, margin: FloatArray
) -> NamedFamilies:
    """Return the families to name for each row.

    Those that raise the score; for a row without any, the one that lowers it most.

    Parameters
    ----------
    model, space : as trained.
    matrix : encoded rows.
    margin : their log-odds.
    """
    families = families_of(space)
    parts = model.contributions(matrix)
    summed = np.column_stack([parts[:, family.places].sum(axis=1) for family in families])
    raising = np.argsort(-summed, axis=1, kind="stable")[:, :REASONS_MAX]
    lowering = np.argmin(summed, axis=1)[:, None]
    width = raising.shape[1]
    candidates = np.concatenate([raising, lowering], axis=1)
    sizes = np.take_along_axis(summed, candidates, axis=1)
    wanted = np.abs(sizes) >= CONTRIBUTION_MIN
    wanted[:, :width] &= sizes[:, :width] > 0
    wanted[:, width] &= sizes[:, width] < 0
    moves = _moves(model, space, families, matrix, margin, candidates, wanted)
    wanted &= np.sign(moves) == np.sign(sizes)
    wanted[:, width] &= ~wanted[:, :width].any(axis=1)
    # the named ones first, in their order of size
    order = np.argsort(~wanted, axis=1, kind="stable")
    place = np.take_along_axis(np.where(wanted, candidates, -1), order, axis=1)[:, :REASONS_MAX]
    told = np.take_along_axis(np.where(wanted, sizes, 0.0), order, axis=1)[:, :REASONS_MAX]
    return NamedFamilies(place.astype(np.int64), told)


def reason_codes(
    named: NamedFamilies, space: FeatureSpace, table: pa.Table | pa.RecordBatch, slope: float
) -> list[str]:
    """Return each row's reasons as JSON text, to be read out by `reasons_text`.

    Parameters
    ----------
    named : what `name_families` returned.
    space : as trained.
    table : the rows as they came, for the figures.
    slope : of the calibration, by which contributions to the calibrated log-odds are larger.
    """
    families = families_of(space)
    used = [families[place] for place in np.unique(named.place[named.place >= 0])]
    told = {family.name: _told(family, space, table) for family in used}
    lines = []
    for row, (places, sizes) in enumerate(
        zip(named.place, named.contribution * slope, strict=True)
    ):
        reasons = [
            {
                "f": families[place].name,
                "c": float(f"{size:.{_DIGITS}g}"),
                "x": told[families[place].name][row],
            }
            for place, size in zip(places, sizes, strict=True)
            if place >= 0
        ]
        lines.append(json.dumps(reasons, ensure_ascii=False, separators=(",", ":")))
    return lines


def _moves(
    model: AdditiveModel,
    space: FeatureSpace,
    families: Sequence[Family],
    matrix: FloatArray,
    margin: FloatArray,
    candidates: npt.NDArray[np.intp],
    wanted: npt.NDArray[np.bool_],
) -> FloatArray:
    """Return by how much the log-odds fall when a candidate becomes the typical customer's."""
    typical = space.typical
    moves = np.zeros(candidates.shape)
    for place, family in enumerate(families):
        rows, columns = np.nonzero((candidates == place) & wanted)
        if not len(rows):
            continue
        without = matrix[rows]
        without[:, family.places] = typical[list(family.places)]
        moves[rows, columns] = margin[rows] - model.margin(np.asfortranarray(without))
    return moves


def _told(
    family: Family, space: FeatureSpace, table: pa.Table | pa.RecordBatch
) -> list[dict[str, Any]]:
    """Return each row's figures of a family."""
    figures = dict(_FIGURES.get(family.name, {}))
    if family.name.startswith(f"{COLUMN}:"):
        figures = {"value": family.name.removeprefix(f"{COLUMN}:")}
    present = {name: column for name, column in figures.items() if column in table.schema.names}
    columns = {name: _plain(table[column]) for name, column in present.items()}
    typical = _typical(family, figures, space)
    if family.name == "frequency" and _BEFORE in table.schema.names:
        change = _plain(table[_BEFORE])
        columns["before"] = [
            None if now is None or less is None else now - less
            for now, less in zip(columns["recent"], change, strict=True)
        ]
    if family.name == "timing":
        _seen_instead(columns, table)
    rows = zip(*columns.values(), strict=True)
    return [dict(zip(columns, row, strict=True)) | typical for row in rows]


def _typical(family: Family, figures: Mapping[str, str], space: FeatureSpace) -> dict[str, Any]:
    own = family.name.startswith(f"{COLUMN}:")
    if not (own or family.name in _COMPARED):
        return {}
    typical = {}
    for name, column in figures.items():
        if column in space.columns:
            feature = space.features[space.columns.index(column)]
            if feature.kind is not FeatureKind.DATE:
                typical["typical" if own else f"typical_{name}"] = feature.told(feature.typical)
    return typical


def _seen_instead(columns: dict[str, list[Any]], table: pa.Table | pa.RecordBatch) -> None:
    """Tell of who never ordered when she was last seen at all."""
    if not {"last_activity_on", "as_of"} <= set(table.schema.names):
        return
    seen, as_of = table["last_activity_on"].to_pylist(), table["as_of"].to_pylist()
    for row, days in enumerate(columns["days"]):
        if days is None and seen[row] is not None:
            columns["days"][row] = (as_of[row] - seen[row]).days
            columns["on"][row] = seen[row].isoformat()
            columns["usual"][row] = columns["gap"][row] = None


def _plain(values: pa.ChunkedArray | pa.Array) -> list[Any]:
    return [_json(value) for value in values.to_pylist()]


def _json(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.{_DIGITS}g}")
    return value
