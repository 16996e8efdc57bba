from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest

from tenure.predictions.fitting.draws import parameter_draws, row_intervals
from tenure.predictions.fitting.likelihood import IDENTIFIED_WITHIN, Maximum
from tenure.predictions.fitting.weighted_draws import with_weighted_draws

FloatArray = npt.NDArray[np.float64]


def at(working: list[float], covariance: list[list[float]]) -> Maximum:
    return Maximum(
        tuple("abc"[: len(working)]),
        np.exp(working),
        np.array(working),
        (),
        (0.1,) * len(working),
        np.array(covariance),
        -1.0,
        10.0,
        True,
    )


def test_a_straight_likelihood_gives_its_own_spread() -> None:
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])

    def logs(points: FloatArray) -> FloatArray:
        moved = points - [0.3, -1.0]
        return -np.einsum("ij,jk,ik->i", moved, np.linalg.inv(covariance), moved) / 2

    found = with_weighted_draws(
        at([0.3, -1.0], covariance.tolist()), logs, tried=40_000, draws=20_000
    )
    drawn = np.log(parameter_draws(found, draws=20_000))
    assert drawn.shape == (20_000, 2)
    assert drawn.mean(axis=0) == pytest.approx([0.3, -1.0], abs=0.01)
    assert np.cov(drawn.T) == pytest.approx(covariance, rel=0.06, abs=0.002)


def test_draws_follow_a_bent_ridge_that_the_ellipse_leaves() -> None:
    """b is known to lie near 2 a^2: the covariance at the maximum sees only its tangent."""

    def logs(points: FloatArray) -> FloatArray:
        a, b = points.T
        return -(a**2) / 2 - ((b - 2 * a**2) / 0.1) ** 2 / 2

    straight = at([0.0, 0.0], [[1.0, 0.0], [0.0, 0.01]])
    bent = with_weighted_draws(straight, logs, tried=40_000)

    def off_the_ridge(maximum: Maximum) -> float:
        a, b = np.log(parameter_draws(maximum)).T
        return float(np.abs(b - 2 * a**2).mean())

    assert off_the_ridge(bent) < 0.1 < 1.5 < off_the_ridge(straight)


def test_an_open_direction_ends_where_a_parameter_counts_as_unidentified() -> None:
    found = with_weighted_draws(at([0.0], [[1e6]]), lambda points: np.zeros(len(points)))
    drawn = np.log(parameter_draws(found, draws=20_000))
    assert drawn.std() == pytest.approx(IDENTIFIED_WITHIN, rel=0.15)


def test_points_without_a_likelihood_are_never_drawn() -> None:
    def logs(points: FloatArray) -> FloatArray:
        return np.where(points[:, 0] > 0.1, np.nan, 0.0)

    found = with_weighted_draws(at([0.0], [[0.04]]), logs)
    assert (parameter_draws(found) <= np.exp(0.1)).all()


def test_draws_are_saved_and_rescaled_with_the_maximum() -> None:
    found = with_weighted_draws(at([0.0, 1.0], [[0.1, 0], [0, 0.1]]), lambda p: np.zeros(len(p)))
    again = Maximum.from_dict(json.loads(json.dumps(found.to_dict())))
    assert np.array_equal(parameter_draws(again), parameter_draws(found))
    scaled = found.rescaled({"b": 7.0})
    assert parameter_draws(scaled) == pytest.approx(parameter_draws(found) * [1, 7])
    value = np.array([1.0])
    wide = row_intervals(scaled, lambda p, rows: p[1:2], value, interval=0.9)
    assert wide.high[0] > 7


def test_the_same_seed_gives_the_same_draws() -> None:
    one, other = (
        with_weighted_draws(at([0.0], [[0.1]]), lambda p: -(p[:, 0] ** 2)) for _ in range(2)
    )
    assert np.array_equal(parameter_draws(one), parameter_draws(other))
