"""How a column's text is to be read, decided by evidence, or the question that is left."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tenure.activity.contract import ColumnFormat, Role
from tenure.activity.reading import instants, numbers
from tenure.activity.reading.profiles import ColumnProfile
from tenure.activity.reading.questions import Question, ReadingOptions

CountWhole = Callable[[str, tuple[str, ...]], tuple[int, ...]]
"""Counts, over a whole column, the texts that match each of some regular expressions."""


@dataclass(frozen=True, slots=True)
class FormatDecision:
    """A column's format with its reasons, or the question that keeps it open.

    Parameters
    ----------
    format : the format; with a question, the best that could be said.
    reasons : why, in plain words.
    question : what must be asked; None if the format is settled.
    contrary : rows known to fit only another format.
    """

    format: ColumnFormat
    reasons: tuple[str, ...] = ()
    question: Question | None = None
    contrary: int = 0


def number_format(
    profile: ColumnProfile, options: ReadingOptions, count: CountWhole
) -> FormatDecision:
    """Decide a number column's decimal sign from the whole column's evidence."""
    if options.decimal:
        return FormatDecision(ColumnFormat("number", decimal=options.decimal))
    point, comma, neither = numbers.decimal_evidence(profile.counts.items())
    if neither and point == comma:
        point, comma = count(profile.column, (numbers.POINT_EVIDENCE, numbers.COMMA_EVIDENCE))
    if point != comma or not neither:
        sign = "," if comma > point else "."
        reason = f"{max(point, comma):,} figures need {sign!r} as the decimal sign"
        reasons = (reason,) if point != comma else ()
        format_ = ColumnFormat("number", decimal=sign)
        return FormatDecision(format_, reasons, contrary=min(point, comma))
    example = next(text for text in profile.counts if re.search("[.,]", text))
    question = Question(
        "ambiguous_decimal",
        profile.column,
        f"{example!r} and every such figure in {profile.column!r} read both as thousands and "
        "as decimals",
        "the decimal sign of this file",
        "add --decimal . or --decimal ,",
    )
    return FormatDecision(ColumnFormat("number"), question=question)


def instant_format(
    profile: ColumnProfile, options: ReadingOptions, count: CountWhole
) -> FormatDecision:
    """Decide an instant column's formats, and the order of day and month from all its rows."""
    found = profile.formats
    zone = "UTC" if re.search(r"[(（\[ _](UTC|GMT)[)）\]]?$", profile.column, re.I) else None
    open_formats = [p for p in found if instants.needs_order(p)]
    base = ColumnFormat("instant", date_order=options.date_order, zone=zone)
    decision = FormatDecision(base)
    if open_formats:
        decision = _ordered(profile, options, count, base, frozenset(open_formats))
    order = decision.format.date_order
    patterns = [
        instants.with_order(p, order or "ymd") if instants.needs_order(p) else p
        for p, _ in found.most_common()
        if order or not instants.needs_order(p)
    ]
    patterns = [p for p in patterns if "%" in p or p in instants.NUMERIC_FORMATS]
    return replace(
        decision, format=replace(decision.format, patterns=tuple(dict.fromkeys(patterns)))
    )


def _ordered(
    profile: ColumnProfile,
    options: ReadingOptions,
    count: CountWhole,
    base: ColumnFormat,
    open_formats: frozenset[str],
) -> FormatDecision:
    if options.date_order:
        return FormatDecision(base, ("you said so",))
    texts = [(t, n) for t, n in profile.counts.items() if instants.format_of(t) in open_formats]
    evidence = instants.order_evidence(texts)
    short = [t for t, _ in texts if "C" in (instants.format_of(t) or "")]
    if evidence.order is None or evidence.contrary:
        first, second = count(profile.column, (instants.FIRST_ABOVE_12, instants.SECOND_ABOVE_12))
        evidence = replace(evidence, first_above_12=first, second_above_12=second)
    order = evidence.order
    if len(short) == len(texts) and order != "mdy":
        is_year_first = instants.short_year_first(short)
        order = "ymd" if is_year_first else (None if is_year_first is None else order)
    if order is None:
        return FormatDecision(base, question=_order_question(profile, evidence))
    told = max(evidence.first_above_12, evidence.second_above_12)
    reason = f"{told:,} dates have a part above 12, which tells day from month"
    return FormatDecision(replace(base, date_order=order), (reason,), None, evidence.contrary)


def _order_question(profile: ColumnProfile, evidence: instants.OrderEvidence) -> Question:
    return Question(
        "ambiguous_date_order",
        profile.column,
        f"dates such as {evidence.example!r} in {profile.column!r}; in the whole column no part "
        "tells the day from the month (or the year)",
        "the order of day, month and year",
        "add --date-order dmy, --date-order mdy or --date-order ymd",
    )


def settled_elsewhere(
    decision: FormatDecision, others: Sequence[FormatDecision], options: ReadingOptions
) -> ReadingOptions | None:
    """Return the options with a question answered by the file's other columns, if they agree."""
    code = decision.question.code if decision.question else None
    if code not in ("ambiguous_decimal", "ambiguous_date_order"):
        return None
    if code == "ambiguous_decimal":
        signs = {o.format.decimal for o in others if o.format.kind == "number" and o.reasons}
        return replace(options, decimal=signs.pop()) if len(signs) == 1 else None
    told = {o.format.date_order for o in others if o.format.date_order and not o.question}
    return replace(options, date_order=told.pop()) if len(told) == 1 else None


def other_format(role: Role, profile: ColumnProfile) -> ColumnFormat:
    """Return the format of a column that holds neither numbers nor instants."""
    if role is Role.ORDER:
        digits = profile.integer_share
        # Shops that number orders 536365 write a cancellation C536365.
        return ColumnFormat("identifier", patterns=("C",) if digits >= 0.5 else ())
    if role is Role.PRODUCT:
        spaced = sum(n for text, n in profile.counts.items() if " " in text or not text.isascii())
        is_text = profile.filled > 0 and spaced / profile.filled > 0.1
        return ColumnFormat("text" if is_text else "identifier")
    return ColumnFormat("identifier" if role is Role.CUSTOMER else "text")
