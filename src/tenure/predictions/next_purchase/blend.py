"""The weights that blend signs into a probability: logistic regression with a ridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenure.kernel.scipy_library import special
from tenure.predictions.next_purchase.histories import Flags, Floats

_STEPS_MAX = 50
_CLOSE_ENOUGH = 1e-9


@dataclass(frozen=True, slots=True)
class Blend:
    """A weighted sum of standardised signs.

    Parameters
    ----------
    centres, spreads : by which each sign is standardised.
    weights : of the standardised signs.
    constant : log odds where all signs are at their centres.
    """

    centres: Floats
    spreads: Floats
    weights: Floats
    constant: float

    def log_odds(self, signs: Floats) -> Floats:
        """Return the log odds of rows of signs."""
        # Column by column: a matrix product may round by the number of rows, and scores of a
        # customer must not depend on who else is in the batch.
        total = np.full(len(signs), self.constant)
        for column, centre, spread, weight in zip(
            signs.T, self.centres, self.spreads, self.weights, strict=True
        ):
            total += (column - centre) * (weight / spread)
        return total

    def as_dict(self) -> dict[str, Any]:
        """Return the weights as plain values for JSON."""
        return {
            "centres": self.centres.tolist(),
            "spreads": self.spreads.tolist(),
            "weights": self.weights.tolist(),
            "constant": self.constant,
        }

    @classmethod
    def from_dict(cls, described: Mapping[str, Any]) -> Blend:
        """Make the weights again from what `as_dict` returned."""
        centres, spreads, weights = (
            np.array(described[name], dtype=np.float64)
            for name in ("centres", "spreads", "weights")
        )
        return cls(centres, spreads, weights, float(described["constant"]))


def fit_blend(signs: Floats, happened: Flags, *, penalty: float = 1.0) -> Blend | None:
    """Return the weights that make what happened most likely, by Newton's method.

    Parameters
    ----------
    signs : one row per case; finite.
    happened : whether it did.
    penalty : ridge on the standardised weights, above 0; the constant is free.

    Returns
    -------
    None where there are no cases of one of the two kinds: nothing can be learnt.
    """
    positives = int(happened.sum())
    if positives == 0 or positives == len(happened):
        return None
    centres, spreads = signs.mean(axis=0), signs.std(axis=0)
    spreads = np.where(spreads > 0, spreads, 1.0)
    design = np.column_stack([np.ones(len(signs)), (signs - centres) / spreads])
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 1e-9
    rate = positives / len(happened)
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(rate / (1 - rate))
    for _ in range(_STEPS_MAX):
        chance = special.expit(design @ beta)
        slope = design.T @ (chance - happened) + ridge * beta
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curve, slope)
        beta = beta - np.clip(step, -2.0, 2.0)  # from a start far away a full step may overshoot
        if np.abs(step).max() < _CLOSE_ENOUGH:
            break
    return Blend(centres, spreads, beta[1:], float(beta[0]))
