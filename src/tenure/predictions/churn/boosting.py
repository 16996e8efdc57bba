"""Gradient-boosted trees by LightGBM: the same data and seed, the same text of the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from tenure.predictions.churn.features import FeatureSpace
from tenure.predictions.tables import FloatArray
from tenure.predictions.trees_library import lightgbm

THREADS = 1
"""Fixed: with another number of threads sums are rounded otherwise, and trees differ. One, as
small trees gain little from more, and engines score several batches beside each other."""

_PATIENCE_ROUNDS = 25


@dataclass(frozen=True, slots=True)
class BoostingOptions:
    """How trees are grown; small ones, as a few hundred leavers teach no more.

    Parameters
    ----------
    rounds_max : most trees, at least 1.
    leaves_max : most leaves of a tree, at least 2.
    learning_rate : share of each tree's step that is taken, 0..1.
    feature_share, row_share : of columns and rows that each tree sees, 0..1.
    seed : of the choice of these.
    """

    rounds_max: int = 200
    leaves_max: int = 8
    learning_rate: float = 0.08
    feature_share: float = 0.6
    row_share: float = 0.7
    seed: int = 0


@dataclass(frozen=True)
class Trees:
    """Fitted trees, known by LightGBM's own text of them.

    Parameters
    ----------
    text : the model as LightGBM writes it.
    """

    text: str = field(repr=False)

    @cached_property
    def _booster(self) -> Any:  # noqa: ANN401 - a Booster; LightGBM is loaded late
        return lightgbm().Booster(model_str=self.text)

    @property
    def rounds(self) -> int:
        """Number of trees."""
        return int(self._booster.num_trees())

    def margin(self, matrix: FloatArray) -> FloatArray:
        """Return the log-odds of each row."""
        if not len(matrix):
            return np.zeros(0)
        found = self._booster.predict(matrix, raw_score=True, num_threads=THREADS)
        return np.asarray(found, dtype=np.float64)

    def contributions(self, matrix: FloatArray) -> FloatArray:
        """Return what each feature adds to the mean row's log-odds (TreeSHAP), (rows, features).

        References
        ----------
        Lundberg et al. (2020), From local explanations to global understanding with explainable
        AI for trees, Nature Machine Intelligence 2, 56-67, doi:10.1038/s42256-019-0138-9.
        """
        if not len(matrix):
            return np.zeros(matrix.shape)
        found = self._booster.predict(matrix, pred_contrib=True, num_threads=THREADS)
        return np.asarray(found, dtype=np.float64)[:, :-1]

    def __getstate__(self) -> dict[str, str]:
        # a worker of the engine gets the text and reads it itself
        return {"text": self.text}

    def __setstate__(self, state: dict[str, str]) -> None:
        object.__setattr__(self, "text", state["text"])


def fit_trees(
    space: FeatureSpace,
    matrix: FloatArray,
    left: FloatArray,
    options: BoostingOptions,
    *,
    until_best_on: tuple[FloatArray, FloatArray] | None = None,
    rounds: int | None = None,
) -> Trees:
    """Return trees grown on labelled rows.

    Parameters
    ----------
    space : what the matrix's columns are.
    matrix : encoded rows.
    left : 1 for who left, else 0.
    options : how trees are grown.
    until_best_on : rows and labels on which growing stops where the log loss is least.
    rounds : how many trees to grow where nothing tells when to stop; None takes the most.
    """
    parameters = {
        "objective": "binary",
        "metric": "binary_logloss",
        "num_leaves": options.leaves_max,
        "learning_rate": options.learning_rate,
        "min_data_in_leaf": _leaf_rows_min(len(left)),
        "feature_fraction": options.feature_share,
        "bagging_fraction": options.row_share,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "cat_smooth": 20.0,
        "min_data_per_group": 50,
        "max_cat_to_onehot": 8,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": THREADS,
        "seed": options.seed,
        "verbose": -1,
    }
    quiet = {"verbose": -1}
    categories = space.categorical
    rows = lightgbm().Dataset(matrix, left, categorical_feature=categories, params=quiet)
    if until_best_on is None:
        grown = lightgbm().train(parameters, rows, rounds or options.rounds_max)
        return Trees(grown.model_to_string())
    held, outcome = until_best_on
    held_rows = rows.create_valid(held, outcome)
    stop = lightgbm().early_stopping(_PATIENCE_ROUNDS, verbose=False)
    grown = lightgbm().train(
        parameters, rows, options.rounds_max, valid_sets=[held_rows], callbacks=[stop]
    )
    return Trees(grown.model_to_string(num_iteration=max(1, grown.best_iteration)))


def _leaf_rows_min(rows: int) -> int:
    return int(np.clip(round(rows**0.5 / 2), 5, 500))
