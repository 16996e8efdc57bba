"""Whom to call this week and why: customers at risk, those with most to lose first."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import pyarrow as pa

from tenure.engine.relations import Relation
from tenure.pages import commands
from tenure.pages.tables import Column, FigureTable, columns, tidy_rows
from tenure.pages.values import Kind
from tenure.predictions.churn.reasons import reasons_text

COMMAND = "tenure scorecard churn"

_TOLD = (
    "customer_id",
    "warning_level",
    "churn_probability",
    "churn_probability_low",
    "churn_probability_high",
    "churn_reasons",
    "net_value_365_days",
    "expected_value",
    "expected_value_low",
    "expected_value_high",
    "last_order_on",
    "next_purchase_from_on",
    "next_purchase_until_on",
)


def call_list(snapshot: Relation, top: int) -> pa.Table | None:
    """Return the customers with most value at risk; None if churn was not scored for this date.

    Value at risk is the churn probability times what the customer brought in the last 365 days.

    Parameters
    ----------
    snapshot : with the scores of its date.
    top : how many, 1 or more.

    Returns
    -------
    The columns shown, `value_at_risk`, and `scored`, the number of all customers scored.
    """
    table = snapshot.table
    if "churn_probability" not in table.columns:
        return None
    scored = table.filter(table.churn_probability.notnull())
    at_risk = scored.churn_probability * scored.net_value_365_days.cast("float64")
    ranked = scored.select(*_TOLD, value_at_risk=at_risk).order_by(
        ibis.desc(ibis.coalesce(at_risk, 0.0)), ibis.desc("churn_probability"), "customer_id"
    )
    found = snapshot.collect(ranked.limit(top))
    if not found.num_rows:
        return None
    total = snapshot.collect(scored.aggregate(scored=scored.count()))["scored"][0]
    return found.append_column("scored", pa.repeat(total.cast(pa.int64()), found.num_rows))


def call_list_table(listed: pa.Table) -> FigureTable:
    """Return the call list as a table of the report.

    Parameters
    ----------
    listed : what `call_list` returns.
    """
    described: tuple[Column, ...] = columns(
        customer_id=Kind.IDENTIFIER,
        churn_probability=Kind.RATE,
        churn_probability_low=Kind.RATE,
        churn_probability_high=Kind.RATE,
        warning_level=Kind.CODE,
        value_at_risk=Kind.MONEY,
        net_value_365_days=Kind.MONEY,
        expected_value=Kind.MONEY,
        expected_value_low=Kind.MONEY,
        expected_value_high=Kind.MONEY,
        last_order_on=Kind.DATE,
        next_purchase_from_on=Kind.DATE,
        next_purchase_until_on=Kind.DATE,
        why_en=Kind.TEXT,
        why_zh=Kind.TEXT,
    )
    rows = [{**row, **_why(row)} for row in listed.to_pylist()]
    return FigureTable(
        "call_list",
        described,
        tidy_rows(described, rows),
        "call_list",
        "customers_at_risk",
        commands.snapshot(),
    )


def _why(row: Mapping[str, object]) -> dict[str, str]:
    codes = str(row["churn_reasons"] or "[]")
    return {
        "why_en": "; ".join(reasons_text(codes, "en")),
        "why_zh": "；".join(reasons_text(codes, "zh")),
    }
