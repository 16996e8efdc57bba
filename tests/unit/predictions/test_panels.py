from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

import pyarrow as pa
import pytest

from tenure.activity.facts import Facts
from tenure.kernel import OptionError
from tenure.predictions.panels import OUTCOME, Panel, data_days, data_end, origins, panel
from tests.unit.snapshots.facts_made import act, attribute, contract, facts

AS_OF = date(2025, 7, 1)
UNTIL = date(2025, 9, 29)
DAY = timedelta(days=1)


def rows(table: pa.Table) -> dict[str, dict[str, object]]:
    return {row["customer_id"]: row for row in table.to_pylist()}


def made() -> Facts:
    return facts(
        activity=[
            act("often", date(2025, 1, 1)),
            act("often", date(2025, 2, 1)),
            act("often", AS_OF - DAY, "30"),
            act("often", AS_OF, "7"),
            act("often", AS_OF, "5", order="second"),
            act("often", UNTIL - DAY, "2"),
            act("often", UNTIL, "100"),
            act("refunded", date(2025, 3, 1)),
            act("refunded", date(2025, 8, 1), "-4", kind="refund"),
            act("silent", date(2025, 3, 1)),
            act("unpriced", date(2025, 3, 1)),
            act("unpriced", date(2025, 8, 1), None),
            act("looker", date(2025, 3, 1), None, kind="visit"),
            act("looker", date(2025, 8, 1), None, kind="visit"),
            act("later", date(2025, 8, 1)),
            act("end", date(2025, 12, 31)),
        ],
        attributes=[attribute("silent", "city", "Ulm", datetime(2025, 1, 1))],
        subscriptions=[
            contract("stays", date(2025, 1, 1)),
            contract("ends", date(2025, 1, 1), date(2025, 8, 1)),
            contract("returns", date(2025, 1, 1), date(2025, 8, 1)),
            contract("returns", date(2025, 9, 1), plan="plus"),
            contract("ended", date(2025, 1, 1), date(2025, 5, 1)),
            contract("outlives", date(2025, 1, 1), UNTIL),
        ],
    )


@cache  # compiling the same panel for every test would take most of the time
def at(as_of: date = AS_OF, **options: object) -> Panel:
    return panel(made(), **{"as_of": as_of, "horizon_days": 90, **options})  # type: ignore[arg-type]


def test_all_tables_have_the_same_customers_in_the_same_order():
    found = at()
    ids = found.features["customer_id"].to_pylist()
    assert ids == sorted(ids)
    assert "later" not in ids
    assert found.history["customer_id"].to_pylist() == ids
    assert found.outcome is not None
    assert found.outcome["customer_id"].to_pylist() == ids
    assert found.outcome.schema == OUTCOME


def test_features_know_nothing_of_the_origin_itself_or_later():
    often = rows(at().features)["often"]
    assert (often["order_count"], often["last_order_on"]) == (3, AS_OF - DAY)


def test_deleting_everything_from_the_origin_on_changes_no_feature():
    kept = made()
    activity = kept.activity
    early = activity.collect(activity.table.filter(activity.table.occurred_on < AS_OF))
    cut = facts(
        activity=early.to_pylist(),
        attributes=[attribute("silent", "city", "Ulm", datetime(2025, 1, 1))],
        subscriptions=[
            contract(name, date(2025, 1, 1)) for name in ("stays", "ends", "returns", "outlives")
        ]
        + [contract("ended", date(2025, 1, 1), date(2025, 5, 1))],
    )
    before, after = panel(cut, as_of=AS_OF), at()
    assert before.features.equals(after.features)
    assert before.history.equals(after.history)


def test_outcomes_count_orders_of_the_half_open_window():
    assert at().outcome is not None
    often = rows(at().outcome)["often"]
    assert (often["order_count"], often["order_day_count"]) == (3, 2)
    assert (often["gross_value"], often["next_order_on"]) == (Decimal(14), AS_OF)


def test_who_did_nothing_has_zeros_but_an_unknown_amount_stays_unknown():
    found = rows(at().outcome)
    assert (found["silent"]["order_count"], found["silent"]["net_value"]) == (0, 0)
    assert found["silent"]["next_order_on"] is None
    assert (found["looker"]["order_count"], found["looker"]["gross_value"]) == (0, 0)
    assert (found["refunded"]["gross_value"], found["refunded"]["net_value"]) == (0, -4)
    assert (found["unpriced"]["order_count"], found["unpriced"]["gross_value"]) == (1, None)


def test_a_contract_has_ended_if_none_covers_the_windows_last_day():
    found = rows(at().outcome)
    told = {name: found[name]["contract_ended"] for name in found}
    assert told["ends"] is True
    assert (told["stays"], told["returns"], told["outlives"]) == (False, False, False)
    assert (told["ended"], told["silent"]) == (None, None)


