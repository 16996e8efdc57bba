"""The review of a strategy: plan against outcome, what to believe now, and what to change.

Each tactic's belief is pooled with its past campaigns (see `pooling`). What follows is proposed
as another version of the strategy, to be read, changed and applied by people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tenure.experiments.effects.readouts import plain
from tenure.kernel import Estimate, Undefined
from tenure.kernel.scipy_library import special
from tenure.strategies.definition import Prior, Strategy, Tactic
from tenure.strategies.differences import Difference, differences
from tenure.strategies.pooling import Belief, Measured, Pooled, pooled
from tenure.strategies.results import Part, StrategyResult
from tenure.strategies.results_words import money

Text = Mapping[str, str]

DROPPED_BELOW = 0.1
"""A tactic whose chance to pay for itself next time is below this is proposed to be dropped."""

_DIGITS = 4

_DROP: Text = {"en": " Proposed: drop it.", "zh": "建议：取消该策略动作。"}
_NONE_PAYS: Text = {
    "en": " No tactic of this strategy is likely to pay for itself. A strategy needs one, so all "
    "are kept; whether it goes on is for people to decide.",
    "zh": "本策略中没有一个动作可能收回成本。策略至少需要一个动作，故全部保留；是否继续由人决定。",
}


@dataclass(frozen=True, slots=True)
class TacticReview:
    """What is believed of one tactic after its campaigns.

    Parameters
    ----------
    tactic : its name.
    expected : margin that the plan expected of it, over all its people; None if not planned.
    brought : what it brought.
    campaigns : how many of its campaigns were measured.
    before, after : belief about the incremental net revenue of one contact; None where nothing
        was stated or measured.
    pays : chance that a contact next time brings more margin than it costs, 0..1.
    is_kept : False if it is proposed to be dropped.
    text : the same in a sentence.
    """

    tactic: str
    expected: float | None
    brought: Estimate | Undefined
    campaigns: int
    before: Belief | None
    after: Belief | None
    pays: float | Undefined
    is_kept: bool
    text: Text


@dataclass(frozen=True, slots=True)
class Review:
    """A strategy's plan against its outcome, and the version proposed for next time.

    Parameters
    ----------
    result : what the last campaign brought.
    tactics : each tactic's review.
    proposed : the strategy with the beliefs that now hold.
    changes : what differs from the one in use.
    """

    result: StrategyResult
    tactics: tuple[TacticReview, ...]
    proposed: Strategy
    changes: tuple[Difference, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the review as plain values for JSON."""
        return {
            "result": self.result.as_dict(),
            "tactics": plain(self.tactics),
            "proposed": self.proposed.as_dict(),
            "changes": [change.as_dict() for change in self.changes],
        }


def review(
    strategy: Strategy,
    results: Sequence[StrategyResult],
    *,
    margin: float,
    worth: Mapping[str, float] | None = None,
    expected: Mapping[str, float] | None = None,
    first: Mapping[str, Belief] | None = None,
) -> Review:
    """Return the review of a strategy's last campaign.

    Parameters
    ----------
    strategy : the version in use.
    results : of its campaigns, the last one last; at least one. A campaign whose split was broken
        teaches nothing.
    margin : share of revenue that is left, where a tactic says nothing of its own.
    worth : mean of the column that a tactic's prior is multiplied with, over those who got it.
    expected : margin that the plan expected of each tactic in the last campaign.
    first : beliefs before the first of these campaigns, as `beliefs` returns them; None takes
        those of the strategy, which must then not rest on the same campaigns already.
    """
    planned = expected or {}
    first = beliefs(strategy, worth) if first is None else first
    reviews = []
    for tactic in strategy.tactics:
        before = first.get(tactic.name)
        measured = _measured(tactic.name, results)
        found = _pooled(measured, before)
        reviews.append(
            _reviewed(tactic, planned, results[-1], len(measured), before, found, margin)
        )
    if any(one.is_kept for one in reviews):
        reviews = [one if one.is_kept else _with_advice(one, _DROP) for one in reviews]
    else:
        # A strategy needs a tactic; that none pays is said, and dropping is left to people.
        reviews = [_with_advice(replace(one, is_kept=True), _NONE_PAYS) for one in reviews]
    proposed = _proposed(strategy, reviews, worth)
    changes = differences(strategy.as_dict(), proposed.as_dict())
    return Review(results[-1], tuple(reviews), proposed, changes)


def beliefs(strategy: Strategy, worth: Mapping[str, float] | None = None) -> dict[str, Belief]:
    """Return what a strategy states of each tactic's incremental net revenue per contact.

    Parameters
    ----------
    strategy : its priors.
    worth : as in `review`; tactics whose prior needs a worth that is not given are left out.
    """
    found = {}
    for tactic in strategy.tactics:
        scale = _worth(tactic, worth)
        if tactic.effect.prior is not None and scale is not None:
            prior = tactic.effect.prior
            found[tactic.name] = Belief(prior.mean * scale, prior.standard_deviation * scale)
    return found


def _worth(tactic: Tactic, worth: Mapping[str, float] | None) -> float | None:
    """Return what one unit of a tactic's prior is worth in revenue; None if that is not known."""
    prior = tactic.effect.prior
    if prior is None or prior.scale == "value":
        return 1.0
    known = prior.worth if isinstance(prior.worth, Decimal) else (worth or {}).get(tactic.name)
    return float(known) if known else None


