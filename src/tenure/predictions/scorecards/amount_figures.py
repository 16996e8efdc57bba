"""Scorecard figures of amounts: how many orders, how much money; forecasts are means.

The verdict goes by Poisson deviance. Like squared error it is least for the true mean, which the
absolute error is not; unlike squared error it is not decided by a handful of large customers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tenure.predictions.scorecards.amounts import (
    decile_chart,
    deviances,
    interval_coverage,
    rank_correlation,
)
from tenure.predictions.scorecards.arrays import Floats, Integers, ratio
from tenure.predictions.scorecards.averaging import (
    CURVE_DEPTHS,
    Points,
    mean_curve,
    mean_over_dates,
)
from tenure.predictions.scorecards.discrimination import gain_curve, rows_at
from tenure.predictions.scorecards.figures import figure_at
from tenure.predictions.scorecards.ordered import captured, concentration, score_order
from tenure.predictions.scorecards.origins import Scored
from tenure.predictions.scorecards.readings import Reading, reading
from tenure.predictions.scorecards.tallies import Sums, Tallies

JUDGED_BY = "deviance"


class AmountFigures:
    """Makes the figures of amount forecasts from sums.

    Parameters
    ----------
    names : the predictors.
    depths : shares (float) or numbers (int) of customers that a budget reaches.
    model : whose intervals the origins carry.
    least : forecasts below this amount count as this amount in the deviance, which is infinite
        for a forecast of 0 that fails.
    """

    judged_by = JUDGED_BY
    order_figure = "normalised_gini"
    lower_is_better = True

    def __init__(
        self, names: Sequence[str], depths: Sequence[float], model: str, least: float
    ) -> None:
        self.names, self.depths, self.model, self.least = names, depths, model, least

    def tally(self, origins: Sequence[Scored], owners: Sequence[Integers], name: str) -> Tallies:
        """Return the sums that the figures of one predictor need."""
        tallies = Tallies(owners)
        for number, origin in enumerate(origins):
            y, mu, ones = origin.actual, origin.predictions[name], np.ones(origin.rows)
            tallies.add(("rows",), number, ones)
            tallies.add(("actual",), number, y)
            tallies.add(("size",), number, np.abs(y))
            tallies.add(("zeros",), number, (y == 0).astype(np.float64))
            tallies.add(("forecast",), number, mu)
            tallies.add(("absolute",), number, np.abs(mu - y))
            tallies.add(("squared",), number, np.square(mu - y))
            tallies.add(("deviance",), number, deviances(y, np.maximum(mu, self.least)))
            truth, order = score_order(y), origin.order(name)
            tallies.add_ordered((number, "best_rows"), number, truth, ones)
            tallies.add_ordered((number, "best_actual"), number, truth, y)
            tallies.add_ordered((number, "rows"), number, order, ones)
            tallies.add_ordered((number, "actual"), number, order, y)
        return tallies

    def figures(self, sums: Sums, origins: Sequence[Scored]) -> dict[str, Floats]:
        """Return a predictor's additive and ordered figures, one per draw."""
        rows, actual, forecast = sums["rows",], sums["actual",], sums["forecast",]
        made = {
            "mean_absolute_error": ratio(sums["absolute",], rows),
            "absolute_error_of_zero": ratio(sums["size",], rows),
            "root_mean_squared_error": np.asarray(np.sqrt(ratio(sums["squared",], rows))),
            JUDGED_BY: ratio(sums["deviance",], rows),
            "bias": ratio(forecast - actual, rows),
            "total_error": ratio(forecast, actual) - 1,
            "zero_share": ratio(sums["zeros",], rows),
        }
        parts: dict[str, list[Floats]] = {}
        weights = []
        for number, origin in enumerate(origins):
            rows, actual = sums[number, "rows"], sums[number, "actual"]
            total, count = actual.sum(-1), rows.sum(-1)
            weights.append(total)
            best = concentration(sums[number, "best_rows"], sums[number, "best_actual"])
            gini = ratio(concentration(rows, actual), best)
            parts.setdefault("normalised_gini", []).append(gini)
            for depth in self.depths:
                share = rows_at(depth, origin.rows) / origin.rows
                found = ratio(captured(rows, actual, share * count), total)
                parts.setdefault(figure_at("top_share", depth), []).append(found)
        by_date = {figure: mean_over_dates(values, weights) for figure, values in parts.items()}
        return {**made, **by_date}

    def others(
        self, origins: Sequence[Scored], owners: Sequence[Integers], confidence: float
    ) -> dict[tuple[str, str], Reading]:
        """Return the figures that are no function of the sums."""
        made: dict[tuple[str, str], Reading] = {}
        for name in self.names:
            found = [rank_correlation(one.actual, one.predictions[name]) for one in origins]
            known = [value for value in found if isinstance(value, float)]
            mean = float(np.mean(known)) if known else float("nan")
            made[name, "rank_correlation"] = reading(mean)
        bounds = [(o.actual, o.low, o.high) for o in origins]
        kept = [(y, low, high) for y, low, high in bounds if low is not None and high is not None]
        if kept:
            y, low, high = (np.concatenate(part) for part in zip(*kept, strict=True))
            made[self.model, "interval_coverage"] = reading(interval_coverage(y, low, high))
        return made

    def curves(self, origins: Sequence[Scored]) -> dict[str, dict[str, Points]]:
        """Return deciles (forecast, actual, its error, rows) and the share found by share taken."""
        y = np.concatenate([origin.actual for origin in origins])
        made: dict[str, dict[str, Points]] = {"deciles": {}, "gain": {}}
        for name in self.names:
            mu = np.concatenate([origin.predictions[name] for origin in origins])
            made["deciles"][name] = tuple(
                (row.forecast, row.actual, row.error if row.rows > 1 else 0.0, float(row.rows))
                for row in decile_chart(y, mu)
            )
            kept = [origin for origin in origins if origin.actual.sum() > 0]
            made["gain"][name] = mean_curve(
                [gain_curve(one.actual, one.predictions[name], CURVE_DEPTHS) for one in kept],
                [float(one.actual.sum()) for one in kept],
            )
        return made

    def signal(self, readings: Mapping[str, Reading]) -> bool:
        """Tell whether a predictor's order of customers is better than chance beyond doubt."""
        low = readings["normalised_gini"].low
        return low is not None and low > 0

    def outcome(self, origin: Scored) -> float:
        """Return the total that came at a date."""
        return float(origin.actual.sum())

    def counted(self, origins: Sequence[Scored], owners: Sequence[Integers]) -> int:
        """Return the number of customers of whom anything came."""
        came = np.concatenate([origin.actual for origin in origins]) != 0
        return len(np.unique(np.concatenate(owners)[came]))


def least_forecast(origins: Sequence[Scored]) -> float:
    """Return the forecast below which none counts: a tenth of the mean of what came."""
    mean = float(np.concatenate([origin.actual for origin in origins]).mean())
    return mean / 10 if mean > 0 else 1.0
