"""The five works as a practised pandas user would write them: columns chosen, no Python loops.

Amounts are floats, as pandas users have them; customers are read as categories, which groups
faster than texts do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.works import QUINTILES, SEGMENT_OF_CELL, SNAPSHOT_COLUMNS, WINDOWS_DAYS, Rows

_DAY = pd.Timedelta(days=1)


def cohorts(files: Sequence[str], as_of: date) -> Rows:
    """Return (cohort, months since, customers)."""
    frame = _read(files, as_of, ["customer_id", "occurred_on", "kind"])
    frame = frame[frame["kind"] == "order"]
    visits = pd.DataFrame({"customer": frame["customer_id"], "month": _months(frame)})
    visits = visits.drop_duplicates()
    visits["cohort"] = visits.groupby("customer", observed=True)["month"].transform("min")
    visits["number"] = visits["month"] - visits["cohort"]
    counted = visits.groupby(["cohort", "number"]).size()
    return [(*key, value) for key, value in counted.items()]


def lifecycle(files: Sequence[str], as_of: date) -> Rows:
    """Return (month, new, returning, resurrecting, dormant)."""
    frame = _read(files, as_of, ["customer_id", "occurred_on", "kind"])
    frame = frame[frame["kind"] == "order"]
    active = pd.DataFrame({"customer": frame["customer_id"].cat.codes, "month": _months(frame)})
    active = active.drop_duplicates().sort_values(["customer", "month"])
    mine, month = active.groupby("customer")["month"], active["month"]
    previous, following = mine.shift(1), mine.shift(-1)
    counted = pd.DataFrame(
        {
            "new": previous.isna().groupby(month).sum(),
            "returning": (previous == month - 1).groupby(month).sum(),
            "resurrecting": (previous < month - 1).groupby(month).sum(),
            "dormant": (following != month + 1).groupby(month + 1).sum(),
        }
    ).fillna(0)
    counted = counted.loc[: _month(as_of) - 1]
    return [tuple(row) for row in counted.reset_index().itertuples(index=False)]


def rfm(files: Sequence[str], as_of: date) -> Rows:
    """Return (segment, customers, net value)."""
    frame = _read(files, as_of, ["customer_id", "occurred_on", "kind", "value", "order_id"])
    frame = frame[frame["kind"].isin(["order", "refund"])]
    orders = frame[frame["kind"] == "order"]
    customers = pd.DataFrame(
        {
            "order_count": _distinct(orders, "order_id"),
            "last_on": orders.groupby("customer_id", observed=True)["occurred_on"].max(),
            "net_value": frame.groupby("customer_id", observed=True)["value"].sum().round(4),
        }
    ).dropna(subset="last_on")
    customers["days_since_last_order"] = (pd.Timestamp(as_of) - customers["last_on"]) / _DAY
    scored = _with_scores(customers)
    sizes = scored.groupby("rfm_segment")["net_value"].agg(["size", "sum"])
    return [tuple(row) for row in sizes.reset_index().itertuples(index=False)]


def purchases(files: Sequence[str], as_of: date, target: Path) -> None:
    """Write the distinct purchase tuples with their counts."""
    frame = _read(files, as_of, ["customer_id", "occurred_on", "kind", "value"])
    frame = frame[frame["kind"] == "order"]
    days = frame.groupby(["customer_id", "occurred_on"], observed=True, as_index=False)[
        "value"
    ].sum()
    mine = days.groupby("customer_id", observed=True)
    customers = mine.agg(
        first_on=("occurred_on", "first"),
        last_on=("occurred_on", "last"),
        days=("occurred_on", "size"),
        total=("value", "sum"),
        first_value=("value", "first"),
    )
    first, repeats = customers["first_on"], customers["days"] - 1
    tuples = pd.DataFrame(
        {
            "repeat_order_day_count": repeats,
            "age_at_last_order_days": (customers["last_on"] - first).dt.days,
            "age_days": (pd.Timestamp(as_of) - first).dt.days,
            "mean": (customers["total"] - customers["first_value"]) / repeats.replace(0, np.nan),
        }
    )
    keys = ["repeat_order_day_count", "age_at_last_order_days", "age_days"]
    grouped = tuples.groupby(keys, as_index=False)["mean"].agg(["size", "sum"])
    named = grouped.rename(columns={"size": "customers", "sum": "mean_repeat_values"})
    named.to_parquet(target, compression="zstd")


def snapshot(files: Sequence[str], as_of: date, target: Path) -> None:
    """Write one row per customer with `SNAPSHOT_COLUMNS`."""
    frame = _read(
        files,
        as_of,
        ["customer_id", "occurred_on", "kind", "value", "order_id", "channel",
         "source", "product_id", "category"],
    )  # fmt: skip
    today = pd.Timestamp(as_of)
    active = _activity(frame, today)
    buyers = _buyers(frame[frame["kind"] == "order"], today)
    rows = active.join(buyers)
    for name in [c for c in rows.columns if c.startswith("order_")]:
        rows[name] = rows[name].fillna(0)
    rows["tenure_days"] = (today - rows["first_order_on"]) / _DAY
    rows["days_since_last_order"] = (today - rows["last_order_on"]) / _DAY
    rows["gross_value"] = rows["ordered"].where(rows["order_count"] > 0, 0.0)
    rows["net_value"] = (rows["gross_value"] - rows["returned_value"]).round(4)
    rows["mean_order_value"] = rows["gross_value"] / rows["order_count"].replace(0, np.nan)
    rows["return_rate"] = rows["returned_value"] / rows["gross_value"].replace(0, np.nan)
    rows = _with_scores(rows).reset_index()
    rows["customer_id"] = rows["customer_id"].astype("str")
    rows[list(SNAPSHOT_COLUMNS)].to_parquet(target, compression="zstd")


def _activity(frame: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    paid = frame["kind"].isin(["order", "refund"])
    value = frame["value"].where(paid, 0.0)
    frame = frame.assign(
        ordered=value.where(frame["kind"] == "order", 0.0),
        returned=-value.where(frame["kind"] == "refund", 0.0),
        **{
            f"net_value_{days}_days": value.where(frame["occurred_on"] >= today - days * _DAY, 0.0)
            for days in WINDOWS_DAYS
        },
    )
    windows = [f"net_value_{days}_days" for days in WINDOWS_DAYS]
    rows = frame.groupby("customer_id", observed=True).agg(
        first_activity_on=("occurred_on", "min"),
        last_activity_on=("occurred_on", "max"),
        ordered=("ordered", "sum"),
        returned_value=("returned", "sum"),
        **{name: (name, "sum") for name in windows},
    )
    rows["distinct_product_count"] = _distinct(frame[paid], "product_id")
    rows["distinct_category_count"] = _distinct(frame[paid], "category")
    return rows


def _buyers(lines: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    orders = lines.groupby(["customer_id", "order_id"], observed=True).agg(
        day=("occurred_on", "min"), channel=("channel", "min"), source=("source", "min")
    )
    days = orders.groupby(["customer_id", "day"], observed=True).agg(
        orders=("source", "size"), channel=("channel", "min"), source=("source", "min")
    )
    days = days.reset_index()  # grouping has sorted them by customer and day
    days["gap"] = (days["day"] - days.groupby("customer_id", observed=True)["day"].shift(1)) / _DAY
    windows = [f"order_count_{length}_days" for length in WINDOWS_DAYS]
    for name, length in zip(windows, WINDOWS_DAYS, strict=True):
        days[name] = days["orders"].where(days["day"] >= today - length * _DAY, 0)
    mine = days.groupby("customer_id", observed=True)
    rows = mine.agg(
        first_order_on=("day", "first"),
        last_order_on=("day", "last"),
        order_count=("orders", "sum"),
        order_day_count=("day", "size"),
        median_gap_days=("gap", "median"),
        mean_gap_days=("gap", "mean"),
        **{name: (name, "sum") for name in windows},
    )
    heads, tails = mine.head(1).set_index("customer_id"), mine.tail(1).set_index("customer_id")
    rows["first_channel"], rows["acquisition_source"] = heads["channel"], heads["source"]
    rows["last_channel"] = tails["channel"]
    return rows


def _distinct(frame: pd.DataFrame, column: str) -> pd.Series:
    pairs = frame[["customer_id", column]].dropna().drop_duplicates()
    return pairs.groupby("customer_id", observed=True).size()


def _with_scores(customers: pd.DataFrame) -> pd.DataFrame:
    buyers = customers[customers["order_count"] > 0]

    def beyond(column: str) -> pd.Series:
        cuts = buyers[column].quantile(list(QUINTILES)).round(4)
        # how many cut points lie below the value; unknown where there is no order
        places = np.searchsorted(cuts.to_numpy(), buyers[column].to_numpy(), side="left")
        return pd.Series(places, index=buyers.index).reindex(customers.index)

    recency, frequency, money = (
        5 - beyond("days_since_last_order"),
        1 + beyond("order_count"),
        1 + beyond("net_value"),
    )
    cell = recency * 10 + (frequency + money + 1) // 2
    return customers.assign(
        recency_score=recency,
        frequency_score=frequency,
        monetary_score=money,
        rfm_segment=cell.map(SEGMENT_OF_CELL),
    )


def _read(files: Sequence[str], as_of: date, columns: list[str]) -> pd.DataFrame:
    wanted = [*columns]
    table = pq.read_table(
        list(files),
        columns=wanted,
        filters=[("occurred_on", "<", as_of)],
        read_dictionary=["customer_id", "kind"],
    )
    if "value" in wanted:
        place = table.schema.get_field_index("value")
        table = table.set_column(place, "value", table["value"].cast(pa.float64()))
    return table.to_pandas(date_as_object=False, split_blocks=True, self_destruct=True)


def _months(frame: pd.DataFrame) -> pd.Series:
    days = frame["occurred_on"].dt
    return days.year * 12 + days.month - 1


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1
