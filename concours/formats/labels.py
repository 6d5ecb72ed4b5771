"""Pack the values of a mask into bits while they stream by, checking that they are {0, v} or exactly the question's."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.manifest import Grid
from concours.formats.mask import Affine, Mask, Order, Turn

STEP = 1 << 20  # voxels looked at together: small enough for the cache
SCALED = 1e-5  # how far a scaled number may lie from a label: slopes are float32
COARSE = 1e-2  # what lies further from a whole number was no label before it was scaled
FOREGROUND = 1  # the key of the mask when the question takes any {0, v}
Masks = dict[int, Mask]


class LabelPacker:
    """Feed voxels in their order in the file; `finish` gives one `Mask` a label.

    `values` None takes {0, v} for one v of the file's choosing, returned under `FOREGROUND`; otherwise every voxel must
    be one of `values`, and each value but 0 gets its mask, an empty one when it does not occur. `slope` and `inter`
    (value = raw x slope + inter) are a NIfTI's: writers that scale whole numbers into their type give them back within
    half a step of the scale, which is taken for the label. Raises `non_binary_mask` and `non_finite`.
    """

    def __init__(
        self, size: int, values: tuple[int, ...] | None, name: str, slope: float = 1.0, inter: float = 0.0
    ) -> None:
        self.size, self.values, self.name = size, values, name
        self.slope, self.inter = slope, inter
        self.bits: dict[int, NDArray[np.uint8]] = {}
        self.raw: dict[int, tuple[Any, ...]] = {}
        self.position = 0
        self.zero = self._stored(0)
        for value in values or ():
            if value != 0:
                self._add(value, self._stored(value))

    def _stored(self, value: int) -> tuple[Any, ...]:
        """The raw numbers that stand for a value: whole ones within half a step of it, else what is exactly the value."""
        if not self._scaled:
            return (value,)
        raw = (value - self.inter) / self.slope
        if not np.isfinite(raw):
            return (raw,)
        near = max(SCALED * max(1, abs(value)), min(COARSE, 0.5001 * abs(self.slope)))
        whole = {math.floor(raw), math.ceil(raw), round(raw)}
        stored = tuple(sorted(n for n in whole if abs(n * self.slope + self.inter - value) <= near))
        return stored or (raw,)

    @property
    def _scaled(self) -> bool:
        return (self.slope, self.inter) != (1.0, 0.0)

    def _add(self, label: int, raw: tuple[Any, ...]) -> None:
        self.raw[label] = raw
        self.bits[label] = np.zeros((self.size + 7) // 8, np.uint8)

    def feed(self, voxels: NDArray[Any]) -> None:
        """Take the next voxels; all but the last call give a multiple of 8."""
        for at in range(0, len(voxels), STEP):
            self._step(voxels[at : at + STEP])

    def _step(self, voxels: NDArray[Any]) -> None:
        at = self.position // 8
        self.position += len(voxels)
        if self.zero == (0,):
            background = len(voxels) - np.count_nonzero(voxels)
        else:
            background = np.count_nonzero(_any_of(voxels, self.zero))
        left = len(voxels) - background
        if left and self.values is None and not self.raw:
            self._choose(voxels)
        for label, raw in self.raw.items():
            if not left:
                return
            equal = _any_of(voxels, raw)
            here = np.count_nonzero(equal)
            if here:
                packed = np.packbits(equal, bitorder="little")
                self.bits[label][at : at + len(packed)] = packed
                left -= here
        if left or (self.values is not None and 0 not in self.values and background):
            raise self._odd(voxels)

    def _choose(self, voxels: NDArray[Any]) -> None:
        value = voxels[np.argmax(~_any_of(voxels, self.zero))]
        if not np.isfinite(value):
            raise self._odd(voxels)
        self._add(FOREGROUND, (value,))

    def _odd(self, voxels: NDArray[Any]) -> FormatError:
        if voxels.dtype.kind == "f" and not np.isfinite(voxels).all():
            template = gettext_noop("%(name)s: the mask contains NaN or infinite values. Save it as integers.")
            return refuse("non_finite", self.name, template, name=self.name)
        sets = (
            [*self.raw.values()]
            if self.values is not None and 0 not in self.values
            else [self.zero, *self.raw.values()]
        )
        allowed = [raw for stored in sets for raw in stored]
        level = voxels[~np.isin(voxels, allowed)][0] * self.slope + self.inter
        if self._scaled and level != round(level):
            template = gettext_noop(
                "%(name)s: the mask contains %(found)s, which is not an integer, because it was saved with a scale "
                "(scl_slope %(slope)s). Save it as integers without a scale."
            )
            values = {"name": self.name, "found": f"{level:g}", "slope": f"{self.slope:g}"}
            return refuse("non_binary_mask", self.name, template, **values)
        if self.values is None:
            template = gettext_noop(
                "%(name)s: the mask contains %(found)s in addition to 0 and %(kept)s. Send 0 and one other value."
            )
            foreground = f"{next(iter(self.raw.values()))[0] * self.slope + self.inter:g}" if self.raw else "-"
            return refuse("non_binary_mask", self.name, template, name=self.name, found=f"{level:g}", kept=foreground)
        template = gettext_noop("%(name)s: the mask contains %(found)s; only %(values)s are allowed.")
        listed = ", ".join(map(str, self.values))
        return refuse("non_binary_mask", self.name, template, name=self.name, found=f"{level:g}", values=listed)

    def finish(
        self,
        shape: tuple[int, ...],
        order: Order,
        turn: Turn | None = None,
        grid: Grid | None = None,
        affine: Affine | None = None,
    ) -> Masks:
        """The masks, turned onto the reference's axes and given its spacing."""
        if self.values is None and not self.raw:
            self._add(FOREGROUND, (1,))
        masks = {label: Mask.from_bits(bits, shape, order, (), affine) for label, bits in self.bits.items()}
        if turn is not None and not turn.identity:
            masks = {label: Mask.from_array(turn.apply(mask.dense())) for label, mask in masks.items()}
        return {label: mask.placed(grid) for label, mask in masks.items()}


def _any_of(voxels: NDArray[Any], raws: tuple[Any, ...]) -> NDArray[np.bool_]:
    equal: NDArray[np.bool_] = voxels == raws[0]
    for raw in raws[1:]:
        equal |= voxels == raw
    return equal


def pack_array(
    array: NDArray[Any],
    values: tuple[int, ...] | None,
    name: str,
    turn: Turn | None = None,
    grid: Grid | None = None,
    affine: Affine | None = None,
) -> Masks:
    """The masks of an array that is in memory already."""
    order: Order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    packer = LabelPacker(array.size, values, name)
    packer.feed(array.ravel(order=order))
    return packer.finish(array.shape, order, turn, grid, affine)
