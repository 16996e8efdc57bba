"""Small tables of text, as files hold them, and their reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from tenure.activity.contract import Mapping, Role
from tenure.activity.reading import CLEAN_COLUMNS, Proposal, ReadingOptions, cleaning_sql, propose
from tenure.engine.duck import connect

NOW = datetime(2026, 11, 21, 12)


@dataclass(frozen=True)
class Read:
    """A table's proposal and its cleaned rows."""

    proposal: Proposal
    rows: list[dict[str, Any]]

    @property
    def roles(self) -> dict[str, str]:
        return {
            (c.attribute and f"attribute.{c.attribute}") or c.role.value: c.column
            for c in self.proposal.mapping.columns
        }

    @property
    def questions(self) -> list[str]:
        return [question.code for question in self.proposal.questions]

    @property
    def notes(self) -> set[str]:
        return {note.code for note in self.proposal.notes}

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]

    def format(self, role: Role) -> Any:
        column = self.proposal.mapping.column(role)
        assert column is not None
        return column.format


@pytest.fixture(scope="session")
def read() -> Callable[..., Read]:
    """Read a table given as header line and rows; cells are separated by `|`."""
    connection = connect()

    def reading(
        header: str,
        *lines: str | Sequence[str | None],
        kept: Mapping | None = None,
        business_timezone: str | None = None,
        workspace_currency: str | None = None,
        **options: Any,
    ) -> Read:
        columns = header.split("|")
        cells = [line.split("|") if isinstance(line, str) else list(line) for line in lines]
        data = {
            name: pa.array([row[i] for row in cells], pa.string()) for i, name in enumerate(columns)
        }
        data["source_row"] = pa.array(range(2, len(cells) + 2), pa.int64())
        connection.register("given", pa.table(data))
        said = ReadingOptions(**options)
        proposal = propose(
            connection, "given", columns, source_name="made.csv", options=said, kept=kept,
            workspace_currency=workspace_currency,
        )  # fmt: skip
        query = cleaning_sql(
            proposal.mapping, relation="given", columns=columns, timezone=said.timezone,
            business_timezone=business_timezone, workspace_currency=workspace_currency, now=NOW,
        )  # fmt: skip
        table = connection.sql(f"SELECT * FROM ({query}) ORDER BY source_row").to_arrow_table()
        assert table.column_names == list(CLEAN_COLUMNS)
        return Read(proposal, table.to_pylist())

    return reading
