"""Experiments made by the thousand, as statistics of their arms; all worlds are worked at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from tenure.experiments.effects import ArmStatistics, Moments

WORLDS = int(os.environ.get("TENURE_SIMULATED_WORLDS", "400"))
AT_ONCE = 100


def parts(worlds: int = WORLDS) -> Iterator[int]:
    """Numbers of worlds to be made at once, so that memory holds few of them."""
    edges = [*range(0, worlds, AT_ONCE), worlds]
    yield from (end - start for start, end in pairwise(edges))


def spend(rng: np.random.Generator, shape: tuple[int, ...], *, buying: float = 0.2) -> np.ndarray:
    """Nothing from most customers, lognormal amounts with a long tail from the others."""
    return np.where(rng.random(shape) < buying, rng.lognormal(3.0, 1.2, shape), 0.0)


def spend_mean(buying: float = 0.2) -> float:
    """Mean of `spend`."""
    return buying * float(np.exp(3.0 + 1.2**2 / 2))


def arms_of(columns: Mapping[str, np.ndarray], arm: str) -> list[ArmStatistics]:
    """One arm of each world, from arrays of shape (worlds, customers)."""
    names = tuple(columns)
    rows = np.stack([columns[name] for name in names], axis=1)
    count = rows.shape[2]
    means = rows.mean(axis=2)
    rows = rows - means[:, :, None]
    products = rows @ rows.transpose(0, 2, 1)
    buyers = np.count_nonzero(columns["outcome"], axis=1)
    return [
        ArmStatistics(
            arm,
            count,
            Moments(count, names, tuple(mean), tuple(map(tuple, product))),
            buyers=int(bought),
        )
        for mean, product, bought in zip(
            means.tolist(), products.tolist(), buyers.tolist(), strict=True
        )
    ]


def growing(outcome: np.ndarray, arm: str, looks: np.ndarray) -> list[list[ArmStatistics]]:
    """One arm of each world at each look, from customers in the order in which they came."""
    centre = outcome.mean(axis=1, keepdims=True)
    rest = outcome - centre
    sums = np.cumsum(rest, axis=1)[:, looks - 1]
    squares = np.cumsum(rest * rest, axis=1)[:, looks - 1]
    means = centre + sums / looks
    around = squares - sums * sums / looks
    return [
        [
            ArmStatistics(arm, count, Moments(count, ("outcome",), (mean,), ((product,),)))
            for count, mean, product in zip(looks.tolist(), row, products, strict=True)
        ]
        for row, products in zip(means.tolist(), around.tolist(), strict=True)
    ]


def assert_rate(hits: int, worlds: int, low: float, high: float, what: str) -> None:
    """A rate lies in its band; where few worlds are made, but for three standard errors."""
    rate = hits / worlds
    nearest = min(max(rate, low), high)
    slack = 0.0 if worlds >= 1000 else 3 * (max(nearest * (1 - nearest), 1e-4) / worlds) ** 0.5
    assert low - slack <= rate <= high + slack, f"{what}: {hits} of {worlds} = {rate:.4f}"
    print(f"{what}: {rate:.5f} of {worlds}")
