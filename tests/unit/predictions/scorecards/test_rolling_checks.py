from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from tenure.predictions.scorecards.findings import Weight
from tenure.predictions.scorecards.rolling_checks import JudgedDate, rolling_checks

ROWS = 600


def judged(month: int, trained: tuple[int, ...], **columns) -> JudgedDate:
    """Return a date with an honest column beside those given as functions of the outcome."""
    random = np.random.default_rng(month)
    happened = (random.random(ROWS) < 0.2).astype(float)
    table = pa.table(
        {
            "customer_id": [f"c{number}" for number in range(ROWS)],
            "attr_age": random.integers(18, 80, ROWS),
            **{name: made(happened) for name, made in columns.items()},
        }
    )
    return JudgedDate(
        date(2024, month, 1),
        date(2024, month + 1, 1),
        table,
        happened,
        tuple((date(2024, one, 1), date(2024, one + 1, 1)) for one in trained),
    )


def farewell(happened: np.ndarray) -> pa.Array:
    """A gift that half of those who are to leave have got, and nobody else."""
    given = (np.arange(len(happened)) % 2 == 0) & (happened == 1)
    return pa.array([("sent" if one else None) for one in given], pa.string())


def by_name(checks):
    return {check.name: check for check in checks}


def test_honest_dates_pass_and_every_check_is_listed() -> None:
    found = by_name(rolling_checks([judged(6, (4, 5)), judged(7, (4, 5, 6))]))
    assert set(found) == {"dates_apart", "customers_apart", "columns_that_know"}
    assert not [finding for check in found.values() for finding in check.findings]


@pytest.mark.parametrize("where", [0, 1])
def test_a_column_that_knows_any_judged_window_is_named_once(where: int) -> None:
    dates = [judged(6, (5,)), judged(7, (5, 6))]
    dates[where] = judged(6 + where, (5,), attr_gift=farewell)
    (finding,) = by_name(rolling_checks(dates))["columns_that_know"].findings
    assert (finding.column, finding.weight) == ("attr_gift", Weight.ALARM)


def test_a_suspected_column_that_no_model_reads_is_only_noted() -> None:
    one = replace(judged(6, (5,), attr_gift=farewell), read=frozenset({"attr_age"}))
    check = by_name(rolling_checks([one]))["columns_that_know"]
    assert [finding.weight for finding in check.findings] == [Weight.NOTE]
    assert check.findings[0].evidence["en"].endswith("No model judged here reads it.")
    assert "均未使用该列" in check.findings[0].evidence["zh"]
    # Read at another date, it is an alarm.
    other = replace(judged(7, (5,), attr_gift=farewell), read=frozenset({"attr_gift"}))
    both = by_name(rolling_checks([other, one]))["columns_that_know"]
    assert [finding.weight for finding in both.findings] == [Weight.ALARM]


def test_models_that_learnt_from_a_window_still_open_are_found() -> None:
    found = by_name(rolling_checks([judged(6, (5,)), judged(7, (6, 7))]))["dates_apart"]
    assert [finding.code for finding in found.findings] == ["training_sees_the_test"]
    late = by_name(rolling_checks([judged(6, (5,))], gap_days=1))["dates_apart"]
    assert not late.passed


def test_a_customer_who_stands_twice_at_a_date_is_found() -> None:
    one = judged(6, (5,))
    doubled = one.table.set_column(0, "customer_id", pa.array(["same"] * ROWS))
    found = by_name(rolling_checks([replace(one, table=doubled)]))["customers_apart"]
    assert [finding.code for finding in found.findings] == ["customer_twice_in_a_fold"]
    assert found.findings[0].column == "2024-06-01"
