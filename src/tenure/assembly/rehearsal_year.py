"""How Tenure itself decides a rehearsed year: from the facts alone, learning as it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tenure.assembly.customers import CustomersAsOf, customers_as_of
from tenure.assembly.workspace import Workspace
from tenure.experiments.holdouts import Holdout, held_out_by
from tenure.experiments.uplift.uplift_model import UpliftModel
from tenure.simulation.answering import NOTHING
from tenure.simulation.played import Course, PlayedBusiness
from tenure.simulation.seasons import Floats, Integers
from tenure.strategies.believed_effects import FittedEffect
from tenure.strategies.definition import Strategy
from tenure.strategies.ground import Flags, Ground, read_ground
from tenure.strategies.plan import Plan
from tenure.strategies.plan_limits import Occasion, occasion_on, plan_limits, unit_costs
from tenure.strategies.planning import plan_strategy
from tenure.strategies.preparing import PlanOptions, Prepared, prepare
from tenure.strategies.reading import parse_strategy
from tenure.strategies.responses import FEATURES, Lots, Responses
from tenure.strategies.results import Followed, StrategyResult, strategy_result
from tenure.strategies.reviewing import Review, beliefs, review

STRATEGY_FILE = "rehearsal_strategy.yaml"
STEP_DAYS = 30
REVIEW_EVERY = 3
"""Months between two reviews, after the pilot."""

PILOT_SHARE = 0.9
"""Share of each limit that goes to lots while nothing was measured."""

_DEPTH = 0.3
"""Share of customers that a tactic can be expected to reach within the limits."""


class Shop:
    """A made business as a workspace that grows month by month under one policy.

    Parameters
    ----------
    business : which.
    root : folder of the workspace.
    """

    def __init__(self, business: PlayedBusiness, root: Path) -> None:
        world = business.world
        self.course = Course(business)
        self.workspace = Workspace.create(
            root,
            {
                "business": f"Rehearsed {world.kind}",
                "timezone": world.timezone,
                "currency": world.currency,
            },
        )
        with self.workspace.lake.writing() as writer:
            people = business.facts("customer_attributes")
            pq.write_table(people, writer.new_file("customer_attributes"))
            history = self.course.rows(None, business.days[0])
            pq.write_table(history, writer.new_file("activity"))
            writer.commit("history")

    def known(self, day: date) -> CustomersAsOf:
        """Return the customers as of a day."""
        return customers_as_of(self.workspace, day)

    def append(self, from_on: date, to_on: date) -> pa.Table:
        """Let time pass: take the activity of `[from_on, to_on)` in, and return it."""
        rows = self.course.rows(from_on, to_on)
        with self.workspace.lake.writing() as writer:
            pq.write_table(rows, writer.new_file("activity"))
            writer.commit(f"{from_on}")
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What was decided in a month; arrays over the customers of the plan unless said otherwise.

    Parameters
    ----------
    plan : the plan.
    customer_ids : of its people.
    places : of them in the whole business.
    action, withheld : over the whole business: what each gets, and what a holdout kept from her.
    would : what the plan's prices choose for each, held out or not.
    given : what each gets.
    is_held_out, is_explored : who is left alone, and whose action was left to chance.
    available : which tactics each could have, `(customers, tactics)`.
    features : columns of `FEATURES`.
    """

    plan: Plan
    customer_ids: pa.Array
    places: Integers
    action: Integers
    withheld: Integers
    would: Integers
    given: Integers
    is_held_out: Flags
    is_explored: Flags
    available: Flags
    features: pa.Table


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A review within the year and what it changed.

    Parameters
    ----------
    month : after which, from 1.
    review : of the last month, with beliefs from all.
    learnt : for each tactic whose response was learnt, what its verdict says, by language.
    """

    month: int
    review: Review
    learnt: Mapping[str, Mapping[str, str]]


@dataclass
class _Total:
    """What the months add up to, over the whole business."""

    outcome: Floats
    before: Floats
    spent: Floats
    seen: Flags
    is_held_out: Flags = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


class RehearsedYear:
    """Plans each month, measures it, reviews it and goes on with what was learnt.

    Parameters
    ----------
    business : for its dates and ids alone; nothing is read of its truth.
    money, staff_hours : the limits of the whole year.
    margin : share of revenue that is left.
    pilot_months : first months in which most contacts are left to chance.
    seed : of everything random.
    """

    def __init__(
        self,
        business: PlayedBusiness,
        *,
        money: float,
        staff_hours: float,
        margin: float,
        pilot_months: int,
        seed: int,
    ) -> None:
        self.business, self.margin = business, margin
        self.pilot_months, self.seed = pilot_months, seed
        self.first = _strategy(business, money=money, staff_hours=staff_hours)
        self.strategy = self.strategy_text = self.first
        self._worth = 0.0
        self.names = [answer.name for answer in business.answers]
        # The same for every policy: an even part of the year's limits each month.
        self.costs = unit_costs(self.first)
        self.limits = plan_limits(self.first, Occasion(1, len(business.days), STEP_DAYS))
        self.responses = Responses(self.first)
        self.models: dict[str, UpliftModel] = {}
        self.results: list[StrategyResult] = []
        self.adjustments: list[Adjustment] = []
        self._spent: dict[str, float] = {}
        count = len(business.customers)
        self._total = _Total(
            np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.bool_),
            np.zeros(count, dtype=np.bool_),
        )  # fmt: skip

    def decide(self, month: int, customers: CustomersAsOf) -> Decided:
        """Return what is done in a month, from what is known by then."""
        strategy = self._strategy_of(month)
        ground = read_ground(strategy, customers.snapshot, customers.segments)
        features = _features(customers, ground)
        self._worth = float(pc.mean(features["mean_order_value"]).as_py() or 0.0)
        holdout = Holdout("strategy", strategy.name, strategy.holdout_share)
        held = held_out_by(ground.customer_ids, [holdout]) >= 0
        day = self.business.days[month]

        def ready(seen: Ground) -> Prepared:
            return prepare(
                strategy,
                seen,
                occasion_on(strategy, day),
                PlanOptions(self.margin, spent=self._spent),
                fitted={
                    name: FittedEffect(model, "value", features)
                    for name, model in self.models.items()
                },
            )

        everyone = ready(ground)
        plan = plan_strategy(ready(replace(ground, held_out={"strategy_holdout": held})), as_of=day)
        for limit in plan.limits:
            self._spent[limit.name] = self._spent.get(limit.name, 0.0) + limit.used
        numbers = self._numbers(everyone.strategy)
        prices = {limit.name: limit.price for limit in plan.limits}
        # Whether she is held out or not.
        would = numbers[everyone.chosen_at(prices, plan.dropped)]
        available = np.zeros((ground.customers, len(self.names)), dtype=np.bool_)
        available[:, numbers[:-1]] = everyone.available
        return self._decided(plan, ground, would, held, available, features)

    def measure(self, month: int, decided: Decided, rows: pa.Table, until: date) -> None:
        """Hold a month against its holdout, learn from it, and review where it is time to.

        Parameters
        ----------
        month : from 0.
        decided : what was done in it.
        rows : its activity.
        until : first business day after it.
        """
        outcome = _revenue(rows, decided.customer_ids)
        before = _filled(decided.features["net_value_90_days"])
        spent = np.where(decided.given >= 0, self.costs[decided.given], 0.0)
        follow = decided.would >= 0
        names = np.array(self.names)
        self.results.append(
            self._result(
                Followed(
                    names[decided.would[follow]],
                    decided.is_held_out[follow],
                    outcome[follow],
                    before[follow],
                    spent[follow],
                    _texts(decided.features["acquisition_source"])[follow],
                ),
                self.business.days[month],
                until,
            )
        )
        self._add(decided, outcome, before, spent)
        lots = decided.is_explored | (decided.is_held_out & decided.available.any(axis=1))
        self.responses.add(
            Lots(
                decided.customer_ids.filter(pa.array(lots)),
                decided.features.filter(pa.array(lots)),
                np.where(decided.is_explored, decided.given, NOTHING)[lots],
                decided.available[lots],
                outcome[lots],
                decided.plan.exploration.chance,
            )
        )
        since = month + 1 - self.pilot_months
        if since >= 0 and since % REVIEW_EVERY == 0 and month + 1 < len(self.business.days):
            self._adjust(month, decided.plan)

    def whole_year(self) -> StrategyResult:
        """Return what all months brought, each customer counted once."""
        total = self._total
        seen = total.seen
        return self._result(
            Followed(
                np.full(int(seen.sum()), "all"),
                total.is_held_out[seen],
                total.outcome[seen],
                total.before[seen],
                total.spent[seen],
                np.full(int(seen.sum()), "all"),
            ),
            self.business.days[0],
            self.business.end,
        )

    def _strategy_of(self, month: int) -> Strategy:
        share = PILOT_SHARE if month < self.pilot_months else self.first.exploration_share
        return self.strategy.model_copy(update={"exploration_share": share})

    def _numbers(self, strategy: Strategy) -> Integers:
        """Return each tactic's number among the actions; the last stands for none."""
        found = [self.names.index(tactic.name) for tactic in strategy.tactics]
        return np.array([*found, NOTHING], dtype=np.int64)

    def _decided(
        self,
        plan: Plan,
        ground: Ground,
        would: Integers,
        held: Flags,
        available: Flags,
        features: pa.Table,
    ) -> Decided:
        ids = ground.customer_ids
        rows = plan.decisions
        place = np.asarray(pc.index_in(rows["customer_id"], ids), dtype=np.int64)
        number = {name: k for k, name in enumerate(self.names)}
        given = np.full(len(ids), NOTHING)
        given[place] = [number.get(name, NOTHING) for name in rows["tactic"].to_pylist()]
        explored = np.zeros(len(ids), dtype=np.bool_)
        explored[place] = rows["is_explored"].to_numpy(zero_copy_only=False)
        places = self.business.places(ids)
        count = len(self.business.customers)
        action, withheld = np.full(count, NOTHING), np.full(count, NOTHING)
        action[places] = given
        withheld[places[held]] = would[held]
        return Decided(
            plan, ids, places, action, withheld, would, given, held, explored, available, features
        )

    def _result(self, followed: Followed, day: date, until: date) -> StrategyResult:
        return strategy_result(
            followed,
            strategy=self.first.name,
            decided_on=day,
            counted_until=until,
            currency=self.first.budget.currency,
            margin=self.margin,
            holdout_share=self.first.holdout_share,
        )

    def _add(self, decided: Decided, outcome: Floats, before: Floats, spent: Floats) -> None:
        total, places = self._total, decided.places
        follow = decided.would >= 0
        mine = places[follow]
        new = ~total.seen[mine]
        total.before[mine[new]] = before[follow][new]
        total.is_held_out[mine] = decided.is_held_out[follow]
        total.seen[mine] = True
        total.outcome[mine] += outcome[follow]
        total.spent[mine] += spent[follow]

    def _adjust(self, month: int, plan: Plan) -> None:
        """Take over what a review proposes, and what was learnt of who responds."""
        expected = {tactic.name: tactic.value for tactic in plan.tactics}
        worth = {tactic.name: self._worth for tactic in self.first.tactics}
        found = review(
            self.strategy_text,
            self.results,
            margin=self.margin,
            worth=worth,
            expected=expected,
            first=beliefs(self.first, worth),
        )
        self.strategy_text = found.proposed
        self.models = self.responses.models(depth=_DEPTH, seed=self.seed)
        tactics = []
        for tactic in found.proposed.tactics:
            if tactic.name not in self.models:
                tactics.append(tactic)
                continue
            # No prior beside the model: the reviewed one rests on the same months.
            effect = tactic.effect.model_copy(update={"uplift_model": tactic.name, "prior": None})
            tactics.append(tactic.model_copy(update={"effect": effect}))
        self.strategy = found.proposed.model_copy(update={"tactics": tuple(tactics)})
        learnt = {name: model.verdict_["text"] for name, model in self.models.items()}
        self.adjustments.append(Adjustment(month + 1, found, learnt))


