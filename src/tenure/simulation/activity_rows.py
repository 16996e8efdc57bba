"""The activity of one block of customers as an Arrow table with the contract's columns."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.activity.contract import ACTIVITY
from tenure.simulation.answers import SCORE_MAX, Answers
from tenure.simulation.assortment import Catalogue, Lines
from tenure.simulation.campaigns import Sends
from tenure.simulation.columns import (
    Letters,
    days,
    fixed_texts,
    identities,
    instants,
    money,
    numbered,
    words,
)
from tenure.simulation.customers import Customers
from tenure.simulation.orders import Orders
from tenure.simulation.seasons import Floats, Integers, Season, received_at
from tenure.simulation.world import World

IMPORT_ID = "simulated"
ORDER, REFUND, VISIT, SENT, WITHHELD, ANSWERED = range(6)
REFUND_WITHIN_DAYS = 21
_NONE = -1
_WIDE = frozenset({"second", "total_cents"})
"""Columns of rows that need 64 bits; the others take half the room, and time, with 32."""


Whole = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Activity rows of one kind before they are sorted; -1 stands for nothing."""

    owner: Whole
    second: Integers
    kind: Whole
    order: Whole
    channel: Whole
    product: Whole
    quantity: Whole
    unit_cents: Whole
    discount_cents: Whole
    total_cents: Integers
    detail: Whole

    def __len__(self) -> int:
        return len(self.owner)


def order_rows(
    season: Season,
    orders: Orders,
    position: Floats,
    lines: Lines,
    channel: Integers,
    rng: np.random.Generator,
) -> tuple[Rows, Rows]:
    """Return the rows of order lines, and of those that come back.

    Parameters
    ----------
    season : turns positions into seconds.
    orders, position : within the data, by customer and time.
    lines : of these orders.
    channel : of each order, -1 where not recorded.
    rng : draws how late a line comes back.
    """
    second = season.seconds(position)
    known = lines.has_known_product
    bought = _rows(
        orders.owner[lines.order],
        second[lines.order],
        ORDER,
        order=lines.order,
        channel=channel[lines.order],
        product=np.where(known, lines.product, _NONE),
        quantity=lines.quantity,
        unit_cents=lines.unit_cents,
        discount_cents=lines.discount_cents,
        total_cents=lines.total_cents,
    )
    late = position[lines.order] + 1 + (REFUND_WITHIN_DAYS - 1) * rng.random(len(lines.order))
    back = np.flatnonzero(lines.is_refunded & (late < season.days))
    taken = {f.name: getattr(bought, f.name)[back] for f in fields(Rows)}
    taken |= {"second": season.seconds(late[back]), "kind": np.full(len(back), REFUND)}
    taken |= {name: -taken[name] for name in ("quantity", "total_cents", "discount_cents")}
    return bought, Rows(**taken)


def visit_rows(season: Season, visits: Orders, channel: Integers) -> Rows:
    """Return the rows of visits."""
    second = season.seconds(season.position(visits.effective))
    return _rows(visits.owner, second, VISIT, channel=channel)


def message_rows(season: Season, sends: Sends) -> Rows:
    """Return a row for each message sent, and for each withheld from the holdout."""
    rows = _rows(sends.owner, season.seconds(sends.position), SENT, detail=sends.campaign)
    rows.kind[~sends.is_treated] = WITHHELD
    return rows


def answer_rows(world: World, season: Season, answers: Answers) -> Rows:
    """Return the rows of survey answers."""
    detail = len(world.campaigns) + answers.score
    return _rows(answers.owner, season.seconds(answers.position), ANSWERED, detail=detail)


