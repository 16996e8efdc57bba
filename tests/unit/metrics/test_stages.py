from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest

from tenure.kernel import OptionError
from tenure.metrics.stages import STAGE_TITLES, Stage, StageRule, stages

START = date(2024, 1, 1)
TYPICAL = {f"typical{n}": [0, 10, 20, 30, 40, 50, 60, 70, 80, 90] for n in range(3)}


def activity(days: dict[str, list[int]], kind: str = "order") -> pa.Table:
    pairs = [(name, START + timedelta(day)) for name, list_ in days.items() for day in list_]
    return pa.table(
        {
            "customer_id": [name for name, _ in pairs],
            "occurred_on": [day for _, day in pairs],
            "kind": [kind] * len(pairs),
        }
    )


def stage_of(days: list[int], at: int = 100) -> str:
    result = stages(activity({**TYPICAL, "ann": days}), as_of=START + timedelta(at))
    [stage] = [
        row["stage"]
        for row in result.rows()
        if "ann" in result.drill(stage=row["stage"])["customer_id"].to_pylist()
    ]
    return str(stage)


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        ([95], "new"),
        ([86], "new"),  # 14 days of silence: 1.4 times the typical 10
        ([84], "declining"),
        ([71], "declining"),
        ([69], "lapsed"),
        ([85, 95], "growing"),
        ([75, 80, 90, 95], "growing"),
        ([0, 20, 40, 60, 80], "mature"),
        ([0, 20, 40], "lapsed"),  # two gaps only: judged by the typical 10 days
        ([0, 20, 40, 60], "declining"),  # three gaps: judged by its own 20
        ([0, 70, 78, 85, 91, 97], "growing"),  # ever faster
        ([*range(0, 44, 4), 95], "declining"),  # ever slower, though not late yet
    ],
)
def test_the_stage_is_judged_by_the_rhythm(days: list[int], stage: str) -> None:
    assert stage_of(days) == stage


def test_customers_without_an_order_are_prospects_and_cells_drill_down() -> None:
    table = pa.concat_tables([activity(TYPICAL), activity({"eve": [3]}, "visit")])
    result = stages(table)
    sizes = {row["stage"]: row["customers"] for row in result.rows()}
    assert list(sizes) == [stage.value for stage in Stage]
    assert sizes["prospect"] == 1
    assert sum(sizes.values()) == 4
    for stage, size in sizes.items():
        assert result.drill(stage=stage).num_rows == size
    assert sum(row["share"] for row in result.rows()) == pytest.approx(1)


def test_without_any_rhythm_every_buyer_is_new() -> None:
    result = stages(activity({"ann": [0], "bob": [50]}), as_of=START + timedelta(900))
    assert {row["stage"]: row["customers"] for row in result.rows()}["new"] == 2


def test_a_rule_must_make_sense() -> None:
    with pytest.raises(OptionError):
        StageRule(declining_ratio=4)
    with pytest.raises(OptionError):
        StageRule(settled_order_days=1)


def test_every_stage_has_a_name_in_both_languages() -> None:
    assert set(STAGE_TITLES) == set(Stage)
    assert all(set(title) == {"en", "zh"} for title in STAGE_TITLES.values())
