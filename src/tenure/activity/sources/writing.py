"""Writes numbered lines in order, on a thread of its own while the next lines are judged."""

from __future__ import annotations

import struct
from array import array
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

_BLOCK_BYTES = 1 << 20
_MAX_WAITING = 3
"""Blocks waiting to be written, each up to a piece long: bounds the memory."""


class NumberedWriter:
    """Writes lines with their numbers before them, in blocks.

    Records of several lines come after the others of their block: a reader who wants the
    file's order sorts by the numbers.

    Parameters
    ----------
    file : the copy, open for writing.
    delimiter : stands between number and line.
    """

    def __init__(self, file: BinaryIO, delimiter: bytes) -> None:
        self._file = file
        self._delimiter = delimiter
        self._runs: list[bytes] = []
        self._numbers = array("q")
        self._records: list[bytes] = []
        self._bytes = 0
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
        self._runs.append(run)
        self._numbers.extend(range(first_line, first_line + count))
        self._grow(len(run))

    def write_record(self, record: bytes, line: int) -> None:
        """Write one record, which may span lines, with the number of its first line."""
        self._records.append(b"%d%b%b" % (line, self._delimiter, record))
        self._grow(len(record))

    def _grow(self, size: int) -> None:
        self._bytes += size
        if self._bytes >= _BLOCK_BYTES:
            self._flush()

    def _flush(self) -> None:
        runs, numbers, records = b"".join(self._runs), self._numbers, b"".join(self._records)
        self._runs, self._numbers, self._records, self._bytes = [], array("q"), [], 0
        if runs:
            self._submit(lambda: self._write_numbered(runs, numbers))
        if records:
            self._submit(lambda: self._write_bytes(records))

    def _submit(self, work: Callable[[], None]) -> None:
        self._waiting.append(self._thread.submit(work))
        if len(self._waiting) > _MAX_WAITING:
            self._waiting.popleft().result()

    def _write_bytes(self, text: bytes) -> None:
        self._file.write(text)

    def _write_numbered(self, runs: bytes, numbers: array[int]) -> None:
        self._file.write(_numbered(runs, numbers, self._delimiter))


def _numbered(lines: bytes, numbers: array[int], delimiter: bytes) -> pa.Buffer:
    """Return lines with their numbers before them; Arrow does it without a Python loop."""
    split = pc.split_pattern(_texts(lines[:-1]), b"\n").values
    counted = pa.Array.from_buffers(pa.int64(), len(numbers), [None, pa.py_buffer(numbers)])
    # The last argument joins the others, so: number, delimiter, line, line end.
    joined = pc.binary_join_element_wise(
        counted.cast(pa.large_string()).cast(pa.large_binary()),
        _texts(delimiter)[0],
        split,
        _texts(b"\n")[0],
        _texts(b"")[0],
    )
    return joined.buffers()[2]


def _texts(text: bytes) -> pa.Array:
    """Return an array of one text, made without `pa.array`, which would import pandas."""
    ends = pa.py_buffer(struct.pack("<qq", 0, len(text)))
    return pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(text)])
