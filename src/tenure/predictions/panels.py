"""Panels: what was known of customers at a past date, and what they did after it.

Everything that learns from the past takes it from here, and everything that scores today takes
its features from here too, so both look through the same window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from tenure.activity.contract import MONEY
from tenure.activity.facts import Facts
from tenure.engine.relations import Relation
from tenure.kernel import Calendar, DataError, OptionError
from tenure.metrics.customer_days import counted, customer_days, net_value
from tenure.metrics.orders import base
from tenure.metrics.purchases import TUPLE, purchase_statistics
from tenure.snapshots.contracts import ACTIVE, ENDED, contracts_known
from tenure.snapshots.snapshot import snapshot

CHANGING = (
    "order_count_30_days",
    "order_count_90_days",
    "net_value_30_days",
    "net_value_90_days",
    "mean_order_value",
    "median_gap_days",
    "overdue_ratio",
    "return_rate",
    "recency_score",
    "frequency_score",
    "monetary_score",
    "subscription_recurring_value",
)
"""Columns whose change says something: no running totals, whose change a window tells already."""

OUTCOME = pa.schema(
    [
        pa.field("customer_id", pa.string()),
        pa.field("order_count", pa.int64()),
        pa.field("order_day_count", pa.int64()),
        pa.field("gross_value", MONEY),
        pa.field("net_value", MONEY),
        pa.field("next_order_on", pa.date32()),
        pa.field("contract_ended", pa.bool_()),
    ]
)
"""What a customer did in `[as_of, until)`.

`order_count` and `order_day_count` count orders that began then and their days; 0 without one.
Values are 0 without an order or refund and null where an order's amount is unknown.
`next_order_on` is null without an order. `contract_ended` tells of the customers with a contract
on the day before `as_of` whether none covers the day before `until`; null for all others.
"""

_HISTORY = {**dict.fromkeys(TUPLE, pa.int64()), "mean_repeat_value": pa.float64()}
HISTORY = tuple(_HISTORY)
"""The columns of a panel's history."""

_HASH_DIGITS = 8
_SPREADS = 6  # so many standard deviations above the wanted size leave no sample too small


@dataclass(frozen=True, slots=True)
class Panel:
    """Customers at one origin; all tables have the same rows, sorted by `customer_id`.

    Parameters
    ----------
    as_of : the origin; features know earlier days only.
    until : first day after the outcome's window; None where no window was asked for.
    features : the snapshot's columns and `change_<n>_days_<column>` (now less n days earlier;
        null for who was not known then).
    history : the columns of `HISTORY`; null without an order.
    outcome : the columns of `OUTCOME`; None while the window is not closed.
    """

    as_of: date
    until: date | None
    features: pa.Table
    history: pa.Table
    outcome: pa.Table | None


def panel(
    facts: Facts,
    *,
    as_of: date,
    horizon_days: int | None = None,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    change_days: int | None = 90,
    attributes: Sequence[str] | None = None,
    sample: int | None = None,
    seed: int = 0,
    received_before: datetime | None = None,
    known_until: date | None = None,
    gap_days: int = 0,
) -> Panel:
    """Return customers as they were known at an origin, and what they did then.

    Parameters
    ----------
    facts : the fact tables.
    as_of : the origin, a business date.
    horizon_days : length of the outcome's window, at least 1; None asks for no outcome.
    calendar : the business's calendar.
    change_days : how far back the change columns look, at least 1; None leaves them out.
    attributes : names of the attributes to show; None takes all there are.
    sample : keep at most so many customers, at least 1, chosen inside the engine by a hash of
        their ids: the same ones at every origin, in every engine; None keeps all.
    seed : of the hash, from 0.
    received_before : features see only rows received before this naive UTC instant.
    known_until : first business day of which the data say nothing; None takes `data_end`.
    gap_days : days that must have passed after the window until late data have come in.

    Raises
    ------
    OptionError : a number is out of its range.
    """
    _check(horizon_days, change_days, sample, gap_days)
    chosen = _Chosen(facts, as_of, calendar, sample, seed)
    known = chosen.of(
        known_rows(
            facts,
            as_of=as_of,
            calendar=calendar,
            change_days=change_days,
            attributes=attributes,
            received_before=received_before,
        )
    )
    if chosen.limit is not None:
        known = _smallest(known, chosen, facts)
    known = known.sort_by("customer_id")
    ids = known["customer_id"].combine_chunks()
    features = known.select([name for name in known.column_names if name not in HISTORY])
    history = known.select(["customer_id", *HISTORY])
    until = None if horizon_days is None else as_of + timedelta(days=horizon_days)
    outcome = None
    if until is not None:
        end = known_until or data_end(facts, calendar)
        if end is not None and until + timedelta(days=gap_days) <= end:
            done = Relation(_outcome(facts, as_of, until, calendar), facts.engine)
            outcome = _closed(_aligned(chosen.of(done), ids))
    return Panel(as_of, until, features, history, outcome)


