"""The same real purchases in every dress a file can wear: the facts are always the same."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.e2e.desk import Desk, Purchase, facts_of

HEADERS = ("customer_id", "order_date", "number_of_cds", "dollar_value")
CHINESE = ("会员号", "消费日期", "数量", "实付金额")

Show = Callable[[Purchase], tuple[str, ...]]


def plainly(p: Purchase) -> tuple[str, ...]:
    return p.customer, p.day.isoformat(), str(p.cds), str(p.dollars)


def dated(show: Callable[[date], str]) -> Show:
    return lambda p: (p.customer, show(p.day), str(p.cds), str(p.dollars))


def priced(show: Callable[[Decimal], str]) -> Show:
    return lambda p: (p.customer, p.day.isoformat(), str(p.cds), show(p.dollars))


def text(
    show: Show = plainly,
    *,
    headers: tuple[str, ...] | None = HEADERS,
    delimiter: str = ",",
    end: str = "\n",
    before: str = "",
    after: str = "",
) -> Callable[[list[Purchase]], str]:
    def write(purchases: list[Purchase]) -> str:
        file = io.StringIO()
        writer = csv.writer(file, delimiter=delimiter, lineterminator=end)
        if headers:
            writer.writerow(headers)
        writer.writerows(show(p) for p in purchases)
        return before + file.getvalue() + after

    return write


def cents(sign_of_thousands: str, sign_of_decimals: str) -> Callable[[Decimal], str]:
    def show(value: Decimal) -> str:
        english = f"{value * 100:,.2f}"
        swap = {",": sign_of_thousands, ".": sign_of_decimals}
        return "".join(swap.get(c, c) for c in english)

    return show


def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Dress:
    """How a file is written, what must be said to import it, and what must be detected."""

    write: Callable[[list[Purchase]], str | bytes]
    encoding: str = "utf-8"
    name: str = "orders.csv"
    said: dict[str, object] = field(default_factory=dict)
    detected: dict[str, object] = field(default_factory=dict)
    currency: str | None = None
    skipped: int = 0
    factor: int = 1
    """Amounts are written this many times as large, so that they need separators."""


def chinese_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def spaces(purchases: list[Purchase]) -> str:
    rows = (f" {p.customer} {p.day:%Y%m%d} {p.cds:2d} {p.dollars:7.2f}" for p in purchases)
    return "\r\n".join((" customer_id  date number_of_cds  dollar_value", *rows, ""))


ISO = {"date_order": None}
DRESSES: dict[str, Dress] = {
    # encodings
    "utf-8": Dress(text(), detected={"encoding": "utf-8", "delimiter": ",", "header_row": 1}),
    "utf-8 with a byte order mark": Dress(text(), encoding="utf-8-sig", detected={"header_row": 1}),
    "utf-16 little-endian with a mark": Dress(text(), encoding="utf-16"),
    "utf-16 little-endian without a mark": Dress(text(), encoding="utf-16-le"),
    "utf-16 big-endian": Dress(text(before="\ufeff"), encoding="utf-16-be"),
    "GB18030": Dress(text(headers=CHINESE), encoding="gb18030", detected={"encoding": "gb18030"}),
    "GBK with Chinese text in it": Dress(
        text(lambda p: (*plainly(p), "门店一"), headers=(*CHINESE, "门店")), encoding="gbk"
    ),
    "CP1252": Dress(
        text(lambda p: (*plainly(p), "Zürich – Café"), headers=(*HEADERS, "store")),
        encoding="cp1252",
        detected={"encoding": "cp1252"},
    ),
    "an encoding that was said": Dress(
        text(lambda p: (*plainly(p), "Łódź"), headers=(*HEADERS, "store")),
        encoding="iso8859-2",
        said={"encoding": "iso8859-2"},
    ),
    # delimiters and line ends
    "semicolons": Dress(text(delimiter=";"), detected={"delimiter": ";"}),
    "tabs": Dress(text(delimiter="\t"), name="orders.tsv"),
    "pipes": Dress(text(delimiter="|"), name="orders.txt", detected={"delimiter": "|"}),
    "runs of spaces, as CDNOW has them": Dress(
        spaces, name="orders.txt", detected={"delimiter": " ", "date_order": "ymd"}
    ),
    "a delimiter that was said": Dress(
        text(delimiter="^"), said={"delimiter": "^"}, detected={"delimiter": "^"}
    ),
    "Windows line ends": Dress(text(end="\r\n")),
    "old Macintosh line ends": Dress(text(end="\r")),
    "no line end at the end": Dress(lambda p: text()(p).rstrip("\n")),
    "packed with gzip": Dress(lambda p: gzip.compress(text()(p).encode()), name="orders.csv.gz"),
    "a Chinese-named file without a suffix": Dress(text(), name="销售 记录"),
    # numbers
    "decimal comma": Dress(
        text(priced(lambda v: str(v).replace(".", ",")), delimiter=";"),
        detected={"delimiter": ";"},
    ),
    "thousands 1,234.50": Dress(text(priced(cents(",", "."))), factor=100),
    "thousands 1.234,50": Dress(text(priced(cents(".", ",")), delimiter=";"), factor=100),
    "thousands 1 234,50 with a hard space": Dress(
        text(priced(cents("\u00a0", ",")), delimiter=";"), factor=100
    ),
    "thousands 1'234.50": Dress(text(priced(cents("'", "."))), factor=100),
    "full-width digits": Dress(
        text(
            lambda p: tuple(c.translate({i: i + 0xFEE0 for i in range(48, 58)}) for c in plainly(p))
        )
    ),
    "a currency sign before": Dress(text(priced(lambda v: f"€{v}")), currency="EUR"),
    "a currency sign after": Dress(
        text(priced(lambda v: f"{v} €".replace(".", ",")), delimiter=";"), currency="EUR"
    ),
    "a currency code before": Dress(text(priced(lambda v: f"GBP {v}")), currency="GBP"),
    "a dollar sign and a currency that was said": Dress(
        text(priced(lambda v: f"${v}")), said={"currency": "CAD"}, currency="CAD"
    ),
    "yuan": Dress(text(priced(lambda v: f"￥{v}"), headers=CHINESE), currency="CNY"),
    "yuan in words": Dress(text(priced(lambda v: f"{v}元"), headers=CHINESE), currency="CNY"),
    "a column of currencies": Dress(
        text(lambda p: (*plainly(p), "USD"), headers=(*HEADERS, "currency")), currency="USD"
    ),
    "the currency in the header": Dress(
        text(headers=("customer_id", "order_date", "number_of_cds", "amount (USD)")),
        currency="USD",
    ),
    # dates
    "dates DMY": Dress(text(dated(lambda d: f"{d:%d/%m/%Y}")), detected={"date_order": "dmy"}),
    "dates MDY": Dress(text(dated(lambda d: f"{d:%m/%d/%Y}")), detected={"date_order": "mdy"}),
    "dates D.M.YYYY": Dress(
        text(dated(lambda d: f"{d.day}.{d.month}.{d.year}")), detected={"date_order": "dmy"}
    ),
    "dates M/D/YY": Dress(
        text(dated(lambda d: f"{d.month}/{d.day}/{d:%y}")), detected={"date_order": "mdy"}
    ),
    "dates YYYY/M/D": Dress(text(dated(lambda d: f"{d.year}/{d.month}/{d.day}"))),
    "dates YYYYMMDD": Dress(text(dated(lambda d: f"{d:%Y%m%d}"))),
    "Chinese dates": Dress(text(dated(chinese_day), headers=CHINESE)),
    "dates with the month's name": Dress(text(dated(lambda d: f"{d:%d %b %Y}"))),
    "American dates with the month's name": Dress(text(dated(lambda d: f"{d:%B %d, %Y}"))),
    "Excel serials": Dress(text(dated(lambda d: str((d - date(1899, 12, 30)).days)))),
    "Unix seconds": Dress(text(dated(lambda d: str(seconds(d))))),
    "Unix milliseconds": Dress(text(dated(lambda d: str(seconds(d) * 1000)))),
    "instants with Z": Dress(text(dated(lambda d: f"{d}T23:59:59Z"))),
    "instants with an offset": Dress(text(dated(lambda d: f"{d}T08:30:00+08:00"))),
    "times of the American day": Dress(text(dated(lambda d: f"{d:%m/%d/%Y} 11:30 PM"))),
    "dates with two orders, one said": Dress(
        text(dated(lambda d: f"{d:%d/%m/%Y}")), said={"date_order": "dmy"}
    ),
    # layout
    "headers below a title": Dress(
        text(before="CD shop\nexported 1998-07-01\n\n"), skipped=2, detected={"header_row": 4}
    ),
    "a total below": Dress(text(after="Total,,126,1444.02\n"), skipped=1),
    "a Chinese total below": Dress(text(headers=CHINESE, after="合计,,126,1444.02\n"), skipped=1),
    "a remark below": Dress(text(after="\n* all amounts in US dollars\n"), skipped=1),
    "no headers": Dress(
        text(headers=None),
        said={
            "roles": {
                "customer": "column_1",
                "time": "column_2",
                "quantity": "column_3",
                "line_total": "column_4",
            }
        },
        detected={"header_row": None},
    ),
    "no headers, as was said": Dress(
        text(headers=None),
        said={
            "header_row": 0,
            "roles": {
                "customer": "column_1",
                "time": "column_2",
                "quantity": "column_3",
                "line_total": "column_4",
            },
        },
    ),
    "Chinese headers": Dress(
        text(headers=CHINESE),
        detected={
            "mapping": dict(
                zip(("customer", "time", "quantity", "line_total"), CHINESE, strict=True)
            )
        },
    ),
    "headers in capitals with stars and spaces": Dress(
        text(headers=(" CUSTOMER ID *", "Order Date", "QTY", "Line Total "))
    ),
    "every cell in quotes": Dress(
        lambda ps: "".join(
            ",".join(f'"{c}"' for c in row) + "\n" for row in (HEADERS, *map(plainly, ps))
        )
    ),
    "blank lines between": Dress(lambda ps: text()(ps).replace("\n", "\n\n")),
    "cells padded with spaces": Dress(text(lambda p: tuple(f"  {cell} " for cell in plainly(p)))),
    "a column of row numbers without a header": Dress(
        text(lambda p: (p.customer[-1], *plainly(p)), headers=("", *HEADERS))
    ),
    "one object per line": Dress(
        lambda ps: "".join(
            json.dumps(dict(zip(HEADERS, plainly(p), strict=True))) + "\n" for p in ps
        ),
        name="orders.jsonl",
    ),
    "an array of objects": Dress(
        lambda ps: json.dumps([dict(zip(HEADERS, plainly(p), strict=True)) for p in ps]),
        name="orders.json",
    ),
}


@pytest.mark.parametrize("dress", DRESSES.values(), ids=DRESSES)
def test_the_facts_do_not_depend_on_how_the_file_is_written(
    dress: Dress, desk: Desk, purchases: list[Purchase]
):
    content = dress.write(purchases)
    data = content if isinstance(content, bytes) else content.encode(dress.encoding)
    told = desk.one(dress.name, data, **dress.said)
    if dress.factor > 1:
        purchases = [p._replace(dollars=p.dollars * dress.factor) for p in purchases]
    assert desk.facts() == facts_of(purchases)
    assert (told["rows_read"], told["accepted"]) == (len(purchases) + dress.skipped, len(purchases))
    assert (told["duplicate"], told["quarantined"]) == (0, 0)
    assert told["skipped"] == dress.skipped
    assert (told["customers"], told["orders"]) == (11, len({p[:2] for p in purchases}))
    assert Decimal(told["value"]) == sum(p.dollars for p in purchases)
    assert told["currency"] == dress.currency
    assert told["first_at"].startswith(min(p.day for p in purchases).isoformat())
    assert told["last_at"].startswith(max(p.day for p in purchases).isoformat())
    for name, value in dress.detected.items():
        assert told["detected"][name] == value, name
    if isinstance(content, str) and not dress.name.endswith("json"):
        check_lines(desk, content)


def check_lines(desk: Desk, content: str) -> None:
    """Read back the line of the file that each fact names: it must name that customer."""
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for customer, row in desk.query("SELECT customer_id, source_row FROM activity"):
        line = "".join(chr(ord(c) - 0xFEE0) if "\uff10" <= c <= "\uff19" else c
                       for c in lines[row - 1])  # fmt: skip
        assert customer in line
