"""A row's first fault as SQL: a number worked out once, and the texts that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tenure.activity.contract import ColumnMapping
from tenure.activity.reading.faults import FAULTS
from tenure.engine.duck import literal

_GIVEN_LIMIT = 200
"""Characters of a faulty cell that are shown."""


@dataclass(frozen=True, slots=True)
class FaultCase:
    """One way in which a row of this mapping can be at fault.

    Parameters
    ----------
    code : a key of `FAULTS`.
    column : the column concerned.
    raw : SQL name of its raw text.
    condition : SQL that is true where the fault is.
    ruled_out : cheap SQL that is true only where the fault is not.
    """

    code: str
    column: ColumnMapping
    raw: str
    condition: str
    ruled_out: str


def number(cases: list[FaultCase]) -> str:
    """Return SQL for the number of a row's first fault in the order of `FAULTS`, else NULL.

    Rows that the cheap conditions clear of every fault, nearly all, see no other condition.
    """
    order = list(FAULTS)
    cases.sort(key=lambda case: order.index(case.code))
    whens = " ".join(f"WHEN {case.condition} THEN {i}" for i, case in enumerate(cases))
    if not cases:
        return "NULL"
    cleared = " AND ".join(dict.fromkeys(case.ruled_out for case in cases))
    return f"CASE WHEN {cleared} THEN NULL {whens} END"


def columns(cases: Sequence[FaultCase]) -> dict[str, str]:
    """Return SQL for the fault columns of the clean shape."""
    if not cases:
        return {}
    return {
        "fault_no": "fault_no",
        "fault_code": _case(cases, [literal(case.code) for case in cases]),
        "fault_field": _case(cases, [literal(case.column.column) for case in cases]),
        "fault_given": _case(
            cases, [f"substring(coalesce({case.raw}, ''), 1, {_GIVEN_LIMIT})" for case in cases]
        ),
    }


def _case(cases: Sequence[FaultCase], values: list[str]) -> str:
    whens = " ".join(f"WHEN {i} THEN {value}" for i, value in enumerate(values))
    return f"CASE WHEN fault_no IS NULL THEN NULL ELSE CASE fault_no {whens} END END"
