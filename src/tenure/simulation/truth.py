"""The truth beside the data: what each customer and campaign was made of, as Arrow tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tenure.activity.contract import INSTANT
from tenure.simulation.activity_rows import customer_ids
from tenure.simulation.assortment import Catalogue, mean_order_value
from tenure.simulation.campaigns import Sends
from tenure.simulation.columns import instants, words
from tenure.simulation.customers import RESPONSES, Customers
from tenure.simulation.expectations import expected_orders, expected_recurring
from tenure.simulation.orders import Orders
from tenure.simulation.seasons import Floats, Season
from tenure.simulation.world import HORIZONS_DAYS, World

CUSTOMERS_TRUTH = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("source", pa.string()),
        pa.field("started_at", INSTANT),
        pa.field("left_at", INSTANT),
        pa.field("is_active", pa.bool_()),
        pa.field("rate_per_day", pa.float64()),
        pa.field("rhythm_shape", pa.int64()),
        pa.field("hazard_per_day", pa.float64()),
        pa.field("satisfaction", pa.float64()),
        pa.field("response", pa.string()),
        pa.field("plan", pa.string()),
        pa.field("hazard_per_period", pa.float64()),
        pa.field("season_days", pa.float64()),
        pa.field("orders", pa.int64()),
        pa.field("mean_order_value", pa.float64()),
        *(pa.field(f"expected_orders_{h}_days", pa.float64()) for h in HORIZONS_DAYS),
        *(pa.field(f"expected_value_{h}_days", pa.float64()) for h in HORIZONS_DAYS),
        *(pa.field(f"expected_recurring_value_{h}_days", pa.float64()) for h in HORIZONS_DAYS),
        *(pa.field(f"future_orders_{h}_days", pa.int64()) for h in HORIZONS_DAYS),
    ]
)
"""One row per customer. Expectations are given everything up to the as-of date, and her own
parameters; `future_orders` is one draw of the same future."""

CAMPAIGNS_TRUTH = pa.schema(
    [
        pa.field("campaign", pa.string()),
        pa.field("customer_id", pa.string()),
        pa.field("is_treated", pa.bool_()),
        pa.field("message_at", INSTANT),
        pa.field("effect_on_rate", pa.float64()),
        pa.field("extra_orders_per_day", pa.float64()),
        pa.field("expected_incremental_orders", pa.float64()),
    ]
)
"""One row per campaign and customer, treated or held out. The effects are those of a message,
whether or not she got one."""


def customers_truth(
    world: World,
    season: Season,
    people: Customers,
    catalogue: Catalogue,
    base: Orders,
    orders: Orders,
) -> pa.Table:
    """Return the truth about one block of customers.

    Parameters
    ----------
    world, season, people, catalogue : whose.
    base : the orders of their own processes, past and future.
    orders : the same as campaigns changed them.
    """
    there = people.is_there(season)
    now = float(season.cumulative[season.days])
    expected = expected_orders(world, season, people, _last_renewals(season, people, base, now))
    value = mean_order_value(world, catalogue, people)
    recurring = expected_recurring(world, season, people) if world.plans else {}
    left = season.seconds(np.minimum(people.leaves, season.days))
    past = orders.effective < now
    columns: dict[str, object] = {
        "customer_id": words(np.arange(len(people)), customer_ids(people)),
        "source": words(people.source, [s.name for s in world.sources]),
        "started_at": instants(season.utc_micros(season.seconds(people.started))),
        "left_at": instants(season.utc_micros(left), ~there),
        "is_active": there,
        "rate_per_day": people.rate,
        "rhythm_shape": people.shape,
        "hazard_per_day": _known(people.hazard),
        "satisfaction": people.satisfaction,
        "response": words(people.response, RESPONSES),
        "plan": words(people.plan, [p.name for p in world.plans]),
        "hazard_per_period": _known(people.period_hazard),
        "season_days": people.season_days(season, season.days),
        "orders": np.bincount(orders.owner[past], minlength=len(people)),
        "mean_order_value": value,
    }
    for days in HORIZONS_DAYS:
        until = season.effective(np.array([float(season.days + days)]))[0]
        coming = (orders.effective >= now) & (orders.effective < until)
        columns[f"expected_orders_{days}_days"] = expected[days]
        columns[f"expected_value_{days}_days"] = expected[days] * value
        columns[f"expected_recurring_value_{days}_days"] = recurring.get(
            days, pa.nulls(len(people), pa.float64())
        )
        columns[f"future_orders_{days}_days"] = np.bincount(
            orders.owner[coming], minlength=len(people)
        )
    names = CUSTOMERS_TRUTH.names
    return pa.table([columns[name] for name in names], names=names)


def campaigns_truth(world: World, season: Season, people: Customers, sends: Sends) -> pa.Table:
    """Return the truth about each campaign and customer of one block."""
    columns = {
        "campaign": words(sends.campaign, [c.name for c in world.campaigns]),
        "customer_id": words(sends.owner, customer_ids(people)),
        "is_treated": sends.is_treated,
        "message_at": instants(season.utc_micros(season.seconds(sends.position))),
        "effect_on_rate": sends.effect,
        "extra_orders_per_day": sends.effect * people.rate[sends.owner],
        "expected_incremental_orders": sends.incremental_orders(people),
    }
    names = CAMPAIGNS_TRUTH.names
    return pa.table([columns[name] for name in names], names=names)


def _last_renewals(season: Season, people: Customers, base: Orders, now: float) -> Floats:
    """Return the season days at which each process renewed last; its beginning if never."""
    last = season.effective(people.started)
    past = base.effective < now
    # Orders are by customer and time, so the last one written stays.
    last[base.owner[past]] = base.effective[past]
    return last


def _known(values: Floats) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))
