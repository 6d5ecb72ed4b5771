"""NRRD masks as 3D Slicer saves them (.nrrd, .seg.nrrd): attached data, raw or gzip, with the geometry of the header.

Layout: "Definition of NRRD File Format" (teem). A `.seg.nrrd` of several layers has a first axis of kind `list`.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from isal import igzip_lib
from numpy.typing import NDArray

from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.labels import LabelPacker, Masks
from concours.formats.manifest import Grid
from concours.formats.mask import Affine, Turn, by, fit
from concours.formats.nifti import INFLATE_ERRORS, MAX_VOXELS, Buffer

MAX_HEADER = 1 << 20
TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("float",), "f4"),
    **dict.fromkeys(("double",), "f8"),
}
TO_RAS = {
    "right-anterior-superior": (1, 1, 1),
    "left-anterior-superior": (-1, 1, 1),
    "ras": (1, 1, 1),
    "las": (-1, 1, 1),
}
LPS = (-1, -1, 1)

NOT_NRRD = gettext_noop("%(name)s: this is not a readable NRRD file (one file, raw or gzip). Save it again.")


@dataclass(frozen=True)
class _Head:
    layers: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    packed: bool
    affine: Affine | None
    start: int


def read_mask(
    source: Buffer, grid: Grid | None = None, values: tuple[int, ...] | None = None, name: str = "file"
) -> Masks:
    """The masks, one a label, on the reference's axes; layers of a segmentation are laid over one another."""
    head = _head(source, name)
    turn = fit(head.shape, head.affine, grid, name)
    if not isinstance(turn, Turn):
        raise FormatError(turn)
    array = _data(source, head, name)
    if head.layers > 1:
        array = array.reshape(head.layers, -1, order="F").max(axis=0)
    packer = LabelPacker(math.prod(head.shape), values, name)
    packer.feed(array)
    own = None if head.affine is None else Grid(head.shape, tuple(map(tuple, head.affine.tolist())))
    return packer.finish(head.shape, "F", turn, grid or own, head.affine)


def read_grid(source: Buffer, name: str = "file") -> tuple[tuple[int, ...], Affine | None]:
    """Shape and affine (RAS mm, None where the header has none) by the header alone."""
    head = _head(source, name)
    return head.shape, head.affine


def _data(source: Buffer, head: _Head, name: str) -> NDArray[Any]:
    view = memoryview(source)[head.start :]
    size = head.layers * math.prod(head.shape)
    need = size * head.dtype.itemsize
    if head.packed:
        try:
            inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            data: Buffer = inflate.decompress(view, need + 1)
        except INFLATE_ERRORS as error:
            raise refuse("unreadable_file", name, NOT_NRRD, name=name) from error
    else:
        data = view
    if len(data) < need or (head.packed and len(data) > need):
        raise refuse("unreadable_file", name, NOT_NRRD, name=name)
    return np.frombuffer(data, head.dtype, size)


def _head(source: Buffer, name: str) -> _Head:
    head = bytes(memoryview(source)[:MAX_HEADER])
    end = re.search(rb"\r?\n\r?\n", head)
    if not re.match(rb"NRRD000[1-5]\r?\n", head) or end is None:
        raise refuse("wrong_format" if not head.startswith(b"NRRD") else "unreadable_file", name, NOT_NRRD, name=name)
    fields = {}
    for line in head[: end.start()].decode("utf-8", "replace").splitlines()[1:]:
        key, colon, value = line.partition(":")
        if colon and not line.startswith("#") and not value.startswith("="):
            fields[key.strip().lower()] = value.strip()
    if "data file" in fields or "datafile" in fields:
        template = gettext_noop("%(name)s: the header points to another file. Save header and data as one .nrrd file.")
        raise refuse("unsafe_file", name, template, name=name)
    try:
        return _parsed(fields, end.end(), name)
    except (KeyError, ValueError, OverflowError) as error:
        raise refuse("unreadable_file", name, NOT_NRRD, name=name) from error


def _parsed(fields: dict[str, str], start: int, name: str) -> _Head:
    sizes = tuple(int(s) for s in fields["sizes"].split())
    if len(sizes) != int(fields["dimension"]) or not 2 <= len(sizes) <= 4 or min(sizes) < 1:
        raise ValueError("sizes")
    if math.prod(sizes) > MAX_VOXELS:
        template = gettext_noop("%(name)s: the header declares %(shape)s voxels, more than any image provided.")
        raise refuse("too_large", name, template, name=name, shape=by(sizes))
    layers = sizes[0] if len(sizes) == 4 else 1
    encoding = fields["encoding"].lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise ValueError("encoding")
    dtype = np.dtype(
        ("<" if fields.get("endian", "little").lower() == "little" else ">") + TYPES[fields["type"].lower()]
    )
    shape = sizes[1:] if len(sizes) == 4 else sizes
    return _Head(layers, shape, dtype, encoding != "raw", _affine(fields, len(shape)), start)


def _affine(fields: dict[str, str], axes: int) -> Affine | None:
    vectors = re.findall(r"\(([^)]*)\)", fields.get("space directions", ""))
    if len(vectors) != 3 or axes != 3:
        return None
    affine = np.eye(4)
    affine[:3, :3] = np.array([[float(v) for v in vector.split(",")] for vector in vectors]).T
    origin = re.search(r"\(([^)]*)\)", fields.get("space origin", "(0,0,0)"))
    affine[:3, 3] = [float(v) for v in origin.group(1).split(",")] if origin else 0
    signs = TO_RAS.get(fields.get("space", "").lower(), LPS)
    affine[:3] *= np.array(signs)[:, None]
    if not np.isfinite(affine).all():
        raise ValueError("affine")
    return affine
