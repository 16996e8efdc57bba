"""The base of every metric: activity with canonical columns, cut off at the as-of date.

A row is not an order: an order of several lines is several rows with one `order_id`. So
metrics never count rows; they count distinct orders of a customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from tenure.engine.calendars import local_day, local_instant
from tenure.engine.relations import Relation, TableLike, relation
from tenure.kernel import Calendar, DataError
from tenure.metrics.kept import KeptActivity
from tenure.metrics.results import Notice

ORDER = "order"
REFUND = "refund"
MONEY_KINDS = (ORDER, REFUND)

CANONICAL = (
    "customer_id",
    "occurred_on",
    "occurred_at",
    "order_id",
    "kind",
    "value",
    "channel",
    "source",
    "product_id",
    "category",
)
"""The base's columns; `columns={"customer_id": "buyer"}` renames any of them."""

_TEXTS = ("channel", "source", "product_id", "category")
_MONEY_TYPE = "decimal(18, 4)"

_DAY_LENGTH = 10  # characters of an ISO date
NO_VALUE = "\uffff"
"""Stands for an unknown text where a null would be passed over; sorts after every value."""

_MIXED_CURRENCIES = Notice(
    "mixed_currencies",
    {
        "en": "Amounts are in more than one currency, so no sums of money are shown.",
        "zh": "金额使用了多种货币，因此不显示金额合计。",
    },
)


@dataclass(frozen=True, slots=True)
class Base:
    """Activity ready to be counted.

    Parameters
    ----------
    relation : the data as they were handed over, and their engine.
    table : the canonical columns, `local_at` (the instant on the business's clock; midnight
        where only the day is known) and any extra columns, of what occurred before `as_of`.
    calendar : the business's calendar.
    as_of : first business day that does not count.
    first_on, last_on : first and last day with activity before `as_of`; None if there is none.
    currency : the only currency, if the data name one.
    warnings : what a reader of any figure made from it must know.
    kept : the kept tables that hold the same activity, whole and of one currency; None if there
        are none.
    """

    relation: Relation
    table: ir.Table
    calendar: Calendar
    as_of: date
    first_on: date | None
    last_on: date | None
    currency: str | None = None
    warnings: tuple[Notice, ...] = ()
    kept: KeptActivity | None = None

    def of_kinds(self, kinds: Sequence[str]) -> ir.Table:
        """Return the rows of these kinds."""
        return self.table.filter(self.table.kind.isin(list(kinds)))

    @property
    def orders(self) -> ir.Table:
        """The rows that are (lines of) orders."""
        return self.of_kinds((ORDER,))


def base(
    data: TableLike,
    *,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
    extra: Sequence[str] = (),
) -> Base:
    """Return the data as the base of a metric; reads them once for their first and last day.

    Parameters
    ----------
    data : activity; needs a customer and a day (`occurred_on`) or a naive UTC instant
        (`occurred_at`). Without `kind`, rows of negative value are refunds and all others
        orders. Without `order_id`, an order is a customer's day.
    columns : canonical name to the data's own column name, where they differ.
    calendar : zone in which instants become days.
    as_of : first business day that does not count; None is the day after the last activity.
    extra : further columns to keep under their own names.

    Raises
    ------
    DataError : a needed column is missing, or there is no activity and no `as_of`.
    """
    source = relation(data)
    table = source.table
    names = _names(table, columns or {}, extra)
    # other columns, or a column beside them, were not what the kept tables are made from
    tables = source if isinstance(source, KeptActivity) and not columns else None
    if tables is not None:
        days, currency, mixed = _kept_bounds(tables)
    else:
        days, currency, mixed = _bounds(source, names, calendar)
    kept = _canonical(table, names, calendar, days, extra, money=not mixed)
    if as_of is None:
        if days is None:
            raise DataError(
                "data without any dated activity",
                "at least one row with a customer and a date, or an as-of date",
                "import some orders first, or pass as_of",
            )
        as_of = days[1] + timedelta(days=1)
    before = None if days is None or days[0] >= as_of else days
    return Base(
        relation=source,
        table=kept.filter(kept.occurred_on < ibis.date(as_of)),
        calendar=calendar,
        as_of=as_of,
        first_on=None if before is None else before[0],
        last_on=None if before is None else min(before[1], as_of - timedelta(days=1)),
        currency=currency,
        warnings=(_MIXED_CURRENCIES,) if mixed else (),
        kept=None if mixed else tables,
    )


def orders(
    data: TableLike,
    columns: Mapping[str, str] | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    as_of: date | None = None,
) -> ir.Table:
    """Return only the table of `base`: canonical activity before `as_of`."""
    return base(data, columns=columns, calendar=calendar, as_of=as_of).table


def canonical(table: ir.Table, calendar: Calendar) -> ir.Table:
    """Return the lake's activity, all of it, with the columns of a base."""
    return _canonical(table, _names(table, {}, ()), calendar, None, (), money=True)


def same_engine(home: Relation, other: TableLike) -> ir.Table:
    """Return another table so that it can be joined with `home` (copied if it lives elsewhere)."""
    guest = relation(other)
    if guest.engine is home.engine:
        return guest.table
    return ibis.memtable(guest.collect(guest.table))


def within(table: ir.Table, from_on: date | None, to_on: date | None) -> ir.Table:
    """Return the rows of the window [from_on, to_on); None leaves an end open."""
    if from_on is not None:
        table = table.filter(table.occurred_on >= ibis.date(from_on))
    if to_on is not None:
        table = table.filter(table.occurred_on < ibis.date(to_on))
    return table


