"""Upkeep of a workspace: compaction, erasure of a customer, check-up."""

from __future__ import annotations

import os
import re
import shutil
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

from tenure.activity.quality_rules import read_rules
from tenure.activity.quarantine import erase_quarantined
from tenure.assembly.customers import segment_faults
from tenure.assembly.kept_tables import is_fresh
from tenure.assembly.laying_out import layouts
from tenure.assembly.recording import check_records, erase_recorded
from tenure.assembly.refreshing import (
    clear_unfinished,
    drop_outdated,
    mark_anew,
    refresh_holding,
)
from tenure.assembly.workspace import Workspace
from tenure.engine.calendars import local_day
from tenure.engine.lake_care import Finding, check_up, erase_rows
from tenure.engine.lake_compaction import Compacted, compact
from tenure.kernel import DefinitionError, ProgressSink, silent

_SCRATCH_KEPT_SECONDS = 24 * 3600
_DAY = timedelta(days=1)


def compact_workspace(workspace: Workspace, *, progress: ProgressSink = silent) -> list[Compacted]:
    """Rewrite the lake into few files sorted by customer, with business days made anew.

    Parameters
    ----------
    workspace : whose lake.
    progress : receives the progress, in rows.
    """
    _clear_scratch(workspace.scratch)
    with workspace.lake.writing() as writer:
        is_kept = writer.mark is not None
        if is_kept:
            # Once files are rewritten, what was added before can no longer be told apart.
            refresh_holding(workspace, writer, whole_allowed=False, progress=progress)
        done = compact(
            writer,
            workspace.connection(),
            layouts(workspace.settings.timezone),
            scratch=workspace.scratch,
            progress=progress,
        )
        if is_kept:
            refresh_holding(workspace, writer, progress=progress)
        return done


def erase_customer(workspace: Workspace, customer_id: str) -> dict[str, object]:
    """Erase a customer from lake, records, quarantine and reports, with the bytes.

    Returns
    -------
    `rows` deleted by table, `quarantined_rows` and `reports_removed` (file names).
    """
    _clear_scratch(workspace.scratch)
    with workspace.lake.writing() as writer:
        clear_unfinished(workspace.scratch)
        drop_outdated(writer)
        if writer.mark is not None:
            refresh_holding(workspace, writer, whole_allowed=False)
        rows = erase_rows(
            writer,
            workspace.connection(),
            column="customer_id",
            value=customer_id,
            before_commit=partial(mark_anew, workspace, writer),
        )
    recorded = erase_recorded(workspace.root, workspace.settings, workspace.clock, customer_id)
    return {
        "rows": rows | {f"records.{table}": count for table, count in recorded.items()},
        "quarantined_rows": erase_quarantined(workspace.quarantine, customer_id),
        "reports_removed": _remove_reports(workspace.root / "reports"),
    }


def check_workspace(workspace: Workspace) -> list[Finding]:
    """Check settings, definitions and lake; a fault is a finding, not an error."""
    return [
        Finding("settings", "ok", f"time zone {workspace.settings.timezone}"),
        _check_rules(workspace.definitions / "quality.yaml"),
        *(Finding("segments", "fault", fault) for fault in segment_faults(workspace)),
        *check_up(workspace.lake, workspace.connection()),
        _check_kept(workspace),
        _check_days(workspace),
        *check_records(workspace.root, workspace.settings, workspace.clock),
    ]


def _check_rules(path: Path) -> Finding:
    try:
        rules = read_rules(path)
    except DefinitionError as error:
        return Finding("quality rules", "fault", str(error))
    return Finding("quality rules", "ok", f"{len(rules)} rules")


def _check_kept(workspace: Workspace) -> Finding:
    """Tell whether the kept tables fit the activity."""
    head = workspace.lake.view().head
    if head.derived is None:
        return Finding("kept tables", "ok", "none kept")
    if not is_fresh(head, workspace.settings.timezone):
        return Finding(
            "kept tables",
            "warning",
            "older than the activity, so figures are worked out without them; run `tenure refresh`",
        )
    later = head.derived.generation - head.derived.base_generation
    return Finding("kept tables", "ok", f"fresh, in {later + 1} generations")


def _check_days(workspace: Workspace) -> Finding:
    """Tell rows whose business day is not that of the time zone set now."""
    facts = workspace.local_facts()
    activity = facts.activity.table
    bounds = activity.aggregate(low=activity.occurred_at.min(), high=activity.occurred_at.max())
    found = facts.activity.collect(bounds).to_pylist()[0]
    strange = 0
    if found["low"] is not None:
        # A day to either side, for zones ahead of UTC and behind.
        years = ((found["low"] - _DAY).year, (found["high"] + _DAY).year)
        day = local_day(activity.occurred_at, workspace.calendar, years)
        wrong = activity.filter(~activity.occurred_on.identical_to(day))
        strange = facts.activity.collect(wrong.aggregate(rows=wrong.count()))["rows"][0].as_py()
    if strange:
        return Finding(
            "business days",
            "warning",
            f"{strange:,} rows are counted on a day of another time zone; run `tenure compact`",
        )
    return Finding("business days", "ok", f"all in {workspace.settings.timezone}")


def _clear_scratch(folder: Path) -> None:
    """Delete what killed processes left: a folder of an import or of Spark names its process."""
    limit = time.time() - _SCRATCH_KEPT_SECONDS
    for path in folder.iterdir():
        found = re.match(r"(?:import|spark|compact)-(\d+)-", path.name)
        if found and _is_running(int(found.group(1))):
            continue
        if found or path.stat().st_mtime < limit:
            shutil.rmtree(path, ignore_errors=True)


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove_reports(folder: Path) -> list[str]:
    """Delete every report: each was made with the customer in it, named or only counted."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files:
        path.unlink()
    return [str(path.relative_to(folder)) for path in files]
