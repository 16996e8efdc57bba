"""Guardrails: what must not get worse while something else gets better (unsubscribes, complaints).

Not finding a harm is no proof of its absence. A guardrail holds only where the interval ends
before the margin that was agreed to be tolerable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tenure.experiments.effects.effect import Effect
from tenure.kernel import OptionError, Undefined

Better = Literal["higher", "lower"]
GuardrailState = Literal["held", "broken", "unclear", "not_measurable"]


@dataclass(frozen=True, slots=True)
class Margin:
    """The harm that is tolerable.

    Parameters
    ----------
    size : above 0; relative 0.02 is two percent of the control.
    scale : `relative` or `absolute`.
    """

    size: float
    scale: Literal["absolute", "relative"] = "relative"

    def __post_init__(self) -> None:
        if not 0 < self.size < math.inf:
            raise OptionError(
                f"margin {self.size}", "above 0", "agree what harm is tolerable, e.g. 0.02"
            )


@dataclass(frozen=True, slots=True)
class GuardrailResult:
    """Whether a guardrail held.

    Parameters
    ----------
    state : `held`, the interval ends before the margin; `broken`, a harm is shown (the whole
        interval lies on the bad side of 0) and larger than the margin is not excluded;
        `unclear`; `not_measurable`.
    worst : largest harm that the data leave open, on the margin's scale, from 0 up.
    margin : what was tolerable.
    """

    state: GuardrailState
    worst: float | Undefined
    margin: Margin


def guardrail(given: Effect, *, margin: Margin, better: Better) -> GuardrailResult:
    """Return whether an outcome got no worse than the margin allows (non-inferiority).

    The interval is the two-sided one of the effect: at 95 % the test is one-sided at 2.5 %.

    Parameters
    ----------
    given : the effect.
    margin : the harm that is tolerable.
    better : whether a higher or a lower outcome is the better one.

    References
    ----------
    Wellek (2010), Testing Statistical Hypotheses of Equivalence and Noninferiority.
    """
    found = given.relative if margin.scale == "relative" else given.absolute
    if isinstance(found, Undefined):
        return GuardrailResult("not_measurable", found, margin)
    worst, best = -found.low, -found.high
    if better == "lower":
        worst, best = found.high, found.low
    if worst < margin.size:
        state: GuardrailState = "held"
    elif best > 0:
        state = "broken"
    else:
        state = "unclear"
    return GuardrailResult(state, max(0.0, worst), margin)
