"""Scorecard figures of events: who will leave, who will buy; forecasts are probabilities.

Order is judged within each date and averaged over dates by their events, since customers of
different dates never compete for one list; everything else is taken over all rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tenure.kernel import Estimate, Undefined
from tenure.predictions.scorecards.arrays import Floats, Integers, ratio
from tenure.predictions.scorecards.averaging import (
    CURVE_DEPTHS,
    Points,
    mean_curve,
    mean_over_dates,
)
from tenure.predictions.scorecards.calibration import (
    brier_parts,
    calibration_error_by_chance,
    calibration_line,
    expected_calibration_error,
    log_losses,
    reliability,
)
from tenure.predictions.scorecards.discrimination import auc, gain_curve, rows_at
from tenure.predictions.scorecards.figures import figure_at
from tenure.predictions.scorecards.money import ContactPlan, profit_curve, profits
from tenure.predictions.scorecards.ordered import (
    area_under_roc,
    captured,
    mean_precision,
    score_order,
)
from tenure.predictions.scorecards.origins import Scored
from tenure.predictions.scorecards.readings import Reading, reading
from tenure.predictions.scorecards.tallies import Sums, Tallies


class EventFigures:
    """Makes the figures of event forecasts from sums.

    Parameters
    ----------
    names : the predictors.
    depths : shares (float) or numbers (int) of customers that a budget reaches.
    plan : assumptions of a contact; None leaves profit out.
    """

    judged_by = "brier"
    order_figure = "auc"
    lower_is_better = True

    def __init__(
        self, names: Sequence[str], depths: Sequence[float], plan: ContactPlan | None
    ) -> None:
        self.names, self.depths, self.plan = names, depths, plan

    def tally(self, origins: Sequence[Scored], owners: Sequence[Integers], name: str) -> Tallies:
        """Return the sums that the figures of one predictor need."""
        tallies = Tallies(owners)
        for number, origin in enumerate(origins):
            y, p, ones = origin.actual, origin.predictions[name], np.ones(origin.rows)
            tallies.add(("rows",), number, ones)
            tallies.add(("events",), number, y)
            tallies.add(("forecast",), number, p)
            tallies.add(("brier",), number, np.square(p - y))
            tallies.add(("log_loss",), number, log_losses(y, p))
            order = origin.order(name)
            tallies.add_ordered((number, "rows"), number, order, ones)
            tallies.add_ordered((number, "events"), number, order, y)
            if origin.value is None:
                continue
            tallies.add_ordered((number, "value"), number, order, y * origin.value)
            if self.plan is not None:
                first = score_order(p * origin.value)
                gained = profits(y, origin.value, self.plan)
                tallies.add_ordered((number, "list_rows"), number, first, ones)
                tallies.add_ordered((number, "list_profit"), number, first, gained)
        return tallies

    def figures(self, sums: Sums, origins: Sequence[Scored]) -> dict[str, Floats]:
        """Return a predictor's additive and ordered figures, one per draw."""
        rows, events = sums["rows",], sums["events",]
        made = {
            "brier": ratio(sums["brier",], rows),
            "log_loss": ratio(sums["log_loss",], rows),
            "total_error": ratio(sums["forecast",], events) - 1,
        }
        parts: dict[str, list[Floats]] = {}
        weights = []
        for number, origin in enumerate(origins):
            rows, events = sums[number, "rows"], sums[number, "events"]
            weights.append(events.sum(-1))
            found = {
                "auc": area_under_roc(rows, events),
                "average_precision": mean_precision(rows, events),
                **self._at_depths(sums, origin, number),
            }
            for figure, values in found.items():
                parts.setdefault(figure, []).append(values)
        for figure, by_date in parts.items():
            # what a list holds per date counts alike, however many events that date has
            per_date = figure.startswith(("profit", "precision"))
            made[figure] = (
                np.asarray(np.mean(by_date, axis=0))
                if per_date
                else mean_over_dates(by_date, weights)
            )
        return made

    def _at_depths(self, sums: Sums, origin: Scored, number: int) -> dict[str, Floats]:
        rows, events = sums[number, "rows"], sums[number, "events"]
        total, made = rows.sum(-1), {}
        for depth in self.depths:
            share = rows_at(depth, origin.rows) / origin.rows
            found = captured(rows, events, share * total)
            gain = ratio(found, events.sum(-1))
            made[figure_at("gain", depth)] = gain
            made[figure_at("lift", depth)] = gain / share
            made[figure_at("precision", depth)] = ratio(found, share * total)
            value = sums.get((number, "value"))
            if value is not None:
                kept = ratio(captured(rows, value, share * total), value.sum(-1))
                made[figure_at("value_lift", depth)] = kept / share
            profit = sums.get((number, "list_profit"))
            if profit is not None:
                # A draw's weights sum to about the rows, not to them: per row, then times rows.
                brought = captured(sums[number, "list_rows"], profit, share * total)
                made[figure_at("profit", depth)] = ratio(brought, total) * origin.rows
        return made

    def others(
        self, origins: Sequence[Scored], owners: Sequence[Integers], confidence: float
    ) -> dict[tuple[str, str], Reading]:
        """Return the figures that are no function of the sums."""
        y = np.concatenate([origin.actual for origin in origins])
        customers = np.concatenate(owners)
        made = {}
        for name in self.names:
            p = np.concatenate([origin.predictions[name] for origin in origins])
            found: dict[str, Estimate | Undefined | float] = {
                "calibration_error": expected_calibration_error(y, p),
                "calibration_error_by_chance": calibration_error_by_chance(p),
            }
            if len(origins) == 1:
                found["auc"] = auc(y, p, confidence=confidence)
            else:
                parts = brier_parts(y, p)
                line = calibration_line(y, p, customers=customers, confidence=confidence)
                found["miscalibration"] = parts.miscalibration
                found["discrimination"] = parts.discrimination
                found["calibration_slope"] = line.slope
                found["calibration_intercept"] = line.intercept
            made.update({(name, figure): reading(value) for figure, value in found.items()})
        return made

    def curves(self, origins: Sequence[Scored]) -> dict[str, dict[str, Points]]:
        """Return reliability (forecast, observed, low, high, rows), gain and profit by share."""
        y = np.concatenate([origin.actual for origin in origins])
        made: dict[str, dict[str, Points]] = {"reliability": {}, "gain": {}}
        weights = [origin.actual.sum() for origin in origins]
        for name in self.names:
            p = np.concatenate([origin.predictions[name] for origin in origins])
            made["reliability"][name] = tuple(
                (b.forecast, b.observed.value, b.observed.low, b.observed.high, float(b.rows))
                for b in reliability(y, p)
            )
            gains = [
                gain_curve(origin.actual, origin.predictions[name], CURVE_DEPTHS)
                for origin in origins
            ]
            kept = [(g, w) for g, w in zip(gains, weights, strict=True) if g]
            made["gain"][name] = mean_curve([g for g, _ in kept], [w for _, w in kept])
            if self.plan is not None and all(origin.value is not None for origin in origins):
                made.setdefault("profit", {})[name] = self._profit_curve(origins, name)
        return made

    def _profit_curve(self, origins: Sequence[Scored], name: str) -> Points:
        curves = []
        for origin in origins:
            if origin.value is None or self.plan is None:
                continue
            priority = origin.predictions[name] * origin.value
            curves.append(
                profit_curve(
                    origin.actual, priority, origin.value, plan=self.plan, depths=CURVE_DEPTHS
                )
            )
        return mean_curve(curves, [1.0] * len(curves))

    def signal(self, readings: Mapping[str, Reading]) -> bool:
        """Tell whether a predictor's order of customers is better than chance beyond doubt."""
        low = readings["auc"].low
        return low is not None and low > 0.5

    def outcome(self, origin: Scored) -> float:
        """Return the number of events at a date."""
        return float(origin.actual.sum())

    def counted(self, origins: Sequence[Scored], owners: Sequence[Integers]) -> int:
        """Return the customers who ever had the event, or ever had not, whichever are fewer."""
        happened = np.concatenate([origin.actual for origin in origins]) == 1
        who = np.concatenate(owners)
        return min(len(np.unique(who[happened])), len(np.unique(who[~happened])))
