"""Partial pooling against the eight schools, the textbook example of it.

Data: D. B. Rubin (1981), Estimation in Parallel Randomized Experiments, J. Educ. Stat. 6, table 3.
Posterior: A. Gelman et al. (2013), Bayesian Data Analysis, 3rd ed., section 5.5, with a flat belief
about mean and spread: the quantiles of table 5.3 and the text (the common mean about 8).
"""

from __future__ import annotations

import pytest

from tenure.strategies.pooling import Measured, pooled

SCHOOLS = [
    Measured(name, effect, error)
    for name, effect, error in zip(
        "ABCDEFGH", (28, 8, -3, 7, -1, 1, 18, 12), (15, 10, 16, 11, 9, 11, 10, 18), strict=True
    )
]
# Median and the 25 % and 75 % quantiles of each school's effect as printed there.
PRINTED = {
    "A": (7, 10, 16), "B": (3, 8, 12), "C": (2, 7, 11), "D": (4, 8, 11),
    "E": (1, 5, 10), "F": (2, 7, 10), "G": (7, 10, 15), "H": (3, 8, 13),
}  # fmt: skip


def test_the_eight_schools() -> None:
    found = pooled(SCHOOLS)
    assert found.mean.mean == pytest.approx(8.0, abs=0.3)
    for school, belief in zip(SCHOOLS, found.each, strict=True):
        low, middle, high = PRINTED[school.name]
        assert belief.mean == pytest.approx(middle, abs=1.8), school.name
        assert belief.standard_deviation == pytest.approx((high - low) / 1.349, abs=2.2), (
            school.name
        )


def test_order_is_kept_and_all_are_drawn_together() -> None:
    found = pooled(SCHOOLS)
    spread = max(b.mean for b in found.each) - min(b.mean for b in found.each)
    assert spread < 10 < 31 == max(s.effect for s in SCHOOLS) - min(s.effect for s in SCHOOLS)
    assert found.each[0].mean > found.each[4].mean
