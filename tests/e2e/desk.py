"""An import desk for tests: a fresh workspace, and imports that are audited every time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from tenure.activity.contract import TableKind
from tenure.activity.facts import Facts
from tenure.activity.import_results import ImportResult
from tenure.activity.importing import ImportOptions
from tenure.activity.sources import SourceOptions
from tenure.assembly import Workspace, import_into

NOW = datetime(2026, 11, 21, 12)
_SOURCE_OPTIONS = ("sheet", "delimiter", "encoding", "header_row", "query")


class Purchase(NamedTuple):
    """One real row: who, on which day, how many CDs, for how many dollars."""

    customer: str
    day: date
    cds: int
    dollars: Decimal


class Fact(NamedTuple):
    """What of an activity row must not depend on how its file was written."""

    customer_id: str
    occurred_on: date
    kind: str
    quantity: Decimal | None
    value: Decimal | None


def facts_of(purchases: list[Purchase]) -> list[Fact]:
    return sorted(Fact(p.customer, p.day, "order", Decimal(p.cds), p.dollars) for p in purchases)


def ticking() -> Iterator[datetime]:
    instant = NOW
    while True:
        yield instant
        instant += timedelta(seconds=1)


class Desk:
    """Writes files into a folder and imports them into a workspace of its own.

    Parameters
    ----------
    folder : where files and workspace go.
    settings : of the workspace.
    """

    def __init__(self, folder: Path, **settings: object) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        ticks = ticking()
        self.workspace = Workspace.create(folder / "workspace", settings, clock=lambda: next(ticks))
        self._facts: Facts | None = None
        self._landed = 0

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def bring(self, *paths: str | Path, **said: object) -> ImportResult:
        """Import, then hold the result to the laws that every import keeps."""
        source = {name: said.pop(name) for name in _SOURCE_OPTIONS if name in said}
        if isinstance(said.get("kind"), str):
            said["kind"] = TableKind(said["kind"])
        before = self._landed
        result = import_into(
            self.workspace, paths, ImportOptions(source=SourceOptions(**source), **said)
        )
        self.workspace = Workspace.open(self.workspace.root, clock=self.workspace.clock)
        self._facts = self.workspace.facts()
        self._landed = self.count("activity") + self.count("subscriptions")
        self._audit(result, self._landed - before)
        return result

    def _audit(self, result: ImportResult, gained: int) -> None:
        for s in (*result.sources, _Whole(result)):
            assert s.rows_read == s.accepted + s.duplicate + s.quarantined + s.skipped, s
        landing = [s for s in result.sources if s.detected.mapping.kind is not TableKind.CUSTOMERS]
        assert gained == sum(s.accepted for s in landing)
        for s in result.sources:
            faulty = [i for i in s.issues if i.severity == "error"]
            assert len(faulty) == s.quarantined
            assert (s.quarantine_file is not None) == (s.quarantined > 0)
            for issue in s.issues:
                assert issue.code
                assert issue.given
                assert issue.expected
                assert issue.remedy

    def one(self, name: str, content: str | bytes, **said: object) -> dict:
        """Import a file of this content and return what the command line would print."""
        return self.bring(self.file(name, content), **said).as_dict()

    def query(self, sql: str) -> list[tuple]:
        if self._facts is None:
            self._facts = self.workspace.facts()
        return self._facts.engine.connection.execute(sql).fetchall()

    def count(self, table: str) -> int:
        return self.query(f"SELECT count(*) FROM {table}")[0][0]

    def facts(self) -> list[Fact]:
        rows = self.query("SELECT customer_id, occurred_on, kind, quantity, value FROM activity")
        return sorted(Fact(*row) for row in rows)

    def column(self, name: str, table: str = "activity") -> list:
        return [row[0] for row in self.query(f"SELECT {name} FROM {table} ORDER BY source_row")]

    def all_facts(self) -> list[tuple]:
        """Return the whole activity but for when and whence each row came."""
        return self.query(
            "SELECT * EXCLUDE (received_at, import_id, source_row) FROM activity ORDER BY ALL"
        )


class _Whole:
    """The sums of a result, as the command line prints them."""

    def __init__(self, result: ImportResult) -> None:
        for name, value in result.as_dict().items():
            setattr(self, name, value)


def issues_of(result: dict, code: str) -> list[dict]:
    return [issue for issue in result["issues"] if issue["code"] == code]


def codes(result: dict) -> list[str]:
    return sorted({issue["code"] for issue in result["issues"] if issue["severity"] == "error"})
