"""Facts made to make engines disagree: every trap known, in one set small enough to run often.

Clock changes of the zone, nulls wherever the contract allows them, ties in time and value, orders
over several lines and days, refunds above orders, four decimals and eighteen digits, ids that
quoting and collation can spoil, contracts with several states, attributes with a history.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from tenure.activity.contract import FACT_TABLES
from tenure.activity.facts import Facts, order_lines
from tenure.engine.relations import Engine, Relation

Row = dict[str, object]
Tables = Mapping[str, pa.Table]

RECEIVED = datetime(2025, 6, 1, 12)
EARLIER = datetime(2024, 6, 1, 12)
ODD_IDS = ("o'brien", "back\\slash", "客户一", "ÉCLAIR", "éclair", "Zoë", "zoe", "a|b", "100%", "")
_SEED = 7


def tables(zone: str) -> Tables:
    """Return the fact tables of the whole set, its days counted in a zone."""
    rows = [*_by_hand(), *_at_random()]
    activity = [
        {
            "activity_id": f"a{number:05d}",
            "currency": "USD",
            "received_at": RECEIVED,
            "import_id": "i2" if number % 3 else "i1",
            "source_row": number,
            **row,
            "occurred_on": _day(row["occurred_at"], zone),
        }
        for number, row in enumerate(rows)
    ]
    return _typed(activity, _attributes(), _subscriptions(zone), _imports())


def one_customer(zone: str) -> Tables:
    """Return facts of a single customer with a single order."""
    row = _order("only", datetime(2024, 5, 5, 5), "12.3400")
    activity = {"activity_id": "a", "received_at": RECEIVED, "import_id": "i1", **row}
    return _typed([{**activity, "occurred_on": _day(row["occurred_at"], zone)}], (), (), ())


def nothing() -> Tables:
    """Return fact tables without a row."""
    return _typed((), (), (), ())


def written(folder: Path, made: Tables) -> Mapping[str, list[str]]:
    """Write tables as Parquet files, the activity in two, and return their paths."""
    folder.mkdir()
    files: dict[str, list[str]] = {}
    for name, table in made.items():
        half = (table.num_rows + 1) // 2
        cuts = [table.slice(0, half), table.slice(half)] if name == "activity" else [table]
        files[name] = []
        for number, part in enumerate(part for part in cuts if part.num_rows):
            path = folder / f"{name}-{number}.parquet"
            pq.write_table(part, path)
            files[name].append(str(path))
    return files


def opened(engine: Engine, files: Mapping[str, list[str]]) -> Facts:
    """Return written tables as facts of an engine."""
    found = {
        name: Relation(engine.attach_files(name, files[name], schema), engine)
        for name, schema in FACT_TABLES.items()
    }
    lines = Relation(order_lines(found["activity"].table), engine)
    return Facts(engine, order_lines=lines, **found)


def _typed(
    activity: Iterable[Row],
    attributes: Iterable[Row],
    subscriptions: Iterable[Row],
    imports: Iterable[Row],
) -> Tables:
    rows = (activity, attributes, subscriptions, imports)
    return {
        name: pa.Table.from_pylist(list(given), schema=schema)
        for (name, schema), given in zip(FACT_TABLES.items(), rows, strict=True)
    }


def _day(instant: object, zone: str) -> date:
    assert isinstance(instant, datetime)
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()


def _order(customer: str, at: datetime, value: str | None, **more: object) -> Row:
    return {
        "customer_id": customer,
        "occurred_at": at,
        "kind": "order",
        "value": None if value is None else Decimal(value),
        "order_id": f"{customer}-{at:%Y%m%d%H%M%S%f}",
        **more,
    }


def _by_hand() -> Iterable[Row]:
    # Both changes of New York's clock in 2024, to the microsecond, and midnights around them.
    for at in (
        datetime(2024, 3, 10, 4, 59, 59, 999999),
        datetime(2024, 3, 10, 5),
        datetime(2024, 3, 10, 6, 59, 59, 999999),
        datetime(2024, 3, 10, 7),
        datetime(2024, 3, 11, 3, 59, 59),
        datetime(2024, 3, 11, 4),
        datetime(2024, 11, 3, 3, 59, 59),
        datetime(2024, 11, 3, 4),
        datetime(2024, 11, 3, 5, 59, 59, 500000),
        datetime(2024, 11, 3, 6),
        datetime(2024, 11, 4, 4, 59, 59),
        datetime(2024, 11, 4, 5),
    ):
        yield _order("clock", at, "1.0000", channel="web", source="ads")
        yield _order(f"clock-{at:%m%d%H}", at, "2.5000")
    # The same instant, the same value: only the ids differ, and what they say.
    tie = datetime(2024, 2, 29, 12)
    for number in (3, 1, 2):
        more = {"order_id": f"t{number}", "channel": f"c{number}", "source": f"s{number}"}
        yield _order("tie", tie, "5", **more)
        yield _order("tie", tie + timedelta(days=30), "5", **{**more, "order_id": f"u{number}"})
    # One order in three lines over two days, one id shared by two customers, lines without one.
    for hour, product in ((0, "p1"), (1, "p1"), (30, "p2")):
        at = datetime(2024, 4, 1, 20) + timedelta(hours=hour)
        line = {"product_id": product, "category": None, "quantity": Decimal("1.5")}
        yield _order("lines", at, "3.3333", order_id="L1", **line)
    yield _order("lines", datetime(2024, 4, 20), "1", order_id=None, category="c", channel=None)
    yield _order("lines", datetime(2024, 4, 20, 1), "2", order_id=None, product_id="p9")
    yield _order("shared", datetime(2024, 4, 1, 20), "7", order_id="L1")
    # Money at its ends: many digits, the smallest step, nothing known, more back than sold.
    yield _order("rich", datetime(2024, 1, 5), "90000000000000.1234")
    yield _order("rich", datetime(2024, 6, 5), "9000000000000.0001")
    yield _refund("rich", datetime(2024, 6, 9), "-1000000000.0001")
    yield _order("poor", datetime(2024, 1, 5), "0.0001")
    yield _order("poor", datetime(2024, 2, 5), "0.0000")
    for month in (1, 2, 3, 4, 5):
        yield _order("unpriced", datetime(2024, month, 9), None)
    yield _order("returner", datetime(2024, 8, 1), "10")
    yield _refund("returner", datetime(2024, 8, 20), "-25.5")
    yield _refund("only-refund", datetime(2024, 8, 21), "-4", order_id=None)
    # Seen, never sold to; and one who ordered long before everybody else, on New Year's Eve.
    for kind in ("visit", "login", "message_sent"):
        yield _order("looker", datetime(2024, 9, 1), None, kind=kind, order_id=None)
    yield _order("first", datetime(2022, 12, 31, 23, 59, 59), "20", source="fair")
    yield _order("first", datetime(2023, 1, 1, 5), "20", source=None)
    # Steady, ever slower and ever faster customers, for rhythm, stages and segments.
    for number in range(12):
        yield _order("steady", datetime(2024, 1, 2) + timedelta(days=30 * number), "40")
        yield _order("slower", datetime(2023, 2, 1) + timedelta(days=4 * number**2), "15")
        yield _order("faster", datetime(2024, 12, 20) - timedelta(days=4 * number**2), "15")
    for number, customer in enumerate(ODD_IDS):
        for step in range(number % 4 + 1):
            at = datetime(2024, 7, 1) + timedelta(days=17 * step + number, hours=step)
            yield _order(customer, at, f"{number}.99", channel=customer, source=customer)


def _refund(customer: str, at: datetime, value: str, **more: object) -> Row:
    return _order(customer, at, value, **{"kind": "refund", **more})


def _at_random() -> Iterable[Row]:
    chance = random.Random(_SEED)
    for number in range(120):
        customer = f"r{number:03d}"
        at = datetime(2023, 1, 1) + timedelta(hours=chance.randrange(24 * 600))
        pace_days = chance.choice((3, 10, 10, 31, 90))
        for _ in range(chance.choice((1, 1, 2, 4, 5, 9))):
            if at >= datetime(2025, 1, 10):
                break
            yield from _bought(customer, at, chance)
            at += timedelta(hours=1 + round(24 * pace_days * chance.choice((0.5, 1, 1, 2))))


def _bought(customer: str, at: datetime, chance: random.Random) -> Iterable[Row]:
    order = {
        "channel": chance.choice((None, "web", "shop")),
        "source": chance.choice((None, "ads", "friend")),
        "order_id": chance.choice((None, f"{customer}-{at:%y%m%d}", f"{customer}-{at:%y%m%d%H}")),
    }
    for _ in range(chance.choice((1, 1, 2))):
        # Few prices, so that sums tie and cut points fall on them.
        value = chance.choice((None, "5", "5", "10", "19.9999", "0.3333"))
        line = {
            "product_id": chance.choice((None, "p1", "p2", "p3")),
            "category": chance.choice((None, "c1", "c2")),
            "quantity": chance.choice((None, Decimal(1), Decimal("2.5"))),
        }
        yield _order(customer, at, value, **order, **line)
    if chance.random() < 0.1:
        yield _refund(customer, at + timedelta(days=9), "-3.0001", order_id=order["order_id"])
    if chance.random() < 0.1:
        yield _order(customer, at, None, kind="visit", order_id=None)


def _attributes() -> list[Row]:
    told = [
        ("clock", datetime(2024, 1, 1), "Home City!", "Ulm", RECEIVED),
        ("clock", datetime(2024, 3, 10, 5), "Home City!", "Bern", RECEIVED),
        ("clock", datetime(2024, 3, 10, 5), "Home City!", "Aarau", RECEIVED),
        ("clock", datetime(2024, 3, 10, 5), "Home City!", "Chur", EARLIER),
        ("tie", None, "Home City!", "Genf", EARLIER),
        ("tie", datetime(2023, 1, 1), "Home City!", "", RECEIVED),
        ("steady", datetime(2024, 2, 1), "home city?", "x", RECEIVED),
        ("steady", datetime(2024, 2, 1), "score", " 12.5 ", RECEIVED),
        ("slower", datetime(2024, 2, 1), "score", "1e2", RECEIVED),
        ("faster", datetime(2024, 2, 1), "score", "12 apples", RECEIVED),
        ("rich", datetime(2024, 2, 1), "score", "nan", RECEIVED),
        ("poor", datetime(2024, 2, 1), "score", "-Infinity", RECEIVED),
        ("lines", datetime(2024, 2, 1), "score", "1_000", RECEIVED),
        ("shared", datetime(2024, 2, 1), "score", "7d", RECEIVED),
        ("first", datetime(2024, 2, 1), "score", "0x10", RECEIVED),
        ("tie", datetime(2024, 2, 1), "score", None, RECEIVED),
        ("only-known", datetime(2024, 2, 1), "score", "+.5", RECEIVED),
        ("o'brien", datetime(2024, 2, 1), "Home City!", "L'Aquila", RECEIVED),
        ("back\\slash", datetime(2024, 2, 1), "Home City!", "C:\\temp_1%", RECEIVED),
        ("客户一", datetime(2024, 2, 1), "Home City!", "上海", RECEIVED),
        ("ÉCLAIR", datetime(2024, 2, 1), "Home City!", "ZÜRICH", RECEIVED),
    ]
    return [
        {
            "attribute_id": f"t{number:03d}",
            "customer_id": customer,
            "known_at": known,
            "name": name,
            "value": value,
            "received_at": received,
        }
        for number, (customer, known, name, value, received) in enumerate(told)
    ]


def _subscriptions(zone: str) -> list[Row]:
    signed = [
        ("clock", datetime(2024, 1, 1), None, "basic", "9.9900", EARLIER),
        ("clock", datetime(2024, 1, 1), datetime(2024, 11, 3, 5), "basic", "9.9900", RECEIVED),
        ("clock", datetime(2024, 6, 1), None, "plus", "0.0001", RECEIVED),
        ("steady", datetime(2024, 2, 1), datetime(2024, 5, 1), "basic", None, RECEIVED),
        ("steady", datetime(2024, 5, 1), datetime(2024, 12, 1), "basic", "5", RECEIVED),
        ("slower", datetime(2023, 1, 31, 23), datetime(2023, 6, 30), None, "7", RECEIVED),
        ("slower", datetime(2024, 1, 31), None, None, None, RECEIVED),
        ("faster", datetime(2024, 7, 1), datetime(2024, 7, 1), "trial", "0", RECEIVED),
        ("only-contract", datetime(2024, 3, 10, 7), None, "plus", "30", RECEIVED),
        ("tie", datetime(2024, 3, 1), None, "a", "1", RECEIVED),
        ("tie", datetime(2024, 3, 1), None, "b", "2", RECEIVED),
        ("later", datetime(2024, 12, 31), None, "basic", "9", RECEIVED),
    ]
    return [
        {
            "subscription_id": f"s{number:03d}",
            "customer_id": customer,
            "started_at": start,
            "ended_at": end,
            "started_on": _day(start, zone),
            "ended_on": None if end is None else _day(end, zone),
            "plan": plan,
            "recurring_value": None if value is None else Decimal(value),
            "currency": "USD",
            "received_at": received,
        }
        for number, (customer, start, end, plan, value, received) in enumerate(signed)
    ]


def _imports() -> list[Row]:
    return [
        {
            "import_id": name,
            "received_at": received,
            "source": f"{name}.csv",
            "kind": "orders",
            "rows_read": 1000,
            "accepted": 900,
            "duplicate": 50,
            "quarantined": 50,
            "skipped": 0,
        }
        for name, received in (("i1", EARLIER), ("i2", RECEIVED))
    ]
