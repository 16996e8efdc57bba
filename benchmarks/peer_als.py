"""Run by the peers' interpreter: lists of `implicit`'s ALS, from arrays in a file to one.

`python peer_als.py in.npz out.npz`; in: `customer`, `product` numbers, one per order line;
out: `lists` (customers, length), `seconds`.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # implicit asks for it, and is faster so

import numpy as np
import scipy.sparse as sparse
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import bm25_weight

FACTORS, ITERATIONS, LENGTH = 64, 15, 10
SETTINGS = [(100.0, 0.8, 0.05), (100.0, 0.8, 0.01), (1.2, 0.75, 0.05)]
"""K1 and B of the BM25 weights and the regularisation: implicit's defaults first, then others."""


def main(source: str, target: str) -> None:
    """Fit and write the lists of every setting."""
    given = np.load(source)
    ones = np.ones(len(given["customer"]), np.float32)
    counts = sparse.csr_matrix((ones, (given["customer"], given["product"])))
    lists, seconds = [], []
    for k1, b, regularization in SETTINGS:
        began = time.perf_counter()
        weighted = bm25_weight(counts, K1=k1, B=b).tocsr()
        model = AlternatingLeastSquares(
            factors=FACTORS, regularization=regularization, iterations=ITERATIONS, random_state=0
        )
        model.fit(weighted, show_progress=False)
        everyone = np.arange(counts.shape[0])
        found, _ = model.recommend(everyone, weighted, N=LENGTH, filter_already_liked_items=False)
        lists.append(found)
        seconds.append(time.perf_counter() - began)
    np.savez(target, lists=np.array(lists), seconds=np.array(seconds))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
