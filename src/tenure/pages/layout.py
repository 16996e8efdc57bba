"""Which columns of which table the page shows, and what each column's values are.

The exports hold every column; the page shows those that a reader compares.
"""

from __future__ import annotations

import pyarrow as pa

from tenure.pages.values import Kind

SECTIONS = (
    "findings",
    "calls",
    "plans",
    "retention",
    "cohorts",
    "lifecycle",
    "segments",
    "rhythm",
    "revenue",
    "growth",
    "scorecards",
    "quality",
    "definitions",
)
"""The page's sections, in order."""

SHARE_BAR = "share_bar"
"""A column drawn as a bar of the share beside it; it exists on the page only."""

METRIC_SECTIONS: dict[str, str] = {
    "totals": "revenue",
    "retention": "retention",
    "cohorts": "cohorts",
    "lifecycle": "lifecycle",
    "stages": "lifecycle",
    "rfm": "segments",
    "repeat": "rhythm",
    "intervals": "rhythm",
    "stickiness": "rhythm",
    "revenue": "revenue",
    "growth": "growth",
    "sources": "growth",
}
"""The section in which a metric's notices stand."""

SOURCE_TABLES: dict[str, str] = {"revenue_kept": "revenue"}
"""Views on the page that show other columns of a table."""

ROWS_SHOWN_MAX = 24
"""Periods and cohorts on the page; the exports hold all."""

_SHARES = ("customers", "customer_share", SHARE_BAR, "net_value_365_days", "value_share", SHARE_BAR)

OWN_LANGUAGE = ("title", "measured", "expected", "why")
"""Columns that tables hold once per language, as `title_en` and `title_zh`."""

SHOWN: dict[str, tuple[str, ...]] = {
    "call_list": (
        "customer_id",
        "churn_probability",
        "churn_probability_low",
        "churn_probability_high",
        "why",
        "value_at_risk",
        "expected_value",
        "last_order_on",
        "next_purchase_from_on",
        "next_purchase_until_on",
    ),
    "retention": (
        "period",
        "at_start",
        "retained",
        "lost",
        "retention_rate",
        "retention_rate_low",
        "retention_rate_high",
        "textbook_retention_rate",
        "new",
        "returned",
        "at_end",
    ),
    "lifecycle": (
        "period",
        "new",
        "returning",
        "resurrecting",
        "active",
        "dormant",
        "quick_ratio",
    ),
    "stages": ("lifecycle_stage", *_SHARES),
    "rfm": ("rfm_segment", *_SHARES),
    "segments": ("title", "customers", "net_value_365_days", "expression"),
    "overdue_bands": (
        "band",
        "customers",
        "usual_customers",
        "customer_share",
        SHARE_BAR,
        "net_value_365_days",
        "value_share",
        SHARE_BAR,
    ),
    "overdue_customers": (
        "customer_id",
        "net_value_365_days",
        "order_count",
        "last_order_on",
        "rhythm_days",
        "days_since_last_order",
        "overdue_ratio",
        "longest_gap_days",
        "long_gaps",
        "gaps",
    ),
    "second_order": (
        "within_days",
        "returned_share",
        "returned_share_low",
        "returned_share_high",
        "at_risk",
    ),
    "revenue": (
        "period",
        "customers",
        "orders",
        "gross_value",
        "returned_value",
        "net_value",
        "mean_order_value",
        "revenue_per_customer",
    ),
    "revenue_kept": (
        "period",
        "start_revenue",
        "churned_revenue",
        "contraction_revenue",
        "expansion_revenue",
        "gross_revenue_retention",
        "net_revenue_retention",
        "new_revenue",
        "reactivation_revenue",
        "revenue_quick_ratio",
    ),
    "concentration": (
        "top_share",
        "customers",
        "net_value_365_days",
        "value_share",
        SHARE_BAR,
        "overdue_customers",
        "overdue_net_value_365_days",
    ),
    "repeat": (
        "reading",
        "cohort",
        "horizon_days",
        "customers",
        "repeat_customers",
        "rate",
        "rate_low",
        "rate_high",
    ),
    "stickiness": ("active_periods", "customers", "share", SHARE_BAR),
    "growth": (
        "period",
        "new",
        "active",
        "net_growth",
        "growth_rate",
        "cumulative",
        "cost",
        "cost_per_acquisition",
    ),
    "sources": ("source", "customers", "customer_share", SHARE_BAR, "new", "active", "cost"),
    "source_value": ("source", "customers", "mean_value", "error"),
    "imports": (
        "file",
        "sheet",
        "received_at",
        "rows_read",
        "accepted",
        "duplicate",
        "quarantined",
        "skipped",
    ),
    "quality": ("rule", "check", "status", "measured", "expected"),
}
"""Columns on the page per view, the row's name first; a bar repeats the share to its left."""

_NAMED_KINDS: dict[str, Kind] = {
    "period": Kind.PERIOD,
    "cohort": Kind.PERIOD,
    "state": Kind.CODE,
    "reason": Kind.CODE,
    "status": Kind.CODE,
    "check": Kind.CODE,
    "customer_id": Kind.IDENTIFIER,
    "mean_order_value": Kind.UNIT_MONEY,
    "mean_value": Kind.UNIT_MONEY,
    "cost_per_acquisition": Kind.UNIT_MONEY,
    "reading": Kind.CODE,
    "revenue_per_customer": Kind.UNIT_MONEY,
    "gross_revenue_retention": Kind.RATE,
    "net_revenue_retention": Kind.RATE,
    "revenue_churn": Kind.RATE,
    "rate_low": Kind.RATE,
    "rate_high": Kind.RATE,
    "rate": Kind.RATE,
    "share": Kind.RATE,
    "error": Kind.UNIT_MONEY,
}

_KINDS_BY_ENDING: tuple[tuple[str, Kind], ...] = (
    ("_rate", Kind.RATE),
    ("_rate_low", Kind.RATE),
    ("_rate_high", Kind.RATE),
    ("_share", Kind.RATE),
    ("_share_low", Kind.RATE),
    ("_share_high", Kind.RATE),
    ("_ratio", Kind.RATIO),
    ("_days", Kind.DAYS),
)


def kind_of(name: str, dtype: pa.DataType) -> Kind:
    """Return what a column of a metric's table holds, from its name and its Arrow type."""
    if name in _NAMED_KINDS:
        return _NAMED_KINDS[name]
    if pa.types.is_decimal(dtype):
        return Kind.UNIT_MONEY if "_per_" in name or name.startswith("mean_") else Kind.MONEY
    if pa.types.is_date(dtype):
        return Kind.DATE
    if pa.types.is_timestamp(dtype):
        return Kind.INSTANT
    if pa.types.is_integer(dtype):
        return Kind.COUNT
    if pa.types.is_floating(dtype):
        return next((kind for end, kind in _KINDS_BY_ENDING if name.endswith(end)), Kind.RATIO)
    return Kind.TEXT
