"""A made business that goes on month by month, under whatever is decided for its customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.activity.contract import FACT_TABLES
from tenure.kernel import OptionError
from tenure.simulation.activity_rows import activity_table, message_rows
from tenure.simulation.answering import (
    BLOCK_ROWS,
    MONTH_ROWS,
    NOTHING,
    Answer,
    AnsweringBlock,
    Flags,
    MonthAhead,
)
from tenure.simulation.campaigns import Sends
from tenure.simulation.seasons import Floats, Integers
from tenure.simulation.world import Campaign, World

_MESSAGES_FROM = 500_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a month's actions truly changed, by customer of the whole world, in order.

    Parameters
    ----------
    added_value : of orders placed on top, net of refunds, in whole currency.
    lost_value : of orders left out, net of refunds.
    """

    added_value: Floats
    lost_value: Floats

    @property
    def value(self) -> Floats:
        """What the actions brought."""
        return self.added_value - self.lost_value


class PlayedBusiness:
    """A made business over its last months, which can be played any number of times.

    Parameters
    ----------
    world : calibrated, with data over more than the months played.
    answers : to each kind of action.
    months : how many are played; decisions fall on the same day of each month.

    Raises
    ------
    OptionError : the data are too short.
    """

    def __init__(self, world: World, answers: Sequence[Answer], *, months: int = 12) -> None:
        if not 1 <= months < world.months - 2:
            raise OptionError(
                f"{months} months of {world.months}",
                "at least 3 months of data before the first",
                "simulate more months, or play fewer",
            )
        self.days = _month_starts(world, months)
        self.answers = tuple(answers)
        longest = max(answer.window_days for answer in self.answers)
        over = tuple(
            c
            for c in world.campaigns
            if c.starts_on + timedelta(days=c.window_days + 1) <= self.days[0]
        )
        self.world = replace(world, campaigns=over)
        self.window_days = longest
        self.blocks = [
            AnsweringBlock(self.world, number, self.answers) for number in range(world.blocks)
        ]
        self._ahead: dict[int, list[MonthAhead]] = {}

    @property
    def customers(self) -> pa.Array:
        """Ids of all customers, in order."""
        return pa.concat_arrays([block.customers for block in self.blocks])

    def places(self, customer_ids: pa.Array | pa.ChunkedArray) -> Integers:
        """Return the index of customers given by id."""
        return np.asarray(pc.index_in(customer_ids, self.customers), dtype=np.int64)

    @property
    def end(self) -> date:
        """First business day after the data."""
        return self.world.as_of

    def facts(self, table: str) -> pa.Table:
        """Return the rows of a fact table as they are if nothing is done."""
        found = [block.facts[table] for block in self.blocks if table in block.facts]
        return pa.concat_tables(found).cast(FACT_TABLES[table])

    def begun(self, month: int) -> Flags:
        """Tell who is a customer by a month's decision."""
        return np.concatenate([ahead.begun for ahead in self.ahead(month)])

    def expected_value(self, month: int) -> Floats:
        """Return what each action would bring in the mean, shape (customers, actions).

        Whole currency, net of refunds, before costs. It knows everything, also who will leave.
        """
        pairs = zip(self.blocks, self.ahead(month), strict=True)
        return np.concatenate([block.expected_value(ahead) for block, ahead in pairs])

    def ahead(self, month: int) -> list[MonthAhead]:
        """Return what might happen after a month's decision, block by block."""
        if month not in self._ahead:
            day = (self.days[month] - self.world.starts_on).days
            self._ahead[month] = [block.month_ahead(day, month) for block in self.blocks]
        return self._ahead[month]

    def messages(self, month: int, action: Integers, withheld: Integers) -> pa.Table:
        """Return the rows of messages sent and withheld.

        Parameters
        ----------
        month : from 0.
        action : index of each customer's action, `NOTHING` without one.
        withheld : index of the action that she would have got but for a holdout.
        """
        told = np.where(action >= 0, action, withheld)
        campaigns = tuple(
            Campaign(a.name, self.days[month], a.window_days, 0.0, 0.0) for a in self.answers
        )
        world = replace(self.world, campaigns=campaigns, seed=self.world.seed + 17 + month)
        found, first = [], 0
        for number, (block, ahead) in enumerate(zip(self.blocks, self.ahead(month), strict=True)):
            mine = slice(first, first + len(block))
            first += len(block)
            owner = np.flatnonzero((told[mine] >= 0) & ahead.begun)
            nothing = np.zeros(len(owner))
            sends = Sends(
                told[mine][owner], owner, action[mine][owner] >= 0, ahead.position[owner],
                nothing, nothing, nothing,
            )  # fmt: skip
            found.append(
                activity_table(
                    world, block.season, block.people, block.catalogue,
                    np.zeros(0, dtype=np.int64), (message_rows(block.season, sends),),
                    first_row=_MESSAGES_FROM + month * MONTH_ROWS + number * BLOCK_ROWS,
                )
            )  # fmt: skip
        return pa.concat_tables(found)


