"""Difference in differences against a two-way regression by statsmodels 0.15.0.

`ols("y ~ d + C(unit) + C(period)").fit(cov_type="cluster", cov_kwds={"groups": ...,
"use_correction": False})` on the outcomes below gave the effect and its standard errors without
any correction for the number of clusters; ours has one, which is undone here.
"""

from __future__ import annotations

import numpy as np
import pytest

from tenure.experiments.observational.contrasts import contrast
from tenure.experiments.observational.difference import difference_in_differences
from tenure.experiments.observational.panels import outcome_panel
from tenure.kernel import Estimate

OUTCOME = np.array(
    [
        [2, 3, 17, 12, 19, 21],
        [14, 1, 11, 5, 16, 27],
        [12, 4, 14, 7, 25, 29],
        [21, 15, 21, 12, 12, 21],
        [12, 18, 25, 12, 29, 15],
        [10, 20, 10, 20, 21, 23],
        [24, 23, 24, 19, 29, 30],
        [8, 11, 14, 20, 26, 20],
        [27, 16, 28, 22, 26, 17],
        [19, 25, 27, 28, 31, 15],
        [25, 20, 25, 18, 14, 16],
        [29, 28, 18, 21, 18, 17],
    ]
)
TREATED = np.arange(12) < 6
EFFECT = 9.125


@pytest.mark.parametrize(
    ("clusters", "error", "correction"),
    [
        (np.arange(12) // 2, 3.9496249235892065, 3 / 2),  # three stores in each group
        (np.arange(12) % 5, 1.9835356261602455, 5 / 4),  # five regions that hold both groups
        (np.arange(12), 3.574156530904517, 6 / 5),  # each customer for herself
    ],
)
def test_the_two_way_regression_with_clustered_errors_is_met(clusters, error, correction):
    panel = outcome_panel(OUTCOME, TREATED, 4, clusters=clusters)
    found = difference_in_differences(panel).difference
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(EFFECT)
    changed = OUTCOME[:, 4:].mean(axis=1) - OUTCOME[:, :4].mean(axis=1)
    told = contrast(changed, panel.treated, panel.cluster)
    assert told is not None
    assert told.error == pytest.approx(error * correction**0.5)
