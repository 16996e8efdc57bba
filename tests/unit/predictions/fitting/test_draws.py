"""Intervals from draws: the right spread, every time the same, memory in parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import nbinom, norm

from tenure.kernel import OptionError
from tenure.predictions.fitting import draws as module
from tenure.predictions.fitting.draws import parameter_draws, row_intervals, total_interval
from tenure.predictions.fitting.likelihood import IDENTIFIED_WITHIN, Maximum


def known(working: list[float], covariance: object, plain: tuple[str, ...] = ()) -> Maximum:
    names = tuple("abc"[: len(working)])
    natural = [w if n in plain else np.exp(w) for n, w in zip(names, working, strict=True)]
    return Maximum(
        names, np.array(natural), np.array(working), plain, (0.1,) * len(names),
        np.array(covariance, dtype=float), -1.0, 10.0, True,
    )  # fmt: skip


def test_draws_have_the_covariance_on_the_working_scale():
    maximum = known([0.3, -1.0], [[0.04, 0.01], [0.01, 0.09]])
    found = np.log(parameter_draws(maximum, draws=40_000))
    assert found.mean(axis=0) == pytest.approx([0.3, -1.0], abs=1e-9)  # mirrored pairs
    assert np.cov(found.T) == pytest.approx(maximum.covariance, rel=0.05, abs=0.001)


def test_plain_coefficients_are_drawn_as_they_are():
    found = parameter_draws(known([0.0, -2.0], np.eye(2) / 100, plain=("b",)))
    assert found[:, 1].mean() == pytest.approx(-2.0)
    assert (found[:, 0] > 0).all()


def test_an_open_direction_is_drawn_no_wider_than_what_counts_as_identified():
    found = np.log(parameter_draws(known([0.0], [[1e6]]), draws=4000))
    assert found.std() == pytest.approx(IDENTIFIED_WITHIN, rel=0.1)


def test_the_same_seed_draws_the_same():
    maximum = known([0.0], [[0.1]])
    assert (parameter_draws(maximum) == parameter_draws(maximum)).all()
    assert (parameter_draws(maximum) != parameter_draws(maximum, seed=1)).any()


def test_a_row_has_the_quantiles_of_its_prediction():
    maximum = known([1.0], [[0.04]])
    times = np.array([1.0, 2.0, 3.0])
    found = row_intervals(
        maximum, lambda p, rows: p[0] * times[rows], np.e * times, interval=0.9, draws=20_000
    )
    reach = np.exp(0.2 * norm.ppf(0.95))
    assert found.high == pytest.approx(np.e * times * reach, rel=0.01)
    assert found.low == pytest.approx(np.e * times / reach, rel=0.01)
    assert (found.value == np.e * times).all()


def test_rows_are_worked_in_parts_that_fit_the_memory(monkeypatch: pytest.MonkeyPatch):
    maximum = known([1.0], [[0.04]])
    times = np.arange(1.0, 11.0)
    whole = row_intervals(maximum, lambda p, r: p[0] * times[r], np.e * times, interval=0.9)
    seen = set()

    def predict(parameters: np.ndarray, rows: slice) -> np.ndarray:
        seen.add((rows.start, rows.stop))
        return parameters[0] * times[rows]

    monkeypatch.setattr(module, "_HELD_AT_ONCE", 3 * module.DRAWS)
    parts = row_intervals(maximum, predict, np.e * times, interval=0.9)
    assert seen == {(0, 3), (3, 6), (6, 9), (9, 10)}
    assert (parts.low == whole.low).all() and (parts.high == whole.high).all()


def test_a_value_outside_its_draws_is_inside_its_interval():
    found = row_intervals(
        known([0.0], [[1e-8]]), lambda p, rows: np.ones(1), np.array([2.0]), interval=0.9
    )
    assert found.low[0] == pytest.approx(1) and found.high[0] == 2


def test_the_outcome_of_a_known_model_is_negative_binomial():
    maximum = known([0.0], [[1e-12]])
    found = total_interval(maximum, lambda p: (50.0, 150.0), interval=0.9, draws=4000)
    shape = 50.0**2 / (150 - 50)
    wanted = nbinom(shape, shape / (shape + 50))
    assert found.low == pytest.approx(wanted.ppf(0.05), abs=1)
    assert found.high == pytest.approx(wanted.ppf(0.95), abs=1)
    assert (found.value, found.method) == (50.0, "laplace_outcome")


def test_an_amount_is_not_a_whole_number():
    maximum = known([0.0], [[1e-12]])
    found = total_interval(maximum, lambda p: (0.5, 0.01), interval=0.9, whole=False, draws=4000)
    assert found.low == pytest.approx(0.35, abs=0.02)
    assert found.high == pytest.approx(0.67, abs=0.02)


def test_the_mean_alone_has_only_the_uncertainty_of_the_parameters():
    maximum = known([0.0], [[0.01]])
    found = total_interval(
        maximum, lambda p: (100 * p[0], 1e6), interval=0.9, kind="expectation", draws=20_000
    )
    assert found.high == pytest.approx(100 * np.exp(0.1 * norm.ppf(0.95)), rel=0.01)


def test_nothing_expected_is_nothing():
    found = total_interval(known([0.0], [[0.01]]), lambda p: (0.0, 0.0), interval=0.9)
    assert (found.low, found.value, found.high) == (0.0, 0.0, pytest.approx(0.0, abs=1e-9))


def test_an_unknown_kind_is_refused():
    with pytest.raises(OptionError, match="kind"):
        total_interval(known([0.0], [[1.0]]), lambda p: (1.0, 1.0), interval=0.9, kind="both")  # type: ignore[arg-type]


@pytest.mark.parametrize("draws", [4, 20, 30])
def test_draws_that_came_with_the_maximum_are_taken_evenly(draws: int):
    held = np.arange(20.0).reshape(20, 1)
    found = parameter_draws(replace(known([0.0], [[1.0]]), draws=held), draws=draws)
    assert found.shape == (draws, 1)
    assert found[0, 0] == 0 and found.mean() == pytest.approx(9.5, abs=20 / draws)
