"""Pareto/NBD against lifetimes, fitted in turns: seconds, and whose likelihood is higher.

The peer runs in the interpreter named by TENURE_BENCH_PEERS, which needs `lifetimes`, and is
stopped after TENURE_BENCH_PEER_SECONDS (default 120): the ratio is then a lower bound. Without an
interpreter the ratio is said to be not measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tenure.predictions.purchases.histories import AGE, COUNT, LAST
from tenure.predictions.purchases.pareto_likelihood import ParetoRows, evaluate
from tenure.predictions.purchases.pareto_nbd import NAMES, ParetoNBD

SIZES = (2_000, 10_000, 100_000)
RATIO_GOAL, GOAL_FROM = 20, 100_000
PEERS, PEER_SECONDS = "TENURE_BENCH_PEERS", "TENURE_BENCH_PEER_SECONDS"
Columns = dict[str, npt.NDArray[np.float64]]


def main(options: Sequence[str]) -> int:
    """Print the table; return 1 if the goal is missed."""
    missed = False
    ParetoNBD().fit(customers(200))  # imports and first calls are not what is measured
    print(f"\npareto: {(__doc__ or '').splitlines()[0]}")
    print(f"{'customers':>10} {'Tenure s':>9} {'passes':>7} {'lifetimes s':>12} {'ratio':>9}")
    for size in map(int, options or map(str, SIZES)):
        data = customers(size)
        taken = []
        for _ in range(3):
            began = time.perf_counter()
            model = ParetoNBD().fit(data)
            taken.append(time.perf_counter() - began)
        ours = sorted(taken)[1]
        peer = _lifetimes(data, model)
        told = "not measured" if peer is None else f"{peer[1]}{peer[0] / ours:.0f} x"
        waited = "-" if peer is None else f"{peer[0]:.1f}"
        passes = model.maximum_.passes
        print(f"{size:>10,} {ours:>9.3f} {passes:>7} {waited:>12} {told:>9}", flush=True)
        missed |= peer is not None and size >= GOAL_FROM and peer[0] < RATIO_GOAL * ours
    print(f"goal: {RATIO_GOAL} x at {GOAL_FROM:,} customers")
    return int(missed)


def customers(size: int) -> Columns:
    """Return customers of the model's own world, in whole days, always the same ones."""
    random = np.random.default_rng(20_260_101)
    age = random.integers(30, 731, size).astype(float)
    rate, leaving = random.gamma(0.6, 1 / 40, size), random.gamma(0.8, 1 / 90, size)
    lived = np.minimum(age, random.exponential(1 / np.maximum(leaving, 1e-300)))
    count = random.poisson(rate * lived)
    last = np.minimum(np.ceil(lived * random.beta(np.maximum(count, 1), 1)), age)
    return {COUNT: count.astype(float), LAST: np.where(count > 0, last, 0.0), AGE: age}


def _lifetimes(data: Columns, model: ParetoNBD) -> tuple[float, str] | None:
    """Return the peer's seconds and whether they are a lower bound; None if it cannot run."""
    interpreter = os.environ.get(PEERS)
    if not interpreter:
        print(f"lifetimes: ABSENT: {PEERS} names no interpreter; NOT measured by this run")
        return None
    limit = float(os.environ.get(PEER_SECONDS, "120"))
    script = Path(__file__).with_name("peer_pareto.py")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(source, **dict(zip(("count", "last", "age"), data.values(), strict=True)))
        command = [interpreter, str(script), str(source), str(target)]
        began = time.perf_counter()
        try:
            done = subprocess.run(command, check=False, capture_output=True, timeout=limit)
        except subprocess.TimeoutExpired:
            return time.perf_counter() - began, "> "
        if done.returncode != 0:
            print(f"lifetimes: FAILED, NOT measured: {done.stderr.decode()[-300:]}")
            return None
        with np.load(target) as answer:
            seconds, parameters = float(answer["seconds"]), answer["parameters"]
    rows = ParetoRows(*data.values(), np.ones(len(data[AGE])), np.empty((len(data[AGE]), 0)))
    theirs = evaluate(np.log(parameters), rows).value
    ours = evaluate(np.log([model.parameters_[name] for name in NAMES]), rows).value
    print(f"{'':>10} log-likelihood: Tenure {ours:,.6f}, lifetimes {theirs:,.6f}")
    return seconds, ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
