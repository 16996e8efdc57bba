"""Attributes and contracts of one block of customers, with the columns of their tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tenure.activity.contract import CUSTOMER_ATTRIBUTES, SUBSCRIPTIONS
from tenure.simulation.activity_rows import IMPORT_ID, customer_ids, provenance
from tenure.simulation.columns import days, identities, instants, money, words
from tenure.simulation.customers import Customers
from tenure.simulation.randomness import Topic, pick, stream
from tenure.simulation.seasons import Integers, Season
from tenure.simulation.world import World

GENDERS = ("female", "male", "other")
_GENDER_SHARES = np.array([0.52, 0.46, 0.02])
CITIES = tuple(f"city_{number:02d}" for number in range(1, 31))
_BIRTH_YEARS = tuple(str(year) for year in range(1900, 2101))
_AGE_MEAN, _AGE_SPREAD, _AGE_LEAST, _AGE_MOST = 42, 14, 18, 90
_NAMES = ("birth_year", "city", "gender")
_ATTRIBUTES_IMPORT = f"{IMPORT_ID}-customer_attributes"
_CONTRACTS_IMPORT = f"{IMPORT_ID}-subscriptions"


def draw_attributes(world: World, people: Customers, block: int) -> dict[str, Integers]:
    """Return each attribute's code by customer, -1 where it is missing. Nothing depends on them."""
    rng = stream(world.seed, block, Topic.ATTRIBUTES)
    count = len(people)
    age = np.clip(rng.normal(_AGE_MEAN, _AGE_SPREAD, count), _AGE_LEAST, _AGE_MOST)
    birth_year = world.as_of.year - age.astype(np.int64) - int(_BIRTH_YEARS[0])
    weights = 1 / np.arange(1, len(CITIES) + 1)
    drawn = {
        "birth_year": birth_year,
        "city": pick(rng, weights / weights.sum(), count),
        "gender": pick(rng, _GENDER_SHARES, count),
    }
    for name in _NAMES:
        drawn[name] = np.where(rng.random(count) < getattr(world.missing, name), -1, drawn[name])
    return drawn


def attributes_wide(people: Customers, codes: dict[str, Integers]) -> pa.Table:
    """Return one row per customer of whom anything is known, with a column per attribute."""
    texts = {"birth_year": _BIRTH_YEARS, "city": CITIES, "gender": GENDERS}
    columns = {name: words(codes[name], texts[name]).cast(pa.string()) for name in _NAMES}
    known = np.any([codes[name] >= 0 for name in _NAMES], axis=0)
    return pa.table({"customer_id": customer_ids(people), **columns}).filter(pa.array(known))


def attributes_table(
    world: World,
    season: Season,
    people: Customers,
    codes: dict[str, Integers],
    *,
    first_row: int,
) -> pa.Table:
    """Return one row per customer and known attribute, known from her beginning."""
    # All values share one dictionary, so that a row only needs a code.
    dictionary = (*_BIRTH_YEARS, *CITIES, *GENDERS)
    begins = {"birth_year": 0, "city": len(_BIRTH_YEARS), "gender": len(_BIRTH_YEARS) + len(CITIES)}
    value = np.stack([np.where(codes[n] < 0, -1, codes[n] + begins[n]) for n in _NAMES], axis=1)
    owner, name = np.nonzero(value >= 0)
    number = first_row + np.arange(len(owner))
    known = season.utc_micros(season.seconds(people.started))
    columns = {
        "attribute_id": identities(world.seed + 1, number - name, number),
        "customer_id": words(owner, customer_ids(people)),
        "known_at": instants(known[owner]),
        "name": words(name, _NAMES),
        "value": words(value[owner, name], dictionary),
        **provenance(world, len(owner), first_row, _ATTRIBUTES_IMPORT),
    }
    names = CUSTOMER_ATTRIBUTES.names
    return pa.table([columns[name] for name in names], names=names)


def contracts_table(world: World, season: Season, people: Customers, *, first_row: int) -> pa.Table:
    """Return one row per contract; one that runs on at the as-of date has no end."""
    number = first_row + np.arange(len(people))
    begun = season.seconds(people.started)
    has_ended = ~people.is_there(season)
    ended = season.seconds(np.minimum(people.leaves, season.days))
    price = np.array([plan.recurring_cents for plan in world.plans])
    columns = {
        "subscription_id": identities(world.seed + 2, number, number),
        "customer_id": words(np.arange(len(people)), customer_ids(people)),
        "started_at": instants(season.utc_micros(begun)),
        "ended_at": instants(season.utc_micros(ended), has_ended),
        "started_on": days(season.day_numbers(begun)),
        "ended_on": days(season.day_numbers(ended), has_ended),
        "plan": words(people.plan, [plan.name for plan in world.plans]),
        "recurring_value": money(price[people.plan]),
        "currency": words(np.zeros(len(people), dtype=np.int32), (world.currency,)),
        **provenance(world, len(people), first_row, _CONTRACTS_IMPORT),
    }
    names = SUBSCRIPTIONS.names
    return pa.table([columns[name] for name in names], names=names)
