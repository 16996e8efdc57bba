"""Which encoding a file's bytes are in, judged by validity first and plausibility second."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from tenure.kernel import OptionError, SourceError

UNDECODABLE = "\U0010ffff"
"""Stands for bytes that mean nothing in the file's encoding, until their row is rejected."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\v\f\x1a\x1b"))
_EVIDENCE_BYTES = 1 << 17


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNDECODABLE, error.end


ERRORS = "tenure_undecodable"
"""Name of the codec error handler that puts `UNDECODABLE` in place of wrong bytes."""

codecs.register_error(ERRORS, _mark)


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding and the length of the byte order mark before the text."""

    name: str
    bom_bytes: int = 0


def named_encoding(name: str, head: bytes) -> Encoding:
    """Return the encoding a person named; `utf-16` without an order takes it from the file.

    Raises
    ------
    OptionError : Python knows no text encoding of that name.
    """
    try:
        known = codecs.lookup(name).name
        "a".encode(known)
    except (LookupError, TypeError, ValueError) as error:
        raise OptionError(
            f"encoding {name!r}",
            "a name such as utf-8, gb18030, utf-16 or cp1252",
            "leave `--encoding` out to have it detected, or correct the name",
        ) from error
    marked = _by_bom(head)
    if marked is not None and marked.name.startswith(known.split("-sig")[0]):
        return marked
    if known in ("utf-16", "utf-32"):
        return Encoding(f"{known}-le")
    return Encoding(known)


def detect_encoding(head: bytes, source: str) -> Encoding | None:
    """Return the encoding that a byte order mark or the pattern of NUL bytes tells, or None.

    None means: ASCII so far, or one of the encodings that `eight_bit_encoding` tells apart.

    Parameters
    ----------
    head : the first bytes, ideally ending at a line's end.
    source : the file's name, for the error.

    Raises
    ------
    SourceError : the bytes are no text.
    """
    marked = _by_bom(head)
    if marked is not None:
        return marked
    if b"\0" in head:
        order = _utf16_order(head)
        if order is not None:
            return Encoding(order)
    _refuse_binary(head, source)
    return None


def eight_bit_encoding(text: bytes, source: str) -> str:
    """Return which of UTF-8, GB18030 and CP1252 a text without order mark is in.

    UTF-8 wins if it is valid, or nearly (a few broken bytes among many good ones are
    damage, not another encoding). GB18030 wins if its characters are mostly the common
    ones of GB 2312; CP1252 if its letters stand alone among ASCII. Otherwise nothing is guessed.

    Raises
    ------
    SourceError : none of the three is plausible.
    """
    evidence = _evidence(text)
    if not evidence:
        return "utf-8"
    decoded = evidence.decode("utf-8", ERRORS)
    wrong = decoded.count(UNDECODABLE)
    right = sum(1 for c in decoded if c > "\x7f") - wrong
    if right >= 4 * wrong:
        return "utf-8"
    if _looks_chinese(evidence):
        return "gb18030"
    if _looks_western(evidence):
        return "cp1252"
    raise SourceError(
        f"{source}: bytes that are not UTF-8, UTF-16, GB18030 or Western European text",
        "a text in one of these encodings",
        "name the encoding with `--encoding`, or save the file as UTF-8",
    )


def _by_bom(head: bytes) -> Encoding | None:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name, len(mark))
    return None


def _evidence(text: bytes) -> bytes:
    """Return the lines with non-ASCII bytes, at most 128 KB of them."""
    if text.isascii():
        return b""
    kept: list[bytes] = []
    size = 0
    for line in re.split(rb"[\r\n]", text):
        if not line.isascii():
            kept.append(line)
            size += len(line)
        if size > _EVIDENCE_BYTES:
            break
    return b"\n".join(kept)


def _utf16_order(head: bytes) -> str | None:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if most * 20 < len(head) or least * 10 > most:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    text = head[: len(head) // 2 * 2].decode(name, ERRORS)
    return name if text.count(UNDECODABLE) * 20 <= len(text) else None


def _refuse_binary(head: bytes, source: str) -> None:
    nuls = head.count(0)
    controls = len(head) - len(head.translate(None, _CONTROL)) - nuls
    if controls * 50 > len(head) or nuls * 10 > len(head):
        raise SourceError(
            f"{source}: binary content",
            "a text file (CSV, TSV, JSON Lines), a workbook or Parquet",
            "export the data again as CSV or XLSX",
        )


def _looks_chinese(evidence: bytes) -> bool:
    text = evidence.decode("gb18030", ERRORS)
    wrong = text.count(UNDECODABLE)
    wide = [c for c in text if c > "\x7f" and c != UNDECODABLE]
    common = sum(1 for c in wide if _is_common_gb2312(c))
    return len(wide) > wrong * 20 and common * 10 >= len(wide) * 6


def _is_common_gb2312(character: str) -> bool:
    """Tell if a character is punctuation, full-width or one of the 3,755 commonest of GB 2312."""
    encoded = character.encode("gb18030")
    return len(encoded) == 2 and encoded[1] >= 0xA1 and (0xA1 <= encoded[0] <= 0xD7)


def _looks_western(evidence: bytes) -> bool:
    runs = [match.group() for match in _HIGH.finditer(evidence)]
    short = sum(1 for run in runs if len(run) <= 2)
    undefined = sum(evidence.count(byte) for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D))
    return short * 10 >= len(runs) * 8 and undefined * 20 <= sum(map(len, runs))
