"""What differs between two versions of a definition, said field by field."""

from __future__ import annotations

from datetime import date

from tenure.strategies.differences import differences


def said(before: object, after: object) -> list[tuple[str, str, object, object]]:
    return [(d.field, d.change, d.before, d.after) for d in differences(before, after)]


def test_equal_values_do_not_differ():
    assert said({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}) == []


def test_each_field_that_changed_is_named():
    before = {"budget": {"money": 5, "currency": "EUR"}, "on": date(2026, 1, 1), "gone": 1}
    after = {"budget": {"money": 6, "currency": "EUR"}, "on": date(2026, 1, 2), "new": [1]}
    assert said(before, after) == [
        ("budget.money", "changed", 5, 6),
        ("on", "changed", date(2026, 1, 1), date(2026, 1, 2)),
        ("new[0]", "added", None, 1),
        ("gone", "removed", 1, None),
    ]


def test_named_entries_are_compared_by_name_and_their_order_is_none():
    before = {"tactics": [{"name": "call", "cost": 1}, {"name": "mail", "cost": 2}]}
    after = {"tactics": [{"name": "mail", "cost": 2}, {"name": "call", "cost": 3}]}
    assert said(before, after) == [("tactics[call].cost", "changed", 1, 3)]


def test_a_new_entry_is_its_fields():
    before = {"tactics": [{"name": "call", "cost": 1}]}
    after = {"tactics": [{"name": "mail", "cost": 2}, {"name": "call", "cost": 1}]}
    assert said(before, after) == [
        ("tactics[mail].name", "added", None, "mail"),
        ("tactics[mail].cost", "added", None, 2),
    ]


def test_entries_without_names_are_compared_by_place():
    assert said([{"days": 3}, {"days": 4}], [{"days": 3}]) == [("[1].days", "removed", 4, None)]


def test_another_shape_is_one_change():
    assert said({"title": "X"}, {"title": {"en": "X"}}) == [("title", "changed", "X", {"en": "X"})]
    assert said({"a": {}}, {"a": []}) == [("a", "changed", {}, [])]
    assert said({"a": 1}, {"a": True}) == [("a", "changed", 1, True)]
