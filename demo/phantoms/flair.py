"""Brain FLAIR of people with multiple sclerosis, with the clinical values that go with them."""

from __future__ import annotations

import numpy as np

from demo.phantoms.dicom import MR, header, person, slices
from demo.phantoms.phantom import Phantom, digest
from demo.phantoms.shapes import ellipse, texture

SIZE, SPACING, DEEP, COUNT = 72, 3.0, 5.0, 10
FLAWS = ("not FLAIR", "impossible EDSS")


def make(seed: int, centre: str, edss: float, flaw: str = "", grade: str = "A") -> Phantom:
    rng = np.random.default_rng(seed)
    who, key = person(seed, centre), f"flair {seed}"
    shape = (COUNT, SIZE, SIZE)
    signal = np.zeros(shape)
    head = ellipse(SIZE, 0, 0, 0.85 + rng.uniform(-0.05, 0.05), 0.68 + rng.uniform(-0.05, 0.05))
    ventricles = ellipse(SIZE, 0, -0.14, rng.uniform(0.2, 0.3), 0.07) | ellipse(
        SIZE, 0, 0.14, 0.25, rng.uniform(0.06, 0.1)
    )
    signal[:, head] = 420
    signal += 60 * texture(rng, shape, 2.0) * head
    for _ in range(3 + int(edss)):
        lesion = ellipse(
            SIZE, rng.uniform(-0.5, 0.5), rng.uniform(-0.4, 0.4), rng.uniform(0.03, 0.09), rng.uniform(0.03, 0.09)
        )
        deep = int(rng.integers(1, COUNT - 2))
        signal[deep : deep + 2, lesion & head] = 900
    signal[:, ventricles] = 90
    signal[:, head] += rng.normal(0, 120.0 if grade == "D" else 15.0, (COUNT, int(head.sum())))
    stored = np.clip(np.rint(signal), 0, 4095).astype(np.uint16)
    physics = (
        {"ScanningSequence": "SE", "EchoTime": 12.0, "RepetitionTime": 550.0, "SeriesDescription": "T1 AXIAL"}
        if flaw == "not FLAIR"
        else {
            "ScanningSequence": ["SE", "IR"],
            "EchoTime": 120.0,
            "RepetitionTime": 9000.0,
            "InversionTime": 2500.0,
            "SeriesDescription": "AX T2 FLAIR",
        }
    )
    shared = header(who, key, "MR", MR, centre, MRAcquisitionType="2D", MagneticFieldStrength=1.5, BodyPartExamined="BRAIN",
                 ImageType=["ORIGINAL", "PRIMARY", "M", "ND"], **physics)  # fmt: skip
    files = slices(shared, stored, (SPACING, SPACING, DEEP), key, implicit=seed % 2 == 0)
    visit = f"{who.visit[:4]}-{who.visit[4:6]}-{who.visit[6:]}"
    stated_edss = 2.3 if flaw == "impossible EDSS" else edss
    return Phantom(
        name=key,
        files={f"exam/IM{n:04d}.dcm": content for n, content in enumerate(files)},
        pixels=digest(plane.tobytes() for plane in stored),
        values={"age": 2019 - int(who.born[:4]), "sex": who.sex, "exam_date": visit, "edss": stated_edss},
        truth={"edss": edss},
        grade=grade,
        flaw=flaw,
    )
