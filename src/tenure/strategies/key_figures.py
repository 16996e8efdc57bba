"""The key figures that goals and target lines can name: one column of one metric each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["rate", "count", "money", "ratio"]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure per period.

    Parameters
    ----------
    name : what goals and target lines call it.
    metric : name of the metric in the metrics' catalogue.
    column : its column in the metric's table.
    unit : `rate` (0..1), `count`, `money` or `ratio`.
    better : `higher` or `lower`: which way is good.
    title : by language.
    over : for a rate, the column it is a share of: its size says how much chance moves it.
    options : the metric's options besides the period.
    """

    name: str
    metric: str
    column: str
    unit: Unit
    better: Literal["higher", "lower"]
    title: Mapping[str, str]
    over: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return the entry as plain values for JSON."""
        return {
            "name": self.name,
            "metric": self.metric,
            "column": self.column,
            "unit": self.unit,
            "better": self.better,
            "title": dict(self.title),
        }


def _figure(
    name: str,
    metric: str,
    column: str,
    unit: Unit,
    better: Literal["higher", "lower"],
    en: str,
    zh: str,
    over: str | None = None,
) -> KeyFigure:
    return KeyFigure(name, metric, column, unit, better, {"en": en, "zh": zh}, over)


_FIGURES = (
    _figure(
        "retention_rate",
        "retention",
        "retention_rate",
        "rate",
        "higher",
        "Retention rate",
        "客户留存率",
        "at_start",
    ),
    _figure(
        "churn_rate",
        "retention",
        "churn_rate",
        "rate",
        "lower",
        "Churn rate",
        "客户流失率",
        "at_start",
    ),
    _figure(
        "customers", "lifecycle", "active", "count", "higher", "Active customers", "活跃客户数"
    ),
    _figure("new_customers", "lifecycle", "new", "count", "higher", "New customers", "新客户数"),
    _figure(
        "returning_customers",
        "lifecycle",
        "returning",
        "count",
        "higher",
        "Customers who stayed",
        "持续客户数",
    ),
    _figure(
        "resurrected_customers",
        "lifecycle",
        "resurrecting",
        "count",
        "higher",
        "Customers won back",
        "回流客户数",
    ),
    _figure(
        "dormant_customers",
        "lifecycle",
        "dormant",
        "count",
        "lower",
        "Customers gone quiet",
        "沉默客户数",
    ),
    _figure("orders", "revenue", "orders", "count", "higher", "Orders", "订单数"),
    _figure("gross_value", "revenue", "gross_value", "money", "higher", "Gross value", "订单总额"),
    _figure("net_value", "revenue", "net_value", "money", "higher", "Net value", "净消费额"),
    _figure(
        "returned_value", "revenue", "returned_value", "money", "lower", "Returned value", "退款额"
    ),
    _figure(
        "mean_order_value",
        "revenue",
        "mean_order_value",
        "money",
        "higher",
        "Mean order value",
        "客单价",
    ),
    _figure(
        "revenue_per_customer",
        "revenue",
        "revenue_per_customer",
        "money",
        "higher",
        "Revenue per customer",
        "人均收入",
    ),
    _figure(
        "gross_revenue_retention",
        "revenue",
        "gross_revenue_retention",
        "rate",
        "higher",
        "Gross revenue retention",
        "收入毛留存率",
    ),
    _figure(
        "net_revenue_retention",
        "revenue",
        "net_revenue_retention",
        "ratio",
        "higher",
        "Net revenue retention",
        "收入净留存率",
    ),
    _figure(
        "revenue_churn", "revenue", "revenue_churn", "rate", "lower", "Revenue churn", "收入流失率"
    ),
)

KEY_FIGURES: Mapping[str, KeyFigure] = {figure.name: figure for figure in _FIGURES}
"""Every key figure by name."""

GUARDRAIL_KINDS = ("unsubscribed", "complaint", "refund")
"""Kinds of activity that tell of annoyance; a guardrail may name them besides key figures."""
