"""The value model of a business: the method its own past dates recommend, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tenure.kernel import DataError, OptionError
from tenure.predictions.estimator import Estimator
from tenure.predictions.fitting.draws import Predicted
from tenure.predictions.panels import Panel
from tenure.predictions.score_columns import SCORES, VALUE
from tenure.predictions.tables import FloatArray
from tenure.predictions.value.assumptions import ValueAssumptions
from tenure.predictions.value.boosted_value import BoostedValue
from tenure.predictions.value.purchase_value import PurchaseValue
from tenure.predictions.value.spreads import OutcomeSpread, learn_spread

PURCHASES, BOOSTED = "purchases", "boosted"
METHODS = (PURCHASES, BOOSTED)
"""The methods, the simpler first."""

VALUE_SCORES = SCORES[VALUE].told
"""Scores of the customers who have ordered.

`expected_value` is the margin within the horizon, discounted; from `expected_value_low` to
`expected_value_high` it will come out with the interval's probability (null where no earlier
outcome could teach it).
"""

HISTORY = (
    "repeat_order_day_count",
    "age_at_last_order_days",
    "age_days",
    "mean_repeat_value",
)
DATES_MAX = 4
"""Past dates that teach the level and the spread of forecasts: as a rule a year of quarters."""

LEVEL_DATES_MIN = 3
"""With fewer, what was wrong on the whole cannot be told from the season."""

_LEVELS = (0.5, 2.0)
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class PastDate:
    """Customers who had ordered by a past date, and what they brought afterwards.

    Parameters
    ----------
    panel : the date's panel, of these customers only.
    value : net value within the window, 0 where it was negative.
    """

    panel: Panel
    value: FloatArray

    @property
    def table(self) -> pa.Table:
        """Features and history side by side."""
        return beside(self.panel)


def past_date(panel: Panel) -> PastDate:
    """Return a panel's customers who had ordered, with their value.

    Parameters
    ----------
    panel : with its outcome.

    Raises
    ------
    DataError : the outcome is not known, or orders carry no amounts.
    """
    if panel.outcome is None:
        raise DataError(
            f"a panel of {panel.as_of} without an outcome",
            "one whose window has closed",
            "choose an earlier date",
        )
    bought = pc.is_valid(panel.history[HISTORY[0]])
    net = panel.outcome["net_value"].cast(pa.float64())
    if pc.all(pc.is_null(net.filter(bought))).as_py():
        raise DataError(
            f"orders without amounts after {panel.as_of}",
            "order values",
            "import a column with what each order was worth",
        )
    kept = pc.and_(bought, pc.is_valid(net))
    held = replace(
        panel,
        features=panel.features.filter(kept),
        history=panel.history.filter(kept),
        outcome=panel.outcome.filter(kept),
    )
    value = np.asarray(net.filter(kept).to_numpy(), dtype=np.float64)
    return PastDate(held, np.maximum(value, 0.0))


def beside(panel: Panel) -> pa.Table:
    """Return a panel's features and history as one table, as rows come when scoring."""
    table = panel.features
    for name in HISTORY:
        table = table.append_column(name, panel.history[name])
    return table


