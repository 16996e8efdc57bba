from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from tenure.predictions.scorecards.findings import LeakageCheck, Weight
from tenure.predictions.scorecards.late_cutoff import jump
from tenure.predictions.scorecards.leakage import suspects

COUNT = 4_000


def customers(seed=1, count=COUNT, rate=-1.5):
    """Honest features of every type, some of them strong, and what happened after."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=count)
    happened = (rng.random(count) < 1 / (1 + np.exp(-(rate + 1.5 * hidden)))).astype(float)
    noisy = hidden + rng.normal(size=count)
    orders = rng.poisson(np.exp(1 - hidden / 2))
    table = {
        "customer_id": pa.array([f"c{i}" for i in range(count)]),
        "days_since_last_order": pa.array(np.maximum(60 + 40 * noisy, 0).astype(int)),
        "order_count": pa.array(orders),
        "net_value": pa.array([Decimal(int(n * 7)) for n in orders], pa.decimal128(18, 4)),
        "median_gap_days": pa.array(
            [
                None if n < 2 else float(g)
                for n, g in zip(orders, rng.gamma(2, 20, count), strict=True)
            ]
        ),
        "last_order_on": pa.array(
            (np.datetime64("2024-01-01") - np.maximum(60 + 40 * noisy, 0).astype(int)).astype(
                "datetime64[D]"
            )
        ),
        "first_channel": pa.array(rng.choice(["web", "shop", None], count).tolist()),
        "attr_city": pa.array(rng.choice(["Ulm", "Bern", "Chur", "上海"], count).tolist()),
        "attr_newsletter": pa.array(rng.random(count) < 0.4),
        "attr_rare": pa.array([1.0 if r < 0.004 else None for r in rng.random(count)]),
    }
    return table, happened, hidden


def check(table, happened, **given):
    return suspects(pa.table(table), happened, **given)


def codes(found):
    return {finding.column: finding.code for finding in found.findings}


def test_honest_columns_raise_no_alarm():
    table, happened, _ = customers()
    found = check(table, happened)
    assert found.findings == ()
    assert found.passed


def test_honest_columns_raise_an_alarm_in_fewer_than_two_of_a_hundred_worlds():
    alarms = 0
    for seed in range(100):
        # from frequent to rare events, from few to many customers
        table, happened, _ = customers(
            seed, count=200 * (1 + seed % 8), rate=(-3, -1.5, 0, 2)[seed % 4]
        )
        alarms += not check(table, happened).passed
    assert alarms <= 1


def test_a_column_that_is_the_outcome_is_named():
    table, happened, _ = customers()
    rng = np.random.default_rng(2)
    nearly = np.where(rng.random(COUNT) < 0.005, 1 - happened, happened)
    table["days_since_last_order"] = pa.array((200 * nearly).astype(int))
    assert codes(check(table, happened)) == {"days_since_last_order": "tells_the_outcome"}


def test_a_column_that_turns_around_is_found_too():
    # not monotone: both ends say yes, so that a plain AUC of the column would be about a half
    table, happened, _ = customers()
    rng = np.random.default_rng(3)
    away = rng.choice([-5.0, 5.0], COUNT)
    table["attr_balance"] = pa.array(np.where(happened == 1, away, 0) + rng.normal(size=COUNT) / 3)
    assert codes(check(table, happened)) == {"attr_balance": "tells_the_outcome"}


def test_a_reason_filled_for_some_who_left_is_caught_by_its_being_filled():
    table, happened, _ = customers()
    rng = np.random.default_rng(4)
    told = (happened == 1) & (rng.random(COUNT) < 0.3)
    table["attr_note"] = pa.array(np.where(told, "moved away", None).tolist(), pa.string())
    found = check(table, happened)
    assert codes(found) == {"attr_note": "value_tells_the_outcome"}
    assert "is filled" in found.findings[0].evidence["en"]
    assert "有值" in found.findings[0].evidence["zh"]


def test_a_column_missing_for_those_who_left_is_caught_by_its_gaps():
    table, happened, _ = customers()
    rng = np.random.default_rng(5)
    gone = np.where(happened == 1, rng.random(COUNT) < 0.95, rng.random(COUNT) < 0.08)
    table["attr_next_visit"] = pa.array(np.where(gone, np.nan, rng.normal(size=COUNT)))
    found = check(table, happened)
    assert codes(found) == {"attr_next_visit": "missing_tells_the_outcome"}
    assert "95%" in found.findings[0].evidence["en"]


def test_a_value_that_only_leavers_have_is_caught():
    table, happened, _ = customers()
    rng = np.random.default_rng(6)
    words = np.array(["gold", "silver"])[rng.integers(0, 2, COUNT)]
    closed = (happened == 1) & (rng.random(COUNT) < 0.1)
    table["attr_class"] = pa.array(np.where(closed, "closed", words).tolist())
    assert codes(check(table, happened)) == {"attr_class": "value_tells_the_outcome"}


def test_a_total_that_is_constant_among_those_who_stayed_is_caught():
    table, happened, _ = customers()
    rng = np.random.default_rng(7)
    back = np.where((happened == 1) & (rng.random(COUNT) < 0.4), rng.gamma(2, 10, COUNT), 0)
    table["attr_credit"] = pa.array(back)
    found = check(table, happened)
    assert codes(found) == {"attr_credit": "value_tells_the_outcome"}
    assert "not its usual value" in found.findings[0].evidence["en"]


@pytest.mark.parametrize(
    "name",
    [
        "attr_cancel_reason",
        "attr_account_status",
        "TotalCharges",
        "attr_退订原因",
        "客户状态",
        "refund_sum",
    ],
)
def test_names_of_statuses_and_totals_are_told_and_an_alarm_if_they_say_much(name):
    table, happened, hidden = customers()
    rng = np.random.default_rng(8)
    table[name] = pa.array(rng.normal(size=COUNT))
    quiet = check(table, happened)
    assert codes(quiet) == {name: "named_like_the_outcome"}
    assert quiet.findings[0].weight is Weight.NOTE and quiet.passed
    table[name] = pa.array(hidden)
    loud = check(table, happened)
    assert codes(loud) == {name: "named_like_the_outcome"}
    assert loud.findings[0].weight is Weight.ALARM and not loud.passed


def test_the_snapshots_own_columns_are_not_suspected_for_their_names():
    table, happened, hidden = customers()
    rng = np.random.default_rng(9)
    for name in ("subscription_status", "change_90_days_returned_value"):
        table[name] = pa.array(np.where(hidden + rng.normal(size=COUNT) > 0, 1.0, 0.0))
    assert check(table, happened).findings == ()


def test_numbers_and_texts_that_number_the_rows_are_told():
    table, happened, _ = customers()
    rng = np.random.default_rng(10)
    table["attr_card"] = pa.array([f"x{i}" for i in rng.permutation(COUNT)])
    table["filed"] = pa.array(rng.permutation(COUNT) + 70_000)
    table["account_no"] = pa.array(rng.integers(0, 2**40, COUNT))
    found = check(table, happened)
    assert codes(found) == dict.fromkeys(("attr_card", "filed", "account_no"), "id_like")


def test_columns_of_other_types_are_passed_over():
    table, happened, _ = customers(count=100)
    table["list"] = pa.array([[1]] * 100)
    table["nothing"] = pa.nulls(100)
    table["category"] = pa.array(["a", "b"] * 50).dictionary_encode()
    table["at"] = pa.array([1_700_000_000_000_000 + i % 7 for i in range(100)], pa.timestamp("us"))
    assert check(table, happened).passed


def test_outcomes_of_one_kind_raise_no_alarm():
    table, _, _ = customers(count=100)
    for one in (np.zeros(100), np.ones(100)):
        assert check(table, one).passed


def test_a_finding_comes_back_from_json():
    table, happened, _ = customers()
    table["attr_left"] = pa.array(happened)
    found = check(table, happened)
    assert LeakageCheck.from_dict(found.as_dict()) == found
    assert found.as_dict()["passed"] is False


@pytest.fixture(scope="module")
def slip():
    """A recency cut off in time and one cut off late, which has seen the first orders."""
    rng = np.random.default_rng(11)
    rate = rng.gamma(0.7, 1 / 60, 6_000)
    first = rng.exponential(1 / rate)
    since = rng.exponential(1 / rate)
    happened = (first < 90).astype(float)
    late = np.where(first < 15, 15 - first, since + 15)
    noise = rng.normal(size=6_000)
    return happened, -since, -late, -since + 5 * noise


def test_a_model_cut_off_late_is_further_ahead_than_honesty_allows(slip):
    happened, honest, late, _ = slip
    found = jump(happened, late, honest)
    assert [one.code for one in found.findings] == ["too_good_to_be_true"]
    assert "15" in found.findings[0].evidence["zh"]


def test_an_honest_model_and_a_model_behind_raise_no_alarm(slip):
    happened, honest, late, noisy = slip
    assert jump(happened, noisy, honest).passed
    assert jump(happened, honest, honest).passed
    # measured here, the slip of the same rival gains as much: the lead is then no surprise
    assert jump(happened, late, honest, slipped=late).passed
    assert jump(np.zeros(6_000), late, honest).passed


def test_a_value_that_most_but_not_all_of_its_customers_leave_with_is_honest():
    table, happened, hidden = customers()
    rng = np.random.default_rng(12)
    late = (hidden > 1.6) & (rng.random(COUNT) < 0.9)
    assert 0.6 < happened[late].mean() < 0.95
    table["attr_group"] = pa.array(np.where(late, "late", "other").tolist())
    assert check(table, happened).findings == ()
