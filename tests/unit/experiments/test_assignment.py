"""Arms follow from the id and the salt alone, in Python and in the engine."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from tenure.engine.duck import DuckDBEngine
from tenure.experiments import NOBODY, Arm, Design, Layer, arm_expression, arm_names, assign
from tenure.experiments.arms import HASH_SPAN, arm_bounds
from tenure.experiments.assignment import unit_hashes
from tenure.kernel import DataError, DefinitionError, OptionError

ODD_IDS = [
    "1",
    "01",
    " 1",
    "王小明",
    "a|b",
    "émile",
    "e\u0301mile",
    "'; --",
    "%",
    "\n",
    "😀",
    "A",
    "a",
]
IDS = [f"c{number}" for number in range(20_000)] + ODD_IDS

PINNED = [0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1]


def design(*weights: int, salt: str = "", layer: Layer | None = None) -> Design:
    arms = tuple(Arm(f"arm{place}", weight) for place, weight in enumerate(weights))
    return Design("welcome", arms, "net_revenue", salt=salt, layer=layer)


def test_a_place_is_the_first_13_digits_of_the_md5() -> None:
    digits = hashlib.md5(b"welcome|c7").hexdigest()[:13]
    assert unit_hashes("welcome", ["c7"]).tolist() == [int(digits, 16)]


def test_bounds_split_the_scale_in_exact_shares() -> None:
    assert arm_bounds(design(1, 1).arms) == (HASH_SPAN // 2, HASH_SPAN)
    assert arm_bounds(design(1, 1, 1).arms) == (
        -(-HASH_SPAN // 3),
        -(-2 * HASH_SPAN // 3),
        HASH_SPAN,
    )


@pytest.mark.parametrize("weights", [(1, 1), (9, 1), (1, 2, 3), (1, 999_999)])
def test_shares_are_those_of_the_weights(weights: tuple[int, ...]) -> None:
    counts = np.bincount(assign(IDS, design(*weights)), minlength=len(weights))
    shares = np.array(weights) / sum(weights)
    # Within 4.5 standard deviations of a binomial count.
    spread = 4.5 * np.sqrt(len(IDS) * shares * (1 - shares)) + 1
    assert (np.abs(counts - len(IDS) * shares) < spread).all()


def test_the_order_of_units_and_their_company_play_no_part() -> None:
    one = design(1, 2)
    whole = dict(zip(IDS, assign(IDS, one).tolist(), strict=True))
    assert [whole[unit] for unit in reversed(IDS)] == assign(IDS[::-1], one).tolist()
    assert assign(["c5"], one).tolist() == [whole["c5"]]


def test_another_process_says_the_same() -> None:
    asking = (
        "from tenure.experiments import *; "
        "d = Design('welcome', (Arm('arm0', 1), Arm('arm1', 2)), 'net_revenue'); "
        "print(assign([f'c{n}' for n in range(200)], d).tolist())"
    )
    told = subprocess.run(
        [sys.executable, "-c", asking], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == str(assign(IDS[:200], design(1, 2)).tolist())


def test_arms_of_known_ids_never_change() -> None:
    """Written down once: a change of this list would move customers of running experiments."""
    assert assign([f"c{number}" for number in range(16)], design(1, 2)).tolist() == PINNED


@pytest.mark.parametrize(
    "given",
    [
        design(1, 1),
        design(1, 2, 3, salt="It's 王 %"),
        design(9, 1, layer=Layer("contact", 300, 0)),
        design(9, 1, layer=Layer("contact", 300, 350)),
        design(9, 1, layer=Layer("contact", 300, 700)),
        design(9, 1, layer=Layer("contact", 1000, 0)),
    ],
)
def test_the_engine_works_out_the_same_arms(given: Design) -> None:
    engine = DuckDBEngine()
    units = engine.attach_arrow("units", pa.table({"unit": pa.array([*IDS, None])}))
    found = engine.collect(units.mutate(arm=arm_expression(units.unit, given))).to_pydict()
    told = dict(zip(found["unit"], found["arm"], strict=True))
    wanted = dict(zip(IDS, arm_names(assign(IDS, given), given), strict=True))
    assert told == {**wanted, None: None}


def test_slots_of_a_layer_say_who_is_in_and_leave_the_arms_alone() -> None:
    free = assign(IDS, design(1, 1))
    first = assign(IDS, design(1, 1, layer=Layer("contact", 400, 0)))
    second = assign(IDS, design(1, 1, salt="other", layer=Layer("contact", 600, 400)))
    assert ((first == NOBODY) != (second == NOBODY)).all()
    inside = first != NOBODY
    assert (first[inside] == free[inside]).all()
    assert abs(inside.mean() - 0.4) < 0.02
    # Being in the slots says nothing about the arm.
    assert abs(free[inside].mean() - free[~inside].mean()) < 0.03


@pytest.mark.parametrize("units", [[1, 2], ["a", ""], ["a", None], [b"a"]])
def test_ids_that_are_no_texts_are_refused(units: list[str]) -> None:
    with pytest.raises(DataError, match="ids that are texts"):
        assign(units, design(1, 1))


def test_ids_come_as_lists_arrays_or_arrow() -> None:
    wanted = assign(IDS[:50], design(1, 1)).tolist()
    for units in (np.array(IDS[:50]), pa.array(IDS[:50]), pa.chunked_array([IDS[:20], IDS[20:50]])):
        assert assign(units, design(1, 1)).tolist() == wanted
    assert assign([], design(1, 1)).tolist() == []


def test_a_recorded_method_cannot_be_worked_out_from_the_id() -> None:
    stratified = Design("w", (Arm("a"), Arm("b")), "m", method="stratified", strata=("city",))
    with pytest.raises(OptionError, match="whole population"):
        assign(["c1"], stratified)


def test_a_layer_without_slots_is_refused() -> None:
    with pytest.raises(DefinitionError, match="no slots yet"):
        assign(["c1"], design(1, 1, layer=Layer("contact", 300)))
