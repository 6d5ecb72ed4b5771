"""Thin chest CTs with one to five nodules of known size."""

from __future__ import annotations

import csv
import io
import math

import numpy as np

from demo.phantoms.dicom import CT, header, person, slices
from demo.phantoms.phantom import Phantom, digest
from demo.phantoms.shapes import ellipse, texture

SIZE, SPACING, DEEP, COUNT = 80, 1.5, 1.0, 14
FLAWS = ("soft kernel", "missing slice")


def make(seed: int, centre: str, *, abnormal: bool, flaw: str = "", grade: str = "A") -> Phantom:
    """`abnormal`: one nodule above 6 mm and 100 mm3; otherwise all are small."""
    rng = np.random.default_rng(seed)
    who, key = person(seed, centre), f"nodules {seed}"
    shape = (COUNT, SIZE, SIZE)
    hu = np.full(shape, -1000.0)
    chest = ellipse(
        SIZE, rng.uniform(-0.15, 0.15), rng.uniform(-0.08, 0.08), rng.uniform(0.58, 0.8), rng.uniform(0.8, 0.95)
    )
    lungs = chest & (
        ellipse(
            SIZE, rng.uniform(-0.15, 0.15), rng.uniform(-0.5, -0.36), rng.uniform(0.36, 0.56), rng.uniform(0.24, 0.36)
        )
        | ellipse(
            SIZE, rng.uniform(-0.15, 0.15), rng.uniform(0.36, 0.5), rng.uniform(0.36, 0.56), rng.uniform(0.24, 0.36)
        )
    )
    hu[:, chest] = 35
    hu[:, lungs] = -850
    hu[:, ellipse(SIZE, 0.5, 0, 0.1, 0.1)] = 400
    hu += 40 * texture(rng, shape, 2.5) * lungs + 70 * texture(rng, shape, 9.0) * chest
    rows = []
    diameters = [rng.uniform(7, 12)] if abnormal else [rng.uniform(3.0, 4.6)]
    diameters += list(rng.uniform(2.5, 4.5, int(rng.integers(0, 3))))
    places = np.argwhere(lungs & ellipse(SIZE, 0, 0, 0.4, 0.75))
    for diameter in diameters:
        row, column = (float(n) for n in places[int(rng.integers(len(places)))])
        deep = float(rng.uniform(4, COUNT - 5))
        z, y, x = np.ogrid[:COUNT, :SIZE, :SIZE]
        ball = ((z - deep) * DEEP) ** 2 + ((y - row) * SPACING) ** 2 + ((x - column) * SPACING) ** 2 < (
            diameter / 2
        ) ** 2
        hu[ball] = 40
        rows.append(
            {
                "x": round(-90 + column * SPACING, 2),
                "y": round(-90 + row * SPACING, 2),
                "z": round(-300 + deep * DEEP, 2),
                "diameter": round(float(diameter), 2),
                "volume": round(math.pi / 6 * float(diameter) ** 3, 1),
                "density": "solid",
            }
        )
    hu[:, chest] += rng.normal(0, 90.0 if grade == "D" else 18.0, (COUNT, int(chest.sum())))
    stored = np.clip(np.rint(hu) + 1024, 0, 4095).astype(np.uint16)
    kernel = "B30f" if flaw == "soft kernel" else "B60f"
    shared = header(who, key, "CT", CT, centre, ConvolutionKernel=kernel, BodyPartExamined="CHEST", KVP=120,
                 ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], SeriesDescription=f"THORAX 1.0 {kernel}")  # fmt: skip
    files = slices(shared, stored, (SPACING, SPACING, DEEP), key, implicit=seed % 3 == 0,
                   slope={"RescaleSlope": 1, "RescaleIntercept": -1024})  # fmt: skip
    named = {f"exam/IM{n:04d}.dcm": content for n, content in enumerate(files)}
    if flaw == "missing slice":
        del named["exam/IM0006.dcm"]
    return Phantom(
        name=key,
        files=named | {"exam/nodules.csv": _csv(rows)},
        pixels=digest(plane.tobytes() for plane in stored),
        truth={"abnormal": abnormal},
        grade=grade,
        flaw=flaw,
    )


def _csv(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
