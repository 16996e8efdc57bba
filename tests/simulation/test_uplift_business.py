"""Targeting from end to end on a made business whose campaign's truth is known.

The pilot is the shop's last campaign, a message to a random half. What each customer would order
more because of it is in the truth: it depends on how often she buys, which her orders show, and on
a type of response of which only the acquisition source tells a little. So no model can earn what
the truth itself would; the most that these columns can is what a model fitted to the truth earns.

TENURE_SIMULATED_CUSTOMERS sets the shop's size (default 14,000).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tenure.experiments.uplift.bases import fit_mean
from tenure.experiments.uplift.learners import pilot_features
from tenure.experiments.uplift.pilots import Pilot, pilot
from tenure.experiments.uplift.targeting import TargetingOptions, mean_effect
from tenure.experiments.uplift.uplift_model import UpliftModel
from tenure.kernel import Calendar, Estimate
from tenure.predictions.panels import panel
from tenure.simulation import planned_world
from tests.simulation.worlds import facts_of

pytestmark = pytest.mark.slow

CUSTOMERS = int(os.environ.get("TENURE_SIMULATED_CUSTOMERS", "14000"))
DEPTH = 0.3
OPTIONS = TargetingOptions(learners=(("t", "linear"), ("s", "boosted")), curve_draws=20)


@dataclass(frozen=True)
class Campaign:
    """A campaign's customers: what was known, what they did, and what it truly adds."""

    pilot: Pilot
    adds: np.ndarray

    def earned(self, ranking: np.ndarray) -> float:
        """Return the true orders per customer that treating the best-ranked share adds."""
        best = np.argsort(-ranking, kind="stable")[: int(DEPTH * len(ranking))]
        return float(self.adds[best].sum() / len(ranking))


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    world = planned_world("shop", customers=CUSTOMERS, seed=5)
    facts, truth = facts_of(world)
    last = world.campaigns[-1]
    seen = panel(
        facts,
        as_of=last.starts_on,
        horizon_days=last.window_days + 1,
        calendar=Calendar(timezone=world.timezone),
        change_days=None,
        known_until=world.as_of,
    )
    assert seen.outcome is not None
    told = truth["campaigns"].filter(pc.equal(truth["campaigns"]["campaign"], last.name))
    ids = told["customer_id"].cast(pa.string())
    told = told.set_column(1, "customer_id", ids).sort_by("customer_id").drop("campaign")
    inside = pc.is_in(seen.features["customer_id"], value_set=told["customer_id"])
    features, outcome = seen.features.filter(inside), seen.outcome.filter(inside)
    told = told.filter(pc.is_in(told["customer_id"], value_set=features["customer_id"]))
    assert told["customer_id"].to_pylist() == features["customer_id"].to_pylist()
    orders = outcome["order_count"].to_numpy().astype(float)
    treated = told["is_treated"].to_numpy().astype(float)
    return Campaign(
        pilot(features, treated, orders, 0.5), told["expected_incremental_orders"].to_numpy()
    )


def test_a_plan_from_the_shops_own_campaign_earns_nearly_what_its_columns_can_reveal(campaign):
    given = campaign.pilot
    model = UpliftModel(depth=DEPTH)
    model.fit(given.table, given.treated, given.outcome, 0.5, options=OPTIONS)
    # the same customers again: what is counted is the truth, which no outcome has told
    plan = campaign.earned(model.predict(given.table))
    oracle = campaign.earned(campaign.adds)
    silent = given.table["days_since_last_order"].to_numpy().astype(float)
    at_risk = campaign.earned(np.nan_to_num(silent))
    at_random = DEPTH * float(campaign.adds.mean())
    revealed = campaign.earned(revealing(campaign))
    print(
        f"{model.verdict_['recommended']}: of the oracle {plan / oracle:.3f}, of what the columns "
        f"reveal {plan / revealed:.3f} ({revealed / oracle:.3f} of the oracle); at random "
        f"{at_random / oracle:.3f}, most at risk {at_risk / oracle:.3f}"
    )
    assert model.verdict_["code"] in ("target", "simple_rule")
    assert plan >= 0.9 * revealed
    assert plan >= 1.5 * at_risk
    assert plan >= 1.5 * at_random
    assert revealed < 0.95 * oracle


def revealing(campaign: Campaign) -> np.ndarray:
    """Return what a model of the truth itself says of customers it did not learn from."""
    given, half = campaign.pilot, np.arange(len(campaign.adds)) % 2 == 0
    space, _ = pilot_features(given)
    matrix = space.encode(given.table)
    found = np.empty(len(half))
    for rows in (half, ~half):
        model = fit_mean("boosted", space, matrix[rows], campaign.adds[rows], scale="effect")
        found[~rows] = model.predict(matrix[~rows])
    return found


def test_the_mean_effect_of_the_campaign_is_found(campaign):
    found = mean_effect(campaign.pilot)
    assert isinstance(found, Estimate)
    print(found, campaign.adds.mean())
    assert found.low < campaign.adds.mean() < found.high
    assert found.low > 0
