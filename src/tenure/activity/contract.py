"""The contract of facts: the four tables, their columns, and the roles a file's column can play.

Instants are naive UTC timestamps in microseconds (`_at`); `occurred_on` is the day in the
business's time zone, worked out once when the row arrives, so that no metric ever
converts zones. Money is DECIMAL(18, 4); a refund's value is negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

INSTANT = pa.timestamp("us")
MONEY = pa.decimal128(18, 4)

PROVENANCE = (
    pa.field("received_at", INSTANT),
    pa.field("import_id", pa.string()),
    pa.field("source_row", pa.int64()),
)
"""When we learned a row, by which import, and its line in that import's file."""

ACTIVITY = pa.schema(
    [
        pa.field("activity_id", pa.string()),
        pa.field("customer_id", pa.string()),
        pa.field("occurred_at", INSTANT),
        pa.field("occurred_on", pa.date32()),
        pa.field("kind", pa.string()),
        pa.field("value", MONEY),
        pa.field("currency", pa.string()),
        pa.field("order_id", pa.string()),
        pa.field("channel", pa.string()),
        pa.field("source", pa.string()),
        pa.field("product_id", pa.string()),
        pa.field("category", pa.string()),
        pa.field("quantity", MONEY),
        pa.field("unit_price", MONEY),
        pa.field("discount", MONEY),
        pa.field("properties", pa.string()),
        *PROVENANCE,
    ]
)
"""One row per accepted source row. An order of several lines is several rows with one
`order_id`, so count orders by distinct `order_id`. Where a file has no order column,
`order_id` is made as `customer|day`: an order is then a customer's day."""

ORDER_LINES = pa.schema(
    [
        pa.field("activity_id", pa.string()),
        pa.field("order_id", pa.string()),
        pa.field("customer_id", pa.string()),
        pa.field("occurred_at", INSTANT),
        pa.field("occurred_on", pa.date32()),
        pa.field("product_id", pa.string()),
        pa.field("category", pa.string()),
        pa.field("quantity", MONEY),
        pa.field("unit_price", MONEY),
        pa.field("discount", MONEY),
        pa.field("line_total", MONEY),
        *PROVENANCE,
    ]
)
"""Product detail of the order and refund rows that have any. The lake keeps it in the columns
of `activity`, written once; `facts.order_lines` shows it as a table of its own."""

CUSTOMER_ATTRIBUTES = pa.schema(
    [
        pa.field("attribute_id", pa.string()),
        pa.field("customer_id", pa.string()),
        pa.field("known_at", INSTANT),
        pa.field("name", pa.string()),
        pa.field("value", pa.string()),
        *PROVENANCE,
    ]
)
"""One row per customer, attribute and the instant it became known: a history."""

SUBSCRIPTIONS = pa.schema(
    [
        pa.field("subscription_id", pa.string()),
        pa.field("customer_id", pa.string()),
        pa.field("started_at", INSTANT),
        pa.field("ended_at", INSTANT),
        pa.field("started_on", pa.date32()),
        pa.field("ended_on", pa.date32()),
        pa.field("plan", pa.string()),
        pa.field("recurring_value", MONEY),
        pa.field("currency", pa.string()),
        *PROVENANCE,
    ]
)
"""One row per contract and state learned; the newest `received_at` of one customer, plan
and start is the current state. `ended_on` is the first day without the contract."""

