"""Which method values customers best in this business: past dates decide, the simpler if equal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from tenure.kernel import DataError, OptionError
from tenure.predictions.fitting.draws import Predicted
from tenure.predictions.panels import Panel
from tenure.predictions.scorecards.amounts import deviances
from tenure.predictions.scorecards.findings import LeakageCheck
from tenure.predictions.scorecards.judging import ScorecardOptions, scorecard
from tenure.predictions.scorecards.origins import ScoredOrigin
from tenure.predictions.scorecards.rivals import EarlierDate, naive_amounts
from tenure.predictions.scorecards.rolling_checks import JudgedDate, rolling_checks
from tenure.predictions.scorecards.scorecard import Scorecard
from tenure.predictions.tables import FloatArray
from tenure.predictions.value.purchase_value import PurchaseValue
from tenure.predictions.value.value_model import (
    BOOSTED,
    DATES_MAX,
    METHODS,
    PURCHASES,
    PastDate,
    ValueModel,
    past_date,
)

TITLES: Mapping[str, Mapping[str, str]] = {
    PURCHASES: {"en": "the purchase models", "zh": "购买模型"},
    BOOSTED: {"en": "the two-part boosted trees", "zh": "两段式提升树"},
}
"""The methods' names for people."""

_Z = 1.959963984540054
_TINY = 1e-12
_Interval = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class ValueFit:
    """A value model with the evidence for it.

    Parameters
    ----------
    model : fitted on all that is known, by the chosen method.
    scorecard : of models made the same way on past dates, beside simple rivals.
    """

    model: ValueModel
    scorecard: Scorecard


def fit_value(
    now: Panel,
    past: Sequence[Panel],
    *,
    model: ValueModel,
    judged: int = 3,
    draws: int = 500,
    gap_days: int = 0,
) -> ValueFit:
    """Return the value model that past dates recommend, and its scorecard.

    The boosted trees are chosen only where they beat the purchase models beyond chance.

    Parameters
    ----------
    now : the panel of today.
    past : labelled panels of earlier dates, oldest first; windows closed before `now`.
    model : its arguments are used, but for the method, which is chosen here.
    judged : number of past dates judged, at least 3; each needs another one before it.
    draws : of the scorecard's bootstrap over customers, at least 100.
    gap_days : days after a window until late data have come in.

    Raises
    ------
    OptionError : there are too few past dates.
    DataError : orders carry no amounts, or nobody has a repeat order.
    """
    dates = [past_date(one) for one in past]
    backtest = Backtest(dates, model, draws=draws, gap_days=gap_days)
    origins = backtest.origins(judged)
    method = backtest.method(origins)
    arguments = {**model.get_params(), "method": method}
    fitted = ValueModel(**arguments).complete(
        model.fit_history(now), dates, backtest.histories(range(len(dates)))
    )
    return ValueFit(fitted, backtest.scorecard(origins, method))


