import numpy as np
import pytest

from tenure.kernel import DataError, OptionError, Undefined
from tenure.predictions.scorecards.discrimination import (
    auc,
    auc_difference,
    average_precision,
    gain,
    gain_curve,
    lift,
)

HAPPENED = [0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0]
SCORES = [0.1, 0.4, 0.35, 0.8, 0.8, 0.2, 0.4, 0.55, 0.05, 0.35, 0.9, 0.6]
OTHERS = [0.3, 0.2, 0.35, 0.7, 0.1, 0.2, 0.5, 0.6, 0.05, 0.3, 0.9, 0.65]


def placements(happened, scores):
    """DeLong's structural components by counting every pair."""
    y, s = np.asarray(happened), np.asarray(scores)
    events, others = s[y == 1], s[y == 0]
    wins = (events[:, None] > others) + 0.5 * (events[:, None] == others)
    return wins.mean(), wins.mean(1), wins.mean(0)


def width_on_the_logit_scale(estimate):
    ends = np.log([estimate.low / (1 - estimate.low), estimate.high / (1 - estimate.high)])
    return float(ends[1] - ends[0])


def test_auc_and_average_precision_are_those_of_scikit_learn():
    # scikit-learn 1.9.1: roc_auc_score, average_precision_score
    assert auc(HAPPENED, SCORES).value == pytest.approx(0.9285714285714286, abs=1e-15)
    assert average_precision(HAPPENED, SCORES) == pytest.approx(0.9028571428571428, abs=1e-15)


def test_the_interval_is_delongs_with_ties_counted_pair_by_pair():
    value, of_events, of_others = placements(HAPPENED, SCORES)
    error = np.sqrt(of_events.var(ddof=1) / 5 + of_others.var(ddof=1) / 7)
    assert error == pytest.approx(0.0723746864455746)
    made = auc(HAPPENED, SCORES)
    expected = 2 * 1.959963984540054 * error / (value * (1 - value))
    assert width_on_the_logit_scale(made) == pytest.approx(expected)
    assert 0 < made.low < made.value < made.high < 1


def test_the_difference_of_two_scores_uses_what_they_have_in_common():
    made = auc_difference(HAPPENED, SCORES, OTHERS)
    first, second = placements(HAPPENED, SCORES), placements(HAPPENED, OTHERS)
    error = np.sqrt((first[1] - second[1]).var(ddof=1) / 5 + (first[2] - second[2]).var(ddof=1) / 7)
    assert error == pytest.approx(0.1889822365046136)
    assert made.value == pytest.approx(first[0] - second[0])
    assert made.high - made.value == pytest.approx(1.959963984540054 * error)


def test_a_score_without_a_pair_out_of_order_is_not_taken_for_certain():
    perfect = auc([0, 0, 0, 1, 1], [1, 2, 3, 4, 5])
    assert perfect.value == perfect.high == 1.0
    assert perfect.low == pytest.approx(0.025**0.5)
    assert auc([1, 1, 0, 0, 0], [1, 2, 3, 4, 5]).low == 0.0


def test_outcomes_of_one_kind_have_no_auc():
    assert auc([0, 0, 0], [1, 2, 3]) == Undefined("no_event_or_no_other")
    assert auc_difference([1, 1], [1, 2], [2, 1]) == Undefined("no_event_or_no_other")
    assert average_precision([0, 0], [1, 2]) == Undefined("no_event")
    assert gain([0, 0], [1, 2], depth=0.5) == Undefined("no_event")
    assert gain_curve([0, 0], [1, 2], [0.5]) == []


def test_repeated_rows_of_a_customer_do_not_make_the_interval_narrower():
    rng = np.random.default_rng(5)
    scores = rng.normal(size=300)
    happened = (rng.normal(size=300) + scores > 0).astype(float)
    customers = np.arange(300)
    once = auc(happened, scores)
    four = [np.tile(part, 4) for part in (happened, scores, customers)]
    blind = auc(four[0], four[1])
    aware = auc(four[0], four[1], customers=four[2])
    assert width_on_the_logit_scale(aware) == pytest.approx(
        width_on_the_logit_scale(once), rel=0.01
    )
    assert width_on_the_logit_scale(blind) == pytest.approx(
        width_on_the_logit_scale(once) / 2, rel=0.01
    )


def test_gain_and_lift_take_the_best_scored_and_share_out_ties():
    # the best three are the events 0.9, 0.8, 0.8; the best five hold 0.6 (none) and 0.55 (one)
    assert gain(HAPPENED, SCORES, depth=3) == pytest.approx(3 / 5)
    assert lift(HAPPENED, SCORES, depth=3) == pytest.approx(3 / 5 * 12 / 3)
    assert gain(HAPPENED, SCORES, depth=0.25) == pytest.approx(3 / 5)
    # of the two rows with 0.4, one an event, the sixth place holds half of an event
    assert gain(HAPPENED, SCORES, depth=6) == pytest.approx(4.5 / 5)
    assert gain(HAPPENED, SCORES, depth=1.0) == 1.0
    assert gain(HAPPENED, SCORES, depth=500) == 1.0


def test_a_constant_score_finds_what_chance_finds():
    assert lift(HAPPENED, np.ones(12), depth=0.25) == pytest.approx(1.0)
    assert auc(HAPPENED, np.ones(12)).value == 0.5


def test_the_value_weighted_lift_counts_money_instead_of_heads():
    value = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 16, 1.0])
    assert gain(HAPPENED, SCORES, depth=1, weight=value) == pytest.approx(16 / 20)
    assert lift(HAPPENED, SCORES, depth=1, weight=value) == pytest.approx(16 / 20 * 12)


def test_the_gain_curve_rises_to_all_events():
    curve = gain_curve(HAPPENED, SCORES, [0.25, 0.5, 1.0])
    assert curve == [(0.25, pytest.approx(0.6)), (0.5, pytest.approx(0.9)), (1.0, 1.0)]


@pytest.mark.parametrize("depth", [0, -0.1, 1.5, True])
def test_a_depth_is_a_share_or_a_number_of_customers(depth):
    with pytest.raises(OptionError, match="depth"):
        gain(HAPPENED, SCORES, depth=depth)


@pytest.mark.parametrize(
    ("happened", "scores", "told"),
    [
        ([0, 2], [1, 2], r"happened\[1\] = 2"),
        ([0, 1], [1, np.nan], r"scores\[1\] = nan"),
        ([0, 1], [1, 2, 3], r"scores of shape \(3,\)"),
        ([[0, 1]], [1, 2], r"happened of shape \(1, 2\)"),
    ],
)
def test_arrays_that_make_no_sense_are_refused_by_row(happened, scores, told):
    with pytest.raises(DataError, match=told):
        auc(happened, scores)
