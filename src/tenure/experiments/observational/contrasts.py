"""The difference between two groups' means when units of one cluster belong together."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from tenure.kernel import Estimate
from tenure.kernel.scipy_library import special
from tenure.predictions.tables import FloatArray


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference with what is known of its chance.

    Parameters
    ----------
    value : mean of the treated less mean of the others.
    error : its standard error.
    freedom : degrees of freedom of Student's law.
    """

    value: float
    error: float
    freedom: float

    @property
    def p_value(self) -> float:
        """The chance of a difference at least as large where there is none."""
        if self.error <= 0:
            return 1.0 if self.value == 0 else 0.0
        return 2 * float(special.stdtr(self.freedom, -abs(self.value) / self.error))

    def reach(self, confidence: float) -> float:
        """Return half the width of the interval of a nominal coverage."""
        return float(special.stdtrit(self.freedom, 0.5 + confidence / 2)) * self.error

    def estimate(self, confidence: float, method: str) -> Estimate:
        """Return the difference with its interval."""
        reach = self.reach(confidence)
        return Estimate(self.value, self.value - reach, self.value + reach, confidence, method)

    def power(self, size: float, confidence: float) -> float:
        """Return the chance that the test at 1 - `confidence` notices a difference of a size."""
        if self.error <= 0:
            return 1.0 if size else 1 - confidence
        shift, cut = abs(size) / self.error, self.reach(confidence) / self.error
        return NormalDist().cdf(shift - cut) + NormalDist().cdf(-shift - cut)

    def detectable(self, confidence: float, power: float = 0.8) -> float:
        """Return the size of a difference that the test notices with a given chance."""
        return self.reach(confidence) + NormalDist().inv_cdf(power) * self.error


def contrast(
    values: FloatArray, treated: npt.NDArray[np.bool_], cluster: npt.NDArray[np.int64]
) -> Contrast | None:
    """Return the difference of the groups' means; None with fewer than two clusters in a group.

    Parameters
    ----------
    values : one per unit.
    treated : to which group she belongs.
    cluster : number of her cluster.

    Notes
    -----
    Deviations are summed by cluster first. Where each cluster lies in one group, the groups'
    variances are corrected for their own numbers of clusters, and the degrees of freedom are
    Welch's; else clusters are corrected for as one.

    References
    ----------
    Bertrand, Duflo, Mullainathan (2004), How much should we trust differences-in-differences
    estimates?, Quarterly Journal of Economics 119(1), for one figure per unit before and after;
    Liang, Zeger (1986), Biometrika 73(1), for the sums.
    """
    sums, counts, means = [], [], []
    size = int(cluster.max()) + 1
    for group in (treated, ~treated):
        mean = float(values[group].mean())
        deviations = np.where(group, values - mean, 0.0) / group.sum()
        sums.append(np.bincount(cluster, deviations, size))
        counts.append(len(np.unique(cluster[group])))
        means.append(mean)
    if min(counts) < 2:
        return None
    shared = len(np.intersect1d(cluster[treated], cluster[~treated])) > 0
    if shared:
        number = len(np.unique(cluster))
        error = float(np.sqrt(number / (number - 1) * np.square(sums[0] - sums[1]).sum()))
        return Contrast(means[0] - means[1], error, float(number - 1))
    variances = [
        number / (number - 1) * float(np.square(one).sum())
        for number, one in zip(counts, sums, strict=True)
    ]
    total = sum(variances)
    spread = sum(v**2 / (number - 1) for v, number in zip(variances, counts, strict=True))
    freedom = total**2 / spread if spread > 0 else float(sum(counts) - 2)
    return Contrast(means[0] - means[1], total**0.5, freedom)
