from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.engine.duck import DuckDBEngine
from tenure.engine.relations import Relation
from tenure.kernel import DefinitionError
from tenure.segments import Segments, kinds_of, parse_segment, segment
from tests.unit.segments.people_made import COLUMNS, people

WORDS = (
    *COLUMNS,
    *("attr_age", "other", "nothing", "'x'", "'2024-01-01'", "'%'", "''", "1", "0", "1.5", "1e15"),
    *("and", "or", "not", "in", "like", "ilike", "between", "is", "null", "true", "false"),
    *("case", "when", "then", "else", "end", "date", "interval", "day", "abs", "lower", "number"),
    *("coalesce", "(", ")", "(", ")", ",", "=", "<>", "<", ">=", "+", "-", "*", "/"),
    *("select", "from", "activity", "over", ";", "::", ".", "[", "]", "$1", "?", '"', "--", "/*"),
)
PEOPLE = people()
KINDS = kinds_of(PEOPLE.table)
ENGINE = PEOPLE.engine

soups = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> str:
    """A text that mostly obeys the grammar, so that it often gets past the parser."""
    if depth == 0:
        return draw(st.sampled_from(WORDS[: len(COLUMNS) + 9]))
    left, right = draw(conditions(depth - 1)), draw(conditions(depth - 1))
    form = draw(
        st.sampled_from(
            (
                *("{0} and {1}", "{0} or {1}", "not {0}", "({0})", "{0} = {1}", "{0} < {1}"),
                *("{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / {1}", "-{0}", "abs({0})"),
                *("{0} is null", "{0} in ({1}, {0})", "{0} between {1} and {0}", "{0} like {1}"),
                *("case when {0} then {1} else {1} end", "coalesce({0}, {1})", "number({0})"),
                *("lower({0})", "date {0}", "interval {0} day", "{0} {1}"),
            )
        )
    )
    return form.format(left, right)


def compiles_or_is_refused(text: str) -> bool:
    other = segment("other", "order_count > 1")
    try:
        made = Segments([segment("tried", text), other], KINDS)
    except DefinitionError as error:
        assert error.given and error.expected and error.remedy
        return False
    table = PEOPLE.table
    sql = ENGINE.sql(table.filter(made.member("tried", table)).select("customer_id"))
    assert isinstance(ENGINE, DuckDBEngine)
    ENGINE.connection.sql(sql).to_arrow_table()
    return True


@given(st.one_of(st.text(max_size=60), soups, conditions()))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_a_valid_condition_or_a_definition_error(text: str) -> None:
    compiles_or_is_refused(text)


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_a_quoted_text_is_only_ever_compared(text: str) -> None:
    """Whatever stands between the quotes, the query still asks one column of one table."""
    quoted = "customer_id = '" + text.replace("'", "''") + "'"
    try:
        made = Segments([segment("tried", quoted)], KINDS)
    except DefinitionError:
        assert "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text)
        return
    found = Relation(PEOPLE.table.filter(made.member("tried", PEOPLE.table)), ENGINE)
    names = found.collect(found.table.select("customer_id"))["customer_id"].to_pylist()
    assert names == ([text] if text in ("ann", "bob", "cid", "max") else [])


@given(st.one_of(st.text(max_size=80), st.text("name:expr esion\n[]{}&*!|>'\"#%-,", max_size=80)))
@settings(max_examples=300, deadline=None)
def test_any_yaml_is_a_segment_or_a_definition_error(text: str) -> None:
    try:
        parse_segment(text, "any.yaml")
    except DefinitionError as error:
        assert "any.yaml" in str(error)
