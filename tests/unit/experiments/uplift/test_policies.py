import numpy as np
import pytest

from tenure.experiments.uplift.policies import (
    Decisions,
    decisions,
    expected_rewards,
    policy_gain,
    policy_value,
)
from tenure.kernel import DataError, Estimate, OptionError, Undefined


def logged(rows: int = 4000, seed: int = 1, *, floor: float = 0.2) -> tuple[Decisions, np.ndarray]:
    """Return decisions among three actions by a rule of one feature, and that feature."""
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    wish = np.exp(np.column_stack([np.zeros(rows), x, -x]))
    chance = floor / 3 + (1 - floor) * wish / wish.sum(axis=1, keepdims=True)
    action = (random.random(rows)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    reward = (random.random(rows) < means(x)[np.arange(rows), action]).astype(float)
    return decisions(action, chance, reward), x


def means(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.column_stack([0 * x - 1, x - 0.5, -x - 1.5])))


def value(found: Estimate | Undefined) -> float:
    assert isinstance(found, Estimate)
    return found.value


def test_what_a_better_rule_would_have_earned_is_found():
    seen, x = logged(20_000)
    rule = (x > 0).astype(int)
    truth = means(x)[np.arange(len(x)), rule].mean()
    found = policy_value(seen, rule, rewards=expected_rewards({"x": x}, seen))
    for one in (found.ips, found.snips, found.dr):
        assert isinstance(one, Estimate)
        assert one.low < truth < one.high
    assert found.notes == ()
    assert 0 < found.effective_decisions < found.decisions == 20_000


def test_the_logging_rule_itself_earned_the_mean_reward():
    seen, _ = logged()
    found = policy_value(seen, seen.propensity)
    assert value(found.ips) == pytest.approx(seen.reward.mean())
    assert value(found.snips) == pytest.approx(seen.reward.mean())
    assert found.effective_decisions == pytest.approx(len(seen))
    assert found.dr == Undefined("no_outcome_model")


def test_rewards_all_moved_by_a_constant_move_snips_and_dr_by_it():
    seen, x = logged()
    model = expected_rewards({"x": x}, seen)
    moved = decisions(seen.action, seen.propensity, seen.reward + 10)
    rule = np.ones(len(seen), dtype=int)
    one = policy_value(seen, rule, rewards=model)
    two = policy_value(moved, rule, rewards=model + 10)
    assert value(two.snips) == pytest.approx(value(one.snips) + 10)
    assert value(two.dr) == pytest.approx(value(one.dr) + 10)


def test_the_order_of_decisions_changes_nothing():
    seen, x = logged()
    model = expected_rewards({"x": x}, seen)
    rule = (x > 0).astype(int)
    mixed = np.random.default_rng(0).permutation(len(seen))
    other = decisions(seen.action[mixed], seen.propensity[mixed], seen.reward[mixed])
    one = policy_value(seen, rule, rewards=model)
    two = policy_value(other, rule[mixed], rewards=model[mixed])
    for first, second in ((one.ips, two.ips), (one.snips, two.snips), (one.dr, two.dr)):
        assert value(first) == pytest.approx(value(second), rel=1e-12)


def test_two_rules_are_compared_on_the_same_decisions():
    seen, x = logged(20_000)
    good, bad = (x > 0).astype(int), (x <= 0).astype(int)
    model = expected_rewards({"x": x}, seen)
    truth = (means(x)[np.arange(len(x)), good] - means(x)[np.arange(len(x)), bad]).mean()
    gain = policy_gain(seen, good, bad, rewards=model)
    assert isinstance(gain, Estimate)
    assert gain.low < truth < gain.high
    apart = policy_value(seen, good, rewards=model).dr
    assert isinstance(apart, Estimate)
    assert value(policy_gain(seen, good, good, rewards=model)) == 0


def test_a_rule_that_takes_what_never_could_happen_has_no_value():
    seen, _ = logged()
    chance = np.column_stack([seen.propensity, np.zeros(len(seen))])
    other = decisions(seen.action, chance, seen.reward)
    found = policy_value(other, np.full(len(seen), 3))
    assert found.ips == found.snips == found.dr == Undefined("no_overlap")
    assert "no_overlap" in found.notes
    model = np.zeros(chance.shape)
    assert policy_gain(other, np.full(len(seen), 3), seen.action, rewards=model) == Undefined(
        "no_overlap"
    )


def test_too_little_chance_is_said_and_too_few_decisions_give_no_figure():
    seen, x = logged(floor=0.01)
    found = policy_value(seen, (x < 0).astype(int))
    assert "propensity_below_floor" in found.notes
    few = decisions([0, 1] * 10, np.full((20, 2), 0.5), np.arange(20.0))
    assert policy_value(few, np.zeros(20, dtype=int)).dr == Undefined("few_effective_decisions")


def test_decisions_of_one_customer_belong_together():
    seen, x = logged(500)
    rule = (x > 0).astype(int)
    often = decisions(
        np.repeat(seen.action, 6),
        np.repeat(seen.propensity, 6, axis=0),
        np.repeat(seen.reward, 6),
        customers=np.repeat(np.arange(500), 6),
    )
    once, six = policy_value(seen, rule).snips, policy_value(often, np.repeat(rule, 6)).snips
    assert isinstance(once, Estimate)
    assert isinstance(six, Estimate)
    assert six.high - six.low == pytest.approx(once.high - once.low, rel=0.01)


def test_an_action_hardly_ever_taken_is_given_its_mean_reward():
    random = np.random.default_rng(3)
    chance = np.tile([0.98, 0.02], (400, 1))
    action = np.array([1] * 8 + [0] * 392)
    reward = random.normal(size=400) + action * 5
    seen = decisions(action, chance, reward)
    model = expected_rewards({"x": random.normal(size=400)}, seen)
    assert np.isfinite(model).all()
    assert model[:, 1].mean() > 3


def test_wrong_logs_and_rules_are_refused():
    chance = np.full((4, 2), 0.5)
    with pytest.raises(DataError, match="sum to 1"):
        decisions([0, 1, 0, 1], chance * 1.1, np.zeros(4))
    with pytest.raises(DataError, match="no chance"):
        decisions([0, 1, 0, 1], np.tile([1.0, 0.0], (4, 1)), np.zeros(4))
    with pytest.raises(DataError, match="one row per decision"):
        decisions([0, 1, 0, 1], chance[:3], np.zeros(4))
    with pytest.raises(DataError, match="numbers from 0 to 1"):
        decisions([0, 1, 2, 1], chance, np.zeros(4))
    made = decisions([0, 1, 0, 1], chance, np.zeros(4))
    with pytest.raises(OptionError):
        policy_value(made, np.array([0, 1, 2, 0]))
    with pytest.raises(OptionError):
        policy_value(made, chance * 2)
    with pytest.raises(OptionError):
        policy_value(made, chance[:2])
    with pytest.raises(DataError, match="3 rows for 4 decisions"):
        expected_rewards({"x": np.arange(3.0)}, made)
