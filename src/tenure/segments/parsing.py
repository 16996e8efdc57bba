"""The text of a condition becomes a syntax tree, or an error that says what was not understood.

Two sieves keep every statement, subquery, call and cast out: only the listed tokens reach the
parser, and only the listed nodes leave it. What comes out is data; nothing of the text
is ever put into SQL.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from tenure.kernel import DefinitionError

MOST_CHARACTERS = 10_000
MOST_TOKENS = 1_500
MOST_DEPTH = 40
"""Limits far above any condition a person writes; they bound the work and the stack."""

_T = TokenType
_OPERATORS = (_T.EQ, _T.NEQ, _T.LT, _T.LTE, _T.GT, _T.GTE, _T.PLUS, _T.DASH, _T.STAR, _T.SLASH)
_WORDS = (
    *(_T.AND, _T.OR, _T.NOT, _T.IN, _T.LIKE, _T.ILIKE, _T.BETWEEN, _T.IS, _T.NULL),
    *(_T.TRUE, _T.FALSE, _T.CASE, _T.WHEN, _T.THEN, _T.ELSE, _T.END, _T.DATE, _T.INTERVAL),
)
_VALUES = (_T.VAR, _T.IDENTIFIER, _T.NUMBER, _T.STRING, _T.L_PAREN, _T.R_PAREN, _T.COMMA)
_TOKENS = frozenset((*_OPERATORS, *_WORDS, *_VALUES, _T.DECIMAL))  # DECIMAL is the word `number`

_NODES = (
    *(exp.And, exp.Or, exp.Not, exp.Paren, exp.Column, exp.Identifier, exp.Literal, exp.Boolean),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Like, exp.ILike),
    *(exp.Is, exp.Null, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.Abs, exp.Lower),
    *(exp.Coalesce, exp.Case, exp.If, exp.Date, exp.Cast, exp.DataType, exp.Interval, exp.Var),
    exp.Anonymous,
)
_ALLOWED = (
    "and, or, not, comparisons, between, in, like, is null, + - * /, case, "
    "abs, lower, coalesce, number, date '2026-01-31'"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition stands, for error messages.

    Parameters
    ----------
    segment : name of the segment, or a word for what the text is.
    source : file name; empty if the text came from no file.
    line : 1-based line of the file in which the text begins; 1 without a file.
    """

    segment: str
    source: str = ""
    line: int = 1

    def describe(self, line: int = 1) -> str:
        """Return the place in words; `line` is 1-based inside the text."""
        if not self.source:
            return f"segment {self.segment!r}"
        return f"segment {self.segment!r} ({self.source}, line {self.line + line - 1})"

    def error(
        self, given: str, expected: str, remedy: str, node: exp.Expr | None = None
    ) -> DefinitionError:
        """Return the error for something found at this place."""
        line = 1 if node is None else _line_of(node)
        return DefinitionError(f"{given} in {self.describe(line)}", expected, remedy)


def parse(text: str, place: Place) -> exp.Expr:
    """Return the syntax tree of a condition.

    Parameters
    ----------
    text : a boolean SQL expression over snapshot columns and segment names.
    place : where the text stands.

    Raises
    ------
    DefinitionError : the text is empty, too long, not an expression, or uses what is not allowed.
    """
    if len(text) > MOST_CHARACTERS:
        raise _too_large(place, f"{len(text)} characters")
    if any("\ud800" <= sign <= "\udfff" or sign == "\0" for sign in text):
        raise place.error("a broken character", "readable text", "write the condition anew")
    tokens = _tokens(text, place)
    tree = _tree(text, tokens, place)
    depth = 0
    level: list[exp.Expr] = [tree]
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise _too_large(place, f"more than {MOST_DEPTH} conditions inside one another")
        for node in level:
            _check_node(node, place)
        level = [child for node in level for child in operands(node)]
    return tree


def operands(node: exp.Expr) -> list[exp.Expr]:
    """Return a node's children, taking a chain of `and` (or of `or`, +, *) as one node."""
    if isinstance(node, exp.And | exp.Or):
        return list(node.flatten(unnest=False))
    return list(node.iter_expressions())


def is_plain_name(text: str) -> bool:
    """Tell whether a text is read as one name, not as a word of the grammar."""
    try:
        tokens = DuckDB().tokenize(text)
    except (SqlglotError, ValueError):
        return False
    plain = len(tokens) == 1 and tokens[0].token_type is _T.VAR and tokens[0].text == text
    return plain and text not in ("abs", "lower", "coalesce", "number")


def _tokens(text: str, place: Place) -> list[Token]:
    try:
        tokens = DuckDB().tokenize(text)
    except (SqlglotError, ValueError) as error:
        raise place.error(
            f"unreadable text {_excerpt(text)}", "a condition", "check quotes and brackets"
        ) from error
    if not tokens:
        raise place.error(
            "an empty condition",
            "a condition such as order_count >= 3",
            "write one, or delete the segment",
        )
    if len(tokens) > MOST_TOKENS:
        raise _too_large(place, f"{len(tokens)} words")
    open_brackets = 0
    for token in tokens:
        open_brackets += (token.token_type is _T.L_PAREN) - (token.token_type is _T.R_PAREN)
        if open_brackets > MOST_DEPTH:
            raise _too_large(place, f"more than {MOST_DEPTH} brackets inside one another")
        if token.token_type not in _TOKENS:
            raise DefinitionError(
                f"{token.text!r} in {place.describe(token.line)}",
                f"only {_ALLOWED}",
                "say it with these; quote text values with single quotes",
            )
    return tokens


def _tree(text: str, tokens: list[Token], place: Place) -> exp.Expr:
    try:
        trees = DuckDB().parser().parse(tokens, text)
    except RecursionError as error:
        raise _too_large(place, "too many brackets inside one another") from error
    except (SqlglotError, ValueError) as error:
        raise _syntax_error(error, text, place) from error
    if len(trees) != 1 or trees[0] is None:
        raise place.error(f"{_excerpt(text)}", "one condition", "join conditions by and / or")
    return trees[0]


def _syntax_error(error: Exception, text: str, place: Place) -> DefinitionError:
    details = getattr(error, "errors", None) or [{}]
    near, line = details[0].get("highlight"), details[0].get("line") or 1
    what = f"{near!r}" if near else _excerpt(text)
    return DefinitionError(
        f"a condition that breaks off at {what} in {place.describe(line)}",
        "a boolean expression such as order_count >= 3 and net_value > 100",
        "check the words around that place, quotes and brackets",
    )


def _check_node(node: exp.Expr, place: Place) -> None:
    if isinstance(node, exp.Alias):
        raise place.error(
            f"the stray word {node.alias!r}",
            "an operator there",
            "add and / or, or remove it",
            node,
        )
    if type(node) not in _NODES:
        raise place.error(
            f"{_excerpt(node.sql(dialect='duckdb'))}", f"only {_ALLOWED}", "say it with these", node
        )


def _too_large(place: Place, what: str) -> DefinitionError:
    return place.error(
        what,
        f"at most {MOST_CHARACTERS} characters, {MOST_TOKENS} words, depth {MOST_DEPTH}",
        "split it into several segments that refer to one another",
    )


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 60 else flat[:57] + "...")


def _line_of(node: exp.Expr) -> int:
    for part in node.walk():
        line = part.meta.get("line") if part._meta is not None else None
        if line is not None:
            return int(line)
    return 1
