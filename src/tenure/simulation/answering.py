"""How customers of a made business answer actions: potential outcomes, drawn before any is taken.

What each would do under each action is settled in advance: orders that she would place on top,
each with a mark that says from which strength of effect on; and orders that she would leave out.
Whatever is then decided, the same luck meets every decision, so two courses of events differ by
what was done and by nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tenure.activity.contract import FACT_TABLES
from tenure.simulation.activity_rows import activity_table, customer_ids, order_ids, order_rows
from tenure.simulation.assortment import Catalogue, draw_lines, mean_order_value
from tenure.simulation.blocks import BlockMaker
from tenure.simulation.campaigns import campaign_stream, draw_sends, with_effects
from tenure.simulation.customers import AVERSE, PERSUADABLE, Customers, draw_customers
from tenure.simulation.orders import Orders, base_orders
from tenure.simulation.randomness import Topic, stream
from tenure.simulation.seasons import Floats, Integers, Season
from tenure.simulation.world import World

Flags = npt.NDArray[np.bool_]

NOTHING = -1
"""Stands for no action."""

_MONTH_SEED = 1_000_003
MONTH_ROWS, BLOCK_ROWS = 10_000_000, 1_000_000_000
"""Numbers of rows set apart for a month's answers and for a block's facts: none comes twice."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How customers answer one kind of action.

    Parameters
    ----------
    name : of the action, as in `source` of the message's row.
    window_days : how long the effect lasts, from each customer's message.
    persuadable_effect : share by which the order rate of persuadable customers rises, above 0.
    averse_effect : share of their orders that averse customers leave out, 0..1.
    """

    name: str
    window_days: int
    persuadable_effect: float
    averse_effect: float


@dataclass(frozen=True, slots=True)
class MonthAhead:
    """What one block's customers might do in the window after one date of decision.

    Parameters
    ----------
    begun : who was a customer by the date.
    position : of each one's message, if one is sent.
    extra : potential further orders, at the strongest effect.
    strength : of each of them: it is placed where the effect is above.
    extra_ids : their order ids.
    extra_rows : their activity.
    """

    begun: Flags
    position: Floats
    extra: Orders
    strength: Floats
    extra_ids: pa.Array
    extra_rows: pa.Table


class AnsweringBlock:
    """One block of customers with all that they would do.

    Parameters
    ----------
    world : calibrated; its campaigns are over by the first date of decision.
    number : of the block.
    answers : to each kind of action.
    """

    def __init__(self, world: World, number: int, answers: tuple[Answer, ...]) -> None:
        self.world, self.number, self.answers = world, number, answers
        maker = BlockMaker(world)
        self.season: Season = maker.season
        self.catalogue: Catalogue = maker.catalogue
        block = maker.make(number, dict.fromkeys(FACT_TABLES, 1 + number * BLOCK_ROWS))
        self.facts = block.facts
        self.people: Customers = draw_customers(world, self.season, number)
        self.orders = self._placed()
        self.order_ids = order_ids(self.people, self.orders.owner)
        self.left_out_below: Floats = stream(world.seed, number, Topic.ANSWERS_TO_ACTIONS).random(
            len(self.orders)
        )

    def __len__(self) -> int:
        return len(self.people)

    @property
    def customers(self) -> pa.Array:
        """Ids of the customers, in order."""
        return customer_ids(self.people)

    def effects(self) -> Floats:
        """Return by what share each action changes each one's order rate (customers, actions)."""
        found = np.zeros((len(self.people), len(self.answers)))
        for column, answer in enumerate(self.answers):
            found[self.people.response == PERSUADABLE, column] = answer.persuadable_effect
            found[self.people.response == AVERSE, column] = -answer.averse_effect
        return found

    def expected_value(self, month: MonthAhead) -> Floats:
        """Return what each action adds to each one's orders, net of refunds, in the mean.

        It knows everything, also when she will leave.

        Returns
        -------
        Whole currency, shape (customers, actions); 0 for who is not a customer yet or no more.
        """
        span = np.stack([self._ends(month, a) - self._begins(month) for a in self.answers], axis=1)
        kept = 1 - self.world.assortment.refund_share
        value = mean_order_value(self.world, self.catalogue, self.people) * kept
        rate = np.where(month.begun, self.people.rate * value, 0.0)
        return np.asarray(self.effects() * rate[:, None] * span, dtype=np.float64)

    def month_ahead(self, day: int, month: int) -> MonthAhead:
        """Draw what might happen after a date.

        Parameters
        ----------
        day : of the date, from the first business day.
        month : its number, from 0; it decides the randomness.
        """
        rng = stream(self.world.seed, self.number, Topic.ANSWERS_TO_ACTIONS, 1 + month)
        people = self.people
        position = day + rng.random(len(people))
        begun = people.started < day
        strongest = max(answer.persuadable_effect for answer in self.answers)
        longest = max(answer.window_days for answer in self.answers)
        leaves = people.leaves
        begins = self.season.effective(np.minimum(position, leaves))
        ends = self.season.effective(np.minimum(position + longest, leaves))
        would = begun & (people.response == PERSUADABLE)
        mean = np.where(would, strongest * people.rate * (ends - begins), 0.0)
        owner = np.repeat(np.arange(len(people)), rng.poisson(mean))
        at = begins[owner] + (ends - begins)[owner] * rng.random(len(owner))
        extra = Orders(owner, at).sorted()
        inside = extra.effective < self.season.cumulative[self.season.days]
        extra = Orders(extra.owner[inside], extra.effective[inside])
        strength = strongest * rng.random(len(extra))
        ids, rows = self._rows(extra, month, rng)
        return MonthAhead(begun, position, extra, strength, ids, rows)

    def placed(self, month: MonthAhead, action: Integers) -> Flags:
        """Tell which potential further orders are placed.

        Parameters
        ----------
        month : what might happen.
        action : index of each customer's action, `NOTHING` without one.
        """
        owner = month.extra.owner
        until = self._until(month, action)
        effect = np.where(action >= 0, self.effects()[np.arange(len(action)), action], 0.0)
        return (month.strength < effect[owner]) & (month.extra.effective < until[owner])

    def left_out(self, month: MonthAhead, action: Integers) -> Flags:
        """Tell which of the orders that customers place by themselves they now leave out.

        Parameters
        ----------
        month, action : as of `placed`.
        """
        owner, at = self.orders.owner, self.orders.effective
        drop = -np.where(action >= 0, self.effects()[np.arange(len(action)), action], 0.0)
        under = (at >= self._begins(month)[owner]) & (at < self._until(month, action)[owner])
        return under & (self.left_out_below < drop[owner])

    def _begins(self, month: MonthAhead) -> Floats:
        return self.season.effective(np.minimum(month.position, self.people.leaves))

    def _ends(self, month: MonthAhead, answer: Answer) -> Floats:
        ends = np.minimum(month.position + answer.window_days, self.people.leaves)
        return self.season.effective(ends)

    def _until(self, month: MonthAhead, action: Integers) -> Floats:
        """Return the season days at which the effect of each one's action ends."""
        until = np.full(len(action), -np.inf)
        for number, answer in enumerate(self.answers):
            mine = (action == number) & month.begun
            until[mine] = self._ends(month, answer)[mine]
        return until

    def _placed(self) -> Orders:
        """Return the orders in the data, as the past campaigns changed them."""
        base = base_orders(self.world, self.season, self.people, self.number)
        rng = campaign_stream(self.world, self.number)
        sends = draw_sends(self.world, self.season, self.people, rng)
        orders = with_effects(self.world, self.people, base, sends, rng)
        past = orders.effective < self.season.cumulative[self.season.days]
        return Orders(orders.owner[past], orders.effective[past])

    def _rows(
        self, extra: Orders, month: int, rng: np.random.Generator
    ) -> tuple[pa.Array, pa.Table]:
        """Return ids and activity of potential orders."""
        # Lines and identities follow from the world's seed: each month has its own.
        world = replace(self.world, seed=self.world.seed + _MONTH_SEED * (1 + month))
        lines = draw_lines(world, self.catalogue, self.people, extra.owner, self.number)
        channel = rng.integers(0, len(world.channels), len(extra))
        position = self.season.position(extra.effective)
        rows = activity_table(
            world, self.season, self.people, self.catalogue, extra.owner,
            order_rows(self.season, extra, position, lines, channel, rng),
            first_row=1 + (1 + month) * MONTH_ROWS + self.number * BLOCK_ROWS,
        )  # fmt: skip
        suffix = f"-{month + 1:02d}"
        ids = _suffixed(order_ids(self.people, extra.owner), suffix)
        place = rows.column_names.index("order_id")
        return ids, rows.set_column(place, "order_id", _suffixed(rows["order_id"], suffix))


def _suffixed(ids: pa.Array, suffix: str) -> pa.Array:
    return pc.binary_join_element_wise(ids.cast(pa.string()), suffix, "")
