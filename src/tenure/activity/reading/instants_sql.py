"""SQL that reads instants: a column's own formats first, every unambiguous format for the rest.

Each column passes through these steps, each a column of the next subquery: the quick
reading (its own formats), the text of rows that failed in one canonical spelling, the same
without its zone, its general reading, then the UTC instant and the business day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from zoneinfo import ZoneInfo

from tenure.activity.reading.texts import plain
from tenure.engine.duck import literal

_ZONE = r"(:[0-9]{2}(?:\.[0-9]+)?(?: ?[AP]M)?) ?(Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)$"
_FIGURE = r"[0-9]+(\.[0-9]+)?"
_ISO = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %H:%M:%S.%f")
_NAMED_DATES = tuple(
    date.replace("%b", month)
    for month in ("%b", "%B")
    for date in ("%d-%b-%y", "%d-%b-%Y", "%b-%d-%Y", "%Y-%b-%d")
)
_ORDERED_DATES = {
    "dmy": ("%d-%m-%y", "%d-%m-%Y"),
    "mdy": ("%m-%d-%y", "%m-%d-%Y"),
    "ymd": ("%y-%m-%d",),
}
_WORDS = (
    ("年", "-"), ("月", "-"), ("日", " "), ("时", ":"), ("点", ":"), ("分", ":"), ("秒", ""),
    ("上午", " AM "), ("早上", " AM "), ("凌晨", " AM "),
    ("下午", " PM "), ("中午", " PM "), ("晚上", " PM "),
)  # fmt: skip
_SPELLINGS = (
    (r"\b([AP])\.M\.", r"\1M"),
    (r"(:[0-9]{2}),([0-9]{1,9})$", r"\1.\2"),
    (r"^(?:MON|TUE|WED|THU|FRI|SAT|SUN)[A-Z]*[., ]+|(?:星期|周).|,|:$", " "),
    (r"\b([0-9]+)(?:ST|ND|RD|TH)\b|\b(SEP)T\b", r"\1\2"),
    (r"^([0-9A-Z]+)[-/. ]+([0-9A-Z]+)[-/. ]+([0-9]+)(?:[T ]+|$)", r"\1-\2-\3 "),
    (r"([AP]M) *([0-9]{1,2}:[0-9:.]+)", r"\2 \1"),
    (r" +", " "),
)
"""Steps from the spellings met in files to the canonical one, in upper case."""

_EARLIEST = "TIMESTAMP '1900-01-01'"
FIRST_YEAR, LAST_YEAR = 1970, 2045
"""Changes of a zone's offset are known between these years; outside, the nearest holds."""


@dataclass(frozen=True, slots=True)
class InstantSQL:
    """The SQL of one instant column, by step.

    Parameters
    ----------
    quick : reads its own formats as a naive TIMESTAMP; NULL elsewhere.
    form : what `quick` reads: `local`, `utc` or `day`; None if there is no quick reading.
    """

    quick: str
    form: str | None


def form_of(pattern: str) -> str:
    """Return what a format yields: a `day`, a `local` instant or a `utc` instant."""
    if pattern == "unix_s" or pattern == "unix_ms" or pattern.endswith(("%z", "Z", "UTC", "GMT")):
        return "utc"
    if pattern == "excel":
        return "mixed"
    return "local" if "%H" in pattern or "%I" in pattern else "day"


def quick_instant(raw: str, patterns: tuple[str, ...]) -> InstantSQL:
    """Return the reading of the formats that share the first one's form."""
    if not patterns or form_of(patterns[0]) == "mixed":
        return InstantSQL("NULL::TIMESTAMP", None)
    form = form_of(patterns[0])
    first = patterns[0]
    if first == "unix_s":
        seconds = f"TRY_CAST({raw} AS BIGINT) * 1000000"
        digits = f"strlen({raw}) IN (9, 10)"  # nine until September 2001
        return InstantSQL(f"CASE WHEN {digits} THEN make_timestamp({seconds}) END", form)
    if first == "unix_ms":
        millis = f"TRY_CAST({raw} AS BIGINT) * 1000"
        digits = f"strlen({raw}) IN (12, 13)"
        return InstantSQL(f"CASE WHEN {digits} THEN make_timestamp({millis}) END", form)
    alike = [p for p in patterns if form_of(p) == form and p.endswith("%z") == first.endswith("%z")]
    alike = [p for p in alike if "%" in p]
    listed = literal(alike[0]) if len(alike) == 1 else _list(alike)
    read = f"TRY_STRPTIME({raw}, {listed})"
    if first.endswith("%z"):
        read = f"timezone('UTC', {read})"
    if first == "%Y%m%d":
        read = f"CASE WHEN strlen({raw}) = 8 THEN {read} END"
    return InstantSQL(read, form)


