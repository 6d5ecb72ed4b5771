"""NIfTI-1 and NIfTI-2 files (.nii, .nii.gz): the header is checked by arithmetic before anything is allocated.

Layout: nifti1.h and nifti2.h of the NIfTI data format working group. The affine is chosen as nibabel does (sform, then
qform, then the voxel sizes). Voxels stream through the inflater and are packed as they come.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from isal import igzip_lib
from numpy.typing import NDArray

from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.labels import LabelPacker, Masks
from concours.formats.manifest import Grid
from concours.formats.mask import Affine, Turn, by, fit

Buffer = bytes | bytearray | memoryview
CHUNK = 1 << 20
GZIP = b"\x1f\x8b"
SLACK = 1 << 16  # bytes after the voxels that we tolerate
MAX_VOXELS = 1 << 31
MAX_HEADER = 1 << 24  # header extensions
TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"}
COLOUR = {32: "complex", 128: "RGB", 1792: "complex", 2048: "complex", 2304: "RGBA"}
INFLATE_ERRORS: tuple[type[Exception], ...] = (igzip_lib.error,)  # type: ignore[assignment]

NOT_NIFTI = gettext_noop("%(name)s: this is not a NIfTI file (.nii or .nii.gz). Save it as NIfTI and resend it.")
MORE = gettext_noop("%(name)s: the file contains more data than its header declares. Save it again and resend it.")
TRUNCATED = gettext_noop("%(name)s: the file is truncated or damaged. Save it again and resend it.")


@dataclass(frozen=True)
class NiftiHeader:
    """What the first bytes say. `shape` has no trailing ones beyond three axes; `spacing` is in mm."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    inter: float
    affine: Affine
    spacing: tuple[float, ...]

    @property
    def size(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Volume:
    """An image: `array` in (i, j, k), stored values scaled; `affine` to RAS mm; `spacing` in mm."""

    array: NDArray[Any]
    affine: Affine
    spacing: tuple[float, ...]


def read_header(source: Buffer, name: str = "file") -> NiftiHeader:
    """Read the header only. Raises `wrong_format`, `wrong_channels`, `unreadable_file` and `too_large`."""
    head = next(_pieces(source, 540, name), b"")
    return _header(bytes(head[:540]), name)


def read_mask(
    source: Buffer, grid: Grid | None = None, values: tuple[int, ...] | None = None, name: str = "file"
) -> Masks:
    """The masks of a NIfTI file, one a label, on the reference's axes (see `labels.LabelPacker` for `values`)."""
    header = read_header(source, name)
    shape = squeezed(header.shape, None if grid is None else len(grid.shape))
    turn = fit(shape, header.affine, grid, name)
    if not isinstance(turn, Turn):
        raise FormatError(turn)
    packer = LabelPacker(header.size, values, name, header.slope, header.inter)
    for voxels in _voxels(source, header, name):
        packer.feed(voxels)
    own = Grid(shape, tuple(map(tuple, header.affine.tolist())), header.spacing[: len(shape)])
    return packer.finish(shape, "F", turn, grid or own, header.affine)


def read_volume(source: Buffer, name: str = "file", max_bytes: int = 2 << 30) -> Volume:
    """The image of a NIfTI file: its own numbers, or float32 where the header scales them."""
    header = read_header(source, name)
    if header.size * header.dtype.itemsize > max_bytes:
        raise _too_large(name, header.shape)
    flat = np.empty(header.size, header.dtype.newbyteorder("="))
    at = 0
    for voxels in _voxels(source, header, name):
        flat[at : at + len(voxels)] = voxels
        at += len(voxels)
    array: NDArray[Any] = flat.reshape(header.shape, order="F")
    if (header.slope, header.inter) != (1.0, 0.0):
        array = array.astype(np.float32) * np.float32(header.slope) + np.float32(header.inter)
    return Volume(array, header.affine, header.spacing)


def read_slices(source: Buffer, name: str = "file") -> Iterator[tuple[int, NDArray[Any]]]:
    """The slices of a volume one after another as (k, array of (i, j)), stored values scaled; one slice in memory."""
    header = read_header(source, name)
    size = math.prod(header.shape[:2])
    pending = np.empty(0, header.dtype)
    k = 0
    for voxels in _voxels(source, header, name):
        pending = np.concatenate((pending, voxels))
        while len(pending) >= size:
            plane, pending = pending[:size], pending[size:]
            if (header.slope, header.inter) != (1.0, 0.0):
                plane = plane.astype(np.float32) * np.float32(header.slope) + np.float32(header.inter)
            yield k, plane.reshape(header.shape[:2], order="F")
            k += 1


def squeezed(shape: tuple[int, ...], axes: int | None) -> tuple[int, ...]:
    """Trailing axes of one voxel removed, down to `axes` (three when None)."""
    keep = 3 if axes is None else axes
    while len(shape) > keep and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _header(head: bytes, name: str) -> NiftiHeader:
    if len(head) < 348:
        raise refuse("wrong_format" if head else "unreadable_file", name, NOT_NIFTI, name=name)
    sizes = {struct.unpack(f"{end}i", head[:4])[0]: end for end in "<>"}
    if 348 in sizes and head[344:348] == b"n+1\0":
        return _first(head, sizes[348], name)
    if 540 in sizes and head[4:8] == b"n+2\0" and len(head) >= 540:
        return _second(head, sizes[540], name)
    if 348 in sizes and head[344:347] == b"ni1":
        template = gettext_noop("%(name)s: this is half of a .hdr/.img pair. Save it as one .nii or .nii.gz file.")
        raise refuse("wrong_format", name, template, name=name)
    raise refuse("wrong_format", name, NOT_NIFTI, name=name)


def _first(head: bytes, end: str, name: str) -> NiftiHeader:
    dims = struct.unpack_from(f"{end}8h", head, 40)
    code = struct.unpack_from(f"{end}h", head, 70)[0]
    pixdim = struct.unpack_from(f"{end}8f", head, 76)
    offset, slope, inter = struct.unpack_from(f"{end}3f", head, 108)
    qform, sform = struct.unpack_from(f"{end}2h", head, 252)
    quaternion = struct.unpack_from(f"{end}6f", head, 256)
    rows = struct.unpack_from(f"{end}12f", head, 280)
    return _built(dims, code, pixdim, offset, slope, inter, qform, sform, quaternion, rows, end, name)


def _second(head: bytes, end: str, name: str) -> NiftiHeader:
    code = struct.unpack_from(f"{end}h", head, 12)[0]
    dims = struct.unpack_from(f"{end}8q", head, 16)
    pixdim = struct.unpack_from(f"{end}8d", head, 104)
    offset = struct.unpack_from(f"{end}q", head, 168)[0]
    slope, inter = struct.unpack_from(f"{end}2d", head, 176)
    qform, sform = struct.unpack_from(f"{end}2i", head, 344)
    quaternion = struct.unpack_from(f"{end}6d", head, 352)
    rows = struct.unpack_from(f"{end}12d", head, 400)
    return _built(dims, code, pixdim, offset, slope, inter, qform, sform, quaternion, rows, end, name)


def _built(
    dims: tuple[int, ...],
    code: int,
    pixdim: tuple[float, ...],
    offset: float,
    slope: float,
    inter: float,
    qform: int,
    sform: int,
    quaternion: tuple[float, ...],
    rows: tuple[float, ...],
    end: str,
    name: str,
) -> NiftiHeader:
    if not 1 <= dims[0] <= 7 or min(dims[1 : dims[0] + 1]) < 1:
        template = gettext_noop("%(name)s: the header's dimensions are invalid. Save the file again as NIfTI.")
        raise refuse("unreadable_file", name, template, name=name)
    shape = squeezed(tuple(dims[1 : dims[0] + 1]), None)
    if code in COLOUR:
        template = gettext_noop("%(name)s: the voxels are %(kind)s; they must be numbers.")
        raise refuse("wrong_channels", name, template, name=name, kind=COLOUR[code])
    if code not in TYPES:
        template = gettext_noop("%(name)s: the voxel type (%(code)s) is not supported. Save the file as 8 bit.")
        raise refuse("wrong_format", name, template, name=name, code=code)
    if math.prod(shape) > MAX_VOXELS:
        raise _too_large(name, shape)
    if not math.isfinite(offset) or not 0 <= offset <= MAX_HEADER:
        raise refuse("unreadable_file", name, TRUNCATED, name=name)
    scaled = math.isfinite(slope) and slope != 0 and math.isfinite(inter)
    zooms = tuple(abs(z) if math.isfinite(z) and z else 1.0 for z in pixdim[1:4])
    affine = _affine(shape, pixdim, zooms, qform, sform, quaternion, rows)
    lengths = np.sqrt((affine[:3, :3] ** 2).sum(axis=0)).tolist()
    spacing = tuple(v if math.isfinite(v) and v > 0 else z for v, z in zip(lengths, zooms, strict=True))
    return NiftiHeader(
        shape,
        np.dtype(end + TYPES[code]),
        max(int(offset), 352),
        slope if scaled else 1.0,
        inter if scaled else 0.0,
        affine,
        (*spacing, 1.0, 1.0, 1.0, 1.0)[: len(shape)],
    )


def _affine(
    shape: tuple[int, ...],
    pixdim: tuple[float, ...],
    zooms: tuple[float, ...],
    qform: int,
    sform: int,
    quaternion: tuple[float, ...],
    rows: tuple[float, ...],
) -> Affine:
    affine = np.eye(4)
    if sform > 0:
        affine[:3] = np.array(rows).reshape(3, 4)
    elif qform > 0:
        b, c, d, *offset = quaternion
        a = math.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d))) if all(map(math.isfinite, (b, c, d))) else 1.0
        rotation = np.array(
            [
                [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
            ]
        )
        handed = -1.0 if pixdim[0] == -1 else 1.0
        affine[:3, :3] = rotation * np.array([zooms[0], zooms[1], zooms[2] * handed])
        affine[:3, 3] = offset
    else:  # no code: nibabel's base affine, centred and with x flipped
        full = (*shape, 1, 1, 1)[:3]
        steps = np.array([-zooms[0], zooms[1], zooms[2]])
        affine[:3, :3] = np.diag(steps)
        affine[:3, 3] = -steps * (np.array(full) - 1) / 2
    return affine


def _voxels(source: Buffer, header: NiftiHeader, name: str) -> Iterator[NDArray[Any]]:
    """The stored values in the file's order, in pieces of a multiple of 8 voxels but for the last."""
    unit = header.dtype.itemsize * 8
    need, skip = header.size * header.dtype.itemsize, header.offset
    rest, seen, limit = b"", 0, header.offset + need + SLACK
    packed = bytes(memoryview(source)[:2]) == GZIP
    for whole in _pieces(source, limit, name):
        seen += len(whole)
        piece = memoryview(whole)
        if skip:
            dropped = min(skip, len(piece))
            skip, piece = skip - dropped, piece[dropped:]
        piece = piece[: need - len(rest)]
        if rest:
            piece = memoryview(rest + piece.tobytes())
        use = len(piece) if len(piece) == need else len(piece) // unit * unit
        rest = piece[use:].tobytes()
        need -= use
        if use:
            yield np.frombuffer(piece[:use], header.dtype)
    if need:
        raise refuse("unreadable_file", name, TRUNCATED, name=name)
    if (seen if packed else len(memoryview(source))) > limit:  # what follows was never inflated
        raise refuse("unreadable_file", name, MORE, name=name)


def _pieces(source: Buffer, limit: int, name: str) -> Iterator[Buffer]:
    """The file's bytes, inflated when it is gzip, never more than `limit` of them when the limit is a header's."""
    view = memoryview(source)
    if bytes(view[:2]) != GZIP:
        yield from (view[at : at + CHUNK] for at in range(0, min(len(view), limit), CHUNK))
        return
    produced, at = 0, 0
    inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    size = min(CHUNK, max(limit, 4096))
    try:
        while produced <= limit:
            if inflate.eof:
                left = bytes(inflate.unused_data)
                if not left.startswith(b"\x1f\x8b") and not bytes(view[at : at + 1]):
                    return
                inflate, chunk = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP), left
                if not chunk and bytes(view[at : at + 2]) != b"\x1f\x8b":
                    return
            else:
                chunk = b""
            if not chunk and inflate.needs_input:
                chunk = bytes(view[at : at + (CHUNK >> 2)])
                at += len(chunk)
                if not chunk:
                    raise refuse("unreadable_file", name, TRUNCATED, name=name)
            out = inflate.decompress(chunk, size)
            produced += len(out)
            if out:
                yield out
    except INFLATE_ERRORS as error:
        raise refuse("unreadable_file", name, TRUNCATED, name=name) from error


def _too_large(name: str, shape: tuple[int, ...]) -> FormatError:
    template = gettext_noop(
        "%(name)s: the header declares %(shape)s voxels, more than any image provided. Check the file."
    )
    return refuse("too_large", name, template, name=name, shape=by(shape))
