"""Pooled effects: between standing alone and being one, and nearer the prior with less data."""

from __future__ import annotations

import numpy as np
import pytest

from tenure.kernel import DataError, OptionError
from tenure.strategies.pooling import Belief, Measured, pooled


def campaigns(*pairs: tuple[float, float]) -> list[Measured]:
    return [Measured(f"m{n}", effect, error) for n, (effect, error) in enumerate(pairs)]


def test_one_exact_campaign_outweighs_the_prior_about_itself() -> None:
    found = pooled(campaigns((5.0, 0.01)), Belief(0.0, 2.0))
    assert found.each[0].mean == pytest.approx(5.0, abs=0.01)
    assert 0 < found.mean.mean < 5 and found.mean.standard_deviation < 2.0
    assert found.next_one.standard_deviation > found.mean.standard_deviation


def test_a_noisy_campaign_changes_little() -> None:
    found = pooled(campaigns((50.0, 100.0)), Belief(1.0, 2.0))
    assert found.mean.mean == pytest.approx(1.0, abs=0.1)
    assert found.mean.standard_deviation == pytest.approx(2.0, abs=0.05)


def test_equal_campaigns_become_one() -> None:
    found = pooled(campaigns(*[(3.0, 1.0)] * 50), Belief(0.0, 10.0))
    assert found.mean.mean == pytest.approx(3.0, abs=0.05)
    assert found.spread < 0.5
    assert found.mean.standard_deviation == pytest.approx(1 / np.sqrt(50), rel=0.15)


def test_campaigns_far_apart_stand_for_themselves() -> None:
    found = pooled(campaigns((-30, 1), (0, 1), (30, 1)), Belief(0.0, 100.0))
    assert [b.mean for b in found.each] == pytest.approx([-30, 0, 30], abs=0.2)
    assert found.next_one.standard_deviation > 15


def test_scale_and_order_do_not_matter() -> None:
    pairs = [(2.0, 1.0), (4.0, 2.0), (-1.0, 1.5)]
    one = pooled(campaigns(*pairs), Belief(1.0, 3.0))
    cents = pooled(campaigns(*[(100 * e, 100 * s) for e, s in pairs]), Belief(100.0, 300.0))
    assert cents.mean.mean == pytest.approx(100 * one.mean.mean)
    back = pooled(campaigns(*pairs[::-1]), Belief(1.0, 3.0))
    assert back.next_one.mean == pytest.approx(one.next_one.mean)


def test_the_belief_about_the_next_campaign_covers_it() -> None:
    """Effects drawn from the model itself: 90 % intervals cover 90 %."""
    random = np.random.default_rng(5)
    worlds, covered = 600, 0
    for _ in range(worlds):
        mean, spread = random.normal(1.0, 2.0), abs(random.normal(0.0, 1.0))
        effects = random.normal(mean, spread, 5)
        errors = random.uniform(0.3, 1.5, 4)
        seen = random.normal(effects[:4], errors)
        found = pooled(campaigns(*zip(seen, errors, strict=True)), Belief(1.0, 2.0)).next_one
        covered += abs(effects[4] - found.mean) < 1.645 * found.standard_deviation
    assert 0.87 <= covered / worlds <= 0.93


@pytest.mark.parametrize("given", [(float("nan"), 1.0), (1.0, 0.0), (1.0, float("inf"))])
def test_what_could_not_be_measured_is_refused(given: tuple[float, float]) -> None:
    with pytest.raises(DataError, match="leave out"):
        campaigns(given)


def test_too_few_or_senseless_beliefs_are_refused() -> None:
    with pytest.raises(DataError, match="0 measured campaigns"):
        pooled([], Belief(0.0, 1.0))
    with pytest.raises(DataError, match="at least 3"):
        pooled(campaigns((1, 1), (2, 1)))
    with pytest.raises(OptionError, match="above 0"):
        Belief(1.0, 0.0)
    with pytest.raises(OptionError, match="spread_scale"):
        pooled(campaigns((1, 1)), Belief(0.0, 1.0), spread_scale=-1.0)
