from __future__ import annotations

import pytest

from tenure.activity import counting
from tenure.activity.counting import count_distinct
from tenure.engine.duck import connect


@pytest.mark.parametrize("part_rows", [3, 40, 10_000])
def test_in_however_many_parts_the_number_is_exact(monkeypatch, part_rows: int) -> None:
    monkeypatch.setattr(counting, "PART_ROWS", part_rows)
    connection = connect(threads=1)
    connection.execute(
        "CREATE TABLE t AS SELECT CASE WHEN i % 10 = 0 THEN NULL ELSE 'o' || i // 3 END AS id, "
        "i < 60 AS counts FROM range(100) AS r(i)"
    )
    wanted = {f"o{i // 3}" for i in range(100) if i % 10}
    assert count_distinct(connection, "t", "id", rows=100) == len(wanted)
    early = {f"o{i // 3}" for i in range(60) if i % 10}
    assert count_distinct(connection, "t", "id", rows=100, condition="counts") == len(early)
