"""Post-stratification: arms compared within strata, then averaged as the strata occur."""

from __future__ import annotations

from collections.abc import Mapping

from tenure.experiments.effects.arm_statistics import ArmStatistics
from tenure.experiments.effects.effect import Contrast, Effect, effect, finite
from tenure.experiments.effects.modes import FixedHorizon, Mode
from tenure.experiments.effects.moments import Moments
from tenure.kernel import DataError, Undefined

SMALLEST_STRATUM = 20
"""Customers of a stratum in an arm below which it is put together with other small ones."""


def stratified_effect(
    control: ArmStatistics, treatment: ArmStatistics, *, mode: Mode | None = None
) -> Effect:
    """Return the difference of means, stratum by stratum, weighted by their customers.

    Differences between strata no longer count as chance. Strata too small to compare are put
    together, which the notes say (`small_strata_merged`).

    Parameters
    ----------
    control, treatment : the arms, aggregated with a stratum known before the assignment.
    mode : how the experiment is read; None is once, at its end, with 95 %.

    Raises
    ------
    DataError : the statistics have no strata, or clusters were assigned: their customers are
        not independent of each other within a stratum.

    References
    ----------
    Miratrix, Sekhon, Yu (2013), Adjusting treatment effect estimates by post-stratification
    in randomized experiments, JRSS B 75, 369-396, doi:10.1111/j.1467-9868.2012.01048.x.
    """
    mode = FixedHorizon() if mode is None else mode
    arms = (control.arm, treatment.arm)
    pairs = _pairs(control, treatment)
    merged_pairs = _large_enough(pairs)
    notes = ("small_strata_merged",) if len(merged_pairs) < len(pairs) else ()
    return effect(_contrast(merged_pairs, arms), mode, arms=arms, notes=notes)


def can_stratify(*arms: ArmStatistics) -> bool:
    """Tell whether arms can be compared within strata: they have them, and no clusters."""
    has_strata = all(arm.strata or not arm.moments.count for arm in arms)
    return has_strata and all(arm.clusters is None for arm in arms)


def _pairs(control: ArmStatistics, treatment: ArmStatistics) -> dict[str, tuple[Moments, Moments]]:
    if not can_stratify(control, treatment):
        raise DataError(
            f"statistics of {control.arm!r} and {treatment.arm!r} without strata, or of clusters",
            "customers assigned one by one, by stratum",
            "name a stratum when you aggregate, and no cluster",
        )
    ones, others = dict(control.strata), dict(treatment.strata)
    empty = Moments(0, ("outcome",), (0.0,), ((0.0,),))

    def only_outcome(given: Mapping[str, Moments], name: str) -> Moments:
        found = given.get(name)
        if found is None:
            return empty
        place = found.quantities.index("outcome")
        products = ((found.products[place][place],),)
        return Moments(found.count, ("outcome",), (found.means[place],), products)

    names = sorted({*ones, *others})
    return {name: (only_outcome(ones, name), only_outcome(others, name)) for name in names}


def _large_enough(pairs: dict[str, tuple[Moments, Moments]]) -> list[tuple[Moments, Moments]]:
    """Put the smallest strata together until each has customers enough in both arms."""
    ordered = sorted(pairs.items(), key=lambda item: (min(_counts(item[1])), item[0]))
    found = [pair for _, pair in ordered]
    while len(found) > 1 and min(_counts(found[0])) < SMALLEST_STRATUM:
        (one, other), (next_one, next_other) = found[0], found[1]
        found[:2] = [(one.merged(next_one), other.merged(next_other))]
        found.sort(key=lambda pair: min(_counts(pair)))
    return found


def _counts(pair: tuple[Moments, Moments]) -> tuple[int, int]:
    return pair[0].count, pair[1].count


def _contrast(pairs: list[tuple[Moments, Moments]], arms: tuple[str, str]) -> Contrast | Undefined:
    if not pairs or any(sum(pair[side].count for pair in pairs) == 0 for side in (0, 1)):
        return Undefined("empty_arm")
    if any(min(_counts(pair)) < 2 for pair in pairs):
        return Undefined("too_few_customers")
    total = sum(sum(_counts(pair)) for pair in pairs)
    weights = [sum(_counts(pair)) / total for pair in pairs]
    ones, others = ([pair[side].mean("outcome") for pair in pairs] for side in (0, 1))
    gaps = [other - one for one, other in zip(ones, others, strict=True)]
    baseline = _weighted(weights, ones)
    difference = _weighted(weights, gaps)
    parts = [
        [
            w * w * _variance(pair[side]) / pair[side].count
            for w, pair in zip(weights, pairs, strict=True)
        ]
        for side in (0, 1)
    ]
    noise = sum(parts[0]) + sum(parts[1])
    if noise == 0:
        return Undefined("no_variance")
    # The shares of the strata are themselves a sample's: they move effects that differ.
    gap_moves = [gap - difference for gap in gaps]
    base_moves = [one - baseline for one in ones]
    spare = [[pair[side].count - 1 for pair in pairs] for side in (0, 1)]
    small = sum(
        (part / noise) * (part / noise) / count
        for own, counts in zip(parts, spare, strict=True)
        for part, count in zip(own, counts, strict=True)
    )
    shared = _weighted(weights, [a * b for a, b in zip(gap_moves, base_moves, strict=True)]) / total
    return finite(
        Contrast(
            *arms,
            difference=difference,
            variance=noise + _weighted(weights, [move * move for move in gap_moves]) / total,
            baseline=baseline,
            baseline_variance=sum(parts[0])
            + _weighted(weights, [move * move for move in base_moves]) / total,
            covariance=shared - sum(parts[0]),
            treated=_weighted(weights, others),
            degrees=1 / small,
            units=total,
            method="post_stratified",
        )
    )


def _variance(moments: Moments) -> float:
    return 0.0 if moments.is_constant("outcome") else moments.variance("outcome")


def _weighted(weights: list[float], values: list[float]) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))
