"""Imports into a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tenure.activity.import_results import ImportResult
from tenure.activity.importing import ImportOptions, ImportPlace, import_sources
from tenure.assembly.figures import judge_quality
from tenure.assembly.refreshing import refresh_if_due
from tenure.assembly.workspace import Workspace
from tenure.kernel import ProgressSink, silent


def import_into(
    workspace: Workspace,
    paths: Sequence[str | Path],
    options: ImportOptions | None = None,
    *,
    progress: ProgressSink = silent,
) -> ImportResult:
    """Import files, folders or database tables, then measure the quality rules.

    The first currency found becomes the workspace's. Kept tables are brought up to date.

    Parameters
    ----------
    workspace : receives the facts.
    paths : files, folders or `URL::table`.
    options : what a person said about them.
    progress : receives the progress.

    Raises
    ------
    SourceError, QuestionError, MappingError : as `tenure.activity.importing.import_sources`.
    """
    settings = workspace.settings
    place = ImportPlace(
        lake=workspace.lake,
        mappings=workspace.definitions / "mappings",
        quarantine=workspace.quarantine,
        scratch=workspace.scratch,
        calendar=workspace.calendar,
        currency=settings.currency or None,
        memory_limit_mb=settings.memory_limit_mb,
        threads=settings.threads or None,
        clock=workspace.clock,
    )
    result = import_sources(paths, place, options, progress=progress)
    found = next((source.currency for source in result.sources if source.currency), None)
    if found and not settings.currency:
        workspace.change_currency(found)
    refresh_if_due(workspace, progress=progress)
    return replace(result, quality=tuple(judge_quality(workspace, workspace.local_facts())))
