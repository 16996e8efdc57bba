"""The catalogue of the snapshot: what each column says, in what unit, from which facts.

Docs, segments and the console read this table; nothing else describes a column.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from tenure.activity.contract import MONEY
from tenure.snapshots.columns import (
    WINDOWS_DAYS,
    ColumnKind,
    SnapshotColumn,
    attribute_column,
    attribute_columns,
)

SNAPSHOT_VERSION = 2
"""Raised whenever the meaning of a column changes; stored with each frozen snapshot."""

_TEXT, _DATE, _COUNT, _REAL = pa.string(), pa.date32(), pa.int64(), pa.float64()
_ORDERS, _LINES, _SUBSCRIPTIONS = "activity (orders)", "activity (lines)", "subscriptions"
_MONEY_ROWS, _POPULATION = "activity (orders, refunds)", "activity (orders), population"

_NO_ORDER = ("no order yet", "尚无订单")
_NO_VALUE = ("the customer's orders carry no amounts", "该客户的订单没有金额")
_NO_GAP = ("fewer than two order days", "下单日少于两天")
_NO_RHYTHM = ("no order yet, or nobody has ever ordered twice", "尚无订单，或没有任何客户复购过")
_NO_LINES = ("no order lines are known for the customer", "该客户没有已知的订单明细")
_NO_CONTRACT = ("never had a subscription", "从未有过订阅")

_Row = tuple[str, pa.DataType, str, str, str, str, tuple[str, str] | None]

# One row: name, type, unit, definition en, definition zh, source, what null means (en, zh).
_ROWS: tuple[_Row, ...] = (
    ("customer_id", _TEXT, "text", "The customer's id.", "客户编号。", "all facts", None),
    (
        "as_of",
        _DATE,
        "date",
        "The snapshot's date; only what happened on earlier days counts.",
        "快照日期；只计入此日之前发生的事。",
        "argument",
        None,
    ),
    (
        "first_activity_on",
        _DATE,
        "date",
        "Day of the first activity of any kind.",
        "首次任何活动的日期。",
        "activity",
        ("known by attributes or a subscription only", "仅通过属性或订阅得知"),
    ),
    (
        "last_activity_on",
        _DATE,
        "date",
        "Day of the latest activity of any kind.",
        "最近一次任何活动的日期。",
        "activity",
        ("known by attributes or a subscription only", "仅通过属性或订阅得知"),
    ),
    ("first_order_on", _DATE, "date", "Day of the first order.", "首单日期。", _ORDERS, _NO_ORDER),
    (
        "last_order_on",
        _DATE,
        "date",
        "Day of the latest order.",
        "最近一单日期。",
        _ORDERS,
        _NO_ORDER,
    ),
    (
        "tenure_days",
        _COUNT,
        "days",
        "Days from the first order to the snapshot's date.",
        "首单至快照日期的天数。",
        _ORDERS,
        _NO_ORDER,
    ),
    (
        "days_since_last_order",
        _COUNT,
        "days",
        "Days from the latest order to the snapshot's date.",
        "最近一单至快照日期的天数。",
        _ORDERS,
        _NO_ORDER,
    ),
    (
        "order_count",
        _COUNT,
        "orders",
        "Number of distinct orders.",
        "订单数（去重）。",
        _ORDERS,
        None,
    ),
    (
        "repeat_order_count",
        _COUNT,
        "orders",
        "Orders after the first one.",
        "首单之后的订单数。",
        _ORDERS,
        None,
    ),
    (
        "order_day_count",
        _COUNT,
        "days",
        "Number of distinct days with an order.",
        "有订单的天数（去重）。",
        _ORDERS,
        None,
    ),
    (
        "gross_value",
        MONEY,
        "money",
        "Sum of all order values, before refunds; 0 without an order.",
        "退款前全部订单金额之和；无订单为 0。",
        _MONEY_ROWS,
        _NO_VALUE,
    ),
    (
        "returned_value",
        MONEY,
        "money",
        "Sum of all refunds as a positive amount.",
        "全部退款金额之和（正数）。",
        _MONEY_ROWS,
        _NO_VALUE,
    ),
    (
        "net_value",
        MONEY,
        "money",
        "Gross value less returned value.",
        "订单总额减退款。",
        _MONEY_ROWS,
        _NO_VALUE,
    ),
    (
        "mean_order_value",
        _REAL,
        "money per order",
        "Gross value per order.",
        "平均每单金额（退款前）。",
        _MONEY_ROWS,
        ("no order yet, or orders without amounts", "尚无订单，或订单没有金额"),
    ),
    (
        "return_rate",
        _REAL,
        "ratio",
        "Returned value / gross value.",
        "退款额 / 订单总额。",
        _MONEY_ROWS,
        ("gross value is 0 or unknown", "订单总额为 0 或未知"),
    ),
    *(
        (
            f"order_count_{days}_days",
            _COUNT,
            "orders",
            f"Orders of the last {days} days.",
            f"近 {days} 天订单数。",
            _ORDERS,
            None,
        )
        for days in WINDOWS_DAYS
    ),
    *(
        (
            f"net_value_{days}_days",
            MONEY,
            "money",
            f"Order values less refunds booked in the last {days} days.",
            f"近 {days} 天订单额减同期退款。",
            _MONEY_ROWS,
            _NO_VALUE,
        )
        for days in WINDOWS_DAYS
    ),
    (
        "distinct_product_count",
        _COUNT,
        "products",
        "Number of distinct products bought.",
        "购买过的不同商品数。",
        _LINES,
        _NO_LINES,
    ),
    (
        "distinct_category_count",
        _COUNT,
        "categories",
        "Number of distinct categories bought.",
        "购买过的不同品类数。",
        _LINES,
        _NO_LINES,
    ),
    (
        "first_channel",
        _TEXT,
        "text",
        "Channel of the first order day; of several that day, the first by name.",
        "首个下单日的渠道；当日有多个时取名称最前者。",
        _ORDERS,
        ("no order yet, or that order names no channel", "尚无订单，或该订单没有渠道"),
    ),
    (
        "last_channel",
        _TEXT,
        "text",
        "Channel of the latest order day; of several that day, the first by name.",
        "最近下单日的渠道；当日有多个时取名称最前者。",
        _ORDERS,
        ("no order yet, or that order names no channel", "尚无订单，或该订单没有渠道"),
    ),
    (
        "acquisition_source",
        _TEXT,
        "text",
        "Source named on the first order day; of several that day, the first by name.",
        "首个下单日标注的获客来源；当日有多个时取名称最前者。",
        _ORDERS,
        ("no order yet, or that order names no source", "尚无订单，或该订单没有来源"),
    ),
    (
        "median_gap_days",
        _REAL,
        "days",
        "Median days between consecutive order days.",
        "相邻下单日间隔的中位数（天）。",
        _ORDERS,
        _NO_GAP,
    ),
    (
        "mean_gap_days",
        _REAL,
        "days",
        "Mean days between consecutive order days.",
        "相邻下单日间隔的平均数（天）。",
        _ORDERS,
        _NO_GAP,
    ),
    (
        "rhythm_days",
        _REAL,
        "days",
        "Usual days to the next order: the customer's own median gap "
        "from three gaps on, else the typical customer's.",
        "通常多少天后再次下单：有三个及以上间隔时取本人中位数，否则取典型客户的值。",
        _POPULATION,
        _NO_RHYTHM,
    ),
    (
        "rhythm_source",
        _TEXT,
        "text",
        "Whose rhythm it is: own or population.",
        "节奏来源：own（本人）或 population（总体）。",
        _POPULATION,
        _NO_RHYTHM,
    ),
    (
        "overdue_ratio",
        _REAL,
        "ratio",
        "Days since the latest order / rhythm_days; above 1 is late.",
        "距最近一单天数 / rhythm_days；大于 1 即已晚。",
        _POPULATION,
        _NO_RHYTHM,
    ),
    (
        "expected_next_order_on",
        _DATE,
        "date",
        "Latest order day plus rhythm_days, rounded.",
        "最近下单日加 rhythm_days（取整）。",
        _POPULATION,
        _NO_RHYTHM,
    ),
    (
        "lifecycle_stage",
        _TEXT,
        "text",
        "prospect, new, growing, mature, declining or lapsed, by own rhythm.",
        "按本人节奏判定的生命周期阶段：prospect 潜在、new 新客、growing 成长、"
        "mature 成熟、declining 衰退、lapsed 流失。",
        _POPULATION,
        None,
    ),
    (
        "recency_score",
        _COUNT,
        "score 1..5",
        "5 = ordered most recently.",
        "5 = 最近下过单。",
        _POPULATION,
        _NO_ORDER,
    ),
    (
        "frequency_score",
        _COUNT,
        "score 1..5",
        "5 = most orders.",
        "5 = 订单最多。",
        _POPULATION,
        _NO_ORDER,
    ),
    (
        "monetary_score",
        _COUNT,
        "score 1..5",
        "5 = highest net value.",
        "5 = 净消费最高。",
        _POPULATION,
        ("no order yet, or orders without amounts", "尚无订单，或订单没有金额"),
    ),
    (
        "rfm_segment",
        _TEXT,
        "text",
        "One of the eleven RFM segments, e.g. champions.",
        "十一个 RFM 分群之一，如 champions（冠军客户）。",
        _POPULATION,
        _NO_ORDER,
    ),
    (
        "subscription_status",
        _TEXT,
        "text",
        "active if a contract covers the day before the snapshot's date, else ended.",
        "快照前一日有合同生效为 active，否则为 ended。",
        _SUBSCRIPTIONS,
        _NO_CONTRACT,
    ),
    (
        "subscription_plan",
        _TEXT,
        "text",
        "Plan of the newest contract.",
        "最新合同的方案。",
        _SUBSCRIPTIONS,
        ("never had a subscription, or it names no plan", "从未有过订阅，或没有方案名"),
    ),
    (
        "subscription_started_on",
        _DATE,
        "date",
        "Start of the first contract.",
        "首份合同的开始日期。",
        _SUBSCRIPTIONS,
        _NO_CONTRACT,
    ),
    (
        "subscription_ended_on",
        _DATE,
        "date",
        "First day without any contract.",
        "首个无合同的日期。",
        _SUBSCRIPTIONS,
        ("never had a subscription, or it runs", "从未有过订阅，或仍在订阅"),
    ),
    (
        "subscription_recurring_value",
        MONEY,
        "money per cycle",
        "Sum over the contracts that run.",
        "生效合同的周期金额之和。",
        _SUBSCRIPTIONS,
        ("no contract runs, or it names no amount", "没有生效的合同，或没有金额"),
    ),
)

CATALOGUE: tuple[SnapshotColumn, ...] = tuple(
    SnapshotColumn(
        name,
        dtype,
        unit,
        {"en": english, "zh": chinese},
        source,
        None if empty is None else {"en": empty[0], "zh": empty[1]},
    )
    for name, dtype, unit, english, chinese, source, empty in _ROWS
)
"""Every column but the customers' attributes, in the snapshot's order."""


def catalogue(
    attributes: Iterable[str] = (), registered: Iterable[SnapshotColumn] = ()
) -> tuple[SnapshotColumn, ...]:
    """Return every column of a snapshot that has these attributes and registered columns."""
    extra = (
        attribute_column(name, column) for name, column in attribute_columns(attributes).items()
    )
    return (*CATALOGUE, *extra, *registered)


def column_kinds(
    attributes: Iterable[str] = (), registered: Iterable[SnapshotColumn] = ()
) -> dict[str, ColumnKind]:
    """Return the kind of each column of a snapshot that has these columns."""
    return {column.name: column.kind for column in catalogue(attributes, registered)}
