"""Quality rules from YAML: the defaults are valid, and a mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.activity.quality_rules import (
    FreshnessRule,
    default_rules_text,
    parse_rules,
    read_rules,
)
from tenure.kernel import DefinitionError

GOOD = "- name: fresh\n    check: freshness\n    max_age_days: 7\n"


def test_the_defaults_hold_one_rule_of_each_kind():
    rules = parse_rules(default_rules_text(), None)
    kinds = {"freshness", "volume", "quarantined", "missing", "range", "late", "future"}
    assert {rule.check for rule in rules} == kinds
    assert len({rule.name for rule in rules}) == len(rules)


def test_without_a_file_the_defaults_hold(tmp_path: Path):
    assert read_rules(tmp_path / "none.yaml") == parse_rules(default_rules_text(), None)


def test_a_file_replaces_them(tmp_path: Path):
    path = tmp_path / "quality.yaml"
    path.write_text(f"rules:\n  {GOOD}")
    assert read_rules(path) == (FreshnessRule(name="fresh", check="freshness", max_age_days=7),)
    path.write_text("rules: []\n")
    assert read_rules(path) == ()


@pytest.mark.parametrize(
    ("text", "line", "given"),
    [
        (f"rules:\n  {GOOD}  - name: x\n    check: nothing\n", 5, "check"),
        (f"rules:\n  {GOOD}  - name: x\n    check: late\n    max_share: 2\n", 5, "max_share"),
        (f"rules:\n  {GOOD}    colour: red\n", 2, "colour"),
        ("rules:\n  - check: freshness\n    max_age_days: 7\n", 2, "name"),
        ("rules:\n  - name: x\n    check: freshness\n    max_age_days: -1\n", 2, "-1"),
        ("rules:\n  - name: x\n    check: range\n    column: channel\n", 2, "channel"),
        ("- a\n- b\n", 1, "list"),
        ("", 1, "NoneType"),
        ("rules: [\n", 2, ""),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, given: str):
    path = tmp_path / "quality.yaml"
    path.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        read_rules(path)
    assert f"quality.yaml, line {line}: " in caught.value.given
    assert given in caught.value.given
    assert caught.value.expected
