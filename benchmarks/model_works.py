"""One work of one purchase-model library in a process of its own, run by that library's Python.

`python model_works.py LIBRARY WORK data.npz`; prints JSON: `seconds`, `peak_mb`, `base_mb` (before
the work) and `answer`. LIBRARY is tenure, lifetimes or pymc; WORK is bg_nbd, gamma_gamma or score.
This file imports nothing of the project but what it measures.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

REPEAT_BELOW = 100_000  # customers: so few are fitted again until the second is over
WARMED_ON = 2_000
HORIZONS_DAYS = (30, 90, 365)
DISCOUNT_A_MONTH = 0.00797
COLUMNS = {
    "repeat_order_day_count": "x",
    "age_at_last_order_days": "t",
    "age_days": "T",
    "mean_repeat_value": "m",
}


def tenure(work, data):
    """Return the work as a function without arguments, and a small one to warm up with."""
    from tenure.predictions.purchases.bg_nbd import BGNBD
    from tenure.predictions.purchases.gamma_gamma import GammaGamma
    from tenure.predictions.purchases.histories import histories_of

    def table(rows):
        return {column: data[name][rows] for column, name in COLUMNS.items()}

    def bg_nbd(rows):
        return lambda: list(BGNBD().fit(table(rows)).parameters_.values())

    def gamma_gamma(rows):
        return lambda: list(GammaGamma().fit(table(rows)).parameters_.values())

    def score(rows):
        purchases, values = BGNBD().fit(table(FEW)), GammaGamma().fit(table(FEW))
        given = table(rows)

        def run():
            histories = histories_of(given)
            active = purchases.predict_active(histories)
            expected = [purchases.predict(histories, days) for days in HORIZONS_DAYS]
            rate = np.log1p(DISCOUNT_A_MONTH) / 30
            value = purchases.predict_discounted(histories, 360, discount_rate=rate)
            value *= values.predict(given)
            return [active.sum(), *(e.sum() for e in expected), value.sum()]

        return run

    return {"bg_nbd": bg_nbd, "gamma_gamma": gamma_gamma, "score": score}[work]


def lifetimes(work, data):
    import pandas as pd
    from lifetimes import BetaGeoFitter, GammaGammaFitter
    from lifetimes.utils import ConvergenceError

    def columns(rows):
        return [pd.Series(data[name][rows]) for name in ("x", "t", "T", "m")]

    def bg_nbd(rows):
        x, t, age, _ = columns(rows)
        return lambda: list(BetaGeoFitter().fit(x, t, age).params_)

    def gamma_gamma(rows):
        x, _, _, m = columns(rows)

        def run():
            try:
                return list(GammaGammaFitter().fit(x[x > 0], m[x > 0]).params_)
            except ConvergenceError:  # it gives up on some data; the time until then counts
                return [np.nan] * 3

        return run

    def score(rows):
        x, t, age, m = columns(FEW)
        purchases = BetaGeoFitter().fit(x, t, age)
        values = GammaGammaFitter().fit(x[x > 0], m[x > 0])
        x, t, age, m = columns(rows)

        def run():
            active = purchases.conditional_probability_alive(x, t, age)
            expected = [purchases.predict(days, x, t, age) for days in HORIZONS_DAYS]
            value = values.customer_lifetime_value(
                purchases, x, t, age, m, time=12, discount_rate=DISCOUNT_A_MONTH, freq="D"
            )
            return [active.sum(), *(e.sum() for e in expected), value.sum()]

        return run

    return {"bg_nbd": bg_nbd, "gamma_gamma": gamma_gamma, "score": score}[work]


def pymc(work, data):
    import pandas as pd
    from pymc_marketing import clv

    def bg_nbd(rows):
        named = {"frequency": "x", "recency": "t", "T": "T"}
        frame = pd.DataFrame({column: data[name][rows] for column, name in named.items()})
        frame["customer_id"] = np.arange(len(frame))

        def run():
            model = clv.BetaGeoModel(data=frame)
            model.fit(method="map", progressbar=False)
            return [float(model.fit_result[n].values.ravel()[0]) for n in ("r", "alpha", "a", "b")]

        return run

    return {"bg_nbd": bg_nbd}[work]


FEW = slice(0, WARMED_ON)


def peak_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def main(library, work, source):
    warnings.simplefilter("ignore")
    with np.load(source) as given:
        data = {name: given[name] for name in given.files}
    made = {"tenure": tenure, "lifetimes": lifetimes, "pymc": pymc}[library](work, data)
    size = len(data["x"])
    if library != "pymc":  # its compilation is part of every fit a person waits for
        made(FEW)()
    run, base = made(slice(None)), peak_mb()
    seconds, began = [], time.perf_counter()
    while not seconds or (size < REPEAT_BELOW and time.perf_counter() - began < 1):
        start = time.perf_counter()
        answer = run()
        seconds.append(time.perf_counter() - start)
    told = {"seconds": float(np.median(seconds)), "peak_mb": peak_mb(), "base_mb": base}
    numbers = [float(value) if np.isfinite(value) else None for value in answer]
    print(json.dumps({**told, "answer": numbers}))


if __name__ == "__main__":
    main(*sys.argv[1:])
