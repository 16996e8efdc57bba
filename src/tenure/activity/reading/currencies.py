"""The currency of a source's amounts, from their cells and headers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from tenure.activity.reading import numbers
from tenure.activity.reading.profiles import ColumnProfile
from tenure.activity.reading.questions import Question
from tenure.activity.reading.vocabulary import header_words, vocabulary

_BRACKETED = re.compile(r"[(\[（【](.*?)[)\]）】]")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def find_currency(
    amounts: Sequence[ColumnProfile], headers: Sequence[str], said: str | None
) -> tuple[str | None, Question | None]:
    """Return the amounts' ISO 4217 code (None if unknown) and, if they mix several, a question.

    `amounts` holds the profiles of the columns that can tell: a column of currencies alone,
    else those of the amounts.

    A code must stand in the header or in most cells to hold for the cells without any. A
    sign that several currencies share (`$`) tells nothing by itself; `¥` beside Chinese
    headers is the yuan.
    """
    if said is not None:
        return said, None
    is_chinese = any(_CHINESE.search(header) for header in headers)
    found: Counter[str] = Counter()
    shared = False
    filled = sum(profile.filled for profile in amounts)
    for profile in amounts:
        told = [(_in_header(profile.column), profile.filled)]
        told += [(numbers.currencies_in(text), n) for text, n in profile.counts.items()]
        for codes, rows in told:
            if is_chinese and "CNY" in codes:
                codes = ("CNY",)
            shared = shared or len(codes) > 1
            if len(codes) == 1:
                found[codes[0]] += rows
    if len(found) > 1:
        return None, _mixed(found)
    is_most = found.total() * 2 > filled
    return (next(iter(found)) if found and is_most and not shared else None), None


def _in_header(header: str) -> tuple[str, ...]:
    for bracketed in _BRACKETED.findall(header):
        codes = numbers.currencies_in(bracketed)
        if codes:
            return codes
    words = (word.upper() for word in header_words(header) if len(word) >= 3)
    return next((vocabulary().currencies[w] for w in words if w in vocabulary().currencies), ())


def _mixed(found: Counter[str]) -> Question:
    listed = ", ".join(f"{code} ({rows:,} rows looked at)" for code, rows in found.most_common())
    return Question(
        "mixed_currency",
        None,
        f"amounts in {listed}",
        "the currency that this workspace counts in",
        "add --currency CODE; rows in another currency are then set aside",
    )
