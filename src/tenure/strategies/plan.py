"""A plan: who gets what, what that is believed to bring, what holds it back, and what is unsure."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date

import pyarrow as pa

from tenure.kernel import Estimate, Undefined
from tenure.strategies.allocation import CurvePoint
from tenure.strategies.definition import Texts
from tenure.strategies.plan_experiments import ProposedExperiment
from tenure.strategies.plan_limits import Occasion


@dataclass(frozen=True, slots=True)
class LimitState:
    """How one limit stands.

    Parameters
    ----------
    name : `money`, `staff_hours`, `team advisers: contacts` ...
    kind : `money`, `staff_hours` or `contacts`.
    unit : of the amounts.
    total : over the whole schedule.
    at_most : at this occasion.
    used : by the plan, lots and fixed costs included.
    price : what one unit more would be worth, in the budget's currency; 0 where it would bring
        nothing.
    """

    name: str
    kind: str
    unit: str
    total: float
    at_most: float
    used: float
    price: float

    @property
    def slack(self) -> float:
        """What is left."""
        return max(self.at_most - self.used, 0.0)

    @property
    def is_binding(self) -> bool:
        """Tell whether more of it would be worth something."""
        return self.price > 0


@dataclass(frozen=True, slots=True)
class TacticPlan:
    """One tactic in a plan.

    Parameters
    ----------
    name : the tactic.
    title : for people.
    available : customers who may have it.
    contacts : customers who get it, those by lot included.
    explored : of them by lot.
    value : expected value of these contacts before their cost.
    cost : expected cost, its fixed part included.
    staff_hours : time it takes.
    basis : what its effect rests on: `assumption`, `published`, `measured`, `uplift_model`.
    scale : of the effect: `value` or `probability`.
    effect, deviation : the effect of one contact on that scale, and how unsure it is.
    break_even : the effect at which these contacts just repay their cost, on the same scale.
    contacts_if_low, contacts_if_high : contacts of a new plan if its effect were one standard
        deviation lower or higher and all others as expected.
    experiment : the one that would find its effect out; None where it was measured.
    """

    name: str
    title: Texts
    available: int
    contacts: int
    explored: int
    value: float
    cost: float
    staff_hours: float
    basis: str
    scale: str
    effect: float
    deviation: float
    break_even: float | None
    contacts_if_low: int
    contacts_if_high: int
    experiment: ProposedExperiment | Undefined | None


@dataclass(frozen=True, slots=True)
class CarefulPlan:
    """The plan beside, made as if every effect were as poor as it may well be.

    Parameters
    ----------
    quantile : of each effect's belief at which it is made, 0..1.
    contacts : it would make.
    value : its value after cost if the effects are that poor.
    value_of_plan : the plan's own value after cost if they are.
    same_share : share of the plan's contacts that it would make too.
    """

    quantile: float
    contacts: int
    value: float
    value_of_plan: float
    same_share: float | None


@dataclass(frozen=True, slots=True)
class ExplorationState:
    """What is done by lot.

    Parameters
    ----------
    share : of every limit that may go to it at most.
    chance : of each customer to be drawn.
    customers : drawn.
    contacts : made by lot.
    value : expected value after cost of these contacts; may be negative: the price of learning.
    """

    share: float
    chance: float
    customers: int
    contacts: int
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A plan at one occasion.

    Parameters
    ----------
    strategy : its name.
    digest : SHA-256 of the strategy's text; empty if it has none.
    as_of : date of the snapshot.
    occasion : which of the schedule's.
    currency : of all money.
    customers : in the snapshot.
    audience : of them.
    planned : customers who get something.
    reasons : why the others get nothing: `customers` = `planned` + their sum.
    expected_value : of all contacts before cost, money.
    expected_cost : of all contacts, fixed costs included.
    net : value after cost with its interval, from how unsure the effects are.
    loss_probability : chance that the plan loses money, 0..1.
    optimised : value after cost of what was optimised: contacts not by lot, before fixed costs.
    bound : no plan within the same limits could be worth more than this, on the same count.
    limits : how each stands.
    tactics : each with its contacts.
    dropped : tactics left out because they would not repay their fixed cost.
    curve : what other budgets would bring.
    careful : the plan made of poor effects.
    exploration : what is done by lot.
    notes : what must be known to read it, by language.
    decisions : see `plan_decisions.DECISIONS`.
    plan_id : what names its content: the same plan always has the same.
    """

    strategy: str
    digest: str
    as_of: date
    occasion: Occasion
    currency: str
    customers: int
    audience: int
    planned: int
    reasons: Mapping[str, int]
    expected_value: float
    expected_cost: float
    net: Estimate
    loss_probability: float
    optimised: float
    bound: float
    limits: tuple[LimitState, ...]
    tactics: tuple[TacticPlan, ...]
    dropped: tuple[str, ...]
    curve: tuple[CurvePoint, ...]
    careful: CarefulPlan
    exploration: ExplorationState
    notes: tuple[Mapping[str, str], ...]
    decisions: pa.Table = field(repr=False)
    plan_id: str = field(init=False)

    def __post_init__(self) -> None:
        """Name the content."""
        object.__setattr__(self, "plan_id", self._fingerprint())

    @property
    def gap(self) -> float:
        """How much better a plan could be at most, as a share of the bound."""
        return max(self.bound - self.optimised, 0.0) / self.bound if self.bound > 0 else 0.0

    @property
    def contacts(self) -> int:
        """Contacts over all tactics."""
        return sum(tactic.contacts for tactic in self.tactics)

    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        digest.update(json.dumps(self.as_dict(), sort_keys=True).encode())
        stream = io.BytesIO()
        with pa.ipc.new_stream(stream, self.decisions.schema) as writer:
            writer.write_table(self.decisions.combine_chunks())
        digest.update(stream.getbuffer())
        return digest.hexdigest()[:16]

    def limit(self, name: str) -> LimitState:
        """Return how a limit stands; KeyError if there is none of that name."""
        return {one.name: one for one in self.limits}[name]

    def as_dict(self) -> dict[str, object]:
        """Return the plan without its decisions as plain values for JSON."""
        return {
            "strategy": self.strategy,
            "digest": self.digest,
            "as_of": self.as_of.isoformat(),
            "occasion": asdict(self.occasion),
            "currency": self.currency,
            "customers": self.customers,
            "audience": self.audience,
            "planned": self.planned,
            "reasons": dict(self.reasons),
            "contacts": self.contacts,
            "expected_value": self.expected_value,
            "expected_cost": self.expected_cost,
            "net": asdict(self.net),
            "loss_probability": self.loss_probability,
            "optimised": self.optimised,
            "bound": self.bound,
            "gap": self.gap,
            "limits": [
                {**asdict(one), "slack": one.slack, "is_binding": one.is_binding}
                for one in self.limits
            ],
            "tactics": [_tactic(one) for one in self.tactics],
            "dropped": list(self.dropped),
            "curve": [asdict(point) for point in self.curve],
            "careful": asdict(self.careful),
            "exploration": asdict(self.exploration),
            "notes": [dict(note) for note in self.notes],
        }


def _tactic(one: TacticPlan) -> dict[str, object]:
    experiment = one.experiment
    if isinstance(experiment, Undefined):
        told: object = {"undefined": experiment.reason}
    else:
        told = None if experiment is None else experiment.as_dict()
    return {**asdict(one), "title": dict(one.title), "experiment": told}