@dataclass
class Course:
    """One course of events: a played business and what was done so far.

    Parameters
    ----------
    business : which.
    """

    business: PlayedBusiness
    _added: list[pa.Table] = field(default_factory=list)
    _left_out: list[pa.Array] = field(default_factory=list)
    _gone: dict[int, Flags] = field(default_factory=dict)

    def act(self, month: int, action: Integers, withheld: Integers | None = None) -> Outcome:
        """Do something for customers, and let them answer.

        Parameters
        ----------
        month : from 0, each once and in order.
        action : index of each customer's action, `NOTHING` without one.
        withheld : index of the action that a holdout kept from her, `NOTHING` without one.

        Returns
        -------
        What it truly changed, which no real business sees.
        """
        business = self.business
        kept_from = np.full(len(action), NOTHING) if withheld is None else withheld
        self._added.append(business.messages(month, action, kept_from))
        added, lost, first = [], [], 0
        for number, (block, ahead) in enumerate(
            zip(business.blocks, business.ahead(month), strict=True)
        ):
            mine = np.where(ahead.begun, action[first : first + len(block)], NOTHING)
            first += len(block)
            placed = block.placed(ahead, mine)
            ids = ahead.extra_ids.filter(pa.array(placed))
            rows = ahead.extra_rows
            self._added.append(rows.filter(pc.is_in(rows["order_id"], ids)))
            values = _values(rows, ahead.extra_ids)
            added.append(_by_owner(ahead.extra.owner[placed], values[placed], len(block)))
            gone = self._gone.setdefault(number, np.zeros(len(block.orders), dtype=np.bool_))
            new = np.flatnonzero(block.left_out(ahead, mine) & ~gone)
            gone[new] = True
            self._left_out.append(block.order_ids.take(pa.array(new)))
            base = _values(block.facts["activity"], block.order_ids)
            lost.append(_by_owner(block.orders.owner[new], base[new], len(block)))
        return Outcome(np.concatenate(added), np.concatenate(lost))

    def rows(self, from_on: date | None, to_on: date) -> pa.Table:
        """Return the activity of `[from_on, to_on)` under what was done so far.

        Parameters
        ----------
        from_on : None takes everything before `to_on`.
        to_on : first business day left out.
        """
        own = self.business.facts("activity")
        gone = pa.chunked_array([*self._left_out, pa.array([], pa.string())], pa.string())
        kept = pc.invert(pc.fill_null(pc.is_in(own["order_id"], gone.combine_chunks()), False))
        added = [rows.cast(own.schema) for rows in self._added]
        whole = pa.concat_tables([own.filter(kept), *added])
        day = whole["occurred_on"]
        inside = pc.less(day, pa.scalar(to_on))
        if from_on is not None:
            inside = pc.and_(inside, pc.greater_equal(day, pa.scalar(from_on)))
        return whole.filter(inside)


def _month_starts(world: World, months: int) -> tuple[date, ...]:
    last = world.as_of.year * 12 + world.as_of.month - 1
    day = min(world.as_of.day, 28)
    found = (last - months + number for number in range(months))
    return tuple(date(month // 12, month % 12 + 1, day) for month in found)


def _values(rows: pa.Table, ids: pa.Array) -> Floats:
    """Return what each order brought, net of refunds."""
    if not len(ids):
        return np.zeros(0)
    sums = rows.select(["order_id", "value"]).group_by("order_id").aggregate([("value", "sum")])
    place = pc.index_in(ids.cast(pa.string()), sums["order_id"].combine_chunks().cast(pa.string()))
    found = sums["value_sum"].cast(pa.float64()).take(place)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.float64)


def _by_owner(owner: Integers, values: Floats, count: int) -> Floats:
    return np.bincount(owner, weights=values, minlength=count).astype(np.float64)