class ValueModel(Estimator):
    """Expected margin within a horizon, for every customer who has ordered.

    Parameters
    ----------
    method : one of `METHODS`.
    horizon_days : length of the windows learnt from and looked ahead over.
    purchases : the purchase model: `pareto_nbd`, `mbg_nbd` or `bg_nbd`.
    margin, discount_rate_per_year : as in `ValueAssumptions`.
    interval : nominal coverage of the outcomes' interval, 0..1.
    seed : of everything random.
    """

    def __init__(
        self,
        method: str = PURCHASES,
        horizon_days: int = 90,
        purchases: str = "pareto_nbd",
        margin: float = 1.0,
        discount_rate_per_year: float = 0.1,
        interval: float = 0.9,
        seed: int = 0,
    ) -> None:
        self.method = method
        self.horizon_days = horizon_days
        self.purchases = purchases
        self.margin = margin
        self.discount_rate_per_year = discount_rate_per_year
        self.interval = interval
        self.seed = seed

    def fit(self, now: Panel, past: Sequence[PastDate] = ()) -> Self:
        """Fit to customers as they are known today, and to what earlier dates teach.

        Parameters
        ----------
        now : the panel of today; its outcome is not looked at.
        past : earlier dates whose windows have closed by then, oldest first.

        Raises
        ------
        OptionError : no such method.
        DataError : nobody has a repeat order, or, for `boosted`, there is too little to learn.
        """
        if self.method not in METHODS:
            raise OptionError(
                f"method {self.method!r}", f"one of {', '.join(METHODS)}", "choose one of these"
            )
        past = past[-DATES_MAX:] if self.method == PURCHASES else past
        earlier = [self.fit_history(one.panel) for one in past[-DATES_MAX:]]
        return self.complete(self.fit_history(now), past, earlier)

    def fit_history(self, panel: Panel) -> PurchaseValue:
        """Return the purchase models of the customers at a date.

        Parameters
        ----------
        panel : its history and features are looked at.
        """
        table = beside(panel)
        table = table.filter(pc.is_valid(table[HISTORY[0]]))
        model = PurchaseValue(
            self.purchases, margin=1.0, discount_rate_per_year=self.discount_rate_per_year
        )
        return model.fit(table)

    def complete(
        self, history: PurchaseValue, past: Sequence[PastDate], earlier: Sequence[PurchaseValue]
    ) -> Self:
        """Take over purchase models that were fitted already, and learn the rest.

        Parameters
        ----------
        history : of `fit_history` at today's date.
        past : as in `fit`.
        earlier : of `fit_history` at the last of these dates, one each; `DATES_MAX` are enough.

        Raises
        ------
        DataError : there is too little for the trees to learn from.
        """
        self.history_ = history
        self.spread_: OutcomeSpread | None = None
        self.boosted_: BoostedValue | None = None
        if not past or not earlier:
            if self.method == BOOSTED:
                raise DataError(
                    "no past date",
                    "at least one whose window has closed",
                    "use the method purchases",
                )
            return self
        last = past[-min(len(earlier), DATES_MAX) :]
        told = [
            model.predict(one.table, self.horizon_days, is_discounted=False)
            for model, one in zip(earlier[-len(last) :], last, strict=True)
        ]
        values = [one.value for one in last]
        self.history_ = history.at_level(_level(told, values))
        told = [one * self.history_.level_ for one in told]
        if self.method == BOOSTED:
            model = BoostedValue(seed=self.seed)
            self.boosted_ = model.fit([one.table for one in past], [one.value for one in past])
            # only the latest date was held back from the trees
            told, values = [self.boosted_.predict(past[-1].table)], values[-1:]
        self.spread_ = learn_spread(
            np.concatenate(told), np.concatenate(values), interval=self.interval
        )
        return self

    def predict(self, table: pa.Table) -> FloatArray:
        """Return each customer's expected net value within the horizon, without margin or discount.

        Parameters
        ----------
        table : the snapshot's columns and the purchase history, all rows with an order.
        """
        self._require_fit()
        if self.boosted_ is not None:
            return self.boosted_.predict(table)
        return self.history_.predict(table, self.horizon_days, is_discounted=False)

    def forecast(self, table: pa.Table) -> Predicted | FloatArray:
        """Return the same with the interval of what will happen, if it could be learnt."""
        value = self.predict(table)
        return value if self.spread_ is None else self.spread_.around(value)

    def score_batch(self, rows: pa.Table) -> pa.Table:
        """Return the scores of some customers.

        Parameters
        ----------
        rows : the snapshot's columns and the purchase history; customers without an order are
            left out.

        Returns
        -------
        A table with the columns of `VALUE_SCORES`; a row depends on its own row only.
        """
        self._require_fit()
        rows = rows.filter(pc.is_valid(rows[HISTORY[0]]))
        if not rows.num_rows:
            return VALUE_SCORES.empty_table()
        made = self.forecast(rows)
        value = made.value if isinstance(made, Predicted) else made
        by = self.margin * self._discount(rows, value)
        low, high = (made.low * by, made.high * by) if isinstance(made, Predicted) else (None, None)
        nothing = pa.nulls(rows.num_rows, pa.float64())
        return pa.table(
            {
                "customer_id": rows["customer_id"],
                "active_probability": self.history_.predict_active(rows),
                "expected_orders": self.history_.predict_orders(rows, self.horizon_days),
                "expected_value": value * by,
                "expected_value_low": nothing if low is None else low,
                "expected_value_high": nothing if high is None else high,
            },
            schema=VALUE_SCORES,
        )

    def _discount(self, rows: pa.Table, value: FloatArray) -> FloatArray:
        """Return by how much money of the window counts less: when it comes is the model's."""
        plain = self.history_.predict(rows, self.horizon_days, is_discounted=False)
        later = self.history_.predict(rows, self.horizon_days)
        return np.where(plain > 0, later / np.where(plain > 0, plain, 1.0), 1.0)

    def lifetime_value(self, rows: pa.Table, horizon_days: float | None = None) -> FloatArray:
        """Return the expected margin over any horizon, discounted, by the purchase models.

        Parameters
        ----------
        rows : as in `score_batch`, all with an order.
        horizon_days : days ahead, above 0; None for ever.
        """
        self._require_fit()
        found = self.history_.predict(rows, horizon_days)
        return np.asarray(found * self.margin, dtype=np.float64)

    @property
    def columns_(self) -> frozenset[str]:
        """The columns of the rows to score that tell customers apart."""
        self._require_fit()
        return frozenset(HISTORY if self.boosted_ is None else self.boosted_.space_.columns)

    @property
    def assumptions_(self) -> ValueAssumptions:
        """What the values assume."""
        return ValueAssumptions(self.margin, self.discount_rate_per_year)

    def _fitted_state(self) -> dict[str, Any]:
        return {
            "history": self.history_.to_dict(),
            "boosted": None if self.boosted_ is None else self.boosted_.to_dict(),
            "spread": None if self.spread_ is None else self.spread_.as_dict(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        boosted, spread = state["boosted"], state["spread"]
        self.history_ = PurchaseValue.from_dict(state["history"])
        self.boosted_ = None if boosted is None else BoostedValue.from_dict(boosted)
        self.spread_ = None if spread is None else OutcomeSpread.from_dict(spread)


def _level(told: Sequence[FloatArray], values: Sequence[FloatArray]) -> float:
    """Return by how much forecasts were wrong on the whole, as far as the dates agree on it.

    What differs from date to date is the season's and chance's, and says nothing of the next
    date; the mean logarithm is shrunk by its standard error (positive-part James and Stein).
    """
    if len(told) < LEVEL_DATES_MIN:
        return 1.0
    logs = np.array(
        [
            np.log(max(value.sum(), _TINY) / max(one.sum(), _TINY))
            for one, value in zip(told, values, strict=True)
        ]
    )
    mean, noise = float(logs.mean()), float(logs.var(ddof=1)) / len(logs)
    share = max(0.0, 1 - noise / mean**2) if mean else 0.0
    return float(np.clip(np.exp(share * mean), *_LEVELS))
