from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from tenure.kernel import DataError, OptionError
from tenure.predictions.scorecards.discrimination import auc
from tenure.predictions.scorecards.rival_lists import naive_lists, popular_products
from tenure.predictions.scorecards.rival_names import RIVAL_TITLES
from tenure.predictions.scorecards.rivals import (
    EarlierDate,
    MonotoneCurve,
    naive_amounts,
    naive_probabilities,
)
from tenure.snapshots import CATALOGUE

COLUMNS = {column.name: column.dtype for column in CATALOGUE}


def features(count=4, **given):
    """A snapshot's columns that rivals read, with the catalogue's own types."""
    plain = {
        "days_since_last_order": [5, 40, 90, None],
        "overdue_ratio": [0.2, 1.0, 3.0, None],
        "order_count_30_days": [2, 0, 0, 0],
        "order_count_90_days": [4, 1, 0, 0],
        "order_count_365_days": [9, 3, 1, 0],
        "net_value_90_days": [Decimal("80"), Decimal("-4"), Decimal(0), None],
        "repeat_order_count": [9, 2, 0, 0],
        "tenure_days": [300, 100, 90, None],
        "mean_order_value": [20.0, 8.0, 5.0, None],
        "recency_score": [5, 4, 1, None],
        "frequency_score": [5, 3, 1, None],
        "monetary_score": [5, 3, None, None],
    }
    made = {**plain, **given}
    return pa.table({name: pa.array(values, COLUMNS[name]) for name, values in made.items()})


def test_each_rival_is_in_the_snapshot_s_words_and_has_a_title():
    table = features()
    made = naive_probabilities([EarlierDate(table, [0, 0, 1, 1])], table, horizon_days=90)
    assert list(made) == [
        "base_rate",
        "recency",
        "overdue",
        "last_period",
        "past_rate",
        "rfm_cell",
    ]
    amounts = naive_amounts([EarlierDate(table, [3, 1, 0, 0])], table, horizon_days=90, money=False)
    assert list(amounts) == ["mean", "last_period", "past_rate", "scaled_past_rate", "rfm_cell"]
    lists = naive_lists([0, 1], [1, 2], customers=2)
    assert {*made, *amounts, *lists} == set(RIVAL_TITLES)


def test_amounts_are_worked_out_by_hand():
    table = features()
    earlier = [EarlierDate(table, [3, 1, 0, 0])]
    orders = naive_amounts(earlier, table, horizon_days=60, money=False)
    # the window nearest to 60 days is 30 (the shorter of two as near)
    assert orders["last_period"].tolist() == [4, 0, 0, 0]
    assert orders["past_rate"] == pytest.approx([9 / 300 * 60, 2 / 100 * 60, 0, 0])
    assert orders["scaled_past_rate"] == pytest.approx(orders["past_rate"] * 4 / 3)
    assert orders["mean"].tolist() == [1.0] * 4
    money = naive_amounts(earlier, table, horizon_days=90, money=True)
    assert money["last_period"].tolist() == [80, 0, 0, 0]
    assert money["past_rate"] == pytest.approx([9 / 300 * 90 * 20, 2 / 100 * 90 * 8, 0, 0])


def test_the_rfm_cell_is_the_mean_of_its_customers_before_and_small_cells_lean_on_all():
    table = features()
    many = pa.concat_tables([table] * 300)
    actual = np.tile([1.0, 0.0, 0.0, 0.0], 300)
    made = naive_probabilities([EarlierDate(many, actual)], table, horizon_days=90)
    expected = (300 * np.array([1, 0, 0, 0]) + 10 * 0.25) / 310
    assert made["rfm_cell"] == pytest.approx(expected)
    unseen = features(recency_score=[2, 2, 2, 2])
    made = naive_probabilities([EarlierDate(many, actual)], unseen, horizon_days=90)
    assert made["rfm_cell"] == pytest.approx([0.25] * 4)


