"""Bits of a few integers as a set of small numbers: one column per 62 of them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

MASK_BITS = 62
"""Bits used of each word: a 64-bit integer's sign and the bit below it stay free."""

MASK_WORDS = 4
"""Words of a mask: 248 numbers, which is 20 years of months."""


@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator] # Ibis has no types
def _bit_or(word: int) -> int: ...  # type: ignore[empty-body] # the engine's own aggregate


def mask_names(words: int) -> list[str]:
    """Return the names of a mask's words."""
    return [f"periods_{word}" for word in range(words)]


def mask_bits(
    number: ir.IntegerValue, words: int, where: ir.BooleanValue | None = None
) -> dict[str, ir.IntegerValue]:
    """Return aggregates that set the bit of each number; those outside the words set none.

    Parameters
    ----------
    number : int64 column, 0 for the first bit.
    words : how many columns to make.
    where : rows that count; None: all.
    """
    return {
        name: _bit_or(_bit(number - MASK_BITS * word, where))
        for word, name in enumerate(mask_names(words))
    }


def _bit(place: ir.IntegerValue, where: ir.BooleanValue | None) -> ir.IntegerValue:
    inside = (place >= 0) & (place < MASK_BITS)
    if where is not None:
        inside &= where
    # the cast keeps the engines from shifting a 32-bit 1
    one = ibis.literal(1).cast("int64")
    return ibis.ifelse(inside, one << place, ibis.literal(0).cast("int64"))
