"""A scorecard's charts with their words: reliability, gain, profit, deciles, recall."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tenure.pages.charts import Chart
from tenure.pages.pictures import ChartView, LegendItem
from tenure.pages.scorecard_charts import Curve, pairs_of_bars, plane
from tenure.pages.scorecard_tables import Grid, ScorecardTables
from tenure.predictions.scorecards.averaging import Points
from tenure.predictions.scorecards.scorecard import Scorecard

CHANCE = "chance"
_STYLES = (0, 1, 3)
_TABLE_STEP = 5
"""Every fifth point of a long curve stands in its table."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart and the same points as a table."""

    view: ChartView
    table: Grid


class ScorecardPictures:
    """Draws the curves of one scorecard.

    Parameters
    ----------
    card : the scorecard.
    tables : its tables, which know its words.
    """

    def __init__(self, card: Scorecard, tables: ScorecardTables) -> None:
        self.card, self.tables, self.words = card, tables, tables.words

    def all(self) -> list[Picture]:
        """Return every chart that the scorecard has points for, in order."""
        makers: dict[str, Callable[[], Picture | None]] = {
            "reliability": self._reliability,
            "deciles": self._deciles,
            "gain": self._gain,
            "profit": self._profit,
            "recall": self._recall,
        }
        made = [makers[name]() for name in makers if name in self.card.curves]
        return [picture for picture in made if picture is not None]

    @property
    def _compared(self) -> tuple[str, ...]:
        """The model, the rival nearest to it, and what is recommended, each once."""
        nearest = min(
            self.card.comparisons,
            key=lambda one: float("inf") if one.skill.value is None else one.skill.value,
        ).rival
        return tuple(dict.fromkeys((self.card.model, nearest, self.card.recommended)))

    def _reliability(self) -> Picture | None:
        points = self.card.curves["reliability"][self.card.model]
        if len(points) < 2:
            return None
        model = Curve(
            self.card.model,
            [(p[0], p[1]) for p in points],
            dotted=True,
            low=[p[2] for p in points],
            high=[p[3] for p in points],
        )
        end = max(max(p[0], p[3]) for p in points)
        same = Curve(CHANCE, [(0.0, 0.0), (end, end)])
        short = self._percent
        rate = self.words.rate
        first, last = points[0], points[-1]
        say = self.words.texts.say
        table = self.tables.points(
            "reliability",
            [say(f"chart.{n}") for n in ("forecast", "observed")]
            + [say("column.interval"), say("chart.rows")],
            [
                [
                    rate(p[0]),
                    rate(p[1]),
                    say("cell.range", low=rate(p[2]), high=rate(p[3])),
                    self.words.count(p[4]),
                ]
                for p in points
            ],
        )
        chart = plane([model, same], short, short, square=True)
        return self._picture(
            "reliability",
            chart,
            (),
            table,
            count=len(points),
            first=rate(first[0]),
            first_seen=rate(first[1]),
            last=rate(last[0]),
            last_seen=rate(last[1]),
        )

    def _gain(self) -> Picture | None:
        curves = self.card.curves["gain"]
        names = [name for name in self._compared if curves[name]]
        if len(names) < 2:
            return None
        lines = [Curve(name, [(0.0, 0.0), *_pairs(curves[name])]) for name in names]
        chance = Curve(CHANCE, [(0.0, 0.0), (1.0, 1.0)])
        chart = plane(_styled(lines, chance), self._percent, self._percent)
        say, rate = self.words.texts.say, self.words.rate
        tenth = [next(y for x, y in _pairs(curves[name]) if x >= 0.0999) for name in names[:2]]
        return self._picture(
            "gain",
            chart,
            names,
            self._steps("gain", say("chart.share_taken"), names, rate, rate),
            outcome=say(f"chart.gain.outcome.{self.card.task}"),
            tenth=rate(tenth[0]),
            rival_tenth=rate(tenth[1]),
        )

    def _profit(self) -> Picture | None:
        curves = self.card.curves["profit"]
        names = [name for name in self._compared if curves.get(name)]
        if not names:
            return None
        lines = [Curve(name, [(0.0, 0.0), *_pairs(curves[name])]) for name in names]
        best = max(_pairs(curves[self.card.model]), key=lambda point: point[1])
        amount, rate = self.words.amount, self.words.rate
        return self._picture(
            "profit",
            plane(_styled(lines), self._percent, self.words.short_amount),
            names,
            self._steps("profit", self.words.texts.say("chart.share_taken"), names, rate, amount),
            best=amount(best[1]),
            share=rate(best[0]),
        )

    def _deciles(self) -> Picture | None:
        points = self.card.curves["deciles"][self.card.model]
        if len(points) < 2:
            return None
        say, amount = self.words.texts.say, self.words.amount
        labels = [str(i + 1) for i in range(len(points))]
        chart = pairs_of_bars(
            labels,
            ("forecast", [p[0] for p in points]),
            ("actual", [p[1] for p in points]),
            self.words.short_amount,
        )
        table = self.tables.points(
            "deciles",
            [say(f"chart.{name}") for name in ("group", "forecast", "actual", "rows")],
            [
                [label, amount(p[0]), amount(p[1]), self.words.count(p[3])]
                for label, p in zip(labels, points, strict=True)
            ],
        )
        legend = tuple(
            LegendItem(f"k-{key}", say(f"chart.{key}")) for key in ("forecast", "actual")
        )
        view = self._view(
            "deciles",
            chart,
            legend,
            count=len(points),
            last=amount(points[-1][0]),
            last_seen=amount(points[-1][1]),
        )
        return Picture(view, table)

    def _recall(self) -> Picture | None:
        curves = self.card.curves["recall"]
        names = [name for name in self._compared if len(curves[name]) > 1]
        if len(names) < 2:
            return None
        lines = [Curve(name, _pairs(curves[name]), dotted=True) for name in names]
        say, rate = self.words.texts.say, self.words.rate
        whole: Callable[[float], str] = lambda k: f"{k:.0f}" if k == round(k) else ""  # noqa: E731
        return self._picture(
            "recall",
            plane(_styled(lines), whole, self._percent),
            names,
            self._steps("recall", say("chart.suggestions"), names, whole, rate, step=1),
            count=whole(curves[names[0]][-1][0]),
            last=rate(curves[names[0]][-1][1]),
            rival_last=rate(curves[names[1]][-1][1]),
        )

    def _steps(
        self,
        name: str,
        head: str,
        names: Sequence[str],
        write_x: Callable[[float], str],
        write_y: Callable[[float], str],
        *,
        step: int = _TABLE_STEP,
    ) -> Grid:
        curves = [_pairs(self.card.curves[name][one]) for one in names]
        rows = [
            [write_x(curves[0][i][0]), *(write_y(curve[i][1]) for curve in curves)]
            for i in range(step - 1, min(len(curve) for curve in curves), step)
        ]
        return self.tables.points(name, [head, *(self.tables.title(one) for one in names)], rows)

    def _picture(
        self, name: str, chart: Chart, names: Sequence[str], table: Grid, **words: object
    ) -> Picture:
        legend = tuple(
            LegendItem(f"line l{_STYLES[i]}", self.tables.title(one)) for i, one in enumerate(names)
        )
        rival = names[1] if len(names) > 1 else self.card.model
        return Picture(
            self._view(name, chart, legend, rival=self.tables.title(rival), **words), table
        )

    def _view(
        self, name: str, chart: Chart, legend: tuple[LegendItem, ...], **words: object
    ) -> ChartView:
        say = self.words.texts.say
        told = {"model": self.tables.title(self.card.model), **words}
        return ChartView(
            f"{self.tables.prefix}-{name}",
            say(f"chart.{name}.title", **told),
            say(f"chart.{name}.subtitle", **told),
            say(f"chart.{name}.description", **told),
            chart,
            legend,
        )

    def _percent(self, value: float) -> str:
        return self.words.writer.percent(
            value, digits=0 if value * 100 == round(value * 100) else 1
        )


def _styled(lines: Sequence[Curve], chance: Curve | None = None) -> list[Curve]:
    """Return curves in the order of their styles: the third style is kept for chance."""
    made = list(lines)
    if chance is not None or len(made) > 2:
        made.insert(2, chance or Curve(CHANCE, ()))
    return made


def _pairs(points: Points) -> list[tuple[float, float]]:
    return [(point[0], point[1]) for point in points]
