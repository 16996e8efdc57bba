"""Whether customers arrived in the arms as planned: asked before any effect is looked at.

If they did not, something between assignment and counting lost customers of one arm more than
of another, and the arms are no longer alike: no effect may be read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tenure.kernel import OptionError, Undefined
from tenure.kernel.scipy_library import special

ALARM = 0.01
"""P-value below which the split counts as broken: of 100 sound experiments one would."""

CONCENTRATION = 1000.0
"""Weight, in customers, of the planned split in the sequential check's prior: departures of one
or two points from the plan are what it expects if something is broken."""


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The check of one experiment's split.

    Parameters
    ----------
    customers : by arm, as counted.
    expected : by arm, as the weights would have it.
    p_value : chance of a split at least as uneven if nothing is broken; for the sequential
        check it holds over all looks together.
    statistic : chi-square, or the logarithm of the Bayes factor against the plan.
    degrees : degrees of freedom: arms with weight above 0, less one.
    method : `chi_square` or `sequential`.
    is_broken : the p-value lies below the alarm.
    alarm : the p-value at which it rings.
    """

    customers: dict[str, int]
    expected: dict[str, float]
    p_value: float | Undefined
    statistic: float | Undefined
    degrees: int
    method: str
    is_broken: bool
    alarm: float


def sample_ratio(
    customers: Mapping[str, int], weights: Mapping[str, float], *, alarm: float = ALARM
) -> SampleRatio:
    """Return the chi-square check of the split, for one look at the end.

    Parameters
    ----------
    customers : counted by arm; arms that are absent have none.
    weights : planned by arm, at least 0; they need not sum to 1.
    alarm : p-value below which the split counts as broken.

    Returns
    -------
    Undefined p-value where there are no customers or fewer than two arms with weight. Customers
    in an arm of weight 0 are a broken split whatever the rest looks like.

    References
    ----------
    Fabijan et al. (2019), Diagnosing sample ratio mismatch in online controlled experiments,
    KDD, doi:10.1145/3292500.3330722.
    """
    counts, shares, strays = _split(customers, weights)
    total, degrees = sum(counts.values()), len(shares) - 1
    expected = {arm: share * total for arm, share in shares.items()}
    p_value: float | Undefined = Undefined("nothing_to_compare")
    statistic: float | Undefined = Undefined("nothing_to_compare")
    if total and degrees > 0:
        statistic = sum(
            (counts[arm] - mean) / mean * (counts[arm] - mean) for arm, mean in expected.items()
        )
        p_value = float(special.chdtrc(degrees, statistic))
    return SampleRatio(
        {**counts, **strays},
        {**expected, **dict.fromkeys(strays, 0.0)},
        p_value,
        statistic,
        degrees,
        "chi_square",
        bool(strays) or (not isinstance(p_value, Undefined) and p_value < alarm),
        alarm,
    )


def sequential_sample_ratio(
    customers: Mapping[str, int],
    weights: Mapping[str, float],
    *,
    alarm: float = ALARM,
    concentration: float = CONCENTRATION,
) -> SampleRatio:
    """Return the check of the split that may be made every day without false alarms piling up.

    Parameters
    ----------
    customers, weights, alarm : as in `sample_ratio`.
    concentration : weight of the plan in the prior, in customers.

    References
    ----------
    Lindon, Malek (2022), Anytime-valid inference for multinomial count data, NeurIPS 35:
    a Dirichlet mixture around the plan; its Bayes factor is a martingale if nothing is broken.
    """
    counts, shares, strays = _split(customers, weights)
    if not 0 < concentration < math.inf:
        raise OptionError(f"concentration {concentration}", "above 0", "pass e.g. 1000")
    total, degrees = sum(counts.values()), len(shares) - 1
    p_value: float | Undefined = Undefined("nothing_to_compare")
    factor: float | Undefined = Undefined("nothing_to_compare")
    if total and degrees > 0:
        factor = float(special.gammaln(concentration) - special.gammaln(concentration + total))
        for arm, share in shares.items():
            prior = concentration * share
            factor += float(special.gammaln(prior + counts[arm]) - special.gammaln(prior))
            factor -= counts[arm] * math.log(share)
        p_value = math.exp(min(0.0, -factor))
    return SampleRatio(
        {**counts, **strays},
        {**{arm: share * total for arm, share in shares.items()}, **dict.fromkeys(strays, 0.0)},
        p_value,
        factor,
        degrees,
        "sequential",
        bool(strays) or (not isinstance(p_value, Undefined) and p_value < alarm),
        alarm,
    )


def _split(
    customers: Mapping[str, int], weights: Mapping[str, float]
) -> tuple[dict[str, int], dict[str, float], dict[str, int]]:
    """Return counts and shares of the arms with weight, and customers of the other arms."""
    wrong = {arm: weight for arm, weight in weights.items() if not 0 <= weight < math.inf}
    negative = {arm: count for arm, count in customers.items() if count < 0}
    if wrong or negative or not any(weights.values()):
        raise OptionError(
            f"weights {dict(weights)}, customers {dict(customers)}",
            "weights from 0 up, one of them above 0, and counts from 0 up",
            "take the weights from the experiment's design",
        )
    total = sum(weights.values())
    shares = {arm: weight / total for arm, weight in weights.items() if weight > 0}
    counts = {arm: int(customers.get(arm, 0)) for arm in shares}
    strays = {arm: int(n) for arm, n in customers.items() if arm not in shares and n}
    return counts, shares, strays
