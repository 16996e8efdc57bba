"""When customers order next and what: fitted on a business's facts, judged on its past dates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from tenure.activity.facts import Facts
from tenure.engine.relations import Relation
from tenure.kernel import Calendar, DataError, Progress, ProgressSink, silent
from tenure.metrics.customer_days import customer_days
from tenure.metrics.orders import Base, base
from tenure.predictions.learning_dates import (
    Fitted,
    LearningPlan,
    PanelMaker,
    horizon_for,
    judged_dates,
    known_span,
)
from tenure.predictions.next_purchase import basket_backtest, returns_backtest
from tenure.predictions.next_purchase.basket import NextBasket
from tenure.predictions.next_purchase.basket_backtest import basket_origins
from tenure.predictions.next_purchase.gaps import gap_statistics, gaps_of
from tenure.predictions.next_purchase.histories import ORDERS_MAX
from tenure.predictions.next_purchase.next_order import NextOrder
from tenure.predictions.next_purchase.returns_backtest import (
    ReturnsOrigin,
    check_returns,
    returns_origins,
)
from tenure.predictions.panels import hashed_customers
from tenure.predictions.score_columns import NEXT_PURCHASE, SCORES
from tenure.predictions.scorecards.findings import LeakageCheck
from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.rolling_checks import JudgedDate, rolling_checks
from tenure.predictions.scorecards.scorecard import Scorecard

PRODUCTS_MAX = 5
"""Products named for each customer."""
TOLD_DAYS = 365
"""The range of days is that of an order within so many."""
SIZE_MAX = 850_000
"""Bytes of what is kept of products; the rest of the model needs little."""

LIST_RIVALS = (
    basket_backtest.POPULAR,
    basket_backtest.OWN,
    basket_backtest.OWN_AND_POPULAR,
)
RETURN_RIVALS = (returns_backtest.RECENCY, returns_backtest.PAST_RATE)

_TITLES = {
    basket_backtest.MODEL: {
        "en": "lists learnt from habits, timing and neighbours",
        "zh": "由习惯、时机与相近商品学得的清单",
    },
    returns_backtest.MODEL: {"en": "the customer's own rhythm", "zh": "客户自身节奏"},
}
_POPULATION = {"en": "customers with an order before the date", "zh": "该日期前有订单的客户"}
_COLUMNS = SCORES[NEXT_PURCHASE].told
_PRODUCT_TABLES = ("products", "near")


@dataclass(frozen=True, slots=True)
class NextPurchase:
    """Tells when customers order next, and what.

    Parameters
    ----------
    returns : tells when.
    baskets : tells what; None where the data hold no products.
    list_maker : how lists are made: `next_basket`, or the simple rule that it does not beat
        (`popular`, `own_history` or `own_history_and_popular`).
    dates_check : how good the dates were in the past, as `ReturnsCheck.as_dict` tells it.
    """

    returns: NextOrder
    baskets: NextBasket | None
    list_maker: str
    dates_check: Mapping[str, Any]

    def score_batch(self, rows: pa.Table) -> pa.Table:
        """Return `customer_id`, the range of the next order day, and products.

        Parameters
        ----------
        rows : some rows of `next_order_rows`; each is answered from itself.
        """
        when = self.returns.score_batch(rows, horizon_days=TOLD_DAYS)
        return pa.table(
            [
                when["customer_id"].cast(pa.string()),
                when["widely_from_on"],
                when["widely_to_on"],
                self._products(rows, when["customer_id"]),
            ],
            schema=_COLUMNS,
        )

    def _products(self, rows: pa.Table, customers: pa.ChunkedArray) -> pa.Array:
        if self.baskets is None or not len(customers):
            return pa.nulls(len(customers), pa.string())
        if self.list_maker == basket_backtest.POPULAR:
            popular = self.baskets.knowledge_.products.ids[:PRODUCTS_MAX].to_pylist()
            return pa.repeat(json.dumps(popular, ensure_ascii=False), len(customers))
        made = self.baskets.recommend(
            _lines_of(rows),
            as_of=rows["as_of"][0].as_py(),
            count=PRODUCTS_MAX,
            part="repeat" if self.list_maker == basket_backtest.OWN else "all",
        )
        lists: dict[str, list[str]] = {}
        named = zip(made["customer_id"].to_pylist(), made["product_id"].to_pylist(), strict=True)
        for customer, product in named:
            lists.setdefault(customer, []).append(product)
        texts = [
            json.dumps(lists[customer], ensure_ascii=False) if customer in lists else None
            for customer in customers.to_pylist()
        ]
        return pa.array(texts, pa.string())

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain values for JSON."""
        return {
            "returns": self.returns.to_dict(),
            "baskets": None if self.baskets is None else _packed(self.baskets.to_dict()),
            "list_maker": self.list_maker,
            "dates_check": dict(self.dates_check),
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Self:
        """Make the model again from what `to_dict` returned."""
        baskets = described["baskets"]
        return cls(
            NextOrder.from_dict(described["returns"]),
            None if baskets is None else NextBasket.from_dict(_unpacked(baskets)),
            described["list_maker"],
            dict(described["dates_check"]),
        )


def next_order_rows(
    facts: Facts,
    *,
    as_of: date,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
) -> Relation:
    """Return what `NextPurchase` reads of every customer with an order.

    Parameters
    ----------
    facts : the fact tables.
    as_of : the date that scores look ahead from; only what happened on earlier days counts.
    calendar : the business's calendar.

    Returns
    -------
    A relation of the columns of `gap_statistics`, `as_of`, and `latest_orders`: a list of her
    latest orders with products (place, 0 the latest; occurred_on; products), in no order; null
    without one.
    """
    gaps = gap_statistics(facts.activity, calendar=calendar, as_of=as_of).table
    latest = _latest_orders(base(facts.activity, calendar=calendar, as_of=as_of))
    beside = gaps.left_join(latest, "customer_id").drop("customer_id_right")
    return Relation(beside.mutate(as_of=ibis.date(as_of)), facts.engine)


def fit_next_purchase(
    facts: Facts,
    plan: LearningPlan = LearningPlan(),  # noqa: B008 - frozen
    *,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    progress: ProgressSink = silent,
    make: PanelMaker | None = None,
) -> Fitted:
    """Return what a business's past teaches of next orders, with its scorecard.

    At each judged date both models are fitted anew to what was known by then. The scorecard is
    that of the product lists, or, where the data hold no products, that of the returns. Lists are
    made by what it recommends: the simplest rule that nothing beats.

    Parameters
    ----------
    facts : the fact tables.
    plan : from when and over what to learn.
    calendar : the business's calendar.
    progress : receives the progress, in steps.
    make : not needed; these models read orders, not panels.

    Raises
    ------
    DataError : the data are too short, or hardly anybody ordered twice.
    """
    _, end = known_span(facts, calendar, plan.as_of)
    past = _past(facts, calendar, end, plan)
    span = past.span
    horizon = plan.horizon_days or horizon_for(span, judged=plan.judged, gap_days=plan.gap_days)
    dates = judged_dates(span, horizon_days=horizon, gap_days=plan.gap_days, judged=plan.judged)
    dates = dates[-plan.judged :]
    progress(Progress("looking back", 0, 3, "steps"))
    told = returns_origins(past.days, dates, horizon_days=horizon)
    checks = _checks(past, told)
    progress(Progress("looking back", 1, 3, "steps"))
    baskets: NextBasket | None = None
    if past.products_before(dates[0]):
        template = NextBasket(
            customers_max=plan.customers_max, size_max=SIZE_MAX, list_length=PRODUCTS_MAX
        )
        card = _judged_lists(past, dates, horizon, template, plan.seed, checks)
        progress(Progress("looking back", 2, 3, "steps"))
        baskets = template.fit(past.lines, as_of=end)
        if card.recommended != basket_backtest.MODEL:
            baskets.comparisons_ = {}  # nothing proved, so it falls back to the simple rule
    else:
        card = _judged_returns(told, horizon, plan.seed, checks)
    returns = NextOrder().fit(gaps_of(past.days, end))
    progress(Progress("looking back", 3, 3, "steps"))
    list_maker = basket_backtest.OWN_AND_POPULAR if baskets is None else card.recommended
    model = NextPurchase(returns, baskets, list_maker, check_returns(told).as_dict())
    return Fitted(NEXT_PURCHASE, model, card, end)


@dataclass(frozen=True, slots=True)
class _Past:
    """Orders of the customers learnt from: order days, and order lines that name a product."""

    days: pa.Table
    lines: pa.Table

    @property
    def span(self) -> tuple[date, date]:
        """The first order day, and the day after the last."""
        ends = pc.min_max(self.days["occurred_on"]).as_py()
        return ends["min"], ends["max"] + timedelta(days=1)

    def products_before(self, day: date) -> bool:
        """Tell whether products were bought before a day."""
        first = pc.min(self.lines["occurred_on"]).as_py()
        return first is not None and first < day


def _past(facts: Facts, calendar: Calendar, end: date, plan: LearningPlan) -> _Past:
    """Return the orders of at most so many customers, chosen inside the engine."""
    known = base(facts.activity, calendar=calendar, as_of=end)
    days = customer_days(known)
    ordered = days.filter(days.order_day_number.notnull()).select("customer_id", "occurred_on")
    people = ordered.select("customer_id").distinct()
    hashed = people.mutate(hashed=hashed_customers(people, plan.seed))
    smallest = hashed.order_by(["hashed", "customer_id"]).limit(plan.customers_max)
    chosen = ibis.memtable(facts.engine.collect(smallest.select("customer_id")))
    columns = ("occurred_on", "occurred_at", "order_id", "product_id", "category", "source")
    lines = _bought(known).select("customer_id", *columns)
    past = _Past(
        facts.engine.collect(ordered.semi_join(chosen, "customer_id")),
        facts.engine.collect(lines.semi_join(chosen, "customer_id")),
    )
    if not past.days.num_rows:
        raise DataError(
            f"no order before {end}", "customers who order", "import their orders first"
        )
    return past


def _checks(past: _Past, told: Sequence[ReturnsOrigin]) -> tuple[LeakageCheck, ...]:
    """Return the leakage checks; each date's models are fitted to everything before it."""
    first = past.span[0]
    dates = [
        JudgedDate(
            one.as_of,
            one.until,
            gaps_of(past.days, one.as_of),
            one.returned,
            ((first, one.as_of),),
        )
        for one in told
    ]
    return rolling_checks(dates, honest=dates[0].table.column_names)


def _judged_lists(
    past: _Past,
    dates: Sequence[date],
    horizon: int,
    template: NextBasket,
    seed: int,
    checks: tuple[LeakageCheck, ...],
) -> Scorecard:
    """Return the scorecard of product lists made at past dates."""
    found = basket_origins(
        past.lines, dates, horizon_days=horizon, model=template, count=PRODUCTS_MAX
    )
    return scorecard(
        "ranking",
        found,
        model=basket_backtest.MODEL,
        rivals=LIST_RIVALS,
        options=ScorecardOptions(
            definition={
                "en": f"products of the next order, where it came within {horizon} days",
                "zh": f"{horizon} 天内下一次订单中的商品",
            },
            population=_POPULATION,
            titles=_TITLES,
            suggestions=PRODUCTS_MAX,
            product_count=pc.count_distinct(past.lines["product_id"]).as_py(),
            checks=checks,
            seed=seed,
        ),
    )


def _judged_returns(
    told: Sequence[ReturnsOrigin], horizon: int, seed: int, checks: tuple[LeakageCheck, ...]
) -> Scorecard:
    """Return the scorecard of returns told at past dates."""
    return scorecard(
        "binary",
        [one.scored() for one in told],
        model=returns_backtest.MODEL,
        rivals=RETURN_RIVALS,
        options=ScorecardOptions(
            definition={
                "en": f"orders again within {horizon} days",
                "zh": f"{horizon} 天内再次下单",
            },
            population=_POPULATION,
            titles=_TITLES,
            checks=checks,
            seed=seed,
        ),
    )


def _bought(known: Base) -> ir.Table:
    """Return the order lines that name a product."""
    rows = known.orders
    return rows.filter(rows.product_id.notnull())


def _latest_orders(known: Base) -> ir.Table:
    """Return each customer's latest orders with products, as many as lists are made from."""
    lines = _bought(known)
    orders = lines.group_by(["customer_id", "order_id"]).aggregate(
        occurred_on=lines.occurred_on.min(),
        occurred_at=lines.occurred_at.min(),
        products=lines.product_id.collect(),
    )
    newest_first = ibis.window(
        group_by="customer_id", order_by=[ibis.desc("occurred_at"), ibis.desc("order_id")]
    )
    placed = orders.mutate(place=ibis.row_number().over(newest_first))
    latest = placed.filter(placed.place < ORDERS_MAX)
    each = ibis.struct(
        {
            "place": latest.place,
            "occurred_on": latest.occurred_on,
            "products": latest.products,
        }
    )
    return latest.group_by("customer_id").aggregate(latest_orders=each.collect())


def _lines_of(rows: pa.Table) -> pa.Table:
    """Return the order lines inside rows of `next_order_rows`, as `NextBasket` takes them."""
    lists = rows["latest_orders"].combine_chunks()
    orders = pc.list_flatten(lists)
    customer = rows["customer_id"].combine_chunks().take(pc.list_parent_indices(lists))
    products = pc.struct_field(orders, "products")
    order = pc.list_parent_indices(products)
    # Engines number rows in integers of their own width.
    place = pc.struct_field(orders, "place").take(order).cast(pa.int64())
    return pa.table(
        {
            "customer_id": customer.take(order).cast(pa.string()),
            "occurred_on": pc.struct_field(orders, "occurred_on").take(order),
            # Only the order of orders matters; instants would come back in a zone of the engine's.
            "occurred_at": pc.negate(place).cast(pa.timestamp("us")),
            "order_id": place.cast(pa.string()),
            "product_id": pc.list_flatten(products).cast(pa.string()),
        }
    )


def _packed(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return a list maker's text with each long column on one line: a third of the size."""

    def packed(columns: Mapping[str, Any]) -> dict[str, str]:
        return {
            name: json.dumps(values, ensure_ascii=False, separators=(",", ":"))
            for name, values in columns.items()
        }

    return _with_tables(described, packed)


def _unpacked(described: Mapping[str, Any]) -> dict[str, Any]:
    def unpacked(columns: Mapping[str, Any]) -> dict[str, Any]:
        return {name: json.loads(values) for name, values in columns.items()}

    return _with_tables(described, unpacked)


def _with_tables(
    described: Mapping[str, Any], changed: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> dict[str, Any]:
    fitted = described["fitted"]
    knowledge = fitted["knowledge"]
    tables = {name: changed(knowledge[name]) for name in _PRODUCT_TABLES}
    return {**described, "fitted": {**fitted, "knowledge": {**knowledge, **tables}}}
