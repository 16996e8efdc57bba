from __future__ import annotations

import pytest

from tenure.kernel import DefinitionError
from tenure.segments import members
from tests.unit.segments.people_made import people, segments


def chosen(expression: str) -> str:
    """The members' initials."""
    found = members(people(), segments(tried=expression), "tried")
    return "".join(name[0] for name in found["customer_id"].to_pylist())


@pytest.mark.parametrize(
    ("expression", "who"),
    [
        ("order_count >= 1", "abm"),
        ("order_count >= 1 and net_value > 100", "am"),
        ("ORDER_COUNT = 5 OR Order_Count = 1", "ab"),
        ("not order_count >= 1", "c"),
        ("net_value = 250.5", "a"),
        ("net_value between 0 and 251", "ab"),
        ("order_count in (1, 5)", "ab"),
        ("rfm_segment not in ('lost')", "am"),
        ("rfm_segment like 'cham%'", "a"),
        ("rfm_segment ilike 'CHAM%'", "a"),
        ("lower(rfm_segment) = 'champions'", "a"),
        ("rfm_segment = 'Ünï''çö%d_e'", "m"),
        ("net_value is null", "c"),
        ("net_value is not null", "abm"),
        ("coalesce(net_value, 0) = 0", "bc"),
        ("abs(order_count - 3) = 2", "ab"),
        ("net_value / order_count > 50", "a"),
        ("net_value / (order_count - 5) > 0", "m"),  # by 0 for ann: unknown
        ("last_order_on >= '2024-01-01'", "am"),
        ("last_order_on < date '2024-01-01'", "b"),
        ("last_order_on > as_of - 30", "am"),
        ("last_order_on > as_of - interval '30' day", "am"),
        ("last_order_on + 9 = as_of", "a"),
        ("9 + last_order_on = as_of", "a"),
        ("as_of - last_order_on > 365", "b"),
        ("case when order_count > 3 then 'many' else 'few' end = 'many'", "am"),
        ("case when order_count > 3 then 1 end = 1", "am"),
        ("number(attr_age) between 30 and 40", "a"),
        ("-order_count < 0", "abm"),
        ("true", "abcm"),
        ("(order_count = 5) = (net_value > 1)", "ab"),
        ("order_count * 1e15 * 1e15 > 0 -- no overflow", "abm"),
        ("/* why */ order_count = 5", "a"),
    ],
)
def test_conditions_choose(expression: str, who: str) -> None:
    assert chosen(expression) == who


def test_unknown_is_neither_a_member_nor_of_the_opposite() -> None:
    assert chosen("overdue_ratio > 1") == "bm"
    assert chosen("not overdue_ratio > 1") == "a"


def test_a_segment_inside_another_means_its_condition_in_that_place() -> None:
    made = segments(late="overdue_ratio > 1", late_rich="late and net_value > 1", calm="not late")
    assert members(people(), made, "late_rich")["customer_id"].to_pylist() == ["max"]
    assert members(people(), made, "calm")["customer_id"].to_pylist() == ["ann"]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("order_cont > 3", "did you mean order_count?"),
        ("order_count > '3'", "a number beside a text"),
        ("rfm_segment > 3", "number(...)"),
        ("attr_age > 30", "number(...)"),
        ("last_order_on > 3", "a date beside a number"),
        ("last_order_on > 'yesterday'", "write it like '2026-01-31'"),
        ("last_order_on + as_of > 3", "date - date"),
        ("last_order_on - rfm_segment > 3", "date - days"),
        ("last_order_on + true > 3", "date - days"),
        ("net_value", "something true or false"),
        ("net_value and true", "something true or false"),
        ("rfm_segment + 1 > 2", "a number"),
        ("net_value = null", "is null"),
        ("1 < order_count < 5", "boolean beside a number"),
        ("true < false", "= or <>"),
        ("order_count is true", "is null"),
        ("order_count in ()", "at least one value"),
        ("order_count in (1, 'a')", "values of one kind"),
        ("rfm_segment like customer_id", "quote the pattern"),
        ("lower(order_count) = 'a'", "a text"),
        ("twice(order_count) > 1", "a known function"),
        ("sqrt(order_count) > 1", "abs, lower, coalesce, number"),
        ("number(attr_age, attr_age) > 1", "name one column"),
        ("case order_count when 1 then true end", "case when CONDITION"),
        ("case when true then 1 else 'a' end = 1", "values of one kind"),
        ("as_of - interval '1' month > last_order_on", "count in days"),
        ("order_count > 1e300", "at most"),
        ("date(order_count) > as_of", "date '2026-01-31'"),
    ],
)
def test_errors_name_the_fault_and_the_way_out(expression: str, told: str) -> None:
    with pytest.raises(DefinitionError) as error:
        segments(tried=expression)
    assert told in str(error.value)
    assert "'tried'" in str(error.value)


def test_a_segment_may_not_lead_back_to_itself() -> None:
    with pytest.raises(DefinitionError, match="a -> b -> c -> a"):
        segments(a="b", b="not c", c="a or order_count > 1")


def test_segments_that_multiply_are_refused() -> None:
    doubling = {f"s{n}": f"s{n - 1} or s{n - 1}" for n in range(1, 30)}
    with pytest.raises(DefinitionError, match="inside one another"):
        segments(s0="order_count > 1", **doubling)


def test_a_long_list_of_alternatives_is_fine() -> None:
    assert chosen(" or ".join(f"order_count = {n}" for n in range(300))) == "abc"
