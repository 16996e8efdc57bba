"""One scorecard's figures: of the data, of each date, and in each draw of the bootstrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np

from tenure.predictions.scorecards.arrays import Floats, Integers
from tenure.predictions.scorecards.averaging import Points
from tenure.predictions.scorecards.comparing import Judged
from tenure.predictions.scorecards.origins import Ranked, Scored
from tenure.predictions.scorecards.readings import Reading, reading, resampled
from tenure.predictions.scorecards.scorecard import OriginSummary
from tenure.predictions.scorecards.tallies import GROUPS_MAX, Sums, Tallies, over_draws

Origin = TypeVar("Origin", Scored, Ranked)
_Read = TypeVar("_Read", Scored, Ranked, contravariant=True)
_Key = tuple[str, str]


class FigureMaker(Protocol[_Read]):
    """What a task knows of its figures; the type variable is the kind of its dates."""

    names: Sequence[str]
    judged_by: str
    order_figure: str
    lower_is_better: bool

    def tally(self, origins: Sequence[_Read], owners: Sequence[Integers], name: str) -> Tallies:
        """Return the sums that the figures of one predictor need."""

    def figures(self, sums: Sums, origins: Sequence[_Read]) -> dict[str, Floats]:
        """Return a predictor's figures, one per draw."""

    def others(
        self, origins: Sequence[_Read], owners: Sequence[Integers], confidence: float
    ) -> dict[_Key, Reading]:
        """Return figures that are no function of the sums."""

    def curves(self, origins: Sequence[_Read]) -> dict[str, dict[str, Points]]:
        """Return the curves by name and predictor."""

    def signal(self, readings: Mapping[str, Reading]) -> bool:
        """Tell whether a predictor's order is better than chance beyond doubt."""

    def outcome(self, origin: _Read) -> float:
        """Return what happened at a date as one number."""

    def counted(self, origins: Sequence[_Read], owners: Sequence[Integers]) -> int:
        """Return how many customers the verdict rests on."""


class Weighing(Generic[Origin]):
    """Figures of the data, and of the draws.

    Parameters
    ----------
    maker : the task's figures.
    origins : the dates.
    owners : each row's customer, per date.
    draws, seed : of the bootstrap over customers.
    confidence : of the intervals, 0..1.
    """

    def __init__(
        self,
        maker: FigureMaker[Origin],
        origins: Sequence[Origin],
        owners: Sequence[Integers],
        *,
        draws: int,
        seed: int,
        confidence: float,
    ) -> None:
        self.maker: FigureMaker[Origin] = maker
        self.origins: Sequence[Origin] = origins
        self.owners, self.confidence = owners, confidence
        values: dict[str, float] = {}
        drawn_values: dict[str, Floats] = {}
        self._readings: dict[str, dict[str, Reading]] = {}
        # One predictor at a time, to hold one's sums only; the same seed draws the same customers.
        for name in maker.names:
            tallies = maker.tally(origins, owners, name)
            exact = maker.figures(tallies.whole(), origins)
            coarse = maker.figures(tallies.whole(groups_max=GROUPS_MAX), origins)
            drawn = over_draws(
                tallies, lambda sums: maker.figures(sums, origins), draws=draws, seed=seed
            )
            self._readings[name] = {
                figure: _reading(value, coarse[figure], drawn[figure], confidence)
                for figure, value in exact.items()
            }
            values[name] = float(exact[maker.judged_by][0])
            drawn_values[name] = drawn[maker.judged_by]
        self.judged = Judged(values, drawn_values, lower_is_better=maker.lower_is_better)

    def figures(self) -> dict[str, dict[str, Reading]]:
        """Return the readings over all dates by predictor."""
        others = self.maker.others(self.origins, self.owners, self.confidence)
        for (name, figure), found in others.items():
            self._readings[name].setdefault(figure, found)
        return self._readings

    def by_origin(self) -> tuple[OriginSummary, ...]:
        """Return each date with its own readings, without a bootstrap."""
        made = []
        for origin in self.origins:
            alone = [np.arange(origin.rows, dtype=np.int64)]
            readings: dict[str, dict[str, Reading]] = {}
            for name in self.maker.names:
                sums = self.maker.tally([origin], alone, name).whole()
                values = self.maker.figures(sums, [origin])
                readings[name] = {figure: reading(float(v[0])) for figure, v in values.items()}
            others = self.maker.others([origin], alone, self.confidence)
            for (name, figure), found in others.items():
                readings[name][figure] = found
            outcome = self.maker.outcome(origin)
            made.append(OriginSummary(origin.as_of, origin.until, origin.rows, outcome, readings))
        return tuple(made)


def _reading(exact: Floats, coarse: Floats, drawn: Floats, confidence: float) -> Reading:
    value = float(exact[0])
    offset = float(np.nan_to_num(coarse[0] - value))
    return resampled(value, drawn, confidence, offset=offset)
