from __future__ import annotations

import json

import numpy as np
import pytest

from tenure.kernel import Estimate, OptionError, Undefined
from tenure.metrics.intervals import kaplan_meier
from tenure.predictions.contracts.kaplan_meier import ContractKaplanMeier

# Gehan (1965), Freireich's leukaemia trial: weeks of remission under 6-MP, + for censored.
REMISSION = (6, 6, 6, 7, 10, 13, 16, 22, 23)
CENSORED = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
TRIAL = {
    "duration_periods": [*REMISSION, *CENSORED],
    "ended": [True] * len(REMISSION) + [False] * len(CENSORED),
}


def at(found: Estimate | Undefined) -> Estimate:
    assert isinstance(found, Estimate)
    return found


def test_the_textbook_trial() -> None:
    """Klein and Moeschberger (2003), table 4.1: survival and its standard error by Greenwood."""
    model = ContractKaplanMeier().fit(TRIAL)
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for week, survival in published.items():
        assert at(model.survival(week)).value == pytest.approx(survival, abs=5e-4)
    assert at(model.median()).value == 23
    # The mean up to week 35 is the area under the curve; renewals begin at the end of week 1.
    steps = [0, *published, 35]
    heights = [1.0, *published.values()]
    area = sum(h * (b - a) for h, a, b in zip(heights, steps, steps[1:], strict=False))
    assert at(model.tenure(35)).value == pytest.approx(area - 1 + 0.448, abs=0.02)


def test_limits_are_those_of_the_metrics_curve() -> None:
    counts: dict[int, list[int]] = {}
    for weeks, ended in zip(TRIAL["duration_periods"], TRIAL["ended"], strict=True):
        counts.setdefault(weeks, [0, 0])[0 if ended else 1] += 1
    other = kaplan_meier((float(weeks), *pair) for weeks, pair in counts.items())
    model = ContractKaplanMeier().fit(TRIAL)
    for week in (6, 9, 13, 22, 30, 35):
        mine, theirs = at(model.survival(week)), at(other.at(week))
        assert (mine.value, mine.low, mine.high) == pytest.approx(
            (theirs.value, theirs.low, theirs.high)
        )


def test_beyond_the_longest_watched_nothing_is_said() -> None:
    model = ContractKaplanMeier().fit(TRIAL)
    assert model.survival(36) == Undefined("not_followed_long_enough")
    assert model.survival(6, age=30) == Undefined("not_followed_long_enough")
    assert model.tenure(36) == Undefined("not_followed_long_enough")
    assert model.retention_curve(36)[35:] == [model.survival(35), model.survival(36)]
    gone = ContractKaplanMeier().fit({"duration_periods": [1, 2], "ended": [1, 1]})
    assert at(gone.survival(9)).value == 0 and at(gone.tenure(9)).value == 0.5


def test_conditional_survival_is_the_curve_from_an_age_on() -> None:
    model = ContractKaplanMeier().fit(TRIAL)
    curve = [at(one).value for one in model.retention_curve(35)]
    for age, horizon in ((0, 10), (6, 7), (22, 1), (23, 12)):
        found = at(model.survival(horizon, age=age))
        assert found.value == pytest.approx(curve[age + horizon] / curve[age])
        assert found.low <= found.value <= found.high
    assert at(model.renewal(22)).value == pytest.approx(curve[23] / curve[22])
    steps = np.arange(1, 11)
    worth = [curve[5 + k] / curve[5] / 1.01 ** (k - 1) for k in steps]
    assert at(model.tenure(10, age=5, discount_rate=0.01)).value == pytest.approx(sum(worth))


def test_late_entries_count_from_their_age_on() -> None:
    late = {
        "duration_periods": [3, 4, 4, 5],
        "ended": [1, 1, 0, 0],
        "entry_periods": [2, 0, 3, 2],
    }
    model = ContractKaplanMeier().fit(late)
    assert model.table_.at_risk.tolist() == [1, 1, 3, 3, 1]
    assert at(model.survival(2, age=2)).value == pytest.approx(2 / 3 * 2 / 3)
    nobody = {"duration_periods": [4, 4], "ended": [1, 0], "entry_periods": [2, 2]}
    model = ContractKaplanMeier().fit(nobody)
    assert model.survival(3) == Undefined("nobody_at_risk") == model.median()
    assert at(model.survival(2, age=2)).value == 0.5


def test_where_nobody_left_the_limits_are_exact_ones() -> None:
    model = ContractKaplanMeier().fit({"duration_periods": [5] * 20, "ended": [0] * 20})
    found = at(model.survival(3, interval=0.9))
    assert (found.value, found.high) == (1, 1) and found.low == pytest.approx(0.05 ** (1 / 20))
    assert found.method == "binomial_exact" and model.median() == Undefined("not_reached")
    assert at(model.survival(0)).low == 1


def test_where_everybody_left_the_limits_are_exact_ones() -> None:
    data = {"duration_periods": [1] * 10 + [2] * 10, "ended": [1] * 20}
    found = at(ContractKaplanMeier().fit(data).survival(2, interval=0.9))
    assert (found.value, found.low) == (0, 0)
    assert found.high == pytest.approx(0.5 * (1 - 0.05 ** (1 / 10)))


def test_counted_rows_and_a_saved_model_are_the_same() -> None:
    counted = {"duration_periods": [2, 3], "ended": [1, 0], "customers": [3, 4]}
    rows = {"duration_periods": [2] * 3 + [3] * 4, "ended": [1] * 3 + [0] * 4}
    one, other = (ContractKaplanMeier().fit(data) for data in (counted, rows))
    again = ContractKaplanMeier.from_dict(json.loads(json.dumps(one.to_dict())))
    assert one.retention_curve(3) == other.retention_curve(3) == again.retention_curve(3)


def test_what_is_wrong_is_named() -> None:
    model = ContractKaplanMeier().fit(TRIAL)
    with pytest.raises(OptionError, match="horizon -1"):
        model.survival(-1)
    with pytest.raises(OptionError, match=r"age 0\.5"):
        model.survival(1, age=0.5)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="discount_rate -1"):
        model.tenure(1, discount_rate=-1)
