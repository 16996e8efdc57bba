"""The kinds of business there are to make: a shop, a service, a subscription."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from tenure.kernel import OptionError
from tenure.simulation.calibration import calibrated
from tenure.simulation.world import (
    WORLD_KINDS,
    Assortment,
    Missing,
    Plan,
    Rhythm,
    Seasons,
    Source,
    World,
    campaigns_until,
)

DEFAULT_AS_OF = date(2026, 1, 1)
DEFAULT_MONTHS = 36
CUSTOMERS_MAX = 500_000_000
MONTHS_MIN, MONTHS_MAX = 3, 120
ORDERS_PER_CUSTOMER_MIN, ORDERS_PER_CUSTOMER_MAX = 1.5, 100.0

_SOURCES = (
    Source("organic", 0.30, 1.00, 1.00, 1.00, 0.30, 0.10),
    Source("referral", 0.15, 1.30, 0.60, 1.20, 0.15, 0.05),
    Source("search_ads", 0.25, 0.95, 1.10, 1.00, 0.35, 0.10),
    Source("social_ads", 0.20, 0.75, 1.60, 0.80, 0.55, 0.10),
    Source("marketplace", 0.10, 0.85, 2.00, 0.60, 0.10, 0.40),
)


def planned_world(
    kind: str,
    *,
    customers: int,
    seed: int,
    as_of: date = DEFAULT_AS_OF,
    months: int = DEFAULT_MONTHS,
    orders_per_customer: float | None = None,
) -> World:
    """Return the world of a kind, calibrated to its mean number of orders.

    Parameters
    ----------
    kind : `shop`, `service` or `subscription`.
    customers : 1..500,000,000.
    seed : 0 or more.
    as_of : first business day after the data.
    months : length of the data, 3..120.
    orders_per_customer : mean number of orders in the data, 1.5..100; None takes the kind's.

    Raises
    ------
    OptionError : an argument is out of its range.
    """
    if kind not in WORLD_KINDS:
        raise OptionError(f"kind {kind!r}", f"one of {', '.join(WORLD_KINDS)}", "choose one")
    _check("customers", customers, 1, CUSTOMERS_MAX)
    _check("seed", seed, 0, 2**63 - 1)
    _check("months", months, MONTHS_MIN, MONTHS_MAX)
    if orders_per_customer is not None:
        _check(
            "orders-per-customer",
            orders_per_customer,
            ORDERS_PER_CUSTOMER_MIN,
            ORDERS_PER_CUSTOMER_MAX,
        )
    if not 1980 <= as_of.year <= 2100:
        raise OptionError(f"as-of {as_of}", "a year of 1980..2100", "choose a date within them")
    return calibrated(_KINDS[kind](customers, seed, as_of, months, orders_per_customer))


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise OptionError(
            f"--{name} {value:,}", f"{low:,} to {high:,}", f"choose --{name} within that range"
        )


def _shop(
    customers: int, seed: int, as_of: date, months: int, orders_per_customer: float | None
) -> World:
    world = World(
        kind="shop",
        seed=seed,
        customers=customers,
        as_of=as_of,
        months=months,
        timezone="Europe/Berlin",
        currency="EUR",
        orders_per_customer=orders_per_customer or 11.5,
        rate_per_day=0.0,
        rate_gamma_shape=0.7,
        hazard_per_day=1 / 450,
        hazard_gamma_shape=1.3,
        satisfaction_weight=0.35,
        visits_per_order=0.35,
        visits_per_day=0.001,
        answer_share=0.05,
        visit_kind="visit",
        sources=_SOURCES,
        rhythms=(Rhythm(1, 0.70), Rhythm(3, 0.20), Rhythm(8, 0.10)),
        plans=(),
        campaigns=(),
        assortment=Assortment(2000, 20, 0.8, 900, 0.9, 0.3, 0.25, 0.15, 0.03),
        seasons=Seasons(0.12, 330, 1.35, (0.85, 0.85, 0.9, 0.95, 1.25, 1.45, 0.75), 8, 21, 1.1),
        channels=("store", "web", "app"),
        missing=Missing(),
    )
    return _with_campaigns(world)


def _service(
    customers: int, seed: int, as_of: date, months: int, orders_per_customer: float | None
) -> World:
    world = World(
        kind="service",
        seed=seed,
        customers=customers,
        as_of=as_of,
        months=months,
        timezone="Asia/Shanghai",
        currency="CNY",
        orders_per_customer=orders_per_customer or 7.0,
        rate_per_day=0.0,
        rate_gamma_shape=1.5,
        hazard_per_day=1 / 600,
        hazard_gamma_shape=1.5,
        satisfaction_weight=0.5,
        visits_per_order=0.2,
        visits_per_day=0.0005,
        answer_share=0.15,
        visit_kind="visit",
        sources=_SOURCES,
        rhythms=(Rhythm(1, 0.25), Rhythm(4, 0.45), Rhythm(9, 0.30)),
        plans=(),
        campaigns=(),
        assortment=Assortment(40, 6, 0.9, 16000, 0.7, 0.2, 0.05, 0.20, 0.01),
        seasons=Seasons(0.20, 20, 1.0, (0.8, 0.8, 0.85, 0.9, 1.15, 1.4, 1.1), 9, 20, 1.15),
        channels=("north", "centre", "south"),
        missing=Missing(product=0.02),
    )
    return _with_campaigns(world)


def _subscription(
    customers: int, seed: int, as_of: date, months: int, orders_per_customer: float | None
) -> World:
    world = World(
        kind="subscription",
        seed=seed,
        customers=customers,
        as_of=as_of,
        months=months,
        timezone="America/New_York",
        currency="USD",
        orders_per_customer=orders_per_customer or 3.0,
        rate_per_day=0.0,
        rate_gamma_shape=0.8,
        hazard_per_day=0.0,
        hazard_gamma_shape=1.0,
        satisfaction_weight=0.4,
        visits_per_order=1.0,
        visits_per_day=0.02,
        answer_share=0.10,
        visit_kind="login",
        sources=_SOURCES,
        rhythms=(Rhythm(1, 1.0),),
        plans=(
            Plan("basic", 0.50, 990, 30, 0.070),
            Plan("plus", 0.35, 1990, 30, 0.040),
            Plan("yearly", 0.15, 19900, 360, 0.250),
        ),
        campaigns=(),
        assortment=Assortment(200, 8, 0.9, 1500, 0.6, 0.1, 0.1, 0.10, 0.03),
        seasons=Seasons(0.05, 15, 1.0, (1.1, 1.1, 1.05, 1.05, 1.0, 0.85, 0.85), 7, 23, 1.3),
        channels=("web", "app"),
        missing=Missing(),
    )
    return _with_campaigns(world)


def _with_campaigns(world: World) -> World:
    return replace(world, campaigns=campaigns_until(world.as_of, world.starts_on))


_KINDS: dict[str, Callable[[int, int, date, int, float | None], World]] = {
    "shop": _shop,
    "service": _service,
    "subscription": _subscription,
}
