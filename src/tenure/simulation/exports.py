"""A world as the raw files such a business would export: orders, events, customers, contracts.

The files are for `tenure import`. They hold local times, as exports do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from tenure.simulation.blocks import Block
from tenure.simulation.world import World

_MOMENT = "%Y-%m-%d %H:%M:%S"
_ORDER_COLUMNS = {
    "order_id": "order_id",
    "ordered_at": "occurred_at",
    "customer_id": "customer_id",
    "product_id": "product_id",
    "category": "category",
    "quantity": "quantity",
    "unit_price": "unit_price",
    "discount": "discount",
    "amount": "value",
    "currency": "currency",
    "channel": "channel",
    "source": "source",
    "line_number": "source_row",
}
_EVENT_COLUMNS = {
    "customer_id": "customer_id",
    "event_time": "occurred_at",
    "event_type": "kind",
    "channel": "channel",
    "source": "source",
    "details": "properties",
}
_CONTRACT_COLUMNS = {
    "customer_id": "customer_id",
    "plan": "plan",
    "start_date": "started_at",
    "end_date": "ended_at",
    "recurring_value": "recurring_value",
    "currency": "currency",
}
_TRADES = ("order", "refund")


class ExportFiles:
    """The open CSV files of one world.

    Parameters
    ----------
    world : whose zone the times are in.
    folder : existing folder that gets the files.
    opened : closes the files when they are done.
    """

    def __init__(self, world: World, folder: Path, opened: ExitStack) -> None:
        self.rows: dict[str, int] = {}
        self._zone = world.timezone
        self._folder = folder
        self._opened = opened
        self._writers: dict[str, csv.CSVWriter] = {}

    def write(self, block: Block) -> None:
        """Append one block to every file it has rows for."""
        activity = block.facts["activity"]
        is_trade = pc.is_in(pc.cast(activity["kind"], pa.string()), pa.array(_TRADES))
        self._append("orders.csv", self._shaped(activity.filter(is_trade), _ORDER_COLUMNS))
        events = activity.filter(pc.invert(is_trade))
        self._append("events.csv", self._shaped(events, _EVENT_COLUMNS))
        self._append("customers.csv", block.attributes)
        if "subscriptions" in block.facts:
            contracts = self._shaped(block.facts["subscriptions"], _CONTRACT_COLUMNS)
            self._append("subscriptions.csv", contracts)

    def _shaped(self, rows: pa.Table, columns: dict[str, str]) -> pa.Table:
        return pa.table({name: self._text(rows[column]) for name, column in columns.items()})

    def _text(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        if pa.types.is_dictionary(column.type):
            return pc.cast(column, pa.string())
        if pa.types.is_timestamp(column.type):
            local = pc.local_timestamp(pc.assume_timezone(column, "UTC").cast(
                pa.timestamp("us", self._zone)
            ))  # fmt: skip
            # Whole seconds: a finer unit would write a fraction.
            return pc.strftime(local.cast(pa.timestamp("s")), _MOMENT)
        return column

    def _append(self, name: str, rows: pa.Table) -> None:
        if name not in self._writers:
            writer = csv.CSVWriter(self._folder / name, rows.schema)
            self._writers[name] = self._opened.enter_context(writer)
            self.rows[name] = 0
        self._writers[name].write_table(rows)
        self.rows[name] += len(rows)


@contextmanager
def export_files(world: World, folder: Path) -> Iterator[ExportFiles]:
    """Open a world's export files in a folder, and close them at the end."""
    with ExitStack() as opened:
        yield ExportFiles(world, folder, opened)
