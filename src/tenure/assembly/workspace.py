"""The workspace: a folder with settings, definitions, lake, quarantine and reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from tenure.activity.contract import FACT_TABLES
from tenure.activity.facts import Facts, open_facts
from tenure.activity.quality_rules import default_rules_text
from tenure.assembly.kept_tables import KEPT_TABLES, with_kept_tables
from tenure.engine.duck import DuckDBEngine, connect
from tenure.engine.lake import Lake
from tenure.engine.relations import Engine
from tenure.kernel import Calendar, Clock, WorkspaceError, system_clock
from tenure.predictions.score_columns import SCORE_TABLES
from tenure.segments import default_segment_files
from tenure.settings import RECORDS_FILE, Settings, checked_settings, read_settings, settings_text
from tenure.snapshots import SNAPSHOTS
from tenure.strategies.plan_decisions import PLAN_TABLES

if TYPE_CHECKING:
    from tenure.records import Database

SETTINGS_FILE = "tenure.toml"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One business's folder: `tenure.toml`, definitions, lake, quarantine and reports.

    Parameters
    ----------
    root : the folder.
    settings : its settings.
    lake : its facts on disk.
    clock : gives the current instant.
    """

    root: Path
    settings: Settings
    lake: Lake
    clock: Clock
    _opened: dict[str, Database] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def open(cls, root: Path | str, *, clock: Clock = system_clock) -> Workspace:
        """Open an existing workspace.

        Raises
        ------
        WorkspaceError : the folder is not a workspace.
        SettingError : its settings are not valid.
        """
        folder = Path(root)
        file = folder / SETTINGS_FILE
        if not file.is_file():
            raise WorkspaceError(
                f"folder {str(folder)!r} without a {SETTINGS_FILE}",
                "a workspace",
                f"make one with `tenure init {folder}`, or name another with --workspace",
            )
        settings = read_settings(file)
        return cls(folder, settings, _lake(folder, settings), clock)

    @classmethod
    def create(
        cls,
        root: Path | str,
        given: Mapping[str, object] | None = None,
        *,
        clock: Clock = system_clock,
    ) -> Workspace:
        """Make a new workspace, or complete an existing one without changing its settings.

        Parameters
        ----------
        root : the folder to make.
        given : settings that differ from their defaults; only for a new workspace.
        clock : gives the current instant.

        Raises
        ------
        WorkspaceError : the folder holds other files, or settings are given for an
            existing workspace.
        SettingError : a setting is not valid.
        """
        folder = Path(root)
        file = folder / SETTINGS_FILE
        if not file.exists():
            settings = checked_settings(given or {}, where="tenure init")
            _check_empty(folder)
            folder.mkdir(parents=True, exist_ok=True)
            for part in ("definitions/segments", "definitions/mappings", "quarantine", "reports"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            _lake(folder, settings).create()
            _write_definitions(folder / "definitions")
            file.write_text(settings_text(settings), encoding="utf-8")
        elif given:
            raise WorkspaceError(
                f"{file} exists already",
                "a new workspace when settings are given",
                f"edit {file}, then run this without settings",
            )
        workspace = cls.open(folder, clock=clock)
        workspace.lake.create()
        return workspace

    @property
    def calendar(self) -> Calendar:
        """The business calendar."""
        return self.settings.calendar()

    @property
    def definitions(self) -> Path:
        """The folder of the workspace's definitions (YAML, made for git)."""
        return self.root / "definitions"

    @property
    def quarantine(self) -> Path:
        """The folder of rows that were not accepted."""
        return self.root / "quarantine"

    @property
    def scratch(self) -> Path:
        """A folder for files that live no longer than one command."""
        folder = self.root / ".scratch"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def records(self) -> Database:
        """The database of definitions, assignments and plans, opened when first asked for.

        Raises
        ------
        RecordsError : it cannot be reached, or a newer program has migrated it.
        """
        if "records" not in self._opened:
            # Most commands need no records, and would wait for their library.
            from tenure.assembly.recording import open_records  # noqa: PLC0415

            self._opened["records"] = open_records(self.root, self.settings, self.clock)
        return self._opened["records"]

    @property
    def has_records(self) -> bool:
        """Whether there are records yet: asking makes none."""
        return bool(self.settings.records_url) or (self.root / RECORDS_FILE).exists()

    def facts(self, *, received_before: datetime | None = None) -> Facts:
        """Return the facts known now, or before a naive UTC instant, on the engine set.

        Raises
        ------
        EngineError : the engine is Spark, and it or Java is missing or does not start.
        """
        view = self.lake.view()
        facts = open_facts(view, self.engine(), received_before=received_before)
        if received_before is not None:
            return facts
        return with_kept_tables(facts, view, self.settings.timezone)

    def local_facts(self) -> Facts:
        """Return the facts known now on DuckDB in this process, for upkeep beside the import."""
        return open_facts(self.lake.view(), DuckDBEngine(self.connection()))

    def engine(self) -> Engine:
        """Return an engine of the kind that the settings name, with nothing attached yet."""
        settings = self.settings
        if settings.engine == "duckdb":
            return DuckDBEngine(self.connection())
        # Who has set the other engine does not wait for this one.
        from tenure.engine.spark import SparkEngine  # noqa: PLC0415
        from tenure.engine.spark_sessions import spark_session  # noqa: PLC0415

        session = spark_session(
            settings.spark_master,
            memory_limit_mb=settings.memory_limit_mb,
            threads=settings.threads or None,
            conf=settings.spark_options(),
        )
        return SparkEngine(session, scratch=self.scratch)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return a private connection within this workspace's limits."""
        return connect(
            memory_limit_mb=self.settings.memory_limit_mb,
            threads=self.settings.threads or None,
            temp_folder=self.scratch,
        )

    def change_currency(self, currency: str) -> Workspace:
        """Set the currency in `tenure.toml` and return the workspace opened anew."""
        file = self.root / SETTINGS_FILE
        text = file.read_text(encoding="utf-8")
        draft = file.with_suffix(".toml.new")
        line = f'currency = "{currency}"'
        text = re.sub(r'^currency\s*=\s*""', line, text, count=1, flags=re.MULTILINE)
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
        return Workspace.open(self.root, clock=self.clock)


def _lake(folder: Path, settings: Settings) -> Lake:
    return Lake(
        folder / "lake",
        {
            **FACT_TABLES,
            "snapshots": SNAPSHOTS,
            **KEPT_TABLES,
            **SCORE_TABLES,
            **PLAN_TABLES,
        },
        lock_timeout_seconds=settings.lock_timeout_seconds,
    )


def _write_definitions(folder: Path) -> None:
    (folder / "quality.yaml").write_text(default_rules_text(), encoding="utf-8")
    for name, text in default_segment_files().items():
        (folder / "segments" / name).write_text(text, encoding="utf-8")


def _check_empty(folder: Path) -> None:
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise WorkspaceError(
            f"{str(folder)!r} exists and is not empty",
            "a new or empty folder",
            "name another folder",
        )
