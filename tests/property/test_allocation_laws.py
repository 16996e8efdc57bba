"""The laws of an allocation: limits hold, nobody does better, units and order change nothing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenure.strategies.allocation import AllocationProblem, Limit, allocate, value_curve

NONE = -1


def brute_force(problem: AllocationProblem) -> float:
    """Return the best value of all choices there are."""
    net = problem.net()
    groups: dict[object, list[int]] = {}
    for action, label in enumerate(problem.groups or [0] * problem.actions):
        groups.setdefault(label, []).append(action)
    most = problem.per_customer_max or len(groups)
    mine = [
        [a for a in picked if a != NONE]
        for picked in product(*([NONE, *members] for members in groups.values()))
        if sum(a != NONE for a in picked) <= most
    ]
    uses = [np.asarray(limit.uses, float) for limit in problem.limits]
    # value and use of every choice of the customers so far
    values, used = np.zeros(1), np.zeros((1, len(uses)))
    for row in range(problem.customers):
        gains, takes = [], []
        for actions in mine:
            gain = sum(net[row, a] for a in actions)
            if not np.isnan(gain):
                gains.append(gain)
                takes.append(
                    [sum((u[row] if u.ndim == 2 else u)[a] for a in actions) for u in uses]
                )
        values = (values[:, None] + np.array(gains)).ravel()
        more = np.array(takes, float).reshape(len(gains), len(uses))
        used = (used[:, None, :] + more).reshape(len(values), len(uses))
        held = (used <= np.array([x.at_most for x in problem.limits]) * (1 + 1e-9) + 1e-12).all(1)
        values, used = values[held], used[held]
    return float(values.max())


@st.composite
def small_problems(draw: st.DrawFn) -> AllocationProblem:
    """Draw up to 8 customers, with ties, absent actions, own and common uses, several groups."""
    actions = draw(st.integers(1, 4))
    groups = draw(st.lists(st.integers(0, 1), min_size=actions, max_size=actions))
    per_row = np.prod([1 + groups.count(label) for label in set(groups)])
    customers = draw(st.integers(1, 8 if per_row <= 4 else 5 if per_row <= 6 else 4))
    amounts = st.integers(-2, 12) | st.sampled_from([0.1, 0.2, 0.3, 7.5])
    values = np.array(
        draw(
            st.lists(
                st.lists(amounts | st.just(np.nan), min_size=actions, max_size=actions),
                min_size=customers,
                max_size=customers,
            )
        ),
        float,
    )
    costs = draw(st.lists(st.sampled_from([0, 0.1, 1, 3]), min_size=actions, max_size=actions))
    limits = []
    for number in range(draw(st.integers(0, 3))):
        shape = draw(st.sampled_from([(actions,), (customers, actions)]))
        size = int(np.prod(shape))
        uses = draw(st.lists(st.sampled_from([0, 1, 2, 0.1, 5]), min_size=size, max_size=size))
        at_most = draw(st.sampled_from([0, 0.3, 1, 2, 3, 4.5, 7, 100]))
        limits.append(Limit(str(number), "units", at_most, np.array(uses, float).reshape(shape)))
    most = draw(st.sampled_from([None, 1, 2]))
    return AllocationProblem(values, costs, limits, groups, most)


@given(small_problems())
@settings(max_examples=60)
def test_few_customers_get_the_best_plan_there_is(problem: AllocationProblem) -> None:
    plan = allocate(problem)
    best = brute_force(problem)
    assert plan.value == pytest.approx(best, abs=1e-9)
    assert plan.bound >= best - 1e-9
    assert plan.is_proven and plan.gap == 0


@given(small_problems())
@settings(max_examples=40)
def test_a_plan_holds_every_limit_and_every_action_pays(problem: AllocationProblem) -> None:
    plan = allocate(problem)
    net = problem.net()
    labels = list(problem.groups) or [0] * problem.actions
    rows, places = np.nonzero(plan.choice >= 0)
    chosen = plan.choice[rows, places]
    assert (net[rows, chosen] > 0).all()
    assert net[rows, chosen].sum() == pytest.approx(plan.value)
    order = list(dict.fromkeys(labels))
    assert all(order.index(labels[a]) == place for a, place in zip(chosen, places, strict=True))
    assert ((plan.choice >= 0).sum(axis=1) <= (problem.per_customer_max or 9)).all()
    for limit, used in zip(plan.limits, problem.used(plan.choice), strict=True):
        assert used <= limit.at_most * (1 + 1e-9)
        assert limit.used == used
        assert limit.price >= 0


def many(customers: int = 600, seed: int = 5, *, money: float = 0.3) -> AllocationProblem:
    """Return customers without ties: three actions, a budget and the minutes of a team."""
    random = np.random.default_rng(seed)
    values = random.gamma(2.0, [[1.0, 2.0, 5.0]], (customers, 3))
    costs = np.column_stack(
        [np.full(customers, 0.05), np.full(customers, 0.4), 0.2 + random.beta(2, 6, customers) * 4]
    )
    return AllocationProblem(
        values,
        costs,
        [
            Limit("money", "EUR", money * customers, costs),
            Limit("minutes", "minutes", 0.8 * customers, [0.0, 4.0, 6.0]),
        ],
    )


@given(st.integers(0, 99), st.integers(300, 900))
@settings(max_examples=8)
def test_the_order_of_customers_changes_nothing(seed: int, customers: int) -> None:
    problem = many(customers, seed)
    order = np.random.default_rng(seed).permutation(customers)
    turned = AllocationProblem(
        np.asarray(problem.values)[order],
        np.asarray(problem.costs)[order],
        [
            Limit("money", "EUR", 0.3 * customers, np.asarray(problem.costs)[order]),
            problem.limits[1],
        ],
    )
    assert (allocate(turned).choice == allocate(problem).choice[order]).all()


@given(st.integers(0, 99), st.sampled_from([0.01, 0.128, 7.1, 100.0, 6500.0]))
@settings(max_examples=10)
def test_the_unit_of_the_currency_changes_nothing_but_prices(seed: int, rate: float) -> None:
    problem = many(seed=seed)
    costs = np.asarray(problem.costs) * rate
    other = AllocationProblem(
        np.asarray(problem.values) * rate,
        costs,
        [Limit("money", "XTS", problem.limits[0].at_most * rate, costs), problem.limits[1]],
    )
    plan, same = allocate(problem), allocate(other)
    assert (plan.choice == same.choice).all()
    assert same.value == pytest.approx(plan.value * rate)
    # money buys money at the same price; a minute costs more of a smaller unit
    assert same.limit("money").price == pytest.approx(plan.limit("money").price, rel=1e-4)
    assert same.limit("minutes").price == pytest.approx(
        plan.limit("minutes").price * rate, rel=1e-4
    )


@given(st.integers(0, 99))
@settings(max_examples=8)
def test_a_larger_budget_never_brings_less_and_its_price_falls(seed: int) -> None:
    plans = [allocate(many(seed=seed, money=share)) for share in (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)]
    values = [plan.value for plan in plans]
    prices = [plan.limit("money").price for plan in plans]
    assert values == sorted(values)
    assert prices == sorted(prices, reverse=True)


@given(small_problems(), st.integers(0, 2))
@settings(max_examples=25)
def test_a_larger_limit_never_brings_less_to_few(problem: AllocationProblem, which: int) -> None:
    if which >= len(problem.limits):
        return
    wider = [
        Limit(x.name, x.unit, x.at_most * 2 + 1, x.uses) if place == which else x
        for place, x in enumerate(problem.limits)
    ]
    larger = AllocationProblem(
        problem.values, problem.costs, wider, problem.groups, problem.per_customer_max
    )
    assert allocate(larger).value >= allocate(problem).value - 1e-9


@given(st.integers(0, 99))
@settings(max_examples=8)
def test_a_limit_that_holds_nothing_back_has_no_price(seed: int) -> None:
    free = allocate(many(seed=seed, money=1e6))
    needed = free.limit("money").used
    assert free.limit("money").price == 0
    just = allocate(many(seed=seed, money=needed / 600 + 0.01))
    assert just.limit("money").price == 0
    assert not just.limit("money").is_binding
    assert just.limit("minutes").price > 0


@given(st.integers(0, 99))
@settings(max_examples=6)
def test_a_price_is_what_a_little_more_would_bring(seed: int) -> None:
    random = np.random.default_rng(seed)
    customers = 4000
    values = random.gamma(2.0, [[1.0, 2.0]], (customers, 2))

    def plan(minutes: float):
        return allocate(
            AllocationProblem(values, [0.1, 0.2], [Limit("m", "minutes", minutes, [1.0, 3.0])])
        )

    less, middle, more = plan(1500), plan(1550), plan(1600)
    assert middle.limit("m").price == pytest.approx((more.value - less.value) / 100, rel=0.02)


def test_hundreds_of_customers_come_within_a_thousandth_of_the_bound() -> None:
    gaps = [allocate(many(600, seed)).gap for seed in range(5)]
    assert max(gaps) < 1e-3


def test_alike_customers_share_two_limits_as_the_best_mix_does() -> None:
    # Everybody is the same: the best mix uses both limits up, no single action would.
    customers = 1000
    values = np.tile([10.0, 6.0], (customers, 1))
    limits = [Limit("money", "EUR", 900, [3.0, 1.0]), Limit("calls", "calls", 350, [0.0, 1.0])]
    plan = allocate(AllocationProblem(values, [3.0, 1.0], limits))
    # 350 calls bring 5 each for 1; the money left buys 183 of the other for 3, bringing 7 each.
    assert plan.value == pytest.approx(350 * 5 + 183 * 7)


def test_thousands_of_alike_customers_fill_the_limits() -> None:
    customers = 20_000
    values = np.tile([4.0, 4.0, 9.0], (customers, 1))
    limits = [
        Limit("money", "EUR", 10_000, [1.0, 1.0, 2.0]),
        Limit("mail", "mails", 3_000, [1.0, 0.0, 0.0]),
    ]
    plan = allocate(AllocationProblem(values, [1.0, 1.0, 2.0], limits))
    assert plan.gap < 1e-4
    assert plan.limit("money").price == pytest.approx(3.5, rel=0.01)


@given(st.integers(0, 99))
@settings(max_examples=5)
def test_the_value_over_budgets_rises_less_and_less(seed: int) -> None:
    problem = many(2000, seed)
    amounts = [100.0, 200, 300, 400, 500, 600, 1200, 2400]
    curve = value_curve(problem, "money", amounts)
    slopes = np.diff([point.value for point in curve]) / np.diff(amounts)
    assert (slopes >= -1e-9).all()
    assert (np.diff(slopes) <= 1e-6).all()
    for point, after, slope in zip(curve, curve[1:], slopes, strict=False):
        assert point.price >= slope - 1e-3 >= after.price - 2e-3
    plan = allocate(many(2000, seed, money=0.3))
    assert curve[5].value == pytest.approx(plan.bound)
