"""Lists of products from candidates: the best few of each customer, less what must not be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import OptionError
from tenure.predictions.next_purchase.assortment import Assortment, Owned, owned
from tenure.predictions.next_purchase.blend import Blend
from tenure.predictions.next_purchase.candidates import (
    Paces,
    known_products,
    new_products,
)
from tenure.predictions.next_purchase.histories import Flags, Floats, Histories, Integers
from tenure.predictions.next_purchase.neighbours import Neighbours

NO_PRODUCT = -1


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What must not be suggested.

    Parameters
    ----------
    out_of_stock : ids of products that nobody can buy now.
    bought_within_days : leave out what the customer bought in so many days before, from 0.
    due_share : leave out what she bought less than this share of her usual gap for that
        product ago, 0..1; 0 leaves out nothing, 1 all that is not yet due.
    """

    out_of_stock: tuple[str, ...] = ()
    bought_within_days: int = 0
    due_share: float = 0.0

    def __post_init__(self) -> None:
        if self.bought_within_days < 0 or not 0 <= self.due_share <= 1:
            raise OptionError(
                f"bought_within_days={self.bought_within_days}, due_share={self.due_share}",
                "days from 0 and a share from 0 to 1",
                "correct the exclusion rules",
            )


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a fitted model knows.

    Parameters
    ----------
    products : the assortment.
    near : which products are near each other.
    known, new : how signs are blended; None where it could not be learnt.
    typical_gap_days : mean days between two orders of a customer.
    """

    products: Assortment
    near: Neighbours
    known: Blend | None
    new: Blend | None
    typical_gap_days: float


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates of some customers with their scores, one row per customer and product.

    Parameters
    ----------
    customer : the customer's number.
    product : number of the product: its place in the assortment, or, beyond it, its number in
        the histories after the assortment's last.
    is_known : whether she has bought it.
    pair : row in what she has bought, -1 for a new product.
    simple : score of the simple rule: known products by frequency, then popular ones.
    log_odds : score of the blend; `simple` where there is none.
    """

    customer: Integers
    product: Integers
    is_known: Flags
    pair: Integers
    simple: Floats
    log_odds: Floats

    def only(self, kept: Flags | Integers) -> Scored:
        """Return some of the rows, by flags or by their places."""
        return Scored(
            self.customer[kept],
            self.product[kept],
            self.is_known[kept],
            self.pair[kept],
            self.simple[kept],
            self.log_odds[kept],
        )

    def best(self, score: Floats, count: int) -> Integers:
        """Return the rows of each customer's best products, by customer and rank."""
        order = np.lexsort((self.product, -self.simple, -score, self.customer))
        who = self.customer[order]
        return order[np.arange(len(order)) - np.searchsorted(who, who) < count]

    def lists(self, score: Floats, count: int, customers: int) -> Integers:
        """Return the best products as a matrix of (customers, count); -1 where a list ends."""
        chosen = self.best(score, count)
        who = self.customer[chosen]
        found = np.full((customers, count), NO_PRODUCT)
        found[who, np.arange(len(who)) - np.searchsorted(who, who)] = self.product[chosen]
        return found


def joint_numbers(histories: Histories, products: Assortment) -> Integers:
    """Return the number of each product of the histories in lists: see `Scored.product`."""
    places = products.places(histories.products)
    beyond = len(products.ids) + np.arange(len(places))
    return np.where(places >= 0, places, beyond)


def scored(
    histories: Histories,
    known: Knowledge,
    pace: Paces,
    *,
    mine: Owned | None = None,
) -> Scored:
    """Return the candidates of all customers with their scores.

    Parameters
    ----------
    histories : the orders that are known, no more than the model looks back on.
    known : what the model knows.
    pace : how each customer shops.
    mine : what each customer has bought, if it was worked out already.
    """
    mine = owned(histories) if mine is None else mine
    again = known_products(histories, mine, known.products, pace)
    fresh = new_products(histories, mine, known.products, known.near, pace)
    numbers = joint_numbers(histories, known.products)
    odds_again = again.simple if known.known is None else known.known.log_odds(again.signs)
    odds_fresh = fresh.simple if known.new is None else known.new.log_odds(fresh.signs)
    return Scored(
        np.concatenate((again.customer, fresh.customer)),
        np.concatenate((numbers[again.product], fresh.product)),
        np.arange(len(again.customer) + len(fresh.customer)) < len(again.customer),
        np.concatenate((np.arange(len(again.customer)), np.full(len(fresh.customer), -1))),
        np.concatenate((again.simple, fresh.simple)),
        np.concatenate((odds_again, odds_fresh)),
    )


def allowed(
    found: Scored,
    mine: Owned,
    pace: Paces,
    gap_days: Floats,
    names: pa.Array,
    exclusions: Exclusions,
) -> Flags:
    """Tell which candidates may be shown.

    Parameters
    ----------
    found : the candidates.
    mine : what each customer has bought.
    pace : how each customer shops; her days of grace are counted from `now_day`.
    gap_days : her usual gap for each product she has bought, one per row of `mine`.
    names : the id of each product number.
    exclusions : the rules.
    """
    fine = np.ones(len(found.customer), np.bool_)
    if exclusions.out_of_stock:
        gone = pc.is_in(names, value_set=pa.array(exclusions.out_of_stock, pa.string()))
        fine &= ~gone.to_numpy(zero_copy_only=False)[found.product]
    pair = found.pair[found.is_known]
    since = pace.now_day[found.customer[found.is_known]] - mine.last_day[pair]
    early = since < exclusions.bought_within_days
    early |= since < exclusions.due_share * gap_days[pair]
    fine[found.is_known] &= ~early
    return fine
