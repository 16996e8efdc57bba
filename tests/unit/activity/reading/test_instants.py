from __future__ import annotations

from datetime import date, datetime

import pytest

from tenure.activity.contract import Role

DAY = date(2024, 3, 25)
AT_14_05 = datetime(2024, 3, 25, 14, 5)
AT_14_05_09 = datetime(2024, 3, 25, 14, 5, 9)
MIDNIGHT = datetime(2024, 3, 25)

SPELLINGS = [
    ("2024-03-25", MIDNIGHT),
    ("2024-3-25 14:05", AT_14_05),
    ("2024-03-25 14:05:09", AT_14_05_09),
    ("2024-03-25T14:05:09", AT_14_05_09),
    ("2024-03-25T14:05:09.000Z", AT_14_05_09),
    ("2024-03-25T14:05:09.5", AT_14_05_09.replace(microsecond=500_000)),
    ("2024-03-25 14:05:09,25", AT_14_05_09.replace(microsecond=250_000)),
    ("2024-03-25T22:05:09+08:00", AT_14_05_09),
    ("2024-03-25 09:05:09 -0500", AT_14_05_09),
    ("2024-03-25 14:05:09 UTC", AT_14_05_09),
    ("20240325", MIDNIGHT),
    ("20240325140509", AT_14_05_09),
    ("20240325.0", MIDNIGHT),
    ("2024/3/25", MIDNIGHT),
    ("2024.03.25 14:05", AT_14_05),
    ("25/03/2024", MIDNIGHT),
    ("25.03.2024 14:05", AT_14_05),
    ("03/25/2024 2:05 PM", AT_14_05),
    ("3/25/24 02:05:09 pm", AT_14_05_09),
    ("25 Mar 2024", MIDNIGHT),
    ("25-Mar-24 14:05", AT_14_05),
    ("March 25, 2024", MIDNIGHT),
    ("Mar 25 2024 2:05 p.m.", AT_14_05),
    ("Mon, 25 Mar 2024 14:05:09 +0000", AT_14_05_09),
    ("25th March 2024", MIDNIGHT),
    ("2024年3月25日", MIDNIGHT),
    ("2024年3月25日 14时05分", AT_14_05),
    ("2024年3月25日14时5分9秒", AT_14_05_09),
    ("2024/3/25 下午2:05:09", AT_14_05_09),
    ("2024年03月25日 下午 2:05", AT_14_05),
    ("２０２４－０３－２５", MIDNIGHT),
    (" 2024-03-25\u3000", MIDNIGHT),
    ("45376", MIDNIGHT),
    ("45376.5868055556", AT_14_05),
    ("1711375509", AT_14_05_09),
    ("1711375509000", AT_14_05_09),
]


@pytest.mark.parametrize(("text", "instant"), SPELLINGS)
def test_one_instant_in_every_spelling(read, text, instant) -> None:
    result = read("customer_id|order date", f"A1|{text}")
    assert result.questions == []
    assert result.column("occurred_at") == [instant]
    assert result.column("occurred_on") == [DAY]
    assert result.column("fault_code") == [None]


def test_spellings_may_mix_in_one_column(read) -> None:
    result = read("customer_id|order date", *(f"A{i}|{t}" for i, (t, _) in enumerate(SPELLINGS)
                                               if "/24" not in t and "03/25" not in t))  # fmt: skip
    assert result.questions == []
    assert set(result.column("occurred_on")) == {DAY}


@pytest.mark.parametrize(
    "text", ["2024-02-30", "13/13/2024", "yesterday", "12", "2024-03-25 25:00"]
)
def test_what_is_no_date_is_a_fault_with_the_text_given(read, text) -> None:
    result = read("customer_id|order date", "A1|2024-03-25", f"A2|{text}")
    fault = result.rows[1]
    assert (fault["fault_code"], fault["fault_field"], fault["fault_given"]) == (
        "bad_time",
        "order date",
        text,
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing_time"),
        ("N/A", "missing_time"),
        ("1900-01-01", "time_out_of_range"),
        ("0001-01-01", "time_out_of_range"),
        ("1970-01-01 00:00:00", "time_out_of_range"),
        ("2026-11-23", "future_time"),
    ],
)
def test_missing_and_impossible_times_are_told_apart(read, text, code) -> None:
    result = read("customer_id|order date", "A1|2024-03-25", f"A2|{text}")
    assert result.column("fault_code") == [None, code]


