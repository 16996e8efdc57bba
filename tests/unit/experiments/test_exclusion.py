"""Slots of a layer: free ones are found, full layers say who fills them."""

from __future__ import annotations

import itertools

import pytest

from tenure.experiments.arms import HASH_SPAN
from tenure.experiments.exclusion import Layer, take_slots
from tenure.kernel import DefinitionError


def taken(*slots: tuple[int, int]) -> list[tuple[str, Layer]]:
    return [(f"e{first}", Layer("contact", end - first, first)) for first, end in slots]


@pytest.mark.parametrize(
    ("slots", "others", "first"),
    [
        (300, [], 0),
        (300, [(0, 300)], 300),
        (300, [(0, 200), (400, 600)], 600),
        (200, [(0, 200), (400, 600)], 200),
        (1000, [], 0),
        (100, [(900, 1000), (0, 100)], 100),
    ],
)
def test_the_first_gap_that_is_wide_enough_is_taken(
    slots: int, others: list[tuple[int, int]], first: int
) -> None:
    assert take_slots(Layer("contact", slots), taken(*others)) == Layer("contact", slots, first)


def test_a_full_layer_says_who_fills_it() -> None:
    with pytest.raises(DefinitionError, match=r"e0 0\.\.300, e500 500\.\.900"):
        take_slots(Layer("contact", 301), taken((500, 900), (0, 300)))


def test_slots_that_are_named_must_be_free() -> None:
    assert take_slots(Layer("contact", 100, 300), taken((0, 300))).first == 300
    with pytest.raises(DefinitionError):
        take_slots(Layer("contact", 100, 299), taken((0, 300)))


def test_other_layers_take_nothing_away() -> None:
    others = [("e", Layer("prices", 1000, 0))]
    assert take_slots(Layer("contact", 1000), others).first == 0


def test_bounds_of_neighbours_meet_and_the_last_is_the_end() -> None:
    bounds = [Layer("contact", 1, first).bounds() for first in range(1000)]
    assert bounds[0][0] == 0
    assert all(one[1] == other[0] for one, other in itertools.pairwise(bounds))
    assert bounds[-1][1] == HASH_SPAN
