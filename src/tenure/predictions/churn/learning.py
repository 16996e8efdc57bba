"""Learning: labelled rows of one or several dates in, a calibrated model with its evidence out.

With several dates the latest is held back: trees stop growing where they fit it best, and the
probabilities are calibrated on it, as on the first date of use. With one date, or a latest one of
too few leavers, the same is done on customers left out in turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.kernel import DataError, Estimate
from tenure.predictions.churn.additive import AdditiveModel, check_method, fit_parts
from tenure.predictions.churn.boosting import BoostingOptions
from tenure.predictions.churn.calibration import Calibration, Level, drift_ahead, fit_calibration
from tenure.predictions.churn.choosing import ColumnRemark, choose_features
from tenure.predictions.churn.evidence import LEAVERS_MIN, Evidence, OriginFacts
from tenure.predictions.churn.features import FeatureSpace
from tenure.predictions.scorecards.discrimination import auc
from tenure.predictions.tables import FloatArray

FOLDS = 5
LEAST = 20
"""Fewer leavers or stayers than this cannot be learnt from at all."""

Integers = npt.NDArray[np.int64]

Judged = tuple[FloatArray, FloatArray, npt.NDArray[np.object_]]
"""Log-odds of rows not learnt from, whether they left, and who they are."""


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Customers of one date who could leave, and whether they did.

    Parameters
    ----------
    table : their columns.
    left : 1 for who left, else 0.
    customers : any ids, the same at every date.
    as_of, until : the outcome is what happened in `[as_of, until)`; None for a plain table.
    """

    table: pa.Table
    left: FloatArray
    customers: npt.NDArray[np.object_]
    as_of: date | None = None
    until: date | None = None

    @property
    def facts(self) -> OriginFacts:
        """What there is to learn from."""
        return OriginFacts(self.as_of, self.until, len(self.left), int(self.left.sum()))


@dataclass(frozen=True, slots=True)
class LearningOptions:
    """How to learn.

    Parameters
    ----------
    method : `blend`, `boosted` or `logistic`.
    seed : of everything random, from 0.
    columns : read only these; None takes all that may be read.
    keep : columns to read in spite of a refusal, where a person knows better.
    boosting : how trees are grown; None takes the defaults with `seed`.
    """

    method: str = "blend"
    seed: int = 0
    columns: tuple[str, ...] | None = None
    keep: tuple[str, ...] = ()
    boosting: BoostingOptions | None = None

    @property
    def trees(self) -> BoostingOptions:
        """How trees are grown."""
        return self.boosting or BoostingOptions(seed=self.seed)


@dataclass(frozen=True, slots=True)
class Learned:
    """A calibrated model.

    Parameters
    ----------
    space : the columns it reads.
    remarks : what is to be said of columns.
    model, calibration : log-odds, and their way to a probability.
    evidence : what it was learnt from and what that is worth.
    """

    space: FeatureSpace
    remarks: tuple[ColumnRemark, ...]
    model: AdditiveModel
    calibration: Calibration
    evidence: Evidence


def learn(dates: Sequence[LabelledRows], options: LearningOptions) -> Learned:
    """Return the model that labelled rows teach.

    Parameters
    ----------
    dates : oldest first, at least one.
    options : how to learn.

    Raises
    ------
    DataError : there are fewer than `LEAST` leavers or stayers, or no column to learn from.
    OptionError : there is no such method.
    """
    return learn_each(dates, options, (options.method,))[options.method]


def learn_each(
    dates: Sequence[LabelledRows], options: LearningOptions, methods: Sequence[str]
) -> dict[str, Learned]:
    """Return the models that several methods make of the same rows; shared parts are fitted once.

    Parameters
    ----------
    dates, options : as in `learn`; the method named there is not looked at.
    methods : some of `additive.METHODS`.

    Raises
    ------
    DataError, OptionError : as in `learn`.
    """
    for method in methods:
        check_method(method)
    dates = [rows for rows in dates if len(rows.left)]
    _check_enough(dates)
    space, remarks = choose_features(
        [rows.table for rows in dates],
        [rows.left for rows in dates],
        columns=options.columns,
        keep=options.keep,
    )
    matrices = [space.encode(_complete(rows.table, dates)) for rows in dates]
    later = len(dates) > 1 and _enough(dates[-1:]) and _enough(dates[:-1])
    fitted = (_on_latest if later else _on_left_out)(space, matrices, dates, options, methods)
    return {
        method: _judged(space, remarks, matrices, dates, parts, later=later)
        for method, parts in fitted.items()
    }


def _judged(
    space: FeatureSpace,
    remarks: tuple[ColumnRemark, ...],
    matrices: Sequence[FloatArray],
    dates: Sequence[LabelledRows],
    parts: tuple[AdditiveModel, Judged],
    *,
    later: bool,
) -> Learned:
    model, (margin, left, customers) = parts
    calibration, found, signal = _calibrated(margin, left, customers, dates[-1])
    levels = [
        Level(
            rows.as_of,
            rows.left,
            calibration.intercept + calibration.slope * model.margin(matrix),
        )
        for rows, matrix in zip(dates, matrices, strict=True)
    ]
    return Learned(
        space,
        remarks,
        model,
        calibration.moved(
            drift_ahead(levels, dates[-1].until, learnt=len(dates) - 1 if later else len(dates))
        ),
        Evidence(
            verdict="signal" if signal else "no_signal",
            auc=found,
            origins=tuple(rows.facts for rows in dates),
            judged_on="later_origin" if later else "left_out_customers",
            rounds=0 if model.trees is None else model.trees.rounds,
            notes=_notes(dates),
        ),
    )


