"""P-values of several metrics or arms together: one chance finding in twenty adds up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from tenure.kernel import OptionError, Undefined

Key = TypeVar("Key")
Correction = Literal["holm", "benjamini_hochberg", "none"]


def holm(p_values: Mapping[Key, float | Undefined]) -> dict[Key, float | Undefined]:
    """Return p-values that hold for all questions together: any false finding at most at rate p.

    Parameters
    ----------
    p_values : by question, 0..1; undefined ones stay so and do not count.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    ordered = _ordered(p_values)
    found: dict[Key, float | Undefined] = dict(p_values)
    largest = 0.0
    for place, (key, value) in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - place) * value))
        found[key] = largest
    return found


def benjamini_hochberg(p_values: Mapping[Key, float | Undefined]) -> dict[Key, float | Undefined]:
    """Return p-values that bound the share of false ones among all findings.

    Parameters
    ----------
    p_values : as in `holm`.

    References
    ----------
    Benjamini, Hochberg (1995), JRSS B 57, 289-300, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    ordered = _ordered(p_values)
    found: dict[Key, float | Undefined] = dict(p_values)
    smallest = 1.0
    for place, (key, value) in reversed(list(enumerate(ordered, start=1))):
        smallest = min(smallest, len(ordered) / place * value)
        found[key] = smallest
    return found


def corrected(
    p_values: Mapping[Key, float | Undefined], correction: Correction
) -> dict[Key, float | Undefined]:
    """Return p-values by the named correction."""
    if correction == "holm":
        return holm(p_values)
    if correction == "benjamini_hochberg":
        return benjamini_hochberg(p_values)
    if correction == "none":
        return dict(p_values)
    raise OptionError(
        f"correction {correction!r}", "holm, benjamini_hochberg or none", "choose one of them"
    )


def _ordered(p_values: Mapping[Key, float | Undefined]) -> list[tuple[Key, float]]:
    defined = [(key, value) for key, value in p_values.items() if not isinstance(value, Undefined)]
    if any(not 0 <= value <= 1 for _, value in defined):
        raise OptionError(f"p-values {dict(defined)}", "0 to 1", "pass p-values, not statistics")
    return sorted(defined, key=lambda item: item[1])
