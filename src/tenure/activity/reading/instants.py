"""Instants as people write them: a column's formats, and the order of its days and months.

A format is a strptime pattern. `A`, `B` and `C` name the three parts of a date such as 05/03/2024
until the evidence of the whole column has told day from month.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

ORDERS = ("dmy", "mdy", "ymd")

FIRST_ABOVE_12 = r"^[^0-9]*(1[3-9]|2[0-9]|3[01])[-/. ]+[0-9]{1,2}[-/. ]+[0-9]"
SECOND_ABOVE_12 = r"^[^0-9]*[0-9]{1,2}[-/. ]+(1[3-9]|2[0-9]|3[01])[-/. ]+[0-9]"

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_LONG_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "|".join(_LONG_MONTHS + _MONTHS)
_TIME = re.compile(
    r"(?P<gap>[T ]*)(?:(?P<early>AM|PM|上午|下午) ?)?(?P<h>\d{1,2}):\d{2}(?P<s>:\d{2})?"
    r"(?P<f>\.\d{1,6})?(?P<late> ?(?:AM|PM))?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?",
    re.IGNORECASE,
)
_DATES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\d{4}([-/. ])\d{1,2}\1\d{1,2}(?!\d)"), "%Y{0}%m{0}%d"),
    (re.compile(r"\d{1,2}([-/. ])\d{1,2}\1\d{4}(?!\d)"), "A{0}B{0}%Y"),
    (re.compile(r"\d{1,2}([-/. ])\d{1,2}\1\d{2}(?!\d)"), "A{0}B{0}C"),
    (re.compile(r"\d{4}年\d{1,2}月\d{1,2}日"), "%Y年%m月%d日"),
    (re.compile(r"\d{4}年\d{1,2}月\d{1,2}(?!\d)"), "%Y年%m月%d"),
    (re.compile(rf"\d{{1,2}}([-/. ])({_MONTH})\1\d{{4}}(?!\d)", re.I), "%d{0}{1}{0}%Y"),
    (re.compile(rf"\d{{1,2}}([-/. ])({_MONTH})\1\d{{2}}(?!\d)", re.I), "%d{0}{1}{0}%y"),
    (re.compile(rf"()({_MONTH}) \d{{1,2}}, ?\d{{4}}(?!\d)", re.I), "{1} %d, %Y"),
    (re.compile(rf"()({_MONTH}) \d{{1,2}} \d{{4}}(?!\d)", re.I), "{1} %d %Y"),
    (re.compile(rf"\d{{4}}([-/. ])({_MONTH})\1\d{{1,2}}(?!\d)", re.I), "%Y{0}{1}{0}%d"),
)
_NUMBERS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"), "%Y%m%d"),
    (re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])[0-5]\d[0-5]\d"),
     "%Y%m%d%H%M%S"),
    (re.compile(r"[2-8]\d{4}(\.\d+)?"), "excel"),
    (re.compile(r"(?:[6-9]|1\d|2[0-4])\d{8}(\.\d+)?"), "unix_s"),
    (re.compile(r"(?:[6-9]|1\d|2[0-4])\d{11}"), "unix_ms"),
)  # fmt: skip
NUMERIC_FORMATS = frozenset({"%Y%m%d", "%Y%m%d%H%M%S", "excel", "unix_s", "unix_ms"})


def format_of(value: str) -> str | None:
    """Return the format of one text, with `A`, `B`, `C` for parts whose order is open, or None."""
    text = value.strip()
    if text.isascii() and text[:1].isdigit() and text.replace(".", "", 1).isdigit():
        return next((name for regex, name in _NUMBERS if regex.fullmatch(text)), None)
    text = unicodedata.normalize("NFKC", text)
    for regex, pattern in _DATES:
        match = regex.match(text)
        if match:
            return _with_time(_filled(pattern, match), text[match.end() :])
    return None


def _filled(pattern: str, match: re.Match[str]) -> str:
    groups = match.groups()
    if not groups:
        return pattern
    month = groups[1] if len(groups) > 1 else ""
    name = "%B" if month.lower() in _LONG_MONTHS else "%b"
    return pattern.format(groups[0], name)


def _with_time(date_pattern: str, rest: str) -> str | None:
    if not rest.strip():
        return date_pattern
    chinese = re.fullmatch(r"( ?)\d{1,2}时\d{1,2}分(\d{1,2}秒)?", rest)
    if chinese:
        return f"{date_pattern}{chinese[1]}%H时%M分" + ("%S秒" if chinese[2] else "")
    match = _TIME.fullmatch(rest)
    if match is None or int(match["h"]) > 24:
        return None
    clock = ("%I" if match["early"] or match["late"] else "%H") + ":%M"
    clock += ("%S" if not match["s"] else ":%S") if match["s"] else ""
    clock += ".%f" if match["f"] else ""
    early = "%p" if match["early"] else ""
    late = match["late"][:-2] + "%p" if match["late"] else ""
    return date_pattern + match["gap"] + early + clock + late + _zone_pattern(match["zone"])


def _zone_pattern(zone: str | None) -> str:
    if not zone:
        return ""
    gap = zone[: len(zone) - len(zone.lstrip())]
    bare = zone.strip()
    return gap + (bare if bare.upper() in ("Z", "UTC", "GMT") else "%z")


def with_order(pattern: str, order: str) -> str:
    """Return a pattern with `A`, `B`, `C` replaced by day, month and year in an order."""
    first, second, third = {
        "dmy": ("%d", "%m", "%y"),
        "mdy": ("%m", "%d", "%y"),
        "ymd": ("%y", "%m", "%d"),
    }[order]
    return pattern.replace("A", first).replace("B", second).replace("C", third)


def needs_order(pattern: str) -> bool:
    """Return whether a pattern's day and month are still to be told apart."""
    return pattern.startswith("A")


