"""Remission times (weeks) of 21 leukaemia patients under 6-mercaptopurine.

Data: E. J. Freireich et al. (1963), The effect of 6-mercaptopurine on the duration of
steroid-induced remissions in acute leukemia, Blood 21, 699-716. Estimates and Greenwood standard
errors as printed by J. P. Klein, M. L. Moeschberger (2003), Survival Analysis, 2nd ed., table 4.1A;
the median of 23 weeks by D. G. Kleinbaum, M. Klein (2012), Survival Analysis, chapter 2.
"""

from __future__ import annotations

from math import sqrt

import pytest

from tenure.kernel import Estimate, Undefined
from tenure.metrics.intervals import KaplanMeier, kaplan_meier

RELAPSED = (6, 6, 6, 7, 10, 13, 16, 22, 23)
STILL_IN_REMISSION = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)

# weeks, at risk, relapses, survival, standard error
PRINTED = (
    (6, 21, 3, 0.857, 0.076),
    (7, 17, 1, 0.807, 0.087),
    (10, 15, 1, 0.753, 0.096),
    (13, 12, 1, 0.690, 0.107),
    (16, 11, 1, 0.628, 0.114),
    (22, 7, 1, 0.538, 0.128),
    (23, 6, 1, 0.448, 0.135),
)


@pytest.fixture
def remission() -> KaplanMeier:
    weeks = set(RELAPSED) | set(STILL_IN_REMISSION)
    return kaplan_meier((w, RELAPSED.count(w), STILL_IN_REMISSION.count(w)) for w in weeks)


def test_survival_and_greenwood_errors_are_the_printed_ones(remission: KaplanMeier) -> None:
    found = [
        (p.days, p.at_risk, p.events, p.survival, p.survival * sqrt(p.greenwood))
        for p in remission.points
    ]
    assert len(found) == len(PRINTED)
    for (weeks, at_risk, events, survival, error), printed in zip(found, PRINTED, strict=True):
        assert (weeks, at_risk, events) == printed[:3]
        assert survival == pytest.approx(printed[3], abs=6e-4)
        assert error == pytest.approx(printed[4], abs=6e-4)


def test_the_median_is_23_weeks_and_the_third_quartile_is_not_reached(
    remission: KaplanMeier,
) -> None:
    assert remission.quantile(0.5) == 23
    assert remission.quantile(0.75) == 13
    assert remission.quantile(0.25) == Undefined("not_reached")


def test_log_log_limits_follow_their_formula(remission: KaplanMeier) -> None:
    """At 6 weeks: 0.857 ** exp(+-1.96 * 0.0764 / (0.857 * |ln 0.857|)), worked by hand."""
    limits = remission.at(6)
    assert isinstance(limits, Estimate)
    assert limits.low == pytest.approx(0.6197, abs=1e-4)
    assert limits.high == pytest.approx(0.9516, abs=1e-4)
