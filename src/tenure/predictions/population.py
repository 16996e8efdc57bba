"""What of the customers is watched once a model is in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tenure.predictions.scorecards.population import population_reference

WATCHED = (
    "days_since_last_order",
    "overdue_ratio",
    "order_count_30_days",
    "order_count_90_days",
    "net_value_90_days",
    "mean_order_value",
    "median_gap_days",
    "return_rate",
    "first_channel",
    "acquisition_source",
    "lifecycle_stage",
)
"""Columns that stay alike in a business that stays alike; totals and ages only grow."""


def watched_rows(features: pa.Table) -> pa.Table:
    """Return the customers with an order, with the columns that are watched."""
    return features.filter(pc.greater(features["order_count"], 0)).select(WATCHED)


def reference_of(features: pa.Table) -> Mapping[str, Any]:
    """Return what the customers looked like when a model was fitted, as plain values.

    Parameters
    ----------
    features : of the newest panel that the model learnt from.
    """
    return population_reference(watched_rows(features), WATCHED).as_dict()