def checked(quick: str) -> str:
    """Return SQL that drops readings of a two-digit year as the first century."""
    return f"CASE WHEN {quick} >= {_EARLIEST} THEN {quick} END"


def plain_instant(raw: str, quick: str) -> str:
    """Return SQL for the canonical spelling (`2024-3-5 2:05:00 PM +08:00`) where `quick` failed."""
    text = plain(raw)
    for old, new in _WORDS:
        text = f"replace({text}, '{old}', '{new}')"
    text = f"upper({text})"
    for pattern, replacement in _SPELLINGS:
        text = f"regexp_replace(trim({text}), {literal(pattern)}, '{replacement}', 'g')"
    return f"CASE WHEN {quick} IS NULL AND {raw} IS NOT NULL THEN trim({text}) END"


def without_zone(text: str) -> str:
    """Return SQL for a canonical spelling without the zone that it states."""
    return f"regexp_replace({text}, {literal(_ZONE)}, '\\1')"


def general_instant(body: str, date_order: str | None) -> str:
    """Return SQL that reads a canonical spelling without its zone as a naive TIMESTAMP.

    Without a known order a date such as 05/03/2024 is read only if one order alone fits.
    """
    ordered = _strptime(body, _ORDERED_DATES[date_order]) if date_order else _either(body)
    named = _strptime(body, _NAMED_DATES)
    return (
        f"CASE WHEN {body} IS NULL THEN NULL "
        f"WHEN regexp_full_match({body}, {literal(_ISO)}) THEN TRY_CAST({body} AS TIMESTAMP) "
        f"WHEN regexp_full_match({body}, {literal(_FIGURE)}) THEN {_from_number(body)} "
        f"WHEN regexp_matches({body}, '^[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}} ') "
        f"THEN {_strptime(body, ('%Y-%m-%d',))} "
        f"WHEN regexp_matches({body}, '[A-Z]{{3}}-|-[A-Z]{{3}}') THEN {named} "
        f"ELSE {ordered} END"
    )


def _from_number(text: str) -> str:
    whole = f"split_part({text}, '.', 1)"
    micros = f"TRY_CAST(TRY_CAST({text} AS DECIMAL(24,6)) * 1000000 AS BIGINT)"
    millis = f"make_timestamp(TRY_CAST({whole} AS BIGINT) * 1000)"
    serial = f"TRY_CAST(round((TRY_CAST({text} AS DOUBLE) - 25569) * 86400) AS BIGINT) * 1000000"
    return (
        f"CASE strlen({whole}) WHEN 5 THEN make_timestamp({serial}) "
        f"WHEN 8 THEN TRY_STRPTIME({whole}, '%Y%m%d') "
        f"WHEN 9 THEN CASE WHEN {whole} >= '6' THEN make_timestamp({micros}) END "
        f"WHEN 10 THEN make_timestamp({micros}) "
        f"WHEN 12 THEN CASE WHEN {whole} >= '6' THEN {millis} END "
        f"WHEN 13 THEN {millis} "
        f"WHEN 14 THEN TRY_STRPTIME({whole}, '%Y%m%d%H%M%S') END"
    )


def _strptime(body: str, dates: tuple[str, ...]) -> str:
    return f"TRY_STRPTIME({body}, {_list([d + t for d, t in product(dates, _TIMES)])})"


def _either(body: str) -> str:
    day_first = _strptime(body, _ORDERED_DATES["dmy"])
    month_first = _strptime(body, _ORDERED_DATES["mdy"])
    return (
        f"CASE WHEN {month_first} IS NULL THEN {day_first} WHEN {day_first} IS NULL "
        f"OR {day_first} = {month_first} THEN {month_first} END"
    )


