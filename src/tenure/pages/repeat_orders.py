"""The second order: how many one-time buyers there are, and when those who return do so."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from tenure.kernel import Estimate
from tenure.metrics.intervals import KaplanMeier
from tenure.metrics.results import MetricResult
from tenure.pages import commands
from tenure.pages.tables import FigureTable, columns, tidy_rows
from tenure.pages.values import Kind

HALF, MOST = 0.5, 0.9
"""Shares of those who return, whose days the report names."""

STEPS_DAYS = (7, 14, 30, 60, 90, 120, 180, 270, 365, 540, 730)
CURVE_STEPS_MAX = 400
FEWEST_AT_RISK = 20
"""The curve ends where fewer customers than this are still watched: beyond, it is chance."""


def second_order(curve: KaplanMeier | None) -> list[FigureTable]:
    """Return the share back within so many days: at round days, and step by step.

    Parameters
    ----------
    curve : survival of the time from the first order day to the second; None leaves it out.
    """
    if curve is None or not curve.points:
        return []
    described = columns(
        within_days=Kind.DAYS,
        returned_share=Kind.RATE,
        returned_share_low=Kind.RATE,
        returned_share_high=Kind.RATE,
        at_risk=Kind.COUNT,
    )
    horizon = horizon_days(curve)
    rows = [_row(curve, float(days)) for days in STEPS_DAYS if days <= horizon]
    steps = [_row(curve, point.days) for point in curve.points if point.days <= horizon]
    every = -(-len(steps) // CURVE_STEPS_MAX)
    kept = [row for i, row in enumerate(steps) if i % every == 0 or i == len(steps) - 1]
    command = commands.metric("intervals", {"interval": "second", "statistic": "median"})
    return [
        FigureTable(
            name,
            described,
            tidy_rows(described, chosen),
            "intervals",
            "customers_with_order",
            command,
        )
        for name, chosen in (("second_order", rows), ("second_order_curve", kept))
    ]


def horizon_days(curve: KaplanMeier) -> float:
    """Return the last day on which enough customers are still watched."""
    return max(
        (point.days for point in curve.points if point.at_risk >= FEWEST_AT_RISK),
        default=curve.points[-1].days,
    )


def repeat_summary(
    curve: KaplanMeier | None, totals: MetricResult | None, bands: pa.Table | None
) -> list[FigureTable]:
    """Return one row that the finding on one-time buyers speaks of.

    Parameters
    ----------
    curve : as for `second_order`.
    totals : the metric `totals`, for the mean order value.
    bands : customers by number of orders, as `aggregates.order_counts` returns them.
    """
    if bands is None:
        return []
    counts: Mapping[str, int] = {row["orders"]: row["customers"] for row in bands.to_pylist()}
    customers, once = sum(counts.values()), counts.get("1", 0)
    row: dict[str, object] = {
        "customers": customers,
        "one_time_customers": once,
        "one_time_share": once / customers if customers else None,
        "mean_order_value": totals.rows()[0]["mean_order_value"] if totals else None,
    }
    if curve is not None and curve.points:
        row |= _times(curve)
    described = columns(
        customers=Kind.COUNT,
        one_time_customers=Kind.COUNT,
        one_time_share=Kind.RATE,
        mean_order_value=Kind.UNIT_MONEY,
        half_returned_days=Kind.DAYS,
        most_returned_days=Kind.DAYS,
        returned_share=Kind.RATE,
        horizon_days=Kind.DAYS,
    )
    return [
        FigureTable(
            "repeat_summary",
            described,
            tidy_rows(described, [row]),
            "repeat",
            "customers_with_order",
            commands.segment("one_time_buyers"),
        )
    ]


def _times(curve: KaplanMeier) -> dict[str, object]:
    horizon = horizon_days(curve)
    waiting = curve.at(horizon)
    if not isinstance(waiting, Estimate):
        return {}
    returned = 1 - waiting.value
    days = {
        name: next(p.days for p in curve.points if 1 - p.survival >= share * returned - 1e-12)
        for name, share in (("half_returned_days", HALF), ("most_returned_days", MOST))
    }
    return {**days, "returned_share": returned, "horizon_days": horizon}


def _row(curve: KaplanMeier, days: float) -> dict[str, object]:
    waiting = curve.at(days)
    at_risk = next((p.at_risk for p in curve.points if p.days >= days), None)
    if not isinstance(waiting, Estimate):
        return {"within_days": days}
    return {
        "within_days": days,
        "returned_share": 1 - waiting.value,
        "returned_share_low": 1 - waiting.high,
        "returned_share_high": 1 - waiting.low,
        "at_risk": at_risk,
    }
