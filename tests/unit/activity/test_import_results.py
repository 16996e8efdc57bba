"""What an import tells of itself, for programs."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pytest

from tenure.activity.contract import ColumnFormat, ColumnMapping, Mapping, Role, TableKind
from tenure.activity.import_results import (
    Detected,
    ImportResult,
    SourceResult,
    date_order,
    duplicate_notes,
    role_name,
)
from tenure.activity.landing import Landed
from tenure.activity.staging import Identity
from tenure.kernel import Issue

NOTE = Issue("a.csv", 3, "when", "soon", "a date", "mend it", "bad_time")


def source(**changes: object) -> SourceResult:
    mapping = Mapping(
        TableKind.ORDERS,
        (
            ColumnMapping("who", Role.CUSTOMER, ColumnFormat("identifier"), 0.95, ("named",)),
            ColumnMapping("when", Role.TIME, ColumnFormat("instant", ("%d/%m/%Y",)), 1.0, ()),
            ColumnMapping("town", Role.ATTRIBUTE, ColumnFormat("text"), 0.8, (), "city"),
        ),
    )
    given: dict[str, object] = {
        "source": "a.csv", "import_id": "i1", "rows_read": 10, "accepted": 5, "repeated": 1,
        "overlapping": 2, "quarantined": 1, "skipped": 1, "customers": 3, "orders": 4,
        "value": Decimal("12.3400"), "currency": "EUR", "first_at": datetime(2020, 1, 1),
        "last_at": datetime(2020, 2, 1, 10, 30),
        "detected": Detected("utf-8", ",", None, 1, mapping),
        "issues": (NOTE,), "issue_count": 1, "quarantine_file": None, "seconds": 0.1,
    }  # fmt: skip
    return SourceResult(**(given | changes))  # type: ignore[arg-type]


def test_one_source_is_told_flat():
    told = ImportResult((source(),), 3, 4).as_dict()
    json.dumps(told)
    assert (told["rows_read"], told["accepted"], told["duplicate"]) == (10, 5, 3)
    assert (told["value"], told["currency"]) == ("12.34", "EUR")
    assert (told["first_at"], told["last_at"]) == ("2020-01-01T00:00:00Z", "2020-02-01T10:30:00Z")
    assert told["detected"]["mapping"] == {
        "customer": "who", "time": "when", "attribute.city": "town",
    }  # fmt: skip
    assert told["detected"]["date_order"] == "dmy"
    assert told["issues"][0]["code"] == "bad_time"


def test_several_sources_are_summed_with_each_beneath():
    other = source(value=None, first_at=datetime(2019, 5, 1), last_at=None, currency=None)
    told = ImportResult((source(), other), 3, 4).as_dict()
    assert (told["rows_read"], told["accepted"], told["duplicate"]) == (20, 10, 6)
    assert (told["customers"], told["orders"]) == (3, 4)
    assert (told["value"], told["currency"]) == ("12.34", "EUR")
    assert (told["first_at"], told["last_at"]) == ("2019-05-01T00:00:00Z", "2020-02-01T10:30:00Z")
    assert [s["accepted"] for s in told["sources"]] == [5, 5]
    assert told["issue_count"] == 2


def test_unknown_values_stay_unknown():
    nothing = source(value=None, first_at=None, last_at=None)
    told = ImportResult((nothing, nothing), 0, 0).as_dict()
    assert (told["value"], told["first_at"], told["last_at"]) == (None, None, None)


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0", "0.00"), ("12.3400", "12.34"), ("12.3456", "12.3456"), ("-5", "-5.00"),
     ("1200000", "1200000.00"), ("99999999999999.9999", "99999999999999.9999")],
)  # fmt: skip
def test_money_keeps_every_digit_and_at_least_two(value: str, shown: str):
    assert source(value=Decimal(value)).as_dict()["value"] == shown


@pytest.mark.parametrize(
    ("patterns", "order", "found"),
    [
        (("%Y-%m-%d",), None, "ymd"),
        (("%d.%m.%Y %H:%M:%S",), None, "dmy"),
        (("%m/%d/%y",), None, "mdy"),
        (("%B %d, %Y",), None, "mdy"),
        (("%Y年%m月%d日",), None, "ymd"),
        (("unix_s",), None, None),
        ((), None, None),
        (("unix_s",), "dmy", "dmy"),
    ],
)
def test_the_order_of_dates_is_told_by_the_format(
    patterns: tuple[str, ...], order: str | None, found: str | None
):
    assert date_order(ColumnFormat("instant", patterns, order)) == found


def test_roles_are_named_as_they_are_said():
    assert role_name(Role.LINE_TOTAL, None) == "line_total"
    assert role_name(Role.ATTRIBUTE, "city") == "attribute.city"


def test_each_kind_of_repetition_has_its_note():
    assert duplicate_notes("a.csv", Identity(0, 0, 0), Landed()) == ()
    notes = duplicate_notes("a.csv", Identity(1, 2, 3), Landed(restated=4))
    assert {note.code: note.given for note in notes} == {
        "duplicate_in_source": "1 rows",
        "equal_rows_kept": "2 rows",
        "duplicate_of_earlier_import": "3 rows",
        "restated_customer": "4 rows",
    }
    assert {note.severity for note in notes} == {"note"}