def _measured(tactic: str, results: Sequence[StrategyResult]) -> list[Measured]:
    found = []
    for number, result in enumerate(results):
        for part in result.tactics:
            error, one = part.effect.standard_error, part.effect.absolute
            usable = part.name == tactic and not result.split.is_broken
            if usable and isinstance(one, Estimate) and not isinstance(error, Undefined) and error:
                found.append(Measured(f"{result.strategy} {number}", one.value, error))
    return found


def _pooled(measured: Sequence[Measured], before: Belief | None) -> Belief | None:
    """Return what to believe of the next campaign."""
    if not measured:
        return before
    if before is not None:
        return pooled(measured, before).next_one
    if len(measured) >= 3:
        found: Pooled = pooled(measured)
        return found.next_one
    # Too few to tell how much campaigns differ: the last one speaks for itself.
    return Belief(measured[-1].effect, measured[-1].standard_error)


def _reviewed(
    tactic: Tactic,
    planned: Mapping[str, float],
    last: StrategyResult,
    campaigns: int,
    before: Belief | None,
    after: Belief | None,
    margin: float,
) -> TacticReview:
    part = next((one for one in last.tactics if one.name == tactic.name), None)
    brought: Estimate | Undefined = Undefined("not_planned") if part is None else part.brought
    pays = _pays(tactic, after, margin, part)
    keeps = isinstance(pays, Undefined) or pays >= DROPPED_BELOW or campaigns == 0
    expected = planned.get(tactic.name)
    return TacticReview(
        tactic.name,
        expected,
        brought,
        campaigns,
        before,
        after,
        pays,
        keeps,
        _text(tactic, expected, brought, pays, last.currency),
    )


def _pays(
    tactic: Tactic, belief: Belief | None, margin: float, part: Part | None
) -> float | Undefined:
    """Return the chance that a contact brings more margin than it costs."""
    if belief is None:
        return Undefined("nothing_measured")
    share = margin if tactic.margin is None else tactic.margin
    if not share > 0:
        return Undefined("no_margin")
    cost = float(tactic.expected_cost)
    if part is not None and part.people:
        cost = part.spent / part.people
    return float(special.ndtr((belief.mean - cost / share) / belief.standard_deviation))


def _proposed(
    strategy: Strategy, reviews: Sequence[TacticReview], worth: Mapping[str, float] | None
) -> Strategy:
    kept = []
    for tactic, one in zip(strategy.tactics, reviews, strict=True):
        if not one.is_kept:
            continue
        if one.after is None or one.campaigns == 0:
            kept.append(tactic)
            continue
        prior = _new_prior(tactic, one.after, one.campaigns, _worth(tactic, worth))
        effect = tactic.effect.model_copy(update={"prior": prior})
        kept.append(tactic.model_copy(update={"effect": effect}))
    return strategy.model_copy(update={"tactics": tuple(kept)})


def _new_prior(tactic: Tactic, after: Belief, campaigns: int, worth: float | None) -> Prior:
    """Return a belief as a prior, on the old one's scale where that can be said."""
    old = tactic.effect.prior
    on_scale = old is not None and old.scale == "probability" and worth is not None
    unit = worth if on_scale and worth is not None else 1.0
    digits = _DIGITS + 2 * on_scale
    return Prior(
        scale="probability" if on_scale else "value",
        mean=round(after.mean / unit, digits),
        standard_deviation=max(round(after.standard_deviation / unit, digits), 10.0**-digits),
        worth=old.worth if on_scale and old is not None else None,
        basis="measured",
        source={
            "en": f"{campaigns} measured campaign{'s' * (campaigns > 1)}, pooled with what was "
            "believed before",
            "zh": f"{campaigns} 次已测量的活动，与先前的判断合并",
        },
    )


def _text(
    tactic: Tactic,
    expected: float | None,
    brought: Estimate | Undefined,
    pays: float | Undefined,
    currency: str,
) -> Text:
    title = tactic.title
    told = {language: [f"{title[language]}:"] for language in ("en", "zh")}
    if expected is not None:
        told["en"].append(f"expected {money(expected, currency)};")
        told["zh"].append(f"预期 {money(expected, currency)}；")
    if isinstance(brought, Undefined):
        told["en"].append("what it brought could not be measured.")
        told["zh"].append("其收益无法测量。")
    else:
        value, low, high = (money(v, currency) for v in (brought.value, brought.low, brought.high))
        told["en"].append(f"brought {value} ({low} to {high}).")
        told["zh"].append(f"实际带来 {value}（{low} 至 {high}）。")
    if not isinstance(pays, Undefined):
        told["en"].append(f"The chance that the next contact pays for itself is {pays:.0%}.")
        told["zh"].append(f"下次触达收回成本的可能性为 {pays:.0%}。")
    return {"en": " ".join(told["en"]), "zh": "".join(told["zh"])}


def _with_advice(one: TacticReview, advice: Text) -> TacticReview:
    return replace(
        one, text={language: one.text[language] + advice[language] for language in ("en", "zh")}
    )
