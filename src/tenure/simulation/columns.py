"""Arrow columns made from NumPy arrays without a Python object per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tenure.activity.contract import INSTANT, MONEY
from tenure.simulation.seasons import Integers

Mask = npt.NDArray[np.bool_]
Letters = npt.NDArray[np.uint8]

_MONEY_STEPS_PER_CENT = 100
_HEX = np.frombuffer(
    b"".join(b"%02x%02x" % (low, high) for high in range(256) for low in range(256)),
    dtype=np.uint32,
)
"""The four hexadecimal digits of two bytes, by their little-endian number."""
_THREE_DIGITS = np.frombuffer(
    b"".join(b"%03d" % number for number in range(1000)), dtype=np.uint8
).reshape(1000, 3)


def money(cents: npt.NDArray[np.integer], known: Mask | None = None) -> pa.Array:
    """Return amounts in cents as DECIMAL(18, 4); unknown ones are null."""
    halves = np.empty((len(cents), 2), dtype=np.int64)
    np.multiply(cents, _MONEY_STEPS_PER_CENT, out=halves[:, 0], dtype=np.int64)
    halves[:, 1] = halves[:, 0] >> 63  # the sign fills the upper half of the 128 bits
    return pa.Array.from_buffers(MONEY, len(cents), [_validity(known), pa.py_buffer(halves)])


def instants(micros: Integers, known: Mask | None = None) -> pa.Array:
    """Return microseconds since 1970 as instants; unknown ones are null."""
    values = np.ascontiguousarray(micros, dtype=np.int64)
    return pa.Array.from_buffers(INSTANT, len(values), [_validity(known), pa.py_buffer(values)])


def days(numbers: npt.NDArray[np.int32], known: Mask | None = None) -> pa.Array:
    """Return days since 1970 as dates; unknown ones are null."""
    values = np.ascontiguousarray(numbers, dtype=np.int32)
    buffers = [_validity(known), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.date32(), len(values), buffers)


def words(codes: npt.NDArray[np.integer], dictionary: Sequence[str] | pa.Array) -> pa.Array:
    """Return texts by their codes; a negative code is null."""
    values = dictionary if isinstance(dictionary, pa.Array) else pa.array(dictionary, pa.string())
    indices = np.ascontiguousarray(codes, dtype=np.int32)
    if len(indices) and indices.min() >= 0:
        buffers = [None, pa.py_buffer(indices)]
    else:
        buffers = [_validity(indices >= 0), pa.py_buffer(np.maximum(indices, 0))]
    return pa.DictionaryArray.from_arrays(
        pa.Array.from_buffers(pa.int32(), len(indices), buffers), values
    )


def fixed_texts(letters: Letters, known: Mask | None = None) -> pa.Array:
    """Return texts of one length.

    Parameters
    ----------
    letters : one row of ASCII letters per known text.
    known : which entries have a text; None means all.
    """
    lengths = np.ones(len(letters), dtype=np.int32) if known is None else known.astype(np.int32)
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths * letters.shape[1], out=offsets[1:])
    buffers = [
        _validity(known),
        pa.py_buffer(offsets),
        pa.py_buffer(np.ascontiguousarray(letters)),
    ]
    return pa.Array.from_buffers(pa.string(), len(lengths), buffers)


def numbered(prefix: str, numbers: Integers, digits: int) -> Letters:
    """Return letters like C000000042: a prefix and a number with leading zeros.

    Parameters
    ----------
    digits : a multiple of three.
    """
    start = len(prefix)
    letters = np.empty((len(numbers), start + digits), dtype=np.uint8)
    letters[:, :start] = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    rest = numbers.astype(np.uint32) if digits <= 9 else numbers.astype(np.uint64)
    for place in range(digits - 3, -1, -3):
        above = rest // 1000
        letters[:, start + place : start + place + 3] = _THREE_DIGITS[rest - above * 1000]
        rest = above
    return letters


def identities(salt: int, group: Integers, row: Integers) -> pa.Array:
    """Return unique texts of 32 hexadecimal digits that grow with `row` within a group.

    The first half is the mixed number of the group, the second half the row's own number.
    """
    halves = np.empty((len(row), 2), dtype=np.uint64)
    halves[:, 0] = _mixed(group.astype(np.uint64) + np.uint64(salt % 2**64))
    halves[:, 1] = row
    pairs = halves.byteswap().view(np.uint16)
    return fixed_texts(_HEX[pairs].view(np.uint8).reshape(len(row), 32))


def _mixed(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return SplitMix64 of each number, a one-to-one map (Steele, Lea, Flood 2014)."""
    z = numbers * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _validity(known: Mask | None) -> pa.Buffer | None:
    if known is None or known.all():
        return None
    return pa.py_buffer(np.packbits(known, bitorder="little"))
