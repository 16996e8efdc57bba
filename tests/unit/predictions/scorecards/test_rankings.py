import numpy as np
import pytest

from tenure.kernel import DataError, Undefined
from tenure.predictions.scorecards.rankings import pairs, ranking_figures

SUGGESTED = np.array([[7, 6, 5, 4, 3], [1, 2, 3, 4, 5], [9, -1, -1, -1, -1]])
BOUGHT = pairs([0, 0, 0, 1, 1, 1], [7, 5, 2, 8, 9, 6])


def test_recall_precision_and_hits_count_customers_who_bought():
    made = ranking_figures(SUGGESTED, BOUGHT, k=5)
    # the third customer bought nothing and does not count
    assert made.customers == 2
    assert made.recall == pytest.approx((2 / 3 + 0) / 2)
    assert made.precision == pytest.approx((2 / 5 + 0) / 2)
    assert made.hit_rate == 0.5
    assert made.reciprocal_rank == 0.5


def test_the_discounted_gain_is_that_of_scikit_learn():
    # scikit-learn 1.9.1: ndcg_score of relevance 1, 0, 1, 0, 0, 1, 0 in that order, k = 5 and 2
    suggested = np.array([[1, 2, 3, 4, 5, 6, 7]])
    bought = pairs([0, 0, 0], [1, 3, 6])
    five, two = (ranking_figures(suggested, bought, k=k) for k in (5, 2))
    assert five.gain == pytest.approx(0.7039180890341348)
    assert two.gain == pytest.approx(0.6131471927654585)


def test_repeat_and_new_products_are_judged_apart():
    known = pairs([0, 1, 1], [7, 8, 3])
    again = ranking_figures(SUGGESTED, BOUGHT, k=5, known=known, part="repeat")
    new = ranking_figures(SUGGESTED, BOUGHT, k=5, known=known, part="new")
    assert (again.customers, again.recall) == (2, pytest.approx((1 + 0) / 2))
    assert (new.customers, new.recall) == (2, pytest.approx((1 / 2 + 0) / 2))


def test_a_product_bought_twice_counts_once():
    twice = pairs([0, 0, 0, 0], [7, 7, 5, 2])
    assert ranking_figures(SUGGESTED[:1], twice, k=5).recall == pytest.approx(2 / 3)


def test_short_and_empty_lists_miss_what_they_do_not_name():
    empty = np.full((1, 3), -1)
    assert ranking_figures(empty, pairs([0], [0]), k=3).recall == 0.0
    # the end of one row's list is no neighbour of the next row's first product
    made = ranking_figures(np.array([[-1, -1], [-1, -1]]), pairs([0, 1], [3, 0]), k=2)
    assert made.recall == 0.0


def test_nobody_who_bought_is_undefined():
    nothing = pairs(np.array([], np.int64), np.array([], np.int64))
    assert ranking_figures(SUGGESTED, nothing) == Undefined("nobody_bought_such_products")


def test_figures_agree_with_sets_counted_one_by_one():
    rng = np.random.default_rng(6)
    lists = np.array([rng.permutation(30)[:10] for _ in range(200)])
    rows, products = rng.integers(0, 200, 900), rng.integers(0, 30, 900)
    made = ranking_figures(lists, pairs(rows, products), k=10)
    recalls, firsts = [], []
    for row in range(200):
        wanted = set(products[rows == row].tolist())
        if wanted:
            hits = [product in wanted for product in lists[row].tolist()]
            recalls.append(sum(hits) / len(wanted))
            firsts.append(1 / (hits.index(True) + 1) if any(hits) else 0)
    assert made.customers == len(recalls)
    assert made.recall == pytest.approx(np.mean(recalls))
    assert made.reciprocal_rank == pytest.approx(np.mean(firsts))


@pytest.mark.parametrize(
    ("suggested", "bought", "told"),
    [
        (np.array([[1, 1]]), pairs([0], [1]), "twice"),
        (np.array([1, 2]), pairs([0], [1]), "shape"),
        (np.array([[1.0, 2.0]]), pairs([0], [1]), "float64"),
        (np.array([[1, 2]]), pairs([1], [1]), "a purchase of row 1"),
    ],
)
def test_lists_that_make_no_sense_are_refused(suggested, bought, told):
    with pytest.raises(DataError, match=told):
        ranking_figures(suggested, bought)


def test_the_parts_need_a_history():
    with pytest.raises(DataError, match="known"):
        ranking_figures(SUGGESTED, BOUGHT, part="new")
    with pytest.raises(DataError, match="whole numbers"):
        pairs([0], [-1])
    with pytest.raises(DataError, match="equal length"):
        pairs([0, 1], [1])
