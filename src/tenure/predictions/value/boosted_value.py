"""Expected value by boosted trees in two parts: whether she buys, and how much if she does.

Spending is zero for most and skewed for the rest; one regression fits neither part. The chance of
any purchase is a classification, the amount among buyers a gamma regression, both on everything
the snapshot knows; their product is the expected value.

References
----------
Cragg (1971), Some statistical models for limited dependent variables, Econometrica 39(5), for the
two parts; Wang, Liu, Miao (2019), A deep probabilistic model for customer lifetime value
prediction, arXiv:1912.07753, for why value needs them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa

from tenure.kernel import DataError
from tenure.predictions.churn.choosing import choose_features
from tenure.predictions.churn.features import FeatureSpace
from tenure.predictions.estimator import Estimator
from tenure.predictions.tables import FloatArray
from tenure.predictions.trees_library import lightgbm

BUYERS_MIN = 50
"""Buyers, and customers who bought nothing, that there must be to learn from."""

_THREADS = 1  # another number rounds sums otherwise, and trees differ
_PATIENCE_ROUNDS = 20
_OUTLIER_SHARE = 0.999  # amounts above this quantile count as it while learning


@dataclass(frozen=True)
class Part:
    """Fitted trees of one part, known by LightGBM's own text of them.

    Parameters
    ----------
    text : the model as LightGBM writes it.
    """

    text: str

    @cached_property
    def _booster(self) -> Any:  # noqa: ANN401 - a Booster; LightGBM is loaded late
        return lightgbm().Booster(model_str=self.text)

    def predict(self, matrix: FloatArray) -> FloatArray:
        """Return the probability, or the mean amount, of each row."""
        if not len(matrix):
            return np.zeros(0)
        return np.asarray(self._booster.predict(matrix, num_threads=_THREADS), np.float64)

    def __getstate__(self) -> dict[str, str]:
        # a worker of the engine gets the text and reads it itself
        return {"text": self.text}

    def __setstate__(self, state: dict[str, str]) -> None:
        object.__setattr__(self, "text", state["text"])


class BoostedValue(Estimator):
    """The two-part model: probability of buying times the mean amount of buyers.

    Parameters
    ----------
    rounds_max : most trees of each part, at least 1.
    leaves_max : most leaves of a tree, at least 2.
    learning_rate : share of each tree's step that is taken, 0..1.
    seed : of the choice of rows and columns.

    Attributes
    ----------
    level_ : by which forecasts are multiplied: actual over forecast total of all dates.
    """

    def __init__(
        self,
        rounds_max: int = 200,
        leaves_max: int = 8,
        learning_rate: float = 0.08,
        seed: int = 0,
    ) -> None:
        self.rounds_max = rounds_max
        self.leaves_max = leaves_max
        self.learning_rate = learning_rate
        self.seed = seed

    def fit(self, tables: Sequence[pa.Table], values: Sequence[FloatArray]) -> Self:
        """Learn from past dates; the latest tells when to stop.

        Parameters
        ----------
        tables : columns of the customers at each date, oldest first, in a fixed order of rows;
            of a single date every second row is held back instead.
        values : what each then brought, at least 0, one array per table.

        Raises
        ------
        DataError : too few bought, or too few bought nothing.
        """
        held, outcome = tables[-1], values[-1]
        learnt, brought = list(tables[:-1]), list(values[:-1])
        if not learnt:
            second = np.arange(held.num_rows) % 2 == 1
            learnt, brought = [held.filter(pa.array(~second))], [outcome[~second]]
            held, outcome = held.filter(pa.array(second)), outcome[second]
        amount = np.concatenate(brought)
        bought = amount > 0
        fewest = min(int(bought.sum()), int((~bought).sum()), int((outcome > 0).sum()))
        if fewest < BUYERS_MIN:
            raise DataError(
                f"{fewest} customers who bought, or who did not",
                f"at least {BUYERS_MIN} of each",
                "look further ahead, or wait for more data",
            )
        flags = [(one > 0).astype(np.float64) for one in brought]
        self.space_, _ = choose_features(learnt, flags)
        rows = np.vstack([self.space_.encode(one) for one in learnt])
        kept = self.space_.encode(held)
        self.chance_ = self._grow(
            rows, bought.astype(np.float64), kept, (outcome > 0).astype(np.float64), "binary"
        )
        limit = np.quantile(amount[bought], _OUTLIER_SHARE)
        buyers = outcome > 0
        self.amount_ = self._grow(
            rows[bought],
            np.minimum(amount[bought], limit),
            kept[buyers],
            np.minimum(outcome[buyers], limit),
            "gamma",
        )
        # Over all dates: the held one alone would carry its season into all forecasts.
        forecast = sum(
            float(self.chance_.predict(m) @ self.amount_.predict(m)) for m in (rows, kept)
        )
        self.level_ = float((amount.sum() + outcome.sum()) / max(forecast, 1e-12))
        return self

    def _grow(
        self,
        rows: FloatArray,
        target: FloatArray,
        held: FloatArray,
        outcome: FloatArray,
        objective: str,
    ) -> Part:
        parameters = {
            "objective": objective,
            "num_leaves": self.leaves_max,
            "learning_rate": self.learning_rate,
            "min_data_in_leaf": int(np.clip(round(len(target) ** 0.5 / 2), 5, 500)),
            "feature_fraction": 0.6,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "cat_smooth": 20.0,
            "min_data_per_group": 50,
            "max_cat_to_onehot": 8,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": _THREADS,
            "seed": self.seed,
            "verbose": -1,
        }
        data = lightgbm().Dataset(
            rows, target, categorical_feature=self.space_.categorical, params={"verbose": -1}
        )
        grown = lightgbm().train(
            parameters,
            data,
            self.rounds_max,
            valid_sets=[data.create_valid(held, outcome)],
            callbacks=[lightgbm().early_stopping(_PATIENCE_ROUNDS, verbose=False)],
        )
        return Part(grown.model_to_string(num_iteration=max(1, grown.best_iteration)))

    def predict_chance(self, table: pa.Table) -> FloatArray:
        """Return the probability that each customer buys at all."""
        self._require_fit()
        return self.chance_.predict(self.space_.encode(table))

    def predict(self, table: pa.Table) -> FloatArray:
        """Return what each customer is expected to bring in the window, not discounted."""
        self._require_fit()
        matrix = self.space_.encode(table)
        found = self.chance_.predict(matrix) * self.amount_.predict(matrix) * self.level_
        return np.asarray(found, dtype=np.float64)

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "space": self.space_.as_dict(),
            "chance": self.chance_.text,
            "amount": self.amount_.text,
            "level": self.level_,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.space_ = FeatureSpace.from_dict(state["space"])
        self.chance_ = Part(state["chance"])
        self.amount_ = Part(state["amount"])
        self.level_ = float(state["level"])
