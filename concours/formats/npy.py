"""NumPy's .npy arrays, without pickle: the header is matched as text and its claim compared with the file's size.

Layout: NEP 1 (format versions 1.0, 2.0, 3.0). Nothing is evaluated; arrays of objects or records are refused.
"""

import math
import re
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours.formats.fault import FormatError, gettext_noop, plural_noop, refuse
from concours.formats.labels import Masks, pack_array
from concours.formats.manifest import Grid
from concours.formats.mask import Turn, by, fit
from concours.formats.nifti import Buffer, squeezed

MAGIC = b"\x93NUMPY"
MAX_HEADER = 4096
DESCR = re.compile(r"'descr'\s*:\s*('[^']{1,8}'|\[)")
ORDER = re.compile(r"'fortran_order'\s*:\s*(True|False)\b")
SHAPE = re.compile(r"'shape'\s*:\s*\(([0-9,\sL]*)\)")
PLAIN = re.compile(r"[<>|=]?(b1|[iu][1248]|f[248])")

NOT_NPY = gettext_noop("%(name)s: this is not a NumPy .npy file. Save it with numpy.save and resend it.")
SIZE_LIES = plural_noop(
    "%(name)s: the header declares %(shape)s, but the file contains %(found)s byte of data instead of %(needed)s.",
    "%(name)s: the header declares %(shape)s, but the file contains %(found)s bytes of data instead of %(needed)s.",
    "found",
)


def read_array(source: Buffer, name: str = "file") -> NDArray[Any]:
    """The array as a view of `source` (read-only, its own dtype and memory order). Raises `FormatError`."""
    view = memoryview(source)
    if bytes(view[:6]) != MAGIC or len(view) < 12:
        raise refuse("wrong_format" if view else "unreadable_file", name, NOT_NPY, name=name)
    wide = view[6] in (2, 3)
    length = struct.unpack_from("<I" if wide else "<H", view, 8)[0]
    start = (12 if wide else 10) + length
    if view[6] not in (1, 2, 3) or length > MAX_HEADER or start > len(view):
        raise refuse("unreadable_file", name, NOT_NPY, name=name)
    dtype, fortran, shape = _header(bytes(view[start - length : start]).decode("latin-1"), name)
    needed = math.prod(shape) * dtype.itemsize
    if needed != len(view) - start:
        stored_bytes = len(view) - start
        raise refuse("unreadable_file", name, SIZE_LIES, name=name, shape=by(shape), found=stored_bytes, needed=needed)
    flat = np.frombuffer(view, dtype, math.prod(shape), start) if needed else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def read_mask(
    source: Buffer, grid: Grid | None = None, values: tuple[int, ...] | None = None, name: str = "file"
) -> Masks:
    """The masks of an array: rows, columns for 2D, NIfTI's (i, j, k) for 3D."""
    array = read_array(source, name)
    array = array.reshape(squeezed(array.shape, None if grid is None else len(grid.shape)))
    turn = fit(array.shape, None, grid, name)
    if not isinstance(turn, Turn):
        raise FormatError(turn)
    if array.size == 0:
        raise refuse("wrong_shape", name, gettext_noop("%(name)s: the array is empty."), name=name)
    return pack_array(array, values, name, turn, grid)


def _header(text: str, name: str) -> tuple[np.dtype[Any], bool, tuple[int, ...]]:
    descr, order, shape = DESCR.search(text), ORDER.search(text), SHAPE.search(text)
    if not (descr and order and shape):
        raise refuse("unreadable_file", name, NOT_NPY, name=name)
    code = descr.group(1).strip("'")
    if "O" in code:
        template = gettext_noop("%(name)s: the array contains Python objects, which are never loaded. Save numbers.")
        raise refuse("unsafe_file", name, template, name=name)
    if not PLAIN.fullmatch(code):
        template = gettext_noop("%(name)s: the array's type '%(code)s' is not numeric. Save integers or real numbers.")
        raise refuse("wrong_format", name, template, name=name, code=code)
    sizes = [part.strip(" L\t\n") for part in shape.group(1).split(",")]
    if len(sizes) > 8 or any(len(s) > 12 or (s and not s.isdigit()) for s in sizes):
        raise refuse("unreadable_file", name, NOT_NPY, name=name)
    return np.dtype(code), order.group(1) == "True", tuple(int(s) for s in sizes if s)
