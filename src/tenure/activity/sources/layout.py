"""Where the table lies in a sheet or text: lines above the headers, headers, body, footers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Cells = Sequence[str | None]
"""One row; an empty cell is None or blank."""

_NUMBER = re.compile(r"[-+(]?[^\w\s]?\s?\d[\d.,'’\s]*\s?[^\w\s]?\)?|[-+]?\d+(\.\d+)?[eE][-+]?\d+")
_DATE = re.compile(
    r"\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4})?日?([T\s]+\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(:\d{2})?"
    r"|\d{1,2}[-\s]?[A-Za-z]{3,9}[-\s,]*\d{2,4}.*|\d{4}-\d{2}-\d{2}T.*"
)
_TOTALS = re.compile(
    r"(grand[\s_]*total|sub[\s-]?totals?|totals?|sum|summe|gesamt|gesamtsumme|total g[eé]n[eé]ral"
    r"|suma|somme|totale|合\s*计|总\s*计|小\s*计|共\s*计|汇\s*总|合\s*計|總\s*計|小\s*計|总\s*和)"
    r"\s*([:：(（].*)?",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"共\s*[\d,]+\s*[条行笔个项單单].*|\(?[\d,]+\s+(rows?|records?|lines?|entries|items)\b.*"
    r"|.*[:：].*|.*\w\s+\S*\w.*|[^\x00-\u2fff].*|-{3,}.*|={3,}.*|\*{3,}.*",
    re.IGNORECASE | re.DOTALL,
)
MAX_FOOTERS = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the table lies among the first rows.

    Parameters
    ----------
    width : count of columns.
    header : index of the header row among the rows looked at; None if there is none.
    body : index of the first data row.
    """

    width: int
    header: int | None
    body: int


def find_layout(rows: Sequence[Cells]) -> Layout:
    """Find the headers: the first row of texts, all different, as wide as the body below.

    Parameters
    ----------
    rows : the first rows of the source (a few hundred), blank ones included.
    """
    widths = [used_width(row) for row in rows]
    width = _body_width(widths)
    for index, row in enumerate(rows):
        if widths[index] < _enough(width) or _groups_headers(rows, index, width):
            continue
        if looks_like_headers(row, _below(rows, index, width)):
            return Layout(max(width, widths[index]), index, index + 1)
        break
    body = next((i for i, r in enumerate(rows) if not is_blank(r) and not is_footer(r, width)), 0)
    return Layout(max(width, 1), None, body)


def looks_like_headers(row: Cells, below: Sequence[Cells]) -> bool:
    """Tell if a row reads as headers over the rows below it.

    Headers are words, none of them a number, a date or an address, hardly any twice, and
    unlike what stands below them. Where the rows below hold words only (a table of texts),
    a row of words is taken for headers too.
    """
    cells = [text.strip() for text in row if text is not None and text.strip()]
    if not cells or any(_is_value(cell) for cell in cells):
        return False
    if len({cell.lower() for cell in cells}) * 10 < len(cells) * 7:
        return False
    return not _like_below(row, below)


def _is_value(cell: str) -> bool:
    return len(cell) > 120 or is_number(cell) or is_date(cell) or "@" in cell or "://" in cell


def _groups_headers(rows: Sequence[Cells], index: int, width: int) -> bool:
    """Tell if a sparse row of merged titles stands over the row of the real headers."""
    if index + 1 >= len(rows):
        return False
    filled, below = _filled(rows[index]), _filled(rows[index + 1])
    return (
        filled * 10 <= width * 6
        and below > filled
        and used_width(rows[index + 1]) >= _enough(width)
        and looks_like_headers(rows[index + 1], _below(rows, index + 1, width))
    )


def _filled(row: Cells) -> int:
    return sum(1 for cell in row if cell is not None and cell.strip())


def is_number(cell: str) -> bool:
    """Tell if a text is a number, perhaps with separators and a currency sign."""
    return _NUMBER.fullmatch(cell.strip()) is not None


def is_date(cell: str) -> bool:
    """Tell if a text has the form of a date or a time of day."""
    return _DATE.fullmatch(cell.strip()) is not None


def is_blank(row: Cells) -> bool:
    """Tell if a row has no text in any cell."""
    return not any(cell is not None and cell.strip() for cell in row)


def is_footer(row: Cells, width: int) -> bool:
    """Tell if a last row is a total or a remark and no record.

    A total's first text is a word such as Total or 合计. A remark is one text alone in a
    table of several columns that reads as words, not as a cut-off record's id.
    """
    texts = [cell.strip() for cell in row if cell is not None and cell.strip()]
    if not texts:
        return False
    if _TOTALS.fullmatch(texts[0]):
        return width > 1 or len(texts[0]) < 20
    alone = len(texts) == 1 and width > 1
    first = next((i for i, c in enumerate(row) if c is not None and c.strip()), 0)
    return (
        alone
        and (width > 2 or len(row) == 1)
        and first == 0
        and not is_number(texts[0])
        and not is_date(texts[0])
        and _REMARK.fullmatch(texts[0]) is not None
    )


def used_width(row: Cells) -> int:
    """Return the position of the last cell with a text, counted from 1; 0 for a blank row."""
    for index in range(len(row) - 1, -1, -1):
        cell = row[index]
        if cell is not None and cell.strip():
            return index + 1
    return 0


def _body_width(widths: Sequence[int]) -> int:
    """Return the commonest width; the wider of two equally common ones."""
    counted = Counter(width for width in widths if width)
    if not counted:
        return 0
    return max(counted, key=lambda width: (counted[width], width))


def _enough(width: int) -> int:
    """Return how wide a row must be to belong to a body: one cell in five may be missing."""
    return max(1, width - width // 5)


def _below(rows: Sequence[Cells], index: int, width: int) -> list[Cells]:
    wide = [row for row in rows[index + 1 :] if used_width(row) >= _enough(width)]
    return wide[:200]


def _like_below(row: Cells, below: Sequence[Cells]) -> bool:
    """Tell if half of the row's texts are like the texts below them: then it is data.

    Alike is the same text again, or an id of the same shape (O17 over O18).
    """
    # Where exports were put one after another, the headers stand among the rows again.
    below = [other for other in below if list(other) != list(row)]
    if len(below) < 3:
        return False
    alike = used = 0
    for index, text in enumerate(row):
        if text is None or not text.strip():
            continue
        used += 1
        column = [cell for r in below if index < len(r) and (cell := r[index])]
        if text in column:
            alike += 1
        elif any(c.isdigit() for c in text):
            shapes = [_shape(cell) for cell in column]
            alike += shapes.count(_shape(text)) * 2 > len(shapes)
    return alike * 2 >= used


def _shape(text: str) -> str:
    return re.sub(r"[^\W\d_]+", "A", re.sub(r"\d+", "9", text))