IMPORTS = pa.schema(
    [
        pa.field("import_id", pa.string()),
        pa.field("received_at", INSTANT),
        pa.field("source", pa.string()),
        pa.field("sheet", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("content_sha256", pa.string()),
        pa.field("rows_read", pa.int64()),
        pa.field("accepted", pa.int64()),
        pa.field("duplicate", pa.int64()),
        pa.field("quarantined", pa.int64()),
        pa.field("skipped", pa.int64()),
        pa.field("summary", pa.string()),
    ]
)
"""One row per import: what `tenure import --json` printed is in `summary` (JSON)."""

FACT_TABLES: dict[str, pa.Schema] = {
    "activity": ACTIVITY,
    "customer_attributes": CUSTOMER_ATTRIBUTES,
    "subscriptions": SUBSCRIPTIONS,
    "imports": IMPORTS,
}

ID_COLUMNS = {
    "activity": "activity_id",
    "customer_attributes": "attribute_id",
    "subscriptions": "subscription_id",
}
"""Each fact table's dedupe key."""


class TableKind(StrEnum):
    """What one file's rows are."""

    ORDERS = "orders"
    CUSTOMERS = "customers"
    SUBSCRIPTIONS = "subscriptions"
    EVENTS = "events"


class Role(StrEnum):
    """What a column means. The value is the name used in `--map role=column`."""

    CUSTOMER = "customer"
    TIME = "time"
    ORDER = "order"
    PRODUCT = "product"
    CATEGORY = "category"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    DISCOUNT = "discount"
    LINE_TOTAL = "line_total"
    CURRENCY = "currency"
    KIND = "kind"
    STATUS = "status"
    CHANNEL = "channel"
    SOURCE = "source"
    STARTED = "started"
    ENDED = "ended"
    PLAN = "plan"
    RECURRING_VALUE = "recurring_value"
    ATTRIBUTE = "attribute"


ATTRIBUTE_PREFIX = "attribute."
"""`--map attribute.NAME=column` keeps a column as the customer attribute NAME."""

REQUIRED_ROLES: dict[TableKind, tuple[Role, ...]] = {
    TableKind.ORDERS: (Role.CUSTOMER, Role.TIME),
    TableKind.EVENTS: (Role.CUSTOMER, Role.TIME, Role.KIND),
    TableKind.CUSTOMERS: (Role.CUSTOMER,),
    TableKind.SUBSCRIPTIONS: (Role.CUSTOMER, Role.STARTED),
}

INSTANT_ROLES = frozenset({Role.TIME, Role.STARTED, Role.ENDED})
NUMBER_ROLES = frozenset(
    {Role.QUANTITY, Role.UNIT_PRICE, Role.DISCOUNT, Role.LINE_TOTAL, Role.RECURRING_VALUE}
)


@dataclass(frozen=True, slots=True)
class ColumnFormat:
    """How the text of one column is to be read.

    Parameters
    ----------
    kind : `identifier`, `text`, `number` or `instant`.
    patterns : for instants, the formats to try in order: strptime patterns, or one of the
        words `iso`, `iso_offset`, `unix_s`, `unix_ms`, `excel`.
    date_order : `ymd`, `dmy` or `mdy` where the patterns depend on it.
    decimal : for numbers, `.` or `,`.
    zone : for instants, the zone that the header states for its naive values, e.g. `UTC`;
        None for the zone of the whole file.

    For an order's identifier, `patterns` holds the prefixes that mark a cancellation.
    """

    kind: str
    patterns: tuple[str, ...] = ()
    date_order: str | None = None
    decimal: str = "."
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """One column of the source and what it was taken for.

    Parameters
    ----------
    column : header as it stands in the source.
    role : its role.
    format : how its text is read.
    confidence : 0..1; 1 if a person said so.
    reasons : why, in plain words.
    attribute : the attribute's name if role is `attribute`, else None.
    """

    column: str
    role: Role
    format: ColumnFormat
    confidence: float
    reasons: tuple[str, ...]
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """The reading of one source: its kind, its columns' roles, its currency.

    Parameters
    ----------
    kind : what the rows are.
    columns : the mapped columns; others are ignored.
    currency : ISO 4217 code of all amounts without one of their own; None if unknown.
    """

    kind: TableKind
    columns: tuple[ColumnMapping, ...]
    currency: str | None = None

    def column(self, role: Role) -> ColumnMapping | None:
        """Return the column of a role, or None if the source has none."""
        return next((c for c in self.columns if c.role is role), None)
