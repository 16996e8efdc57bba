"""One block of customers, made whole: all its facts and all its truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tenure.simulation.activity_rows import (
    Rows,
    activity_table,
    answer_rows,
    message_rows,
    order_rows,
    visit_rows,
)
from tenure.simulation.answers import draw_answers
from tenure.simulation.assortment import Catalogue, draw_catalogue, draw_lines
from tenure.simulation.campaigns import campaign_stream, draw_sends, with_effects
from tenure.simulation.customer_rows import (
    attributes_table,
    attributes_wide,
    contracts_table,
    draw_attributes,
)
from tenure.simulation.customers import Customers, draw_customers
from tenure.simulation.orders import Orders, base_orders
from tenure.simulation.randomness import Topic, stream
from tenure.simulation.seasons import Integers, Season
from tenure.simulation.truth import campaigns_truth, customers_truth
from tenure.simulation.visits import draw_visits
from tenure.simulation.world import World


@dataclass(frozen=True, slots=True)
class Block:
    """What one block of customers leaves.

    Parameters
    ----------
    number : of the block, from 0.
    facts : rows by fact table; `subscriptions` only where there are plans.
    attributes : one row per customer of whom any is known, a column per attribute.
    truth : rows by truth table, `customers` and `campaigns`.
    orders : number of orders in the data.
    """

    number: int
    facts: dict[str, pa.Table]
    attributes: pa.Table
    truth: dict[str, pa.Table]
    orders: int


class BlockMaker:
    """Makes the blocks of one world.

    Parameters
    ----------
    world : calibrated (see `calibration`).
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.season = Season(world)
        self.catalogue: Catalogue = draw_catalogue(world)

    def make(self, number: int, first_rows: dict[str, int]) -> Block:
        """Return one block.

        Parameters
        ----------
        number : of the block.
        first_rows : number of the first row by fact table, from 1.
        """
        world, season = self.world, self.season
        people = draw_customers(world, season, number)
        base = base_orders(world, season, people, number)
        rng = campaign_stream(world, number)
        sends = draw_sends(world, season, people, rng)
        orders = with_effects(world, people, base, sends, rng)
        past = orders.effective < season.cumulative[season.days]
        placed = Orders(orders.owner[past], orders.effective[past])
        codes = draw_attributes(world, people, number)
        parts = self._parts(people, placed, number)
        parts = (*parts, message_rows(season, sends))
        facts = {
            "activity": activity_table(
                world, season, people, self.catalogue, placed.owner, parts,
                first_row=first_rows["activity"],
            ),
            "customer_attributes": attributes_table(
                world, season, people, codes, first_row=first_rows["customer_attributes"]
            ),
        }  # fmt: skip
        if world.plans:
            first = first_rows["subscriptions"]
            facts["subscriptions"] = contracts_table(world, season, people, first_row=first)
        truth = {
            "customers": customers_truth(world, season, people, self.catalogue, base, orders),
            "campaigns": campaigns_truth(world, season, people, sends),
        }
        return Block(number, facts, attributes_wide(people, codes), truth, len(placed))

    def _parts(self, people: Customers, placed: Orders, number: int) -> tuple[Rows, ...]:
        """Return the rows of orders, refunds, visits and answers."""
        world, season = self.world, self.season
        rng = stream(world.seed, number, Topic.CHANNELS)
        lines = draw_lines(world, self.catalogue, people, placed.owner, number)
        position = season.position(placed.effective)
        channel = self._channels(rng, len(placed))
        bought, back = order_rows(season, placed, position, lines, channel, rng)
        visits = draw_visits(world, season, people, number)
        answers = draw_answers(world, season, people, (placed.owner, position), number)
        return (
            bought,
            back,
            visit_rows(season, visits, self._channels(rng, len(visits))),
            answer_rows(world, season, answers),
        )

    def _channels(self, rng: np.random.Generator, count: int) -> Integers:
        channel = rng.integers(0, len(self.world.channels), count)
        return np.where(rng.random(count) < self.world.missing.channel, -1, channel)
