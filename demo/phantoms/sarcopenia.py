"""Axial CT slices at L3 with a muscle mask, and each way in which a centre may get one wrong."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from demo.phantoms.dicom import CT, SECONDARY, encode, header, person, slices, uid
from demo.phantoms.phantom import Phantom, digest
from demo.phantoms.shapes import Generator, ellipse, png, texture

SIZE, SPACING, AIR = 160, 2.25, -1000
FLAWS = (
    "hard kernel",
    "thick slice",
    "mask on another grid",
    "empty mask",
    "cut file",
    "no letter",
    "name in the pixels",
)


def body(rng: Generator, noise: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """HU (rows, columns) and the muscle."""
    tall, wide = 0.62 + rng.uniform(-0.08, 0.08), 0.82 + rng.uniform(-0.08, 0.08)
    hu = np.full((SIZE, SIZE), float(AIR))
    skin = ellipse(SIZE, 0, 0, tall, wide)
    hu[skin] = -100
    fat = rng.uniform(0.72, 0.86)
    wall = ellipse(SIZE, 0, 0, tall * fat, wide * fat)
    inner = ellipse(SIZE, -0.02, 0, tall * (fat - rng.uniform(0.09, 0.14)), wide * (fat - rng.uniform(0.09, 0.14)))
    muscle = wall & ~inner
    hu[inner] = -80
    for side in (-1, 1):
        size = rng.uniform(0.10, 0.15)
        muscle |= ellipse(SIZE, 0.12 + rng.uniform(-0.03, 0.03), side * 0.24, size, size)
        muscle |= ellipse(SIZE, 0.36, side * 0.20, rng.uniform(0.10, 0.14), rng.uniform(0.15, 0.19))
    for _ in range(7):  # gut and vessels
        organ = ellipse(
            SIZE, rng.uniform(-0.4, 0.0), rng.uniform(-0.5, 0.5), rng.uniform(0.04, 0.14), rng.uniform(0.05, 0.16)
        )
        hu[organ & inner] = rng.uniform(-20, 60)
    muscle &= skin
    hu[muscle] = 55 + 8 * texture(rng, (SIZE, SIZE), 2.0)[muscle]
    bone = ellipse(SIZE, 0.22, 0, 0.13, 0.15)
    hu[bone] = 420 + 60 * texture(rng, (SIZE, SIZE), 1.5)[bone]
    muscle &= ~bone
    hu[skin] += rng.normal(0, noise, int(skin.sum()))
    muscle &= (hu > -29) & (hu < 150)
    return hu, muscle


def make(seed: int, centre: str, flaw: str = "", grade: str = "A") -> Phantom:
    rng = np.random.default_rng(seed)
    who, key = person(seed, centre), f"sarcopenia {seed}"
    hu, muscle = body(rng, 60.0 if grade == "D" else 10.0)
    stored = np.clip(np.rint(hu) + 1024, 0, 4095).astype(np.uint16)[None]
    shared = header(
        who,
        key,
        "CT",
        CT,
        centre,
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        ConvolutionKernel="B70f" if flaw == "hard kernel" else "B30f",
        SliceThickness=10.0 if flaw == "thick slice" else 5.0,
        BodyPartExamined="ABDOMEN",
        KVP=120,
        SeriesDescription="ABDO 5.0 B30f",
    )
    if flaw == "name in the pixels":
        files = [screenshot(who.family, who.given_name, who.number, stored[0], shared)]
    else:
        files = slices(
            shared, stored, (SPACING, SPACING, 5.0), key, slope={"RescaleSlope": 1, "RescaleIntercept": -1024}
        )
    if flaw == "cut file":
        files = [files[0][: len(files[0]) // 2]]
    mask = np.zeros_like(muscle) if flaw == "empty mask" else muscle
    mask = mask[::2, ::2] if flaw == "mask on another grid" else mask
    return Phantom(
        name=key,
        files={f"exam/IM{n:04d}.dcm": content for n, content in enumerate(files)} | {"exam/mask.png": png(mask)},
        pixels=digest(plane.tobytes() for plane in stored),
        masks={"mask": muscle},
        spacing=(SPACING, SPACING),
        truth={"surface": float(muscle.sum() * SPACING**2)},
        grade=grade,
        flaw=flaw,
        letter=flaw != "no letter",
    )


def screenshot(family: str, given_name: str, number: str, plane: NDArray[np.uint16], shared: object) -> bytes:
    """A secondary capture with the person's name written into the image."""
    grey = np.clip((plane.astype(float) - 824) / 400 * 255, 0, 255).astype(np.uint8)
    picture = Image.fromarray(grey).resize((512, 512))
    draw = ImageDraw.Draw(picture)
    for line, text in enumerate((f"{family.upper()} {given_name}", f"ID {number}", "CHU IMAGINAIRE")):
        draw.text((10, 10 + 26 * line), text, fill=255, font_size=22)
    capture = header(person(1, ""), "capture", "OT", SECONDARY, "")
    capture.update(shared)  # type: ignore[arg-type]
    capture.SOPClassUID, capture.Modality, capture.ConversionType = SECONDARY, "OT", "WSD"
    capture.SOPInstanceUID = uid("capture", number)
    capture.Rows = capture.Columns = 512
    capture.BitsAllocated = capture.BitsStored = 8
    capture.HighBit, capture.PixelRepresentation, capture.SamplesPerPixel = 7, 0, 1
    capture.PhotometricInterpretation = "MONOCHROME2"
    capture.PixelData = np.asarray(picture).tobytes()
    capture["PixelData"].VR = "OB"
    return encode(capture)
