"""A strategy: whom it is for, what may be done, what it may cost, and what it should bring.

All models are frozen and forbid unknown keys. They say what a field may hold; whether fields fit
each other and the workspace is told by `checking.py` and `validation.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    StringConstraints,
)

LANGUAGES = ("en", "zh")
CONSENT_ELSEWHERE = "kept_elsewhere"
"""Said of a channel whose sending system alone knows who has agreed."""

EVERYBODY = "everybody"
"""Said of a population that is all customers."""

_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,63}$"


def _exact(value: object) -> object:
    """Take a whole or real number for an exact amount; leave the rest to the check."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return value


def _both(value: object) -> object:
    """Take one text for both languages, and a missing language from the other."""
    if isinstance(value, str):
        return dict.fromkeys(LANGUAGES, value)
    if isinstance(value, dict) and value and all(key in LANGUAGES for key in value):
        first = next(iter(value.values()))
        return {language: value.get(language, first) for language in LANGUAGES}
    return value


def _worth(value: object) -> object:
    """Take the name of a column as it is, a number for an exact amount."""
    if isinstance(value, str) and re.fullmatch(_NAME_PATTERN, value):
        return value
    amount = _exact(value)
    if isinstance(amount, Decimal) and amount.is_finite() and amount >= 0:
        return amount
    raise ValueError("a numeric column of the snapshot, or an amount of at least 0")


Name = Annotated[str, Field(pattern=_NAME_PATTERN)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=10_000, strip_whitespace=True)]
Whole = Annotated[int, Strict(), Field(ge=0, le=10**12)]
Count = Annotated[int, Strict(), Field(ge=1, le=10**12)]
Real = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Share = Annotated[float, Strict(), Field(ge=0, le=1, allow_inf_nan=False)]
PartShare = Annotated[float, Strict(), Field(ge=0, le=0.9, allow_inf_nan=False)]
Day = Annotated[date, Strict()]
Hours = Annotated[float, Strict(), Field(ge=0, le=10**7, allow_inf_nan=False)]
Money = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Strict(),
    Field(ge=0, max_digits=18, decimal_places=4, allow_inf_nan=False),
]
Worth = Annotated[str | Decimal, PlainValidator(_worth)]
Texts = Annotated[dict[Literal["en", "zh"], Line], BeforeValidator(_both)]

