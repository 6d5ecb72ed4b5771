"""Chest CTs with one primary tumour, for segmentation in three dimensions."""

from __future__ import annotations

import numpy as np

from demo.phantoms.dicom import CT, header, person, slices
from demo.phantoms.phantom import Phantom, digest
from demo.phantoms.shapes import ellipse, nifti, texture

SIZE, SPACING, DEEP, COUNT = 80, 4.0, 3.0, 16
FLAWS = ("mask of another exam",)


def make(seed: int, centre: str, flaw: str = "", grade: str = "A") -> Phantom:
    rng = np.random.default_rng(seed)
    who, key = person(seed, centre), f"lung {seed}"
    shape = (COUNT, SIZE, SIZE)
    hu = np.full(shape, -1000.0)
    chest = ellipse(SIZE, rng.uniform(-0.1, 0.1), 0, rng.uniform(0.6, 0.8), rng.uniform(0.85, 0.95))
    lungs = ellipse(SIZE, 0, -0.42, rng.uniform(0.44, 0.54), 0.32) | ellipse(
        SIZE, 0, 0.42, 0.5, rng.uniform(0.28, 0.36)
    )
    hu[:, chest] = 30
    hu[:, lungs] = -840
    hu += 45 * texture(rng, shape, 2.0) * lungs + 60 * texture(rng, shape, 9.0) * chest
    side = -1 if rng.integers(2) else 1
    z, y, x = np.ogrid[:COUNT, :SIZE, :SIZE]
    row, column, deep = 40 + rng.uniform(-8, 8), 40 + side * rng.uniform(12, 20), rng.uniform(6, 10)
    radii = rng.uniform(9, 20, 3)
    distance = (
        ((z - deep) * DEEP / radii[0]) ** 2
        + ((y - row) * SPACING / radii[1]) ** 2
        + ((x - column) * SPACING / radii[2]) ** 2
    )
    tumour = distance < 1
    hu[tumour] = 45
    hu[:, chest] += rng.normal(0, 15.0, (COUNT, int(chest.sum())))
    stored = np.clip(np.rint(hu) + 1024, 0, 4095).astype(np.uint16)
    shared = header(who, key, "CT", CT, centre, ConvolutionKernel="B30f", BodyPartExamined="CHEST", KVP=120, XRayTubeCurrent=180,
                 ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], SeriesDescription="THORAX 3.0 B30f")  # fmt: skip
    files = slices(shared, stored, (SPACING, SPACING, DEEP), key, slope={"RescaleSlope": 1, "RescaleIntercept": -1024})
    spacing = (SPACING, SPACING, DEEP * (2 if flaw == "mask of another exam" else 1))
    mask = nifti(tumour, spacing, (-90.0, -90.0, -300.0))
    volume = (stored.astype(np.int16) - 1024).transpose(2, 1, 0)
    return Phantom(
        name=key,
        files={f"exam/IM{n:04d}.dcm": content for n, content in enumerate(files)} | {"exam/tumour.nii": mask},
        pixels=digest(np.ascontiguousarray(volume[:, :, k]).tobytes() for k in range(COUNT)),
        values={"sex": who.sex, "age": 2019 - int(who.born[:4]), "stage": "II", "histology": "ADC"},
        masks={"tumour": tumour.transpose(2, 1, 0)},
        spacing=(SPACING, SPACING, DEEP),
        grade=grade,
        flaw=flaw,
    )
