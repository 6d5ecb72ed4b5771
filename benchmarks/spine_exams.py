"""Exams of true size for the benchmarks of the flow: one abdominal slice with its mask, one chest of 300 slices."""

from __future__ import annotations

import io
import zipfile
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.size import sized
from demo.phantoms.dicom import CT, header, person, slices
from demo.phantoms.sarcopenia import body
from demo.phantoms.shapes import nifti, png

SIZE, DEEP, SPACING = 512, sized(300, tiny=20), 0.7
CENTRE = "Bichat"


def archive(files: dict[str, bytes]) -> bytes:
    """As a browser packs a folder: stored, not compressed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return target.getvalue()


def one_slice(seed: int) -> dict[str, bytes]:
    """A 512 x 512 axial slice of a body with its muscle mask: files by name."""
    rng = np.random.default_rng(seed)
    small, muscle = body(rng, 0.0)
    rows = np.linspace(0, small.shape[0] - 1, SIZE).round().astype(int)
    hu = small[np.ix_(rows, rows)] + rng.normal(0, 10, (SIZE, SIZE))
    stored = np.clip(np.rint(hu) + 1024, 0, 4095).astype(np.uint16)[None]
    who, key = person(seed, CENTRE), f"slice {seed}"
    shared = header(who, key, "CT", CT, CENTRE, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], ConvolutionKernel="B30f",
                 SliceThickness=5.0, BodyPartExamined="ABDOMEN", KVP=120, SeriesDescription="ABDO 5.0 B30f")  # fmt: skip
    [file] = slices(shared, stored, (SPACING, SPACING, 5.0), key, slope={"RescaleSlope": 1, "RescaleIntercept": -1024})
    return {"exam/IM0000.dcm": file, "exam/mask.png": png(muscle[np.ix_(rows, rows)])}


@cache
def _chest() -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """HU (slices, rows, columns) of a chest with ribs, vessels and one tumour, and the tumour."""
    rng = np.random.default_rng(1)
    z, y, x = np.ogrid[-1 : 1 : DEEP * 1j, -1 : 1 : SIZE * 1j, -1 : 1 : SIZE * 1j]
    chest = np.broadcast_to((y / 0.7) ** 2 + (x / 0.92) ** 2 < 1, (DEEP, SIZE, SIZE))
    lungs = (y / 0.5) ** 2 + ((abs(x) - 0.42) / 0.3) ** 2 + (z / 1.1) ** 2 < 1
    coarse = ndimage.zoom(rng.normal(size=(30, 64, 64)), (DEEP / 30, SIZE / 64, SIZE / 64), order=1)
    hu = np.full((DEEP, SIZE, SIZE), -1000, np.int16)
    hu[chest] = 30
    hu[lungs] = -840
    hu[lungs & (coarse > 1.3)] = 20
    hu[np.broadcast_to((y - 0.5) ** 2 + x**2 < 0.01, hu.shape)] = 400
    tumour = np.broadcast_to(((z - 0.1) / 0.1) ** 2 + ((y - 0.1) / 0.08) ** 2 + ((x - 0.4) / 0.08) ** 2 < 1, hu.shape)
    hu[tumour] = 45
    hu[chest] += rng.normal(0, 15, int(chest.sum())).astype(np.int16)
    return hu, tumour


def chest(seed: int) -> dict[str, bytes]:
    """300 slices of 512 x 512, one file each, and the tumour's mask as NIfTI."""
    hu, tumour = _chest()
    if seed % 2:  # two exams that look almost the same would wait for a person
        hu, tumour = hu[:, ::-1], tumour[:, ::-1]
    stored = np.clip(np.roll(hu, 60 * seed, axis=1) + 1024, 0, 4095).astype(np.uint16)
    who, key = person(seed, CENTRE), f"chest {seed}"
    shared = header(who, key, "CT", CT, CENTRE, ConvolutionKernel="B30f", BodyPartExamined="CHEST", KVP=120,
                 ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], SeriesDescription="THORAX 1.0 B30f")  # fmt: skip
    files = slices(shared, stored, (SPACING, SPACING, 1.0), key, slope={"RescaleSlope": 1, "RescaleIntercept": -1024})
    mask = nifti(np.roll(tumour, 60 * seed, axis=1), (SPACING, SPACING, 1.0), (-90.0, -90.0, -300.0))
    return {f"exam/IM{n:04d}.dcm": content for n, content in enumerate(files)} | {"exam/tumour.nii": mask}