def general_form(text: str, general: str) -> str:
    """Return SQL for what a general reading yields: `day`, `local` or `utc`."""
    digits = f"strlen(split_part({text}, '.', 1))"
    return (
        f"CASE WHEN regexp_full_match({text}, {literal(_FIGURE)}) THEN CASE "
        f"WHEN {digits} IN (9, 10, 12, 13) THEN 'utc' WHEN {digits} = 14 THEN 'local' "
        f"WHEN {general} = date_trunc('day', {general}) THEN 'day' ELSE 'local' END "
        f"WHEN NOT contains({text}, ':') THEN 'day' "
        f"WHEN regexp_matches({text}, {literal(_ZONE)}) THEN 'utc' ELSE 'local' END"
    )


def offset_micros(text: str) -> str:
    """Return SQL for the offset that a canonical spelling states, in microseconds, else 0."""
    zone = f"regexp_extract({text}, {literal(_ZONE)}, 2)"
    digits = f"rpad(replace(substring({zone}, 2), ':', ''), 4, '0')"
    minutes = (
        f"(TRY_CAST(substring({digits}, 1, 2) AS BIGINT) * 60 "
        f"+ TRY_CAST(substring({digits}, 3, 2) AS BIGINT))"
    )
    return (
        f"CASE {zone}[1] WHEN '+' THEN {minutes} * 60000000 "
        f"WHEN '-' THEN {minutes} * -60000000 ELSE 0 END"
    )


def local_to_utc(local: str, zone: str) -> str:
    """Return SQL for the UTC instant of a naive local time.

    A time that occurs twice is the first of both; a time that the clocks skip is read
    with the offset in force before the change, as Python does with `fold=0`.
    """
    changes = [(at + timedelta(seconds=max(before, after)), after)
               for at, before, after in _changes(zone)]  # fmt: skip
    return _shift(local, _first_offset(zone), changes, -1)


def utc_to_local(instant: str, zone: str) -> str:
    """Return SQL for the naive local time of a UTC instant."""
    return _shift(instant, _first_offset(zone), [(at, after) for at, _, after in _changes(zone)], 1)


def _shift(instant: str, first: int, changes: list[tuple[datetime, int]], sign: int) -> str:
    if not changes and first == 0:
        return instant
    seconds = _nest(instant, first * sign, [(at, after * sign) for at, after in changes])
    return f"make_timestamp(epoch_us({instant}) + {seconds} * 1000000)"


def _nest(instant: str, first: int, changes: list[tuple[datetime, int]]) -> str:
    if not changes:
        return f"({first}::BIGINT)"
    middle = len(changes) // 2
    at, offset = changes[middle]
    early, late = (
        _nest(instant, first, changes[:middle]),
        _nest(instant, offset, changes[middle + 1 :]),
    )
    return f"(CASE WHEN {instant} < TIMESTAMP '{at}' THEN {early} ELSE {late} END)"


@cache
def _changes(zone: str) -> list[tuple[datetime, int, int]]:
    """List (UTC instant, offset before, offset after in seconds) of a zone's changes."""
    day, end = datetime(FIRST_YEAR, 1, 1), datetime(LAST_YEAR + 1, 1, 1)
    changes = []
    while day < end:
        after = day + timedelta(days=1)
        if _offset(day, zone) != _offset(after, zone):
            at = _change_between(day, after, zone)
            changes.append((at, _offset(day, zone), _offset(after, zone)))
        day = after
    return changes


def _change_between(low: datetime, high: datetime, zone: str) -> datetime:
    before = _offset(low, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high


def _first_offset(zone: str) -> int:
    return _offset(datetime(FIRST_YEAR, 1, 1), zone)


def _offset(instant: datetime, zone: str) -> int:
    place = ZoneInfo(zone)
    delta = place.fromutc(instant.replace(tzinfo=place)).utcoffset()
    return int(delta.total_seconds()) if delta else 0


def _list(patterns: list[str]) -> str:
    return "[" + ", ".join(literal(p) for p in patterns) + "]"
