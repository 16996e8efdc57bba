from __future__ import annotations

import numpy as np
import pytest

from tenure.kernel import DataError
from tenure.predictions.contracts.risk_table import PERIODS_MAX, durations_of, risk_table


def test_contracts_at_risk_and_ended_per_period() -> None:
    table = risk_table(
        durations_of({"duration_periods": [1, 3, 3, 0, 2], "ended": [True, True, False, False, 0]})
    )
    assert table.at_risk.tolist() == [4, 3, 2]
    assert table.ended.tolist() == [1, 0, 1]
    assert table.stayed.tolist() == [3, 3, 1]
    assert table.contracts == 5


def test_late_entries_are_at_risk_only_from_their_age_on() -> None:
    table = risk_table(
        durations_of(
            {"duration_periods": [3, 3, 2], "ended": [1, 0, 0], "entry_periods": [2, 0, 2]}
        )
    )
    assert table.at_risk.tolist() == [1, 1, 2]
    assert table.ended.tolist() == [0, 0, 1]


def test_weights_stand_for_rows() -> None:
    rows = {"duration_periods": [1, 1, 2], "ended": [1, 1, 0]}
    counted = {"duration_periods": [1, 2], "ended": [1, 0], "customers": [2, 1]}
    one, other = (risk_table(durations_of(data)) for data in (rows, counted))
    assert np.array_equal(one.at_risk, other.at_risk) and np.array_equal(one.ended, other.ended)
    given = risk_table(durations_of(counted, weights=[4, 5]))
    assert given.ended.tolist() == [4, 0] and given.contracts == 9


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"duration_periods": [1, 0], "ended": [0, 1]}, "duration_periods = 0.* row 1"),
        ({"duration_periods": [1.5], "ended": [0]}, "duration_periods = 1.5"),
        ({"duration_periods": [1], "ended": [2]}, "ended = 2"),
        ({"duration_periods": [1], "ended": [1], "entry_periods": [1]}, "entry_periods = 1"),
        ({"duration_periods": [PERIODS_MAX + 1], "ended": [0]}, "at most 20,000 periods"),
        ({"duration_periods": [1]}, "ended"),
    ],
)
def test_impossible_rows_are_named(data: dict[str, list[float]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        durations_of(data)


def test_without_a_renewal_there_is_nothing_to_learn() -> None:
    for durations in ([], [0, 0]):
        with pytest.raises(DataError, match="no contract that came to a renewal"):
            risk_table(durations_of({"duration_periods": durations, "ended": [0] * len(durations)}))
