"""The design of an experiment: everything that is settled before the first customer is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import Any, Literal

from pydantic import TypeAdapter

from tenure.experiments.arms import STRICT, Arm, arm_shares, check_arms, check_name
from tenure.experiments.exclusion import Layer
from tenure.kernel import DefinitionError

CUSTOMER_UNIT = "customer_id"

Method = Literal["hash", "stratified", "rerandomised"]
Sequential = Literal["fixed", "confidence_sequence", "group_sequential"]


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A metric that must not become worse than by a margin.

    Parameters
    ----------
    metric : its name, e.g. `unsubscribe_rate`.
    margin : largest worsening that is accepted, above 0, in the metric's own unit.
    better : whether `higher` or `lower` is better.
    """

    __pydantic_config__ = STRICT

    metric: str
    margin: float
    better: Literal["higher", "lower"] = "higher"

    def __post_init__(self) -> None:
        """Check the margin."""
        if not self.margin > 0:
            raise DefinitionError(
                f"guardrail {self.metric!r} with the margin {self.margin}",
                "a margin above 0",
                "say how much worse it may become",
            )


@dataclass(frozen=True, slots=True)
class Reading:
    """How the result will be read; chosen before the start, because it decides what counts.

    Parameters
    ----------
    mode : `fixed`, one look at the end; `confidence_sequence`, as many looks as one likes;
        `group_sequential`, a number of looks fixed beforehand.
    alpha : chance of a false alarm that is accepted, 0..0.5 exclusive.
    power : chance to find the smallest effect that matters, 0..1 exclusive.
    looks : number of looks; 1 unless group sequential.
    smallest_effect : the smallest effect that matters, relative, e.g. 0.05; None: not said.
    """

    __pydantic_config__ = STRICT

    mode: Sequential = "fixed"
    alpha: float = 0.05
    power: float = 0.8
    looks: int = 1
    smallest_effect: float | None = None

    def __post_init__(self) -> None:
        """Check ranges and that looks fit the mode."""
        if not (0 < self.alpha < 0.5 and 0 < self.power < 1):
            raise DefinitionError(
                f"alpha {self.alpha} and power {self.power}",
                "alpha between 0 and 0.5, power between 0 and 1",
                "use 0.05 and 0.8 unless you have a reason",
            )
        if (self.looks > 1) != (self.mode == "group_sequential") or self.looks < 1:
            raise DefinitionError(
                f"{self.looks} looks with the mode {self.mode!r}",
                "2 looks or more with group_sequential, 1 with any other mode",
                "set `looks`, or choose another mode",
            )


@dataclass(frozen=True, slots=True)
class Design:
    """An experiment as it was designed.

    Parameters
    ----------
    name : of the experiment: lower-case letters, digits and `_`.
    arms : two or more; the first is the control.
    primary_metric : the one metric that decides.
    salt : what the hash is made with; empty: the name. Two experiments with one salt put the
        same units into the same places, so give each its own.
    unit : what is assigned: `customer_id`, or the column of a cluster (store, household).
    method : `hash`, each unit by itself; `stratified`, exact shares within strata;
        `rerandomised`, also balanced over columns.
    strata : columns whose combinations are the strata.
    balance : number columns whose means shall be alike in all arms.
    acceptance : share of random draws that would be balanced well enough, 0..1; only for
        `rerandomised`.
    layer : the layer and the slots taken in it, if other experiments must be kept away.
    population : segment or condition that says who can be in it; empty: everybody.
    starts_on, ends_on : first day, and the day after the last.
    secondary_metrics : further metrics, corrected for their number.
    guardrails : metrics that must not become worse.
    reading : how the result will be read.
    title : by language.
    hypothesis : what is expected and why.
    """

    __pydantic_config__ = STRICT

    name: str
    arms: tuple[Arm, ...]
    primary_metric: str
    salt: str = ""
    unit: str = CUSTOMER_UNIT
    method: Method = "hash"
    strata: tuple[str, ...] = ()
    balance: tuple[str, ...] = ()
    acceptance: float = 0.01
    layer: Layer | None = None
    population: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    secondary_metrics: tuple[str, ...] = ()
    guardrails: tuple[Guardrail, ...] = ()
    reading: Reading = Reading()
    title: Mapping[str, str] = field(default_factory=dict)
    hypothesis: str = ""

    def __post_init__(self) -> None:
        """Check that the parts fit each other."""
        check_name(self.name, "experiment")
        check_arms(self.arms, f"experiment {self.name!r}")
        _check_method(self)
        if "|" in self.salt:
            raise DefinitionError(
                f"salt {self.salt!r}", "a text without the sign |", "choose another salt"
            )
        if self.starts_on and self.ends_on and self.starts_on >= self.ends_on:
            raise DefinitionError(
                f"experiment {self.name!r} from {self.starts_on} to {self.ends_on}",
                "an end after the start",
                "mend starts_on or ends_on",
            )

    @property
    def key(self) -> str:
        """What the hash is made with."""
        return self.salt or self.name

    @property
    def arm_names(self) -> tuple[str, ...]:
        """Names of the arms, in their order."""
        return tuple(arm.name for arm in self.arms)

    @property
    def shares(self) -> tuple[Fraction, ...]:
        """Exact shares of the arms, in their order."""
        return arm_shares(self.arms)

    @property
    def is_clustered(self) -> bool:
        """Clusters are assigned, not single customers."""
        return self.unit != CUSTOMER_UNIT

    def in_slots(self, layer: Layer) -> Design:
        """Return the design with the slots taken in its layer."""
        return replace(self, layer=layer)

    def as_dict(self) -> dict[str, Any]:
        """Return the design as plain values for JSON."""
        plain: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Design:
        """Return the design of plain values.

        Raises
        ------
        pydantic.ValidationError : a key is unknown or missing, or a value has a wrong type.
        DefinitionError : the parts do not fit each other.
        """
        return _ADAPTER.validate_python(dict(values))


_ADAPTER = TypeAdapter(Design)


def _check_method(design: Design) -> None:
    if design.strata and design.method == "hash":
        raise DefinitionError(
            f"experiment {design.name!r} with strata and the method hash",
            "the method stratified or rerandomised where there are strata",
            "set `method: stratified`, or leave the strata out",
        )
    if bool(design.balance) != (design.method == "rerandomised"):
        raise DefinitionError(
            f"experiment {design.name!r} with {len(design.balance)} columns to balance and the "
            f"method {design.method}",
            "columns to balance with the method rerandomised, and with no other",
            "set `balance` and `method` together",
        )
    if not 0 < design.acceptance <= 1:
        raise DefinitionError(
            f"acceptance {design.acceptance}", "a share above 0, at most 1", "use 0.01"
        )
