"""Small files that the documentation's examples read: a shop's export, clean and messy."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import openpyxl

CUSTOMER_COUNT = 40
FIRST_DAY = date(2025, 1, 6)


def orders() -> list[tuple[str, str, str, str]]:
    """Return order id, customer, day and amount of a small shop, always the same."""
    rows = []
    for customer in range(CUSTOMER_COUNT):
        gap_days = 9 + 7 * customer % 50
        for visit in range(1 + customer % 6):
            day = FIRST_DAY + timedelta(days=3 * customer + gap_days * visit)
            amount = 1200 + 37 * customer + 55 * visit
            rows.append((f"A{len(rows):04d}", f"C{customer:03d}", f"{day:%Y-%m-%d}", amount / 100))
    return [(order, customer, day, f"{amount:.2f}") for order, customer, day, amount in rows]


def write_samples(folder: Path) -> None:
    """Write the files that the pages name."""
    header = ("order_id", "customer_id", "ordered_at", "amount")
    rows = orders()
    _write_csv(folder / "orders.csv", [header, *rows])
    _write_csv(folder / "orders-march.csv", [header, *rows[-60:]])
    messy = [*rows[:20], ("A9001", "", "2025-03-01", "12.00"), ("A9002", "C001", "soon", "9.00")]
    _write_csv(folder / "messy.csv", [header, *messy])
    ambiguous = [(o, c, f"{day[8:]}/{day[5:7]}/2025", a) for o, c, day, a in rows]
    both_ways = [row for row in ambiguous if int(row[2][:2]) <= 12]
    _write_csv(folder / "slashes.csv", [header, *both_ways])
    _write_workbook(folder / "门店订单.xlsx", rows)


def _write_csv(path: Path, rows: list[tuple[str, ...]]) -> None:
    path.write_text("".join(",".join(row) + "\n" for row in rows), encoding="utf-8")


def _write_workbook(path: Path, rows: list[tuple[str, str, str, str]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "订单"
    sheet.append(["门店订单导出"])
    sheet.append(["订单号", "会员号", "下单时间", "实付金额"])
    for order, customer, day, amount in rows:
        sheet.append([order, customer, date.fromisoformat(day), float(amount)])
    book.save(path)
