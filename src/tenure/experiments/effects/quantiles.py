"""Quantiles of an arm and their difference: from a few order statistics around each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import numpy.typing as npt

from tenure.engine.relations import Relation, TableLike, relation
from tenure.experiments.effects.arm_statistics import clusters_in_several_arms
from tenure.experiments.effects.effect import ArmEstimate, Effect, contrast, effect
from tenure.experiments.effects.modes import FixedHorizon, Mode
from tenure.experiments.effects.moments import FloatArray
from tenure.kernel import DataError, OptionError, Undefined

_SPREAD = 1.959963984540054  # standard errors to each side at which order statistics are taken
_NORMAL = 1e18  # degrees of freedom: the normal distribution


@dataclass(frozen=True, slots=True)
class QuantileStatistics:
    """One arm's quantile with the order statistics that say how surely it is known.

    Parameters
    ----------
    arm : name of the arm.
    customers : everybody assigned to it.
    missing : of these, customers whose outcome is unknown.
    level : which quantile, 0..1 exclusive; 0.5 is the median.
    value : the quantile, between neighbours linearly; None if there is none.
    low, high : order statistics 1.96 standard errors of the share below it away; None where
        the arm has too few customers to reach that far.
    units : clusters where there are any, else customers with a known outcome.
    """

    arm: str
    customers: int
    missing: int
    level: float
    value: float | None
    low: float | None
    high: float | None
    units: int


def quantile_effect(
    control: QuantileStatistics, treatment: QuantileStatistics, *, mode: Mode | None = None
) -> Effect:
    """Return the difference of two arms' quantiles.

    The variance of a quantile comes from the width of Woodruff's interval. There is none where
    customers heap on one value (a median of 0): neighbours then say nothing of its uncertainty.

    Parameters
    ----------
    control, treatment : the arms, at the same level.
    mode : how the experiment is read; None is once, at its end, with 95 %.

    References
    ----------
    Woodruff (1952), JASA 47, 635-646, doi:10.1080/01621459.1952.10483443.
    """
    mode = FixedHorizon() if mode is None else mode
    if control.level != treatment.level:
        raise DataError(
            f"quantiles {control.level} and {treatment.level}",
            "the same quantile of both arms",
            "aggregate both with one level",
        )
    arms = (control.arm, treatment.arm)
    found = contrast(_estimate(control), _estimate(treatment), "quantile")
    return effect(found, mode, arms=arms)


def quantile_statistics(
    data: TableLike,
    *,
    level: float,
    arm: str = "arm",
    outcome: str = "outcome",
    cluster: str | None = None,
    arms: Sequence[str] | None = None,
) -> tuple[QuantileStatistics, ...]:
    """Return each arm's quantile, worked out by the engine that holds the table.

    Parameters
    ----------
    data : one row per customer.
    level : which quantile, 0..1 exclusive.
    arm, outcome, cluster : names of the columns; a cluster only where clusters were assigned.
    arms : arms to return, in this order; None is all, sorted.

    Raises
    ------
    DataError : a column is absent, or a cluster lies in several arms.
    OptionError : the level is not between 0 and 1.
    """
    check_level(level)
    source = relation(data)
    absent = [name for name in (arm, outcome, cluster) if name and name not in source.table.columns]
    if absent:
        raise DataError(
            f"a table without {', '.join(absent)}", "one row per customer", "name its columns"
        )
    table = source.table
    groups = {"arm": table[arm].cast("string")}
    if cluster is not None:
        groups["cluster"] = table[cluster].cast("string")
    number = table[outcome].cast("float64")
    broken = number.isnan() | number.isinf()
    rows = table.select(**groups, outcome=ibis.ifelse(broken, ibis.null("float64"), number))
    counted = rows.group_by("arm").aggregate(customers=rows.count(), known=rows.outcome.count())
    counts = {row["arm"]: row for row in source.collect(counted).to_pylist()}
    known = Relation(rows.filter(rows.outcome.notnull()), source.engine)
    if cluster is not None:
        _check_clusters(known)
    return tuple(
        _of_engine(known, name, counts.get(name), level, is_clustered=cluster is not None)
        for name in (sorted(counts) if arms is None else arms)
    )


def quantile_statistics_from_arrays(
    arm: npt.ArrayLike,
    outcome: npt.ArrayLike,
    *,
    level: float,
    cluster: npt.ArrayLike | None = None,
    arms: Sequence[str] | None = None,
) -> tuple[QuantileStatistics, ...]:
    """Return each arm's quantile from arrays with one entry per customer.

    Parameters
    ----------
    arm, outcome, cluster : arm, outcome (NaN is unknown) and cluster of each customer.
    level, arms : as in `quantile_statistics`.
    """
    check_level(level)
    names = np.asarray(arm).astype(str)
    values = np.asarray(outcome, np.float64)
    groups = None if cluster is None else np.asarray(cluster).astype(str)
    if values.shape != names.shape or (groups is not None and groups.shape != names.shape):
        raise DataError(
            "arrays of different lengths", "one entry per customer", "take them from one table"
        )
    if groups is not None:
        pairs = np.unique(np.stack((groups, names)), axis=1)
        if pairs.shape[1] > len(np.unique(groups)):
            raise clusters_in_several_arms(pairs.shape[1] - len(np.unique(groups)))
    found = []
    for name in sorted(set(names.tolist())) if arms is None else arms:
        member = names == name
        known = member & np.isfinite(values)
        ordered = np.sort(values[known])
        counts = None
        if groups is not None:
            counts = _array_clusters(values[known], groups[known])
        found.append(
            _summary(
                name,
                int(member.sum()),
                int(known.sum()),
                level,
                _ranked(ordered),
                counts,
            )
        )
    return tuple(found)


def check_level(level: float) -> None:
    """Raise an `OptionError` unless a quantile's level lies between 0 and 1."""
    if not 0 < level < 1:
        raise OptionError(f"level {level}", "a share between 0 and 1", "pass 0.5 for the median")