Stage = Literal["welcome", "activate", "grow", "keep", "rescue", "win_back"]
Channel = Literal[
    "email",
    "sms",
    "phone",
    "wechat",
    "whatsapp",
    "app_push",
    "post",
    "in_store",
    "website",
    "in_app",
    "visit",
]
CHANNELS_NEEDING_CONSENT = frozenset(
    ("email", "sms", "phone", "wechat", "whatsapp", "app_push", "post", "visit")
)
"""Channels that reach out to a person; on the others the person comes to the business."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Goal(_Part):
    """What the strategy is for, as a figure that can be looked up later.

    Parameters
    ----------
    metric : name of a key figure (`tenure.strategies.key_figures`).
    target : the value to reach, in the key figure's unit; rates within 0..1.
    by : last day on which it counts as reached in time.
    population : segment or expression over the snapshot, or `everybody`; None: the audience.
    period : length of the period in which the figure is taken; the goal's is the one with `by`.
    """

    metric: Name
    target: Real
    by: Day
    population: Line | None = None
    period: Literal["day", "week", "month", "quarter", "year"] = "month"


class Budget(_Part):
    """What may be spent in all, over the whole schedule.

    Parameters
    ----------
    money : highest total cost, in `currency`.
    currency : ISO 4217 code.
    staff_hours : highest total of staff time; None: only what the teams have.
    """

    money: Money
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    staff_hours: Hours | None = None


class Limit(_Part):
    """A further ceiling over part of the tactics; each gets its own shadow price.

    Exactly one of `tactics`, `channel`, `team`, `department` says what it is over, and exactly
    one of `money`, `contacts`, `staff_hours` says how much.

    Parameters
    ----------
    name : its name among the limits.
    tactics : names of the tactics it is over.
    channel, team, department : or everything that goes by one of these.
    money, contacts, staff_hours : the ceiling over the whole schedule.
    """

    name: Name
    tactics: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    channel: Channel | None = None
    team: Name | None = None
    department: Name | None = None
    money: Money | None = None
    contacts: Whole | None = None
    staff_hours: Hours | None = None


class Cost(_Part):
    """What a tactic costs, in the budget's currency.

    Parameters
    ----------
    fixed : once, if the tactic is used at all.
    contact : for each customer contacted, staff time not included.
    redemption : for each customer who takes the offer up.
    """

    fixed: Money = Decimal(0)
    contact: Money = Decimal(0)
    redemption: Money = Decimal(0)


class Prior(_Part):
    """What is believed of a tactic's effect on one contacted customer before it is measured.

    Parameters
    ----------
    scale : `value`: incremental net revenue in the budget's currency; `probability`:
        incremental probability (0..1) of one more order, worth `worth`.
    mean : expected effect; may be negative.
    standard_deviation : how unsure that is; above 0.
    worth : only for `probability`: name of a numeric snapshot column, or an amount.
    basis : `assumption`, `published` or `measured`: what the numbers rest on.
    source : who says so: the study, the campaign, or why it is assumed.
    """

    scale: Literal["value", "probability"]
    mean: Real
    standard_deviation: Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)]
    worth: Worth | None = None
    basis: Literal["assumption", "published", "measured"]
    source: Texts


class Effect(_Part):
    """What a contact changes: a fitted uplift model, a prior, or both.

    Parameters
    ----------
    prior : used where nothing has been measured yet, and to steady the model.
    uplift_model : name of a fitted uplift model of the workspace; None: the prior alone.
    within_days : days after the contact in which the effect counts.
    """

    prior: Prior | None = None
    uplift_model: Name | None = None
    within_days: Annotated[int, Strict(), Field(ge=1, le=730)] = 90


class Offer(_Part):
    """What the customer is given.

    Parameters
    ----------
    kind : `percent_off`, `amount_off`, `points`, `gift`, `service` or `none`.
    value : percent (0..100), amount or points, by kind; None where it has no number.
    text : the offer in words.
    valid_days : days in which it can be taken up; None: no end.
    """

    kind: Literal["percent_off", "amount_off", "points", "gift", "service", "none"] = "none"
    value: Money | None = None
    text: Texts | None = None
    valid_days: Count | None = None


class Message(_Part):
    """What is said, and in which frame.

    Parameters
    ----------
    frame : `neutral`, `gain`, `loss`, `social_proof`, `goal_gradient`, `reciprocity`, `help`:
        which thought it appeals to; every frame may use true statements only.
    subject, text : what is said, by language.
    """

    frame: Literal[
        "neutral", "gain", "loss", "social_proof", "goal_gradient", "reciprocity", "help"
    ] = "neutral"
    subject: Texts | None = None
    text: Texts


class ContactCap(_Part):
    """How often one customer may be contacted at most.

    Parameters
    ----------
    contacts : most contacts ...
    days : ... within any run of so many days.
    channel : on this channel; None: on all together. Always None inside a tactic.
    """

    contacts: Count
    days: Annotated[int, Strict(), Field(ge=1, le=730)]
    channel: Channel | None = None


class ChannelRule(_Part):
    """How one channel may be used.

    Parameters
    ----------
    name : the channel.
    consent : expression over the snapshot that is true for those who agreed to be contacted
        by it, or `kept_elsewhere` where the sending system alone knows.
    contacts_per_day : most contacts a day over all tactics; None: no limit.
    """

    name: Channel
    consent: Line | None = None
    contacts_per_day: Count | None = None


class Department(_Part):
    """A department that takes part, and who answers for its part.

    Parameters
    ----------
    name : its name here.
    title : its name for people.
    owner : the person who answers for it.
    """

    name: Name
    title: Texts
    owner: Line


class Team(_Part):
    """People (or a system) who carry tactics out.

    Parameters
    ----------
    name : its name here.
    department : the department it belongs to.
    staff_hours : hours it has over the whole schedule; None: no limit of its own.
    contacts_per_day : most contacts it can make a day over all tactics; None: no limit.
    hourly_cost : what an hour costs if it counts against the money budget; 0: already paid.
    """

    name: Name
    department: Name
    staff_hours: Hours | None = None
    contacts_per_day: Count | None = None
    hourly_cost: Money = Decimal(0)


class Tactic(_Part):
    """One thing that can be done for a customer.

    Parameters
    ----------
    name : its name in the strategy.
    title : its name for people.
    action : `message`, `call`, `offer`, `gift`, `visit`, `service`, `invite`: what is done.
    channel : how it reaches the customer.
    group : of each group a customer gets at most one tactic.
    team : who carries it out; needed for staff time and capacity.
    offer, message : what is given and said.
    cost : what it costs.
    redemption_rate : expected share of the contacted who take the offer up, 0..1.
    margin : share of incremental revenue that is left after the cost of what was sold;
        None: the workspace's setting.
    staff_minutes : staff time for each contact.
    contacts_per_day : most contacts a day by this tactic; None: no limit of its own.
    contact_caps : how often one customer may get this tactic.
    eligibility : segment or expression; None: the whole audience.
    effect : what a contact changes.
    """

    name: Name
    title: Texts
    action: Literal["message", "call", "offer", "gift", "visit", "service", "invite"]
    channel: Channel
    group: Name = "main"
    team: Name | None = None
    offer: Offer = Offer()
    message: Message | None = None
    cost: Cost = Cost()
    redemption_rate: Share = 0.0
    margin: Share | None = None
    staff_minutes: Annotated[float, Strict(), Field(ge=0, le=1440, allow_inf_nan=False)] = 0.0
    contacts_per_day: Count | None = None
    contact_caps: tuple[ContactCap, ...] = ()
    eligibility: Line | None = None
    effect: Effect

    @property
    def expected_cost(self) -> Decimal:
        """Expected cost of one contact without its fixed part and staff time."""
        taken = Decimal(str(self.redemption_rate))
        return self.cost.contact + self.cost.redemption * taken


class Schedule(_Part):
    """When the strategy runs and when it is looked at again.

    Parameters
    ----------
    starts_on, ends_on : first and last day.
    rhythm : how often it is planned anew.
    review_on : day of the review; after the start.
    """

    starts_on: Day
    ends_on: Day
    rhythm: Literal["once", "daily", "weekly", "monthly"] = "once"
    review_on: Day

    @property
    def days(self) -> int:
        """Number of days, both ends included."""
        return (self.ends_on - self.starts_on).days + 1


class Guardrail(_Part):
    """What must not get worse by more than a margin.

    Parameters
    ----------
    metric : a key figure, or the kind of an activity (`unsubscribed`, `complaint`, `refund`).
    margin : how much worse is still borne: difference in the key figure, or in the share of
        customers with such an activity.
    """

    metric: Name
    margin: Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)]


class Strategy(_Part):
    """A retention strategy as it stands in its YAML file.

    Parameters
    ----------
    name : its name in the workspace.
    title, description : for people, by language.
    stage : the lifecycle stage it is for; None: none in particular.
    industry : the industry it was written for; None: any.
    owner : who answers for the whole.
    goal : what it should reach.
    audience : segment or expression over the snapshot.
    tactics : what may be done, each name once.
    budget : what may be spent.
    limits : further ceilings.
    channels : rules of the channels used.
    contact_caps : how often one customer may be contacted.
    departments, teams : who takes part.
    holdout_share : share of the audience that is left alone, so that the effect can be measured.
    exploration_share : share of contacts given at random among the eligible tactics.
    guardrails : what must not get worse.
    schedule : when.
    """

    name: Name
    title: Texts
    description: Texts | None = None
    stage: Stage | None = None
    industry: Name | None = None
    owner: Line
    goal: Goal
    audience: Line
    tactics: Annotated[tuple[Tactic, ...], Field(min_length=1, max_length=50)]
    budget: Budget
    limits: tuple[Limit, ...] = ()
    channels: tuple[ChannelRule, ...] = ()
    contact_caps: tuple[ContactCap, ...] = ()
    departments: tuple[Department, ...] = ()
    teams: tuple[Team, ...] = ()
    holdout_share: PartShare = 0.1
    exploration_share: PartShare = 0.05
    guardrails: tuple[Guardrail, ...] = ()
    schedule: Schedule

    def tactic(self, name: str) -> Tactic:
        """Return the tactic of a name; KeyError if there is none."""
        return {one.name: one for one in self.tactics}[name]

    def team(self, name: str) -> Team:
        """Return the team of a name; KeyError if there is none."""
        return {one.name: one for one in self.teams}[name]

    def channel_rules(self) -> Mapping[str, ChannelRule]:
        """Return the rule of each channel that has one."""
        return {one.name: one for one in self.channels}

    def as_dict(self) -> dict[str, object]:
        """Return the strategy as plain values for JSON; amounts are texts."""
        return self.model_dump(mode="json")
