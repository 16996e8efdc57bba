"""The model in use against the one that might replace it, on the same customers and outcomes."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.predictions.scorecards.findings import DriftFinding, Weight
from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.origins import RankedOrigin, ScoredOrigin
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.predictions.scorecards.verdicts import VerdictCode


def challenge(
    task: str,
    origins: Sequence[ScoredOrigin | RankedOrigin],
    *,
    champion: str,
    challenger: str,
    options: ScorecardOptions,
) -> tuple[DriftFinding, Scorecard]:
    """Return whether the challenger should replace the champion, and the scorecard behind it.

    Parameters
    ----------
    task, origins, options : as in `scorecard`; one date may do (`origins_min=1`), since both
        models face the same customers.
    champion, challenger : names of two predictors.

    Returns
    -------
    One finding with the code `challenger_better` (an alarm: change models), `champion_holds` or
    `too_few_events` (notes). Its value is the challenger's skill beside the champion.
    """
    card = scorecard(task, origins, model=challenger, rivals=(champion,), options=options)
    seen = next(one for one in card.comparisons if one.rival == champion)
    titles = card.titles[champion], card.titles[challenger]
    skill = seen.skill
    value = 0.0 if skill.value is None else skill.value
    shown = f"{value:+.1%}"
    if skill.low is not None and skill.high is not None:
        shown += f" ({skill.low:+.1%} … {skill.high:+.1%})"
    if card.verdict.code is VerdictCode.TOO_FEW_EVENTS:
        code, text = "too_few_events", dict(card.verdict.text)
    elif seen.better and card.verdict.code is not VerdictCode.LEAKS:
        code = "challenger_better"
        text = {
            "en": f"The challenger ({titles[1]['en']}) is better than the champion "
            f"({titles[0]['en']}): skill {shown}. Change.",
            "zh": f"挑战模型（{titles[1]['zh']}）优于现用模型（{titles[0]['zh']}）："
            f"技能 {shown}。请更换。",
        }
    else:
        code = "champion_holds"
        text = {
            "en": f"The challenger ({titles[1]['en']}) is not better than the champion "
            f"({titles[0]['en']}) beyond chance: skill {shown}. Keep the champion.",
            "zh": f"挑战模型（{titles[1]['zh']}）并不明显优于现用模型（{titles[0]['zh']}）："
            f"技能 {shown}。请继续使用现用模型。",
        }
    weight = Weight.ALARM if code == "challenger_better" else Weight.NOTE
    return DriftFinding(code, challenger, value, 0.0, text, weight), card
