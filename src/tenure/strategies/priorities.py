"""Customer needs and candidate tactics as text, in one file, to be ranked on one list.

```yaml
name: next_quarter
customers: 4000
currency: EUR
horizon_months: 12
needs:
  - name: quick_answer
    title: {en: An answer within the hour, zh: 一小时内得到答复}
    importance: {low: 8.0, likely: 8.6, high: 9.2}
    satisfaction: {low: 4.1, likely: 4.8, high: 5.5}
    answers: 212
    source: survey of March
candidates:
  - name: chat
    title: {en: Chat on the website, zh: 网站客服}
    needs: [quick_answer]
    reach: {low: 500, likely: 900, high: 1400}
    impact: {low: 0.5, likely: 1, high: 2}
    confidence: 0.8
    effort: {low: 1, likely: 2, high: 4}
    cost: {low: 4000, likely: 6000, high: 9000}
    benefit: {low: 2000, likely: 12000, high: 20000}
    source: estimate of the service team
```
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

from tenure.kernel import Issue
from tenure.kernel.located_yaml import (
    LocatedYaml,
    YamlPath,
    near_hint,
    read_yaml_file,
)
from tenure.strategies.definition import Count, Line, Name, Real, Share, Texts
from tenure.strategies.faults import whole_model

RATING_MAX = 10.0
"""Importance and satisfaction run from 0 to 10."""


def _spread(value: object) -> object:
    """Take one number for a range without width."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"low": value, "likely": value, "high": value}
    return value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Range(_Part):
    """A number that is not known exactly.

    Parameters
    ----------
    low, high : it is believed to lie between them nine times out of ten.
    likely : the value believed most likely.
    """

    low: Real
    likely: Real
    high: Real


Spread = Annotated[Range, BeforeValidator(_spread)]


class Need(_Part):
    """Something customers want.

    Parameters
    ----------
    name : its name in the file.
    title : for people, by language.
    importance, satisfaction : how important it is and how well it is met, 0..10.
    answers : how many people were asked; None: it is a guess.
    source : where the numbers come from.
    """

    name: Name
    title: Texts
    importance: Spread
    satisfaction: Spread
    answers: Count | None = None
    source: Line


class Candidate(_Part):
    """A tactic that could be carried out.

    Parameters
    ----------
    name : its name in the file.
    title : for people, by language.
    needs : names of the needs it meets.
    reach : customers it reaches in the horizon.
    impact : how much it does for each of them: 0.25 minimal, 0.5 low, 1 medium, 2 high, 3 massive.
    confidence : how far the numbers are trusted, 0..1.
    effort : person-months, above 0.
    cost : money it costs in the horizon; None: unknown, so no cost-benefit.
    benefit : money it brings in the horizon before its cost; may be negative.
    source : where the numbers come from.
    """

    name: Name
    title: Texts
    needs: tuple[Name, ...] = ()
    reach: Spread
    impact: Spread
    confidence: Share
    effort: Spread
    cost: Spread | None = None
    benefit: Spread | None = None
    source: Line


class Priorities(_Part):
    """Needs and candidates to be ranked.

    Parameters
    ----------
    name : name of the list.
    customers : how many there are; nothing reaches more.
    currency : of the amounts, ISO 4217.
    horizon_months : time in which reach, cost and benefit count.
    first : how many can be carried out; the sensitivity tells who belongs to them.
    needs, candidates : what is ranked, each name once.
    """

    name: Name
    customers: Count | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    horizon_months: Annotated[int, Strict(), Field(ge=1, le=120)] = 12
    first: Annotated[int, Strict(), Field(ge=1, le=100)] = 3
    needs: tuple[Need, ...] = ()
    candidates: Annotated[tuple[Candidate, ...], Field(max_length=500)] = ()


def read_priorities(path: Path) -> Priorities:
    """Return the needs and candidates of a YAML file.

    Raises
    ------
    DefinitionError : it cannot be read or is not valid; the error names every fault with its line.
    """
    return parse_priorities(read_yaml_file(path))


def parse_priorities(located: LocatedYaml) -> Priorities:
    """Return the needs and candidates of a located YAML text.

    Raises
    ------
    DefinitionError : it is not valid; the error names every fault with its line.
    """
    return whole_model(Priorities, located, _faults, "list of needs and candidates")


def _faults(found: Priorities, located: LocatedYaml) -> Iterator[Issue]:
    if not found.needs and not found.candidates:
        yield located.issue(
            (),
            "neither needs nor candidates",
            "at least one of them",
            "add `needs: [...]` or `candidates: [...]`",
            code="nothing_to_rank",
        )
    yield from _repeats(found, located)
    for place, need in enumerate(found.needs):
        for key in ("importance", "satisfaction"):
            yield from _range_faults(
                getattr(need, key), ("needs", place, key), located, least=0, most=RATING_MAX
            )
    names = [need.name for need in found.needs]
    for place, one in enumerate(found.candidates):
        path: YamlPath = ("candidates", place)
        yield from _range_faults(
            one.reach, (*path, "reach"), located, least=0, most=found.customers
        )
        yield from _range_faults(one.impact, (*path, "impact"), located, least=0)
        yield from _range_faults(one.effort, (*path, "effort"), located, above=0)
        if one.cost is not None:
            yield from _range_faults(one.cost, (*path, "cost"), located, above=0)
        if one.benefit is not None:
            yield from _range_faults(one.benefit, (*path, "benefit"), located)
        for number, need_name in enumerate(one.needs):
            if need_name not in names:
                yield located.issue(
                    (*path, "needs", number),
                    f"{need_name!r}",
                    f"one of {', '.join(names) or '(none is listed)'}",
                    near_hint(need_name, names) or "list the need, or delete it here",
                    code="unknown_need",
                )


def _repeats(found: Priorities, located: LocatedYaml) -> Iterator[Issue]:
    listed = {
        "needs": [one.name for one in found.needs],
        "candidates": [one.name for one in found.candidates],
    }
    for key, names in listed.items():
        seen: set[str] = set()
        for place, name in enumerate(names):
            if name in seen:
                yield located.issue(
                    (key, place, "name"),
                    f"{name!r} a second time",
                    "each name once",
                    "rename or delete one of them",
                    code="repeated_name",
                )
            seen.add(name)


def _range_faults(
    given: Range,
    path: YamlPath,
    located: LocatedYaml,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
) -> Iterator[Issue]:
    said = f"low {given.low:g}, likely {given.likely:g}, high {given.high:g}"
    if not given.low <= given.likely <= given.high:
        yield located.issue(
            path,
            said,
            "low <= likely <= high",
            "put the three in order",
            code="range_in_wrong_order",
        )
    bounds = [
        (
            least is not None and given.low < least,
            f"at least {least:g}" if least is not None else "",
        ),
        (most is not None and given.high > most, f"at most {most:g}" if most is not None else ""),
        (above is not None and given.low <= above, f"above {above:g}" if above is not None else ""),
    ]
    for is_broken, expected in bounds:
        if is_broken:
            yield located.issue(
                path, said, expected, "change the numbers", code="range_out_of_bounds"
            )