def known_rows(
    facts: Facts,
    *,
    as_of: date,
    calendar: Calendar = Calendar(),  # noqa: B008 - frozen
    change_days: int | None = 90,
    attributes: Sequence[str] | None = None,
    received_before: datetime | None = None,
) -> Relation:
    """Return what is known of every customer as of a date: a panel's features and history.

    Parameters
    ----------
    facts : the fact tables.
    as_of : only what happened on earlier days counts.
    calendar : the business's calendar.
    change_days : how far back the change columns look; None leaves them out.
    attributes : names of the attributes to show; None takes all there are.
    received_before : only rows received before this naive UTC instant; None: all.

    Returns
    -------
    A relation of the snapshot's columns, `change_<n>_days_<column>` and `HISTORY`.
    """
    rows = snapshot(
        facts,
        as_of=as_of,
        calendar=calendar,
        received_before=received_before,
        attributes=attributes,
    ).table
    if change_days is not None:
        earlier = snapshot(
            facts,
            as_of=as_of - timedelta(days=change_days),
            calendar=calendar,
            received_before=received_before,
            attributes=(),
        ).table
        rows = _with_changes(rows, earlier, change_days)
    activity = _cut(facts.activity, received_before)
    statistics = purchase_statistics(activity, calendar=calendar, as_of=as_of).table
    history = statistics.select(
        "customer_id", **{n: statistics[n].cast(ibis.dtype(t)) for n, t in _HISTORY.items()}
    )
    beside = rows.left_join(history, "customer_id").drop("customer_id_right")
    return Relation(beside, facts.engine)


def origins(
    first_on: date,
    last_on: date,
    *,
    horizon_days: int,
    count: int = 3,
    gap_days: int = 0,
    step_days: int | None = None,
    history_days: int | None = None,
) -> tuple[date, ...]:
    """Return the dates from which outcomes can be learnt, the latest first.

    The latest is the last whose window and gap end with the data. A step of at least
    `horizon_days + gap_days` (the default) makes each origin one at which all that the origins
    before it teach was already known.

    Parameters
    ----------
    first_on, last_on : first and last day of the data.
    horizon_days : length of the outcome's window, at least 1.
    count : how many at most, at least 1.
    gap_days : days after a window until late data have come in, from 0.
    step_days : days between two origins, at least 1; None takes horizon and gap.
    history_days : days of data that the earliest origin needs before it; None takes the horizon.

    Returns
    -------
    At most `count` dates; fewer, or none, where the data are too short.

    Raises
    ------
    OptionError : a number is out of its range.
    """
    step = horizon_days + gap_days if step_days is None else step_days
    for name, value, least in (
        ("horizon_days", horizon_days, 1),
        ("count", count, 1),
        ("gap_days", gap_days, 0),
        ("step_days", step, 1),
    ):
        _at_least(name, value, least)
    needed = horizon_days if history_days is None else history_days
    latest = last_on + timedelta(days=1 - gap_days - horizon_days)
    dates = (latest - timedelta(days=step * number) for number in range(count))
    return tuple(day for day in dates if day >= first_on + timedelta(days=needed))