def activity_table(
    world: World,
    season: Season,
    people: Customers,
    catalogue: Catalogue,
    order_owner: Integers,
    parts: tuple[Rows, ...],
    *,
    first_row: int,
) -> pa.Table:
    """Return the rows by customer, time and identity, as the lake keeps them.

    Parameters
    ----------
    world, season, people, catalogue : whose.
    order_owner : customer's index of each order.
    parts : the rows, each kind's in its own order.
    first_row : number of the first row in the whole world, from 1.
    """
    rows = _sorted(parts)
    count = len(rows)
    number = first_row + np.arange(count)
    is_first = np.ones(count, dtype=np.bool_)
    is_first[1:] = (rows.owner[1:] != rows.owner[:-1]) | (rows.second[1:] != rows.second[:-1])
    group = np.maximum.accumulate(np.where(is_first, number, 0))
    trades = rows.order != _NONE
    messages = (rows.kind == SENT) | (rows.kind == WITHHELD)
    source = np.where(people.has_known_source, people.source, _NONE)[rows.owner]
    source = np.where(trades | (rows.kind == VISIT), source, _NONE)
    source = np.where(messages, len(world.sources) + rows.detail, source)
    kinds = ("order", "refund", world.visit_kind, "message_sent", "message_withheld")
    columns = {
        "activity_id": identities(world.seed, group, number),
        "customer_id": words(rows.owner, customer_ids(people)),
        "occurred_at": instants(season.utc_micros(rows.second)),
        "occurred_on": days(season.day_numbers(rows.second)),
        "kind": words(rows.kind, (*kinds, "survey_answered")),
        "value": money(rows.total_cents, trades),
        "currency": words(np.where(trades, 0, _NONE), (world.currency,)),
        "order_id": fixed_texts(_order_letters(people, order_owner)[rows.order[trades]], trades),
        "channel": words(rows.channel, world.channels),
        "source": words(source, _source_names(world)),
        "product_id": words(rows.product, _product_names(world)),
        "category": words(_categories(catalogue, rows.product), _category_names(world)),
        "quantity": money(rows.quantity * 100, trades),
        "unit_price": money(rows.unit_cents, trades),
        "discount": money(rows.discount_cents, trades),
        "properties": words(rows.detail, _details(world)),
        **provenance(world, count, first_row, IMPORT_ID),
    }
    return pa.table([columns[name] for name in ACTIVITY.names], names=ACTIVITY.names)


def customer_ids(people: Customers) -> pa.Array:
    """Return the ids of a block's customers, in order."""
    return fixed_texts(numbered("C", _numbers(people), 9))


def order_ids(people: Customers, owner: Integers) -> pa.Array:
    """Return the ids of orders, which come by customer and time.

    Parameters
    ----------
    people : of one block.
    owner : customer's index of each order.
    """
    return fixed_texts(_order_letters(people, owner))


def provenance(world: World, count: int, first_row: int, import_id: str) -> dict[str, pa.Array]:
    """Return the columns that say when and by what rows were learned."""
    learned = (received_at(world) - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    return {
        "received_at": instants(np.full(count, learned, dtype=np.int64)),
        "import_id": words(np.zeros(count, dtype=np.int32), (import_id,)),
        "source_row": pa.array(np.arange(first_row, first_row + count)),
    }


def _rows(owner: Integers, second: Integers, kind: int, **given: Integers) -> Rows:
    count = len(owner)
    nothing = np.full(count, _NONE)
    zero = np.zeros(count, dtype=np.int64)
    amounts = ("quantity", "unit_cents", "discount_cents", "total_cents")
    columns = {
        **dict.fromkeys(("order", "channel", "product", "detail"), nothing),
        **dict.fromkeys(amounts, zero),
        **given,
    }
    return Rows(owner=owner, second=second, kind=np.full(count, kind), **columns)


def _sorted(parts: tuple[Rows, ...]) -> Rows:
    """Join rows and sort them by customer and second, keeping their order within a second."""
    joined: dict[str, Any] = {
        f.name: np.concatenate(
            [getattr(p, f.name) for p in parts],
            dtype=np.int64 if f.name in _WIDE else np.int32,
            casting="same_kind",
        )
        for f in fields(Rows)
    }
    owner, second = joined["owner"], joined["second"]
    count = len(owner)
    if not count:
        return Rows(**joined)
    # One number per row holds customer, second and place: sorting values beats sorting places.
    place_bits = int(count).bit_length()
    seconds = int(second.max()) + 1
    key = ((owner.astype(np.int64) * seconds + second) << place_bits) | np.arange(count)
    key.sort()
    place = key & ((1 << place_bits) - 1)
    return Rows(**{name: column[place] for name, column in joined.items()})


def _order_letters(people: Customers, owner: Integers) -> Letters:
    """Return ids like O000000042-000003: the customer's number and her orders' count."""
    first = np.searchsorted(owner, np.arange(len(people)))
    count = np.arange(len(owner)) - first[owner] + 1
    customer = numbered("O", _numbers(people), 9)
    most = int(count.max(initial=0))
    return np.hstack([customer[owner], numbered("-", np.arange(most + 1), 6)[count]])


def _numbers(people: Customers) -> Integers:
    return people.first_number + np.arange(len(people))


def _categories(catalogue: Catalogue, product: Whole) -> Integers:
    return np.where(product == _NONE, _NONE, catalogue.category[product])


def _product_names(world: World) -> list[str]:
    return [f"P{number:05d}" for number in range(1, world.assortment.products + 1)]


def _category_names(world: World) -> list[str]:
    return [f"category_{number:02d}" for number in range(1, world.assortment.categories + 1)]


def _source_names(world: World) -> list[str]:
    return [s.name for s in world.sources] + [c.name for c in world.campaigns]


def _details(world: World) -> list[str]:
    campaigns = [json.dumps({"campaign": c.name}) for c in world.campaigns]
    return campaigns + [json.dumps({"score": score}) for score in range(SCORE_MAX + 1)]