class Backtest:
    """Value models made at past dates from what was known by then.

    Parameters
    ----------
    dates : labelled, oldest first.
    model : whose arguments are used.
    draws : of the scorecard's bootstrap over customers, at least 100.
    gap_days : days after a window until late data have come in.
    """

    def __init__(
        self,
        dates: Sequence[PastDate],
        model: ValueModel,
        *,
        draws: int = 500,
        gap_days: int = 0,
    ) -> None:
        self.draws = draws
        self.gap_days = gap_days
        self.dates = dates
        self.model = model
        self._histories: dict[int, PurchaseValue] = {}
        self._intervals: list[dict[str, _Interval]] = []
        self._forecasts: dict[tuple[int, str], Predicted | FloatArray] = {}
        self._read: dict[int, frozenset[str]] = {}

    def history(self, number: int) -> PurchaseValue:
        """Return the purchase models of a date, fitted once."""
        if number not in self._histories:
            self._histories[number] = self.model.fit_history(self.dates[number].panel)
        return self._histories[number]

    def histories(self, numbers: Sequence[int]) -> list[PurchaseValue]:
        """Return the purchase models of the last `DATES_MAX` of some dates."""
        return [self.history(number) for number in numbers[-DATES_MAX:]]

    def origins(self, judged: int) -> list[ScoredOrigin]:
        """Return forecasts of all methods and rivals at the last dates, beside what happened.

        Parameters
        ----------
        judged : how many dates.

        Raises
        ------
        OptionError : there are too few dates, or none whose outcome was known before another.
        """
        if len(self.dates) <= judged:
            raise OptionError(
                f"{len(self.dates)} past dates",
                f"at least {judged + 1}: {judged} to judge and one to learn from",
                "look ahead over a shorter window, or import a longer history",
            )
        numbers = range(len(self.dates) - judged, len(self.dates))
        methods = self._methods(numbers)
        self._intervals = []
        return [self._origin(number, methods) for number in numbers]

    def method(self, origins: Sequence[ScoredOrigin]) -> str:
        """Return the boosted trees where they beat the purchase models, else these.

        Parameters
        ----------
        origins : of `origins`.
        """
        if any(BOOSTED not in one.predictions for one in origins):
            return PURCHASES
        least = float(np.mean(np.concatenate([np.asarray(one.actual) for one in origins]))) / 10
        gains = np.concatenate(
            [_deviance(one, PURCHASES, least) - _deviance(one, BOOSTED, least) for one in origins]
        )
        # A customer's dates are one draw, not several.
        who = np.concatenate([np.asarray(one.customers) for one in origins])
        _, group = np.unique(who.astype(str), return_inverse=True)
        parts = np.bincount(group, gains - gains.mean())
        error = float(np.sqrt((parts**2).sum())) / len(gains)
        return BOOSTED if gains.mean() > _Z * error else PURCHASES

    def scorecard(self, origins: Sequence[ScoredOrigin], method: str) -> Scorecard:
        """Return the scorecard of a method, with its intervals, beside the rivals.

        Parameters
        ----------
        origins : of `origins`.
        method : one of `METHODS`.
        """
        with_intervals = [
            replace(one, low=ends[method][0], high=ends[method][1]) if method in ends else one
            for one, ends in zip(origins, self._intervals, strict=True)
        ]
        rivals = [name for name in origins[0].predictions if name not in TITLES]
        return scorecard(
            "amount",
            with_intervals,
            model=method,
            rivals=rivals,
            options=self._options(origins),
        )

    def checks(self, judged: int) -> tuple[LeakageCheck, ...]:
        """Return the leakage checks of the dates that `origins` judged.

        Parameters
        ----------
        judged : how many dates.
        """
        dates = []
        for number in range(len(self.dates) - judged, len(self.dates)):
            now = self.dates[number]
            known = [one.panel for one in self.dates[:number] if self._closed(one, now)]
            trained = tuple((one.as_of, one.until) for one in known if one.until is not None)
            dates.append(
                JudgedDate(
                    now.panel.as_of,
                    now.panel.until or now.panel.as_of,
                    now.panel.features,
                    now.value > 0,
                    trained,
                    self._read[number],
                )
            )
        return rolling_checks(dates, gap_days=self.gap_days)

    def _methods(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """Return the methods that can be made at every date."""
        try:
            for number in numbers:
                self._made(number, BOOSTED)
        except DataError:
            return (PURCHASES,)
        return (PURCHASES, BOOSTED)

    def _made(self, number: int, method: str) -> Predicted | FloatArray:
        """Return a method's forecasts at a date, made once."""
        if (number, method) in self._forecasts:
            return self._forecasts[number, method]
        now = self.dates[number]
        known = [i for i in range(number) if self._closed(self.dates[i], now)]
        if not known:
            raise OptionError(
                f"no window closed before {now.panel.as_of}",
                "dates at least one window apart",
                "choose dates further apart",
            )
        fitted = ValueModel(**{**self.model.get_params(), "method": method}).complete(
            self.history(number),
            [self.dates[i] for i in known],
            self.histories(known),
        )
        self._read[number] = self._read.get(number, frozenset()) | fitted.columns_
        self._forecasts[number, method] = fitted.forecast(now.table)
        return self._forecasts[number, method]

    def _closed(self, one: PastDate, now: PastDate) -> bool:
        until = one.panel.until
        if until is None:
            return False
        return until + timedelta(days=self.gap_days) <= now.panel.as_of

    def _origin(self, number: int, methods: Sequence[str]) -> ScoredOrigin:
        now = self.dates[number]
        earlier = [
            EarlierDate(self.dates[i].panel.features, self.dates[i].value)
            for i in range(number)
            if self._closed(self.dates[i], now)
        ]
        predictions = dict(
            naive_amounts(
                earlier, now.panel.features, horizon_days=self.model.horizon_days, money=True
            )
        )
        ends: dict[str, _Interval] = {}
        for method in methods:
            made = self._made(number, method)
            if isinstance(made, Predicted):
                predictions[method], ends[method] = made.value, (made.low, made.high)
            else:
                predictions[method] = made
        self._intervals.append(ends)
        ids = now.panel.features["customer_id"].to_pylist()
        until = now.panel.until or now.panel.as_of
        return ScoredOrigin(
            now.panel.as_of,
            until,
            now.value,
            predictions,
            customers=np.asarray(ids, dtype=object),
        )

    def _options(self, origins: Sequence[ScoredOrigin]) -> ScorecardOptions:
        days = self.model.horizon_days
        names = [name for name in origins[0].predictions if name not in TITLES]
        methods = [name for name in METHODS if name in origins[0].predictions]
        return ScorecardOptions(
            definition={
                "en": f"Net value within {days} days; where refunds exceed orders, 0.",
                "zh": f"{days} 天内的净额；退款多于订单时计为 0。",
            },
            population={
                "en": "Customers who had ordered by then.",
                "zh": "当时已下过单的客户。",
            },
            titles=TITLES,
            seed=self.model.seed,
            draws=self.draws,
            simplicity=(*names, *methods),
            checks=self.checks(len(origins)),
            origins_min=min(len(origins), 3),
        )


def _deviance(origin: ScoredOrigin, name: str, least: float) -> FloatArray:
    """Return each customer's Poisson deviance of a forecast, as scorecards judge amounts."""
    forecast = np.maximum(np.asarray(origin.predictions[name], np.float64), max(least, _TINY))
    return deviances(np.asarray(origin.actual, np.float64), forecast)
