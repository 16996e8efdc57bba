"""What is sold: products with popularity, category and price, and the lines of orders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenure.simulation.customers import Customers
from tenure.simulation.randomness import Topic, stream
from tenure.simulation.seasons import Floats, Integers
from tenure.simulation.world import World

_SLOTS = 65536
"""Popularity is held in so many equal slots: a product's share is a whole number of them."""
_DISCOUNTS = np.array([10, 20])
_PRICE_STEP_CENTS = 10
"""Prices are whole tenths, so that 10 % and 20 % off are whole cents."""
_NO_BLOCK = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The products of one world.

    Parameters
    ----------
    slots : product index of each slot of equal probability.
    category : category index by product.
    price_cents : price by product.
    """

    slots: npt.NDArray[np.uint16]
    category: Integers
    price_cents: Integers

    @property
    def mean_price_cents(self) -> float:
        """Mean price of a line's product, weighted by popularity."""
        return float(self.price_cents[self.slots].mean())


@dataclass(frozen=True, slots=True)
class Lines:
    """Order lines; money in cents.

    Parameters
    ----------
    order : index of the order.
    product : index of the product.
    has_known_product : False where the product is not recorded.
    is_refunded : whether the line comes back.
    """

    order: Integers
    product: Integers
    has_known_product: npt.NDArray[np.bool_]
    quantity: Integers
    unit_cents: Integers
    discount_cents: Integers
    total_cents: Integers
    is_refunded: npt.NDArray[np.bool_]


def draw_catalogue(world: World) -> Catalogue:
    """Return the world's products: Zipf popularity, log-normal prices."""
    rng = stream(world.seed, _NO_BLOCK, Topic.ASSORTMENT)
    goods = world.assortment
    weights = np.arange(1, goods.products + 1) ** -goods.popularity_exponent
    edges = np.round(np.cumsum(weights) / weights.sum() * _SLOTS).astype(np.int64)
    slots = np.repeat(np.arange(goods.products), np.diff(edges, prepend=0)).astype(np.uint16)
    price = goods.price_median_cents * np.exp(
        goods.price_spread * rng.standard_normal(goods.products)
    )
    steps = np.maximum(1, np.round(price / _PRICE_STEP_CENTS)).astype(np.int64)
    return Catalogue(
        slots, rng.integers(0, goods.categories, goods.products), steps * _PRICE_STEP_CENTS
    )


def draw_lines(
    world: World, catalogue: Catalogue, people: Customers, owner: Integers, block: int
) -> Lines:
    """Return the lines of orders.

    Parameters
    ----------
    world, catalogue, people : whose.
    owner : customer's index of each order.
    block : number of the block.
    """
    rng = stream(world.seed, block, Topic.LINES)
    goods = world.assortment
    order = np.repeat(np.arange(len(owner)), 1 + rng.poisson(goods.extra_lines, len(owner)))
    count = len(order)
    product = catalogue.slots[rng.integers(0, _SLOTS, count, dtype=np.uint16)].astype(np.int64)
    quantity = 1 + rng.poisson(people.extra_quantity[owner[order]])
    unit = catalogue.price_cents[product]
    percent = np.where(
        rng.random(count) < goods.discount_share, _DISCOUNTS[rng.integers(0, 2, count)], 0
    )
    discount = unit * quantity * percent // 100
    return Lines(
        order=order,
        product=product,
        has_known_product=rng.random(count) >= world.missing.product,
        quantity=quantity,
        unit_cents=unit,
        discount_cents=discount,
        total_cents=unit * quantity - discount,
        is_refunded=rng.random(count) < goods.refund_share,
    )


def mean_order_value(world: World, catalogue: Catalogue, people: Customers) -> Floats:
    """Return each customer's mean value of an order before refunds, in whole currency."""
    goods = world.assortment
    paid_share = 1 - goods.discount_share * float(_DISCOUNTS.mean()) / 100
    line = catalogue.mean_price_cents * paid_share * (1 + people.extra_quantity)
    return (1 + goods.extra_lines) * line / 100
