"""The parameters of a made business, each with its unit; kinds differ only in their numbers.

A world is plain values: what was chosen here is written into the truth beside the data, so
that every figure of a made business can be held against the figure it was made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

WORLD_KINDS = ("shop", "service", "subscription")
BLOCK_CUSTOMERS = 5000
"""Customers made from one seed of their own. At a shop's defaults their rows fill one row
group of Parquet. Changing it changes every made business."""

HORIZONS_DAYS = (90, 180, 365)
"""How far the truth looks ahead of the as-of date."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where customers come from, and how they differ for it.

    Parameters
    ----------
    name : as in the column `source`.
    share : of new customers, 0..1; all sources sum to 1.
    rate_factor, hazard_factor, spend_factor : on the purchase rate, the hazard of leaving
        and the mean extra quantity.
    persuadable_share, averse_share : how many of its customers buy more, and less, after a
        campaign's message, 0..1.
    """

    name: str
    share: float
    rate_factor: float
    hazard_factor: float
    spend_factor: float
    persuadable_share: float
    averse_share: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How regular customers are: gaps between orders are Erlang with this shape.

    Parameters
    ----------
    shape : 1 is a Poisson process; the gaps' coefficient of variation is 1 / sqrt(shape).
    share : of customers, 0..1.
    """

    shape: int
    share: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A contract that runs on until it is not renewed.

    Parameters
    ----------
    share : of new contracts, 0..1.
    recurring_cents : price of one period.
    period_days : length of a period.
    hazard_per_period : probability that a customer of average satisfaction does not renew.
    """

    name: str
    share: float
    recurring_cents: int
    period_days: int
    hazard_per_period: float


@dataclass(frozen=True, slots=True)
class Campaign:
    """A message to a random half of the customers, the other half held out.

    Parameters
    ----------
    starts_on : business day on which the messages go out.
    window_days : how long the effect lasts, from each customer's message.
    persuadable_effect : share by which the order rate of persuadable customers rises.
    averse_effect : share of their orders that averse customers leave out, 0..1.
    """

    name: str
    starts_on: date
    window_days: int
    persuadable_effect: float
    averse_effect: float


@dataclass(frozen=True, slots=True)
class Assortment:
    """What is sold.

    Parameters
    ----------
    products, categories : how many.
    popularity_exponent : the product of popularity rank k sells in proportion to k to minus this.
    price_median_cents, price_spread : prices are log-normal; the spread is the standard
        deviation of the logarithm.
    extra_lines : mean of the Poisson number of lines beyond an order's first.
    extra_quantity : mean of the Poisson quantity beyond 1, before source and customer.
    discount_share : of lines with 10 % or 20 % off, 0..1.
    refund_share : of lines sent back, 0..1.
    """

    products: int
    categories: int
    popularity_exponent: float
    price_median_cents: int
    price_spread: float
    extra_lines: float
    extra_quantity: float
    discount_share: float
    refund_share: float


@dataclass(frozen=True, slots=True)
class Seasons:
    """How the order rate swings around 1.

    Parameters
    ----------
    yearly_swing : amplitude of the yearly cosine, 0..1.
    peak_day_of_year : its peak, 1..365.
    december_factor : on the first 24 days of December.
    weekdays : factor of each day, Monday first.
    opens_hour, closes_hour : local hours between which everything happens.
    growth_per_year : factor by which new customers per day grow from year to year.
    """

    yearly_swing: float
    peak_day_of_year: int
    december_factor: float
    weekdays: tuple[float, float, float, float, float, float, float]
    opens_hour: int
    closes_hour: int
    growth_per_year: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Shares of what is not recorded, 0..1.

    Parameters
    ----------
    channel : by order and visit.
    product : by order line.
    source, gender, city, birth_year : by customer.
    """

    channel: float = 0.03
    source: float = 0.05
    product: float = 0.01
    gender: float = 0.10
    city: float = 0.20
    birth_year: float = 0.25


@dataclass(frozen=True, slots=True)
class World:
    """Everything a made business follows from, besides its seed's randomness.

    Parameters
    ----------
    kind : `shop`, `service` or `subscription`.
    seed : any whole number from 0; the same seed gives the same bytes.
    customers : how many.
    as_of : first business day after the data.
    months : length of the data.
    orders_per_customer : mean number of orders in the data that `rate_per_day` aims at.
    rate_per_day : mean purchase rate before the source's factor.
    rate_gamma_shape : shape of the gamma mixture of rates; smaller is heavier-tailed.
    hazard_per_day : mean hazard of leaving; only without plans.
    hazard_gamma_shape : shape of the gamma mixture of hazards.
    satisfaction_weight : the hazard falls by exp(-weight) per standard deviation of satisfaction.
    visits_per_order, visits_per_day : mean number of visits for each order of a customer's rate,
        and apart from it.
    answer_share : of orders followed by an answered survey, 0..1.
    plans : empty without contracts.
    """

    kind: str
    seed: int
    customers: int
    as_of: date
    months: int
    timezone: str
    currency: str
    orders_per_customer: float
    rate_per_day: float
    rate_gamma_shape: float
    hazard_per_day: float
    hazard_gamma_shape: float
    satisfaction_weight: float
    visits_per_order: float
    visits_per_day: float
    answer_share: float
    visit_kind: str
    sources: tuple[Source, ...]
    rhythms: tuple[Rhythm, ...]
    plans: tuple[Plan, ...]
    campaigns: tuple[Campaign, ...]
    assortment: Assortment
    seasons: Seasons
    channels: tuple[str, ...]
    missing: Missing

    @property
    def starts_on(self) -> date:
        """The first business day of the data."""
        month = self.as_of.year * 12 + self.as_of.month - 1 - self.months
        # The 28th is in every month.
        return date(month // 12, month % 12 + 1, min(self.as_of.day, 28))

    @property
    def days(self) -> int:
        """Length of the data in days."""
        return (self.as_of - self.starts_on).days

    @property
    def blocks(self) -> int:
        """Number of blocks of customers."""
        return -(-self.customers // BLOCK_CUSTOMERS)

    def block_size(self, block: int) -> int:
        """Return how many customers a block has; only the last may be smaller."""
        return min(BLOCK_CUSTOMERS, self.customers - block * BLOCK_CUSTOMERS)


def campaigns_until(as_of: date, starts_on: date) -> tuple[Campaign, ...]:
    """Return four campaigns, half a year apart, that have had their effect by the as-of date.

    Those that would start in the first 60 days of the data are left out.
    """
    strengths = ((0.8, 0.2), (0.5, 0.3), (0.6, 0.2), (0.4, 0.3))
    found = []
    for number, (more, less) in enumerate(strengths):
        day = as_of - timedelta(days=60 + 180 * number)
        if (day - starts_on).days >= 60:
            found.append(Campaign(f"campaign_{day:%Y_%m}", day, 30, more, less))
    return tuple(reversed(found))
