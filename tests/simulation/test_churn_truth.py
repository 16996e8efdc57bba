"""Early warning held against worlds whose truth is known: who left, and who will order.

The truth's `future_orders_90_days` is drawn from the same law as the data, beyond their end, so a
warning made on the last day can be judged by what then comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta

import numpy as np
import pytest

from tenure.activity.facts import Facts
from tenure.kernel import Calendar, Estimate
from tenure.predictions.churn.definition import ChurnDefinition, definition_for
from tenure.predictions.churn.levels import Warned
from tenure.predictions.churn.predictor import ChurnPredictor, train_churn
from tenure.predictions.panels import Panel, panel
from tenure.predictions.scorecards.discrimination import auc
from tenure.simulation import World, planned_world
from tests.simulation.worlds import facts_of

pytestmark = pytest.mark.slow

HORIZON_DAYS = 90
WARNED = (50, 200, 400)
"""Lengths of the call lists that are held against the truth."""


@dataclass(frozen=True)
class Business:
    """A made business with its truth, by customer."""

    world: World
    facts: Facts
    truth: dict[str, dict[str, object]]

    @property
    def calendar(self) -> Calendar:
        return Calendar(timezone=self.world.timezone)

    def panel(self, days_back: int, *, changes: bool = True) -> Panel:
        return panel(
            self.facts,
            as_of=self.world.as_of - timedelta(days=days_back),
            horizon_days=HORIZON_DAYS,
            calendar=self.calendar,
            change_days=90 if changes else None,
            attributes=("gender",),
            known_until=self.world.as_of,
        )

    def true(self, ids: Sequence[str], column: str) -> list[object]:
        return [self.truth[customer][column] for customer in ids]


def made(world: World) -> Business:
    facts, truth = facts_of(world)
    rows = truth["customers"].to_pylist()
    return Business(world, facts, {row["customer_id"]: row for row in rows})


def hits(warned: Warned, left: np.ndarray) -> bool:
    """Whether the share who left lies within what was promised."""
    expected = warned.expected_precision
    assert isinstance(expected, Estimate)
    assert warned.rows is not None
    return expected.low <= left[warned.rows].mean() <= expected.high


@pytest.fixture(scope="module")
def shop() -> Business:
    return made(planned_world("shop", customers=6000, seed=21))


@pytest.fixture(scope="module")
def shop_predictor(shop: Business) -> ChurnPredictor:
    definition = ChurnDefinition("fixed_window", HORIZON_DAYS, window_days=180)
    backs = (360, 270, 180, 90)  # a year of them: the shop has seasons
    return train_churn([shop.panel(back, changes=False) for back in backs], definition)


@pytest.fixture(scope="module")
def shop_now(shop: Business) -> Panel:
    return shop.panel(0, changes=False)


def test_planted_leavers_of_a_shop_are_found_at_the_promised_rate(
    shop: Business, shop_predictor: ChurnPredictor, shop_now: Panel
):
    scores = shop_predictor.score_batch(shop_now.features)
    ids = scores["customer_id"].to_pylist()
    silent = np.array(shop.true(ids, "future_orders_90_days")) == 0
    p = scores["churn_probability"].to_numpy()
    lists = [shop_predictor.call_list(p, size) for size in WARNED]
    promised = [(w.expected_precision, silent[w.rows].mean()) for w in lists]
    print("promised and found:", promised)
    assert all(hits(warned, silent) for warned in lists)
    assert silent[lists[0].rows].mean() > 1.5 * silent.mean()
    # those who have left for good by the truth, unseen in any data, are ranked above those there
    gone = ~np.array(shop.true(ids, "is_active"), dtype=bool)
    found = auc(gone.astype(float), p)
    assert isinstance(found, Estimate)
    assert found.low > 0.65


def test_the_shops_model_is_close_to_the_truths_own_ranking(
    shop: Business, shop_predictor: ChurnPredictor, shop_now: Panel
):
    scores = shop_predictor.score_batch(shop_now.features)
    ids = scores["customer_id"].to_pylist()
    silent = np.array(shop.true(ids, "future_orders_90_days")) == 0
    best = auc(silent, -np.array(shop.true(ids, "expected_orders_90_days"), dtype=float))
    found = auc(silent, scores["churn_probability"].to_numpy())
    assert isinstance(best, Estimate)
    assert isinstance(found, Estimate)
    print(f"AUC {found.value:.3f}; of the truth itself {best.value:.3f}")
    # the truth knows each customer's own rate and whether she has left; no model can
    assert 0.7 < found.value < best.value


@pytest.fixture(scope="module")
def contracts() -> Business:
    return made(planned_world("subscription", customers=5000, seed=22))


def test_ended_contracts_are_found_at_the_promised_rate(contracts: Business):
    earlier = [contracts.panel(back, changes=False) for back in (270, 180)]
    chosen = definition_for(earlier[-1].features, HORIZON_DAYS)
    assert chosen.kind == "contract_end"
    predictor = train_churn(earlier, chosen)
    assert predictor.evidence.verdict == "signal"
    tested = contracts.panel(90, changes=False)
    scores = predictor.score_batch(tested.features)
    ids = scores["customer_id"].to_pylist()
    left = ended_within(contracts, ids, tested.as_of)
    labels = chosen.labels(tested)
    np.testing.assert_array_equal(left, labels[~np.isnan(labels)])
    p = scores["churn_probability"].to_numpy()
    lists = [predictor.call_list(p, size) for size in WARNED]
    print("promised and found:", [(w.expected_precision, left[w.rows].mean()) for w in lists])
    assert all(hits(warned, left) for warned in lists)
    assert left[lists[1].rows].mean() > 1.2 * left.mean()


def ended_within(business: Business, ids: Sequence[str], as_of: date) -> np.ndarray:
    """Return by the truth whether each contract ended in the 90 days before the data's end."""
    zone = business.calendar.zone
    ends = []
    for instant in business.true(ids, "left_at"):
        day = instant and instant.replace(tzinfo=UTC).astimezone(zone).date()  # type: ignore[attr-defined]
        ends.append(bool(day) and as_of <= day < business.world.as_of)
    return np.array(ends, dtype=float)


def test_a_world_without_signal_is_reported_as_such():
    world = planned_world("subscription", customers=5000, seed=23)
    alike = tuple(replace(source, hazard_factor=1.0) for source in world.sources)
    plan = replace(world.plans[0], share=1.0)
    flat = made(replace(world, sources=alike, plans=(plan,), satisfaction_weight=0.0))
    earlier = [flat.panel(back, changes=False) for back in (270, 180)]
    predictor = train_churn(earlier, ChurnDefinition("contract_end", HORIZON_DAYS))
    print(predictor.evidence.texts("en"))
    assert predictor.evidence.verdict == "no_signal"
    tested = flat.panel(90, changes=False)
    scores = predictor.score_batch(tested.features)
    assert set(scores["warning_level"].to_pylist()) == {"low"}
    p = scores["churn_probability"].to_numpy()
    assert np.ptp(p) == 0
    labels = ChurnDefinition("contract_end", HORIZON_DAYS).labels(tested)
    share = np.nanmean(labels)
    everyone = predictor.call_list(p, len(p))
    assert isinstance(everyone.expected_precision, Estimate)
    assert everyone.expected_precision.low <= share <= everyone.expected_precision.high
    # by the world's own law: three renewals of 93 % each
    assert p[0] == pytest.approx(1 - 0.93**3, abs=0.02)
