"""What the statistics need of each arm: made by an engine from a table, or from arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tenure.experiments.effects.moments import (
    QUANTITIES,
    FloatArray,
    Moments,
    Quantity,
    empty_moments,
    moments_of,
)
from tenure.kernel import DataError, OptionError

Texts = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class ArmStatistics:
    """The customers of one arm as sums: enough for every estimate but quantiles.

    Parameters
    ----------
    arm : name of the arm.
    customers : everybody assigned to it, whatever is known of them.
    missing : of these, customers with a quantity that is unknown; they are in no moment.
    buyers : customers whose outcome is known and not 0.
    moments : over the customers with every quantity known.
    strata : (name, moments) per stratum, sorted; empty if there are none.
    clusters : moments of the sums of each cluster and of its members, if clusters were assigned.
    cap : amount above which outcomes were cut, the same in every arm; None if none were.
    capped : customers whose outcome was cut.
    """

    arm: str
    customers: int
    moments: Moments
    missing: int = 0
    buyers: int = 0
    strata: tuple[tuple[str, Moments], ...] = ()
    clusters: Moments | None = None
    cap: float | None = None
    capped: int = 0

    @property
    def units(self) -> Moments:
        """Moments over what was assigned: clusters where there are any, else customers."""
        return self.moments if self.clusters is None else self.clusters


def statistics_from_arrays(
    arm: npt.ArrayLike,
    outcome: npt.ArrayLike,
    *,
    denominator: npt.ArrayLike | None = None,
    covariate: npt.ArrayLike | None = None,
    covariate_denominator: npt.ArrayLike | None = None,
    received: npt.ArrayLike | None = None,
    stratum: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
    arms: Sequence[str] | None = None,
    winsorise_share: float | None = None,
) -> tuple[ArmStatistics, ...]:
    """Return the statistics of each arm from arrays with one entry per customer.

    Parameters
    ----------
    arm : name of the arm of each customer.
    outcome : what is measured, e.g. spend; 0 for who did nothing, NaN for unknown.
    denominator : what the outcome is divided by, for ratios, e.g. orders.
    covariate, covariate_denominator : the same two, measured before the experiment.
    received : 1 for customers who received what was planned for them, else 0.
    stratum, cluster : the stratum of a customer; the cluster (store, household) assigned whole.
    arms : arms to return, in this order, those without customers too; None is all, sorted.
    winsorise_share : share of all customers, over all arms, whose outcome stays as it is, e.g.
        0.999; larger outcomes are cut at that quantile, and the covariate at its own.

    Raises
    ------
    DataError : the arrays differ in length, or a cluster lies in several arms.
    OptionError : the share is not between 0 and 1.
    """
    arm_names = np.asarray(arm).astype(str)
    given = (outcome, denominator, covariate, covariate_denominator, received)
    columns: dict[Quantity, FloatArray] = {
        name: np.asarray(values, np.float64)
        for name, values in zip(QUANTITIES[:-1], given, strict=True)
        if values is not None
    }
    groups = {
        name: np.asarray(values).astype(str)
        for name, values in (("stratum", stratum), ("cluster", cluster))
        if values is not None
    }
    _check_lengths(len(arm_names), columns)
    _check_lengths(len(arm_names), groups)
    known: npt.NDArray[np.bool_] = np.all(np.isfinite(np.stack([*columns.values()])), axis=0)
    cap, is_capped = None, np.zeros(len(arm_names), bool)
    if winsorise_share is not None:
        columns, cap, is_capped = _winsorised(columns, known, winsorise_share)
    names = sorted(set(arm_names.tolist())) if arms is None else list(arms)
    if "cluster" in groups:
        _check_clusters(arm_names, groups["cluster"])
    found = []
    for name in names:
        member = arm_names == name
        chosen = member & known
        own = {quantity: values[chosen] for quantity, values in columns.items()}
        found.append(
            ArmStatistics(
                name,
                customers=int(member.sum()),
                moments=moments_of(own),
                missing=int((member & ~known).sum()),
                buyers=int(np.count_nonzero(own["outcome"])),
                strata=_strata(own, groups["stratum"][chosen]) if "stratum" in groups else (),
                clusters=_clusters(own, groups["cluster"][chosen]) if "cluster" in groups else None,
                cap=cap,
                capped=int((chosen & is_capped).sum()),
            )
        )
    return tuple(found)


def check_share(share: float) -> None:
    """Raise an `OptionError` unless a share of customers to leave uncut lies in (0, 1]."""
    if not 0 < share <= 1:
        raise OptionError(
            f"winsorise_share {share}", "a share above 0, at most 1", "pass e.g. 0.999"
        )


def cluster_quantities(quantities: Sequence[Quantity]) -> tuple[Quantity, ...]:
    """Return the quantities of a cluster: the sums of its customers', and their number."""
    return (*quantities, "members")


def clusters_in_several_arms(number: int) -> DataError:
    """Return the error of clusters that were not assigned whole."""
    return DataError(
        f"{number} clusters with customers in several arms",
        "every cluster in one arm",
        "leave the clusters out if customers were assigned one by one",
    )


def _check_lengths(length: int, columns: Mapping[Any, npt.NDArray[Any]]) -> None:
    wrong = [name for name, values in columns.items() if values.shape != (length,)]
    if wrong:
        raise DataError(
            f"{', '.join(wrong)} of another length than arm ({length})",
            "one entry per customer in every array",
            "take all arrays from the same table",
        )


def _winsorised(
    columns: dict[Quantity, FloatArray], known: npt.NDArray[np.bool_], share: float
) -> tuple[dict[Quantity, FloatArray], float | None, npt.NDArray[np.bool_]]:
    check_share(share)
    if not known.any():
        return columns, None, known
    cut = dict(columns)
    limits = {}
    cuttable: tuple[Quantity, ...] = ("outcome", "covariate")
    for quantity in cuttable:
        if quantity in columns:
            limits[quantity] = float(np.quantile(columns[quantity][known], share))
            cut[quantity] = np.minimum(columns[quantity], limits[quantity])
    return cut, limits["outcome"], columns["outcome"] > limits["outcome"]


def _strata(own: Mapping[Quantity, FloatArray], strata: Texts) -> tuple[tuple[str, Moments], ...]:
    return tuple(
        (name, moments_of({quantity: values[strata == name] for quantity, values in own.items()}))
        for name in sorted(set(strata.tolist()))
    )


def _clusters(own: Mapping[Quantity, FloatArray], clusters: Texts) -> Moments:
    quantities = cluster_quantities(tuple(own))
    if not len(clusters):
        return empty_moments(quantities)
    _, places = np.unique(clusters, return_inverse=True)
    ones = np.ones(len(places))
    sums: dict[Quantity, FloatArray] = {
        quantity: np.bincount(places, own.get(quantity, ones)).astype(np.float64)
        for quantity in quantities
    }
    return moments_of(sums)


def _check_clusters(arms: Texts, clusters: Texts) -> None:
    pairs = np.unique(np.stack((clusters, arms)), axis=1)
    several = pairs.shape[1] - len(np.unique(clusters))
    if several:
        raise clusters_in_several_arms(several)
