"""The simulated shops of the scale benchmark: made once, found again by their size."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.peers_sql_kept import KeptFiles
from benchmarks.peers_tenure import KEPT, facts
from tenure.assembly import Workspace, simulate_exports, simulate_workspace
from tenure.simulation import World, planned_world

SEED = 20260101
PILOT_CUSTOMERS = 2000
"""Customers of the small shop on which every peer warms up, and which tells rows per customer."""

_DONE = "ground.json"


@dataclass(frozen=True, slots=True)
class Ground:
    """One simulated shop.

    Parameters
    ----------
    root : its workspace.
    rows, customers, orders : of its activity.
    as_of : the first day after its data, the first of a month.
    """

    root: Path
    rows: int
    customers: int
    orders: int
    as_of: date

    def activity(self) -> list[str]:
        """Return the files of the activity."""
        return Workspace.open(self.root).lake.view().files("activity")

    def attributes(self) -> list[str]:
        """Return the files of the customers' attributes."""
        return Workspace.open(self.root).lake.view().files("customer_attributes")

    def kept(self) -> KeptFiles:
        """Return the files of the kept tables.

        Raises
        ------
        RuntimeError : nothing is kept yet.
        """
        activity, view = facts(self.root, KEPT).activity, Workspace.open(self.root).lake.view()
        return KeptFiles(
            view.files("customer_days"), view.files("customer_states"), activity.origin_month
        )

    def memory_mb(self) -> int:
        """Return the memory limit of the workspace's engine, in MB; the SQL by hand gets it too."""
        return Workspace.open(self.root).settings.memory_limit_mb


def ground(rows: int, folder: Path, say: Callable[[str], None]) -> Ground:
    """Return a shop of about so many activity rows, made in a folder if it is not there yet.

    Parameters
    ----------
    rows : wanted; the shop has them within a few per cent.
    folder : holds one folder per size.
    say : told before something slow begins.
    """
    home = folder / f"rows-{rows}"
    if not (home / _DONE).exists():
        pilot_shop = pilot(folder)
        customers = max(1, round(rows * pilot_shop.customers / pilot_shop.rows))
        say(f"simulating a shop of {customers:,} customers in {home} ...")
        _make(home, customers)
    return _found(home)


def pilot(folder: Path) -> Ground:
    """Return the small shop."""
    home = folder / "pilot"
    if not (home / _DONE).exists():
        _make(home, PILOT_CUSTOMERS)
    return _found(home)


def exports(customers: int, folder: Path) -> Path:
    """Write the CSV files that a shop of so many customers would export; return their folder."""
    files = folder / "files"
    simulate_exports(_world(customers), files, folder / "files-truth")
    return files


def rows_apart(files: list[str], rows: int, target: Path) -> list[str]:
    """Write the first rows of some activity files into a file; return it as a list of files."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (SELECT * FROM read_parquet({files}) LIMIT {rows}) TO '{target}' "
            "(FORMAT parquet, COMPRESSION zstd)"
        ).fetchall()
    return [str(target)]


def _world(customers: int) -> World:
    return planned_world("shop", customers=customers, seed=SEED)


def _make(home: Path, customers: int) -> None:
    if home.exists():  # left unfinished
        shutil.rmtree(home)
    home.mkdir(parents=True)
    world = _world(customers)
    written = simulate_workspace(world, home / "workspace", home / "truth")
    told = {
        "rows": written.rows["activity"],
        "customers": customers,
        "orders": written.orders,
        "as_of": world.as_of.isoformat(),
    }
    (home / _DONE).write_text(json.dumps(told), encoding="utf-8")


def _found(home: Path) -> Ground:
    told = json.loads((home / _DONE).read_text(encoding="utf-8"))
    return Ground(
        home / "workspace",
        told["rows"],
        told["customers"],
        told["orders"],
        date.fromisoformat(told["as_of"]),
    )
