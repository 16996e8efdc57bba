from __future__ import annotations

from decimal import Decimal

ROWS = [("A", "2024-03-25", "O1", "10", word) for word in ("paid", "Refunded", "已退款", "退货",
        "Cancelled", "已取消", "待付款", "pending", "", "somewhere")]  # fmt: skip


def test_a_negative_amount_or_quantity_is_a_refund(read) -> None:
    result = read("customer_id|date|quantity|unit price", "A|2024-03-25|2|5", "A|2024-03-25|-1|5",
                  "A|2024-03-25|1|-5", "A|2024-03-25|0|5")  # fmt: skip
    assert result.column("kind") == ["order", "refund", "refund", "order"]
    assert result.column("value") == [Decimal(10), Decimal(-5), Decimal(-5), Decimal(0)]


def test_a_positive_total_of_returned_pieces_is_money_given_back(read) -> None:
    result = read("customer_id|date|quantity|total", "A|2024-03-25|-1|5")
    assert (result.column("kind"), result.column("value")) == (["refund"], [Decimal(-5)])


def test_zero_is_a_legal_order(read) -> None:
    result = read("customer_id|date|amount", "A|2024-03-25|0.00")
    assert (result.column("kind"), result.column("value")) == (["order"], [Decimal(0)])


def test_a_c_before_an_order_number_marks_its_cancellation(read) -> None:
    header = "CustomerID|InvoiceDate|InvoiceNo|amount"
    lines = ("A|2024-03-25|536365|5", "A|2024-03-25|536366|5", "A|2024-03-25|C536367|5")
    result = read(header, *lines)
    assert result.column("kind") == ["order", "order", "refund"]
    assert result.column("value")[2] == Decimal(-5)


def test_a_shop_whose_numbers_all_begin_with_c_sells_too(read) -> None:
    result = read("customer_id|date|order_id|amount", "A|2024-03-25|C1|5", "B|2024-03-25|C2|5")
    assert result.column("kind") == ["order", "order"]


def test_the_state_of_an_order_decides_what_it_counts(read) -> None:
    result = read("customer_id|date|order_id|amount|status", *ROWS)
    kinds = ["order", "refund", "refund", "refund", "refund", "refund", "order_pending",
             "order_pending", "order", "order"]  # fmt: skip
    assert result.column("kind") == kinds
    assert result.column("value")[:6] == [Decimal(v) for v in (10, -10, -10, -10, 0, 0)]
    assert "unfinished_orders" in result.notes


def test_a_partial_refund_is_no_whole_refund(read) -> None:
    result = read("customer_id|date|amount|Financial Status", "A|2024-03-25|9|partially_refunded",
                  "A|2024-03-25|9|paid")  # fmt: skip
    assert result.column("value") == [Decimal(9), Decimal(9)]


def test_words_of_events_become_kinds(read) -> None:
    result = read("userid|timestamp|event", "A|1711375509|Log In", "A|1711375510|view page",
                  "A|1711375511|purchase", "A|1711375512|浏览 商品", "A|1711375513|")  # fmt: skip
    assert result.proposal.mapping.kind == "events"
    assert result.column("kind")[:4] == ["log_in", "view_page", "order", "浏览_商品"]
    assert result.column("fault_code")[4] == "missing_kind"


def test_a_fulfilment_status_says_nothing_about_payment(read) -> None:
    result = read("customer_id|date|amount|Fulfillment Status", "A|2024-03-25|9|pending")
    assert "status" not in result.roles
    assert result.column("kind") == ["order"]
