"""Run lengths: the text teams send ("start length start length …"), and runs of packed bits, no loop a voxel.

A run is a half-open interval of positions in the flattened mask, counted from 0. `row` order is C order (the last axis
runs fastest), `column` is Fortran order, as in Kaggle's convention (which also counts from 1).
"""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from concours.formats.fault import gettext_noop, plural_noop, refuse

Positions = NDArray[np.int64]
LONG_NUMBER = re.compile(r"[0-9]{18}")
NOT_RUNS = bytes(set(range(256)) - set(b"0123456789 "))
ORDERS = {"row": "C", "column": "F"}


class Runs(NamedTuple):
    """Sorted runs that neither overlap nor touch: `starts[i] <= position < ends[i]`."""

    starts: Positions
    ends: Positions

    @property
    def covered(self) -> int:
        """Number of positions covered."""
        return int((self.ends - self.starts).sum())


NO_RUNS = Runs(np.empty(0, np.int64), np.empty(0, np.int64))


def parse_runs(text: str, size: int, base: int, where: str = "run lengths") -> Runs:
    """Read "start length …" over a mask of `size` voxels; `base` (0 or 1) is the number of the first voxel.

    Runs may come in any order; touching runs are joined; an empty text is an empty mask. Raises `FormatError` with
    `rle_malformed` (no number, odd count, zero length), `rle_out_of_bounds` or `rle_overlap`.
    """
    numbers = _numbers(text, where)
    if numbers.size == 0:
        return NO_RUNS
    if numbers.size % 2:
        template = plural_noop(
            "%(where)s: the run lengths contain %(count)s number; they must come in pairs.",
            "%(where)s: the run lengths contain %(count)s numbers; they must come in pairs.",
        )
        raise refuse("rle_malformed", where, template, where=where, count=int(numbers.size))
    starts, lengths = numbers[0::2] - base, numbers[1::2]
    if not lengths.all():
        at = int(np.argmin(lengths != 0)) + 1
        template = gettext_noop("%(where)s: run %(at)s has length 0. Omit empty runs.")
        raise refuse("rle_malformed", where, template, where=where, at=at)
    ends = starts + lengths
    outside = (starts < 0) | (ends > size)
    if outside.any():
        at = int(np.argmax(outside))
        template = gettext_noop(
            "%(where)s: run %(at)s (%(start)s %(length)s) exceeds the mask of %(size)s voxels, counted from %(base)s."
        )
        values = {"start": int(starts[at]) + base, "length": int(lengths[at]), "size": size, "base": base}
        raise refuse("rle_out_of_bounds", where, template, where=where, at=at + 1, **values)
    if (starts[1:] < starts[:-1]).any():
        sort = np.argsort(starts, kind="stable")
        starts, ends = starts[sort], ends[sort]
    overlap = starts[1:] < ends[:-1]
    if overlap.any():
        at = int(np.argmax(overlap)) + 1
        template = gettext_noop("%(where)s: the run at %(start)s begins inside the previous one. List each voxel once.")
        raise refuse("rle_overlap", where, template, where=where, start=int(starts[at]) + base)
    return join(starts, ends)


def _numbers(text: str, where: str) -> Positions:
    try:
        data = text.encode("ascii").translate(TO_BLANK)
    except UnicodeEncodeError as error:
        raise _malformed(text, where) from error
    if data.translate(None, b"0123456789 "):
        raise _malformed(text, where)
    if LONG_NUMBER.search(text):
        template = gettext_noop("%(where)s: a number in the run lengths exceeds the size of any image.")
        raise refuse("rle_out_of_bounds", where, template, where=where)
    if not data.strip():
        return np.empty(0, np.int64)
    return np.fromstring(data, dtype=np.int64, sep=" ")


TO_BLANK = bytes.maketrans(b"\t\r\n", b"   ")


def _malformed(text: str, where: str) -> Exception:
    word = re.search(r"[^0-9 \t\r\n]\S*", text)
    template = gettext_noop("%(where)s: the run lengths contain '%(found)s'; only integers and spaces are allowed.")
    return refuse("rle_malformed", where, template, where=where, found=word.group()[:30] if word else "")


def format_runs(runs: Runs, base: int) -> str:
    """The inverse of `parse_runs`."""
    numbers = np.empty(2 * len(runs.starts), np.int64)
    numbers[0::2], numbers[1::2] = runs.starts + base, runs.ends - runs.starts
    return " ".join(map(str, numbers.tolist()))


def join(starts: Positions, ends: Positions) -> Runs:
    """Join runs that touch; they are sorted and do not overlap."""
    apart = starts[1:] != ends[:-1]
    if apart.all():
        return Runs(starts, ends)
    return Runs(starts[np.concatenate(([True], apart))], ends[np.concatenate((apart, [True]))])


def runs_of_bits(bits: NDArray[np.uint8], size: int) -> Runs:
    """Runs of a mask packed 8 voxels a byte, first voxel in the lowest bit; works on 64 voxels at a time."""
    padded = -(-len(bits) // 8) * 8
    if padded != len(bits) or not bits.flags.aligned:
        bits = np.concatenate((bits, np.zeros(padded - len(bits), np.uint8)))
    words = bits.view("<u8")
    edges = words << np.uint64(1)
    edges[1:] |= words[:-1] >> np.uint64(63)
    edges ^= words
    where = np.flatnonzero(edges)
    flags = np.unpackbits(edges[where].view(np.uint8), bitorder="little")
    at = np.flatnonzero(flags)
    positions = where[at >> 6] * 64 + (at & 63)
    if len(positions) % 2:
        positions = np.append(positions, size)
    return Runs(positions[0::2].astype(np.int64), positions[1::2].astype(np.int64))


def bits_of_runs(runs: Runs, size: int) -> NDArray[np.uint8]:
    """Pack runs into bits (first voxel in the lowest bit): mark the edges, then a running exclusive-or."""
    words = np.zeros(size // 64 + 1, np.uint64)
    edges = np.concatenate((runs.starts, runs.ends))
    np.bitwise_xor.at(words, edges >> 6, np.uint64(1) << (edges & 63).astype(np.uint64))
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    carry = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= np.uint64(0) - carry[:-1]
    return words.astype("<u8", copy=False).view(np.uint8)[: (size + 7) // 8]


def split_rows(runs: Runs, row: int) -> Runs:
    """Cut runs wherever a row of `row` voxels ends, so that each piece lies in one row."""
    first, last = runs.starts // row, (runs.ends - 1) // row
    pieces = last - first + 1
    if len(pieces) == 0 or pieces.max() == 1:
        return runs
    owner = np.repeat(np.arange(len(pieces)), pieces)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begin = (first[owner] + step) * row
    return Runs(np.maximum(runs.starts[owner], begin), np.minimum(runs.ends[owner], begin + row))
