from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.predictions.panels import HISTORY, panel
from tenure.predictions.score_columns import SCORES
from tenure.predictions.scoring import scoring_rows, write_scores
from tests.unit.snapshots.facts_made import act, facts

AS_OF = date(2024, 3, 1)


def known():
    return facts(
        [
            act("a", date(2023, 10, 1), "10"),
            act("a", date(2023, 12, 20), "20"),
            act("a", date(2024, 2, 1), "30"),
            act("b", date(2024, 2, 10), "5"),
            act("later", date(2024, 3, 2), "5"),
        ]
    )


def test_a_model_reads_the_same_when_it_learns_and_when_it_scores() -> None:
    learnt = panel(known(), as_of=AS_OF)
    rows = scoring_rows(known(), as_of=AS_OF)
    scored = rows.collect(rows.table.order_by("customer_id"))
    assert scored.select(learnt.features.column_names).to_pylist() == learnt.features.to_pylist()
    assert scored.select(HISTORY).to_pylist() == learnt.history.select(HISTORY).to_pylist()
    assert scored.num_rows == 2


def test_scores_are_stamped_with_what_made_them(tmp_path: Path) -> None:
    def score(batch: pa.Table) -> pa.Table:
        told = batch.select(["customer_id"])
        for column in SCORES["value"].columns:
            told = told.append_column(column.name, pa.nulls(batch.num_rows, column.dtype))
        return told

    made_at = datetime(2024, 3, 1, 12)
    file = tmp_path / "scores.parquet"
    written = write_scores(
        scoring_rows(known(), as_of=AS_OF),
        score,
        SCORES["value"],
        as_of=AS_OF,
        made_at=made_at,
        model="abc",
        new_file=lambda: file,
    )
    table = pq.read_table(file)
    assert written == table.num_rows == 2
    assert table.schema.equals(SCORES["value"].schema)
    assert {(r["made_at"], r["model"], r["as_of"]) for r in table.to_pylist()} == {
        (made_at, "abc", AS_OF)
    }
