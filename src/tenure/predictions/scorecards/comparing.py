"""Which predictor is better than which, beyond chance: paired draws of the same customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tenure.predictions.scorecards.arrays import Floats, ratio
from tenure.predictions.scorecards.readings import Reading, resampled


@dataclass(frozen=True, slots=True)
class Judged:
    """The figure that predictors are judged by: of the data, and in each draw.

    Parameters
    ----------
    values : by predictor.
    draws : by predictor, one per draw, the same draws for all.
    lower_is_better : whether it is an error.
    """

    values: Mapping[str, float]
    draws: Mapping[str, Floats]
    lower_is_better: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """A predictor against one rival.

    Parameters
    ----------
    rival : the rival's name.
    skill : 1 - error / rival's error (of a figure where higher is better: figure / rival's - 1);
        above 0 the predictor is better.
    better, worse : whether the difference is beyond chance at the scorecard's confidence.
    """

    rival: str
    skill: Reading
    better: bool
    worse: bool


def compare(judged: Judged, model: str, rival: str, *, confidence: float) -> Comparison:
    """Return a predictor against one rival.

    Parameters
    ----------
    judged : the figure by which.
    model, rival : names of two predictors.
    confidence : of the two-sided interval of their difference, 0..1.
    """
    sign = 1.0 if judged.lower_is_better else -1.0
    values, draws = judged.values, judged.draws
    ahead = resampled(
        sign * (values[rival] - values[model]), sign * (draws[rival] - draws[model]), confidence
    )
    skill = resampled(
        float(sign * (1 - ratio(values[model], values[rival]))),
        sign * (1 - ratio(draws[model], draws[rival])),
        confidence,
    )
    return Comparison(
        rival,
        skill,
        better=ahead.low is not None and ahead.low > 0,
        worse=ahead.high is not None and ahead.high < 0,
    )


def unbeaten(judged: Judged, names: Sequence[str], *, confidence: float) -> tuple[str, ...]:
    """Return the predictors that none of the others beats beyond chance.

    A predictor is beaten if its largest standardised gap to any other exceeds what the largest
    of as many gaps reaches by chance, so that many rivals do not make a false winner.

    Parameters
    ----------
    judged : the figure by which.
    names : the predictors compared.
    confidence : two-sided; a predictor that is as good as all others is called beaten with
        probability (1 - confidence) / 2.

    References
    ----------
    Hansen, Lunde, Nason (2011), The Model Confidence Set, Econometrica 79(2), 453-497.
    """
    sign = 1.0 if judged.lower_is_better else -1.0
    values = np.array([sign * judged.values[name] for name in names])
    draws = np.column_stack([sign * judged.draws[name] for name in names])
    draws = draws[np.isfinite(draws).all(axis=1)]
    if len(names) < 2 or len(draws) < 2:
        return tuple(names)
    kept = []
    for i, name in enumerate(names):
        gaps = draws[:, [i]] - draws
        noise = gaps - gaps.mean(axis=0)
        error = noise.std(axis=0, ddof=1)
        # Two predictors that say the same have no gap and no error.
        apart = error > 1e-12 * max(abs(values[i]), 1e-300)
        if not apart.any():
            kept.append(name)
            continue
        largest = ((values[i] - values)[apart] / error[apart]).max()
        by_chance = (noise[:, apart] / error[apart]).max(axis=1)
        if largest <= np.quantile(by_chance, (1 + confidence) / 2):
            kept.append(name)
    return tuple(kept)
