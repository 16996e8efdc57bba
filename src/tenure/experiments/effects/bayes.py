"""The Bayesian read-out: the chance that a treatment is better, and what a wrong choice costs.

The effect's sampling distribution and the prior are both normal, so the posterior is a weighted
mean. It answers another question than a test: it needs a prior, and does not pay for looking
often; the prior is stated beside every figure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from tenure.experiments.effects.effect import Effect, interval
from tenure.experiments.effects.modes import check_confidence, student_quantile
from tenure.kernel import Estimate, OptionError, Undefined
from tenure.kernel.scipy_library import special

Scale = Literal["absolute", "relative"]

_SERIES_FROM = 30.0  # beyond it the series is exact to a double, the direct formula is not


@dataclass(frozen=True, slots=True)
class NormalPrior:
    """What was believed of the effect before the experiment.

    Parameters
    ----------
    mean : most believed effect.
    standard_deviation : two in three such effects lie no further from the mean than this.
    scale : `relative`, where 0.1 is ten percent of the control, or `absolute`.
    """

    mean: float = 0.0
    standard_deviation: float = 0.3
    scale: Scale = "relative"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and 0 < self.standard_deviation < math.inf):
            raise OptionError(
                f"prior with mean {self.mean}, standard deviation {self.standard_deviation}",
                "numbers, the standard deviation above 0",
                "pass what past campaigns brought, e.g. 0 and 0.1",
            )


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is believed of an effect after the experiment.

    Parameters
    ----------
    effect : mean and central credible interval, on the prior's scale.
    standard_deviation : of the posterior.
    chance_better : that the treatment is better than the control, 0..1.
    loss_if_chosen : expected loss of taking the treatment, counted where it is worse, >= 0.
    loss_if_declined : expected gain forgone by staying with the control, >= 0.
    prior : what was believed before.
    """

    effect: Estimate
    standard_deviation: float
    chance_better: float
    loss_if_chosen: float
    loss_if_declined: float
    prior: NormalPrior


def posterior(
    given: Effect,
    *,
    prior: NormalPrior | None = None,
    better: Literal["higher", "lower"] = "higher",
    confidence: float = 0.95,
) -> Posterior | Undefined:
    """Return what to believe after the experiment.

    Parameters
    ----------
    given : the effect with its standard error on the prior's scale.
    prior : None is no effect on average, 30 % relative as the standard deviation.
    better : whether a higher or a lower outcome is the better one.
    confidence : mass of the credible interval, 0..1 exclusive.
    """
    check_confidence(confidence)
    prior = NormalPrior() if prior is None else prior
    is_relative = prior.scale == "relative"
    found = given.relative if is_relative else given.absolute
    error = given.relative_standard_error if is_relative else given.standard_error
    if isinstance(found, Undefined):
        return found
    if isinstance(error, Undefined):
        return error
    if error == 0:
        return Undefined("no_variance")
    # Weights by variance, scaled by the larger of the two so that neither square overflows.
    widest = max(error, prior.standard_deviation)
    noise, doubt = (error / widest) ** 2, (prior.standard_deviation / widest) ** 2
    trust = doubt / (doubt + noise)
    mean = prior.mean + trust * (found.value - prior.mean)
    deviation = widest * math.sqrt(noise * trust)
    reach = student_quantile(0.5 + confidence / 2, math.inf) * deviation
    drawn = interval(mean, reach, confidence, "normal_posterior")
    if isinstance(drawn, Undefined):
        return drawn
    if deviation == 0:
        return Undefined("no_variance")
    gain = mean if better == "higher" else -mean
    return Posterior(
        drawn,
        deviation,
        float(special.ndtr(gain / deviation)),
        loss_if_chosen=expected_shortfall(gain, deviation),
        loss_if_declined=expected_shortfall(-gain, deviation),
        prior=prior,
    )


def expected_shortfall(mean: float, deviation: float) -> float:
    """Return the mean of max(0, -X) for a normal X, exact in the far tail too.

    Parameters
    ----------
    mean, deviation : of X; the deviation is above 0.

    Notes
    -----
    deviation * (phi(u) - u * Phi(-u)) with u = mean / deviation. Written by Mills' ratio, and
    by its asymptotic series for large u, where the difference would lose every digit.
    """
    u = mean / deviation
    if u <= 0:
        density = math.exp(-u * u / 2) / math.sqrt(2 * math.pi)
        return deviation * (density - u * float(special.ndtr(-u)))
    density = math.exp(-min(u * u / 2, 800.0)) / math.sqrt(2 * math.pi)
    if u > _SERIES_FROM:
        v = 1 / (u * u)
        return deviation * density * v * (1 - v * (3 - v * (15 - v * (105 - 945 * v))))
    mills = math.sqrt(math.pi / 2) * float(special.erfcx(u / math.sqrt(2)))
    return deviation * density * (1 - u * mills)
