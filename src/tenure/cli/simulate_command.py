"""`tenure simulate`: make a business whose truth is known."""

from __future__ import annotations

import time
from pathlib import Path

import click

from tenure.assembly import simulate_exports, simulate_workspace
from tenure.cli.options import json_option, parsed_date
from tenure.cli.output import clear_errors, console, print_json, print_table, progress_bar
from tenure.kernel import OptionError
from tenure.simulation import (
    DEFAULT_AS_OF,
    DEFAULT_MONTHS,
    WORLD_KINDS,
    World,
    Written,
    planned_world,
)

_FOLDER = click.Path(path_type=Path)
_DEFAULT_FOLDER = Path("simulated")


@click.command("simulate")
@click.option("--customers", type=int, default=1000, show_default=True, help="How many customers.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes."
)
@click.option(
    "--kind",
    type=click.Choice(WORLD_KINDS),
    default="shop",
    show_default=True,
    help="What business: orders at will, orders by appointment, or contracts.",
)
@click.option(
    "--workspace",
    "-w",
    type=_FOLDER,
    help=f"Folder of the workspace to make, new or empty. Default: {_DEFAULT_FOLDER}.",
)
@click.option(
    "--files",
    type=_FOLDER,
    help="Write the business's raw exports (CSV) into this folder instead of a workspace.",
)
@click.option(
    "--truth",
    type=_FOLDER,
    help="Folder for the truth. Default: that of the data with -truth at the end.",
)
@click.option(
    "--months", type=int, default=DEFAULT_MONTHS, show_default=True, help="Length of the data."
)
@click.option(
    "--orders-per-customer", type=float, metavar="X", help="Mean orders. Default: by kind."
)
@click.option(
    "--as-of",
    metavar="DATE",
    default=DEFAULT_AS_OF.isoformat(),
    show_default=True,
    help="First business day after the data.",
)
@json_option
def simulate_command(
    customers: int,
    seed: int,
    kind: str,
    workspace: Path | None,
    files: Path | None,
    truth: Path | None,
    months: int,
    orders_per_customer: float | None,
    as_of: str,
    as_json: bool,
) -> None:
    """Make a plausible business whose truth is known.

    Writes a workspace of made customers and, apart from it, what they were made from: who
    is still there, who will order how often, what each campaign did. For trying Tenure out
    and for testing whether its figures find the truth.
    """
    with clear_errors(as_json=as_json):
        began = time.monotonic()
        if files is not None and workspace is not None:
            raise OptionError("--files and --workspace", "one of them", "leave one of them out")
        world = planned_world(
            kind,
            customers=customers,
            seed=seed,
            as_of=parsed_date(as_of, "--as-of") or DEFAULT_AS_OF,
            months=months,
            orders_per_customer=orders_per_customer,
        )
        folder = files or workspace or _DEFAULT_FOLDER
        beside = truth or folder.resolve().with_name(f"{folder.resolve().name}-truth")
        make = simulate_workspace if files is None else simulate_exports
        with progress_bar(quiet=as_json) as progress:
            written = make(world, folder, beside, progress=progress)
        summary = _summary(world, written, time.monotonic() - began)
        summary |= {"workspace": None if files else folder, "files": files, "truth": beside}
        if as_json:
            print_json(summary)
        else:
            _tell(summary, written, folder, beside)


def _summary(world: World, written: Written, seconds: float) -> dict[str, object]:
    rows = sum(written.rows.values())
    return {
        "kind": world.kind,
        "seed": world.seed,
        "as_of": world.as_of,
        "starts_on": world.starts_on,
        "customers": world.customers,
        "orders": written.orders,
        "rows": written.rows,
        "file_counts": written.files,
        "truth_rows": written.truth_rows,
        "seconds": round(seconds, 3),
        "rows_per_second": round(rows / seconds) if seconds else None,
    }


def _tell(summary: dict[str, object], written: Written, folder: Path, truth: Path) -> None:
    rows = [(name, count, written.files[name]) for name, count in written.rows.items() if count]
    print_table(f"Simulated {summary['kind']}", ("table", "rows", "files"), rows)
    out = console()
    out.print(
        f"{summary['customers']:,} customers, {written.orders:,} orders, "
        f"{summary['starts_on']} to {summary['as_of']}, in {summary['seconds']:.1f} s.",
        markup=False,
    )
    out.print(f"Data:  {folder}", markup=False, soft_wrap=True)
    out.print(f"Truth: {truth}", markup=False, soft_wrap=True)
    if summary["files"] is None:
        out.print(f"Next:  tenure report --workspace {folder}", markup=False, soft_wrap=True)
    else:
        out.print(f"Next:  tenure import {folder} --workspace NAME", markup=False, soft_wrap=True)
