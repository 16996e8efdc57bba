"""Estimators keep scikit-learn's conventions and live as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tenure.kernel import DataError, DefinitionError, OptionError
from tenure.predictions.estimator import Estimator


class Mean(Estimator):
    """The mean of some numbers, times a factor."""

    def __init__(self, factor: float = 1.0, columns: tuple[str, ...] = ()) -> None:
        self.factor = factor
        self.columns = columns

    def fit(self, X: list[float]) -> Mean:  # noqa: N803
        self.mean_ = float(np.mean(X))
        return self

    def predict(self) -> float:
        self._require_fit()
        return self.factor * self.mean_

    def _fitted_state(self) -> dict[str, Any]:
        return {"mean": self.mean_}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.mean_ = state["mean"]


class Outer(Estimator):
    """A model with a model inside."""

    def __init__(self, inner: Mean, depth: int = 1) -> None:
        self.inner = inner
        self.depth = depth


def test_parameters_are_those_of_init():
    assert Mean(2.0).get_params() == {"factor": 2.0, "columns": ()}
    twin = Mean(**Mean(2.0, ("a",)).get_params(deep=False))
    assert twin.get_params() == {"factor": 2.0, "columns": ("a",)}


def test_parameters_of_a_model_inside_are_named_by_it():
    outer = Outer(Mean(2.0))
    assert outer.get_params()["inner__factor"] == 2.0
    assert "inner__factor" not in outer.get_params(deep=False)
    assert outer.set_params(inner__factor=5.0, depth=3) is outer
    assert (outer.inner.factor, outer.depth) == (5.0, 3)


def test_an_unknown_parameter_is_named_with_those_there_are():
    with pytest.raises(OptionError, match=r"colour.*factor, columns"):
        Mean().set_params(colour="red")


def test_a_model_shows_how_it_was_made():
    assert repr(Mean(2.0)) == "Mean(factor=2.0, columns=())"


def test_a_model_before_its_fit_says_so():
    assert not Mean().is_fitted
    with pytest.raises(DataError, match="Mean that was never fitted"):
        Mean().predict()
    assert Mean().fit([1.0]).is_fitted


def test_floats_come_back_bit_for_bit():
    model = Mean(1 / 3, ("a", "b")).fit([0.1, 0.2])
    again = Mean.from_dict(json.loads(json.dumps(model.to_dict())))
    assert again.predict() == model.predict()
    assert again.get_params() == model.get_params()


def test_an_unfitted_model_comes_back_unfitted():
    assert not Mean.from_dict(Mean(3.0).to_dict()).is_fitted


@pytest.mark.parametrize("changed", [{"model": "Median"}, {"format": 99}, {"format": None}])
def test_another_model_or_format_is_refused(changed: dict[str, object]):
    with pytest.raises(DefinitionError, match="model 'Mean' in format 1"):
        Mean.from_dict({**Mean().to_dict(), **changed})
