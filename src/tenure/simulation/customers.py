"""Who the customers are: source, beginning, rate, rhythm, satisfaction, and when each leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tenure.simulation.randomness import Topic, pick, stream
from tenure.simulation.seasons import Floats, Integers, Season
from tenure.simulation.world import BLOCK_CUSTOMERS, HORIZONS_DAYS, World

_RATE_LEAST_PER_DAY = 1e-9
"""A gamma of small shape can underflow to nothing, and a gap of 1 / 0 days is no number."""

INDIFFERENT, PERSUADABLE, AVERSE = 0, 1, 2
RESPONSES = ("indifferent", "persuadable", "averse")


@dataclass(frozen=True, slots=True)
class Customers:
    """One block of customers, an array entry each, with what only the truth knows.

    Parameters
    ----------
    first_number : number of the first in the whole world, from 1; the others follow on.
    source : index into the world's sources.
    started, leaves : positions (see `seasons`); `leaves` may lie after the as-of date.
    rate : orders per season day.
    shape : of the Erlang gaps between orders.
    hazard : of leaving, per day; not a number where contracts decide.
    satisfaction : standard deviations from the mean.
    extra_quantity : mean quantity of a line beyond 1.
    response : `INDIFFERENT`, `PERSUADABLE` or `AVERSE` to campaigns.
    has_known_source : False if her source is not recorded.
    plan : index into the world's plans; -1 without contracts.
    period_hazard : probability of not renewing at the end of a period.
    """

    first_number: int
    source: Integers
    started: Floats
    leaves: Floats
    rate: Floats
    shape: Integers
    hazard: Floats
    satisfaction: Floats
    extra_quantity: Floats
    response: Integers
    has_known_source: npt.NDArray[np.bool_]
    plan: Integers
    period_hazard: Floats

    def __len__(self) -> int:
        return len(self.source)

    def is_there(self, season: Season) -> npt.NDArray[np.bool_]:
        """Return who has not left by the as-of date."""
        return self.leaves >= season.days

    def season_days(self, season: Season, until: float) -> Floats:
        """Return the season days from each beginning to leaving, or to a position if earlier."""
        end = np.minimum(self.leaves, until)
        return season.effective(end) - season.effective(self.started)


def draw_customers(world: World, season: Season, block: int) -> Customers:
    """Return the customers of one block, always the same ones."""
    rng = stream(world.seed, block, Topic.CUSTOMERS)
    count = world.block_size(block)
    source = pick(rng, np.array([s.share for s in world.sources]), count)
    started = _starts(world, season, rng, count)
    satisfaction = rng.standard_normal(count)
    weight = world.satisfaction_weight
    # The subtracted half square keeps the mean hazard what the world says.
    contentment = np.exp(-weight * satisfaction - weight**2 / 2)
    rate = (
        world.rate_per_day
        * np.array([s.rate_factor for s in world.sources])[source]
        * rng.standard_gamma(world.rate_gamma_shape, count)
        / world.rate_gamma_shape
    )
    shapes = np.array([r.shape for r in world.rhythms])
    spend = np.array([s.spend_factor for s in world.sources])[source]
    people = Customers(
        first_number=block * BLOCK_CUSTOMERS + 1,
        source=source,
        started=started,
        leaves=np.full(count, np.inf),
        rate=np.maximum(rate, _RATE_LEAST_PER_DAY),
        shape=shapes[pick(rng, np.array([r.share for r in world.rhythms]), count)],
        hazard=np.full(count, np.nan),
        satisfaction=satisfaction,
        extra_quantity=world.assortment.extra_quantity * spend * rng.standard_gamma(2, count) / 2,
        response=_responses(world, source, rng),
        has_known_source=rng.random(count) >= world.missing.source,
        plan=np.full(count, -1),
        period_hazard=np.full(count, np.nan),
    )
    relative_hazard = np.array([s.hazard_factor for s in world.sources])[source] * contentment
    if world.plans:
        return _with_contracts(world, people, relative_hazard, block)
    hazard = (
        world.hazard_per_day
        * relative_hazard
        * rng.standard_gamma(world.hazard_gamma_shape, count)
        / world.hazard_gamma_shape
    )
    hazard = np.maximum(hazard, _RATE_LEAST_PER_DAY)
    return replace(people, hazard=hazard, leaves=started + rng.standard_exponential(count) / hazard)


def horizon_end(season: Season) -> float:
    """Return the position up to which orders are drawn: the longest look ahead."""
    return float(season.days + max(HORIZONS_DAYS))


def _starts(world: World, season: Season, rng: np.random.Generator, count: int) -> Floats:
    shares = season.starting_shares(world.seasons.growth_per_year)
    day = np.searchsorted(shares, rng.random(count), side="right")
    return np.minimum(day, season.days - 1) + rng.random(count)


def _responses(world: World, source: Integers, rng: np.random.Generator) -> Integers:
    persuadable = np.array([s.persuadable_share for s in world.sources])[source]
    averse = np.array([s.averse_share for s in world.sources])[source]
    drawn = rng.random(len(source))
    found = np.full(len(source), INDIFFERENT)
    found[drawn < persuadable] = PERSUADABLE
    found[drawn >= 1 - averse] = AVERSE
    return found


def _with_contracts(
    world: World, people: Customers, relative_hazard: Floats, block: int
) -> Customers:
    """Give each customer a plan and the end of the period after which she does not renew."""
    rng = stream(world.seed, block, Topic.CONTRACTS)
    plan = pick(rng, np.array([p.share for p in world.plans]), len(people))
    base = np.array([p.hazard_per_period for p in world.plans])[plan]
    period_hazard = np.clip(base * relative_hazard, 0.001, 0.9)
    periods = rng.geometric(period_hazard)
    length = np.array([p.period_days for p in world.plans])[plan]
    return replace(
        people,
        plan=plan,
        period_hazard=period_hazard,
        leaves=people.started + periods * length,
    )
