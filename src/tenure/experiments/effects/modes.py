"""How an experiment is read, chosen before it starts: once at its end, or again and again.

A mode says how many standard errors an interval reaches to each side, and which p-value goes
with it; interval and p-value of one mode always agree on whether there is a difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

from tenure.kernel import OptionError
from tenure.kernel.scipy_library import special

_LARGEST_DEGREES = 1e9  # beyond it Student's distribution is the normal one, digit by digit


class Mode(Protocol):
    """A way to read an experiment."""

    @property
    def name(self) -> str:
        """Stable name of the mode."""

    @property
    def confidence(self) -> float:
        """Nominal coverage of its intervals, 0..1."""

    def reach(self, degrees: float, customers: int) -> float:
        """Return how many standard errors the interval reaches to each side."""

    def p_value(self, statistic: float, degrees: float, customers: int) -> float:
        """Return the two-sided p-value of a difference in standard errors."""


@dataclass(frozen=True, slots=True)
class FixedHorizon:
    """Read once, when the planned number of customers has been reached.

    Parameters
    ----------
    confidence : nominal coverage, 0..1 exclusive.
    """

    confidence: float = 0.95
    name: ClassVar[str] = "fixed_horizon"

    def __post_init__(self) -> None:
        check_confidence(self.confidence)

    def reach(self, degrees: float, customers: int) -> float:
        """Return Student's quantile."""
        return student_quantile(0.5 + self.confidence / 2, degrees)

    def p_value(self, statistic: float, degrees: float, customers: int) -> float:
        """Return the p-value of Student's test."""
        return two_sided_p(statistic, degrees)


@dataclass(frozen=True, slots=True)
class ConfidenceSequence:
    """May be read after every customer, and stopped whenever one likes.

    The interval covers the truth at all looks together at its nominal rate. It is wider than
    one that is read once; least so near `tuning_customers`.

    Parameters
    ----------
    confidence : nominal coverage over all looks together, 0..1 exclusive.
    tuning_customers : customers of both arms at which the interval is made tightest: those
        expected when it will be decided. To be chosen before the start.

    References
    ----------
    Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), Time-uniform central limit theory and
    asymptotic confidence sequences, Annals of Statistics 52(6), 2613-2640,
    doi:10.1214/24-AOS2408: theorem 2.2 with the parameter rho of appendix B.2.
    """

    confidence: float = 0.95
    tuning_customers: int = 5000
    name: ClassVar[str] = "confidence_sequence"

    def __post_init__(self) -> None:
        check_confidence(self.confidence)
        if self.tuning_customers < 1:
            raise OptionError(
                f"tuning_customers {self.tuning_customers}",
                "at least 1",
                "pass the number of customers at which you expect to decide",
            )

    def reach(self, degrees: float, customers: int) -> float:
        """Return the half width of the sequence at this number of customers."""
        spread = self._spread(customers)
        alpha = 1 - self.confidence
        return math.sqrt((1 + 1 / spread) * (math.log1p(spread) - 2 * math.log(alpha)))

    def p_value(self, statistic: float, degrees: float, customers: int) -> float:
        """Return the always-valid p-value: the smallest level whose interval leaves 0 out."""
        spread = self._spread(customers)
        exponent = (math.log1p(spread) - statistic * statistic * (spread / (1 + spread))) / 2
        return math.exp(min(0.0, exponent))

    def _spread(self, customers: int) -> float:
        """Return customers times rho squared: how much is known beside what was tuned for."""
        alpha = 1 - self.confidence
        rho_squared = (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / (
            self.tuning_customers
        )
        return max(customers, 1) * rho_squared


def student_quantile(probability: float, degrees: float) -> float:
    """Return a quantile of Student's distribution."""
    if degrees > _LARGEST_DEGREES:
        return float(special.ndtri(probability))
    return float(special.stdtrit(degrees, probability))


def two_sided_p(statistic: float, degrees: float) -> float:
    """Return the chance of a difference at least as large, to either side, if there is none."""
    if degrees > _LARGEST_DEGREES:
        return float(2 * special.ndtr(-abs(statistic)))
    return float(2 * special.stdtr(degrees, -abs(statistic)))


def check_confidence(confidence: float) -> None:
    """Raise an `OptionError` unless a confidence lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise OptionError(
            f"confidence {confidence}", "a share between 0 and 1", "pass 0.95 for 95 %"
        )
