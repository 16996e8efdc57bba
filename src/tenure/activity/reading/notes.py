"""What is worth telling about a source before it is imported, though nothing stands in the way."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf

import duckdb

from tenure.activity.contract import Mapping, Role, TableKind
from tenure.activity.reading.formats import FormatDecision
from tenure.activity.reading.numbers import quick_number
from tenure.activity.reading.profiles import SAMPLE_ROWS, ColumnProfile
from tenure.activity.reading.queries import figures
from tenure.activity.reading.roles import order_word_share
from tenure.activity.reading.vocabulary import vocabulary
from tenure.engine.duck import quote
from tenure.kernel import Issue, Severity

AMOUNT_ROLES = frozenset({Role.LINE_TOTAL, Role.UNIT_PRICE, Role.RECURRING_VALUE})


def notes(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    source_name: str,
    mapping: Mapping,
    profiles: MappingOf[str, ColumnProfile],
) -> list[Issue]:
    """Return all notes on a proposed mapping."""
    found = [
        _unused(source_name, mapping, profiles),
        _same_customer(connection, relation, source_name, mapping, profiles),
        _disagreement(connection, relation, source_name, mapping),
        _unfinished(source_name, mapping, profiles),
        _no_money(source_name, mapping),
    ]
    return [note for note in found if note is not None]


def contrary(source_name: str, column: str, decision: FormatDecision) -> Issue:
    """Note that some rows of a column fit only the format that its majority rules out."""
    return _note(
        "contrary_format",
        source_name,
        column,
        f"{decision.contrary:,} rows fit only another format than most of the column",
        "one format in the whole column",
        "look at the rows set aside; if they are right, state the format with "
        "--date-order or --decimal",
        Severity.WARNING,
    )


def _unused(
    source_name: str, mapping: Mapping, profiles: MappingOf[str, ColumnProfile]
) -> Issue | None:
    used = {c.column for c in mapping.columns}
    left = [column for column in profiles if column not in used]
    if not left:
        return None
    return _note(
        "unused_columns",
        source_name,
        None,
        f"columns not used: {', '.join(map(repr, left))}",
        "columns whose meaning is known",
        "give one a meaning with --map ROLE=COLUMN or --map attribute.NAME=COLUMN",
    )


def _same_customer(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    source_name: str,
    mapping: Mapping,
    profiles: MappingOf[str, ColumnProfile],
) -> Issue | None:
    """Count identifiers that differ only by leading zeros, where any have them."""
    customer = mapping.column(Role.CUSTOMER)
    if customer is None or not any(
        text.isdecimal() and text.startswith("0") for text in profiles[customer.column].counts
    ):
        return None
    column = quote(customer.column)
    row = figures(
        connection,
        "SELECT count(*) FROM (SELECT 1 FROM (SELECT DISTINCT trim("
        f"{column}) AS id FROM {quote(relation)} "
        f"WHERE regexp_full_match(trim({column}), '[0-9]+')) "
        "GROUP BY ltrim(id, '0') HAVING count(*) > 1)",
    )
    if not row[0]:
        return None
    return _note(
        "possible_same_customer",
        source_name,
        customer.column,
        f"{row[0]:,} customer numbers occur with and without leading zeros",
        "one spelling for each customer",
        "if they are the same customers, export them in one spelling; they are kept apart",
        Severity.WARNING,
    )


def _disagreement(
    connection: duckdb.DuckDBPyConnection, relation: str, source_name: str, mapping: Mapping
) -> Issue | None:
    """Compare the line total with quantity times unit price where a source has all three."""
    total, price, quantity = (
        mapping.column(role) for role in (Role.LINE_TOTAL, Role.UNIT_PRICE, Role.QUANTITY)
    )
    if total is None or price is None or quantity is None:
        return None
    t, p, q = (
        f"({quick_number(quote(c.column), c.format.decimal)})::DOUBLE"
        for c in (total, price, quantity)
    )
    row = figures(
        connection,
        f"SELECT count(*) FILTER (abs({t}) < abs({p} * {q}) * 0.99 - 0.01 OR "
        f"abs({t}) > abs({p} * {q}) * 1.01 + 0.01), count({t} * {p} * {q}) "
        f"FROM (SELECT * FROM {quote(relation)} LIMIT {SAMPLE_ROWS})",
    )
    if not row[0]:
        return None
    return _note(
        "totals_disagree",
        source_name,
        total.column,
        f"in {row[0]:,} of the first {row[1]:,} rows the total is not quantity times unit price",
        "totals that agree, but for discounts",
        f"the total in {total.column!r} counts; map the other columns if it should not",
    )


def _unfinished(
    source_name: str, mapping: Mapping, profiles: MappingOf[str, ColumnProfile]
) -> Issue | None:
    """Tell how rows whose state says cancelled or unpaid are counted."""
    column = mapping.column(Role.STATUS) or mapping.column(Role.KIND)
    if column is None or not order_word_share(profiles[column.column]):
        return None
    words = vocabulary()
    states = {
        text
        for text in profiles[column.column].counts
        for name in ("cancelled", "pending")
        if text.lower() in words.kinds[name] or any(w in text for w in words.inside.get(name, ()))
    }
    if not states:
        return None
    return _note(
        "unfinished_orders",
        source_name,
        column.column,
        f"rows with the state {', '.join(sorted(map(repr, states)))}",
        "orders that were paid",
        "cancelled ones count as refunds of 0, unpaid ones as `order_pending` events; neither "
        "is an order",
    )


def _no_money(source_name: str, mapping: Mapping) -> Issue | None:
    if mapping.kind is not TableKind.ORDERS or any(
        mapping.column(role) for role in (Role.LINE_TOTAL, Role.UNIT_PRICE)
    ):
        return None
    return _note(
        "no_amount",
        source_name,
        None,
        "no column with an amount of money",
        "a line total or a unit price",
        'orders are counted without a value; name one with --map "line_total=COLUMN"',
    )


def _note(
    code: str,
    source_name: str,
    field: str | None,
    given: str,
    expected: str,
    remedy: str,
    severity: Severity = Severity.NOTE,
) -> Issue:
    return Issue(source_name, None, field, given, expected, remedy, code, severity)
