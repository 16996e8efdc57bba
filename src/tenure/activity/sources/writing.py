"""Writes numbered lines in order, on a thread of its own while the next lines are judged."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

_FEW_LINES = 64
_BUFFERED_BYTES = 1 << 20
_MAX_WAITING = 3
"""Runs waiting to be written, each up to a piece long: bounds the memory."""


class NumberedWriter:
    """Writes runs of lines, each with its number before it.

    Parameters
    ----------
    file : the copy, open for writing.
    delimiter : stands between number and line.
    """

    def __init__(self, file: BinaryIO, delimiter: bytes) -> None:
        self._file = file
        self._delimiter = delimiter
        self._small: list[bytes] = []
        self._small_bytes = 0
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> NumberedWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._flush()
                while self._waiting:
                    self._waiting.popleft().result()
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def write_run(self, run: bytes, first_line: int, count: int) -> None:
        """Write `count` lines, numbered from `first_line`."""
        if count > _FEW_LINES:
            self._flush()
            self._submit(lambda: self._write_many(run, first_line, count))
            return
        for number, line in enumerate(run.splitlines(keepends=True), start=first_line):
            self.write_record(line, number)

    def write_record(self, record: bytes, line: int) -> None:
        """Write one record, which may span lines, with the number of its first line."""
        self._small.append(b"%d%b%b" % (line, self._delimiter, record))
        self._small_bytes += len(record)
        if self._small_bytes > _BUFFERED_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._small:
            text = b"".join(self._small)
            self._small.clear()
            self._small_bytes = 0
            self._submit(lambda: self._write_bytes(text))

    def _submit(self, work: Callable[[], None]) -> None:
        self._waiting.append(self._thread.submit(work))
        if len(self._waiting) > _MAX_WAITING:
            self._waiting.popleft().result()

    def _write_bytes(self, text: bytes) -> None:
        self._file.write(text)

    def _write_many(self, run: bytes, first_line: int, count: int) -> None:
        self._file.write(_numbered(run, first_line, count, self._delimiter))


def _numbered(run: bytes, first_line: int, count: int, delimiter: bytes) -> pa.Buffer:
    """Return a run with each line's number before it; Arrow does it without a Python loop."""
    binary = pa.large_binary()
    text = pa.Array.from_buffers(
        binary, 1, [None, pa.py_buffer(struct.pack("<qq", 0, len(run) - 1)), pa.py_buffer(run)]
    )
    lines = pc.split_pattern(text, b"\n").values
    numbers = pa.arange(first_line, first_line + count).cast(pa.large_string()).cast(binary)
    feed = pa.scalar(b"\n", binary)
    # The last argument joins the others, so: number, delimiter, line, line end.
    joined = pc.binary_join_element_wise(
        numbers, pa.scalar(delimiter, binary), lines, feed, pa.scalar(b"", binary)
    )
    return joined.buffers()[2]
