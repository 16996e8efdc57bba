"""Scorecard figures of product lists: whether what is bought next is among the suggestions.

Each figure is a mean over the customers who bought; repeats and new products are also judged
apart, since naming the usual and finding something new are two different arts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tenure.predictions.scorecards.arrays import Floats, Integers, ratio
from tenure.predictions.scorecards.averaging import Points
from tenure.predictions.scorecards.origins import Ranked
from tenure.predictions.scorecards.rankings import per_customer
from tenure.predictions.scorecards.readings import Reading
from tenure.predictions.scorecards.tallies import Sums, Tallies

_NAMES = {
    "recall": "recall",
    "precision": "precision",
    "hit_rate": "hit_rate",
    "reciprocal_rank": "reciprocal_rank",
    "gain": "discounted_gain",
}
_PARTS = {"repeat": "repeat_recall", "new": "new_recall"}


class ListFigures:
    """Makes the figures of product lists from sums.

    Parameters
    ----------
    names : the predictors.
    k : how many suggestions count.
    product_count : number of products there are to suggest; None if unknown.
    """

    lower_is_better = False

    def __init__(self, names: Sequence[str], k: int, product_count: int | None) -> None:
        self.names, self.k, self.product_count = names, k, product_count
        self.judged_by = self.order_figure = self._at("recall")

    def _at(self, figure: str) -> str:
        return f"{figure}_at_{self.k}_suggestions"

    def tally(self, origins: Sequence[Ranked], owners: Sequence[Integers], name: str) -> Tallies:
        """Return the sums that the figures of one predictor need."""
        tallies = Tallies(owners)
        for number, origin in enumerate(origins):
            lists = origin.predictions[name]
            for figure, values in per_customer(lists, origin.bought, k=self.k).items():
                tallies.add((figure,), number, values)
            for part, figure in _PARTS.items() if origin.known is not None else ():
                apart = per_customer(lists, origin.bought, k=self.k, known=origin.known, part=part)
                tallies.add((figure,), number, apart["recall"])
                tallies.add((f"{figure}_counted",), number, apart["counted"])
        return tallies

    def figures(self, sums: Sums, origins: Sequence[Ranked]) -> dict[str, Floats]:
        """Return a predictor's figures, one per draw."""
        counted = sums["counted",]
        made = {self._at(figure): ratio(sums[key,], counted) for key, figure in _NAMES.items()}
        for figure in _PARTS.values():
            if (figure,) in sums:
                made[self._at(figure)] = ratio(sums[figure,], sums[f"{figure}_counted",])
        return made

    def others(
        self, origins: Sequence[Ranked], owners: Sequence[Integers], confidence: float
    ) -> dict[tuple[str, str], Reading]:
        """Return nothing: all figures are functions of the sums."""
        return {}

    def curves(self, origins: Sequence[Ranked]) -> dict[str, dict[str, Points]]:
        """Return the recall of the first 1 to k suggestions."""
        made: dict[str, Points] = {}
        for name in self.names:
            points = []
            for k in range(1, self.k + 1):
                sums = np.zeros(2)
                for origin in origins:
                    found = per_customer(origin.predictions[name], origin.bought, k=k)
                    sums += [found["recall"].sum(), found["counted"].sum()]
                if sums[1]:
                    points.append((float(k), float(sums[0] / sums[1])))
            made[name] = tuple(points)
        return {"recall": made}

    def signal(self, readings: Mapping[str, Reading]) -> bool:
        """Tell whether lists find more than as many products drawn at random, beyond doubt."""
        chance = min(self.k / self.product_count, 1.0) if self.product_count else 0.0
        low = readings[self.judged_by].low
        return low is not None and low > chance

    def outcome(self, origin: Ranked) -> float:
        """Return the number of customers who bought at a date."""
        return float(len(np.unique(origin.bought.rows)))

    def counted(self, origins: Sequence[Ranked], owners: Sequence[Integers]) -> int:
        """Return the number of customers who bought at any date."""
        bought = [owner[one.bought.rows] for one, owner in zip(origins, owners, strict=True)]
        return len(np.unique(np.concatenate(bought)))
