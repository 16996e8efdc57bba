from __future__ import annotations

import pytest

from tenure.activity.contract import Role

TABLES = [
    (
        "InvoiceNo|StockCode|Description|Quantity|InvoiceDate|UnitPrice|CustomerID|Country",
        "536365|85123A|WHITE HEART|6|2010-12-01 08:26:00|2.55|17850.0|United Kingdom",
        {"order": "InvoiceNo", "product": "StockCode", "quantity": "Quantity",
         "time": "InvoiceDate", "unit_price": "UnitPrice", "customer": "CustomerID",
         "attribute.country": "Country"},
    ),
    (
        "customer_id|date|number_of_cds|dollar_value",
        "00001|19970101|1|11.77",
        {"customer": "customer_id", "time": "date", "quantity": "number_of_cds",
         "line_total": "dollar_value"},
    ),
    (
        "household_id|store_id|basket_id|product_id|quantity|sales_value|retail_disc|week"
        "|transaction_timestamp",
        "900|330|31198570044|1095275|1|0.50|0.00|1|2017-01-01 11:53:26",
        {"customer": "household_id", "channel": "store_id", "order": "basket_id",
         "product": "product_id", "quantity": "quantity", "line_total": "sales_value",
         "discount": "retail_disc", "time": "transaction_timestamp"},
    ),
    (
        "客户编号|下单时间|订单号|商品名称|品类|数量|单价|实付金额|渠道|来源|性别|订单状态",
        "001|2024-03-25 14:05|D1001|洗车|服务|1|35|35|门店|抖音|女|已完成",
        {"customer": "客户编号", "time": "下单时间", "order": "订单号", "product": "商品名称",
         "category": "品类", "quantity": "数量", "unit_price": "单价", "line_total": "实付金额",
         "channel": "渠道", "source": "来源", "attribute.性别": "性别", "status": "订单状态"},
    ),
    (
        "会员号|交易日期|小票号|金额（元）|门店",
        "88001|2024/3/25|X99|128.00|一店",
        {"customer": "会员号", "time": "交易日期", "order": "小票号", "line_total": "金额（元）",
         "channel": "门店"},
    ),
    (
        "手机号|消费时间|消费金额|车牌号",
        "13800000001|2024-03-25 14:05|128.00|粤B12345",
        {"customer": "手机号", "time": "消费时间", "line_total": "消费金额",
         "attribute.车牌号": "车牌号"},
    ),
    (
        "Name|Email|Financial Status|Created at|Total|Currency|Lineitem quantity|Lineitem name"
        "|Lineitem price|Source",
        "#1001|a@b.co|paid|2024-03-25 14:05:00 -0500|9.99|USD|1|Mug|9.99|web",
        {"order": "Name", "customer": "Email", "status": "Financial Status",
         "time": "Created at", "line_total": "Total", "currency": "Currency",
         "quantity": "Lineitem quantity", "product": "Lineitem name",
         "unit_price": "Lineitem price", "source": "Source"},
    ),
    (
        "id|Customer ID|Created date (UTC)|Amount|Currency|Status|Customer Email",
        "ch_3Oabc99|cus_99|2024-03-25 14:05|9.99|usd|Paid|a@b.co",
        {"order": "id", "customer": "Customer ID", "time": "Created date (UTC)",
         "line_total": "Amount", "currency": "Currency", "status": "Status",
         "attribute.customer_email": "Customer Email"},
    ),
    (
        "Order Number|Order Date|Customer Name|Billing Email|Item Name|Quantity|Order Total",
        "1001|2024-03-25|Ann Lee|a@b.co|Mug|1|9.99",
        {"order": "Order Number", "time": "Order Date", "customer": "Billing Email",
         "product": "Item Name", "quantity": "Quantity", "line_total": "Order Total",
         "attribute.customer_name": "Customer Name"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("header", "line", "roles"), TABLES, ids=lambda x: str(x)[:20])
def test_the_headers_of_common_exports_are_understood(read, header, line, roles) -> None:
    result = read(header, line)
    assert result.questions == []
    assert result.roles == roles
    assert result.proposal.mapping.kind == "orders"
    assert result.column("fault_code") == [None]


def test_every_proposed_column_says_how_sure_and_why(read) -> None:
    for column in read(*TABLES[3][:2]).proposal.mapping.columns:
        assert 0 < column.confidence <= 1
        assert all(column.reasons)


def test_customers_without_a_time_are_attributes(read) -> None:
    result = read("customerID|gender|tenure|MonthlyCharges|Churn", "7590-V|Female|1|29.85|No")
    assert result.proposal.mapping.kind == "customers"
    entries = result.rows[0]["attributes"]
    assert {e["key"]: e["value"] for e in entries} == {
        "gender": "Female", "tenure": "1", "monthly_charges": "29.85", "churn": "No",
    }  # fmt: skip
    assert result.rows[0]["occurred_at"] is None


def test_a_customers_birthday_or_signup_is_no_purchase(read) -> None:
    result = read(
        "会员号|姓名|生日|注册时间", "1|张三|1990-01-01|2024-03-25", "2|李四|1991-01-01|2024-03-26"
    )
    assert result.proposal.mapping.kind == "customers"
    assert set(result.roles) == {
        "customer",
        "attribute.姓名",
        "attribute.生日",
        "attribute.注册时间",
    }


def test_contracts_are_subscriptions(read) -> None:
    header = "Customer ID|Start Date|End Date|Plan|Monthly Fee"
    result = read(header, "A|2024-01-15|2024-03-25|gold|19.90", "B|2024-01-16||basic|9.90")
    assert result.proposal.mapping.kind == "subscriptions"
    row = result.rows[0]
    assert (str(row["started_on"]), str(row["ended_on"])) == ("2024-01-15", "2024-03-25")
    assert (row["plan"], str(row["recurring_value"])) == ("gold", "19.9000")
    assert result.rows[1]["ended_at"] is None
    assert result.column("fault_code") == [None, None]


def test_a_column_without_a_telling_header_is_found_by_its_dates(read) -> None:
    result = read("customer_id|wann|amount", "A|25.03.2024|9.90", "B|26.03.2024|8.90")
    assert result.roles["time"] == "wann"
    assert result.proposal.mapping.column(Role.TIME).confidence < 0.5


def test_a_header_refuted_by_its_contents_loses(read) -> None:
    result = read("customer_id|date|time|amount", "A|2024-03-25|busy|9.90", "A|2024-03-26|calm|9")
    assert result.roles["time"] == "date"


def test_a_named_column_with_unreadable_cells_is_told_not_dropped(read) -> None:
    result = read("customer_id|order date|amount", "A|Ostern|9.90", "B|Pfingsten|8.90")
    assert result.roles["time"] == "order date"
    assert result.column("fault_code") == ["bad_time", "bad_time"]


def test_columns_not_understood_are_listed(read) -> None:
    result = read("customer_id|date|zzz", "A|2024-03-25|1")
    (note,) = [n for n in result.proposal.notes if n.code == "unused_columns"]
    assert "'zzz'" in note.given
