"""The workspace: settings, lake, definitions and clock put together; the only place that does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from tenure.activity.contract import FACT_TABLES
from tenure.activity.facts import Facts, open_facts
from tenure.activity.import_results import ImportResult
from tenure.activity.importing import ImportOptions, ImportPlace, import_sources
from tenure.activity.quality import QualityFinding, judge
from tenure.activity.quality_rules import default_rules_text, read_rules
from tenure.activity.quarantine import erase_quarantined, naming_pattern
from tenure.engine.duck import connect, literal
from tenure.engine.lake import Lake
from tenure.engine.lake_care import Compacted, Finding, check_up, compact, erase_rows
from tenure.kernel import (
    Calendar,
    Clock,
    ProgressSink,
    WorkspaceError,
    silent,
    system_clock,
)
from tenure.metrics import METRICS, MetricResult
from tenure.settings import Settings, checked_settings, read_settings, settings_text

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
            (folder / "definitions" / "quality.yaml").write_text(
                default_rules_text(), encoding="utf-8"
            )
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

    def facts(self, *, received_before: datetime | None = None) -> Facts:
        """Return the facts known now, or before a naive UTC instant."""
        return open_facts(
            self.lake.view(),
            received_before=received_before,
            memory_limit_mb=self.settings.memory_limit_mb,
            threads=self.settings.threads or None,
            temp_folder=self.scratch,
        )

    def import_sources(
        self,
        paths: Sequence[str | Path],
        options: ImportOptions | None = None,
        *,
        progress: ProgressSink = silent,
    ) -> ImportResult:
        """Import files, folders or database tables; see `tenure.activity.importing`."""
        place = ImportPlace(
            lake=self.lake,
            mappings=self.definitions / "mappings",
            quarantine=self.quarantine,
            scratch=self.scratch,
            calendar=self.calendar,
            currency=self.settings.currency or None,
            memory_limit_mb=self.settings.memory_limit_mb,
            threads=self.settings.threads or None,
            clock=self.clock,
        )
        result = import_sources(paths, place, options, progress=progress)
        found = next((s.currency for s in result.sources if s.currency), None)
        if found and not self.settings.currency:
            self.change_currency(found)
        return result

    def metric(self, name: str, *, as_of: date | None = None, **options: object) -> MetricResult:
        """Compute a metric of the catalogue over this workspace's activity.

        Parameters
        ----------
        name : one of `tenure.metrics.METRICS`.
        as_of : business date to look back from; None: the setting, else the data's end.
        options : the metric's own options.
        """
        data = self.facts().activity
        return METRICS[name].function(
            data, calendar=self.calendar, as_of=as_of or self.settings.as_of_date(), **options
        )

    def trace(self, customer_id: str, *, order_id: str | None = None) -> list[dict[str, object]]:
        """Return a customer's activity, oldest first, each row with its file and line."""
        facts = self.facts()
        activity, imports = facts.activity.table, facts.imports.table
        wanted = activity.filter(activity.customer_id == customer_id)
        if order_id is not None:
            wanted = wanted.filter(wanted.order_id == order_id)
        files = imports.select("import_id", source_file=imports.source)
        joined = wanted.left_join(files, "import_id").drop("import_id_right")
        rows: list[dict[str, object]] = facts.activity.collect(
            joined.order_by(["occurred_at", "activity_id"])
        ).to_pylist()
        return rows

    def judge_quality(self) -> list[QualityFinding]:
        """Measure the workspace's quality rules."""
        rules = read_rules(self.definitions / "quality.yaml")
        return judge(self.facts(), rules, self.clock())

    def compact(self) -> list[Compacted]:
        """Rewrite the lake into few files sorted by customer, with business days made anew."""
        zone = literal(self.settings.timezone)
        local = f"timezone({zone}, timezone('UTC', {{}}))::DATE"
        return compact(
            self.lake,
            self._connection(),
            orders={
                "activity": "customer_id, occurred_at, activity_id",
                "order_lines": "customer_id, occurred_at, activity_id",
                "customer_attributes": "customer_id, known_at, attribute_id",
                "subscriptions": "customer_id, started_at, subscription_id",
                "imports": "received_at, import_id",
            },
            made={
                "activity": {"occurred_on": local.format("occurred_at")},
                "order_lines": {"occurred_on": local.format("occurred_at")},
                "subscriptions": {
                    "started_on": local.format("started_at"),
                    "ended_on": local.format("ended_at"),
                },
            },
        )

    def erase(self, customer_id: str) -> dict[str, object]:
        """Erase a customer from lake, quarantine and reports.

        Returns
        -------
        `rows` deleted by table, `quarantined_rows` and `reports_removed` (file names).
        """
        rows = erase_rows(self.lake, self._connection(), column="customer_id", value=customer_id)
        return {
            "rows": rows,
            "quarantined_rows": erase_quarantined(self.quarantine, customer_id),
            "reports_removed": _remove_naming(self.root / "reports", customer_id),
        }

    def check_up(self) -> list[Finding]:
        """Check settings, definitions and lake; see `tenure doctor`."""
        return [
            Finding("settings", "ok", f"time zone {self.settings.timezone}"),
            *check_up(self.lake, self._connection()),
        ]

    def _connection(self) -> duckdb.DuckDBPyConnection:
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
        draft.write_text(
            text.replace('\ncurrency = ""', f'\ncurrency = "{currency}"'), encoding="utf-8"
        )
        draft.replace(file)
        return Workspace.open(self.root, clock=self.clock)


def _lake(folder: Path, settings: Settings) -> Lake:
    return Lake(folder / "lake", FACT_TABLES, lock_timeout_seconds=settings.lock_timeout_seconds)


def _remove_naming(folder: Path, customer_id: str) -> list[str]:
    """Delete the files below a folder that name a customer, and return their names."""
    pattern = naming_pattern(customer_id)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    naming = [path for path in files if pattern.search(path.read_text("utf-8", "replace"))]
    for path in naming:
        path.unlink()
    return [str(path.relative_to(folder)) for path in naming]


def _check_empty(folder: Path) -> None:
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise WorkspaceError(
            f"{str(folder)!r} exists and is not empty",
            "a new or empty folder",
            "name another folder",
        )
