"""A mask as the bytes of a file: what `read_mask` of the same format reads back. No time and no name stand in them."""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concours.formats.files import ENDINGS
from concours.formats.manifest import Grid

MaskArray = NDArray[np.uint8]
NIFTI_HEADER = 348  # bytes (nifti1.h); the voxels begin after the four bytes that follow
UINT8, MILLIMETRES, SCANNER = 2, 2, 1  # codes of nifti1.h: datatype, unit, sform
FAST = 1  # of zlib: masks are long runs, which the fastest level packs well


def mask_format(formats: Sequence[str]) -> str:
    """The first of these formats that can be written; NumPy arrays need no geometry and come first."""
    return next((name for name in WRITERS if name in formats), formats[0] if formats else "npy")


def mask_ending(name: str) -> str:
    """The ending of a written file; NIfTI is written compressed."""
    return ".nii.gz" if name == "nifti" else ENDINGS[name][0]


def mask_bytes(mask: MaskArray, grid: Grid, name: str) -> bytes:
    """The file of a mask on its grid: rows and columns, or NIfTI's i, j, k."""
    return WRITERS[name](mask, grid)


def npy_bytes(array: NDArray[Any]) -> bytes:
    """An array as NumPy saves it, without pickled objects."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def _npy(mask: MaskArray, grid: Grid) -> bytes:
    return npy_bytes(mask)


def _png(mask: MaskArray, grid: Grid) -> bytes:
    if mask.ndim != 2:
        raise ValueError("a PNG holds one slice")
    image = import_module("PIL.Image").fromarray(mask)
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


def _nifti(mask: MaskArray, grid: Grid) -> bytes:
    """NIfTI-1 with the grid's affine as sform; a slice has rows, columns and one plane, as `read_mask` takes it."""
    volume = mask[:, :, None] if mask.ndim == 2 else mask
    steps = grid.spacing if mask.ndim == 3 else (*grid.spacing, 1.0)
    affine = np.diag([*steps, 1.0]) if grid.affine is None else np.asarray(grid.affine, float)
    head = bytearray(NIFTI_HEADER + 4)
    struct.pack_into("<i", head, 0, NIFTI_HEADER)
    struct.pack_into("<8h", head, 40, 3, *volume.shape, 1, 1, 1, 1)
    struct.pack_into("<2h", head, 70, UINT8, 8)
    struct.pack_into("<8f", head, 76, 1.0, *np.linalg.norm(affine[:3, :3], axis=0), 0, 0, 0, 0)
    struct.pack_into("<f", head, 108, float(len(head)))
    head[123] = MILLIMETRES
    struct.pack_into("<2h", head, 252, 0, SCANNER)
    struct.pack_into("<12f", head, 280, *affine[:3].ravel())
    head[344:348] = b"n+1\0"
    return gzip.compress(bytes(head) + volume.tobytes(order="F"), compresslevel=FAST, mtime=0)


def _nrrd(mask: MaskArray, grid: Grid) -> bytes:
    """Gzip behind a text header, in RAS where the grid has an affine."""
    lines = [
        "NRRD0004",
        "type: uint8",
        f"dimension: {mask.ndim}",
        f"sizes: {' '.join(map(str, mask.shape))}",
        "encoding: gzip",
    ]
    if mask.ndim == 3 and grid.affine is not None:
        affine = np.asarray(grid.affine, float)
        vectors = [",".join(map(repr, map(float, affine[:3, axis]))) for axis in range(4)]
        lines += ["space: right-anterior-superior", f"space directions: ({') ('.join(vectors[:3])})"]
        lines.append(f"space origin: ({vectors[3]})")
    return "\n".join([*lines, "", ""]).encode() + gzip.compress(mask.tobytes(order="F"), FAST, mtime=0)


def _dicom(mask: MaskArray, grid: Grid) -> bytes:
    """A derived image with one frame a slice."""
    pydicom, uid = import_module("pydicom"), import_module("pydicom.uid")
    frames = mask[None] if mask.ndim == 2 else mask.transpose(2, 1, 0)
    data = pydicom.Dataset()
    data.file_meta = pydicom.dataset.FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = uid.MultiFrameGrayscaleByteSecondaryCaptureImageStorage
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid(
        prefix=None, entropy_srcs=[mask.tobytes().hex()[:4096], str(mask.shape)]
    )
    data.Modality, data.NumberOfFrames, data.SamplesPerPixel = "OT", len(frames), 1
    data.Rows, data.Columns = frames.shape[1:]
    data.PhotometricInterpretation = "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    pixels = frames.tobytes()
    data.PixelData = pixels + b"\0" * (len(pixels) % 2)
    file = io.BytesIO()
    data.save_as(file, enforce_file_format=True)
    return file.getvalue()


WRITERS: dict[str, Callable[[MaskArray, Grid], bytes]] = {
    "npy": _npy,
    "nifti": _nifti,
    "nrrd": _nrrd,
    "png": _png,
    "dicom": _dicom,
}
