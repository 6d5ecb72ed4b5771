"""Three MR images of a liver with a lesion: late arterial, portal venous, fat-saturated T2. Also what teams generate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from demo.phantoms.dicom import MR, header, person, slices
from demo.phantoms.phantom import Phantom, digest
from demo.phantoms.shapes import ellipse, png, texture

SIZE, SPACING = 96, 3.5
IMAGES = ("arterial", "portal", "t2")
FLAWS = ("phases swapped",)
PHYSICS = {
    "arterial": {"EchoTime": 1.9, "RepetitionTime": 4.1, "ScanningSequence": "GR", "AcquisitionTime": "102035",
                 "SeriesDescription": "VIBE ARTERIEL"},
    "portal": {"EchoTime": 1.9, "RepetitionTime": 4.1, "ScanningSequence": "GR", "AcquisitionTime": "102110",
               "SeriesDescription": "VIBE PORTAL"},
    "t2": {"EchoTime": 90.0, "RepetitionTime": 3500.0, "ScanningSequence": "SE", "AcquisitionTime": "101500",
           "ScanOptions": "FS", "SeriesDescription": "T2 FATSAT"},
}  # fmt: skip


def draw(rng: np.random.Generator, noise: float, oddness: float = 0.0) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """Signals (3, rows, columns) and the lesion. `oddness` from 0 (as real) to 1 spoils anatomy and contrast."""
    wide = 0.8 + rng.uniform(-0.06, 0.06) + 0.3 * oddness * rng.uniform(-1, 1)
    trunk = ellipse(SIZE, 0, 0, 0.66 + rng.uniform(-0.05, 0.05) - 0.3 * oddness, wide)
    liver = ellipse(SIZE, -0.05, -0.32, rng.uniform(0.38, 0.46), rng.uniform(0.38, 0.46))
    row, column = rng.uniform(-0.2, 0.1), rng.uniform(-0.45, -0.2)
    lesion = ellipse(SIZE, row, column, rng.uniform(0.10, 0.18), rng.uniform(0.10, 0.18)) & liver
    core = ellipse(SIZE, row, column, 0.06, 0.06)
    planes = []
    for base, organ, rim, centre in ((200, 420, 800, 300), (220, 560, 480, 260), (150, 260, 620, 760)):
        plane = np.zeros((SIZE, SIZE))
        plane[trunk] = base
        plane[liver & trunk] = organ
        plane[lesion] = rim * (1 - 0.4 * oddness)
        plane[core & lesion] = centre
        plane += 25 * texture(rng, (SIZE, SIZE), 2.5) * trunk
        plane[trunk] += rng.normal(0, noise, int(trunk.sum()))
        planes.append(plane)
    return np.clip(np.rint(np.stack(planes)), 0, 4095).astype(np.uint16), lesion


def make(seed: int, centre: str, flaw: str = "", grade: str = "A") -> Phantom:
    rng = np.random.default_rng(seed)
    who, key = person(seed, centre), f"liver {seed}"
    signals, lesion = draw(rng, 15.0)
    files: dict[str, bytes] = {}
    shown = dict(zip(IMAGES, IMAGES, strict=True))
    if flaw == "phases swapped":
        shown["arterial"], shown["portal"] = "portal", "arterial"
    for number, image in enumerate(IMAGES):
        shared = header(who, key, "MR", MR, centre, MRAcquisitionType="3D", MagneticFieldStrength=1.5, BodyPartExamined="LIVER",
                     ImageType=["ORIGINAL", "PRIMARY", "M"], SeriesNumber=number + 1, ContrastBolusStartTime="102000",
                     **PHYSICS[shown[image]])  # fmt: skip
        if image == "t2":
            del shared.ContrastBolusStartTime
        files[f"exam/{image}/IM0000.dcm"] = slices(
            shared, signals[number][None], (SPACING, SPACING, 4.0), f"{key} {image}"
        )[0]
        files[f"exam/{image}/lesion-{image}.png"] = png(lesion)
    return Phantom(
        name=key,
        files=files,
        pixels=digest(plane.tobytes() for plane in signals),
        masks={f"lesion-{image}": lesion for image in IMAGES},
        spacing=(SPACING, SPACING),
        grade=grade,
        flaw=flaw,
    )
