"""Numbers as people write them: decimal comma, thousands separators, currency signs, brackets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from tenure.activity.reading.texts import plain
from tenure.activity.reading.vocabulary import vocabulary
from tenure.engine.duck import literal

MONEY_TYPE = "DECIMAL(18,4)"

_EVIDENCE = (
    r"@([0-9]{1,2}|[0-9]{4,})[^0-9.,]*$|^[^0-9]*0?@[0-9]|~[0-9]{3}~[0-9]{3}|~[0-9]{3}@|[0-9]{4}@"
)
POINT_EVIDENCE = _EVIDENCE.replace("@", "[.]").replace("~", "[,]")
"""The decimal sign of such a text can only be the point."""

COMMA_EVIDENCE = _EVIDENCE.replace("@", "[,]").replace("~", "[.]")
"""The same with both signs exchanged."""

OPEN_EVIDENCE = r"[.,]"
"""A text with a sign but without evidence, e.g. `1,234`."""


@cache
def currency_pattern() -> str:
    """Return the regular expression of all currency signs and names."""
    signs = sorted(vocabulary().currencies, key=len, reverse=True)
    return "|".join(_sign(sign) for sign in signs)


def _sign(sign: str) -> str:
    # Two letters are too easily part of a word; "RMB100" must still show its currency.
    is_short_name = sign.isalpha() and sign.isascii() and len(sign) < 3
    return rf"\b{re.escape(sign)}\b" if is_short_name else re.escape(sign)


_BODY = re.compile(
    r"[-+]?\(?[-+]?\s*[0-9]{1,3}(?:[ ,.'’_][0-9]{2,3})*(?:[.,][0-9]*)?\s*-?\)?"
    r"|[-+]?\(?[-+]?\s*[0-9]*[.,]?[0-9]+(?:[eE][-+]?[0-9]+)?[.,]?\s*-?\)?"
)


def looks_like_number(value: str) -> bool:
    """Return whether a plain text reads as a number, whatever its decimal sign."""
    bare = re.sub(currency_pattern(), "", value, flags=re.IGNORECASE).strip()
    return _BODY.fullmatch(bare) is not None


def currencies_in(value: str) -> tuple[str, ...]:
    """Return the codes that a currency sign or name in a text can stand for."""
    found = re.search(currency_pattern(), value, flags=re.IGNORECASE)
    return vocabulary().currencies[found.group().upper()] if found else ()


def decimal_evidence(values: Iterable[tuple[str, int]]) -> tuple[int, int, int]:
    """Count the texts that need a decimal point, a decimal comma, and that leave it open."""
    point = comma = neither = 0
    for value, count in values:
        is_point = re.search(POINT_EVIDENCE, value) is not None
        is_comma = re.search(COMMA_EVIDENCE, value) is not None
        if is_point != is_comma:
            point, comma = point + count * is_point, comma + count * is_comma
        elif not is_point and re.search(OPEN_EVIDENCE, value):
            neither += count
    return point, comma, neither


def quick_number(raw: str, decimal: str) -> str:
    """Return SQL that reads a column's clean numbers and is NULL for all others."""
    if decimal == ".":
        return f"TRY_CAST({raw} AS {MONEY_TYPE})"
    point = f"TRY_CAST(replace({raw}, ',', '.') AS {MONEY_TYPE})"
    return f"CASE WHEN NOT contains({raw}, '.') THEN {point} END"


def bare_number(raw: str) -> str:
    """Return SQL for a number's text without currency, its minus sign in front."""
    signs = f"regexp_replace({plain(raw)}, {literal(currency_pattern())}, '', 'gi')"
    return (
        f"regexp_replace(trim({signs}), "
        r"'^[+]?(?:\(\s*[-]?(.*?)\s*\)|[-]\s*(.*?)|([0-9].*?)\s*-)$', '-\1\2\3')"
    )


def general_number(bare: str, decimal: str) -> str:
    """Return SQL that reads a bare number, its digits grouped by threes (India: twos) or not."""
    comma = "," if decimal == "." else "."
    groups = rf"(?:(?:[{comma}][0-9]{{2,3}})*[{comma}]|(?:[ '’][0-9]{{3}})*[ '’])[0-9]{{3}}"
    whole = rf"[-+]?[0-9]{{1,3}}{groups}|[-+]?[0-9]+|[-+]?"
    number = rf"(?:{whole})(?:[{decimal}][0-9]*)?(?:[eE][-+]?[0-9]+)?"
    removed = literal(f"[ '’{comma}]")
    digits = f"regexp_replace({bare}, {removed}, '', 'g')"
    if decimal == ",":
        digits = f"replace({digits}, ',', '.')"
    is_number = f"regexp_full_match({bare}, {literal(number)})"
    return f"CASE WHEN {is_number} THEN TRY_CAST({digits} AS {MONEY_TYPE}) END"


def is_too_long(bare: str) -> str:
    """Return SQL that is true for a number with more digits than money can have."""
    digits = f"regexp_replace({bare}, '[ ,.''’]', '', 'g')"
    return rf"regexp_full_match({digits}, '[-+]?(?:[0-9]{{15,}}|[0-9]+[eE]\+?[0-9]+)')"


def currency_sign(raw: str) -> str:
    """Return SQL for the first currency sign or name in a text, in upper case, '' without one."""
    signs = currency_pattern().upper().replace(r"\B", r"\b")
    return f"regexp_extract(upper({plain(raw)}), {literal(signs)})"


def currency_of_sign(sign_text: str, workspace_currency: str | None) -> str:
    """Return SQL for the ISO code that a currency's sign or name stands for, or NULL.

    A sign that several currencies share means the workspace's where that is among them, and
    nothing where the workspace has none yet.
    """
    whens = " ".join(
        f"WHEN {literal(sign)} THEN {literal(_choose(codes, workspace_currency))}"
        for sign, codes in vocabulary().currencies.items()
        if len(codes) == 1 or workspace_currency
    )
    return f"CASE {sign_text} {whens} END"


def _choose(codes: tuple[str, ...], workspace_currency: str | None) -> str:
    return workspace_currency if workspace_currency in codes else codes[0]
