"""Returns, cancellations and corrections in real baskets become refunds; unpaid orders events."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.e2e.desk import Desk, Purchase, issues_of


def figures(desk: Desk) -> dict[str, tuple[int, Decimal | None]]:
    rows = desk.query("SELECT kind, count(*), sum(value) FROM activity GROUP BY kind")
    return {kind: (count, value) for kind, count, value in rows}


def text(header: str, rows: list[str]) -> str:
    return "\n".join((header, *rows, ""))


def plain(p: Purchase) -> str:
    return f"{p.customer},{p.day},{p.cds},{p.dollars}"


def test_a_negative_total_is_a_refund(desk: Desk, purchases: list[Purchase]):
    back = purchases[6]
    rows = [*map(plain, purchases), f"{back.customer},1997-12-01,{-back.cds},{-back.dollars}"]
    told = desk.one("o.csv", text("customer_id,order_date,quantity,line_total", rows))
    total = sum(p.dollars for p in purchases)
    assert figures(desk) == {"order": (44, total), "refund": (1, -back.dollars)}
    assert Decimal(told["value"]) == total - back.dollars
    assert told["orders"] == len({p[:2] for p in purchases})


@pytest.mark.parametrize("shown", ["-{}", "({})", "{}-", "-${}", "$-{}", "−{}"])
def test_every_spelling_of_a_negative_amount(desk: Desk, purchases: list[Purchase], shown: str):
    rows = [f"{p.customer},{p.day},${p.dollars}" for p in purchases]
    rows.append(f"00003,1997-12-01,{shown.format('57.45')}")
    desk.one("o.csv", text("customer_id,order_date,line_total", rows))
    assert figures(desk)["refund"] == (1, Decimal("-57.45"))


def test_a_negative_quantity_with_a_unit_price_is_a_refund(desk: Desk, purchases: list[Purchase]):
    rows = [plain(p) for p in purchases[:10]] + ["00003,1997-12-01,-2,10.38"]
    desk.one("o.csv", text("customer_id,order_date,quantity,unit_price", rows))
    assert figures(desk)["refund"] == (1, Decimal("-20.76"))


def test_an_order_number_with_a_c_before_it_is_a_cancellation(desk: Desk, baskets: list[dict]):
    rows = [
        f"{b['basket_id']},{b['household_id']},{b['transaction_timestamp']},{b['sales_value']:.2f}"
        for b in baskets
    ]
    rows.append(f"C{rows[0]}")
    told = desk.one("o.csv", text("InvoiceNo,CustomerID,InvoiceDate,Amount", rows))
    first = Decimal(f"{baskets[0]['sales_value']:.2f}")
    assert figures(desk)["refund"] == (1, -first)
    assert told["orders"] == len({b["basket_id"] for b in baskets})


@pytest.mark.parametrize(
    ("word", "kind", "factor"),
    [
        ("refunded", "refund", -1),
        ("Returned", "refund", -1),
        ("退货", "refund", -1),
        ("已退款", "refund", -1),
        ("全额退款成功", "refund", -1),
        ("chargeback", "refund", -1),
        ("cancelled", "refund", 0),
        ("VOID", "refund", 0),
        ("已取消", "refund", 0),
        ("交易关闭", "refund", 0),
        ("pending", "order_pending", 1),
        ("待付款", "order_pending", 1),
    ],
)
def test_the_word_in_the_status_column_decides(
    desk: Desk, purchases: list[Purchase], word: str, kind: str, factor: int
):
    rows = [f"{i},{plain(p)},completed" for i, p in enumerate(purchases, start=100)]
    rows[6] = rows[6].replace("completed", word)
    told = desk.one("o.csv", text("order_id,customer_id,order_date,quantity,total,status", rows))
    value = purchases[6].dollars
    total = sum(p.dollars for p in purchases)
    assert figures(desk) == {"order": (43, total - value), kind: (1, factor * value)}
    assert (told["accepted"], told["orders"]) == (44, 43)


def test_a_chinese_kind_column(desk: Desk, purchases: list[Purchase]):
    rows = [f"{plain(p)},{'退货' if i == 3 else '销售'}" for i, p in enumerate(purchases)]
    desk.one("o.csv", text("会员号,消费日期,数量,实付金额,交易类型", rows))
    assert figures(desk)["refund"] == (1, -purchases[3].dollars)


def test_cancelled_and_unpaid_orders_are_told(desk: Desk, purchases: list[Purchase]):
    words = ["paid"] * 42 + ["cancelled", "pending"]
    rows = [f"{i},{plain(p)},{words[i]}" for i, p in enumerate(purchases)]
    told = desk.one("o.csv", text("order_id,customer_id,order_date,quantity,total,status", rows))
    (note,) = issues_of(told, "unfinished_orders")
    assert "cancelled" in note["given"]
    assert "pending" in note["given"]


def test_a_free_order_is_an_order(desk: Desk, purchases: list[Purchase]):
    rows = [*map(plain, purchases), "00012,1997-05-01,1,0.00"]
    told = desk.one("o.csv", text("customer_id,order_date,quantity,line_total", rows))
    assert told["customers"] == 12
    assert figures(desk)["order"][0] == 45
