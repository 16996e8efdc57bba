"""Is a price the price of one piece or of the whole line? Asked, with the evidence found."""

from __future__ import annotations

import duckdb

from tenure.activity.contract import ColumnFormat
from tenure.activity.reading import numbers
from tenure.activity.reading.queries import figures
from tenure.activity.reading.questions import Question
from tenure.engine.duck import quote


def quantity_varies(
    connection: duckdb.DuckDBPyConnection, relation: str, quantity: str, format_: ColumnFormat
) -> bool:
    """Return whether any row has a quantity other than one, so that the answer matters."""
    figure = _number(quantity, format_)
    row = figures(
        connection,
        f"SELECT count(*) FROM {quote(relation)} WHERE abs({figure}) <> 1",
    )
    return row[0] > 0


def price_question(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    price: tuple[str, ColumnFormat],
    quantity: tuple[str, ColumnFormat],
    product: str | None,
) -> Question:
    """Return the question whether a price is per piece or per line, with the products' evidence."""
    column = price[0]
    given = f"{column!r} stands beside the quantity {quantity[0]!r} and says neither"
    if product is not None:
        given += f"; {_evidence(connection, relation, price, quantity, product)}"
    return Question(
        "ambiguous_price",
        column,
        given,
        "whether it is the price of one piece or the total of the line",
        f'add --map "unit_price={column}" or --map "line_total={column}"',
    )


def _evidence(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    price: tuple[str, ColumnFormat],
    quantity: tuple[str, ColumnFormat],
    product: str,
) -> str:
    row = figures(
        connection,
        "SELECT count(*), count(*) FILTER (at_most <= at_least * 1.05) FROM ("
        "SELECT arg_max(price, quantity) AS at_most, arg_min(price, quantity) AS at_least FROM ("
        f"SELECT {quote(product)} AS product, abs({_number(*quantity)}) AS quantity, "
        f"abs({_number(*price)}) AS price FROM {quote(relation)}) WHERE quantity > 0 "
        "GROUP BY product HAVING max(quantity) > min(quantity))",
    )
    products, level = row
    if not products:
        return "no product was sold in two quantities, so the figures tell nothing"
    return (
        f"for {level:,} of {products:,} products sold in several quantities the figure does not "
        "grow with the quantity"
    )


def _number(column: str, format_: ColumnFormat) -> str:
    raw = quote(column)
    general = numbers.general_number(numbers.bare_number(raw), format_.decimal)
    return f"coalesce({numbers.quick_number(raw, format_.decimal)}, {general})::DOUBLE"
