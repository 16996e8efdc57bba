"""YAML with the line of every value: what is taken for what, where it stands, what is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.kernel import DefinitionError
from tenure.kernel.located_yaml import (
    BYTES_MAX,
    DEPTH_MAX,
    VALUES_MAX,
    path_text,
    read_yaml,
    scalar_text,
)

TEXT = """\
# a comment
name: first   # kept
when: 2026-01-31
rates: [0.5, 1.0e-3, 2]
words: [yes, on, 12:30, 010, "5", ~]
block: >
  several
  lines
inner:
  deep: {a: true}
"""


def test_values_are_read_as_people_mean_them():
    value = read_yaml(TEXT, "x.yaml").value
    assert value == {
        "name": "first",
        "when": date(2026, 1, 31),
        "rates": [0.5, 0.001, 2],
        "words": ["yes", "on", "12:30", "010", "5", None],
        "block": "several lines\n",
        "inner": {"deep": {"a": True}},
    }


def test_each_value_knows_its_line():
    located = read_yaml(TEXT, "x.yaml")
    assert located.line(("name",)) == 2
    assert located.line(("rates", 1)) == 4
    assert located.line(("block",)) == 6
    assert located.line(("inner", "deep", "a")) == 10
    assert located.line(("inner", "deep", "absent")) == 10, "the nearest value around it"
    assert located.line(("absent",)) == 2, "the top of the mapping"


def test_an_impossible_date_stays_a_text():
    assert read_yaml("on: 2026-02-30", "x").value == {"on": "2026-02-30"}


def test_a_repeated_key_is_a_fault_and_the_first_holds():
    located = read_yaml("a: 1\nb: 2\na: 3\n", "x.yaml")
    assert located.value == {"a": 1, "b": 2}
    (issue,) = located.issues
    assert (issue.row, issue.field, issue.code) == (3, "a", "repeated_key")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("# only a comment\n", "empty"),
        ("a: [1, 2", "line 1"),
        ("a: 1\n b: 2\n", "line 2"),
        ("a: !!python/object:os.system x", "tag"),
        ("? [a, b]\n: 1", "key"),
        ("a: \x00", "x.yaml"),
        ("a: 1\n---\nb: 2\n", "x.yaml"),
        ("[" * 5000, "x.yaml"),
        ("a: " + "x" * BYTES_MAX, "bytes"),
        ("- " * (DEPTH_MAX + 2) + "1", "levels"),
        ("[" + "1," * VALUES_MAX + "1]", "values"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_place(text, said):
    with pytest.raises(DefinitionError, match=said):
        read_yaml(text, "x.yaml")


def test_aliases_cannot_blow_up():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(DefinitionError, match="values"):
        read_yaml("\n".join(lines), "x.yaml")


def test_a_value_is_replaced_and_everything_else_stays():
    located = read_yaml(TEXT, "x.yaml")
    changed = located.replaced({("name",): "second one", ("rates", 0): 0.25})
    assert changed == TEXT.replace("first", "second one").replace("0.5", "0.25")
    assert "# kept" in changed


def test_only_a_single_value_can_be_replaced():
    with pytest.raises(DefinitionError, match="rates"):
        read_yaml(TEXT, "x.yaml").replaced({("rates",): 3})
    with pytest.raises(DefinitionError, match=r"words\[9\]"):
        read_yaml(TEXT, "x.yaml").replaced({("words", 9): 3})


def test_an_empty_value_can_be_replaced():
    located = read_yaml("a:\nb: 1\n", "x.yaml")
    assert read_yaml(located.replaced({("a",): 5}), "x").value == {"a": 5, "b": 1}


def test_a_block_text_can_be_replaced():
    changed = read_yaml(TEXT, "x.yaml").replaced({("block",): "one line"})
    assert read_yaml(changed, "x.yaml").value["block"] == "one line"
    assert read_yaml(changed, "x.yaml").value["inner"] == {"deep": {"a": True}}


def test_paths_are_written_as_people_do():
    assert path_text(("tactics", 0, "cost", "fixed")) == "tactics[0].cost.fixed"


@given(
    st.one_of(
        st.text(),
        st.integers(-(10**17), 10**17),
        st.booleans(),
        st.none(),
        st.dates(),
        st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_a_single_value_reads_back_as_itself(value):
    text = scalar_text(value)
    try:
        read = read_yaml(f"key: {text}\n", "x").value
    except DefinitionError:
        # Only texts that no YAML may hold: control characters, lone surrogates.
        assert isinstance(value, str)
        assert any(not sign.isprintable() for sign in value)
        return
    assert read == {"key": value}
    assert type(read["key"]) is type(value)
