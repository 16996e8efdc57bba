"""Designs as YAML: read back as they were written, and faults told with their line."""

from __future__ import annotations

import pytest

from tenure.experiments import Arm, Design, Layer, Reading
from tenure.experiments.design_text import design_text, read_design
from tenure.kernel import DefinitionError
from tests.unit.experiments.test_designs import FULL

TEXT = """\
name: welcome_sms
title: {en: A message after the first order, zh: 首单后的短信}
arms:
  - {name: control, weight: 20}
  - {name: sms, weight: 80}
primary_metric: net_revenue
layer:
  name: contact
  slots: 300
starts_on: 2026-03-01
reading: {mode: confidence_sequence}
"""


def test_a_text_becomes_a_design() -> None:
    design = read_design(TEXT, "welcome.yaml")
    assert design.arms == (Arm("control", 20), Arm("sms", 80))
    assert design.layer == Layer("contact", 300)
    assert design.reading == Reading("confidence_sequence")
    assert design.title["zh"] == "首单后的短信"


@pytest.mark.parametrize("design", [FULL, Design("w", (Arm("a"), Arm("b")), "m")])
def test_a_written_design_reads_back(design: Design) -> None:
    assert read_design(design_text(design), "x.yaml") == design


def test_what_is_default_is_not_written() -> None:
    text = design_text(Design("w", (Arm("a"), Arm("b")), "m"))
    assert [
        line.split(":")[0] for line in text.splitlines() if not line.startswith(("-", " "))
    ] == [
        "name",
        "arms",
        "primary_metric",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("weight: 80", "weight: 0", 5, "weight 0"),
        ("weight: 80", "weight: 0.8", 5, "integer"),
        ("weight: 80", "wieght: 80", 5, "did you mean weight"),
        ("name: sms", "name: control", 1, "each name once"),
        ("primary_metric: net_revenue", "primary: net_revenue", 6, "primary"),
        ("slots: 300", "slots: 3000", 7, "slots within"),
        ("slots: 300", "slots: 300\n  share: 0.3", 10, "share"),
        ("mode: confidence_sequence", "mode: peek", 11, "confidence_sequence"),
        ("mode: confidence_sequence", "looks: 3", 11, "3 looks"),
        ("starts_on: 2026-03-01", "starts_on: soon", 10, "date"),
        ("starts_on: 2026-03-01", "method: stratified\nbalance: [value]", 1, "columns to balance"),
        ("slots: 300", "slots: 300\nname: again", 10, "second time"),
    ],
)
def test_a_fault_names_its_line_and_what_was_meant(
    old: str, new: str, line: int, words: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_design(TEXT.replace(old, new), "welcome.yaml")
    assert f"line {line}" in str(caught.value)
    assert words in str(caught.value)


def test_every_fault_is_told_at_once() -> None:
    text = TEXT.replace("weight: 80", "weight: 0").replace("slots: 300", "slots: none")
    with pytest.raises(DefinitionError) as caught:
        read_design(text, "welcome.yaml")
    assert [issue.row for issue in caught.value.issues] == [5, 9]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "a: [1"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match=r"welcome\.yaml"):
        read_design(text, "welcome.yaml")
