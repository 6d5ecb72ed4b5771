"""Pack the values of a mask into bits while they stream by, checking that they are {0, v} or exactly the question's."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from formats.fault import FormatError, gettext_noop, refuse
from formats.manifest import Grid
from formats.mask import Affine, Mask, Order, Turn

STEP = 1 << 20  # voxels looked at together: small enough for the cache
SCALED = 1e-5  # how far a scaled number may lie from a label: slopes are float32
FOREGROUND = 1  # the key of the mask when the question takes any {0, v}
Masks = dict[int, Mask]


class LabelPacker:
    """Feed voxels in their order in the file; `finish` gives one `Mask` a label.

    `values` None takes {0, v} for one v of the file's choosing, returned under `FOREGROUND`; otherwise every voxel must
    be one of `values`, and each value but 0 gets its mask, an empty one when it does not occur. `slope` and `inter`
    (value = raw x slope + inter) are a NIfTI's. Raises `non_binary_mask` and `non_finite`.
    """

    def __init__(
        self, size: int, values: tuple[int, ...] | None, name: str, slope: float = 1.0, inter: float = 0.0
    ) -> None:
        self.size, self.values, self.name = size, values, name
        self.slope, self.inter = slope, inter
        self.bits: dict[int, NDArray[np.uint8]] = {}
        self.raw: dict[int, Any] = {}
        self.position = 0
        self.zero: Any = self._stored(0)
        for value in values or ():
            if value != 0:
                self._add(value, self._stored(value))

    def _stored(self, value: int) -> Any:
        """The raw number that stands for a value: a whole one where that is the value but for the slope's last digits."""
        if (self.slope, self.inter) == (1.0, 0.0):
            return value
        raw = (value - self.inter) / self.slope
        if not np.isfinite(raw):
            return raw
        near = round(raw) * self.slope + self.inter
        return round(raw) if abs(near - value) <= SCALED * max(1, abs(value)) else raw

    def _add(self, label: int, raw: Any) -> None:
        self.raw[label] = raw
        self.bits[label] = np.zeros((self.size + 7) // 8, np.uint8)

    def feed(self, voxels: NDArray[Any]) -> None:
        """Take the next voxels; all but the last call give a multiple of 8."""
        for at in range(0, len(voxels), STEP):
            self._step(voxels[at : at + STEP])

    def _step(self, voxels: NDArray[Any]) -> None:
        at = self.position // 8
        self.position += len(voxels)
        background = np.count_nonzero(voxels == self.zero) if self.zero else len(voxels) - np.count_nonzero(voxels)
        left = len(voxels) - background
        if left and self.values is None and not self.raw:
            self._choose(voxels)
        for label, raw in self.raw.items():
            if not left:
                return
            equal = voxels == raw
            here = np.count_nonzero(equal)
            if here:
                packed = np.packbits(equal, bitorder="little")
                self.bits[label][at : at + len(packed)] = packed
                left -= here
        if left or (self.values is not None and 0 not in self.values and background):
            raise self._odd(voxels)

    def _choose(self, voxels: NDArray[Any]) -> None:
        value = voxels[np.argmax(voxels != self.zero)]
        if not np.isfinite(value):
            raise self._odd(voxels)
        self._add(FOREGROUND, value)

    def _odd(self, voxels: NDArray[Any]) -> FormatError:
        if voxels.dtype.kind == "f" and not np.isfinite(voxels).all():
            template = gettext_noop("%(name)s: the mask holds NaN or infinite values. Save it as whole numbers.")
            return refuse("non_finite", self.name, template, name=self.name)
        allowed = [self.zero, *self.raw.values()] if self.values is None or 0 in self.values else [*self.raw.values()]
        found = voxels[~np.isin(voxels, allowed)][0] * self.slope + self.inter
        if self.values is None:
            template = gettext_noop(
                "%(name)s: the mask holds %(found)s besides 0 and %(kept)s. Send 0 and one other value."
            )
            kept = f"{next(iter(self.raw.values())) * self.slope + self.inter:g}" if self.raw else "-"
            return refuse("non_binary_mask", self.name, template, name=self.name, found=f"{found:g}", kept=kept)
        template = gettext_noop("%(name)s: the mask holds %(found)s; it may hold only %(values)s.")
        values = ", ".join(map(str, self.values))
        return refuse("non_binary_mask", self.name, template, name=self.name, found=f"{found:g}", values=values)

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
            self._add(FOREGROUND, 1)
        masks = {label: Mask.from_bits(bits, shape, order, (), affine) for label, bits in self.bits.items()}
        if turn is not None and not turn.identity:
            masks = {label: Mask.from_array(turn.apply(mask.dense())) for label, mask in masks.items()}
        return {label: mask.placed(grid) for label, mask in masks.items()}


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