Ranks = Callable[[Sequence[int]], list[float]]
Clusters = Callable[[float], tuple[FloatArray, FloatArray]]


def _ranked(ordered: FloatArray) -> Ranks:
    return lambda ranks: [float(ordered[rank - 1]) for rank in ranks]


def _array_clusters(values: FloatArray, groups: npt.NDArray[np.str_]) -> Clusters:
    _, places = np.unique(groups, return_inverse=True)

    def counts(value: float) -> tuple[FloatArray, FloatArray]:
        below = np.bincount(places, weights=(values <= value).astype(np.float64))
        return below.astype(np.float64), np.bincount(places).astype(np.float64)

    return counts


def _of_engine(
    known: Relation, name: str, counted: dict[str, int] | None, level: float, *, is_clustered: bool
) -> QuantileStatistics:
    table = known.table.filter(known.table.arm == name)

    def ranks(wanted: Sequence[int]) -> list[float]:
        ordered = table.mutate(rank=ibis.row_number().over(order_by=table.outcome) + 1)
        chosen = ordered.filter(ordered["rank"].isin(sorted(set(wanted))))
        rows = known.collect(chosen.select("rank", "outcome")).to_pylist()
        found = {int(row["rank"]): float(row["outcome"]) for row in rows}
        return [found[rank] for rank in wanted]

    def clusters(value: float) -> tuple[FloatArray, FloatArray]:
        below = (table.outcome <= value).cast("int64").sum()
        grouped = table.group_by("cluster").aggregate(below=below, members=table.count())
        rows = known.collect(grouped).to_pylist()
        return (
            np.array([float(row["below"]) for row in rows]),
            np.array([float(row["members"]) for row in rows]),
        )

    customers, count = (counted["customers"], counted["known"]) if counted else (0, 0)
    return _summary(name, customers, count, level, ranks, clusters if is_clustered else None)


def _check_clusters(known: Relation) -> None:
    table = known.table
    several = table.group_by("cluster").aggregate(arms=table.arm.nunique())
    counted = several.aggregate(several=(several.arms > 1).cast("int64").sum())
    split = int(known.collect(counted).to_pylist()[0]["several"] or 0)
    if split:
        raise clusters_in_several_arms(split)


def _summary(
    name: str, customers: int, count: int, level: float, ranks: Ranks, clusters: Clusters | None
) -> QuantileStatistics:
    missing = customers - count
    if not count:
        return QuantileStatistics(name, customers, missing, level, None, None, None, 0)
    place = (count - 1) * level
    before = min(int(place), count - 1)
    first, second = ranks((before + 1, min(before + 2, count)))
    value = first + (second - first) * (place - before)
    share_variance, units = level * (1 - level) / count, count
    if clusters is not None:
        share_variance, units = _clustered_variance(*clusters(value))
    reach = _SPREAD * math.sqrt(share_variance)
    lowest = math.floor(count * (level - reach))
    highest = math.ceil(count * (level + reach)) + 1
    low = high = None
    if lowest >= 1 and highest <= count:
        low, high = ranks((lowest, highest))
    return QuantileStatistics(name, customers, missing, level, value, low, high, units)


def _clustered_variance(below: FloatArray, members: FloatArray) -> tuple[float, int]:
    """Return the variance of the share below a value where clusters are the units."""
    units = len(members)
    if units < 2:
        return 1.0, units
    rest = below - members * (below.sum() / members.sum())
    variance = float(rest @ rest) / (units - 1)
    return variance * units / float(members.sum()) ** 2, units


def _estimate(given: QuantileStatistics) -> ArmEstimate | Undefined:
    if given.customers == 0:
        return Undefined("empty_arm")
    if given.value is None or given.low is None or given.high is None:
        return Undefined("too_few_customers")
    if given.high == given.low:
        return Undefined("quantile_on_heaped_values")
    error = (given.high - given.low) / (2 * _SPREAD)
    variance = error * error
    return ArmEstimate(
        given.arm, given.value, variance, given.value, variance, variance, _NORMAL, given.units
    )
