"""Re-randomised arms: balanced as often as promised, repeatable, and honest where it fails."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from tenure.experiments import Arm, Design, assign_balanced, mahalanobis_distance
from tenure.kernel import DataError

IDS = [f"c{number}" for number in range(600)]
RANDOM = np.random.default_rng(5)
VALUES = RANDOM.lognormal(size=(600, 3))


def design(*weights: int, acceptance: float = 0.02, salt: str = "") -> Design:
    arms = tuple(Arm(f"arm{place}", weight) for place, weight in enumerate(weights))
    return Design(
        "shops", arms, "m", salt=salt, method="rerandomised", balance=("a",), acceptance=acceptance
    )


def test_the_distance_is_the_literature_s() -> None:
    arms = np.arange(600) % 2
    apart = VALUES[arms == 1].mean(axis=0) - VALUES[arms == 0].mean(axis=0)
    spread = np.cov(VALUES, rowvar=False)
    wanted = 300 * 300 / 600 * apart @ np.linalg.inv(spread) @ apart
    assert mahalanobis_distance(VALUES, arms, 2) == pytest.approx(wanted, rel=1e-9)


def test_blind_draws_are_as_far_apart_as_chi_squared_says() -> None:
    found = [
        mahalanobis_distance(VALUES, RANDOM.permutation(np.arange(600) % 3), 3) for _ in range(800)
    ]
    assert stats.kstest(found, stats.chi2(6).cdf).pvalue > 0.001


@pytest.mark.parametrize("weights", [(1, 1), (1, 3), (1, 1, 1)])
def test_an_accepted_draw_is_within_its_limit_and_has_exact_shares(
    weights: tuple[int, ...],
) -> None:
    one = design(*weights)
    found = assign_balanced(IDS, VALUES, one)
    assert found.distance <= found.limit
    assert found.limit == pytest.approx(stats.chi2(3 * (len(weights) - 1)).ppf(0.02), rel=1e-9)
    assert found.distance == pytest.approx(mahalanobis_distance(VALUES, found.arms, len(weights)))
    assert np.bincount(found.arms).tolist() == [600 * w // sum(weights) for w in weights]


def test_as_many_draws_are_accepted_as_was_asked() -> None:
    draws = [assign_balanced(IDS, VALUES, design(1, 1, acceptance=0.2, salt=f"s{n}")).draw
             for n in range(300)]  # fmt: skip
    # Failures before a success of chance 0.2: mean 4, standard deviation sqrt(20).
    assert abs(np.mean(draws) - 4) < 4 * np.sqrt(20 / 300)


def test_the_order_of_rows_plays_no_part_and_a_second_time_is_the_same() -> None:
    found = assign_balanced(IDS, VALUES, design(1, 1))
    mixed = np.random.default_rng(1).permutation(600)
    again = assign_balanced([IDS[i] for i in mixed], VALUES[mixed], design(1, 1))
    assert (again.arms == found.arms[mixed]).all()
    assert again.draw == found.draw


def test_strata_keep_their_exact_shares() -> None:
    strata = [f"s{number % 3}" for number in range(600)]
    found = assign_balanced(IDS, VALUES, design(1, 1), strata)
    counts = Counter(zip(strata, found.arms.tolist(), strict=True))
    assert set(counts.values()) == {100}


def test_every_unit_can_be_in_every_arm() -> None:
    ids, values = IDS[:12], VALUES[:12, :1]
    share = np.mean(
        [assign_balanced(ids, values, design(1, 1, acceptance=0.3, salt=f"s{n}")).arms
         for n in range(400)], axis=0)  # fmt: skip
    assert (np.abs(share - 0.5) < 4.5 * np.sqrt(0.25 / 400)).all()


def test_constant_and_repeated_columns_add_nothing() -> None:
    more = np.column_stack([VALUES, np.full(600, 3.3), VALUES[:, 0] * 2 - 1])
    arms = np.arange(600) % 2
    assert mahalanobis_distance(more, arms, 2) == pytest.approx(
        mahalanobis_distance(VALUES, arms, 2), rel=1e-6
    )
    assert mahalanobis_distance(np.full((600, 1), 0.1), arms, 2) == 0
    assert assign_balanced(IDS, np.ones((600, 1)), design(1, 1)).draw == 0


def test_too_few_units_get_the_nearest_draw_and_the_limit_says_so() -> None:
    found = assign_balanced(["a", "b", "c", "d"], [[0.0], [1.0], [2.0], [30.0]], design(1, 1))
    assert found.distance > found.limit
    assert np.bincount(found.arms).tolist() == [2, 2]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_missing_covariate_is_refused(value: float) -> None:
    values = VALUES.copy()
    values[7, 1] = value
    with pytest.raises(DataError, match="1 covariates"):
        assign_balanced(IDS, values, design(1, 1))
