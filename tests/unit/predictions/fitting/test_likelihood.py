"""Maxima of likelihoods: found, measured, and named where the data do not determine them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import gammaln, polygamma, psi

from tenure.kernel import OptionError
from tenure.predictions.fitting.likelihood import (
    FURTHEST,
    Evaluation,
    Maximum,
    Objective,
    maximise,
)

SAMPLE = np.random.default_rng(0).gamma(3.0, 2.0, 500)


def gamma_likelihood(values: np.ndarray, *, with_hessian: bool, scale: float = 1.0) -> Objective:
    """Gamma distributed values with shape k and scale s."""
    count, total, logs = scale * len(values), scale * values.sum(), scale * np.log(values).sum()

    def at(working: np.ndarray) -> Evaluation:
        k, s = np.exp(working)
        value = (k - 1) * logs - total / s - count * (gammaln(k) + k * np.log(s))
        by_k, by_s = logs - count * (psi(k) + np.log(s)), total / s - count * k
        gradient = np.array([k * by_k, by_s])
        if not with_hessian:
            return Evaluation(float(value), gradient)
        corner = k * by_k - k * k * count * polygamma(1, k)
        hessian = np.array([[corner, -count * k], [-count * k, -total / s]])
        return Evaluation(float(value), gradient, hessian)

    return at


def fitted(with_hessian: bool = True, **options: object) -> Maximum:
    objective = gamma_likelihood(SAMPLE, with_hessian=with_hessian)
    return maximise(objective, names=("k", "s"), start=(1.0, 1.0), customers=500, **options)


def test_the_gradient_vanishes_at_the_maximum():
    found = fitted()
    assert found.converged
    # By moments: k s is the mean at the maximum of a gamma likelihood.
    assert found["k"] * found["s"] == pytest.approx(SAMPLE.mean(), rel=1e-9)
    assert psi(found["k"]) - np.log(found["k"]) == pytest.approx(
        np.log(SAMPLE).mean() - np.log(SAMPLE.mean()), rel=1e-7
    )


def test_a_differenced_hessian_ends_at_the_same_place():
    exact, differenced = fitted(), fitted(with_hessian=False)
    assert differenced.values == pytest.approx(exact.values, rel=1e-6)
    assert differenced.standard_errors == pytest.approx(exact.standard_errors, rel=1e-5)


def test_standard_errors_are_those_of_the_information():
    found = fitted()
    k, s = found.values
    information = 500 * np.array([[polygamma(1, k), 1 / s], [1 / s, k / s**2]])
    wanted = np.sqrt(np.diag(np.linalg.inv(information)))
    assert found.standard_errors == pytest.approx(wanted, rel=1e-5)


def test_a_sample_saves_passes_over_the_whole():
    many = np.random.default_rng(1).gamma(3.0, 2.0, 50_000)
    options = {"names": ("k", "s"), "start": (0.01, 100.0), "customers": 50_000}
    whole = gamma_likelihood(many, with_hessian=True)
    cold = maximise(whole, **options)
    warm = maximise(
        whole, **options, sample=gamma_likelihood(many[::10], with_hessian=True, scale=10.0)
    )
    assert warm.passes < cold.passes
    assert warm.values == pytest.approx(cold.values, rel=1e-6)


@pytest.mark.parametrize("start", [(1e-6, 1e6), (1e6, 1e-6), (1e-6, 1e-6), (1e3, 1e3)])
def test_far_starts_end_at_the_same_place(start: tuple[float, float]):
    objective = gamma_likelihood(SAMPLE, with_hessian=True)
    found = maximise(objective, names=("k", "s"), start=start, customers=500)
    assert found.values == pytest.approx(fitted().values, rel=1e-6)


def test_a_parameter_that_does_not_matter_is_unidentified():
    def flat(working: np.ndarray) -> Evaluation:
        inner = gamma_likelihood(SAMPLE, with_hessian=True)(working[:2])
        assert inner.hessian is not None
        return Evaluation(
            inner.value, np.append(inner.gradient, 0.0), np.pad(inner.hessian, (0, 1))
        )

    found = maximise(flat, names=("k", "s", "idle"), start=(1, 1, 7), customers=500)
    assert found.converged
    assert found.unidentified == ("idle",)
    assert found.standard_errors[2] is None
    assert found.standard_errors[:2] == pytest.approx(fitted().standard_errors, rel=1e-4)
    assert "unidentified" in found.notes


def test_two_parameters_of_which_only_the_ratio_matters_are_unidentified():
    def ridge(working: np.ndarray) -> Evaluation:
        away = working[0] - working[1] - 1.0
        slope = np.array([1.0, -1.0])
        return Evaluation(-500 * away**2, -1000 * away * slope, -1000 * np.outer(slope, slope))

    found = maximise(ridge, names=("a", "b"), start=(1.0, 1.0), customers=500)
    assert found.unidentified == ("a", "b")
    assert found["a"] / found["b"] == pytest.approx(np.e, rel=1e-4)
    assert np.isfinite(found.covariance).all()


def test_a_likelihood_that_rises_for_ever_stays_finite():
    def rising(working: np.ndarray) -> Evaluation:
        return Evaluation(float(working[0]), np.ones(1), np.zeros((1, 1)))

    found = maximise(rising, names=("a",), start=(1.0,), customers=1)
    assert np.isfinite(found.values).all() and found.working[0] <= FURTHEST
    assert found.unidentified == ("a",)


def test_a_likelihood_that_fails_far_away_is_searched_nearby():
    def fragile(working: np.ndarray) -> Evaluation:
        if working[0] > 0.5:
            return Evaluation(np.nan, np.full(1, np.nan), np.full((1, 1), np.nan))
        return Evaluation(-(working[0] ** 2), -2 * working, np.full((1, 1), -2.0))

    found = maximise(fragile, names=("a",), start=(np.exp(-5.0),), customers=1)
    assert found["a"] == pytest.approx(1.0, abs=1e-3)


def test_coefficients_may_have_any_sign():
    def bowl(working: np.ndarray) -> Evaluation:
        return Evaluation(
            -50 * (working[0] + 3) ** 2, -100 * (working + 3), np.full((1, 1), -100.0)
        )

    found = maximise(bowl, names=("g",), start=(0.0,), customers=1, plain=("g",))
    assert found["g"] == pytest.approx(-3, rel=1e-6)
    assert found.standard_errors == pytest.approx((0.1,), rel=1e-4)


def test_a_penalty_shrinks_the_logarithm_and_the_error():
    plain, pulled = fitted(), fitted(penalty=200.0)
    assert 0 < pulled.working[0] < plain.working[0]
    assert pulled.standard_errors[0] < plain.standard_errors[0]
    assert "penalised" in pulled.notes
    wanted = gamma_likelihood(SAMPLE, with_hessian=True)(pulled.working).value
    assert pulled.log_likelihood == pytest.approx(wanted, rel=1e-9)


def test_penalties_may_differ():
    only_shape = fitted(penalty=[200.0, 0.0])
    assert only_shape["k"] < fitted()["k"]
    assert only_shape["s"] > fitted()["s"]


@pytest.mark.parametrize("penalty", [-1.0, np.nan, [0.0, -0.1]])
def test_a_negative_penalty_is_refused(penalty: object):
    with pytest.raises(OptionError, match="penalty"):
        fitted(penalty=penalty)


def test_other_units_multiply_value_and_error():
    found = fitted()
    other = found.rescaled({"s": 7.0}, log_likelihood_shift=-1.0)
    assert other["s"] == pytest.approx(7 * found["s"])
    assert other.standard_errors[1] == pytest.approx(7 * found.standard_errors[1])
    assert np.exp(other.working) == pytest.approx(other.values)
    assert (other.covariance == found.covariance).all()
    assert other.log_likelihood == found.log_likelihood - 1


def test_notes_are_kept_once():
    found = fitted().with_notes("few", "few", unidentified=["s"]).with_notes("few")
    assert found.notes == ("few",)
    assert found.unidentified == ("s",) and found.standard_errors[1] is None


def test_it_comes_back_from_json_bit_for_bit():
    found = fitted()
    again = Maximum.from_dict(json.loads(json.dumps(found.to_dict())))
    assert (again.values == found.values).all() and (again.covariance == found.covariance).all()
    assert again.to_dict() == found.to_dict()
    assert again.as_parameters() == found.as_parameters()
