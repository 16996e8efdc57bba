"""What one contact is believed to bring each customer, and how unsure that is.

A prior is one belief about everybody: were it wrong, it would be wrong for all alike. A fitted
uplift model speaks of each customer and is already drawn towards the mean by what it is known to
get wrong; where a prior stands beside it, both count by their precision. That shrinks what a plan
would else chase: of many estimates, the largest are the most overrated.

References
----------
Smith, Winkler (2006), The Optimizer's Curse, Management Science 52(3), 311-322.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.kernel import OptionError
from tenure.strategies.definition import Prior, Tactic

Floats = npt.NDArray[np.float64]
Scale = Literal["value", "probability"]
Basis = Literal["assumption", "published", "measured", "uplift_model"]


class EffectModel(Protocol):
    """A fitted model of what an action changes for each customer."""

    def predict_effects(self, X: object) -> tuple[Floats, Floats]:  # noqa: N803
        """Return each customer's expected effect and its standard deviation."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FittedEffect:
    """A fitted model with what it needs to be used in a plan.

    Parameters
    ----------
    model : the model.
    scale : of its effects: `value`, net revenue; `probability`, of one more order.
    features : the columns it reads, one row per customer, in the plan's order.
    """

    model: EffectModel
    scale: Scale
    features: pa.Table


@dataclass(frozen=True, slots=True, eq=False)
class BelievedEffect:
    """What one contact by a tactic brings, in money after margin.

    Parameters
    ----------
    mean : per customer; not-a-number where what it is worth to her is unknown.
    deviation : standard deviation of the belief, per customer.
    unit_mean : mean over customers on the scale of the strategy's text.
    unit_deviation : mean standard deviation on that scale.
    scale : `value` or `probability`.
    basis : what it rests on.
    """

    mean: Floats
    deviation: Floats
    unit_mean: float
    unit_deviation: float
    scale: Scale
    basis: Basis

    @property
    def is_measured(self) -> bool:
        """Tell whether the business itself measured it."""
        return self.basis in ("measured", "uplift_model")

    def at(self, deviations: float) -> Floats:
        """Return the effect so many standard deviations above what is expected."""
        return np.asarray(self.mean + deviations * self.deviation, np.float64)


def believed_effect(
    tactic: Tactic,
    worth: Mapping[str, Floats],
    customers: int,
    *,
    margin: float,
    fitted: FittedEffect | None = None,
) -> BelievedEffect:
    """Return what one contact by a tactic is believed to bring each customer.

    Parameters
    ----------
    tactic : whose effect.
    worth : numeric columns of the snapshot that a prior may name, per customer.
    customers : how many.
    margin : share of revenue that is left where the tactic names none, 0..1.
    fitted : its uplift model, if there is one.

    Raises
    ------
    OptionError : a prior and a model of different scales, or no effect at all.
    """
    prior = tactic.effect.prior
    kept = margin if tactic.margin is None else tactic.margin
    if fitted is None:
        if prior is None:
            raise OptionError(
                f"tactic {tactic.name!r} with an effect that is neither fitted nor stated",
                "a fitted uplift model, or a prior",
                "fit the model, or add a prior to the tactic",
            )
        unit = np.full(customers, prior.mean), np.full(customers, prior.standard_deviation)
        scale: Scale = prior.scale
        basis: Basis = prior.basis
    else:
        if prior is not None and prior.scale != fitted.scale:
            raise OptionError(
                f"tactic {tactic.name!r} with a prior of {prior.scale} and a model of "
                f"{fitted.scale}",
                "one scale",
                "state the prior on the model's scale, or leave it out",
            )
        unit = _pooled(*fitted.model.predict_effects(fitted.features), prior)
        scale, basis = fitted.scale, "uplift_model"
    money = kept * (_worth(prior, worth, customers) if scale == "probability" else 1.0)
    mean, deviation = unit
    return BelievedEffect(
        np.asarray(mean * money, np.float64),
        np.asarray(deviation * money, np.float64),
        float(mean.mean()) if customers else 0.0,
        float(deviation.mean()) if customers else 0.0,
        scale,
        basis,
    )


def _pooled(mean: Floats, deviation: Floats, prior: Prior | None) -> tuple[Floats, Floats]:
    """Return a model's effects drawn towards the prior, each by its precision."""
    if prior is None:
        return mean, deviation
    between = prior.standard_deviation**2
    weight = between / (between + deviation**2)
    return weight * mean + (1 - weight) * prior.mean, np.sqrt(weight) * deviation


def _worth(prior: Prior | None, worth: Mapping[str, Floats], customers: int) -> Floats:
    if prior is None or prior.worth is None:
        raise OptionError(
            "an effect on probability without what an order is worth",
            "`worth`: a numeric column of the snapshot, or an amount",
            "add it to the tactic's prior",
        )
    if isinstance(prior.worth, Decimal):
        return np.full(customers, float(prior.worth))
    return worth[prior.worth]
