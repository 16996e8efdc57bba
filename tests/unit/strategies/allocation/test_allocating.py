from __future__ import annotations

import numpy as np
import pytest

from tenure.kernel import OptionError
from tenure.strategies.allocation import AllocationProblem, Limit, allocate, value_curve


def test_prices_agree_with_an_exact_solver() -> None:
    linprog = pytest.importorskip("scipy.optimize").linprog
    random = np.random.default_rng(3)
    customers, actions = 400, 3
    values = random.gamma(2.0, [[2.0, 3.0, 6.0]], (customers, actions))
    costs = random.uniform(0.1, 2.0, (customers, actions))
    limits = [
        Limit("money", "EUR", 120.0, costs),
        Limit("hours", "hours", 30.0, [0.0, 0.2, 0.5]),
        Limit("mails", "mails", 90.0, [1.0, 0.0, 0.0]),
    ]
    plan = allocate(AllocationProblem(values, costs, limits))
    one = np.kron(np.eye(customers), np.ones(actions))
    uses = [np.broadcast_to(limit.uses, values.shape).ravel() for limit in limits]
    exact = linprog(
        -(values - costs).ravel(),
        np.vstack([one, uses]),
        [1.0] * customers + [limit.at_most for limit in limits],
        method="highs",
    )
    assert plan.bound == pytest.approx(-exact.fun, rel=1e-6)
    assert plan.prices == pytest.approx(-exact.ineqlin.marginals[customers:], rel=0.01)
    assert plan.gap < 1e-3
    assert [limit.is_binding for limit in plan.limits] == [True, True, True]


def test_a_limit_of_nothing_bars_its_actions_and_tells_what_a_first_use_is_worth() -> None:
    calls = Limit("hours", "hours", 0.0, [0.5, 0.0])
    plan = allocate(AllocationProblem([[9.0, 4.0], [8.0, 1.0]], [2.0, 0.5], [calls]))
    assert plan.choice[:, 0].tolist() == [1, 1]
    # a call instead of a letter gains 3.5 for one and 5.5 for the other, in half an hour
    assert plan.limit("hours").price == pytest.approx(11.0)
    assert plan.limit("hours").slack == 0


def test_contacts_are_counted_whole() -> None:
    problem = AllocationProblem(np.full((5, 1), 3.0), [1.0], [Limit("c", "contacts", 2.5, [1.0])])
    plan = allocate(problem)
    assert plan.value == plan.bound == 4.0
    assert plan.limit("c").slack == 0.5


def test_nobody_and_nothing_to_gain_are_plans_too() -> None:
    limits = [Limit("money", "EUR", 1.0, [1.0])]
    nobody = allocate(AllocationProblem(np.zeros((0, 1)), [0.0], limits))
    assert nobody.choice.shape == (0, 1)
    idle = allocate(AllocationProblem([[1.0], [np.nan]], [2.0], limits))
    assert idle.choice[:, 0].tolist() == [-1, -1]
    assert idle.value == idle.bound == idle.gap == 0
    assert idle.is_proven


def test_prices_of_another_budget_may_be_given_and_change_nothing() -> None:
    random = np.random.default_rng(1)
    values = random.gamma(2.0, 1.0, (500, 2))
    problem = AllocationProblem(values, [0.2, 0.1], [Limit("m", "EUR", 30.0, [0.2, 0.1])])
    plain = allocate(problem)
    assert (allocate(problem, prices=plain.prices * 3).choice == plain.choice).all()
    with pytest.raises(OptionError, match="one of 0 or more per limit"):
        allocate(problem, prices=[-1.0])


def test_at_most_two_of_three_groups() -> None:
    values = [[5.0, 4.0, 3.0]]
    problem = AllocationProblem(values, [0.0, 0.0, 0.0], (), ("a", "b", "c"), 2)
    plan = allocate(problem)
    assert plan.choice.tolist() == [[0, 1, -1]]


@pytest.mark.parametrize(
    ("changes", "given"),
    [
        ({"values": [1.0, 2.0]}, "values of shape"),
        ({"values": [[np.inf, 1.0]]}, "an endless value"),
        ({"costs": [1.0]}, "costs of shape"),
        ({"costs": [np.nan, 1.0]}, "costs from"),
        ({"groups": ("a",)}, "1 groups of 2 actions"),
        ({"per_customer_max": 0}, "per_customer_max"),
        ({"limits": [Limit("a", "u", -1.0, [0.0, 0.0])]}, "limit 'a' of -1"),
        ({"limits": [Limit("a", "u", 1.0, [-1.0, 0.0])]}, "uses of 'a' from -1"),
        ({"limits": [Limit("a", "u", 1.0, [1.0, 0.0])] * 2}, "two limits of one name"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, object], given: str) -> None:
    sound = {"values": [[1.0, 2.0]], "costs": [0.5, 0.5]}
    with pytest.raises(OptionError, match=given):
        AllocationProblem(**{**sound, **changes})


def test_a_curve_needs_a_limit_there_is() -> None:
    problem = AllocationProblem([[1.0]], [0.5], [Limit("m", "EUR", 1.0, [0.5])])
    with pytest.raises(OptionError, match="limit 'money'"):
        value_curve(problem, "money", [1.0])
    with pytest.raises(OptionError, match="limit 'money'"):
        allocate(problem).limit("money")


def test_a_large_plan_starts_from_a_sample_and_ends_at_the_bound() -> None:
    random = np.random.default_rng(9)
    customers = 60_000
    values = random.gamma(1.5, [[1.0, 3.0]], (customers, 2))
    costs = np.column_stack([np.full(customers, 0.1), random.uniform(0.5, 2.0, customers)])
    limits = [
        Limit("money", "EUR", 9_000.0, costs),
        Limit("calls", "calls", 5_000.0, [0.0, 1.0]),
    ]
    plan = allocate(AllocationProblem(values, costs, limits))
    assert plan.gap < 1e-5
    assert all(limit.is_binding for limit in plan.limits)
    assert plan.limit("calls").slack <= 1


def test_scarce_limits_over_values_of_all_sizes_are_priced_as_the_exact_problem_is() -> None:
    random = np.random.default_rng(2)
    customers = 30_000
    values = np.exp(random.normal(0.0, 2.5, (customers, 2)))
    uses = random.gamma(2.0, 0.5, (customers, 2))
    few = [Limit("calls", "hours", 12.0, uses), Limit("gifts", "gifts", 9.0, [0.0, 1.0])]
    plan = allocate(AllocationProblem(values, [0.0, 0.0], few))
    # the next best contacts bring a few hundred each, of tens of thousands in all
    assert plan.gap < 0.02
    order = np.argsort(-(values / uses)[:, 0])
    alone = np.cumsum(uses[order, 0]) <= 12.0
    assert plan.value > values[order[alone], 0].sum()
