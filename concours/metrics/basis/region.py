"""A binary mask as metrics see it: bits or runs with a shape and a spacing, and what is measured on it, kept.

A `Region` made from a truth is computed once and kept (`Reference`): count, box, surface voxels, search tree, volume.
OpenCV and search trees are imported where something is measured: pages read of a metric only what it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

Order = Literal["C", "F"]
# Blocks of two masks stay in the processor's cache while their bits are counted twice.
BLOCK_BYTES = 1 << 20
# Bytes looked at together in search of the first or last voxel.
SEARCH_BYTES = 1 << 16


class RegionRuns(NamedTuple):
    """Sorted half-open intervals of voxel positions, int64, that do not overlap."""

    starts: np.ndarray
    ends: np.ndarray


class Region:
    """The set of voxels of one mask.

    One of `array` (bool, or any numbers with 0 outside), `bits` (uint8, eight voxels a byte, first voxel in the lowest bit,
    padding 0) or `runs` (starts and ends, half-open, sorted, disjoint) says which voxels; `order` is the order in which bits
    and runs count them: C (last axis fastest) or F (first axis fastest, as in NIfTI files).
    `spacing` is mm per array axis (default 1), `affine` the 4x4 voxel-to-world (RAS) matrix where it is known.
    """

    def __init__(
        self,
        array: Any = None,
        spacing: Sequence[float] | None = None,
        *,
        bits: np.ndarray | None = None,
        runs: tuple[np.ndarray, np.ndarray] | None = None,
        shape: Sequence[int] | None = None,
        order: Order = "C",
        affine: np.ndarray | None = None,
    ) -> None:
        if (array is not None) + (bits is not None) + (runs is not None) != 1:
            raise ValueError("A region is made from one of: array, bits, runs.")
        self.order: Order = order
        self._bits: np.ndarray | None = None
        self.runs: RegionRuns | None = None
        if array is not None:
            voxels = np.asarray(array)
            if voxels.dtype.kind == "f" and np.isnan(voxels).any():
                raise ValueError("A mask holds no NaN.")
            if voxels.flags.f_contiguous and not voxels.flags.c_contiguous:
                self.order = "F"
            shape = voxels.shape
            inside = voxels if voxels.dtype == bool else voxels != 0
            self._bits = np.packbits(inside.ravel(order=self.order), bitorder="little")
        elif shape is None:
            raise ValueError("Bits and runs need a shape.")
        elif bits is not None:
            self._bits = np.ascontiguousarray(bits, np.uint8).ravel()
        elif runs is not None:
            self.runs = RegionRuns(np.asarray(runs[0], np.int64), np.asarray(runs[1], np.int64))
        self.shape: tuple[int, ...] = tuple(int(side) for side in shape)
        self.spacing: tuple[float, ...] = tuple(float(step) for step in (spacing or (1.0,) * len(self.shape)))
        self.affine = affine
        if len(self.spacing) != len(self.shape):
            raise ValueError(f"{len(self.spacing)} spacings for {len(self.shape)} axes.")
        if not all(np.isfinite(step) and step > 0 for step in self.spacing):
            raise ValueError(f"Spacings are positive numbers of mm, not {self.spacing}.")
        if self._bits is not None and len(self._bits) != (self.size + 7) // 8:
            raise ValueError(f"{len(self._bits)} bytes do not hold the {self.size} voxels of {self.shape}.")

    @classmethod
    def of(cls, thing: Any) -> Self:
        """Anything that is a mask: a Region, an array, or an object with `shape`, `order`, `spacing` and `bits` or `runs`."""
        if isinstance(thing, cls):
            return thing
        if isinstance(thing, Region):
            voxels: dict[str, Any] = {"runs": thing.runs} if thing.runs is not None else {"bits": thing.bits}
        elif isinstance(thing, (np.ndarray, list, tuple)):
            return cls(thing)
        else:
            voxels = {name: getattr(thing, name, None) for name in ("bits", "runs")}
        if not hasattr(thing, "shape") or all(value is None for value in voxels.values()):
            raise TypeError(f"{type(thing).__name__} is not a mask: give an array, or shape with bits or runs.")
        return cls(
            None,
            getattr(thing, "spacing", None),
            **voxels,
            shape=thing.shape,
            order=getattr(thing, "order", "C"),
            affine=getattr(thing, "affine", None),
        )

    def in_order(self, order: Order) -> Region:
        """The same region with its voxels counted in that order; itself when it is already."""
        if order == self.order or sum(side > 1 for side in self.shape) <= 1:
            return self
        turned = self.__dict__.get("_turned")
        if turned is None:
            held: dict[str, Any]
            if self.runs is not None:
                held = {"runs": self._runs_in(order)}
            else:
                held = {"bits": np.packbits(self.array.ravel(order=order), bitorder="little")}
            turned = Region(None, self.spacing, **held, shape=self.shape, order=order, affine=self.affine)
            self.__dict__["_turned"] = turned
        return turned

    def _runs_in(self, order: Order) -> RegionRuns:
        """The voxels as runs counted in that order, none longer than a row; found inside the box alone."""
        if self.box is None:
            return RegionRuns(np.empty(0, np.int64), np.empty(0, np.int64))
        crop, box, dims = self.crop(), self.box, self.shape
        if order == "F":
            crop, box, dims = crop.T, box[::-1], dims[::-1]
        padded = np.zeros((*crop.shape[:-1], crop.shape[-1] + 2), np.int8)
        padded[..., 1:-1] = crop
        steps = np.diff(padded, axis=-1)
        first, after = np.nonzero(steps == 1), np.nonzero(steps == -1)
        starts = np.ravel_multi_index([at + side.start for at, side in zip(first, box, strict=True)], dims)
        return RegionRuns(starts, starts + (after[-1] - first[-1]))

    @property
    def _dims(self) -> tuple[int, ...]:
        """The shape with the slowest axis first: an F-ordered mask is the C-ordered one of the reversed axes."""
        return self.shape if self.order == "C" else self.shape[::-1]

    def _turn(self, per_axis: Any) -> Any:
        """Between the axes of `shape` and those of `_dims`, for one value an axis or an array."""
        if self.order == "C":
            return per_axis
        return per_axis.T if isinstance(per_axis, np.ndarray) else per_axis[::-1]

    @property
    def size(self) -> int:
        """Number of voxels of the grid."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def diagonal(self) -> float:
        """Diagonal of the volume, ‖shape x spacing‖, mm: the distance that counts when one of two masks is empty."""
        return float(np.linalg.norm(np.multiply(self.shape, self.spacing)))

    @property
    def voxel_volume(self) -> float:
        """Size of a voxel, mm3 (mm2 in 2D)."""
        return float(np.prod(self.spacing))

    @cached_property
    def bits(self) -> np.ndarray:
        """The voxels as bits in `order`, uint8, first voxel in the lowest bit."""
        if self._bits is not None:
            return self._bits
        return _bits_of_runs(self.runs, self.size) if self.runs is not None else np.empty(0, np.uint8)

    @property
    def array(self) -> np.ndarray:
        """The mask as a bool array of `shape`; made anew each time (it is eight times the size of the bits)."""
        voxels: np.ndarray = self._turn(self._slab(0, self._dims[0]))
        return voxels

    @cached_property
    def count(self) -> int:
        """Number of voxels inside."""
        if self.runs is not None:
            return int((self.runs.ends - self.runs.starts).sum())
        return _ones(self.bits)

    @cached_property
    def box(self) -> tuple[slice, ...] | None:
        """The smallest box that holds the region, a slice an axis; None when it is empty."""
        ends = self._ends
        if ends is None:
            return None
        if self.runs is not None:
            return tuple(self._turn(_box_of_runs(self.runs, self._dims)))
        row = self.size // self._dims[0]
        box = [slice(ends[0] // row, ends[1] // row + 1)]
        if self._rows_of_bytes:
            packed = np.bitwise_or.reduce(self._bytes(box[0]), axis=0)
            fastest = np.bitwise_or.reduce(packed.reshape(-1, packed.shape[-1]), axis=0)
            sides = [_along(packed, axis) for axis in range(packed.ndim - 1)]
            sides.append(np.unpackbits(fastest, bitorder="little"))
        else:
            flat = self._slab(box[0].start, box[0].stop).any(axis=0)
            sides = [_along(flat, axis) for axis in range(flat.ndim)]
        for side in sides:
            inside = np.flatnonzero(side)
            box.append(slice(int(inside[0]), int(inside[-1]) + 1))
        return tuple(self._turn(box))

    def crop(self) -> np.ndarray:
        """The bool array inside `box`; empty when the region is."""
        if self.box is None:
            return np.zeros((0,) * len(self.shape), bool)
        first, *others = box = self._turn(self.box)
        if self.runs is not None:
            inside = _crop_of_runs(self.runs, self._dims, box)
        elif self._rows_of_bytes:
            *between, last = others
            low = last.start // 8
            packed = self._bytes(first)[(slice(None), *between, slice(low, (last.stop + 7) // 8))]
            voxels = np.unpackbits(packed, axis=-1, bitorder="little").view(bool)
            inside = np.ascontiguousarray(voxels[..., last.start - 8 * low : last.stop - 8 * low])
        else:
            inside = np.ascontiguousarray(self._slab(first.start, first.stop)[(slice(None), *others)])
        turned: np.ndarray = self._turn(inside)
        return turned

    @cached_property
    def surface(self) -> np.ndarray:
        """Positions (int64, sorted, counted in `order`) of the surface voxels.

        A surface voxel has at least one face neighbour (6 in 3D, 4 in 2D) outside the region; the border of the volume
        counts as outside, as in `scipy.ndimage.binary_erosion` with its default border.
        """
        if self.box is None:
            return np.empty(0, np.int64)
        crop = self._turn(self.crop())
        inner = crop.copy()
        for axis in range(crop.ndim):
            ahead = tuple(slice(1, None) if other == axis else slice(None) for other in range(crop.ndim))
            behind = tuple(slice(None, -1) if other == axis else slice(None) for other in range(crop.ndim))
            inner[behind] &= crop[ahead]
            inner[ahead] &= crop[behind]
            for end in (0, -1):
                inner[tuple(end if other == axis else slice(None) for other in range(crop.ndim))] = False
        np.logical_xor(crop, inner, out=inner)
        where = np.unravel_index(np.flatnonzero(inner), crop.shape)
        moved = tuple(index + side.start for index, side in zip(where, self._turn(self.box), strict=True))
        positions: np.ndarray = np.ravel_multi_index(moved, self._dims).astype(np.int64)
        return positions

    def points(self, positions: np.ndarray) -> np.ndarray:
        """Voxel centres in mm, float64 (n, d), of positions counted in `order`; axes from the slowest to the fastest."""
        return np.stack(
            [index * step for index, step in zip(self.indices(positions), self.dims_spacing, strict=True)], axis=1
        )

    def indices(self, positions: np.ndarray) -> tuple[np.ndarray, ...]:
        """Voxel indices of positions counted in `order`, an array an axis, from the slowest to the fastest."""
        return np.unravel_index(positions, self._dims)

    @property
    def dims_spacing(self) -> tuple[float, ...]:
        """The spacing in mm, from the slowest axis to the fastest."""
        return tuple(self._turn(self.spacing))

    @property
    def dims_box(self) -> tuple[slice, ...]:
        """The box from the slowest axis to the fastest; one of no size when the region is empty."""
        return (slice(0, 0),) * len(self.shape) if self.box is None else tuple(self._turn(self.box))

    @cached_property
    def surface_tree(self) -> cKDTree:
        """Search tree over the centres of the surface voxels, mm."""
        from scipy.spatial import cKDTree

        return cKDTree(self.points(self.surface), balanced_tree=False, compact_nodes=False)

    @property
    def volume(self) -> float:
        """Number of voxels times the size of one, mm3 (mm2 for a 2D mask)."""
        return self.count * self.voxel_volume

    @property
    def axial_axis(self) -> int | None:
        """The array axis along which axial slices are stacked: the one nearest the world's vertical; None in 2D.

        Without an affine it is the last axis, as in (i, j, k).
        """
        if len(self.shape) == 2:
            return None
        if self.affine is None:
            return len(self.shape) - 1
        directions = np.asarray(self.affine, float)[:3, :3]
        return int(np.argmax(np.abs(directions[2]) / np.linalg.norm(directions, axis=0)))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of shape, spacing and voxels: the name under which anything computed here may be kept."""
        header = f"{self.shape}{self.spacing}".encode()
        return hashlib.sha256(header + self.in_order("C").bits.tobytes()).hexdigest()

    @cached_property
    def _ends(self) -> tuple[int, int] | None:
        """Positions of the first and the last voxel, counted in `order`; None when the region is empty."""
        if self.runs is not None:
            return (int(self.runs.starts[0]), int(self.runs.ends[-1]) - 1) if len(self.runs.starts) else None
        first = _first_one(self.bits)
        return None if first < 0 else (first, _last_one(self.bits))

    @property
    def _rows_of_bytes(self) -> bool:
        """Whether every row of voxels fills whole bytes, as those of most images do."""
        return len(self.shape) > 1 and self._dims[-1] % 8 == 0

    def _bytes(self, rows: slice) -> np.ndarray:
        """The bits of rows of the slowest axis, with the axes in `_dims` and eight voxels of the fastest in a byte."""
        return self.bits.reshape(*self._dims[:-1], self._dims[-1] // 8)[rows]

    def _slab(self, start: int, stop: int) -> np.ndarray:
        """The bool array of rows `start` to `stop` of the slowest axis, unpacked from their bytes alone."""
        row = self.size // max(1, self._dims[0])
        first, last = start * row, stop * row
        byte = first // 8
        ones = np.unpackbits(self.bits[byte : (last + 7) // 8], count=last - byte * 8, bitorder="little")
        return ones[first - byte * 8 :].view(bool).reshape((stop - start, *self._dims[1:]))


class Reference(Region):
    """The region of a truth: everything about it is computed once, and it can be kept under `digest` (pickle)."""

    def prepare(self, *, distances: bool = True) -> Reference:
        """Compute what metrics will ask for: count, box, digest and, with `distances`, the surface and its tree."""
        _ = self.count, self.box, self.digest
        if distances and self.count:
            _ = self.surface, self.surface_tree
        return self


def overlap(left: Region, right: Region) -> int:
    """Number of voxels in both regions; runs are merged without being decoded when both sides are runs."""
    if left.shape != right.shape:
        raise ValueError(f"The masks have different shapes: {left.shape} and {right.shape}.")
    right = right.in_order(left.order)
    if left.runs is not None and right.runs is not None and left.order == right.order:
        return _overlap_of_runs(left.runs, right.runs)
    if left._ends is None:
        return 0
    # Nothing is shared before the first or after the last voxel of the left one. Inside, |A and B| is half of
    # |A| + |B| - |A xor B|: OpenCV counts the differing bits of two buffers in one pass.
    span = slice(left._ends[0] // 8, left._ends[1] // 8 + 1)
    inside, outside = right.bits[span], (right.bits[: span.start], right.bits[span.stop :])
    if "count" in right.__dict__ and 2 * len(inside) > len(right.bits):
        own = right.count - sum(map(_ones, outside))
        differing = _differing(left.bits[span], inside)
    else:
        differing = own = 0
        for a, b in zip(_blocks(left.bits[span]), _blocks(inside), strict=True):
            differing += _differing(a, b)
            own += _ones(b)
        if "count" not in right.__dict__:
            right.count = own + sum(map(_ones, outside))
    return (left.count + own - differing) // 2


def _along(array: Any, axis: int) -> np.ndarray:
    """Whether anything stands at each index of one axis."""
    standing: np.ndarray = np.any(array, axis=tuple(other for other in range(array.ndim) if other != axis))
    return standing


def _box_of_runs(runs: RegionRuns, dims: tuple[int, ...]) -> list[slice]:
    """The smallest box around runs that are not empty, from the slowest axis to the fastest."""
    sides, low, high = [], runs.starts, runs.ends - 1
    for side in dims[::-1]:
        (low, first), (high, last) = np.divmod(low, side), np.divmod(high, side)
        # A run that goes on in the next row holds the end of one and the start of the other.
        wraps = bool((low != high).any())
        sides.append(slice(0, side) if wraps else slice(int(first.min()), int(last.max()) + 1))
    return sides[::-1]


def _crop_of_runs(runs: RegionRuns, dims: tuple[int, ...], box: tuple[slice, ...]) -> np.ndarray:
    """The bool array inside the box of the runs; runs inside single rows are moved there, others decoded by rows."""
    shape = tuple(side.stop - side.start for side in box)
    size = int(np.prod(shape, dtype=np.int64))
    if (runs.starts // dims[-1] == (runs.ends - 1) // dims[-1]).all():
        where = zip(np.unravel_index(runs.starts, dims), box, strict=True)
        starts = np.ravel_multi_index([at - side.start for at, side in where], shape)
        bits = _bits_of_runs(RegionRuns(starts, starts + (runs.ends - runs.starts)), size)
        return np.unpackbits(bits, count=size, bitorder="little").view(bool).reshape(shape)
    row = int(np.prod(dims[1:], dtype=np.int64))
    before, slab = box[0].start * row, (shape[0], *dims[1:])
    bits = _bits_of_runs(RegionRuns(runs.starts - before, runs.ends - before), shape[0] * row)
    voxels = np.unpackbits(bits, count=shape[0] * row, bitorder="little").view(bool).reshape(slab)
    return np.ascontiguousarray(voxels[(slice(None), *box[1:])])


def _overlap_of_runs(left: RegionRuns, right: RegionRuns) -> int:
    """Length of the intersection of two lists of runs."""
    if len(left.starts) > len(right.starts):
        left, right = right, left
    if not len(left.starts):
        return 0
    before = np.concatenate([[0], np.cumsum(right.ends - right.starts)])
    following = np.append(right.starts, np.iinfo(np.int64).max)

    def covered(positions: np.ndarray) -> np.ndarray:
        """Voxels of `right` before each position."""
        passed = np.searchsorted(right.ends, positions, side="right")
        counts: np.ndarray = before[passed] + np.maximum(positions - following[passed], 0)
        return counts

    return int((covered(left.ends) - covered(left.starts)).sum())


def _bits_of_runs(runs: RegionRuns, size: int) -> np.ndarray:
    """Pack runs: mark where voxels begin and end, then a running exclusive-or inside and across 64-bit words."""
    words = np.zeros(size // 64 + 1, np.uint64)
    edges = np.concatenate([runs.starts, runs.ends])
    np.bitwise_xor.at(words, edges >> 6, np.uint64(1) << (edges & 63).astype(np.uint64))
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    carried = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= np.uint64(0) - carried[:-1]
    return words.astype("<u8", copy=False).view(np.uint8)[: (size + 7) // 8]


def _blocks(bits: np.ndarray) -> list[np.ndarray]:
    return [bits[start : start + BLOCK_BYTES] for start in range(0, len(bits), BLOCK_BYTES)]


def _differing(left: np.ndarray, right: np.ndarray) -> int:
    """Number of bits that differ; pieces, because OpenCV counts in 32 bits."""
    import cv2

    pieces = range(0, len(left), 1 << 27)
    return sum(int(cv2.norm(left[at : at + (1 << 27)], right[at : at + (1 << 27)], cv2.NORM_HAMMING)) for at in pieces)


def _ones(bits: np.ndarray) -> int:
    """Number of bits that are set."""
    import cv2

    pieces = range(0, len(bits), 1 << 27)
    return sum(int(cv2.norm(bits[at : at + (1 << 27)], cv2.NORM_HAMMING)) for at in pieces)


def _first_one(bits: np.ndarray) -> int:
    for start in range(0, len(bits), SEARCH_BYTES):
        block = bits[start : start + SEARCH_BYTES]
        if block.any():
            byte = int((block != 0).argmax())
            value = int(block[byte])
            return (start + byte) * 8 + (value & -value).bit_length() - 1
    return -1


def _last_one(bits: np.ndarray) -> int:
    for stop in range(len(bits), 0, -SEARCH_BYTES):
        block = bits[max(0, stop - SEARCH_BYTES) : stop]
        if block.any():
            back = int((block[::-1] != 0).argmax()) + 1
            return (stop - back) * 8 + int(block[-back]).bit_length() - 1
    return -1