def test_no_outcome_before_the_window_and_its_gap_have_passed():
    few = {"change_days": None, "attributes": ()}  # sooner compiled
    assert at(known_until=UNTIL, **few).outcome is not None
    assert at(known_until=UNTIL - DAY, **few).outcome is None
    assert at(known_until=UNTIL, gap_days=1, **few).outcome is None
    assert at(date(2025, 12, 1), **few).outcome is None
    assert at(horizon_days=None, **few).until is None


def test_history_is_that_of_the_purchase_models_and_null_without_an_order():
    found = rows(at().history)
    assert found["often"] == {
        "customer_id": "often",
        "repeat_order_day_count": 2,
        "age_at_last_order_days": 180,
        "age_days": 181,
        "mean_repeat_value": 20.0,
    }
    assert found["looker"]["age_days"] is None


def test_changes_are_now_less_then_and_unknown_for_who_was_not_there():
    found = rows(at(change_days=150).features)
    assert found["often"]["change_150_days_order_count_90_days"] == 1.0 - 1.0
    assert found["often"]["change_150_days_net_value_30_days"] == 30.0 - 0.0
    assert found["refunded"]["change_150_days_net_value_30_days"] is None
    assert not [name for name in at(change_days=None).features.column_names if "change" in name]


def test_attributes_are_chosen_by_name():
    assert rows(at().features)["silent"]["attr_city"] == "Ulm"
    assert "attr_city" not in at(attributes=()).features.column_names


def test_rows_received_later_are_not_seen_when_asked():
    received = datetime(2029, 1, 1)
    data = facts(
        [act("a", date(2025, 1, 1), received=received), act("a", date(2025, 2, 1)), act("b", AS_OF)]
    )
    found = panel(data, as_of=AS_OF, received_before=received + DAY)
    assert rows(found.features)["a"]["order_count"] == 1
    assert rows(found.history)["a"]["repeat_order_day_count"] == 0


def many(count: int) -> Facts:
    return facts(
        [act(f"客{n}", date(2025, 1, 1) + DAY * (n % 90), str(n % 7 + 1)) for n in range(count)]
    )


def test_a_sample_keeps_the_wanted_number_with_their_own_figures():
    data = many(3000)
    whole, part = (
        panel(data, as_of=AS_OF, change_days=None),
        panel(data, as_of=AS_OF, change_days=None, sample=200),
    )
    assert part.features.num_rows == 200
    everyone = rows(whole.features)
    assert all(row == everyone[name] for name, row in rows(part.features).items())
    assert part.history.num_rows == 200


def test_a_sample_is_the_same_every_time_and_grows_by_adding():
    data = many(1000)
    small, large = (
        set(
            panel(data, as_of=AS_OF, change_days=None, sample=n).features["customer_id"].to_pylist()
        )
        for n in (50, 100)
    )
    assert small < large
    other = (
        panel(data, as_of=AS_OF, change_days=None, sample=50, seed=1)
        .features["customer_id"]
        .to_pylist()
    )
    assert set(other) != small


def test_a_sample_larger_than_the_business_is_everybody():
    assert panel(many(20), as_of=AS_OF, sample=50).features.num_rows == 20


def test_origins_end_with_the_data_and_their_windows_do_not_overlap():
    found = origins(date(2024, 1, 1), date(2024, 12, 31), horizon_days=30, gap_days=5)
    assert found == (date(2024, 11, 27), date(2024, 10, 23), date(2024, 9, 18))
    assert found[0] + timedelta(days=35) == date(2025, 1, 1)


def test_origins_need_history_before_them():
    found = origins(date(2024, 1, 1), date(2024, 6, 30), horizon_days=60, count=9)
    assert found == (date(2024, 5, 2), date(2024, 3, 3))
    assert origins(date(2024, 1, 1), date(2024, 2, 1), horizon_days=60) == ()


def test_days_of_the_data_are_those_of_activity_or_else_of_contracts():
    assert data_days(made()) == (date(2025, 1, 1), date(2025, 12, 31))
    contracts = facts(subscriptions=[contract("a", date(2025, 2, 3))])
    assert data_end(contracts) == date(2025, 2, 4)
    assert data_end(facts()) is None


@pytest.mark.parametrize(
    "options", [{"horizon_days": 0}, {"sample": 0}, {"change_days": 0}, {"gap_days": -1}]
)
def test_numbers_out_of_range_are_refused(options: dict[str, int]):
    with pytest.raises(OptionError, match=next(iter(options))):
        at(**options)


def test_a_business_of_contracts_only_has_panels_too():
    data = facts(subscriptions=[contract("a", date(2025, 1, 1)), contract("b", date(2025, 6, 1))])
    found = panel(data, as_of=AS_OF, horizon_days=30, known_until=date(2025, 8, 1))
    assert found.outcome is not None
    assert found.outcome["contract_ended"].to_pylist() == [False, False]
