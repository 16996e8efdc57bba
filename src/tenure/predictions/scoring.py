"""Scores of every customer, worked out inside the engine batch by batch.

What a model reads is one relation, the same columns as a panel's; what it says is written
straight into the lake's files. No engine brings all customers into this process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from tenure.activity.facts import Facts
from tenure.engine.relations import Relation
from tenure.kernel import Calendar
from tenure.predictions.panels import known_rows
from tenure.predictions.score_columns import ScoreTable

BatchScorer = Callable[[pa.Table], pa.Table]
"""Takes rows of `scoring_rows` and returns `customer_id` and scores, of those it can score."""


def scoring_rows(
    facts: Facts,
    *,
    as_of: date,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    change_days: int | None = 90,
    attributes: Sequence[str] | None = None,
) -> Relation:
    """Return what is known of every customer as of a date: a panel's features and history.

    Parameters
    ----------
    facts : the fact tables.
    as_of : the date that scores look ahead from.
    calendar : the business's calendar.
    change_days : how far back the change columns look; None leaves them out.
    attributes : names of the attributes to show; None takes all there are.

    Returns
    -------
    A relation of the snapshot's columns, `change_<n>_days_<column>` and `HISTORY`.
    """
    return known_rows(
        facts, as_of=as_of, calendar=calendar, change_days=change_days, attributes=attributes
    )


def write_scores(
    rows: Relation,
    score: BatchScorer,
    kind: ScoreTable,
    *,
    as_of: date,
    made_at: datetime,
    model: str,
    new_file: Callable[[], Path],
) -> int:
    """Score customers inside the engine, into files of the lake's table of their kind.

    Parameters
    ----------
    rows : of `scoring_rows`.
    score : the model's own function over a batch.
    kind : which scores these are.
    as_of : the date that scores look ahead from.
    made_at : the current naive UTC instant.
    model : the model's fingerprint.
    new_file : returns a new path for each file.

    Returns
    -------
    Number of customers scored.
    """
    schema = kind.schema

    def stamped(batch: pa.Table) -> pa.Table:
        made = score(batch)
        stamps = {"made_at": made_at, "model": model, "as_of": as_of}
        columns = [
            pa.repeat(pa.scalar(stamps[field.name], field.type), made.num_rows)
            if field.name in stamps
            else made[field.name].cast(field.type)
            for field in schema
        ]
        return pa.table(columns, schema=schema)

    return rows.engine.map_batches(rows.table, stamped, schema, new_file)
