"""Churn from a file that carries a label and no dates (a customer list with a churn column)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tenure.engine.relations import Relation, TableLike, relation
from tenure.kernel import Calendar, DataError, Estimate, wilson_interval
from tenure.metrics.membership import Cells, Membership, Part, count
from tenure.metrics.ratios import ratio
from tenure.metrics.results import COMPLETE, MONEY_SUM, UNDEFINED, Meaning, MetricResult

MEANING = Meaning(
    name="churn_by_label",
    title={"en": "Churn by label", "zh": "按标签统计的流失率"},
    text={
        "en": "Of the customers with a known label, the share labelled as churned; by value, "
        "the share of the value that they held.",
        "zh": "在标签已知的客户中，被标记为流失的比例；按金额口径，则为流失客户所占金额的比例。",
    },
    formula="churn_rate = churned / customers; value_churn_rate = churned_value / value",
    edges=(
        {
            "en": "Yes/No, true/false, 1/0 and 是/否 are understood; customers with any other "
            "label are counted as unknown and left out.",
            "zh": "可识别 Yes/No、true/false、1/0 和 是/否；其他标签计为未知并排除。",
        },
        {
            "en": "The file says nothing about when: this is not a rate per period.",
            "zh": "文件没有时间信息：这不是按周期的流失率。",
        },
    ),
    population="customers of the file with a known label",
)
SCHEMA = pa.schema(
    [
        pa.field("total", pa.bool_()),
        pa.field("group", pa.string()),
        pa.field("customers", pa.int64()),
        pa.field("churned", pa.int64()),
        pa.field("unknown", pa.int64()),
        pa.field("churn_rate", pa.float64()),
        pa.field("churn_rate_low", pa.float64()),
        pa.field("churn_rate_high", pa.float64()),
        pa.field("value", MONEY_SUM),
        pa.field("churned_value", MONEY_SUM),
        pa.field("value_churn_rate", pa.float64()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)
_YES = ("yes", "true", "1", "y", "t", "1.0", "是", "churned")
_NO = ("no", "false", "0", "n", "f", "0.0", "否", "stayed")
_MEASURES = ("churned", "customers", "unknown")


def churn_by_label(
    data: TableLike,
    *,
    churned: str,
    by: str | None = None,
    value: str | None = None,
    customer: str | None = None,
) -> MetricResult:
    """Return the churn rate of a labelled customer list, in all and by the values of a column.

    Parameters
    ----------
    data : one row per customer.
    churned : column with the label.
    by : column to split by; None gives the total only.
    value : column with each customer's recurring value, for churn by value.
    customer : column that names the customer; None is `customer_id`, or the first column.

    Returns
    -------
    MetricResult: a row per value of `by`, then one with `total` true over all.

    Raises
    ------
    DataError : a column is missing.
    """
    source = relation(data)
    name = customer or (
        "customer_id" if "customer_id" in source.table.columns else source.table.columns[0]
    )
    missing = [n for n in (name, churned, by, value) if n and n not in source.table.columns]
    if missing:
        raise DataError(
            f"columns {', '.join(missing)}",
            f"columns of the data: {', '.join(source.table.columns)}",
            "name existing columns",
        )
    membership = _membership(source, name, churned, by, value)
    rows = _rows(membership.cells())
    return MetricResult(
        name=MEANING.name,
        definition=MEANING.applied(Calendar(), None),
        table=pa.Table.from_pylist(rows, schema=SCHEMA),
        members=membership.members,
        keys=("total", "group"),
        measures=_MEASURES,
    )


def _membership(
    source: Relation, customer: str, churned: str, by: str | None, value: str | None
) -> Membership:
    table = source.table
    label = table[churned].cast("string").strip().lower()
    left, stayed = label.isin(_YES), label.isin(_NO)
    left, stayed = ibis.coalesce(left, False), ibis.coalesce(stayed, False)
    worth = ibis.null("decimal(18, 4)")
    if value is not None:
        worth = table[value].cast("string").strip().try_cast("decimal(18, 4)")
    nothing = ibis.literal(0).cast("decimal(18, 4)")
    each = table.select(
        customer_id=table[customer].cast("string"),
        total=ibis.literal(False),
        group=table[by].cast("string") if by else ibis.null("string"),
        churned=left,
        customers=left | stayed,
        unknown=~(left | stayed),
        value=ibis.ifelse(left | stayed, worth, nothing),
        churned_value=ibis.ifelse(left, worth, ibis.ifelse(worth.isnull(), worth, nothing)),
    )
    everyone = each.mutate(total=ibis.literal(True), group=ibis.null("string"))
    both: ir.Table = ibis.union(each, everyone) if by else everyone
    part = Part(both, _MEASURES, ("value", "churned_value"))
    return Membership(source, ("total", "group"), (part,))


def _rows(cells: Cells) -> list[dict[str, object]]:
    order = sorted(cells, key=lambda key: (key[0], key[1] is None, key[1]))
    rows = []
    for key in order or [(True, None)]:
        cell = cells.get(key)
        rows.append({"total": key[0], "group": key[1], **_figures(cell)})
    return rows


def _figures(cell: Mapping[str, object] | None) -> dict[str, object]:
    counts: dict[str, object] = {name: count(cell, name) for name in _MEASURES}
    rate = wilson_interval(count(cell, "churned"), count(cell, "customers"))
    if not isinstance(rate, Estimate):
        return counts | {"state": UNDEFINED, "reason": "no_customers"}
    worth, lost = _money(cell, "value"), _money(cell, "churned_value")
    return {
        **counts,
        "churn_rate": rate.value,
        "churn_rate_low": rate.low,
        "churn_rate_high": rate.high,
        "value": worth,
        "churned_value": lost,
        "value_churn_rate": ratio(lost, worth, "no_value")[0],
        "state": COMPLETE,
        "reason": None,
    }


def _money(cell: Mapping[str, object] | None, name: str) -> Decimal | None:
    value = None if cell is None else cell[name]
    return value if isinstance(value, Decimal) else None
