"""The same seed, the same bytes, however the work is cut up."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenure.activity.contract import FACT_TABLES
from tenure.simulation import WORLD_KINDS, planned_world, write_facts
from tenure.simulation.blocks import BlockMaker
from tenure.simulation.streaming import ParquetFiles, blocks
from tenure.simulation.world import BLOCK_CUSTOMERS

FIRST = dict.fromkeys(FACT_TABLES, 1)


def written(kind: str, seed: int, folder: Path) -> dict[str, str]:
    """Write a small world and return each file's hash by its name."""
    folder.mkdir()
    numbers = itertools.count()
    world = planned_world(kind, customers=800, seed=seed)
    write_facts(world, lambda table: folder / f"{table}-{next(numbers)}.parquet", folder)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", WORLD_KINDS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(kind: str, tmp_path: Path):
    once, again = written(kind, 5, tmp_path / "once"), written(kind, 5, tmp_path / "again")
    other = written(kind, 6, tmp_path / "other")
    assert once == again
    assert once.keys() == other.keys()
    assert all(once[name] != other[name] for name in once)


def test_a_block_is_the_same_whichever_others_are_made():
    world = planned_world("shop", customers=2 * BLOCK_CUSTOMERS + 40, seed=9)
    in_order = list(blocks(world))
    assert [len(block.truth["customers"]) for block in in_order] == [5000, 5000, 40]
    first_rows = FIRST | {
        name: 1 + sum(len(block.facts[name]) for block in in_order[:2])
        for name in in_order[0].facts
    }
    alone = BlockMaker(world).make(2, first_rows)
    assert alone.facts["activity"].equals(in_order[2].facts["activity"])
    assert alone.truth["customers"].equals(in_order[2].truth["customers"])


def test_a_bigger_business_begins_with_the_smaller_one():
    small = planned_world("service", customers=BLOCK_CUSTOMERS, seed=9)
    big = replace(small, customers=3 * BLOCK_CUSTOMERS)
    ours, theirs = BlockMaker(small).make(0, FIRST), BlockMaker(big).make(0, FIRST)
    assert ours.facts["activity"].equals(theirs.facts["activity"])
    assert ours.truth["campaigns"].equals(theirs.truth["campaigns"])


def test_the_size_of_files_changes_no_row(tmp_path: Path):
    world = planned_world("shop", customers=2 * BLOCK_CUSTOMERS, seed=1)
    rows = []
    for limit in (1, 10**9):
        paths: list[Path] = []

        def new_file(table: str, limit: int = limit, paths: list[Path] = paths) -> Path:
            paths.append(tmp_path / f"{table}-{limit}-{len(paths)}.parquet")
            return paths[-1]

        with ParquetFiles(FACT_TABLES, new_file, rows_per_file=limit) as files:
            for block in blocks(world):
                files.write("activity", block.facts["activity"])
        rows.append(pa.concat_tables(pq.read_table(path) for path in paths))
        assert len(paths) == (2 if limit == 1 else 1)
    assert rows[0].equals(rows[1])


def test_files_hold_whole_ranges_of_customers_in_order(tmp_path: Path):
    world = planned_world("shop", customers=BLOCK_CUSTOMERS + 10, seed=1)
    numbers = itertools.count()
    with ParquetFiles(
        FACT_TABLES, lambda table: tmp_path / f"{next(numbers)}.parquet", rows_per_file=1
    ) as files:
        for block in blocks(world):
            files.write("activity", block.facts["activity"])
    first, second = (pq.read_metadata(tmp_path / f"{n}.parquet").row_group(0) for n in (0, 1))
    column = FACT_TABLES["activity"].names.index("customer_id")
    assert first.column(column).statistics.max == "C000005000"
    assert second.column(column).statistics.min == "C000005001"