@dataclass(frozen=True, slots=True)
class OrderEvidence:
    """What the parts of dates such as 05/03/2024 say about their order.

    Parameters
    ----------
    dates : such dates seen.
    first_above_12 : those whose first part cannot be a month.
    second_above_12 : those whose second part cannot be a month.
    example : one of them, for the question.
    """

    dates: int
    first_above_12: int
    second_above_12: int
    example: str

    @property
    def order(self) -> str | None:
        """The order that the evidence tells (the majority's), or None."""
        if self.first_above_12 == self.second_above_12:
            return None
        return "dmy" if self.first_above_12 > self.second_above_12 else "mdy"

    @property
    def contrary(self) -> int:
        """Dates that fit only the other order."""
        return min(self.first_above_12, self.second_above_12)


def order_evidence(values: Iterable[tuple[str, int]]) -> OrderEvidence:
    """Weigh the dates of a sample, given as (text, how often)."""
    dates = first = second = 0
    example = ""
    for value, count in values:
        text = unicodedata.normalize("NFKC", value).strip()
        dates, example = dates + count, example or text
        first += count * bool(re.match(FIRST_ABOVE_12, text))
        second += count * bool(re.match(SECOND_ABOVE_12, text))
    return OrderEvidence(dates, first, second, example)


def short_year_first(values: Iterable[str]) -> bool | None:
    """Tell whether dates with a two-digit year begin with it; None if that stays open.

    A part above 31 is a year. Else the part with few values beside one that runs through
    the days of the month is the year; without such a contrast nothing is told.
    """
    parts = [re.findall(r"\d+", unicodedata.normalize("NFKC", value))[:3] for value in values]
    first = {int(part[0]) for part in parts if len(part) == 3}
    third = {int(part[2]) for part in parts if len(part) == 3}
    if not first:
        return None
    if max(first) > 31 or 0 in first:
        return True
    if max(third) > 31 or 0 in third or max(first) <= 12:
        return False
    if len(third) <= 3 and len(first) >= 13:
        return False
    return True if len(first) <= 3 and len(third) >= 13 else None


def formats_in(values: Iterable[tuple[str, int]]) -> Counter[str]:
    """Count the formats of the texts that have one."""
    found: Counter[str] = Counter()
    for value, count in values:
        pattern = format_of(value)
        if pattern is not None:
            found[pattern] += count
    return found
