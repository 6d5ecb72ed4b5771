"""A head made of ellipsoids, in the patient's own millimetres, sliced in any plane as DICOM series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage

from tests.concours.formats.builders import dicom_dataset

Bool = NDArray[np.bool_]
GREYS = {  # of air, skin and muscle, skull, brain, eyes
    "CT": (-1000.0, 40.0, 900.0, 35.0, 10.0),
    "MR": (0.0, 400.0, 60.0, 600.0, 800.0),
}
EXTENT = ((-100.0, 100.0), (-125.0, 135.0), (-190.0, 110.0))  # mm to the right, front and top of the skull's middle
PLANES = {
    "axial": (1, 0, 2),
    "coronal": (2, 0, 1),
    "sagittal": (2, 1, 0),
}  # RAS axes of rows' steps, columns' steps, slices


@dataclass
class Slice:
    """Values, what of the head lies where, and the affine (row, column, slice) to RAS mm."""

    values: NDArray[np.float64]
    parts: dict[str, Bool]
    affine: NDArray[np.float64]


def head(points: Any, modality: str) -> tuple[NDArray[np.float64], dict[str, Bool]]:
    """Values and parts at RAS points (x, y, z) from the middle of the skull; the crown is at +90, the tip of the nose at -72."""
    x, y, z = points
    air, skin, bone, grey, wet = GREYS[modality]

    def ball(centre: tuple[float, ...], axes: tuple[float, ...]) -> Bool:
        away = sum(((p - c) / a) ** 2 for p, c, a in zip((x, y, z), centre, axes, strict=True))
        return np.asarray(away < 1)

    skull = ball((0, 0, 0), (76, 97, 90))
    nose = (abs(x) < 14 - 0.3 * np.clip(y - 75, 0, None)) & (y > 60) & (y < 112 - abs(z + 72)) & (z < -38) & (z > -80)
    chin, lips = ball((0, 75, -125), (22, 18, 16)), ball((0, 84, -98), (24, 12, 9))
    neck = ((x / 55) ** 2 + ((y + 10) / 55) ** 2 < 1) & (z < -60) & (z > -180)
    brain = ball((0, 0, 2), (64, 84, 76))
    eyes = ball((32, 78, -35), (12, 12, 12)) | ball((-32, 78, -35), (12, 12, 12))
    values = np.full(skull.shape, air)
    values[skull | nose | chin | lips | neck | ball((0, 35, -70), (60, 58, 75))] = skin
    values[ball((0, 0, 0), (70, 91, 84))] = bone
    values[brain], values[eyes] = grey, wet
    return values, {"brain": brain, "nose": nose & ~skull, "eyes": eyes & ~brain, "chin": chin, "lips": lips}


def slices(
    plane: str = "axial",
    modality: str = "CT",
    *,
    spacing: tuple[float, float, float] = (2.0, 2.0, 3.0),
    nod: float = 0.0,
    flipped: bool = False,
    extent: tuple[tuple[float, float], ...] = EXTENT,
    noise: float = 0.0,
) -> list[Slice]:
    """The head bent by `nod` degrees; `flipped`: rows run the other way and the last slice comes first."""
    cosine, sine = np.cos(np.radians(nod)), np.sin(np.radians(nod))
    rows, columns, through = PLANES[plane]
    low, high = np.array(extent).T
    counts = [int((high[axis] - low[axis]) / step) for axis, step in zip(PLANES[plane], spacing, strict=True)]
    rng = np.random.default_rng(5)
    stack = []
    for number in range(counts[2]):
        affine = np.eye(4)
        affine[:3, :3] = 0
        affine[rows, 0], affine[columns, 1], affine[through, 2] = -spacing[0], -spacing[1], spacing[2]
        affine[:3, 3] = high
        affine[through, 3] = low[through] + number * spacing[2]
        if flipped:
            affine[rows, 0], affine[rows, 3] = spacing[0], low[rows]
        at = np.arange(counts[0])[:, None], np.arange(counts[1])[None, :]
        ras = [affine[k, 0] * at[0] + affine[k, 1] * at[1] + affine[k, 3] for k in range(3)]
        x, y, z = np.broadcast_arrays(*ras)
        values, parts = head((x, cosine * y + sine * z, cosine * z - sine * y), modality)
        values = values + rng.normal(0, noise, values.shape) if noise else values
        stack.append(Slice(values if modality == "CT" else abs(values), parts, affine))
    return stack[::-1] if flipped else stack


def dicom_series(
    stack: list[Slice], modality: str = "CT", *, body_part: str = "HEAD", series: str = "1.2.3.9"
) -> list[Dataset]:
    """The slices as DICOM: unsigned 16 bit with an intercept of -1024 for CT."""
    intercept = -1024 if modality == "CT" else 0
    files = []
    for number, piece in enumerate(stack):
        pixels = np.clip(np.rint(piece.values - intercept), 0, 4095).astype(np.uint16)
        kind = CTImageStorage if modality == "CT" else MRImageStorage
        dataset = dicom_dataset(pixels, sop_class=kind, k=number)
        dataset.file_meta.MediaStorageSOPClassUID = kind
        dataset.Modality, dataset.BodyPartExamined, dataset.SeriesInstanceUID = modality, body_part, series
        dataset.RescaleIntercept, dataset.RescaleSlope = intercept, 1
        lps = np.diag([-1.0, -1.0, 1.0]) @ piece.affine[:3]
        steps = [float(np.linalg.norm(lps[:, axis])) for axis in (0, 1)]
        dataset.PixelSpacing = steps
        dataset.ImageOrientationPatient = [*(lps[:, 1] / steps[1]).round(6), *(lps[:, 0] / steps[0]).round(6)]
        dataset.ImagePositionPatient = [*lps[:, 3].round(6)]
        dataset.BitsStored, dataset.HighBit = 12, 11
        files.append(dataset)
    return files
