import numpy as np
import pytest

from tenure.predictions.scorecards.ordered import area_under_roc, score_order
from tenure.predictions.scorecards.tallies import UNITS_MAX, Tallies, over_draws


def mean_draws(values, owners, *, draws=400, seed=1):
    tallies = Tallies([owners])
    tallies.add(("value",), 0, values)
    tallies.add(("rows",), 0, np.ones_like(values))
    found = over_draws(
        tallies, lambda s: {"mean": s["value",] / s["rows",]}, draws=draws, seed=seed
    )
    return found["mean"]


def test_the_draws_of_a_mean_scatter_as_its_standard_error():
    rng = np.random.default_rng(1)
    values = rng.gamma(1, 10, 900)
    drawn = mean_draws(values, np.arange(900), draws=3_000)
    assert drawn.mean() == pytest.approx(values.mean(), rel=0.01)
    assert drawn.std() == pytest.approx(values.std() / 30, rel=0.05)


def test_groups_of_many_customers_scatter_as_the_customers_do():
    rng = np.random.default_rng(2)
    count = 20 * UNITS_MAX
    values = rng.gamma(1, 10, count)
    drawn = mean_draws(values, np.arange(count), draws=3_000)
    assert drawn.std() == pytest.approx(values.std() / np.sqrt(count), rel=0.08)


def test_groups_do_not_follow_the_order_of_customers():
    # values that drift with the customer's number: groups of neighbours would hide the scatter
    count = 20 * UNITS_MAX
    values = np.linspace(0, 1, count)
    drawn = mean_draws(values, np.arange(count), draws=2_000)
    assert drawn.std() == pytest.approx(values.std() / np.sqrt(count), rel=0.08)


def test_a_customers_rows_are_drawn_together():
    values = np.random.default_rng(3).normal(size=400)
    once = mean_draws(values, np.arange(400))
    tallies = Tallies([np.arange(400)] * 3)
    for origin in range(3):
        tallies.add(("value",), origin, values)
        tallies.add(("rows",), origin, np.ones(400))
    thrice = over_draws(tallies, lambda s: {"mean": s["value",] / s["rows",]}, draws=400, seed=1)
    assert thrice["mean"] == pytest.approx(once)


def test_the_same_seed_gives_the_same_draws_and_another_seed_others():
    values = np.random.default_rng(4).normal(size=200)
    same = [mean_draws(values, np.arange(200), seed=seed) for seed in (7, 7, 8)]
    assert np.array_equal(same[0], same[1])
    assert not np.array_equal(same[0], same[2])


def test_sums_by_group_agree_with_sums_over_all():
    rng = np.random.default_rng(5)
    scores, owners = rng.normal(size=5_000), np.arange(5_000)
    tallies = Tallies([owners])
    order = score_order(scores)
    tallies.add(("rows",), 0, np.ones(5_000))
    tallies.add_ordered((0, "rows"), 0, order, np.ones(5_000))
    whole, coarse = tallies.whole(), tallies.whole(groups_max=256)
    assert whole[0, "rows"].shape == (1, 5_000)
    assert 200 < coarse[0, "rows"].shape[1] <= 256
    # the top of the list keeps its single rows, the rest comes in groups of equal size
    assert coarse[0, "rows"][0, :10].tolist() == [1.0] * 10
    assert coarse[0, "rows"].max() <= 5_000 / 128 + 1
    for sums in (whole, coarse, *tallies.draws(60, 3)):
        assert sums[0, "rows"].sum(-1) == pytest.approx(sums["rows",])


def test_coarser_groups_hardly_move_an_auc():
    rng = np.random.default_rng(6)
    scores = rng.normal(size=20_000)
    happened = (rng.normal(size=20_000) + scores > 1).astype(float)
    order = score_order(scores)
    fine, coarse = (
        float(area_under_roc(one.sums(np.ones(20_000)), one.sums(happened)))
        for one in (order, order.coarser(256))
    )
    assert fine == pytest.approx(coarse, abs=2e-5)
