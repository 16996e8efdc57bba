from __future__ import annotations

import json
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tenure.kernel import DataError
from tenure.predictions.next_purchase.gaps import gaps_of
from tenure.predictions.next_purchase.predictor import NEXT_PURCHASES, NextPurchase
from tenure.predictions.next_purchase.suggesting import Exclusions
from tests.unit.predictions.next_purchase.made_lines import BEGAN_ON, shoppers, table

AS_OF = BEGAN_ON + timedelta(days=330)


@pytest.fixture(scope="module")
def lines() -> pa.Table:
    return shoppers(200)


@pytest.fixture(scope="module")
def model(lines: pa.Table) -> NextPurchase:
    return NextPurchase(horizon_days=90, list_length=3).fit(lines, lines, as_of=AS_OF)


def test_dates_and_products_stand_side_by_side(model: NextPurchase, lines: pa.Table) -> None:
    gaps = gaps_of(lines, AS_OF)
    made = model.score_chunk(gaps, lines, as_of=AS_OF)
    assert made.schema == NEXT_PURCHASES
    assert made["customer_id"].to_pylist() == gaps["customer_id"].to_pylist()
    assert model.basket_ is not None
    listed = model.basket_.recommend(lines, as_of=AS_OF, count=3)
    for row in made.to_pylist()[:50]:
        mine = listed.filter(pc.equal(listed["customer_id"], row["customer_id"]))
        assert json.loads(row["next_products"]) == mine["product_id"].to_pylist()
        assert AS_OF <= row["next_purchase_from_on"] <= row["next_order_on"]
        assert row["next_order_on"] <= row["next_purchase_until_on"]


def test_chunks_make_up_the_whole(model: NextPurchase, lines: pa.Table) -> None:
    gaps = gaps_of(lines, AS_OF)
    whole = model.score_chunk(gaps, lines, as_of=AS_OF)
    parts = []
    for start in range(0, gaps.num_rows, 70):
        some = gaps.slice(start, 70)
        ids = some["customer_id"].combine_chunks()
        mine = lines.filter(pc.is_in(lines["customer_id"], value_set=ids))
        parts.append(model.score_chunk(some, mine, as_of=AS_OF))
    assert pa.concat_tables(parts).equals(whole)


def test_a_saved_model_scores_bit_for_bit_alike(model: NextPurchase, lines: pa.Table) -> None:
    again = NextPurchase.from_dict(json.loads(json.dumps(model.to_dict())))
    gaps = gaps_of(lines, AS_OF)
    assert again.score_chunk(gaps, lines, as_of=AS_OF).equals(
        model.score_chunk(gaps, lines, as_of=AS_OF)
    )


def test_exclusions_reach_the_lists(model: NextPurchase, lines: pa.Table) -> None:
    gaps = gaps_of(lines, AS_OF)
    first = json.loads(model.score_chunk(gaps, lines, as_of=AS_OF)["next_products"][0].as_py())[0]
    rules = Exclusions(out_of_stock=(first,))
    made = model.score_chunk(gaps, lines, as_of=AS_OF, exclusions=rules)
    assert all(first not in json.loads(text) for text in made["next_products"].to_pylist())


def test_without_products_there_are_dates_and_without_rhythm_products(lines: pa.Table) -> None:
    days = lines.select(["customer_id", "occurred_on"])
    dates = NextPurchase().fit(days, as_of=AS_OF)
    made = dates.score_chunk(gaps_of(days, AS_OF), as_of=AS_OF)
    assert made["next_products"].null_count == made.num_rows
    assert made["next_order_on"].null_count < made.num_rows
    once = table([("a", BEGAN_ON, "1", "x"), ("b", BEGAN_ON, "2", "y")])
    products = NextPurchase().fit(once, once)
    made = products.score_chunk(gaps_of(once), once, as_of=BEGAN_ON + timedelta(days=1))
    assert made["next_order_on"].null_count == 2
    assert made["next_products"].null_count == 0
    with pytest.raises(DataError, match="gaps"):
        NextPurchase().fit(once)
