"""What keeps a workspace going, at size: its report, an import, and refreshes of kept tables."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import ibis

from benchmarks.measuring import Taken, Task, run_apart
from benchmarks.peers_tenure import KEPT as KEPT_SOURCE
from benchmarks.peers_tenure import facts
from benchmarks.scale_ground import PILOT_CUSTOMERS, Ground, exports
from benchmarks.scale_results import Measured
from benchmarks.works import TENURE
from tenure.activity.contract import ACTIVITY
from tenure.activity.importing import ImportOptions
from tenure.assembly import Workspace, import_into
from tenure.assembly.kept_tables import is_fresh
from tenure.assembly.refreshing import refresh
from tenure.engine.duck import DuckDBEngine, connect, literal
from tenure.pages.workspace_report import collect_inputs

IMPORT_ROWS_MAX = 10_000_000
"""An import works through its rows one by one, so what it costs at more rows follows from this."""

_ACTIVE_ONE_IN = 100

# One order of one line by one customer in a hundred, on the first day after the data.
_NEXT_DAY = """
SELECT md5(customer_id || '-next') AS activity_id, customer_id,
    TIMESTAMP $as_of + INTERVAL 12 HOUR AS occurred_at, DATE $as_of AS occurred_on,
    'order' AS kind, 25 AS value, 'EUR' AS currency, 'next-' || customer_id AS order_id,
    'web' AS channel, 'search' AS source, 'P1' AS product_id, 'K1' AS category, 1 AS quantity,
    TIMESTAMP $as_of + INTERVAL 1 DAY AS received_at, 'next' AS import_id, 1 AS source_row
FROM (SELECT DISTINCT customer_id FROM read_parquet($files))
WHERE hash(customer_id) % $one_in = 0
ORDER BY customer_id
"""


def keep_tables(root: Path) -> None:
    """Refresh the kept tables of a workspace unless they are fresh."""
    workspace = Workspace.open(root)
    if not is_fresh(workspace.lake.view().head, workspace.settings.timezone):
        refresh(workspace, full=True)


def upkeep(
    shop: Ground, small: Ground, folder: Path, say: Callable[[str], None]
) -> tuple[list[Measured], list[str]]:
    """Measure report, import and refreshes; return also in what the refreshes differ."""
    say("  report, import, refreshes ...")
    more, small_more = _linked(shop, folder / "more"), _linked(small, folder / "small-more")
    for ground, root in ((shop, more), (small, small_more)):
        _append_day(ground, root)
    whole = folder / "whole"
    shutil.copytree(more, whole, copy_function=os.link)
    small_whole = folder / "small-whole"
    shutil.copytree(small_more, small_whole, copy_function=os.link)
    works = {
        "report": (_report, (shop.root,), (small.root,)),
        "refresh, one day more": (_refresh, (more, False), (small_more, False)),
        "refresh, full": (_refresh, (whole, True), (small_whole, True)),
        **_imports(shop, folder),
    }
    found = []
    for name, (work, given, warm) in works.items():
        task = Task({name: partial(work, *given)}, before=partial(work, *warm))
        taken = run_apart(name, task)[name]
        say(f"  {TENURE:<36}{name:<28}{taken.seconds:9.2f} s  {taken.cpu_seconds:9.2f} CPU s")
        found.append(_measured(name, taken))
    same = _contents(more) == _contents(whole)
    faults = [] if same else ["refresh: one day more leaves other tables than a full refresh"]
    return found, faults


def _measured(name: str, taken: Taken) -> Measured:
    return Measured(TENURE, name, taken.seconds, taken.cpu_seconds, taken.peak_mb, 1)


def _imports(
    shop: Ground, folder: Path
) -> dict[str, tuple[Callable[..., None], tuple[object, ...], tuple[object, ...]]]:
    rows = min(shop.rows, IMPORT_ROWS_MAX)
    customers = round(shop.customers * rows / shop.rows)
    large, small = (
        exports(count, folder / f"exports-{count}") for count in (customers, PILOT_CUSTOMERS)
    )
    name = f"import of {rows:,} rows of CSV"
    return {name: (_import, (large, folder / "imported"), (small, folder / "imported-small"))}


def _report(root: Path) -> None:
    collect_inputs(Workspace.open(root))


def _refresh(root: Path, full: bool) -> None:
    refresh(Workspace.open(root), full=full)


def _import(files: Path, root: Path) -> None:
    workspace = Workspace.create(root, {"currency": "EUR"})
    result = import_into(workspace, sorted(files.glob("*.csv")), ImportOptions())
    if not all(source.accepted for source in result.sources):
        raise RuntimeError(f"not all files were accepted: {result.as_dict()}")


def _linked(shop: Ground, target: Path) -> Path:
    """Return a workspace of the same files: written files are never changed, so links will do."""
    shutil.copytree(shop.root, target, copy_function=os.link)
    return target


def _append_day(shop: Ground, root: Path) -> None:
    lake = Workspace.open(root).lake
    query = (
        _NEXT_DAY.replace("$as_of", literal(shop.as_of.isoformat()))
        .replace("$files", str(shop.activity()))
        .replace("$one_in", str(_ACTIVE_ONE_IN))
    )
    with connect() as connection, lake.writing() as writer:
        engine = DuckDBEngine(connection)
        rows = engine.attach_query(query)
        typed = {
            field.name: (rows[field.name] if field.name in rows.columns else ibis.null()).cast(
                ibis.dtype(field.type)
            )
            for field in ACTIVITY
        }
        engine.write_files(rows.select(**typed), lambda: writer.new_file("activity"))
        writer.commit("append a day")


def _contents(root: Path) -> list[tuple[object, ...]]:
    """Return row count and check sum of the kept tables as metrics read them."""
    activity = facts(root, KEPT_SOURCE).activity
    found = []
    for table in (activity.days, activity.states):
        query = f"SELECT count(*), sum(hash(t)) FROM ({activity.engine.sql(table)}) AS t"
        found += activity.engine.connection.execute(query).fetchall()
    return found
