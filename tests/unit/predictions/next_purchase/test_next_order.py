from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from tenure.kernel import DataError, OptionError
from tenure.predictions.next_purchase.gaps import GAPS, gaps_of
from tenure.predictions.next_purchase.next_order import RETURNS, NextOrder

BEGAN_ON = date(2024, 1, 1)
SPAN_DAYS = 730


def order_days(customers: int = 1500, *, seed: int = 3, stays: float = 0.93) -> pa.Table:
    """Return order days of customers whose gaps are log-normal with paces of their own."""
    random = np.random.default_rng(seed)
    names, days = [], []
    for number in range(customers):
        centre, spread = random.normal(3.3, 0.6), 0.15 + random.gamma(2, 0.15)
        day = random.uniform(0, SPAN_DAYS - 60)
        while day < SPAN_DAYS:
            names.append(f"c{number:04}")
            days.append(BEGAN_ON + timedelta(days=int(day)))
            if random.random() > stays:
                break
            day += max(1.0, random.lognormal(centre, spread))
    return pa.table({"customer_id": names, "occurred_on": pa.array(days, pa.date32())})


AS_OF = BEGAN_ON + timedelta(days=SPAN_DAYS)


@pytest.fixture(scope="module")
def gaps() -> pa.Table:
    return gaps_of(order_days(), AS_OF)


@pytest.fixture(scope="module")
def model(gaps: pa.Table) -> NextOrder:
    return NextOrder().fit(gaps)


def one(count: float, mean_log: float, spread: float, silent: float) -> dict[str, list[float]]:
    """Return the sums of a customer with gaps of a mean logarithm and a spread of it."""
    return {
        "gap_count": [count],
        "log_gap_sum": [count * mean_log],
        "log_gap_square_sum": [count * (mean_log**2 + spread**2)],
        "silent_days": [silent],
    }


def test_gaps_are_those_between_order_days() -> None:
    days = [BEGAN_ON + timedelta(days=d) for d in (0, 0, 7, 10, 40)]
    table = pa.table({"customer_id": ["a"] * 5, "occurred_on": pa.array(days, pa.date32())})
    found = gaps_of(table, BEGAN_ON + timedelta(days=41)).to_pylist()[0]
    logs = np.log([7, 3, 30])
    assert (found["gap_count"], found["silent_days"]) == (3, 1)
    assert found["log_gap_sum"] == pytest.approx(logs.sum(), abs=3e-6)
    assert found["log_gap_square_sum"] == pytest.approx((logs**2).sum(), abs=3e-6)
    assert found["naive_gap_days"] == 7
    assert found["last_order_on"] == days[-1]


def test_an_own_median_needs_three_gaps() -> None:
    days = {"a": (0, 10, 20, 30), "b": (0, 1), "c": (0,)}
    rows = [(c, BEGAN_ON + timedelta(days=d)) for c, ds in days.items() for d in ds]
    table = pa.table(
        {"customer_id": [c for c, _ in rows], "occurred_on": pa.array([d for _, d in rows])}
    )
    found = gaps_of(table)
    # The typical customer's gap is the median of 10 and 1.
    assert found["naive_gap_days"].to_pylist() == [10.0, 5.5, 5.5]
    assert found["silent_days"].to_pylist() == [1, 30, 31]


def test_days_after_the_as_of_date_are_not_looked_at() -> None:
    whole = order_days(60)
    early = AS_OF - timedelta(days=200)
    known = whole.filter([d < early for d in whole["occurred_on"].to_pylist()])
    assert gaps_of(whole, early).equals(gaps_of(known, early))


def test_regular_customers_get_narrow_ranges_around_their_own_day(model: NextOrder) -> None:
    regular = model.forecast(one(12, np.log(30), 0.05, 10.0))
    erratic = model.forecast(one(12, np.log(30), 0.9, 10.0))
    assert regular.median[0] == pytest.approx(20, abs=3)
    assert regular.widely_high[0] - regular.widely_low[0] < 25
    assert erratic.widely_high[0] - erratic.widely_low[0] > 40


def test_who_is_long_overdue_has_rather_left(model: NextOrder) -> None:
    due, overdue, lost = (
        model.forecast(one(12, np.log(30), 0.1, days)).never_probability[0]
        for days in (10.0, 90.0, 400.0)
    )
    assert due < 0.2 < overdue < lost
    assert lost > 0.8


def test_one_time_buyers_are_told_the_population_s_rhythm(model: NextOrder) -> None:
    found = model.forecast(one(0, 0.0, 0.0, 5.0))
    assert 0.3 < found.return_probability[0] < 1
    assert found.likely_low[0] < found.median[0] < found.likely_high[0]


