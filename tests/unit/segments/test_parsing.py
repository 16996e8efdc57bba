from __future__ import annotations

import pytest

from tenure.kernel import DefinitionError
from tenure.segments.parsing import MOST_CHARACTERS, Place, is_plain_name, parse

PLACE = Place("late", "late.yaml", 4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "'open",
        "order_count >",
        "order_count > 1 order_count",
        "a in (select 1)",
        "(select 1) = 1",
        "a = 1; drop table activity",
        "a = 1) or (1 = 1",
        "count(*) over () > 1",
        "read_csv('/etc/passwd') = 1",
        "cast(a as integer) = 1",
        "a::integer = 1",
        "a.b = 1",
        "a[1] = 1",
        "{'a': 1} = 1",
        "$1 = a",
        "? = a",
        "a -> b = 1",
        "a || b = 'x'",
        "a % 2 = 1",
        "exists (a)",
        "a collate nocase = 'x'",
        "a := 1",
        "@a = 1",
        "(" * 500 + "a" + ")" * 500,
        "not " * 1400 + "a",
        "a = 'x" + "y" * MOST_CHARACTERS + "'",
        "a = '\ud800'",
        "a = '\0'",
    ],
)
def test_anything_but_a_plain_condition_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError):
        parse(text, PLACE)


def test_an_error_names_file_and_line() -> None:
    with pytest.raises(DefinitionError, match=r"late\.yaml, line 6"):
        parse("order_count > 1\nand\nselect = 2", PLACE)


def test_words_of_the_grammar_are_no_names() -> None:
    assert is_plain_name("big_spenders")
    assert not any(
        map(is_plain_name, ("and", "case", "number", "lower", "a b", "1a", "a-b", "'a'"))
    )
