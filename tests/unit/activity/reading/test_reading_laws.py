"""Whatever stands in a file: an answer, a question or a fault, never anything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenure.activity.reading import FAULTS
from tenure.kernel import TenureError

SCARY = ["", " ", "NULL", "1E+308", "-0", "1e999", "infinity", "epoch", "0000-00-00", "99999999",
         "00000000", "1711375509", "9999999999999", "86400", "=1+1", "'; DROP TABLE given; --",
         "\\", "%", "(", "(-", "[]", "{}", "1/2/3/4", "-1-1-1", "31/31/31", "\0", "\U0001f600",
         "٣", "１２：００", "2024-03-25T99:99:99Z", "2024-03-25 10:00+99:99", "+", "C", "¥", "$",
         "元", "年月日", "下午", "AM 1", "1" * 400, "." * 400, "日" * 200]  # fmt: skip
CELLS = st.one_of(st.sampled_from(SCARY), st.text(max_size=12), st.none(),
                  st.from_regex(r"[-+(]?[0-9]{1,14}[.,/: -]?[0-9]{0,4}[.,/: -]?[0-9]{0,13}[)%]?",
                                fullmatch=True))  # fmt: skip
HEADERS = st.lists(
    st.one_of(
        st.sampled_from(["customer_id", "order date", "amount", "quantity", "unit price", "price",
                         "status", "event", "currency", "start date", "end date", "plan", "订单号",
                         "city", "discount", "column_1", "name"]),
        st.text(st.characters(exclude_characters="|\0", exclude_categories=["Cs"]), min_size=1,
                max_size=8),
    ),
    min_size=1, max_size=6, unique_by=str.casefold,
)  # fmt: skip
SLOW = settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@SLOW
@given(data=st.data())
def test_any_text_in_any_column_is_read_asked_about_or_at_fault(read, data) -> None:
    headers = [h for h in data.draw(HEADERS) if h.casefold() != "source_row"] or ["x"]
    lines = data.draw(st.lists(st.tuples(*[CELLS] * len(headers)), max_size=6))
    lines = [tuple(c and c.encode("utf-8", "ignore").decode() for c in line) for line in lines]
    try:
        result = read("|".join(headers), *lines, date_order=data.draw(st.sampled_from(
            [None, "dmy", "mdy", "ymd"])), decimal=data.draw(st.sampled_from([None, ".", ","])),
            timezone=data.draw(st.sampled_from(["UTC", "America/New_York", "Asia/Shanghai"])),
            workspace_currency=data.draw(st.sampled_from([None, "USD"])))  # fmt: skip
    except TenureError:
        return
    assert len(result.rows) == len(lines)
    mapped = {column.column for column in result.proposal.mapping.columns}
    for row in result.rows:
        if row["fault_code"] is not None:
            assert row["fault_code"] in FAULTS
            assert row["fault_field"] in mapped
            assert row["fault_given"] is not None
        elif "customer" in result.roles:
            assert row["customer_id"]
        if row["kind"] == "refund" and row["value"] is not None:
            assert row["value"] <= 0


FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p",
           "%d %b %Y %H:%M:%S", "%B %d, %Y %H:%M:%S", "%Y年%m月%d日 %H时%M分%S秒",
           "%Y%m%d%H%M%S", "%a, %d %b %Y %H:%M:%S +0000", "%Y-%m-%dT%H:%M:%SZ"]  # fmt: skip
INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2026, 11, 1)).map(
    lambda instant: instant.replace(microsecond=0)
)


@SLOW
@given(instants=st.lists(INSTANTS, min_size=1, max_size=12), pattern=st.sampled_from(FORMATS))
def test_every_formatted_instant_reads_back_or_is_asked_about(read, instants, pattern) -> None:
    result = read("customer_id|order date", *(("A", i.strftime(pattern)) for i in instants))
    if any(day.day > 12 for day in instants) or pattern[1] not in "dm" or "b" in pattern.lower():
        assert result.questions == []
    if not result.questions:
        assert result.column("occurred_at") == instants


@SLOW
@given(instants=st.lists(INSTANTS, min_size=1, max_size=12))
def test_serials_and_epochs_read_back(read, instants) -> None:
    epochs = [int(i.replace(tzinfo=UTC).timestamp()) for i in instants]
    recent = [i for i, epoch in zip(instants, epochs, strict=True) if epoch >= 1_000_000_000]
    rows = [("A", str(epoch)) for epoch in epochs if epoch >= 1_000_000_000]
    assert read("customer_id|order date", *rows).column("occurred_at") == recent
    serials = [(i - datetime(1899, 12, 30)) / timedelta(days=1) for i in instants]
    result = read("customer_id|order date", *(("A", f"{serial:.6f}") for serial in serials))
    assert result.column("occurred_at") == instants
