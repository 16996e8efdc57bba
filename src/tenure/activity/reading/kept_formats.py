"""A format accepted before, held against today's texts: it settles what they leave open."""

from __future__ import annotations

from dataclasses import replace

from tenure.activity.contract import ColumnFormat
from tenure.activity.reading.formats import (
    CountWhole,
    FormatDecision,
    instant_format,
)
from tenure.activity.reading.profiles import ColumnProfile
from tenure.activity.reading.questions import Question, ReadingOptions


def reconcile(
    decision: FormatDecision,
    kept: ColumnFormat,
    profile: ColumnProfile,
    options: ReadingOptions,
    count: CountWhole,
) -> FormatDecision:
    """Return the format of a column whose mapping was kept.

    Parameters
    ----------
    decision : what today's texts say by themselves.
    kept : the format accepted before.
    profile : today's sample.
    options : what a person says today; it wins over both.
    count : counts over the whole column.
    """
    if decision.format.kind != kept.kind:
        return FormatDecision(kept)
    if kept.kind == "number":
        return _number(decision, kept, profile, options)
    if kept.kind == "instant":
        return _instant(decision, kept, profile, options, count)
    return FormatDecision(kept)


def _number(
    decision: FormatDecision, kept: ColumnFormat, profile: ColumnProfile, options: ReadingOptions
) -> FormatDecision:
    if options.decimal:
        return decision
    if decision.reasons and decision.format.decimal != kept.decimal:
        given = f"the decimal sign of {profile.column!r} is now {decision.format.decimal!r}"
        question = _changed(profile, given, f"{kept.decimal!r} as before", "--decimal . or ,")
        return FormatDecision(kept, question=question)
    return FormatDecision(kept, contrary=decision.contrary)


def _instant(
    decision: FormatDecision,
    kept: ColumnFormat,
    profile: ColumnProfile,
    options: ReadingOptions,
    count: CountWhole,
) -> FormatDecision:
    if options.date_order:
        return decision
    order = decision.format.date_order
    # A file that was accepted is never asked about when it comes again.
    if profile.filled and kept.patterns and not profile.formats:
        given = f"{profile.column!r} no longer holds dates, but {profile.looks_like()}"
        return FormatDecision(
            kept, question=_changed(profile, given, "dates as before", "--map time=COLUMN")
        )
    if order and kept.date_order and order != kept.date_order:
        given = f"the dates of {profile.column!r} now read as {order}"
        question = _changed(profile, given, f"{kept.date_order} as before", "--date-order ORDER")
        return FormatDecision(kept, question=question)
    if decision.question is not None and kept.date_order:
        settled = replace(options, date_order=kept.date_order)
        decision = replace(instant_format(profile, settled, count), reasons=())
    patterns = tuple(dict.fromkeys((*decision.format.patterns, *kept.patterns)))
    order = decision.format.date_order or kept.date_order
    merged = replace(decision.format, patterns=patterns, date_order=order, zone=kept.zone)
    return replace(decision, format=merged)


def _changed(profile: ColumnProfile, given: str, expected: str, option: str) -> Question:
    return Question(
        "changed_format",
        profile.column,
        f"{given}; files with these headers were read differently before",
        expected,
        f"if the change is right, add {option}",
    )
