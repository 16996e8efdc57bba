"""Duplicates: a row twice inside one export, an export overlapping an earlier one, a file again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.e2e.desk import Desk, Purchase, facts_of, issues_of

PLAIN = "customer_id,order_date,quantity,line_total\n"
NAMED = "order_id,customer_id,order_date,quantity,line_total\n"


def row(p: Purchase) -> str:
    return f"{p.customer},{p.day},{p.cds},{p.dollars}\n"


def plain(purchases: list[Purchase]) -> str:
    return PLAIN + "".join(map(row, purchases))


def named(numbered: list[tuple[int, Purchase]]) -> str:
    return NAMED + "".join(f"{n},{row(p)}" for n, p in numbered)


@pytest.fixture
def twice(purchases: list[Purchase]) -> list[tuple[int, Purchase]]:
    """Numbered purchases, the third and the tenth exported twice."""
    numbered = list(enumerate(purchases, start=900))
    return [*numbered[:12], numbered[2], *numbered[12:], numbered[9]]


def test_a_row_twice_in_an_export_with_order_numbers_is_dropped(
    desk: Desk, purchases: list[Purchase], twice: list[tuple[int, Purchase]]
):
    told = desk.one("o.csv", named(twice))
    assert desk.facts() == facts_of(purchases)
    assert (told["rows_read"], told["accepted"], told["duplicate"]) == (46, 44, 2)
    assert (told["duplicate_in_source"], told["duplicate_of_earlier_import"]) == (2, 0)
    (note,) = issues_of(told, "duplicate_in_source")
    assert note["given"] == "2 rows"
    assert "--repeats keep" in note["remedy"]


def test_the_same_is_kept_if_a_person_says_so(desk: Desk, twice: list[tuple[int, Purchase]]):
    told = desk.one("o.csv", named(twice), repeats="keep")
    assert (told["accepted"], told["duplicate"]) == (46, 0)
    assert desk.facts() == facts_of([p for _, p in twice])


def test_without_order_numbers_equal_rows_are_facts_of_their_own(
    desk: Desk, purchases: list[Purchase]
):
    rows = [*purchases, purchases[4], purchases[4]]
    told = desk.one("o.csv", plain(rows))
    assert desk.facts() == facts_of(rows)
    assert (told["accepted"], told["duplicate"]) == (46, 0)
    assert issues_of(told, "equal_rows_kept")[0]["given"] == "2 rows"


def test_the_same_are_dropped_if_a_person_says_so(desk: Desk, purchases: list[Purchase]):
    told = desk.one("o.csv", plain([*purchases, purchases[4], purchases[4]]), repeats="drop")
    assert desk.facts() == facts_of(purchases)
    assert (told["accepted"], told["duplicate_in_source"]) == (44, 2)


def test_rows_that_differ_in_any_column_are_not_duplicates(desk: Desk, purchases: list[Purchase]):
    content = named(list(enumerate(purchases)))
    lines = content.splitlines()
    again = [f"{line},{note}" for line in lines[1:] for note in ("first line", "second line")]
    told = desk.one("o.csv", "\n".join((lines[0] + ",remark", *again, "")))
    assert (told["accepted"], told["duplicate"]) == (88, 0)


@pytest.mark.parametrize("write", [plain, lambda ps: named(list(enumerate(ps)))])
def test_the_same_file_twice_changes_nothing(
    desk: Desk, purchases: list[Purchase], write: Callable[[list[Purchase]], str]
):
    content = write([*purchases, purchases[4]])
    first = desk.one("o.csv", content)
    known = desk.query("SELECT * FROM activity ORDER BY ALL")
    again = desk.one("o.csv", content)
    assert desk.query("SELECT * FROM activity ORDER BY ALL") == known
    assert (again["accepted"], again["duplicate"]) == (0, first["rows_read"])
    assert again["duplicate_of_earlier_import"] == first["accepted"]
    assert (again["value"], again["customers"], again["orders"]) == (None, 0, 0)


def test_the_same_rows_written_otherwise_change_nothing(desk: Desk, purchases: list[Purchase]):
    desk.one("o.csv", plain(purchases))
    known = desk.all_facts()
    rows = "".join(
        f"{p.customer} ;{p.day:%d.%m.%Y};{p.cds};{str(p.dollars).replace('.', ',')} \r\n"
        for p in reversed(purchases)
    )
    told = desk.one("o2.csv", f"会员号;消费日期;数量;实付金额\r\n{rows}合计;;;1.444,02\r\n")
    assert desk.all_facts() == known
    assert (told["accepted"], told["duplicate_of_earlier_import"], told["skipped"]) == (0, 44, 1)


def test_an_overlap_with_an_earlier_export_is_counted_once(desk: Desk, purchases: list[Purchase]):
    desk.one("june.csv", plain(purchases[:30]))
    told = desk.one("july.csv", plain(purchases[20:]))
    assert desk.facts() == facts_of(purchases)
    assert (told["accepted"], told["duplicate"]) == (14, 10)
    assert (told["duplicate_in_source"], told["duplicate_of_earlier_import"]) == (0, 10)
    assert Decimal(told["value"]) == sum(p.dollars for p in purchases[30:])


def test_overlapping_exports_give_the_same_facts_in_any_order(
    new_desk: Callable[..., Desk], purchases: list[Purchase]
):
    again = purchases[4]
    exports = [plain(part) for part in (
        [*purchases[:20], again], purchases[15:35], [*purchases[:6], again, *purchases[30:]]
    )]  # fmt: skip
    found = []
    for order in itertools.permutations(range(3)):
        desk = new_desk()
        for number in order:
            desk.one(f"{number}.csv", exports[number])
        found.append(desk.all_facts())
    assert all(facts == found[0] for facts in found)
    assert len(found[0]) == 45


def test_overlapping_exports_of_numbered_orders_in_any_order(
    new_desk: Callable[..., Desk], twice: list[tuple[int, Purchase]]
):
    exports = [named(part) for part in (twice[:30], twice[10:])]
    found = []
    for order in ((0, 1), (1, 0)):
        desk = new_desk()
        for number in order:
            desk.one(f"{number}.csv", exports[number])
        found.append(desk.all_facts())
    assert found[0] == found[1]
    assert len(found[0]) == 44


def test_an_export_with_a_column_more_is_still_recognised(desk: Desk, purchases: list[Purchase]):
    desk.one("o.csv", plain(purchases))
    lines = plain(purchases).splitlines()
    wider = "\n".join((f"{lines[0]},store", *(f"{line},North" for line in lines[1:]), ""))
    assert desk.one("wider.csv", wider)["duplicate"] == 44


def test_two_files_of_one_import_that_overlap(desk: Desk, purchases: list[Purchase]):
    desk.file("exports/a.csv", plain(purchases[:30]))
    desk.file("exports/b.csv", plain(purchases[20:]))
    told = desk.bring(desk.folder / "exports").as_dict()
    assert desk.facts() == facts_of(purchases)
    assert (told["rows_read"], told["accepted"], told["duplicate"]) == (54, 44, 10)
    assert told["customers"] == 11


def test_each_row_an_order_if_a_person_says_so(desk: Desk, purchases: list[Purchase]):
    told = desk.one("o.csv", plain([*purchases, purchases[4]]), order_rule="row")
    assert told["orders"] == 45
    again = desk.one("o.csv", plain([*purchases, purchases[4]]), order_rule="row")
    assert again["accepted"] == 0


@pytest.mark.parametrize("readable", [0, 1, 20])
def test_a_file_of_mostly_unreadable_dates_is_not_asked_about_when_it_comes_again(
    desk: Desk, purchases: list[Purchase], readable: int
):
    rows = [row(p) if i < readable else row(p).replace("-", " of ", 1)
            for i, p in enumerate(purchases)]  # fmt: skip
    content = PLAIN + "".join(rows)
    first = desk.one("o.csv", content)
    again = desk.one("o.csv", content)
    assert first["quarantined"] == again["quarantined"] == 44 - readable
    assert again["duplicate"] == readable
