"""Dealt-out arms: exact shares in every stratum, whoever else is there and whoever comes later."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tenure.experiments import Arm, Design, assign_shares
from tenure.kernel import DataError

IDS = [f"c{number}" for number in range(6_000)]


def design(*weights: int, salt: str = "") -> Design:
    arms = tuple(Arm(f"arm{place}", weight) for place, weight in enumerate(weights))
    return Design("welcome", arms, "m", salt=salt, method="stratified", strata=("city",))


def uneven_strata(count: int) -> list[str]:
    """Strata of very different sizes, some of a single unit."""
    random = np.random.default_rng(3)
    return [f"s{place}" for place in (random.pareto(0.7, count) * 3).astype(int)]


@pytest.mark.parametrize(
    ("weights", "most"), [((1, 1), 1), ((3, 1), 1), ((1, 2, 3), 2), ((1,) * 5, 2)]
)
def test_each_stratum_has_its_shares_but_for_a_unit(weights: tuple[int, ...], most: int) -> None:
    strata = uneven_strata(len(IDS))
    arms = assign_shares(IDS, design(*weights), strata)
    sizes = Counter(strata)
    assert min(sizes.values()) == 1
    found = Counter(zip(strata, arms.tolist(), strict=True))
    for stratum, size in sizes.items():
        for arm, weight in enumerate(weights):
            assert abs(found[stratum, arm] - size * weight / sum(weights)) < most


def test_shares_that_are_whole_are_met_exactly() -> None:
    strata = [f"s{number % 10}" for number in range(len(IDS))]
    arms = assign_shares(IDS, design(1, 2, 3), strata)
    found = Counter(zip(strata, arms.tolist(), strict=True))
    assert found == {(f"s{s}", arm): 100 * (arm + 1) for s in range(10) for arm in range(3)}


def test_strata_of_one_still_give_every_arm_its_share() -> None:
    arms = assign_shares(IDS, design(9, 1), IDS)
    assert abs((arms == 1).sum() - 600) < 4.5 * np.sqrt(6_000 * 0.09)


def test_the_order_of_rows_plays_no_part() -> None:
    strata = uneven_strata(len(IDS))
    arms = assign_shares(IDS, design(1, 2), strata)
    mixed = np.random.default_rng(1).permutation(len(IDS))
    again = assign_shares([IDS[i] for i in mixed], design(1, 2), [strata[i] for i in mixed])
    assert (again == arms[mixed]).all()


def test_units_that_come_later_keep_the_shares_exact() -> None:
    strata = np.array([f"s{number % 7}" for number in range(len(IDS))])
    one, already = design(1, 2, 1), {}
    total: Counter[tuple[str, int]] = Counter()
    for first, end in ((0, 1), (1, 30), (30, 31), (31, 900), (900, 6_000)):
        arms = assign_shares(IDS[first:end], one, strata[first:end].tolist(), already)
        total.update(zip(strata[first:end].tolist(), arms.tolist(), strict=True))
        already = {s: [total[s, arm] for arm in range(3)] for s in set(strata[:end].tolist())}
    for stratum, size in Counter(strata.tolist()).items():
        for arm, share in enumerate((0.25, 0.5, 0.25)):
            assert abs(total[stratum, arm] - size * share) < 2


def test_without_strata_all_are_one_stratum() -> None:
    assert np.bincount(assign_shares(IDS, design(1, 2))).tolist() == [2_000, 4_000]
    assert assign_shares([], design(1, 1)).tolist() == []


def test_another_salt_deals_anew() -> None:
    one, other = (assign_shares(IDS, design(1, 1, salt=salt)) for salt in ("a", "b"))
    assert 0.45 < (one == other).mean() < 0.55


@pytest.mark.parametrize(
    ("units", "strata", "match"),
    [(["a", "a"], None, "stand twice"), (["a", "b"], ["s"], "one stratum per unit")],
)
def test_repeated_units_and_missing_strata_are_refused(
    units: list[str], strata: list[str] | None, match: str
) -> None:
    with pytest.raises(DataError, match=match):
        assign_shares(units, design(1, 1), strata)