def data_end(facts: Facts, calendar: Calendar = Calendar()) -> date | None:  # noqa: B008 - frozen
    """Return the day after the last activity or begun contract; None without any.

    Parameters
    ----------
    facts : the fact tables.
    calendar : the business's calendar.
    """
    days = data_days(facts, calendar)
    return None if days is None else days[1] + timedelta(days=1)


def data_days(facts: Facts, calendar: Calendar = Calendar()) -> tuple[date, date] | None:  # noqa: B008
    """Return the first and last day of activity, or of contracts' starts where there is none.

    Parameters
    ----------
    facts : the fact tables.
    calendar : the business's calendar.
    """
    try:
        known = base(facts.activity, calendar=calendar)
    except DataError:
        known = None
    if known is not None and known.first_on is not None and known.last_on is not None:
        return known.first_on, known.last_on
    table = facts.subscriptions.table
    starts = table.aggregate(first=table.started_on.min(), last=table.started_on.max())
    row = facts.engine.collect(starts).to_pylist()[0]
    return None if row["first"] is None else (row["first"], row["last"])


@ibis.udf.scalar.builtin(name="md5")  # type: ignore[untyped-decorator] # Ibis has no types
def _md5(text: str) -> str: ...  # type: ignore[empty-body] # the engine's own function


def hashed_customers(table: ir.Table, seed: int) -> ir.StringValue:
    """Return a hash of each customer, by which samples are drawn: alike in every engine.

    Parameters
    ----------
    table : with `customer_id`.
    seed : of the hash, from 0.
    """
    return _md5(ibis.literal(f"{seed}|") + table.customer_id)


class _Chosen:
    """Which customers are looked at: all, or those with the smallest hashes.

    Hex digits sort alike in every engine. A first cut by the hash's beginning keeps the rest of
    a large business from being collected or sorted.
    """

    def __init__(
        self, facts: Facts, as_of: date, calendar: Calendar, sample: int | None, seed: int
    ) -> None:
        self.seed = seed
        self.limit: str | None = None
        self.sample = sample
        if sample is None:
            return
        size = _population(facts, as_of, calendar)
        if size > sample:
            share = (sample + _SPREADS * sample**0.5 + _SPREADS**2) / size
            top = 16**_HASH_DIGITS
            self.limit = f"{min(top - 1, int(share * top)):0{_HASH_DIGITS}x}"

    def of(self, relation: Relation) -> pa.Table:
        """Collect the rows of the chosen customers."""
        table = relation.table
        if self.limit is not None:
            table = table.filter(self.hashed(table).substr(0, _HASH_DIGITS) <= self.limit)
        return relation.collect(table, again=True)

    def hashed(self, table: ir.Table) -> ir.StringValue:
        """Return each customer's hash."""
        return hashed_customers(table, self.seed)


def _smallest(features: pa.Table, chosen: _Chosen, facts: Facts) -> pa.Table:
    """Return the rows of the smallest hashes; the first cut left a few too many."""
    if chosen.sample is None or features.num_rows <= chosen.sample:
        return features
    ids = ibis.memtable(features.select(["customer_id"]))
    hashed = facts.engine.collect(ids.select("customer_id", hashed=chosen.hashed(ids)))
    order = pc.sort_indices(hashed, [("hashed", "ascending"), ("customer_id", "ascending")])
    kept = hashed["customer_id"].take(order.slice(0, chosen.sample))
    return features.filter(pc.is_in(features["customer_id"], kept.combine_chunks()))


def _population(facts: Facts, as_of: date, calendar: Calendar) -> int:
    """Return how many customers had any activity or contract before the origin."""
    known = base(facts.activity, calendar=calendar, as_of=as_of)
    active = (customer_days(known) if known.kept is not None else known.table).select("customer_id")
    contracts = facts.subscriptions.table
    begun = contracts.filter(contracts.started_on < ibis.date(as_of)).select("customer_id")
    people = ibis.union(active, begun, distinct=True)
    return int(facts.engine.collect(people.aggregate(size=people.count()))["size"][0].as_py())


