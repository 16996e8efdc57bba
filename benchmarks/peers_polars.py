"""The five works as lazy Polars frames, run by its streaming engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from benchmarks.works import QUINTILES, SEGMENT_OF_CELL, SNAPSHOT_COLUMNS, WINDOWS_DAYS, Rows

_CUSTOMER = "customer_id"


def cohorts(files: Sequence[str], as_of: date) -> Rows:
    """Return (cohort, months since, customers)."""
    visits = _past(files, as_of).filter(pl.col("kind") == "order")
    visits = visits.select(_CUSTOMER, month=_month()).unique()
    starts = visits.group_by(_CUSTOMER).agg(cohort=pl.col("month").min())
    counted = (
        visits.join(starts, on=_CUSTOMER)
        .group_by("cohort", number=pl.col("month") - pl.col("cohort"))
        .len()
    )
    return _run(counted).rows()


def lifecycle(files: Sequence[str], as_of: date) -> Rows:
    """Return (month, new, returning, resurrecting, dormant)."""
    rows = _past(files, as_of).filter(pl.col("kind") == "order")
    months = rows.select(_CUSTOMER, month=_month()).unique().sort(_CUSTOMER, "month")
    same_before = pl.col(_CUSTOMER) == pl.col(_CUSTOMER).shift(1)
    same_after = pl.col(_CUSTOMER) == pl.col(_CUSTOMER).shift(-1)
    month = pl.col("month")
    active = months.with_columns(
        previous=pl.when(same_before).then(month.shift(1)),
        following=pl.when(same_after).then(month.shift(-1)),
    )
    counted = active.group_by("month").agg(
        new=pl.col("previous").is_null().sum(),
        returning=(pl.col("previous") == month - 1).sum(),
        resurrecting=(pl.col("previous") < month - 1).sum(),
    )
    lost = (
        active.filter(pl.col("following").is_null() | (pl.col("following") != month + 1))
        .group_by(month + 1)
        .agg(dormant=pl.len())
    )
    found = counted.join(lost, on="month", how="full", coalesce=True).fill_null(0)
    return _run(found.sort("month")).rows()


def rfm(files: Sequence[str], as_of: date) -> Rows:
    """Return (segment, customers, net value)."""
    rows = _past(files, as_of).filter(pl.col("kind").is_in(["order", "refund"]))
    is_order = pl.col("kind") == "order"
    customers = rows.group_by(_CUSTOMER).agg(
        order_count=pl.col("order_id").filter(is_order).n_unique(),
        last_on=pl.col("occurred_on").filter(is_order).max(),
        net_value=pl.col("value").sum().round(4),
    )
    customers = customers.filter(pl.col("last_on").is_not_null()).with_columns(
        days_since_last_order=(pl.lit(as_of) - pl.col("last_on")).dt.total_days()
    )
    scored = _with_scores(_run(customers))
    sizes = scored.group_by("rfm_segment").agg(pl.len(), net_value=pl.col("net_value").sum())
    return _run(sizes).rows()


def purchases(files: Sequence[str], as_of: date, target: Path) -> None:
    """Write the distinct purchase tuples with their counts."""
    days = (
        _past(files, as_of)
        .filter(pl.col("kind") == "order")
        .group_by(_CUSTOMER, "occurred_on")
        .agg(value=pl.col("value").sum())
    )
    day, value = pl.col("occurred_on"), pl.col("value")
    customers = days.group_by(_CUSTOMER).agg(
        repeats=pl.len() - 1,
        first=day.min(),
        last=day.max(),
        total=value.sum(),
        first_value=value.get(day.arg_min()),
    )
    repeats = pl.col("repeats")
    mean = pl.when(repeats > 0).then((pl.col("total") - pl.col("first_value")) / repeats)
    tuples = customers.group_by(
        repeat_order_day_count=repeats,
        age_at_last_order_days=(pl.col("last") - pl.col("first")).dt.total_days(),
        age_days=(pl.lit(as_of) - pl.col("first")).dt.total_days(),
    ).agg(customers=pl.len(), mean_repeat_values=mean.sum())
    tuples.sink_parquet(target, compression="zstd", engine="streaming")


def snapshot(files: Sequence[str], as_of: date, target: Path) -> None:
    """Write one row per customer with `SNAPSHOT_COLUMNS`."""
    past = _past(files, as_of)
    rows = _activity(past, as_of).join(_buyers(past, as_of), on=_CUSTOMER, how="left")
    count, gross = pl.col("order_count"), pl.col("gross_value")
    counts = ["order_count", "order_day_count", *(f"order_count_{d}_days" for d in WINDOWS_DAYS)]
    rows = rows.with_columns(pl.col(*counts).fill_null(0))
    rows = rows.with_columns(
        tenure_days=(pl.lit(as_of) - pl.col("first_order_on")).dt.total_days(),
        days_since_last_order=(pl.lit(as_of) - pl.col("last_order_on")).dt.total_days(),
        gross_value=pl.when(count > 0).then(pl.col("ordered")).otherwise(0.0),
    ).with_columns(
        net_value=(gross - pl.col("returned_value")).round(4),
        mean_order_value=pl.when(count > 0).then(gross / count),
        return_rate=pl.when(gross != 0).then(pl.col("returned_value") / gross),
    )
    scored = _with_scores(_run(rows))
    scored.select(SNAPSHOT_COLUMNS).sink_parquet(target, compression="zstd", engine="streaming")


def _activity(past: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    kind, day, value = pl.col("kind"), pl.col("occurred_on"), pl.col("value")
    paid = kind.is_in(["order", "refund"])
    rows = past.group_by(_CUSTOMER).agg(
        first_activity_on=day.min(),
        last_activity_on=day.max(),
        ordered=value.filter(kind == "order").sum(),
        returned_value=-value.filter(kind == "refund").sum(),
        distinct_product_count=pl.col("product_id").filter(paid).drop_nulls().n_unique(),
        distinct_category_count=pl.col("category").filter(paid).drop_nulls().n_unique(),
        **{
            f"net_value_{d}_days": value.filter(paid & (day >= as_of - timedelta(days=d))).sum()
            for d in WINDOWS_DAYS
        },
    )
    named = ["distinct_product_count", "distinct_category_count"]
    return rows.with_columns(pl.when(pl.col(n) > 0).then(pl.col(n)).alias(n) for n in named)


def _buyers(past: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    channel, source = pl.col("channel").min(), pl.col("source").min()
    lines = past.filter(pl.col("kind") == "order")
    orders = lines.group_by(_CUSTOMER, "order_id").agg(
        channel, source, day=pl.col("occurred_on").min()
    )
    days = orders.group_by(_CUSTOMER, "day").agg(channel, source, orders=pl.len())
    days = days.sort(_CUSTOMER, "day")
    same = pl.col(_CUSTOMER) == pl.col(_CUSTOMER).shift(1)
    gap = (pl.col("day") - pl.col("day").shift(1)).dt.total_days()
    days = days.with_columns(gap=pl.when(same).then(gap))
    day, count = pl.col("day"), pl.col("orders")
    return days.group_by(_CUSTOMER, maintain_order=True).agg(
        first_order_on=day.first(),
        last_order_on=day.last(),
        order_count=count.sum(),
        order_day_count=pl.len(),
        median_gap_days=pl.col("gap").median(),
        mean_gap_days=pl.col("gap").mean(),
        first_channel=pl.col("channel").first(),
        last_channel=pl.col("channel").last(),
        acquisition_source=pl.col("source").first(),
        **{
            f"order_count_{d}_days": count.filter(day >= as_of - timedelta(days=d)).sum()
            for d in WINDOWS_DAYS
        },
    )


def _with_scores(customers: pl.DataFrame) -> pl.LazyFrame:
    buyers = customers.filter(pl.col("order_count") > 0)

    def beyond(column: str) -> pl.Expr:
        cuts = [buyers[column].quantile(q, "linear") for q in QUINTILES]
        return sum(
            (pl.col(column) > round(cut, 4)).cast(pl.Int64) for cut in cuts if cut is not None
        )

    known = pl.col("order_count") > 0
    scored = customers.lazy().with_columns(
        recency_score=pl.when(known).then(5 - beyond("days_since_last_order")),
        frequency_score=pl.when(known).then(1 + beyond("order_count")),
        monetary_score=pl.when(known).then(1 + beyond("net_value")),
    )
    blend = (pl.col("frequency_score") + pl.col("monetary_score") + 1) // 2
    cell = pl.col("recency_score") * 10 + blend
    return scored.with_columns(
        rfm_segment=cell.replace_strict(dict(SEGMENT_OF_CELL), return_dtype=pl.String)
    )


def _past(files: Sequence[str], as_of: date) -> pl.LazyFrame:
    rows = pl.scan_parquet(list(files)).filter(pl.col("occurred_on") < as_of)
    return rows.with_columns(pl.col("value").cast(pl.Float64))


def _month() -> pl.Expr:
    day = pl.col("occurred_on").dt
    return day.year().cast(pl.Int32) * 12 + day.month().cast(pl.Int32) - 1


def _run(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.collect(engine="streaming")
