"""A played business answers what is done to it, and nothing else changes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tenure.kernel import OptionError
from tenure.simulation.answering import NOTHING, Answer
from tenure.simulation.kinds import planned_world
from tenure.simulation.played import Course, PlayedBusiness

MESSAGE, VOUCHER = Answer("message", 30, 0.4, 0.3), Answer("voucher", 30, 0.9, 0.1)
JOIN = date(2025, 11, 1)


@pytest.fixture(scope="module")
def business() -> PlayedBusiness:
    # Two blocks of customers: the second is as full of order as the first.
    world = planned_world("shop", customers=5600, seed=3, months=18)
    return PlayedBusiness(world, (MESSAGE, VOUCHER), months=4)


def everybody(business: PlayedBusiness, action: int) -> np.ndarray:
    return np.full(len(business.customers), action)


def orders_worth(rows: pa.Table) -> float:
    traded = rows.filter(pc.is_valid(rows["order_id"]))
    return float(pc.sum(traded["value"]).as_py())


def test_doing_nothing_leaves_the_facts_as_they_are(business: PlayedBusiness) -> None:
    course = Course(business)
    for month in range(4):
        outcome = course.act(month, everybody(business, NOTHING))
        assert not outcome.value.any()
    assert course.rows(None, business.end).num_rows == business.facts("activity").num_rows


def test_what_is_told_as_brought_is_what_the_activity_holds(business: PlayedBusiness) -> None:
    course = Course(business)
    told = sum(course.act(month, everybody(business, 1)).value.sum() for month in range(4))
    more = orders_worth(course.rows(None, business.end)) - orders_worth(business.facts("activity"))
    assert more == pytest.approx(told, abs=0.01) and told > 0


def test_every_row_has_its_own_identity(business: PlayedBusiness) -> None:
    course = Course(business)
    for month in range(4):
        course.act(month, everybody(business, month % 2), everybody(business, NOTHING))
    ids = course.rows(None, business.end)["activity_id"]
    assert pc.count_distinct(ids).as_py() == len(ids)


def test_the_past_is_not_changed_by_what_is_done_later(business: PlayedBusiness) -> None:
    course = Course(business)
    before = course.rows(None, business.days[0])
    course.act(0, everybody(business, 1))
    assert course.rows(None, business.days[0]).equals(before)
    until = course.rows(None, business.days[1]).sort_by("activity_id")
    course.act(1, everybody(business, 0))
    assert course.rows(None, business.days[1]).sort_by("activity_id").equals(until)


def test_what_the_truth_expects_comes_in_the_mean(business: PlayedBusiness) -> None:
    course, expected, brought = Course(business), 0.0, []
    for month in range(4):
        brought.append(course.act(month, everybody(business, 1)).value)
        expected += business.expected_value(month)[:, 1].sum()
    total = np.sum(brought)
    # Values of single customers scatter about as Poisson times a heavy tail.
    spread = np.sqrt((np.sum(brought, axis=0) ** 2).sum())
    assert abs(total - expected) < 3 * spread
    assert abs(total - expected) < 0.25 * expected


def test_a_stronger_action_keeps_the_orders_of_a_weaker_one(business: PlayedBusiness) -> None:
    """The same luck meets every decision: what a message brings, a voucher brings too."""
    weak, strong = Course(business), Course(business)
    few = weak.act(0, everybody(business, 0)).added_value
    many = strong.act(0, everybody(business, 1)).added_value
    assert (many >= few - 1e-9).all() and many.sum() > 1.5 * few.sum()


def test_only_those_who_are_customers_answer(business: PlayedBusiness) -> None:
    outcome = Course(business).act(0, everybody(business, 1))
    assert not outcome.value[~business.begun(0)].any()
    assert not business.expected_value(0)[~business.begun(0)].any()


def test_messages_and_withheld_ones_are_activity(business: PlayedBusiness) -> None:
    course = Course(business)
    action = np.where(np.arange(len(business.customers)) % 2 == 0, 0, NOTHING)
    withheld = np.where(action == NOTHING, 1, NOTHING)
    course.act(0, action, withheld)
    rows = course.rows(business.days[0], business.days[1])
    sent = rows.filter(pc.equal(rows["kind"], "message_sent"))
    kept = rows.filter(pc.equal(rows["kind"], "message_withheld"))
    begun = business.begun(0)
    assert sent.num_rows == (begun & (action == 0)).sum()
    assert kept.num_rows == (begun & (action == NOTHING)).sum()
    assert set(sent["source"].to_pylist()) == {"message"}
    assert set(kept["source"].to_pylist()) == {"voucher"}


def test_the_same_seed_plays_the_same(business: PlayedBusiness) -> None:
    again = PlayedBusiness(
        planned_world("shop", customers=5600, seed=3, months=18), (MESSAGE, VOUCHER), months=4
    )
    one, other = Course(business), Course(again)
    for course, played in ((one, business), (other, again)):
        course.act(0, everybody(played, 1))
    assert one.rows(None, JOIN).equals(other.rows(None, JOIN))


def test_too_many_months_are_refused() -> None:
    with pytest.raises(OptionError, match="at least 3 months of data"):
        PlayedBusiness(planned_world("shop", customers=10, seed=1, months=12), (MESSAGE,))
