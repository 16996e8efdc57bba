from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from tenure.engine.relations import relation
from tenure.kernel import DefinitionError, OptionError, Undefined
from tenure.segments import counts, explain, history, members, overlap
from tests.unit.segments.people_made import people, segments

LATE = "overdue_ratio > 1"


def rows() -> pa.Table:
    everyone = people()
    return everyone.collect(everyone.table)


def test_counts_tell_members_and_unknown_apart() -> None:
    made = segments(late=LATE, buyers="order_count > 0")
    late, buyers = {c.name: c for c in counts(people(), made)}["late"], counts(people(), made)[0]
    assert (late.members, late.unknown, late.customers) == (2, 1, 4)
    assert (buyers.members, buyers.unknown, buyers.share) == (3, 0, 0.75)


def test_counts_of_nobody_have_no_share() -> None:
    nobody = relation(rows().slice(0, 0))
    [count] = counts(nobody, segments(late=LATE))
    assert (count.members, count.unknown, count.share) == (0, 0, None)


def test_no_segments_have_no_counts() -> None:
    assert counts(people(), segments()) == ()


def test_overlap_splits_the_members() -> None:
    made = segments(late=LATE, buyers="order_count > 0", none="false")
    found = overlap(people(), made, "late", "buyers")
    assert (found.both, found.only_first, found.only_second) == (2, 0, 1)
    assert found.jaccard == pytest.approx(2 / 3)
    assert overlap(people(), made, "none", "none").jaccard == Undefined("both_segments_empty")


def test_history_counts_each_date() -> None:
    earlier = rows().slice(0, 2).set_column(1, "as_of", pa.array([date(2024, 1, 1)] * 2))
    both = relation(pa.concat_tables([rows(), earlier]))
    found = history(both, segments(late=LATE))
    assert list(found) == [date(2024, 1, 1), date(2024, 2, 10)]
    assert [sizes[0].members for sizes in found.values()] == [1, 2]


def test_an_unknown_segment_is_told_with_those_there_are() -> None:
    with pytest.raises(DefinitionError, match="one of late"):
        members(people(), segments(late=LATE), "lat")


def test_an_explanation_shows_each_part_with_the_values_behind_it() -> None:
    made = segments(late=LATE, target="late and (net_value > 100 or not order_count = 1)")
    parts = explain(people(), made, "target", "bob")
    assert [(p.depth, p.text, p.outcome) for p in parts] == [
        (0, "late AND (net_value > 100 OR NOT order_count = 1)", "false"),
        (1, "late", "true"),
        (2, "overdue_ratio > 1", "true"),
        (1, "net_value > 100 OR NOT order_count = 1", "false"),
        (2, "net_value > 100", "false"),
        (2, "NOT order_count = 1", "false"),
        (3, "order_count = 1", "true"),
    ]
    assert parts[2].values == {"overdue_ratio": 4.0}


def test_an_explanation_says_unknown() -> None:
    [whole] = explain(people(), segments(late=LATE), "late", "cid")
    assert (whole.outcome, dict(whole.values)) == ("unknown", {"overdue_ratio": None})


def test_a_customer_who_is_not_there_is_told() -> None:
    with pytest.raises(OptionError, match="'zoe'"):
        explain(people(), segments(late=LATE), "late", "zoe")


def test_an_id_is_data_never_sql() -> None:
    with pytest.raises(OptionError):
        explain(people(), segments(late=LATE), "late", "x' or '1'='1")
