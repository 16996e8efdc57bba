"""A recorded plan as a part of the report: who gets what, what holds it back, what would tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tenure.pages.document import Section, section_html
from tenure.pages.scorecard_tables import Cell, Grid
from tenure.pages.texts import catalogue, texts
from tenure.pages.values import Kind, Writer
from tenure.strategies.plan_reasons import REASONS

_HOLDOUTS = ("universal_holdout", "strategy_holdout")


def plan_section(content: Mapping[str, Any], title: Mapping[str, str], language: str) -> Markup:
    """Return a plan as one HTML section; every value in it is escaped.

    Parameters
    ----------
    content : the plan as `Plan.as_dict` tells it.
    title : of its strategy, by language.
    language : `en` or `zh`.

    Raises
    ------
    OptionError : no such language.
    """
    words = _Words(content, language)
    made = Section(
        f"plan-{content['strategy']}",
        title[language],
        words.paragraphs(),
        tuple(note[language] for note in content["notes"]),
        grids=tuple(words.grids()),
    )
    return section_html(made, language)


class _Words:
    """Writes one plan in one language."""

    def __init__(self, content: Mapping[str, Any], language: str) -> None:
        self.plan, self.language = content, language
        self.say = catalogue("plan", language).say
        self.writer = Writer(texts(language), content["currency"])
        self.prefix = f"plan-{content['strategy']}"

    def paragraphs(self) -> tuple[str, ...]:
        """Return the plan in sentences."""
        plan, net, careful = self.plan, self.plan["net"], self.plan["careful"]
        told = [
            self.say(
                "headline",
                audience=self._count(plan["audience"]),
                planned=self._count(plan["planned"]),
                cost=self._money(plan["expected_cost"]),
                value=self._money(plan["expected_value"]),
                net=self._money(net["value"]),
                low=self._money(net["low"]),
                high=self._money(net["high"]),
                loss=self.writer.percent(plan["loss_probability"], digits=0),
            ),
            self.say(
                "optimal",
                optimised=self._money(plan["optimised"]),
                bound=self._money(plan["bound"]),
                gap=self.writer.percent(plan["gap"], digits=2),
            ),
            self.say(
                "careful",
                plan_poor=self._money(careful["value_of_plan"]),
                contacts=self._count(careful["contacts"]),
                careful=self._money(careful["value"]),
            ),
        ]
        held = sum(plan["reasons"].get(code, 0) for code in _HOLDOUTS)
        if held:
            explored = self._count(plan["exploration"]["contacts"])
            told.append(self.say("holdout", held=self._count(held), explored=explored))
        if any(one["basis"] in ("assumption", "published") for one in plan["tactics"]):
            told.append(self.say("causal"))
        return tuple(told)

    def grids(self) -> Iterable[Grid]:
        """Yield the plan's tables."""
        yield self._tactics()
        designed = [one for one in self.plan["tactics"] if one["experiment"] is not None]
        if designed:
            yield self._experiments(designed)
        yield self._limits()
        yield self._reasons()

    def _tactics(self) -> Grid:
        rows = [
            (
                one["title"][self.language],
                self._count(one["available"]),
                self._count(one["contacts"]),
                self._count(one["explored"]),
                self._money(one["value"]),
                self._money(one["cost"]),
                self.say(f"basis.{one['basis']}"),
            )
            for one in self.plan["tactics"]
        ]
        names = ("tactic", "available", "contacts", "explored", "value", "cost", "basis")
        return self._grid("tactics", names, rows)

    def _experiments(self, tactics: Sequence[Mapping[str, Any]]) -> Grid:
        rows = []
        for one in tactics:
            found, title = one["experiment"], one["title"][self.language]
            if "undefined" in found:
                rows.append((title, self.say("experiments.none"), "", "", "", "", ""))
                continue
            size = self._count(found["customers"])
            if not found["is_enough"] and not isinstance(found["detectable"], Mapping):
                size += " " + self.say(
                    "experiments.short",
                    available=self._count(found["available"]),
                    detectable=self._figure(found, found["detectable"]),
                )
            measure = self.say(f"metric.{found['metric']}", days=str(found["window_days"]))
            rows.append(
                (
                    title,
                    measure,
                    self._figure(found, found["baseline"]),
                    self._figure(found, found["effect"]),
                    size,
                    self._count(found["days"]),
                    self._money(found["cost"]),
                )
            )
        names = ("tactic", "measure", "baseline", "effect", "customers", "days", "cost")
        powers = [one["experiment"].get("power") for one in tactics]
        power = self.writer.percent(next((p for p in powers if p), 0.8), digits=0)
        return self._grid("experiments", names, rows, power=power)

    def _limits(self) -> Grid:
        rows = [
            (
                one["name"],
                self._amount(one, one["at_most"]),
                self._amount(one, one["used"]),
                self.writer.money(one["price"], digits=2) if one["price"] else "–",
            )
            for one in self.plan["limits"]
        ]
        return self._grid("limits", ("limit", "at_most", "used", "price"), rows)

    def _reasons(self) -> Grid:
        rows = [
            (REASONS[code][self.language], self._count(customers))
            for code, customers in self.plan["reasons"].items()
        ]
        return self._grid(
            "reasons",
            ("reason", "customers"),
            rows,
            customers=self._count(self.plan["customers"]),
            planned=self._count(self.plan["planned"]),
        )

    def _grid(
        self, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]], **values: str
    ) -> Grid:
        headers = tuple(
            (self.say(f"{name}.{column}"), "num" if place else "")
            for place, column in enumerate(columns)
        )
        made = tuple((Cell(row[0]), *(Cell(text, css="num") for text in row[1:])) for row in rows)
        subtitle = self.say(f"{name}.subtitle", **values)
        return Grid(f"{self.prefix}-{name}", self.say(f"{name}.title"), subtitle, headers, made)

    def _figure(self, experiment: Mapping[str, Any], value: float) -> str:
        if experiment["metric"] == "orders_again":
            return self.writer.percent(value, digits=1)
        return self.writer.money(value, digits=2)

    def _amount(self, limit: Mapping[str, Any], value: float) -> str:
        if limit["kind"] == "money":
            return self._money(value)
        return self.writer.write(Kind.DAYS, value)

    def _count(self, value: int) -> str:
        return self.writer.write(Kind.COUNT, value)

    def _money(self, value: float) -> str:
        return self.writer.money(value)
