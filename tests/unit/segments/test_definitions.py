from __future__ import annotations

from pathlib import Path

import pytest

from tenure.kernel import DefinitionError
from tenure.segments import (
    Segments,
    default_segment_files,
    default_segments,
    load_segments,
    parse_segment,
    segment,
    validate,
)
from tenure.snapshots import column_kinds

LATE = """\
name: late
title: {en: Late, zh: 逾期}
expression: >
  overdue_ratio > 1.5
  and order_cuont >= 2
"""


def test_a_definition_is_read_with_its_titles() -> None:
    one = parse_segment(LATE, "late.yaml")
    assert one.title == {"en": "Late", "zh": "逾期"}
    assert one.expression == "overdue_ratio > 1.5 and order_cuont >= 2\n"


def test_a_fault_in_the_expression_names_the_files_line() -> None:
    text = LATE.replace("expression: >", "expression: |")
    [fault] = validate([parse_segment(text, "late.yaml")], column_kinds())
    assert "late.yaml, line 5" in fault
    assert "did you mean order_count?" in fault


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("- a\n- b\n", "a mapping"),
        ("name: late\nexpression: [1]\n", "line 2: expression without a text"),
        ("name: late\n", "without 'expression'"),
        ("expression: true\n", "without 'name'"),
        ("name: late\nexpresion: true\n", "line 2: the key 'expresion'"),
        ("name: Late ones\nexpression: true\n", "line 1: name 'Late ones'"),
        ("name: attr_x\nexpression: true\n", "attr_"),
        ("name: 'case'\nexpression: true\n", "no word of the grammar"),
        ("name: late\ntitle: {fr: Tard}\nexpression: true\n", "line 2: the language 'fr'"),
        ("name: late\n  title: x\n", "line 2"),
        ("name: &a [*a\n", "line 2"),
        ("name: late\nexpression:\n", "expression without a text"),
    ],
)
def test_a_bad_file_is_told_by_line(text: str, told: str) -> None:
    with pytest.raises(DefinitionError) as error:
        parse_segment(text, "late.yaml")
    assert told in str(error.value)
    assert "late.yaml" in str(error.value)


def test_a_folder_is_loaded_sorted_and_names_are_unique(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("name: b\nexpression: 'true'\n", encoding="utf-8")
    (tmp_path / "a.yml").write_text("\ufeffname: a\nexpression: b\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a segment", encoding="utf-8")
    assert [one.name for one in load_segments(tmp_path)] == ["a", "b"]
    (tmp_path / "c.yaml").write_text("name: b\nexpression: 'true'\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"c\.yaml and in b\.yaml"):
        load_segments(tmp_path)
    assert load_segments(tmp_path / "absent") == ()


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(DefinitionError, match=r"a\.yaml"):
        load_segments(tmp_path)


def test_the_default_segments_are_valid_and_speak_both_languages() -> None:
    every = default_segments()
    assert validate(every, column_kinds()) == []
    assert {f"{one.name}.yaml" for one in every} == set(default_segment_files())
    for one in every:
        for text in (one.title, one.description):
            assert any("\u4e00" <= sign <= "\u9fff" for sign in text["zh"]), one.name
            assert text["en"].isascii(), one.name


def test_a_segment_may_not_hide_a_column() -> None:
    with pytest.raises(DefinitionError, match="also a column"):
        Segments([segment("net_value", "true")], column_kinds())


def test_validate_lists_every_fault() -> None:
    faults = validate([segment("a", "x > 1"), segment("b", "order_count >"), segment("c", "b")], {})
    assert len(faults) == 3