def _cut(relation: Relation, received_before: datetime | None) -> Relation:
    if received_before is None:
        return relation
    limit = ibis.literal(received_before, "timestamp")
    return Relation(relation.table.filter(relation.table.received_at < limit), relation.engine)


def _outcome(facts: Facts, as_of: date, until: date, calendar: Calendar) -> ir.Table:
    known = base(facts.activity, calendar=calendar, as_of=until)
    days = customer_days(known)
    inside = days.filter(days.occurred_on >= ibis.date(as_of))
    sums = inside.group_by("customer_id").aggregate(
        order_count=counted(inside.order_count.sum()),
        order_day_count=inside.count(where=inside.order_count > 0),
        gross_value=inside.gross_value.sum(),
        returned_value=inside.returned_value.sum(),
        next_order_on=inside.occurred_on.min(where=inside.order_count > 0),
    )
    done = sums.select(
        "customer_id",
        "order_count",
        "order_day_count",
        "next_order_on",
        gross_value=sums.gross_value.cast("decimal(38, 4)"),
        net_value=net_value(sums.gross_value, sums.returned_value).cast("decimal(38, 4)"),
    )
    before = contracts_known(facts.subscriptions.table, as_of)
    after = contracts_known(facts.subscriptions.table, until)
    ran = before.filter(before.subscription_status == ACTIVE).select("customer_id")
    ends = after.select("customer_id", contract_ended=after.subscription_status == ENDED)
    ended = ran.inner_join(ends, "customer_id").select("customer_id", "contract_ended")
    return done.outer_join(ended, "customer_id").select(
        *(name for name in done.columns if name != "customer_id"),
        customer_id=ibis.coalesce(done.customer_id, ended.customer_id),
        contract_ended=ended.contract_ended,
    )


def _closed(found: pa.Table) -> pa.Table:
    """Return outcomes in which who did nothing has zeros: the window is closed."""
    columns = {name: found[name] for name in found.column_names}
    for name in ("order_count", "order_day_count"):
        columns[name] = pc.fill_null(found[name], 0)
    ordered = pc.greater(columns["order_count"], 0)
    nothing = pa.scalar(Decimal(0), MONEY)
    for name in ("gross_value", "net_value"):
        known = found[name].cast(MONEY)
        columns[name] = pc.if_else(ordered, known, pc.fill_null(known, nothing))
    return _typed(pa.table(columns), OUTCOME)


def _aligned(table: pa.Table, ids: pa.Array) -> pa.Table:
    """Return the rows of these customers, in their order; nulls for who is not there."""
    places = pc.index_in(ids, value_set=table["customer_id"].combine_chunks())
    found = table.take(places)
    return found.set_column(found.column_names.index("customer_id"), "customer_id", ids)


def _with_changes(rows: ir.Table, earlier: ir.Table, change_days: int) -> ir.Table:
    then = {f"earlier_{name}": earlier[name] for name in CHANGING}
    before = earlier.select("customer_id", **then)
    joined = rows.left_join(before, "customer_id")
    changes = {
        f"change_{change_days}_days_{name}": joined[name].cast("float64")
        - joined[f"earlier_{name}"].cast("float64")
        for name in CHANGING
    }
    return joined.select(*rows.columns, **changes)


def _typed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    return table.select(schema.names).cast(schema)


def _check(
    horizon_days: int | None, change_days: int | None, sample: int | None, gap_days: int
) -> None:
    for name, value, least in (
        ("horizon_days", horizon_days, 1),
        ("change_days", change_days, 1),
        ("sample", sample, 1),
        ("gap_days", gap_days, 0),
    ):
        if value is not None:
            _at_least(name, value, least)


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise OptionError(f"{name} {value}", f"a whole number from {least}", f"set {name} higher")