def test_one_part_above_12_anywhere_settles_the_order_of_the_whole_column(read) -> None:
    lines = ["A|05/03/2024"] * 6_000 + ["A|13/03/2024"]
    result = read("customer_id|date", *lines)
    assert result.questions == []
    assert result.format(Role.TIME).date_order == "dmy"
    assert result.rows[0]["occurred_on"] == date(2024, 3, 5)


def test_without_evidence_the_order_is_asked_never_guessed(read) -> None:
    result = read("customer_id|date", "A|05/03/2024", "B|07/11/2024")
    (question,) = result.proposal.questions
    assert (question.code, question.column) == ("ambiguous_date_order", "date")
    assert "05/03/2024" in question.given
    assert "--date-order dmy" in question.remedy


def test_an_answer_settles_the_order(read) -> None:
    result = read("customer_id|date", "A|05/03/2024", date_order="mdy")
    assert result.questions == []
    assert result.column("occurred_on") == [date(2024, 5, 3)]


def test_rows_that_fit_only_the_other_order_are_faults_and_told(read) -> None:
    result = read("customer_id|date", "A|25/03/2024", "A|26/03/2024", "A|03/25/2024")
    assert result.column("fault_code") == [None, None, "bad_time"]
    assert "contrary_format" in result.notes


def test_another_date_column_of_the_file_tells_the_order(read) -> None:
    header = "customer id|start date|end date|plan"
    result = read(header, "A|05/03/2024|25/03/2024|gold", "B|06/03/2024|28/03/2024|gold")
    assert result.questions == []
    assert result.column("started_on") == [date(2024, 3, 5), date(2024, 3, 6)]


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["99-03-05", "24-03-06"], [date(1999, 3, 5), date(2024, 3, 6)]),
        (["05-03-99", "16-03-98"], [date(1999, 3, 5), date(1998, 3, 16)]),
        ([f"{day:02}.03.24" for day in range(1, 29)], [date(2024, 3, d) for d in range(1, 29)]),
        ([f"24.03.{day:02}" for day in range(1, 29)], [date(2024, 3, d) for d in range(1, 29)]),
    ],
)
def test_two_digit_years_are_found_by_contrast(read, texts, days) -> None:
    result = read("customer_id|date", *(f"A|{text}" for text in texts))
    assert result.questions == []
    assert result.column("occurred_on") == days


def test_three_short_parts_without_contrast_are_asked(read) -> None:
    assert read("customer_id|date", "A|14-03-15", "A|15-03-14").questions == [
        "ambiguous_date_order"
    ]


def test_naive_times_are_in_the_files_zone_and_counted_in_the_businesss(read) -> None:
    lines = ["A|2024-03-25 01:30:00", "A|2024-03-25T01:30:00Z"]
    result = read("customer_id|time", *lines, timezone="Asia/Shanghai")
    assert result.column("occurred_at") == [
        datetime(2024, 3, 24, 17, 30),
        datetime(2024, 3, 25, 1, 30),
    ]
    assert result.column("occurred_on") == [DAY, DAY]
    abroad = read("customer_id|time", *lines, timezone="Asia/Shanghai",
                  business_timezone="America/New_York")  # fmt: skip
    assert abroad.column("occurred_on") == [date(2024, 3, 24)] * 2


def test_a_date_alone_is_the_business_day_whatever_the_zones(read) -> None:
    result = read("customer_id|date", "A|2024-03-25", timezone="Pacific/Kiritimati",
                  business_timezone="America/Los_Angeles")  # fmt: skip
    assert result.column("occurred_on") == [DAY]
    assert result.column("occurred_at") == [datetime(2024, 3, 25, 7)]


def test_a_header_that_says_utc_wins_over_the_files_zone(read) -> None:
    result = read("customer_id|Created date (UTC)", "A|2024-03-25 14:05", timezone="Asia/Tokyo")
    assert result.column("occurred_at") == [AT_14_05]


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("2024-03-31 01:59:59", "2024-03-31 00:59:59"),  # last second of winter time
        ("2024-03-31 02:30:00", "2024-03-31 01:30:00"),  # skipped: read with the offset before
        ("2024-03-31 03:00:00", "2024-03-31 01:00:00"),
        ("2024-10-27 02:30:00", "2024-10-27 00:30:00"),  # occurs twice: the first of both
        ("2024-10-27 03:00:00", "2024-10-27 02:00:00"),
    ],
)
def test_hours_that_the_clocks_skip_or_repeat_follow_the_documented_rule(
    read, local, instant
) -> None:
    result = read("customer_id|time", f"A|{local}", timezone="Europe/Berlin")
    assert result.column("occurred_at") == [datetime.fromisoformat(instant)]
