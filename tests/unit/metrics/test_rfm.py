from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from tenure.kernel import OptionError
from tenure.metrics.rfm import RFM_CELLS, RFM_TITLES, RfmCuts, RfmSegment, rfm, rfm_cuts

AS_OF = date(2024, 7, 1)
CUTS = RfmCuts((10, 20, 30, 40), (1, 2, 3, 4), (100, 200, 300, 400))


def activity(rows: list[tuple[str, int, float | None]]) -> pa.Table:
    """(customer, days before the as-of date, value); a negative value is a refund."""
    return pa.table(
        {
            "customer_id": [name for name, _, _ in rows],
            "occurred_on": [AS_OF - timedelta(days) for _, days, _ in rows],
            "order_id": [f"o{n}" for n in range(len(rows))],
            "value": pa.array([value for *_, value in rows], pa.float64()),
        }
    )


def segments_of(table: pa.Table, cuts: RfmCuts | None = CUTS) -> dict[str, str]:
    result = rfm(table, as_of=AS_OF, cuts=cuts)
    return {
        customer: row["segment"]
        for row in result.rows()
        for customer in result.drill(segment=row["segment"])["customer_id"].to_pylist()
    }


def test_a_value_on_a_cut_point_is_not_beyond_it() -> None:
    found = segments_of(activity([("on", 10, 100), ("beyond", 11, 101)]))
    assert found == {"on": "new", "beyond": "potential_loyalists"}


def test_value_is_net_of_refunds_and_a_refund_is_no_recent_order() -> None:
    kept = [("ann", 45, 500.0), ("bob", 45, 500.0), ("bob", 1, -450.0)]
    assert segments_of(activity(kept)) == {"ann": "at_risk", "bob": "lost"}


def test_without_amounts_frequency_alone_speaks() -> None:
    table = activity([("ann", 1, None)] * 5 + [("bob", 1, None)])
    result = rfm(table, as_of=AS_OF, cuts=CUTS)
    assert segments_of(table) == {"ann": "champions", "bob": "new"}
    assert all(row["net_value"] is None for row in result.rows())


def test_ties_stay_together_even_if_most_customers_are_alike() -> None:
    table = activity([(f"c{n}", 30, 50) for n in range(54)] + [("x", 1, 70), ("x", 2, 70)])
    cuts = rfm_cuts(table, as_of=AS_OF)
    assert cuts.order_count == (1, 1, 1, 1)
    alike = {segment for name, segment in segments_of(table, None).items() if name != "x"}
    assert len(alike) == 1


def test_frozen_cut_points_give_what_quintiles_gave() -> None:
    table = activity([(f"c{n}", 1 + n % 17, 10 + 7.3 * n) for n in range(60)])
    own, frozen = (
        rfm(table, as_of=AS_OF),
        rfm(table, as_of=AS_OF, cuts=rfm_cuts(table, as_of=AS_OF)),
    )
    assert own.rows() == frozen.rows()
    assert "Cut points: days" in own.definition.text["en"]
    assert own.definition.text == frozen.definition.text


def test_all_segments_are_shown_and_add_up() -> None:
    result = rfm(activity([("ann", 1, 30), ("bob", 50, 70)]), as_of=AS_OF, cuts=CUTS)
    rows = result.rows()
    assert [row["segment"] for row in rows] == [segment.value for segment in RfmSegment]
    assert sum(row["customers"] for row in rows) == 2
    assert sum(row["net_value"] for row in rows) == Decimal(100)
    assert sum(row["value_share"] for row in rows) == pytest.approx(1)


def test_nobody_has_shares_of_nothing() -> None:
    result = rfm(activity([("ann", 1, 30)]), as_of=date(2000, 1, 1))
    assert all(row["customers"] == 0 and row["share"] is None for row in result.rows())
    with pytest.raises(OptionError, match="no customer with an order"):
        rfm_cuts(activity([("ann", 1, 30)]), as_of=date(2000, 1, 1))


@pytest.mark.parametrize("cuts", [(1, 2, 3), (4, 3, 2, 1), (1, 2, 3, float("nan"))])
def test_cut_points_must_ascend(cuts: tuple[float, ...]) -> None:
    with pytest.raises(OptionError, match="four numbers"):
        RfmCuts(cuts, (1, 2, 3, 4), None)


def test_every_segment_has_a_name_in_both_languages() -> None:
    assert set(RFM_TITLES) == set(RfmSegment)
    assert all(set(title) == {"en", "zh"} for title in RFM_TITLES.values())


def test_more_recent_customers_of_equal_habit_never_have_a_worse_name() -> None:
    better = (
        *("lost", "hibernating", "cannot_lose_them", "at_risk", "about_to_sleep"),
        *("need_attention", "promising", "new", "potential_loyalists", "loyal", "champions"),
    )
    for fm in range(1, 6):
        ranks = [better.index(RFM_CELLS[recency, fm].value) for recency in range(1, 6)]
        assert ranks == sorted(ranks), fm


def test_cdnow_is_divided_without_remainder(shared_data: Path) -> None:
    lines = (shared_data / "CDNOW_master.txt").read_text().splitlines()[1:]
    fields = [line.split() for line in lines if line.strip()]
    table = pa.table(
        {
            "customer_id": [f[0] for f in fields],
            "occurred_on": [date.fromisoformat(f[1]) for f in fields],
            "value": [Decimal(f[3]) for f in fields],
        }
    )
    rows = rfm(table).rows()
    assert sum(row["customers"] for row in rows) == 23_570
    assert sum(row["net_value"] for row in rows) == Decimal("2500315.63")
