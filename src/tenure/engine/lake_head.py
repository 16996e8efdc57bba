"""The lake's head: which version of each table is the present, and the lock of those who move it.

Several tables change together or not at all. A writer adds versions to the tables' Delta
logs under the lock and then replaces `HEAD.json` in one rename; a reader reads the head
once and never waits. Versions beyond the head are an unfinished write, to be undone.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from tenure.kernel import LakeError, WorkspaceBusyError

FORMAT = 1
SOURCE_TABLE = "activity"
"""The table that the kept tables are made from."""

_HEAD_NAME = "HEAD.json"
_LOCK_NAME = ".write-lock"
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class KeptMark:
    """What the kept tables of the lake were made from, and what they hold.

    Parameters
    ----------
    activity : Delta version of the activity they were made from.
    timezone : zone in which its days were counted.
    definition : number of the definitions they were made by.
    generation : newest generation of rows; a customer's newest rows count.
    base_generation : the generation that holds every customer.
    first_on, last_on : first and last day with activity; None if there is none.
    currency : the only currency, if the activity names exactly one.
    mixed_currencies : whether it names several.
    origin_month : index of the month from which months are counted.
    """

    activity: int
    timezone: str
    definition: int
    generation: int
    base_generation: int
    first_on: date | None
    last_on: date | None
    currency: str | None
    mixed_currencies: bool
    origin_month: int

    def as_dict(self) -> dict[str, object]:
        """Return the mark as plain values for JSON."""
        days = {"first_on": _iso(self.first_on), "last_on": _iso(self.last_on)}
        return {**asdict(self), **days}

    @classmethod
    def from_dict(cls, given: object) -> KeptMark | None:
        """Return the mark from plain values; None if they are no mark this version can read."""
        if not isinstance(given, dict):
            return None
        try:
            return cls(
                activity=int(given["activity"]),
                timezone=str(given["timezone"]),
                definition=int(given["definition"]),
                generation=int(given["generation"]),
                base_generation=int(given["base_generation"]),
                first_on=_day(given["first_on"]),
                last_on=_day(given["last_on"]),
                currency=given["currency"],
                mixed_currencies=bool(given["mixed_currencies"]),
                origin_month=int(given["origin_month"]),
            )
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Head:
    """The present state of the lake.

    Parameters
    ----------
    generation : number of commits since the lake was made.
    versions : Delta version of each table.
    derived : what the kept tables were made from; None if none are kept.
    """

    generation: int = 0
    versions: Mapping[str, int] = field(default_factory=dict)
    derived: KeptMark | None = None


def read_head(root: Path) -> Head:
    """Read the lake's head.

    Raises
    ------
    LakeError : the head is missing, damaged, or of a newer format.
    """
    path = root / _HEAD_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        found = int(content["format"])
        head = Head(
            int(content["generation"]),
            {k: int(v) for k, v in content["tables"].items()},
            KeptMark.from_dict(content.get("derived")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise LakeError(
            f"{path}: {fault}",
            "the lake's head file",
            "check that the folder is a workspace (`tenure doctor`); restore it from a backup",
        ) from fault
    if found > FORMAT:
        raise LakeError(
            f"{path}: format {found}",
            f"format {FORMAT} or older",
            "upgrade Tenure to the version that wrote this workspace",
        )
    return head


def write_head(root: Path, head: Head) -> None:
    """Replace the lake's head in one step that survives a loss of power."""
    content: dict[str, object] = {
        "format": FORMAT,
        "generation": head.generation,
        "tables": dict(head.versions),
    }
    if head.derived is not None:
        content["derived"] = head.derived.as_dict()
    draft = root / f"{_HEAD_NAME}.{os.getpid()}"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(root / _HEAD_NAME)
    sync_folder(root)


def sync_file(path: Path) -> None:
    """Ask the system to put a file's bytes on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """Ask the system to put a folder's entries on the disk."""
    sync_file(path)


@contextmanager
def write_lock(root: Path, timeout_seconds: float) -> Iterator[None]:
    """Hold the lake's only write lock; the system frees it when the process dies.

    Raises
    ------
    WorkspaceBusyError : another process kept it for longer than `timeout_seconds`.
    """
    deadline = time.monotonic() + timeout_seconds
    with (root / _LOCK_NAME).open("a+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise WorkspaceBusyError(
                        f"{root} is being written by another process",
                        f"it to be free within {timeout_seconds:g} s",
                        "wait until that import or compaction ends, then run this again",
                    ) from None
                time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
