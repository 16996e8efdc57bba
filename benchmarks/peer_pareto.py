"""Run by the peers' interpreter: the Pareto/NBD of `lifetimes`, from arrays in a file to one.

`python peer_pareto.py in.npz out.npz`; in: `count`, `last`, `age`; out: `parameters` (r, alpha,
s, beta), `seconds`.
"""

from __future__ import annotations

import sys
import time

import numpy as np


def main(source: str, target: str) -> None:
    from lifetimes import ParetoNBDFitter

    with np.load(source) as given:
        count, last, age = (given[name] for name in ("count", "last", "age"))
    began = time.perf_counter()
    found = ParetoNBDFitter().fit(count, last, age)
    seconds = time.perf_counter() - began
    parameters = [found.params_[name] for name in ("r", "alpha", "s", "beta")]
    np.savez(target, parameters=parameters, seconds=seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
