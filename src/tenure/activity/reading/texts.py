"""Text as files hold it, made plain in SQL: full-width forms, odd spaces, missing values.

Every function takes and returns SQL. What costs time is written so that rows without the
mess do not pay for it: `CASE` in DuckDB works only on the rows that reach a branch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tenure.activity.reading.vocabulary import vocabulary
from tenure.engine.duck import literal

_FULL_WIDTH = "".join(chr(0xFF01 + i) for i in range(94)) + "。．￥￡"
_HALF_WIDTH = "".join(chr(0x21 + i) for i in range(94)) + "..¥£"
_ODD_SPACES = "\u00a0\u1680\u202f\u205f\u3000\t\n\r\v\f" + "".join(map(chr, range(0x2000, 0x200B)))
_NOTHING = "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\x00"
_MINUS = "−–"
_NOTHING_SHOWN = _NOTHING.replace("\x00", "")

_UNUSUAL = f"[{_ODD_SPACES}{_NOTHING_SHOWN}\\x00{_MINUS}！-～。．￥￡]"
_FROM = _FULL_WIDTH + _ODD_SPACES + _MINUS + _NOTHING
_TO = _HALF_WIDTH + " " * len(_ODD_SPACES) + "-" * len(_MINUS)
"""`translate` removes what has no counterpart, so the zero-width characters come last."""

SPACES = " " + _ODD_SPACES
SURE_IDENTIFIER = "[0-9][0-9A-Za-z_-]*|[0-9A-Za-z_-]*[0-9]"
"""Needs no mending and cannot spell a missing value, for a digit begins or ends it."""

MANGLED = r"[0-9](\.[0-9]+)?E\+[0-9]+"
"""A long number as Excel shows it: the digits are gone."""


def plain(text: str) -> str:
    """Return SQL for a text in half-width forms, with common spaces, trimmed."""
    wide = f"translate({text}, {literal(_FROM)}, {literal(_TO)})"
    # `translate` costs ten times what a pattern does, so it must be worth it.
    is_plain = f"NOT regexp_matches({text}, {literal(_UNUSUAL)})"
    narrow = f"CASE WHEN strlen({text}) = length({text}) OR {is_plain} THEN {text} ELSE {wide} END"
    return f"regexp_replace({narrow}, '^\\s+|\\s+$', '', 'g')"


def is_missing(text: str) -> str:
    """Return SQL that is true where an already plain text is empty or spells `missing`."""
    return f"(strlen({text}) < 16 AND {is_one_of(text, ('', *vocabulary().missing))})"


def is_one_of(text: str, words: Iterable[str]) -> str:
    """Return SQL that is true where a text is one of some words, whatever their case.

    Written as one pattern: DuckDB turns `IN` and `list_contains` of constants into a join
    that works on every row, even inside a `CASE` that keeps nearly all of them out.
    """
    pattern = "|".join(re.escape(word) for word in words)
    return f"regexp_full_match({text}, {literal(f'(?i:{pattern})')})"


def present_text(raw: str) -> str:
    """Return SQL for a column's plain text, NULL where it is empty or spells `missing`."""
    return f"CASE WHEN NOT {is_missing(plain(raw))} THEN {plain(raw)} END"


def identifier(raw: str, mended: str, *, refuse_mangled: bool = True) -> str:
    """Return SQL for an identifier: text with its leading zeros, `17850.0` as `17850`.

    Parameters
    ----------
    raw : the column as it stands.
    mended : the same made plain where it is not surely plain, else NULL.
    refuse_mangled : whether a number that Excel cut short (1.23E+10) is no identifier.
    """
    mangled = f" OR {is_mangled(mended)}" if refuse_mangled else ""
    whole = f"regexp_replace({mended}, '^([0-9]+)\\.0+$', '\\1')"
    cased = f"CASE WHEN contains({mended}, '@') THEN lower({mended}) ELSE {whole} END"
    return (
        f"CASE WHEN {mended} IS NULL THEN {raw} "
        f"WHEN {is_missing(mended)}{mangled} THEN NULL "
        f"ELSE {cased} END"
    )


def is_mangled(mended: str) -> str:
    """Return SQL that is true where Excel left only a rounded number of an identifier."""
    return f"regexp_full_match({mended}, {literal(MANGLED)})"


def mended_identifier(raw: str) -> str:
    """Return SQL that makes an identifier plain where it is not surely plain, else NULL."""
    sure = f"regexp_full_match({raw}, {literal(SURE_IDENTIFIER)})"
    return f"CASE WHEN NOT {sure} THEN {plain(raw)} END"


def text(raw: str) -> str:
    """Return SQL for free text, trimmed, NULL where missing; 16 bytes never spell a missing one."""
    missing = "|".join(re.escape(word) for word in ("", *vocabulary().missing))
    edge = f"[{SPACES}{_NOTHING_SHOWN}]"
    is_missing = f"regexp_full_match({raw}, {literal(f'(?i:{edge}*(?:{missing}){edge}*)')})"
    outside = literal(f"^{edge}+|{edge}+$")
    has_edge = f"regexp_matches({raw}, {literal(f'^{edge}|{edge}$')})"
    return (
        f"CASE WHEN strlen({raw}) < 16 AND {is_missing} THEN NULL "
        f"WHEN {has_edge} THEN nullif(regexp_replace({raw}, {outside}, '', 'g'), '') "
        f"ELSE {raw} END"
    )
