from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tenure.activity.facts import Facts
from tenure.assembly import Workspace, simulate_workspace
from tenure.kernel import DataError
from tenure.predictions.kinds import KINDS
from tenure.predictions.learning_dates import Fitted, LearningPlan
from tenure.predictions.next_orders import (
    LIST_RIVALS,
    PRODUCTS_MAX,
    NextPurchase,
    fit_next_purchase,
    next_order_rows,
)
from tenure.predictions.next_purchase.histories import ORDERS_MAX
from tenure.predictions.saving import MODEL_BYTES_MAX, SavedModel
from tenure.predictions.score_columns import NEXT_PURCHASE, SCORES
from tenure.predictions.scoring import write_scores
from tenure.simulation import planned_world
from tests.unit.predictions.next_purchase.made_lines import BEGAN_ON, shoppers
from tests.unit.snapshots.facts_made import act, facts, line

PLAN = LearningPlan(horizon_days=45)
LIST_MAKERS = ("next_basket", *LIST_RIVALS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("made")
    world = planned_world("shop", customers=250, seed=5)
    simulate_workspace(world, folder / "shop", folder / "truth")
    return Workspace.open(folder / "shop")


@pytest.fixture(scope="module")
def fitted(made: Workspace) -> Fitted:
    return fit_next_purchase(made.facts(), PLAN, calendar=made.calendar)


@pytest.fixture(scope="module")
def rows(made: Workspace, fitted: Fitted) -> pa.Table:
    known = next_order_rows(made.facts(), as_of=fitted.as_of, calendar=made.calendar)
    return known.collect(known.table.order_by("customer_id"))


def learnt(fitted: Fitted, list_maker: str) -> NextPurchase:
    assert isinstance(fitted.model, NextPurchase)
    return replace(fitted.model, list_maker=list_maker)


def habits() -> Facts:
    """Return the lines of shoppers with habits as facts."""
    lines = shoppers(150).to_pylist()
    rows = [{**line(r["customer_id"], r["occurred_on"], r["product_id"])} for r in lines]
    return facts(rows)


def without_products() -> Facts:
    days = {(r["customer_id"], r["occurred_on"]) for r in shoppers(120).to_pylist()}
    return facts([act(customer, day) for customer, day in sorted(days)])


def test_lists_are_judged_on_past_dates_beside_the_simple_rules(fitted: Fitted) -> None:
    card = fitted.scorecard
    assert (card.task, card.model, set(card.rivals)) == ("ranking", "next_basket", {*LIST_RIVALS})
    assert len(card.origins) == 3
    assert fitted.model.to_dict()["list_maker"] == card.recommended


def test_every_customer_with_an_order_gets_a_range_and_products(
    fitted: Fitted, rows: pa.Table
) -> None:
    told = fitted.model.score_batch(rows)
    assert told.column_names[1:] == [column.name for column in SCORES[NEXT_PURCHASE].columns]
    assert told.num_rows == rows.num_rows == pc.count_distinct(told["customer_id"]).as_py()
    for row in told.to_pylist():
        if row["next_purchase_from_on"] is not None:
            assert fitted.as_of <= row["next_purchase_from_on"] <= row["next_purchase_until_on"]
        assert 1 <= len(json.loads(row["next_products"])) <= PRODUCTS_MAX


@pytest.mark.parametrize("list_maker", LIST_MAKERS)
def test_a_model_says_the_same_after_its_life_as_text(
    list_maker: str, fitted: Fitted, rows: pa.Table
) -> None:
    model = learnt(fitted, list_maker)
    again = NextPurchase.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    assert again.score_batch(rows).equals(model.score_batch(rows))
    assert again.to_dict() == model.to_dict()


@pytest.mark.parametrize("list_maker", LIST_MAKERS)
def test_batches_can_be_cut_anywhere(list_maker: str, fitted: Fitted, rows: pa.Table) -> None:
    model = learnt(fitted, list_maker)
    whole = model.score_batch(rows)
    cuts = [0, 1, 8, 8, 100, rows.num_rows]
    parts = [model.score_batch(rows.slice(a, b - a)) for a, b in pairwise(cuts)]
    assert pa.concat_tables(parts).equals(whole)
    assert model.score_batch(pa.concat_tables([rows.slice(8), rows.slice(0, 8)])).equals(
        pa.concat_tables([whole.slice(8), whole.slice(0, 8)])
    )


def test_lists_learnt_and_scored_in_the_engine_are_those_of_whole_histories(
    fitted: Fitted, made: Workspace, rows: pa.Table
) -> None:
    model = learnt(fitted, "next_basket")
    assert model.baskets is not None
    activity = made.facts().activity
    lines = activity.collect(activity.table)
    direct = model.baskets.recommend(lines, as_of=fitted.as_of, count=PRODUCTS_MAX)
    lists: dict[str, list[str]] = {}
    for row in direct.to_pylist():
        lists.setdefault(row["customer_id"], []).append(row["product_id"])
    told = {r["customer_id"]: r["next_products"] for r in model.score_batch(rows).to_pylist()}
    assert {who: json.loads(text) for who, text in told.items() if text} == lists


def test_scores_are_written_by_the_engine_in_the_lakes_form(
    fitted: Fitted, made: Workspace, tmp_path: Path
) -> None:
    file, kind = tmp_path / "scores.parquet", KINDS[NEXT_PURCHASE]
    written = write_scores(
        kind.rows(made.facts(), as_of=fitted.as_of, calendar=made.calendar),
        kind.restore(fitted.model.to_dict()).score_batch,
        SCORES[NEXT_PURCHASE],
        as_of=fitted.as_of,
        made_at=datetime(2026, 1, 1),
        model="abc",
        new_file=lambda: file,
    )
    assert pq.read_table(file).num_rows == written > 0


def test_what_is_learnt_from_habits_names_them() -> None:
    known = habits()
    fitted = fit_next_purchase(known, PLAN)
    assert fitted.scorecard.recommended != "popular"
    scored = next_order_rows(known, as_of=fitted.as_of)
    told = fitted.model.score_batch(scored.collect(scored.table))
    own: dict[str, set[str]] = {}
    for row in shoppers(150).to_pylist():
        own.setdefault(row["customer_id"], set()).add(row["product_id"])
    hits = [
        product in own[row["customer_id"]]
        for row in told.to_pylist()
        for product in json.loads(row["next_products"])
    ]
    assert sum(hits) > 0.7 * len(hits)


def test_without_products_only_dates_are_told_and_judged() -> None:
    known = without_products()
    fitted = fit_next_purchase(known, PLAN)
    assert (fitted.scorecard.task, fitted.scorecard.model) == ("binary", "next_order")
    scored = next_order_rows(known, as_of=fitted.as_of)
    table = scored.collect(scored.table)
    model = NextPurchase.from_dict(fitted.model.to_dict())
    told = model.score_batch(table)
    assert told.equals(fitted.model.score_batch(table))
    assert told["next_products"].null_count == told.num_rows == 120
    assert told["next_purchase_from_on"].null_count == 0


def test_rows_hold_the_latest_orders_only() -> None:
    first = date(2024, 1, 1)
    days = [first + timedelta(days=number) for number in range(ORDERS_MAX + 9)]
    lines = [line("often", day, f"p{number}") for number, day in enumerate(days)]
    known = facts([act("dateless", first)], [*lines, line("often", days[-1], "another")])
    scored = next_order_rows(known, as_of=days[-1] + timedelta(days=1))
    told = {row["customer_id"]: row for row in scored.collect(scored.table).to_pylist()}
    assert told["dateless"]["latest_orders"] is None
    orders = sorted(told["often"]["latest_orders"], key=lambda one: one["place"])
    assert [one["occurred_on"] for one in orders] == days[::-1][:ORDERS_MAX]
    assert sorted(orders[0]["products"]) == ["another", f"p{ORDERS_MAX + 8}"]


def test_orders_of_the_date_and_later_are_not_seen() -> None:
    known = facts([], [line("a", date(2024, 1, day), f"p{day}") for day in (1, 5, 9)])
    scored = next_order_rows(known, as_of=date(2024, 1, 9))
    (row,) = scored.collect(scored.table).to_pylist()
    assert [one["occurred_on"].day for one in row["latest_orders"]] in ([1, 5], [5, 1])
    assert (row["last_order_on"], row["silent_days"]) == (date(2024, 1, 5), 4)


def test_the_customers_learnt_from_are_chosen_by_the_seed(made: Workspace) -> None:
    def customers(seed: int) -> dict[str, Any]:
        plan = replace(PLAN, customers_max=120, seed=seed)
        return fit_next_purchase(made.facts(), plan, calendar=made.calendar).model.to_dict()

    first = customers(1)
    assert first == customers(1)
    assert first["returns"]["fitted"]["customers"] == 120
    assert first["returns"] != customers(2)["returns"]


def test_a_model_of_many_products_is_a_small_text() -> None:
    lines = [
        line(f"c{n % 400}", BEGAN_ON + timedelta(days=n // 40), f"product-{n * n % 20011}-of-many")
        for n in range(14_000)
    ]
    fitted = fit_next_purchase(facts(lines), PLAN)
    saved = SavedModel(
        NEXT_PURCHASE, fitted.as_of, datetime.now(), "UTC", fitted.model.to_dict(), {}
    )
    assert 100_000 < len(saved.text().encode()) < MODEL_BYTES_MAX


def test_customers_who_never_order_cannot_be_learnt_from() -> None:
    visits = [act(f"c{n}", date(2024, 1, 1) + timedelta(days=n), kind="visit") for n in range(300)]
    with pytest.raises(DataError, match="no order"):
        fit_next_purchase(facts(visits), PLAN)
