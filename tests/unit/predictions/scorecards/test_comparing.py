import numpy as np
import pytest

from tenure.predictions.scorecards.comparing import Judged, compare, unbeaten


def judged(**means_and_errors):
    """Predictors with independent errors around their means."""
    rng = np.random.default_rng(1)
    return Judged(
        {name: mean for name, (mean, _) in means_and_errors.items()},
        {name: rng.normal(mean, sd, 2_000) for name, (mean, sd) in means_and_errors.items()},
    )


def test_skill_is_the_share_of_the_rivals_error_that_is_saved():
    found = compare(judged(model=(8.0, 0.1), rival=(10.0, 0.1)), "model", "rival", confidence=0.95)
    assert found.skill.value == pytest.approx(0.2)
    assert found.skill.low == pytest.approx(0.2 - 1.96 * 0.0128, abs=0.003)
    assert found.better and not found.worse


def test_where_higher_is_better_skill_is_the_surplus():
    given = judged(model=(0.24, 0.001), rival=(0.2, 0.001))
    found = compare(
        Judged(given.values, given.draws, lower_is_better=False), "model", "rival", confidence=0.95
    )
    assert found.skill.value == pytest.approx(0.2)
    assert found.better and not found.worse


def test_a_difference_within_its_interval_is_neither_better_nor_worse():
    found = compare(judged(model=(9.9, 0.2), rival=(10.0, 0.2)), "model", "rival", confidence=0.95)
    assert not found.better and not found.worse
    worse = compare(judged(model=(12, 0.2), rival=(10.0, 0.2)), "model", "rival", confidence=0.95)
    assert worse.worse and worse.skill.value < 0


def test_nothing_that_is_clearly_worse_stays_unbeaten():
    given = judged(poor=(20.0, 0.1), good=(10.0, 0.1), close=(10.05, 0.1))
    assert unbeaten(given, ("poor", "good", "close"), confidence=0.95) == ("good", "close")


def test_predictors_that_say_the_same_are_all_unbeaten():
    draws = np.random.default_rng(2).normal(5, 1, 500)
    same = Judged({"a": 5.0, "b": 5.0}, {"a": draws, "b": draws})
    assert unbeaten(same, ("a", "b"), confidence=0.95) == ("a", "b")
    found = compare(same, "a", "b", confidence=0.95)
    assert not found.better and not found.worse


def test_many_equal_rivals_make_no_false_winner_more_often_than_said():
    rng = np.random.default_rng(3)
    names = tuple("abcdef")
    beaten = 0
    for _ in range(400):
        losses = rng.normal(0, 1, (200, 6)) + rng.normal(0, 1, (200, 1))
        weights = rng.poisson(1, (500, 200))
        draws = weights @ losses / weights.sum(1, keepdims=True)
        values = dict(zip(names, losses.mean(0), strict=True))
        given = Judged(values, dict(zip(names, draws.T, strict=True)))
        beaten += "a" not in unbeaten(given, names, confidence=0.95)
    # nominal 2.5 %; three standard errors of 400 trials are 2.3 points
    assert beaten / 400 < 0.025 + 0.023