def test_rivals_learn_their_curve_from_the_earlier_dates_alone():
    rng = np.random.default_rng(1)
    days = rng.integers(0, 300, 3_000)
    chance = np.exp(-days / 80)
    table = pa.table({"days_since_last_order": days})
    earlier = [EarlierDate(table, (rng.random(3_000) < chance).astype(float)) for _ in range(3)]
    made = naive_probabilities(earlier, table, horizon_days=90)
    assert list(made) == ["base_rate", "recency"]
    assert np.abs(made["recency"] - chance).mean() < 0.02
    order = np.argsort(days)
    assert (np.diff(made["recency"][order]) <= 1e-12).all()


def test_a_curve_may_rise_or_fall_but_never_turns():
    scores = np.arange(200.0)
    rising = (scores > 120).astype(float)
    for happened in (rising, 1 - rising):
        made = MonotoneCurve().fit(scores, happened).predict(scores)
        assert auc(happened, made).value == 1.0
        assert made.min() > 0 and made.max() < 1
    assert MonotoneCurve().fit(scores, rising).rises_
    assert not MonotoneCurve().fit(scores, 1 - rising).rises_


def test_a_missing_score_has_a_probability_of_its_own():
    scores = np.array([1.0, 2.0, np.nan, np.nan, np.nan, np.nan])
    curve = MonotoneCurve().fit(scores, np.array([0, 1, 1, 1, 1, 1.0]))
    assert curve.predict(np.array([np.nan]))[0] > 0.9
    nothing = MonotoneCurve().fit(np.full(4, np.nan), np.array([0, 0, 0, 1.0]))
    assert 0 < nothing.predict(np.array([3.0, np.nan]))[1] < 0.5


def test_without_an_earlier_date_no_rival_can_learn():
    with pytest.raises(OptionError, match="no earlier date"):
        naive_probabilities([], features(), horizon_days=90)
    with pytest.raises(OptionError, match="no earlier date"):
        naive_amounts([], features(), horizon_days=90, money=True)


def test_what_does_not_fit_is_refused():
    table = features()
    with pytest.raises(DataError, match="earlier date 0"):
        naive_probabilities([EarlierDate(table, [1, 0])], table, horizon_days=90)
    with pytest.raises(OptionError, match="horizon_days = 0"):
        naive_probabilities([EarlierDate(table, [1, 0, 0, 0])], table, horizon_days=0)
    words = pa.table({"days_since_last_order": ["long", "short"]})
    with pytest.raises(DataError, match="days_since_last_order"):
        naive_probabilities([EarlierDate(words, [1, 0])], words, horizon_days=90)


def test_lists_follow_the_customers_own_history_and_fill_with_best_sellers():
    rows = [0, 0, 0, 0, 1, 2, 2]
    products = [5, 5, 7, 9, 7, 7, 9]
    # sold: 7 thrice, 5 and 9 twice
    assert popular_products(products).tolist() == [7, 5, 9]
    made = naive_lists(rows, products, customers=4, k=3)
    assert made["popular"].tolist() == [[7, 5, 9]] * 4
    assert made["own_history"].tolist() == [[5, 7, 9], [7, -1, -1], [7, 9, -1], [-1, -1, -1]]
    assert made["own_history_and_popular"].tolist() == [
        [5, 7, 9],
        [7, 5, 9],
        [7, 9, 5],
        [7, 5, 9],
    ]


def test_lists_of_a_shop_without_purchases_are_empty():
    nothing = np.array([], np.int64)
    made = naive_lists(nothing, nothing, customers=2, k=3)
    assert all((lists == -1).all() and lists.shape == (2, 3) for lists in made.values())
    with pytest.raises(DataError):
        naive_lists([0], [-1], customers=1)


def test_filled_lists_name_each_product_once():
    rng = np.random.default_rng(2)
    rows, products = rng.integers(0, 80, 700), rng.integers(0, 25, 700)
    filled = naive_lists(rows, products, customers=80, k=10)["own_history_and_popular"]
    assert (filled != -1).all()
    assert all(len(set(one)) == 10 for one in filled.tolist())
