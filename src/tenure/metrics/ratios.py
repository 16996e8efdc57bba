"""Divisions that say why they have no value instead of making one up."""

from __future__ import annotations

from decimal import Decimal

Number = int | float | Decimal


def ratio(
    top: Number | None, bottom: Number | None, reason: str
) -> tuple[float | None, str | None]:
    """Return top / bottom and None, or None and the reason why there is no value.

    Parameters
    ----------
    top, bottom : the fraction; None is unknown.
    reason : code given if `bottom` is 0.
    """
    if top is None or bottom is None:
        return None, "no_values"
    if bottom == 0:
        return None, reason
    return float(top) / float(bottom), None


def quick_ratio(gained: Number | None, lost: Number | None) -> tuple[float | None, str | None]:
    """Return gained / lost; `infinite` where nothing was lost, `nothing_moved` where neither."""
    return ratio(gained, lost, "infinite" if gained else "nothing_moved")
