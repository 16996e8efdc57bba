"""The best plan under a budget, staff hours and contacts, in turns with HiGHS of SciPy.

    python -m benchmarks allocation [--customers 100000,1000000] [--rounds 3] [--json]

Five actions, three limits, all of them binding; customers differ in every value and in what a
voucher is expected to cost. The peer is the interior point method of HiGHS on the same problem
with actions that may be split, up to 100,000 customers; beyond, it is said to be not measured.
Every run is a process of its own, and the data are made outside the time; ratios are of medians.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial

import numpy as np

from benchmarks.measuring import Task, core_count, load, run_apart
from tenure.strategies.allocation import AllocationProblem, Limit, allocate

SIZES = (100_000, 1_000_000)
PEER_UP_TO, RATIO_FROM = 100_000, 100_000
GAP_GOAL, RATIO_GOAL, MEMORY_GOAL_MB = 1e-4, 10.0, 1000.0
SEED = 20_260_101


@dataclass(frozen=True)
class Line:
    """One size.

    Parameters
    ----------
    customers : how many.
    seconds, peak_mb : ours; the median and the largest peak, data included.
    gap : to the proven bound, share.
    binding : limits with a price.
    peer_seconds, peer_peak_mb : of HiGHS; None if it was not run.
    ratio : the peer's seconds over ours.
    short : by how much our plan of whole actions is below HiGHS's of split ones, share.
    price_difference : largest relative difference of a limit's price.
    """

    customers: int
    seconds: float
    peak_mb: float
    gap: float
    binding: int
    peer_seconds: float | None = None
    peer_peak_mb: float | None = None
    ratio: float | None = None
    short: float | None = None
    price_difference: float | None = None

    @property
    def is_missed(self) -> bool:
        """Tell whether a goal is missed."""
        judged = self.ratio is not None and self.customers >= RATIO_FROM
        slow = judged and (self.ratio or 0.0) < RATIO_GOAL
        return slow or self.gap > GAP_GOAL or self.peak_mb > MEMORY_GOAL_MB


def main(options: Sequence[str]) -> int:
    """Measure all sizes and print them; return 1 if a goal is missed."""
    given = _options(options)
    lines = [_measured(size, given.rounds) for size in given.customers]
    if given.json:
        machine = {
            "cores": core_count(),
            "load": load(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        }
        print(json.dumps({"machine": machine, "lines": [asdict(x) for x in lines]}, indent=1))
        return int(any(line.is_missed for line in lines))
    for line in lines:
        text = (
            f"{line.customers:>10,} customers {line.seconds:>8.2f} s {line.peak_mb:>6.0f} MB   "
            f"gap {line.gap:.1e}, {line.binding} of 3 limits binding"
        )
        if line.ratio is None:
            text += "   HiGHS NOT measured at this size"
        else:
            text += (
                f"   HiGHS {line.peer_seconds:.2f} s {line.peer_peak_mb:,.0f} MB   "
                f"{line.ratio:.1f} x (goal {RATIO_GOAL:.0f} x), value short by {line.short:.1e}, "
                f"prices differ by {line.price_difference:.1e}"
            )
        print(text + ("  MISSED" if line.is_missed else "  met"), flush=True)
    return int(any(line.is_missed for line in lines))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks allocation")
    parser.add_argument(
        "--customers", default=SIZES, type=lambda text: [int(n) for n in text.split(",")]
    )
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--json", action="store_true", help="print JSON instead of lines")
    return parser.parse_args(list(arguments))


@cache
def problem(customers: int) -> AllocationProblem:
    """Return customers with an e-mail, an SMS, a call, a small and a large voucher to give."""
    random = np.random.default_rng(SEED)
    worth = random.gamma(1.2, 30.0, customers)
    shares = random.beta([[1.5, 1.5, 2.0, 2.0, 3.0]], [[40, 30, 15, 18, 12]], (customers, 5))
    redeemed = random.beta(2.0, 5.0, customers)
    costs = np.empty((customers, 5))
    costs[:, :3] = 0.02, 0.08, 1.5
    costs[:, 3], costs[:, 4] = 0.05 + 5 * redeemed, 0.05 + 15 * redeemed
    return AllocationProblem(
        3 * worth[:, None] * shares,
        costs,
        [
            Limit("money", "EUR", 0.4 * customers, costs),
            Limit("staff", "minutes", 0.3 * customers, [0.0, 0.0, 6.0, 0.0, 0.0]),
            Limit("contacts", "contacts", 0.4 * customers, [0.0, 1.0, 1.0, 1.0, 1.0]),
        ],
    )


def ours(customers: int) -> dict:
    """Plan."""
    plan = allocate(problem(customers))
    binding = sum(limit.is_binding for limit in plan.limits)
    return {
        "value": plan.value, "gap": plan.gap, "binding": binding, "prices": plan.prices.tolist()
    }  # fmt: skip


def highs(customers: int) -> dict:
    """Solve the same with actions that may be split."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, vstack

    given = problem(customers)
    actions = given.actions
    uses = [np.broadcast_to(limit.uses, (customers, actions)).ravel() for limit in given.limits]
    one = csr_array(
        (
            np.ones(customers * actions),
            np.arange(customers * actions),
            np.arange(0, customers * actions + 1, actions),
        )
    )
    done = linprog(
        -given.net().ravel(),
        vstack([one, csr_array(np.array(uses))]).tocsc(),
        np.append(np.ones(customers), [limit.at_most for limit in given.limits]),
        method="highs-ipm",
    )
    return {"value": -done.fun, "prices": (-done.ineqlin.marginals[customers:]).tolist()}


def _returned(_: str, result: object) -> object:
    return result


def _measured(size: int, rounds: int) -> Line:
    works = {"ours": ours} | ({"highs": highs} if size <= PEER_UP_TO else {})
    taken: dict[str, list] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            task = Task({name: partial(work, size)}, _returned, before=partial(problem, size))
            taken[name].append(run_apart(name, task)[name])
    answer = taken["ours"][0].answer
    seconds, peak = _middle(taken["ours"])
    found = (size, seconds, peak, answer["gap"], answer["binding"])
    if "highs" not in works:
        return Line(*found)
    theirs = taken["highs"][0].answer
    peer_seconds, peer_peak = _middle(taken["highs"])
    prices = np.array(answer["prices"]) / np.array(theirs["prices"]) - 1
    return Line(
        *found,
        peer_seconds,
        peer_peak,
        peer_seconds / seconds,
        1 - answer["value"] / theirs["value"],
        float(np.abs(prices).max()),
    )


def _middle(runs: list) -> tuple[float, float]:
    return statistics.median(run.seconds for run in runs), max(run.peak_mb for run in runs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
