"""How a delimited text is cut into cells: its delimiter and whether quotes count."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tenure.kernel import OptionError

SPACES = " "
"""The delimiter that stands for runs of spaces."""

_NONE = "\x1f"
"""The delimiter of a text of one column: a character no text holds."""

_FEW_QUOTES = 3
_CANDIDATES = ("\t", ";", "|", ",")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How lines are cut into cells.

    Parameters
    ----------
    delimiter : the character between cells, as the reader sees it (runs of spaces are
        turned into tabs before).
    spaces : True if runs of spaces are the delimiter.
    quoted : True if cells may be quoted as in RFC 4180.
    """

    delimiter: str
    spaces: bool = False
    quoted: bool = True

    @property
    def shown(self) -> str | None:
        """The delimiter for people; None for a text of one column."""
        if self.spaces:
            return SPACES
        return None if self.delimiter == _NONE else self.delimiter

    def prepare(self, piece: bytes) -> bytes:
        """Return a piece with every run of spaces turned into one tab, if that is the delimiter."""
        if not self.spaces:
            return piece
        text = b"\n" + piece.replace(b" ", b"\t")
        # Each pass halves the runs: quicker than an expression that tries every gap.
        while b"\t\t" in text:
            text = text.replace(b"\t\t", b"\t")
        return text.replace(b"\t\n", b"\n").replace(b"\n\t", b"\n")[1:]


def named_dialect(delimiter: str, sample: Sequence[str]) -> Dialect:
    """Return the dialect of a delimiter that a person named.

    Raises
    ------
    OptionError : it is not one character.
    """
    if delimiter == SPACES:
        return Dialect("\t", spaces=True, quoted=False)
    if delimiter.lower() in ("tab", "\\t"):
        delimiter = "\t"
    if len(delimiter) != 1 or ord(delimiter) > 127 or delimiter in '"\n\r':
        raise OptionError(
            f"delimiter {delimiter!r}",
            "one ASCII character, or one space for runs of spaces",
            "give for example `--delimiter ';'` or `--delimiter tab`",
        )
    return Dialect(delimiter, quoted=_quotes_count(sample, delimiter))


def detect_dialect(sample: Sequence[str]) -> Dialect:
    """Return the dialect under which most lines of the sample have the same count of cells.

    Parameters
    ----------
    sample : the first few hundred non-blank lines.
    """
    best, best_score = Dialect(_NONE, quoted=False), 0.0
    for delimiter in _CANDIDATES:
        dialect = Dialect(delimiter, quoted=_quotes_count(sample, delimiter))
        share, width = _regularity([len(split_cells(line, dialect)) for line in sample])
        score = share * (1 - 0.5 / width) if width > 1 else 0.0
        if score > best_score:
            best, best_score = dialect, score
    if best_score < 0.5:
        share, width = _regularity([len(line.split()) for line in sample])
        if width > 1 and share >= 0.9 and len(sample) > 1:
            return Dialect("\t", spaces=True, quoted=False)
    return best


def split_cells(line: str, dialect: Dialect) -> list[str]:
    """Return the cells of one record, unquoted; a broken quote is kept as it stands."""
    if not dialect.quoted or '"' not in line:
        return line.split(dialect.delimiter)
    cells: list[str] = []
    position = 0
    pattern = _cell_pattern(dialect.delimiter)
    while True:
        match = pattern.match(line, position)
        quoted = match.group(1) if match else None
        if match and quoted is not None:
            cells.append(quoted.replace('""', '"'))
            end = match.end()
        else:
            end = line.find(dialect.delimiter, position)
            end = len(line) if end < 0 else end
            cells.append(line[position:end])
        if end >= len(line):
            return cells
        position = end + 1


def record_end(lines: Sequence[str], start: int, dialect: Dialect) -> int:
    """Return the index after the record that starts at a line; a quoted cell may span lines."""
    if not dialect.quoted or '"' not in lines[start]:
        return start + 1
    pattern = _record_pattern(dialect.delimiter)
    text = lines[start]
    for end in range(start, min(len(lines), start + 50)):
        text = text + "\n" + lines[end] if end > start else text
        if pattern.fullmatch(text):
            return end + 1
    return start + 1


def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf'"((?:[^"]|"")*+)"(?={re.escape(delimiter)}|\Z)')


def _record_pattern(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]++|"")*+"(?={mark}|\Z)|(?!")[^{mark}\n]*+)'
    return re.compile(rf"{cell}(?:{mark}{cell})*+")


def _quotes_count(sample: Sequence[str], delimiter: str) -> bool:
    """Tell if quotes enclose cells here, or are only characters of a text.

    They are characters if cells that begin with a quote mostly do not end with one.
    """
    mark = re.escape(delimiter)
    text = "\n".join(line for line in sample if '"' in line)
    opened = len(re.findall(rf'(?:\A|\n|{mark})"(?!{mark}|\n|\Z)', text))
    closed = len(re.findall(rf'(?<!{mark})(?<!\n)"(?:{mark}|\n|\Z)', text))
    return closed * 2 >= opened or opened < _FEW_QUOTES


def _regularity(widths: Sequence[int]) -> tuple[float, int]:
    """Return the share of the commonest width above 1, and that width."""
    counted = Counter(width for width in widths if width > 1)
    if not counted:
        return 0.0, 1
    width, count = max(counted.items(), key=lambda item: (item[1], item[0]))
    return count / len(widths), width
