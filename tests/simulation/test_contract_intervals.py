"""Intervals of the contract models cover what they say, on worlds whose truth is known.

TENURE_SIMULATED_WORLDS sets the number of worlds (default 36). With so few, chance alone moves a
share by several points, and the limits allow for it; from 400 on they are 86 to 94 %. A world is
1,500 contracts of eight cohorts, so that the youngest have come to one renewal and the oldest to
eight; a third is under observation only from its second renewal on. It draws its contracts from
the model, so misfit plays no part here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from tenure.kernel import Estimate
from tenure.predictions.contracts.beta_discrete_weibull import BetaDiscreteWeibull
from tenure.predictions.contracts.hazard import DiscreteTimeHazard
from tenure.predictions.contracts.kaplan_meier import ContractKaplanMeier
from tenure.predictions.contracts.retention_model import RetentionModel
from tenure.predictions.contracts.shifted_beta_geometric import ShiftedBetaGeometric
from tenure.predictions.fitting.draws import Predicted

pytestmark = pytest.mark.slow

WORLDS = int(os.environ.get("TENURE_SIMULATED_WORLDS", "36"))
CONTRACTS, COHORTS, PLAYED_ON = 1500, 8, 4
INTERVAL = 0.9
ALPHA, BETA, C = 0.7, 2.8, 1.4
LOG_ODDS, BY_LOG_AGE, BY_PRICE = -1.4, -0.4, 0.4
Hits = dict[str, list[bool]]


class World(NamedTuple):
    """Contracts as they are seen, and the period in which each will have ended."""

    seen: dict[str, npt.NDArray[np.float64]]
    ends_in: npt.NDArray[np.float64]

    @property
    def running(self) -> npt.NDArray[np.bool_]:
        """Contracts that were not seen to end."""
        return self.seen["ended"] == 0

    @property
    def run_later(self) -> int:
        """How many of them still run after some more renewals."""
        lived = self.seen["duration_periods"] + PLAYED_ON
        return int((self.running & (self.ends_in > lived)).sum())


def watched(
    random: np.random.Generator,
    ends_in: npt.NDArray[np.float64],
    **more: npt.NDArray[np.float64],
) -> World:
    """Return contracts as a business sees them that began to keep records late."""
    renewals = random.integers(1, COHORTS + 1, CONTRACTS).astype(float)
    entry = np.where(random.random(CONTRACTS) < 1 / 3, np.minimum(2.0, renewals - 1), 0.0)
    kept = ends_in > entry
    ended = ends_in <= renewals
    seen = {
        "duration_periods": np.where(ended, ends_in, renewals)[kept],
        "ended": ended[kept].astype(float),
        "entry_periods": entry[kept],
        **{name: column[kept] for name, column in more.items()},
    }
    return World(seen, ends_in[kept])


def mixed(seed: int, c: float) -> World:
    """Contracts whose chance to leave is beta distributed: S(t) = (1 - theta)^(t^c)."""
    random = np.random.default_rng(seed)
    theta = np.clip(random.beta(ALPHA, BETA, CONTRACTS), 1e-12, 1 - 1e-12)
    spent = np.log(random.random(CONTRACTS)) / np.log1p(-theta)
    return watched(random, np.ceil(np.minimum(spent ** (1 / c), 1e6)))


def priced(seed: int) -> World:
    """Contracts whose odds to leave fall with age and rise with the price."""
    random = np.random.default_rng(seed)
    price = random.normal(size=CONTRACTS)
    ends_in, here = np.full(CONTRACTS, 1e6), np.ones(CONTRACTS, dtype=bool)
    for period in range(1, COHORTS + PLAYED_ON + 1):
        leaves = here & (random.random(CONTRACTS) < true_hazard(period, price))
        ends_in[leaves], here = period, here & ~leaves
    return watched(random, ends_in, price=price)


def true_hazard(period: float, price: npt.ArrayLike) -> npt.NDArray[np.float64]:
    by_age = BY_LOG_AGE * np.log(period)
    odds = np.exp(LOG_ODDS + by_age + BY_PRICE * np.asarray(price, dtype=float))
    return odds / (1 + odds)


def note(hits: Hits, name: str, found: Predicted | Estimate, truth: npt.ArrayLike) -> None:
    """Keep whether the truth lies between the limits, for each entry."""
    low, high = np.atleast_1d(found.low), np.atleast_1d(found.high)
    for i, value in enumerate(np.atleast_1d(np.asarray(truth, dtype=float))):
        hits.setdefault(f"{name} {i}", []).append(bool(low[i] <= value <= high[i]))


def check(hits: Hits, record: Callable[[str, object], None]) -> None:
    """Tell whether every share lies in 86-94 %, widened by what chance does to so few worlds."""
    shares = {name: float(np.mean(each)) for name, each in hits.items()}
    print(shares)
    for name, share in shares.items():
        record(name, share)
    by_chance = {
        n: 2.9 * np.sqrt(INTERVAL * (1 - INTERVAL) / len(each)) for n, each in hits.items()
    }
    wrong = {n: s for n, s in shares.items() if abs(s - INTERVAL) > max(0.04, by_chance[n])}
    assert not wrong, (wrong, shares)


@pytest.mark.parametrize("kind", [ShiftedBetaGeometric, BetaDiscreteWeibull])
def test_parametric_models(
    kind: type[RetentionModel], record_property: Callable[[str, object], None]
) -> None:
    hits: Hits = {}
    truth = {"alpha": ALPHA, "beta": BETA, "c": C}
    real = kind().fit({"duration_periods": [1, 2], "ended": [1, 0]})
    real.maximum_.values[:] = [truth[name] for name in kind.names]
    ages = {"duration_periods": [0, 3, 8]}
    for seed in range(WORLDS):
        world = mixed(seed, C if kind is BetaDiscreteWeibull else 1.0)
        model = kind().fit(world.seen)
        curve = model.retention_curve(12, interval=INTERVAL)
        assert isinstance(curve, Predicted)
        for period in (1, 4, 8, 12):
            end = Estimate(0, curve.low[period], curve.high[period], INTERVAL, "")
            note(hits, f"S({period})", end, np.asarray(real.retention_curve(12))[period])
        renewal = model.predict_renewal(ages, interval=INTERVAL)
        note(hits, "renewal", renewal, real.predict_renewal(ages))
        tenure = model.predict_tenure(ages, horizon=24, discount_rate=0.01, interval=INTERVAL)
        truth_tenure = real.predict_tenure(ages, horizon=24, discount_rate=0.01)
        note(hits, "tenure", tenure, truth_tenure)
        total = model.predict_total(world.seen, PLAYED_ON, interval=INTERVAL)
        note(hits, "total, outcome", total, world.run_later)
    check(hits, record_property)


@pytest.mark.parametrize("baseline", ["dummies", "smooth"])
def test_the_hazard(baseline: str, record_property: Callable[[str, object], None]) -> None:
    hits: Hits = {}
    people = {"duration_periods": [0, 3, 6], "price": [-1.0, 0.0, 1.5]}
    one = [
        1 - true_hazard(a + 1, z)
        for a, z in zip(people["duration_periods"], people["price"], strict=True)
    ]
    two = [
        r * (1 - true_hazard(a + 2, z))
        for r, a, z in zip(one, people["duration_periods"], people["price"], strict=True)
    ]
    for seed in range(WORLDS):
        world = priced(seed)
        model = DiscreteTimeHazard(("price",), baseline).fit(world.seen)
        note(hits, "renewal", model.predict_renewal(people, interval=INTERVAL), one)
        note(hits, "survival", model.predict_survival(people, 2, interval=INTERVAL), two)
        row = next(row for row in model.summary(INTERVAL) if row["parameter"] == "[price]")
        spread = model.covariates_.each[0].spread
        ends = Estimate(0, row["low"], row["high"], INTERVAL, "")
        note(hits, "effect", ends, BY_PRICE * spread)
    check(hits, record_property)


def test_kaplan_meier(record_property: Callable[[str, object], None]) -> None:
    hits: Hits = {}
    real = ShiftedBetaGeometric().fit({"duration_periods": [1, 2], "ended": [1, 0]})
    real.maximum_.values[:] = [ALPHA, BETA]
    curve = np.asarray(real.retention_curve(COHORTS))
    for seed in range(max(WORLDS, 200)):
        model = ContractKaplanMeier().fit(mixed(seed, 1.0).seen)
        for period in (1, 4, COHORTS):
            note(hits, f"S({period})", model.survival(period, interval=INTERVAL), curve[period])
        found = model.survival(3, age=2, interval=INTERVAL)
        note(hits, "S(5) / S(2)", found, curve[5] / curve[2])
        tenure = model.tenure(COHORTS, discount_rate=0.02, interval=INTERVAL)
        note(hits, "tenure", tenure, (curve[1:] / 1.02 ** np.arange(COHORTS)).sum())
    check(hits, record_property)
