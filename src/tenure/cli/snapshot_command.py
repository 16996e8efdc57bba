"""`tenure snapshot`: one row per customer as of a date; print, export or keep it for good."""

from __future__ import annotations

from pathlib import Path

import click

from tenure.assembly import Workspace, customers_as_of, keep_snapshot
from tenure.cli.freshness import bring_up_to_date
from tenure.cli.options import as_of_option, json_option, parsed_date, workspace_option
from tenure.cli.output import clear_errors, console, print_json, print_table
from tenure.engine.exports import write_table
from tenure.snapshots import catalogue

_SHOWN = (
    "customer_id",
    "lifecycle_stage",
    "rfm_segment",
    "order_count",
    "days_since_last_order",
    "net_value",
)
_ROWS_PRINTED_MAX = 20
_ROWS_OF_JSON_MAX = 1000


@click.command("snapshot")
@workspace_option
@as_of_option
@click.option("--keep", is_flag=True, help="Keep it in the lake; later facts never change it.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write all columns to a .csv or .parquet file.",
)
@click.option("--columns", "list_columns", is_flag=True, help="List the columns and what they say.")
@click.option("--customer", metavar="ID", help="Show every column of one customer.")
@json_option
def snapshot_command(
    workspace: Path,
    as_of: str | None,
    keep: bool,
    output: Path | None,
    list_columns: bool,
    customer: str | None,
    as_json: bool,
) -> None:
    """Show one row per customer as of a date, made only from what had happened by then."""
    with clear_errors(as_json=as_json):
        if list_columns:
            _print_catalogue(as_json)
            return
        opened = Workspace.open(workspace)
        bring_up_to_date(opened, quiet=as_json)
        state = customers_as_of(opened, parsed_date(as_of, "--as-of"))
        kept = keep_snapshot(opened, state.as_of) if keep else None
        table = state.snapshot.table
        if customer is not None:
            table = table.filter(table.customer_id == customer)
        ordered = table.order_by("customer_id")
        if output is not None:
            write_table(state.snapshot.collect(ordered), output)
        # Only what is printed leaves the engine: there may be millions of customers.
        most = _ROWS_OF_JSON_MAX if as_json else _ROWS_PRINTED_MAX
        rows = state.snapshot.collect(ordered.limit(most))
        found = state.snapshot.collect(table.aggregate(customers=table.count()))
        customers = found["customers"][0].as_py()
        if as_json:
            shown = rows.to_pylist()
            print_json(
                {
                    "as_of": state.as_of,
                    "customers": customers,
                    "kept": kept,
                    "output": output,
                    "rows": shown,
                }
            )
            return
        if customer is not None:
            pairs = [(name, value) for row in rows.to_pylist() for name, value in row.items()]
            print_table(f"{customer} as of {state.as_of}", ("column", "value"), pairs)
            return
        print_table(
            f"{customers:,} customers as of {state.as_of}",
            _SHOWN,
            [tuple(row[name] for name in _SHOWN) for row in rows.to_pylist()],
            left=3,
        )
        out = console()
        if output is not None:
            out.print(f"Written to {output}", markup=False)
        if kept is not None:
            out.print(f"Kept {kept:,} rows in the lake.")


def _print_catalogue(as_json: bool) -> None:
    if as_json:
        print_json({"columns": [column.as_dict() for column in catalogue()]})
        return
    print_table(
        "Columns of the snapshot",
        ("column", "unit", "meaning"),
        [(c.name, c.unit, c.definition["en"]) for c in catalogue()],
        left=3,
    )