def test_the_forecast_is_the_integral_over_the_customers_rhythm(model: NextOrder) -> None:
    # The predictive density, written down anew and integrated without its closed form.
    p = model.parameters_
    count, logs = 4, np.log([20.0, 35.0, 28.0, 44.0])
    row = {
        "gap_count": [count],
        "log_gap_sum": [logs.sum()],
        "log_gap_square_sum": [(logs**2).sum()],
        "silent_days": [15.0],
    }
    found = model.forecast(row, horizon_days=60)

    def longer(days: float) -> float:
        weights = p["mean_weight"] + count
        centre = (p["mean_weight"] * p["log_mean"] + logs.sum()) / weights
        shape = p["shape"] + count / 2
        scale = (
            p["scale"]
            + ((logs - logs.mean()) ** 2).sum() / 2
            + p["mean_weight"] * count * (logs.mean() - p["log_mean"]) ** 2 / (2 * weights)
        )

        def at(variance: float) -> float:
            spread = np.sqrt(variance * (1 + 1 / weights))
            return stats.invgamma.pdf(variance, shape, scale=scale) * stats.norm.sf(
                np.log(days), centre, spread
            )

        return integrate.quad(at, 0, np.inf, limit=200)[0]

    left = p["leaving"] / (p["leaving"] + p["staying"] + count)
    still, late = longer(14.5), longer(74.5)
    there = (1 - left) * still / (left + (1 - left) * still)
    assert found.never_probability[0] == pytest.approx(1 - there, abs=1e-6)
    assert found.return_probability[0] == pytest.approx(there * (1 - late / still), abs=1e-6)


def test_ranges_hold_what_they_promise() -> None:
    whole = order_days(3000, seed=11)
    early = AS_OF - timedelta(days=180)
    found = NextOrder().fit(gaps_of(whole, early))
    gaps = gaps_of(whole, early)
    made = found.forecast(gaps, 180)
    later = whole.filter([d >= early for d in whole["occurred_on"].to_pylist()])
    first = later.group_by("customer_id").aggregate([("occurred_on", "min")])
    came = {
        c: (d - early).days
        for c, d in zip(*(first[n].to_pylist() for n in first.column_names), strict=True)
    }
    actual = np.array([came.get(c, -1) for c in gaps["customer_id"].to_pylist()])
    back = actual >= 0
    for low, high, promised in (
        (made.likely_low, made.likely_high, 0.5),
        (made.widely_low, made.widely_high, 0.8),
    ):
        share = ((actual >= low) & (actual <= high))[back].mean()
        assert promised - 0.03 <= share <= promised + 0.06
    assert made.return_probability.mean() == pytest.approx(back.mean(), abs=0.02)


def test_the_unit_of_a_rhythm_does_not_matter_to_what_is_seen(gaps: pa.Table) -> None:
    weighted = {name: np.tile(gaps[name].to_numpy().astype(float), 2) for name in GAPS}
    twice = NextOrder().fit(weighted)
    once = NextOrder().fit(gaps)
    for name, value in once.parameters_.items():
        assert twice.parameters_[name] == pytest.approx(value, rel=1e-3)


def test_row_order_changes_nothing(gaps: pa.Table, model: NextOrder) -> None:
    mixed = gaps.take(pa.array(np.random.default_rng(1).permutation(gaps.num_rows)))
    assert NextOrder().fit(mixed).to_dict() == model.to_dict()


def test_a_saved_model_forecasts_bit_for_bit_alike(gaps: pa.Table, model: NextOrder) -> None:
    text = json.dumps(model.to_dict())
    again = NextOrder.from_dict(json.loads(text))
    assert again.score_batch(gaps).equals(model.score_batch(gaps))
    assert len(text) < 1_000


def test_a_batch_says_dates_within_the_horizon(gaps: pa.Table, model: NextOrder) -> None:
    made = model.score_batch(gaps, horizon_days=90)
    assert made.schema == RETURNS
    for row in made.to_pylist()[:300]:
        days = [row[n] for n in RETURNS.names if n.endswith("_on")]
        if row["next_order_on"] is None:
            assert row["return_probability"] <= 1e-9
            continue
        low, high = row["widely_from_on"], row["widely_to_on"]
        assert AS_OF <= low <= row["likely_from_on"] <= row["next_order_on"]
        assert row["next_order_on"] <= row["likely_to_on"] <= high < AS_OF + timedelta(days=90)
        assert None not in days


def test_a_row_s_forecast_is_its_own(gaps: pa.Table, model: NextOrder) -> None:
    assert model.score_batch(gaps).slice(7, 3).equals(model.score_batch(gaps.slice(7, 3)))


def test_rows_without_an_order_are_left_out(gaps: pa.Table, model: NextOrder) -> None:
    nobody = pa.table({n: pa.nulls(1, gaps.schema.field(n).type) for n in gaps.column_names})
    assert model.score_batch(pa.concat_tables([gaps.slice(0, 2), nobody])).num_rows == 2


def test_without_repeats_there_is_no_rhythm() -> None:
    table = pa.table({"customer_id": ["a", "b"], "occurred_on": pa.array([BEGAN_ON] * 2)})
    with pytest.raises(DataError, match="0 gaps"):
        NextOrder().fit(gaps_of(table))


def test_a_horizon_is_at_least_a_day(gaps: pa.Table, model: NextOrder) -> None:
    with pytest.raises(OptionError, match="horizon_days=0"):
        model.forecast(gaps, 0)


@given(
    st.integers(0, 3000),
    st.floats(0, 7),
    st.floats(0, 3),
    st.integers(1, 20_000),
    st.integers(1, 4000),
)
def test_no_forecast_is_ever_broken(
    model: NextOrder, count: int, mean_log: float, spread: float, silent: int, horizon: int
) -> None:
    made = model.forecast(one(count, mean_log, spread, silent), horizon)
    low, median, high = made.widely_low[0], made.median[0], made.widely_high[0]
    assert 0 <= made.return_probability[0] <= 1 - made.never_probability[0] + 1e-12
    assert 0 <= made.never_probability[0] <= 1
    assert 0 <= low <= made.likely_low[0] <= median <= made.likely_high[0] <= high < horizon
