"""A binary mask kept compact: runs, or packed bits where runs would be longer, with its shape, spacing and affine."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from concours.formats.fault import Fault, gettext_noop
from concours.formats.manifest import Grid
from concours.formats.runs import NO_RUNS, Runs, bits_of_runs, join, runs_of_bits, split_rows

Order = Literal["C", "F"]
Affine = NDArray[np.float64]
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
TOLERANCE = 1e-2  # of a voxel: real pairs of image and mask differ by rounding of their headers
MOST_SLACK = 0.25  # of a voxel: from half a voxel on, another voxel may be meant


@dataclass(frozen=True, eq=False)
class Mask:
    """`shape` is rows, columns for 2D and NIfTI's i, j, k for 3D. `order` says how voxels are counted in runs and bits.

    Exactly one of `runs` and `bits` (8 voxels a byte, first voxel in the lowest bit) is given. `spacing` is in mm along
    the axes of `shape`; `affine` maps indices in the order of `shape` to RAS mm, or is None without geometry.
    """

    shape: tuple[int, ...]
    order: Order = "C"
    runs: Runs | None = None
    bits: NDArray[np.uint8] | None = None
    spacing: tuple[float, ...] = ()
    affine: Affine | None = None

    def __post_init__(self) -> None:
        if (self.runs is None) == (self.bits is None):
            raise ValueError("a mask is either runs or bits")
        if not self.spacing:
            object.__setattr__(self, "spacing", (1.0,) * len(self.shape))

    @classmethod
    def from_array(
        cls,
        array: NDArray[Any],
        spacing: tuple[float, ...] = (),
        affine: Affine | None = None,
        order: Order | None = None,
    ) -> "Mask":
        """Voxels that are not zero. `order` follows the array's memory unless given."""
        if order is None:
            order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
        bits = np.packbits(array.ravel(order=order) != 0, bitorder="little")
        return cls.from_bits(bits, array.shape, order, spacing, affine)

    @classmethod
    def from_bits(
        cls,
        bits: NDArray[np.uint8],
        shape: tuple[int, ...],
        order: Order,
        spacing: tuple[float, ...] = (),
        affine: Affine | None = None,
    ) -> "Mask":
        """The shorter of the two forms."""
        runs = runs_of_bits(bits, math.prod(shape))
        if 16 * len(runs.starts) <= len(bits):
            return cls(shape, order, runs=runs, spacing=spacing, affine=affine)
        return cls(shape, order, bits=bits, spacing=spacing, affine=affine)

    @property
    def size(self) -> int:
        """Number of voxels of the grid."""
        return math.prod(self.shape)

    @cached_property
    def count(self) -> int:
        """Number of voxels of the mask."""
        if self.runs is not None:
            return self.runs.covered
        return int(np.bitwise_count(self._bits()).sum(dtype=np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        if self.runs is not None:
            return self.runs.starts.nbytes + self.runs.ends.nbytes
        return 0 if self.bits is None else self.bits.nbytes

    @cached_property
    def _own_runs(self) -> Runs:
        return self.runs if self.runs is not None else runs_of_bits(self._bits(), self.size)

    def _bits(self) -> NDArray[np.uint8]:
        if self.bits is None:
            return bits_of_runs(self._own_runs, self.size)
        return self.bits

    def runs_in(self, order: Order) -> Runs:
        """The runs, counted in `order`; the other order costs the mask's bounding box, not the whole grid."""
        if order == self.order or sum(n > 1 for n in self.shape) <= 1:
            return self._own_runs
        return self._turned

    @cached_property
    def _turned(self) -> Runs:
        box = self.box
        if box is None:
            return NO_RUNS
        other: Order = "F" if self.order == "C" else "C"
        array = self.crop()
        runs = runs_of_bits(np.packbits(array.ravel(order=other), bitorder="little"), array.size)
        fast = -1 if other == "C" else 0
        pieces = split_rows(runs, array.shape[fast])
        index = np.unravel_index(pieces.starts, array.shape, order=other)
        whole = tuple(i + s.start for i, s in zip(index, box, strict=True))
        starts = np.ravel_multi_index(whole, self.shape, order=other).astype(np.int64)
        return join(starts, starts + (pieces.ends - pieces.starts))

    def bits_in(self, order: Order) -> NDArray[np.uint8]:
        """Packed bits counted in `order`."""
        return self._bits() if order == self.order else bits_of_runs(self.runs_in(order), self.size)

    def dense(self) -> NDArray[np.bool_]:
        """The whole grid as booleans, in the memory order the mask came in."""
        flat = np.unpackbits(self._bits(), count=self.size, bitorder="little").view(np.bool_)
        return flat.reshape(self.shape, order=self.order)

    @cached_property
    def box(self) -> tuple[slice, ...] | None:
        """The smallest box that holds the mask, or None when it is empty."""
        runs = self._own_runs
        if len(runs.starts) == 0:
            return None
        sizes = self.shape if self.order == "F" else self.shape[::-1]  # fastest axis first
        slices, low, high = [], runs.starts, runs.ends - 1
        for size in sizes:
            whole = bool((low // size != high // size).any())
            slices.append(slice(0, size) if whole else slice(int((low % size).min()), int((high % size).max()) + 1))
            low, high = low // size, high // size
        return tuple(slices if self.order == "F" else slices[::-1])

    def crop(self) -> NDArray[np.bool_]:
        """The voxels inside `box`; an array of zero size when the mask is empty."""
        box = self.box
        if box is None:
            return np.zeros((0,) * len(self.shape), np.bool_)
        shape = tuple(s.stop - s.start for s in box)
        fast = 0 if self.order == "F" else -1
        pieces = split_rows(self._own_runs, self.shape[fast])
        index = np.unravel_index(pieces.starts, self.shape, order=self.order)
        local = tuple(i - s.start for i, s in zip(index, box, strict=True))
        starts = np.ravel_multi_index(local, shape, order=self.order).astype(np.int64)
        runs = join(starts, starts + (pieces.ends - pieces.starts))
        size = math.prod(shape)
        flat = np.unpackbits(bits_of_runs(runs, size), count=size, bitorder="little").view(np.bool_)
        return flat.reshape(shape, order=self.order)

    def placed(self, grid: Grid | None) -> "Mask":
        """The same voxels with the spacing and affine of `grid`, whose shape is this one's."""
        if grid is None:
            return self
        affine = self.affine if grid.affine is None else np.array(grid.affine)
        return Mask(self.shape, self.order, self.runs, self.bits, grid.spacing, affine)

    def to_wire(self) -> dict[str, Any]:
        """Plain values and arrays, as `concours.formats.wire` carries them."""
        return {
            "shape": list(self.shape),
            "order": self.order,
            "starts": None if self.runs is None else self.runs.starts,
            "ends": None if self.runs is None else self.runs.ends,
            "bits": self.bits,
            "spacing": list(self.spacing),
            "affine": self.affine,
        }

    @classmethod
    def from_wire(cls, document: Mapping[str, Any]) -> "Mask":
        """Rebuild a mask that a child sent, checking that it is one; raises `ValueError` otherwise."""
        shape, order, bits = tuple(int(n) for n in document["shape"]), document["order"], document["bits"]
        size = math.prod(shape)
        if order not in ("C", "F") or not shape or min(shape) < 1:
            raise ValueError("not a mask")
        runs = None
        if bits is None:
            runs = Runs(_flat(document["starts"], np.int64), _flat(document["ends"], np.int64))
            _check_runs(runs, size)
        elif len(_flat(bits, np.uint8)) != (size + 7) // 8 or (size % 8 and bits[-1] >> (size % 8)):
            raise ValueError("the bits are not those of the shape")
        affine = document["affine"]
        if affine is not None and (affine.shape != (4, 4) or affine.dtype != np.float64):
            raise ValueError("not an affine")
        spacing = tuple(float(s) for s in document["spacing"])
        if len(spacing) != len(shape) or not all(math.isfinite(s) and s > 0 for s in spacing):
            raise ValueError("not a spacing")
        return cls(shape, order, runs, bits, spacing, affine)


def _flat(array: Any, dtype: type) -> NDArray[Any]:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != 1:
        raise ValueError("not the arrays of a mask")
    return array


def _check_runs(runs: Runs, size: int) -> None:
    starts, ends = runs
    if len(starts) != len(ends):
        raise ValueError("the runs are not pairs")
    if len(starts) and (starts[0] < 0 or ends[-1] > size or (ends <= starts).any() or (starts[1:] <= ends[:-1]).any()):
        raise ValueError("the runs are not sorted inside the mask")


@dataclass(frozen=True)
class Turn:
    """How an array must be turned to lie on the reference: `np.transpose(array, axes)`, then flips along `flipped`."""

    axes: tuple[int, ...]
    flipped: tuple[int, ...] = ()

    @property
    def identity(self) -> bool:
        """Nothing to do."""
        return self.axes == tuple(range(len(self.axes))) and not self.flipped

    def apply(self, array: NDArray[Any]) -> NDArray[Any]:
        """A view of `array` on the reference's axes."""
        return np.flip(np.transpose(array, self.axes), self.flipped)


def fit(
    shape: tuple[int, ...], affine: Affine | None, grid: Grid | None, name: str, checked: bool = True
) -> Turn | Fault:
    """How a file of `shape` and `affine` lies on `grid`: a `Turn`, or the fault when it does not.

    Every corner must land on one of the reference within `tolerance_of(grid)`, with axes at most permuted or flipped. Without
    an affine on either side, or with `checked` false, only the shapes are compared.
    """
    if grid is None:
        return Turn(tuple(range(len(shape))))
    same = Turn(tuple(range(len(grid.shape))))
    if grid.affine is None or affine is None or not checked:
        return same if shape == grid.shape else _wrong_shape(shape, grid, name)
    if sorted(shape) != sorted(grid.shape):
        return _wrong_shape(shape, grid, name)
    turn = _turn(shape, affine, grid)
    if turn is not None:
        return turn
    if shape != grid.shape:
        return _wrong_shape(shape, grid, name)
    template = gettext_noop(
        "%(name)s: the affine does not align the voxels with those of the image provided. Save it on the image's grid."
    )
    return Fault("geometry_mismatch", name, template, {"name": name})


def _turn(shape: tuple[int, ...], affine: Affine, grid: Grid) -> Turn | None:
    if not np.isfinite(affine).all():
        return None
    try:
        between = np.linalg.solve(np.array(grid.affine), affine)  # index of the file -> index of the reference
    except np.linalg.LinAlgError:
        return None
    full, target = shape + (1,) * (3 - len(shape)), grid.shape + (1,) * (3 - len(grid.shape))
    if len(full) != 3 or len(target) != 3 or not np.isfinite(between).all():
        return None
    for axes in itertools.permutations(range(3)):  # axes[r] is the file's axis that runs along r of the reference
        if tuple(full[a] for a in axes) != target:
            continue
        signs = [between[r, axes[r]] >= 0 for r in range(3)]
        if _corners_meet(between, axes, signs, full, tolerance_of(grid)):
            flipped = tuple(r for r in range(len(grid.shape)) if not signs[r] and target[r] > 1)
            order = tuple(a for a in axes if a < len(shape)) if len(shape) == len(grid.shape) else axes
            return Turn(order[: len(shape)], flipped)
    return None


def tolerance_of(grid: Grid) -> float:
    """How far, in voxels, a voxel of a file may land from one of the grid: twice the grid's own rounding where that is more."""
    return min(max(TOLERANCE, 2 * grid.slack), MOST_SLACK)


def _corners_meet(
    between: Affine, axes: tuple[int, ...], signs: list[bool], shape: tuple[int, ...], tolerance: float
) -> bool:
    for corner in itertools.product(*((0, n - 1) for n in shape)):
        lands = between[:3, :3] @ np.array(corner) + between[:3, 3]
        meant = [corner[a] if s else shape[a] - 1 - corner[a] for a, s in zip(axes, signs, strict=True)]
        if np.abs(lands - meant).max() > tolerance:
            return False
    return True


def _wrong_shape(shape: tuple[int, ...], grid: Grid, name: str) -> Fault:
    if shape[:-1] == grid.shape:
        template = gettext_noop("%(name)s: the array has %(count)s channels per voxel; a mask has one.")
        return Fault("wrong_channels", name, template, {"name": name, "count": shape[-1]})
    template = gettext_noop("%(name)s: the array is %(found)s; it must be %(wanted)s, like the image provided.")
    return Fault("wrong_shape", name, template, {"name": name, "found": by(shape), "wanted": by(grid.shape)})


def by(shape: tuple[int, ...]) -> str:
    """`(512, 512, 30)` as `512 x 512 x 30`."""
    return " x ".join(str(n) for n in shape)
