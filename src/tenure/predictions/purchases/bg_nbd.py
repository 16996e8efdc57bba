"""BG/NBD: purchases at a customer's own rate, and a chance to leave after each repeat purchase."""

from __future__ import annotations

from tenure.predictions.purchases.beta_geometric import BetaGeometricModel


class BGNBD(BetaGeometricModel):
    """The beta-geometric / negative binomial model (Fader, Hardie and Lee 2005).

    Parameters
    ----------
    penalty : ridge on the logarithms of r, alpha (in mean ages), a and b, >= 0: the precision of
        a normal prior. For few customers.
    covariates : columns known when a customer was won, numbers or texts. A coefficient above 0 of
        `alpha[...]` means more purchases: alpha exp(-z g), a exp(z g), b exp(z g)
        (Fader and Hardie 2007, note 019). Numbers enter in standard deviations from their mean,
        texts against the most common one.
    covariate_penalty : ridge on the coefficients, >= 0.

    References
    ----------
    P. S. Fader, B. G. S. Hardie, K. L. Lee (2005), "Counting Your Customers" the Easy Way,
    Marketing Science 24(2), 275-284, doi:10.1287/mksc.1040.0098.

    Examples
    --------
    >>> model = BGNBD().fit(
    ...     {
    ...         "repeat_order_day_count": [2, 0, 5, 1, 0, 3],
    ...         "age_at_last_order_days": [30, 0, 160, 12, 0, 60],
    ...         "age_days": [180, 90, 190, 200, 40, 150],
    ...     }
    ... )
    >>> sorted(model.parameters_)
    ['a', 'alpha', 'b', 'r']
    """

    _chances_before = 0
