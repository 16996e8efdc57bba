"""Laws of assignment: salts know nothing of each other, shares hold, nobody is moved by others.

The chance tests use fixed ids and salts, so a run repeats exactly. Each checks that alarms come at
their nominal rate, within what a binomial count does in all but one of 10,000 sets of salts.
TENURE_SIMULATED_WORLDS sets how many salts are tried.
"""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tenure.experiments import (
    NOBODY,
    Arm,
    Design,
    Holdout,
    Layer,
    assign,
    assign_shares,
)
from tenure.experiments.exclusion import take_slots

pytestmark = pytest.mark.slow

WORLDS = int(os.environ.get("TENURE_SIMULATED_WORLDS", "300"))
IDS = [f"C{number:07d}" for number in range(1_000)]
WEIGHTS = (2, 3, 5)


def design(salt: str, *weights: int, layer: Layer | None = None, method: str = "hash") -> Design:
    arms = tuple(Arm(f"arm{place}", weight) for place, weight in enumerate(weights))
    return Design("law", arms, "m", salt=salt, layer=layer, method=method)  # type: ignore[arg-type]


def check_alarms(p_values: list[float] | npt.NDArray[np.float64], rate: float) -> None:
    """Check that as many p-values are below a rate as should be."""
    alarms = int((np.asarray(p_values) < rate).sum())
    low, high = stats.binom(len(p_values), rate).interval(0.9999)
    assert low <= alarms <= high, f"{alarms} alarms of {len(p_values)} at the rate {rate}"


def independence(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> float:
    """Return the p-value of the chi-squared test that two arms are independent."""
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one, other), 1)
    return float(stats.chi2_contingency(table, correction=False).pvalue)


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_sample_ratio_alarms_of_assignment_itself_come_at_their_rate(rate: float) -> None:
    expected = np.array(WEIGHTS) / sum(WEIGHTS) * len(IDS)
    p_values = []
    for world in range(WORLDS):
        counts = np.bincount(assign(IDS, design(f"ratio {world}", *WEIGHTS)), minlength=3)
        p_values.append(stats.chisquare(counts, expected).pvalue)
    check_alarms(p_values, rate)


def test_two_salts_are_independent() -> None:
    p_values = [
        independence(
            assign(IDS, design(f"salt {world}", *WEIGHTS)),
            assign(IDS, design(f"salt {world + 1}", *WEIGHTS)),
        )
        for world in range(WORLDS)
    ]
    check_alarms(p_values, 0.01)
    check_alarms(p_values, 0.1)
    assert stats.kstest(p_values, "uniform").pvalue > 0.0001


def test_slots_of_a_layer_and_holdouts_are_independent_of_the_arms() -> None:
    p_values = []
    for world in range(WORLDS // 3):
        arms = assign(IDS, design(f"free {world}", *WEIGHTS))
        layer = Layer(f"layer_{world}", 500, 0)
        inside = assign(IDS, design("any", 1, 1, layer=layer)) != NOBODY
        held = Holdout("universal", "", 0.5, f"{world}").holds(IDS)
        p_values += [
            independence(arms, inside.astype(np.int64)),
            independence(arms, held.astype(np.int64)),
            independence(inside.astype(np.int64), held.astype(np.int64)),
        ]
    check_alarms(p_values, 0.01)
    check_alarms(p_values, 0.1)


def test_neighbouring_ids_are_independent() -> None:
    p_values = []
    for world in range(WORLDS):
        arms = assign(IDS, design(f"neighbours {world}", 1, 1))
        p_values.append(independence(arms[::2], arms[1::2]))
    check_alarms(p_values, 0.01)
    check_alarms(p_values, 0.1)


def test_dealt_out_arms_of_two_salts_are_independent() -> None:
    strata = [f"s{number % 40}" for number in range(len(IDS))]
    p_values = []
    for world in range(WORLDS // 3):
        one, other = (
            assign_shares(IDS, design(f"{side} {world}", 1, 1, method="stratified"), strata)
            for side in "ab"
        )
        p_values.append(independence(one, other))
    check_alarms(p_values, 0.1)


IDENTIFIERS = st.lists(st.text(min_size=1, max_size=12), unique=True, max_size=60)
WEIGHT_LISTS = st.lists(st.integers(1, 9), min_size=2, max_size=5)


@given(IDENTIFIERS, WEIGHT_LISTS, st.randoms())
def test_new_customers_and_another_order_move_nobody(
    units: list[str], weights: list[int], chance: object
) -> None:
    units = [unit for unit in units if unit.isprintable()]
    one = design("moves", *weights)
    before = dict(zip(units[: len(units) // 2], assign(units[: len(units) // 2], one), strict=True))
    mixed = units.copy()
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    after = dict(zip(mixed, assign(mixed, one), strict=True))
    assert all(after[unit] == arm for unit, arm in before.items())


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 30)), min_size=1, max_size=12),
    WEIGHT_LISTS,
    st.integers(0, 10_000),
)
def test_shares_within_strata_hold_after_every_intake(
    intakes: list[tuple[int, int]], weights: list[int], salt: int
) -> None:
    one = design(str(salt), *weights, method="stratified")
    found: dict[str, Counter[int]] = {}
    for number, (stratum, size) in enumerate(intakes):
        units = [f"{number}.{place}" for place in range(size)]
        already = {name: [own[arm] for arm in range(len(weights))] for name, own in found.items()}
        arms = assign_shares(units, one, [f"s{stratum}"] * size, already)
        found.setdefault(f"s{stratum}", Counter()).update(arms.tolist())
        for own in found.values():
            for arm, weight in enumerate(weights):
                share = own.total() * weight / sum(weights)
                assert abs(own[arm] - share) < (1 if len(weights) == 2 else 2)


@given(st.lists(st.integers(1, 400), max_size=12))
def test_experiments_of_a_layer_never_meet(slots: list[int]) -> None:
    taken: list[tuple[str, Layer]] = []
    free = 1000
    for number, wanted in enumerate(slots):
        if wanted > free:
            break
        taken.append((f"e{number}", take_slots(Layer("contact", wanted), taken)))
        free -= wanted
    units = IDS[:200]
    inside = [assign(units, design(name, 1, 1, layer=layer)) != NOBODY for name, layer in taken]
    assert (np.sum(inside, axis=0) <= 1).all() if inside else True