def _strategy(business: PlayedBusiness, *, money: float, staff_hours: float) -> Strategy:
    """Return the strategy that a year begins with, within its limits."""
    text = resources.files(__package__).joinpath(STRATEGY_FILE).read_text(encoding="utf-8")
    given = parse_strategy(text, STRATEGY_FILE)
    days = STEP_DAYS * len(business.days)
    schedule = given.schedule.model_copy(
        update={
            "starts_on": business.days[0],
            "ends_on": business.days[0] + timedelta(days=days - 1),
            "review_on": business.end,
        }
    )
    budget = given.budget.model_copy(
        update={
            "money": Decimal(str(round(money, 2))),
            "currency": business.world.currency,
            "staff_hours": round(staff_hours, 2),
        }
    )
    teams = tuple(team.model_copy(update={"staff_hours": None}) for team in given.teams)
    return given.model_copy(update={"schedule": schedule, "budget": budget, "teams": teams})


def _features(customers: CustomersAsOf, ground: Ground) -> pa.Table:
    """Return the features of a plan's people, in their order."""
    table = customers.snapshot.table
    columns = {
        name: table[name].cast("float64") if table[name].type().is_numeric() else table[name]
        for name in FEATURES
    }
    rows = customers.snapshot.collect(
        table.select("customer_id", **columns).order_by(ibis.asc("customer_id"))
    )
    assert rows["customer_id"].combine_chunks().equals(ground.customer_ids)
    return rows.select(FEATURES)


def _revenue(rows: pa.Table, ids: pa.Array) -> Floats:
    """Return each one's net revenue in some activity."""
    traded = rows.filter(pc.is_valid(rows["value"])).select(["customer_id", "value"])
    sums = traded.group_by("customer_id").aggregate([("value", "sum")])
    place = pc.index_in(ids.cast(pa.string()), sums["customer_id"].combine_chunks())
    return _filled(sums["value_sum"].cast(pa.float64()).take(place))


def _filled(column: pa.ChunkedArray) -> Floats:
    filled = pc.fill_null(column.cast(pa.float64()), 0.0)
    return np.asarray(filled.to_numpy(), dtype=np.float64)


def _texts(column: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    return np.array([text or "unknown" for text in column.to_pylist()])
