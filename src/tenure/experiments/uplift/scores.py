"""Effect scores: one number per customer whose mean is the mean effect, over any group of them.

A score is the effect that two outcome models expect, corrected by what the customer really did,
weighed by the known chance of her arm. Its mean over any group chosen without a look at arms and
outcomes is an unbiased estimate of that group's effect, however poor the models are.
"""

from __future__ import annotations

from tenure.experiments.uplift.pilots import Pilot
from tenure.predictions.tables import FloatArray


def effect_scores(given: Pilot, without: FloatArray, treated: FloatArray) -> FloatArray:
    """Return each customer's score.

    Parameters
    ----------
    given : the pilot.
    without, treated : each customer's mean outcome without and with treatment, by models that
        did not learn from her.

    References
    ----------
    Robins, Rotnitzky, Zhao (1994), Estimation of regression coefficients when some regressors
    are not always observed, JASA 89(427), doi:10.1080/01621459.1994.10476818.
    """
    of_treated = given.treated * (given.outcome - treated) / given.propensity
    of_held = (1 - given.treated) * (given.outcome - without) / (1 - given.propensity)
    return treated - without + of_treated - of_held
