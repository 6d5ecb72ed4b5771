"""Writes the seeded corpus of invented, planted DICOM files and its answer key: `python -m benchmarks.corpus OUT [--files
N] [--seed S]`.

The corpus itself is never committed. Layout: `OUT/files/<centre>/<patient>/<number>.dcm` and `OUT/key.json`.
"""

import argparse
import hashlib
import io
import json
import random
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from benchmarks.deid_corpus.objects import IMAGES, KINDS, Made, Uids, make
from benchmarks.deid_corpus.paths import comparable, text_at
from benchmarks.deid_corpus.people import CENTRES, Person, make_people
from benchmarks.deid_corpus.plants import Plant, TextBlock, burn_text, plant_graphics, plant_header, plant_high_bits

SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEGLSLossless,
    JPEG2000Lossless,
)
_COMPRESSED = (RLELossless, JPEGLSLossless, JPEG2000Lossless)
KEPT = [
    "Modality", "Rows", "Columns", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "ImagePositionPatient",
    "ImageOrientationPatient", "RescaleIntercept", "RescaleSlope", "BitsStored", "PixelRepresentation",
    "PhotometricInterpretation", "KVP", "EchoTime", "RepetitionTime", "InstanceNumber", "SeriesNumber",
    "SamplesPerPixel", "FlipAngle", "MagneticFieldStrength", "NumberOfFrames", "BodyPartExamined",
]  # fmt: skip


