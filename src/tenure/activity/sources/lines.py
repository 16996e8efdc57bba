"""A file as a stream of UTF-8 pieces of whole lines, read once, with its digest."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tenure.activity.sources.encodings import (
    ERRORS,
    UNDECODABLE,
    Encoding,
    detect_encoding,
    eight_bit_encoding,
    named_encoding,
)
from tenure.kernel import Progress, ProgressSink, SourceError

CHUNK_BYTES = 2 << 20
MAX_LINE_BYTES = 8 << 20
"""A longer line is refused: it is not a record but a file without line ends."""

MARK = UNDECODABLE.encode()
_ASCII_LINE_ENDS = frozenset({"utf-8", "gb18030", "gbk", "gb2312", "cp1252", "iso8859-1"})
"""Encodings in which the bytes of CR and LF never are a part of another character."""

BLANKS = b" \t\n"
"""What a blank line is made of. Not `bytes.strip`'s default, which differs from `str.strip`'s."""

_DOUBLED_RETURN = re.compile(rb"\r+\n")


class LineStream:
    r"""Reads a text file once, as pieces of whole lines in UTF-8 that end with `\n`.

    CRLF, CR and `\r\r\n` become `\n`; NUL bytes are dropped and counted; bytes that mean
    nothing in the encoding become `MARK`. While only ASCII was seen the encoding stays
    open: the first other bytes decide, however late they come.

    Parameters
    ----------
    path : the file.
    encoding : name given by a person; None to detect.
    progress : told of the bytes read.
    """

    def __init__(self, path: Path, encoding: str | None, progress: ProgressSink) -> None:
        self.path = path
        self.encoding = ""
        self.bytes_read = 0
        self.nul_count = 0
        self._given = encoding
        self._progress = progress
        self._digest = hashlib.sha256()
        self._settled = False

    @property
    def sha256(self) -> str:
        """The digest of the bytes read so far, in hex."""
        return self._digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """Yield the pieces; nothing for an empty file.

        Raises
        ------
        SourceError : no text, an unknown encoding, or a line longer than `MAX_LINE_BYTES`.
        """
        carry = b""
        for chunk in self._utf8_chunks():
            data = carry + chunk
            cut = _after_last_line(data)
            carry = data[cut:]
            if cut:
                yield self._clean(data[:cut])
            if len(carry) > MAX_LINE_BYTES:
                self._refuse_long_line()
        if carry:
            yield self._clean(carry + b"\n")

    def _raw_chunks(self) -> Iterator[bytes]:
        """Yield the file's bytes; they are hashed beside, on a second core."""
        total = self.path.stat().st_size
        hashing: Future[None] | None = None
        with self.path.open("rb") as file, ThreadPoolExecutor(1) as beside:
            while chunk := file.read(CHUNK_BYTES):
                if hashing is not None:
                    hashing.result()
                hashing = beside.submit(self._digest.update, chunk)
                self.bytes_read += len(chunk)
                yield chunk
                self._progress(Progress("reading", self.bytes_read, total, "bytes"))

    def _utf8_chunks(self) -> Iterator[bytes]:
        """Yield chunks whose line ends are the bytes of ASCII."""
        chunks = self._raw_chunks()
        first = next(chunks, b"")
        if not first:
            return
        if self._given is not None:
            found: Encoding | None = named_encoding(self._given, first)
        else:
            found = detect_encoding(first, self.path.name)
        body = first[found.bom_bytes :] if found is not None else first
        self.encoding = found.name if found is not None else "utf-8"
        self._settled = found is not None
        if self.encoding in _ASCII_LINE_ENDS:
            yield body
            yield from chunks
            return
        decoder = codecs.getincrementaldecoder(self.encoding)(ERRORS)
        yield decoder.decode(body).encode()
        for chunk in chunks:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", True).encode()

    def _clean(self, piece: bytes) -> bytes:
        """Return a piece as valid UTF-8 without NUL and with plain line ends."""
        if not piece.isascii() and (self.encoding in _ASCII_LINE_ENDS):
            piece = self._as_utf8(piece)
        if b"\0" in piece:
            self.nul_count += piece.count(b"\0")
            piece = piece.replace(b"\0", b"")
        if b"\r" in piece:
            piece = piece.replace(b"\r\n", b"\n")
            if b"\r\n" in piece:
                piece = _DOUBLED_RETURN.sub(b"\n", piece)
            piece = piece.replace(b"\r", b"\n")
        return piece

    def _as_utf8(self, piece: bytes) -> bytes:
        if not self._settled:
            self.encoding = eight_bit_encoding(piece, self.path.name)
            self._settled = True
        if self.encoding == "utf-8" and _is_utf8(piece):
            return piece
        return piece.decode(self.encoding, ERRORS).encode()

    def _refuse_long_line(self) -> None:
        raise SourceError(
            f"{self.path.name}: a line longer than {MAX_LINE_BYTES >> 20} MB",
            "records on lines of their own",
            "export the data as CSV or JSON Lines, one record per line",
        )


def _is_utf8(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _after_last_line(data: bytes) -> int:
    """Return where the last whole line ends; a final CR may be half of a CRLF and waits."""
    feed = data.rfind(b"\n")
    lone = data.rfind(b"\r", feed + 1, len(data) - 1)
    return max(feed, lone) + 1
