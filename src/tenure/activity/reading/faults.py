"""What can be wrong with one row, and what to tell the person about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault.

    Parameters
    ----------
    expected : what would have been right.
    remedy : how to mend the row or the import.
    """

    expected: str
    remedy: str


FAULTS: dict[str, Fault] = {
    "mangled_identifier": Fault(
        "the whole number; a spreadsheet has rounded it to this form",
        "export again with the column formatted as text",
    ),
    "missing_customer": Fault(
        "an identifier of the customer",
        "fill in the customer, or leave the row out if nobody can be named",
    ),
    "missing_time": Fault(
        "the date or time at which it happened",
        "fill in the date",
    ),
    "bad_time": Fault(
        "a date or time in the column's format",
        "write it as YYYY-MM-DD or YYYY-MM-DD HH:MM:SS, or state the order with --date-order",
    ),
    "time_out_of_range": Fault(
        "a date that the business can have seen (from 1970; contracts from 1900)",
        "correct the date; 1900-01-01, 1970-01-01 and 0001-01-01 usually stand for a missing one",
    ),
    "future_time": Fault(
        "a time not later than a day from now",
        "correct the date, or state the file's zone with --timezone",
    ),
    "missing_kind": Fault(
        "what happened (the event's name)",
        "fill in the event's name",
    ),
    "number_out_of_range": Fault(
        "a number with fewer than 15 digits before the decimal sign",
        "correct the number; it may be a telephone or article number in the wrong column",
    ),
    "bad_number": Fault(
        "a number in the column's format",
        "write it with digits and one decimal sign; take out percent signs and words",
    ),
    "other_currency": Fault(
        "an amount in the workspace's currency",
        "convert the amount, or import the rows of this currency into a workspace of their own",
    ),
}
"""Every fault code that `cleaning_sql` can give a row; a row gets its first fault in this order."""