def _on_latest(
    space: FeatureSpace,
    matrices: Sequence[FloatArray],
    dates: Sequence[LabelledRows],
    options: LearningOptions,
    methods: Sequence[str],
) -> dict[str, tuple[AdditiveModel, Judged]]:
    """Fit on all dates but the latest, and judge there."""
    latest = dates[-1]
    parts = fit_parts(
        methods,
        space,
        np.asfortranarray(np.concatenate(matrices[:-1])),
        np.concatenate([rows.left for rows in dates[:-1]]),
        options.trees,
        until_best_on=(matrices[-1], latest.left),
    )
    found = {}
    for method in methods:
        model = parts.method(method)
        found[method] = (model, (model.margin(matrices[-1]), latest.left, latest.customers))
    return found


def _on_left_out(
    space: FeatureSpace,
    matrices: Sequence[FloatArray],
    dates: Sequence[LabelledRows],
    options: LearningOptions,
    methods: Sequence[str],
) -> dict[str, tuple[AdditiveModel, Judged]]:
    """Judge each fifth of the customers by what the others teach; fit on all of them."""
    matrix = np.asfortranarray(np.concatenate(matrices))
    left = np.concatenate([rows.left for rows in dates])
    customers = np.concatenate([rows.customers for rows in dates])
    fold = _folds(customers, left, options.seed)
    margins = {method: np.empty(len(left)) for method in methods}
    rounds = []
    for number in range(FOLDS):
        out = fold == number
        held = np.asfortranarray(matrix[out])
        parts = fit_parts(
            methods,
            space,
            np.asfortranarray(matrix[~out]),
            left[~out],
            options.trees,
            until_best_on=(held, left[out]),
        )
        rounds.append(0 if parts.trees is None else parts.trees.rounds)
        for method in methods:
            margins[method][out] = parts.method(method).margin(held)
    typical = max(1, int(np.median(rounds)))
    whole = fit_parts(methods, space, matrix, left, options.trees, rounds=typical)
    return {
        method: (whole.method(method), (margin, left, customers))
        for method, margin in margins.items()
    }


def _folds(customers: npt.NDArray[np.object_], left: FloatArray, seed: int) -> Integers:
    """Deal customers out so that each fold has about equally many leavers; all her rows stay."""
    names, who = np.unique(customers.astype(str), return_inverse=True)
    leaver = np.zeros(len(names))
    np.maximum.at(leaver, who, left)
    shuffled = np.random.default_rng(seed).permutation(len(names))
    dealt = shuffled[np.argsort(leaver[shuffled], kind="stable")]
    fold = np.empty(len(names), dtype=np.int64)
    fold[dealt] = np.arange(len(names)) % FOLDS
    return fold[who]


def _calibrated(
    margin: FloatArray,
    left: FloatArray,
    customers: npt.NDArray[np.object_],
    latest: LabelledRows,
) -> tuple[Calibration, Estimate, bool]:
    """Return the calibration, the AUC on rows not learnt from, and whether there is a signal."""
    calibration = fit_calibration(margin, left)
    found = auc(left, margin, customers=customers.astype(str))
    if not isinstance(found, Estimate):
        raise _too_few([latest])
    signal = found.low > 0.5 and calibration.slope > 0
    if not signal:
        calibration = calibration.without_signal(float(latest.left.mean()))
    return calibration, found, signal


def _complete(table: pa.Table, dates: Sequence[LabelledRows]) -> pa.Table:
    """Return a table with all columns of its siblings: an attribute may be known only lately."""
    for other in dates:
        for field in other.table.schema:
            if field.name not in table.column_names:
                table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table


def _notes(dates: Sequence[LabelledRows]) -> tuple[str, ...]:
    notes = []
    known = [(rows.as_of, rows.until) for rows in dates if rows.as_of and rows.until]
    if len(known) == 1:
        notes.append("one_origin")
    if any(until > later for (_, until), (later, _) in itertools.pairwise(known)):
        notes.append("overlapping_windows")
    if sum(rows.facts.leavers for rows in dates) < LEAVERS_MIN:
        notes.append("few_leavers")
    return tuple(notes)


def _enough(dates: Sequence[LabelledRows]) -> bool:
    leavers = sum(rows.facts.leavers for rows in dates)
    stayers = sum(rows.facts.customers for rows in dates) - leavers
    return min(leavers, stayers) >= LEAST


def _check_enough(dates: Sequence[LabelledRows]) -> None:
    if not _enough(dates):
        raise _too_few(dates)


def _too_few(dates: Sequence[LabelledRows]) -> DataError:
    customers = sum(rows.facts.customers for rows in dates)
    leavers = sum(rows.facts.leavers for rows in dates)
    return DataError(
        f"{customers} customers of whom {leavers} left",
        f"at least {LEAST} who left and {LEAST} who stayed",
        "look further ahead, take more past dates, or wait for more history",
    )
