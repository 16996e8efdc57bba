"""What a row is: an order, a refund, an order that never was, or another event."""

from __future__ import annotations

from tenure.activity.reading.texts import is_missing, is_one_of, plain
from tenure.activity.reading.vocabulary import vocabulary
from tenure.engine.duck import literal

CANCELLED = "cancelled"
PENDING = "pending"
_CLASSES = ("order", "refund", CANCELLED, PENDING)


def plain_word(raw: str) -> str:
    """Return SQL for a kind or status word in lower case."""
    return f"lower(replace({plain(raw)}, '_', ' '))"


def word_class(low: str) -> str:
    """Return SQL for the class of a plain word, its slug if it is none of ours.

    Classes are `order`, `refund`, `cancelled` and `pending`; a missing word is NULL.
    """
    words = vocabulary()
    whole = " ".join(f"WHEN {is_one_of(low, words.kinds[name])} THEN '{name}'" for name in _CLASSES)
    inside = " ".join(
        f"WHEN contains({low}, {literal(word)}) THEN '{name}'"
        for name, found in words.inside.items()
        for word in found
    )
    return (
        f"CASE WHEN {low} IS NULL THEN NULL {whole} WHEN {is_missing(low)} THEN NULL "
        f"{inside} ELSE {_slug(low)} END"
    )


def row_kind(
    *, kind: str | None, status: str | None, negative: tuple[str, ...], order_prefix: str | None
) -> str:
    """Return SQL for a row's kind, with `cancelled` for an order that never was.

    Parameters
    ----------
    kind : SQL of the kind column's class, or None.
    status : SQL of the status column's class, or None.
    negative : SQL of the amounts whose minus sign means a refund.
    order_prefix : SQL that is true where the order's number marks a cancellation, or None.
    """
    classes = [c for c in (kind, status) if c]
    parts: list[str] = []
    for name, becomes in ((PENDING, "order_pending"), (CANCELLED, CANCELLED), ("refund", "refund")):
        parts += [f"WHEN {c} = '{name}' THEN '{becomes}'" for c in classes]
    if kind:
        parts.append(f"WHEN {kind} IS NOT NULL AND {kind} <> 'order' THEN {kind}")
    parts += [f"WHEN {amount} < 0 THEN 'refund'" for amount in negative]
    parts += [f"WHEN {order_prefix} THEN 'refund'"] if order_prefix else []
    return f"CASE {' '.join(parts)} ELSE 'order' END" if parts else "'order'"


def signed(amount: str, kind: str) -> str:
    """Return SQL for an amount as its kind counts it: refunds negative, cancelled orders zero."""
    return (
        f"CASE {kind} WHEN 'order' THEN {amount} WHEN 'refund' THEN -abs({amount}) "
        f"WHEN '{CANCELLED}' THEN 0 ELSE {amount} END"
    )


def _slug(low: str) -> str:
    slug = f"trim(regexp_replace({low}, '[^\\p{{L}}\\p{{N}}]+', '_', 'g'), '_')"
    return f"coalesce(nullif({slug}, ''), 'event')"