def value_on_first_day(rows: ir.Table, column: ir.StringColumn) -> ir.StringValue:
    """Return the value on the first day; of several that day the smallest, whatever their order.

    One pass: the smallest of day and value written one after the other.
    """
    marked = rows.occurred_on.cast("string") + ibis.coalesce(column, NO_VALUE)
    value = marked.min().substr(_DAY_LENGTH)
    return value.nullif(NO_VALUE)


def _names(
    table: ir.Table, columns: Mapping[str, str], extra: Sequence[str]
) -> dict[str, str | None]:
    present = set(table.columns)
    unknown = [name for name in columns if name not in (*CANONICAL, "currency")]
    missing = [name for name in (*columns.values(), *extra) if name not in present]
    if unknown or missing:
        raise DataError(
            f"columns {', '.join(unknown + missing)}",
            f"canonical names {', '.join(CANONICAL)}; columns there: {', '.join(table.columns)}",
            "name existing columns",
        )
    names = {
        name: columns.get(name, name if name in present else None)
        for name in (*CANONICAL, "currency")
    }
    if names["customer_id"] is None or not (names["occurred_on"] or names["occurred_at"]):
        raise DataError(
            f"a table with the columns {', '.join(table.columns)}",
            "customer_id, and occurred_on or occurred_at",
            "rename them, or pass columns={'customer_id': ..., 'occurred_on': ...}",
        )
    return names


def _kept_bounds(tables: KeptActivity) -> tuple[tuple[date, date] | None, str | None, bool]:
    """Return what `_bounds` would read, as it was noted when the tables were made."""
    days = None
    if tables.first_on is not None and tables.last_on is not None:
        days = (tables.first_on, tables.last_on)
    return days, tables.currency, tables.mixed_currencies


def _bounds(
    source: Relation, names: Mapping[str, str | None], calendar: Calendar
) -> tuple[tuple[date, date] | None, str | None, bool]:
    """First and last business day, the currency, and whether there are several."""
    table = source.table
    day_column = table[names["occurred_on"] or names["occurred_at"]]
    if names["occurred_on"]:
        day_column = day_column.cast("date")
    kept = table.filter(day_column.notnull() & table[names["customer_id"]].notnull())
    wanted = {"low": day_column.min(), "high": day_column.max()}
    if names["currency"]:
        wanted |= {
            "low_currency": table[names["currency"]].min(),
            "high_currency": table[names["currency"]].max(),
        }
    row = source.collect(kept.aggregate(**wanted)).to_pylist()[0]
    currency = row.get("low_currency")
    mixed = currency != row.get("high_currency")
    if row["low"] is None:
        return None, currency, mixed
    days = (_business_day(row["low"], calendar), _business_day(row["high"], calendar))
    return days, None if mixed else currency, mixed


def _business_day(value: object, calendar: Calendar) -> date:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            value = value.replace(tzinfo=ZoneInfo("UTC"))
        return value.astimezone(calendar.zone).date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value))


def _canonical(
    table: ir.Table,
    names: Mapping[str, str | None],
    calendar: Calendar,
    days: tuple[date, date] | None,
    extra: Sequence[str],
    *,
    money: bool,
) -> ir.Table:
    day = _day(table, names, calendar, days)
    kept = table.mutate(__day=day)
    kept = kept.filter(kept["__day"].notnull() & kept[names["customer_id"]].notnull())
    customer = kept[names["customer_id"]].cast("string")
    value = _value(kept, names["value"])
    unnamed = customer + "|" + kept["__day"].cast("string")
    return kept.select(
        customer_id=customer,
        occurred_on=kept["__day"],
        occurred_at=_instant(kept, names["occurred_at"]),
        local_at=_local_clock(kept, names["occurred_at"], calendar, days),
        order_id=ibis.coalesce(kept[names["order_id"]].cast("string"), unnamed)
        if names["order_id"]
        else unnamed,
        kind=kept[names["kind"]].cast("string")
        if names["kind"]
        else ibis.ifelse(value < 0, REFUND, ORDER),
        value=value if money else ibis.null(_MONEY_TYPE),
        **{name: _text(kept, names[name]) for name in _TEXTS},
        **{name: kept[name].cast("string") for name in extra if name not in CANONICAL},
    )


def _day(
    table: ir.Table,
    names: Mapping[str, str | None],
    calendar: Calendar,
    days: tuple[date, date] | None,
) -> ir.DateValue:
    if names["occurred_on"]:
        return table[names["occurred_on"]].cast("date")
    instant = table[names["occurred_at"]]
    if not instant.type().is_timestamp():
        return instant.cast("date")
    return local_day(instant.cast("timestamp"), calendar, _years(days))


def _instant(table: ir.Table, name: str | None) -> ir.TimestampValue:
    if name is None:
        return table["__day"].cast("timestamp")
    return table[name].cast("timestamp")


def _local_clock(
    table: ir.Table,
    name: str | None,
    calendar: Calendar,
    days: tuple[date, date] | None,
) -> ir.TimestampValue:
    midnight = table["__day"].cast("timestamp")
    if name is None or not table[name].type().is_timestamp():
        return midnight
    clock = local_instant(table[name].cast("timestamp"), calendar, _years(days))
    return ibis.coalesce(clock, midnight)


def _years(days: tuple[date, date] | None) -> tuple[int, int]:
    return (1970, 1970) if days is None else (days[0].year, days[1].year)


def _text(table: ir.Table, name: str | None) -> ir.StringValue:
    return ibis.null("string") if name is None else table[name].cast("string")


def _value(table: ir.Table, name: str | None) -> ir.DecimalValue:
    if name is None:
        return ibis.null(_MONEY_TYPE)
    value = table[name]
    if value.type().is_floating():
        value = ibis.ifelse(value.isnan() | value.isinf(), ibis.null("float64"), value)
    return value.cast(_MONEY_TYPE)