def generate(out: Path, *, files: int = 104, seed: int = 20190613, clean: bool = False) -> dict[str, Any]:
    """Write `files` files below `out` and return the answer key. `clean` leaves out every plant but the ordinary header
    elements.

    File i belongs to patient i % 16, is of kind i % 13 and of transfer syntax i % 7 where that kind can have it, so that
    1456 files hold every combination and a hundred a fair draw.
    """
    people = make_people(seed)
    uids = Uids(seed)
    plan = [
        (number, people[number % len(people)], KINDS[number % len(KINDS)], number // len(people))
        for number in range(files)
    ]
    images: dict[int, list[Dataset]] = {}
    for number, person, kind, turn in plan:
        if kind in IMAGES:
            images.setdefault(person.number, []).append(
                make(kind, person, turn, turn, uids, [], f"{seed}/{number}").dataset
            )
    key: dict[str, Any] = {
        "seed": seed,
        "clean": clean,
        "centres": list(CENTRES),
        "people": [_person_key(p) for p in people],
        "files": [],
    }
    for number, person, kind, turn in plan:
        rng = random.Random(f"{seed}/{number}")
        entry_object = make(kind, person, turn, turn, uids, images.get(person.number, []), f"{seed}/{number}")
        path = (
            out
            / "files"
            / f"centre{CENTRES.index(person.centre)}"
            / f"patient{person.number:03d}"
            / f"{number:05d}.dcm"
        )
        entry = _write(path, entry_object, _syntax(number, kind), rng, clean)
        key["files"].append(
            {"path": str(path.relative_to(out)), "person": person.number, "centre": person.centre, **entry}
        )
    (out / "key.json").write_text(json.dumps(key, ensure_ascii=False, indent=1), encoding="utf-8")
    return key


def _person_key(person: Person) -> dict[str, Any]:
    return {
        "number": person.number,
        "centre": person.centre,
        "identifiers": person.identifiers(),
        "visits": [str(v) for v in person.visits],
    }


def _syntax(number: int, kind: str) -> UID:
    syntax = SYNTAXES[number % len(SYNTAXES)]
    if syntax in _COMPRESSED and (kind not in IMAGES or (kind == "MR" and syntax == JPEGLSLossless)):
        return ExplicitVRLittleEndian
    return syntax


def _write(path: Path, sample: Made, syntax: UID, rng: random.Random, clean: bool) -> dict[str, Any]:
    ds = sample.dataset
    kept_values = {keyword: str(ds.get(keyword)) for keyword in KEPT if keyword in ds}
    plants: list[Plant] = []
    blocks: list[TextBlock] = []
    if not clean:
        plants += plant_header(sample, rng)
        blocks = burn_text(sample, rng)
        plants += plant_graphics(sample, rng)
    true_pixels = None if sample.pixels is None else sample.pixels.copy()
    if not clean and syntax not in _COMPRESSED and rng.random() < 0.5:
        plants += plant_high_bits(sample)
    plants = _really_there(ds, plants)
    plants += _set_pixels(sample, syntax, rng, clean)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    if not clean:
        plants += _plant_meta(sample, rng)
    raw = _encoded(ds)
    if not clean:
        raw, more = _plant_around(raw, sample, syntax, rng)
        plants += more
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    pixels_path = ""
    if true_pixels is not None:
        pixels_path = str(path.with_suffix(".npy").name)
        store = path.parents[3] / "pixels"
        store.mkdir(exist_ok=True)
        np.save(store / pixels_path, true_pixels)
    return {
        "kind": sample.kind,
        "syntax": str(syntax),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "sop": str(ds.SOPInstanceUID),
        "series": str(ds.SeriesInstanceUID),
        "study": str(ds.StudyInstanceUID),
        "study_date": sample.study_date.isoformat(),
        "plants": [asdict(p) for p in plants],
        "text": [asdict(b) for b in blocks],
        "links": [list(link) for link in sample.links],
        "kept": kept_values,
        "pixels": pixels_path,
    }


def _really_there(ds: Dataset, plants: list[Plant]) -> list[Plant]:
    """The plants whose needles stand where the key says: a later one may have replaced them, a character set may lack
    their letters.
    """
    present = []
    for plant in plants:
        if not plant.where.startswith("(") or plant.needles == ["<any>"]:
            present.append(plant)
            continue
        text_there = text_at(ds, plant.where)
        needles = [needle for needle in plant.needles if comparable(needle) in comparable(text_there)]
        if needles:
            present.append(Plant(plant.where, plant.kind, needles))
    return present


def _set_pixels(sample: Made, syntax: UID, rng: random.Random, clean: bool) -> list[Plant]:
    ds, pixels = sample.dataset, sample.pixels
    if pixels is None:
        return []
    if sample.kind == "SEG":
        raw = np.packbits(pixels.astype(np.uint8).ravel(), bitorder="little").tobytes()
        ds.PixelData = raw + b"\x00" * (len(raw) % 2)
        ds["PixelData"].VR = "OB"
        return []
    if syntax in _COMPRESSED:
        return _set_compressed(sample, syntax, rng, clean)
    stored = pixels.dtype.newbyteorder(">") if syntax == ExplicitVRBigEndian else pixels.dtype.newbyteorder("<")
    raw = pixels.astype(stored).tobytes()
    plants = []
    if not clean and rng.random() < 0.2:
        raw += f"{sample.person.record_number} {sample.person.phone}  ".encode()[:18]
        plants.append(Plant("pixel padding", "id", [sample.person.record_number, sample.person.phone]))
    ds.PixelData = raw + b"\x00" * (len(raw) % 2)
    ds["PixelData"].VR = "OW" if pixels.dtype.itemsize > 1 else "OB"
    return plants


def _set_compressed(sample: Made, syntax: UID, rng: random.Random, clean: bool) -> list[Plant]:
    ds, pixels = sample.dataset, sample.pixels
    assert pixels is not None
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.compress(syntax, pixels, generate_instance_uid=False)
    if clean or syntax == RLELossless or rng.random() < 0.5:
        return []
    note = sample.person.record_number.encode()
    frames = [
        _with_comment(f, note, syntax)
        for f in generate_frames(ds.PixelData, number_of_frames=int(ds.get("NumberOfFrames", 1)))
    ]
    ds.PixelData = encapsulate(frames)
    ds["PixelData"].is_undefined_length = True
    return [Plant("codestream comment", "id", [sample.person.record_number])]


def _with_comment(codestream: bytes, note: bytes, syntax: UID) -> bytes:
    """A COM segment: JPEG-LS allows it after SOI (FFFE), JPEG 2000 after the SIZ segment of the main header (FF64, Latin
    text).
    """
    if syntax == JPEGLSLossless:
        segment = b"\xff\xfe" + (2 + len(note)).to_bytes(2, "big") + note
        return codestream[:2] + segment + codestream[2:]
    size = int.from_bytes(codestream[4:6], "big")
    end = 4 + size
    return codestream[:end] + b"\xff\x64" + (4 + len(note)).to_bytes(2, "big") + b"\x00\x01" + note + codestream[end:]


def _plant_meta(sample: Made, rng: random.Random) -> list[Plant]:
    meta, person, plants = sample.dataset.file_meta, sample.person, []
    meta.ImplementationClassUID = UID("1.2.826.0.1.3680043.8.498.1")
    meta.SourceApplicationEntityTitle = f"CT{person.record_number}"
    plants.append(Plant("(0002,0016)", "id", [person.record_number]))
    if rng.random() < 0.4:
        meta.ImplementationVersionName = f"V{person.record_number}"
        plants.append(Plant("(0002,0013)", "id", [person.record_number]))
    if rng.random() < 0.3:
        meta.PrivateInformationCreatorUID = UID("1.2.826.0.1.3680043.8.498.9")
        meta.PrivateInformation = f"{person.record_number} {person.phone} ".encode()[:18]
        plants.append(Plant("(0002,0102)", "id", [person.record_number]))
    return plants


def _encoded(ds: Dataset) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def _plant_around(raw: bytes, sample: Made, syntax: UID, rng: random.Random) -> tuple[bytes, list[Plant]]:
    """The 128 bytes of preamble, and bytes after the last element."""
    person, plants = sample.person, []
    if rng.random() < 0.5:
        note = f"{person.record_number} {person.family} {person.phone}".encode()[:128]
        raw = note.ljust(128, b"\x00") + raw[128:]
        plants.append(Plant("preamble", "id", [person.record_number]))
    if syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian) and rng.random() < 0.15:
        raw += f"    {person.record_number} {person.email}".encode()
        plants.append(Plant("trailing bytes", "id", [person.record_number, person.email]))
    return raw, plants


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--files", type=int, default=104)
    parser.add_argument("--seed", type=int, default=20190613)
    parser.add_argument("--clean", action="store_true")
    arguments = parser.parse_args()
    key = generate(arguments.out, files=arguments.files, seed=arguments.seed, clean=arguments.clean)
    plants = sum(len(file["plants"]) for file in key["files"])
    blocks = sum(len(file["text"]) for file in key["files"])
    print(f"{len(key['files'])} files, {plants} planted identifiers, {blocks} blocks of text in pixels")


if __name__ == "__main__":
    main()
