"""Planted identifiers are found wherever they hide, clean files stay silent, and no finding tells a value."""

import ast
import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

import concours.second_check as second_check
from benchmarks.corpus import generate
from concours.second_check import find_identifiers

FILES = 39


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("corpus")
    return folder, generate(folder, files=FILES, seed=11)


def known_of(key: dict) -> list[str]:
    return [i for p in key["people"] for i in [*p["identifiers"], *(v.replace("-", "") for v in p["visits"])]]


def shares(root: Path, key: dict, identifiers: list[str]) -> tuple[int, int, list[str]]:
    result: dict[str, list[str]] = {}
    for finding in find_identifiers([root / "files"], identifiers, root=root, read_pixels=False):
        result.setdefault(finding.file, []).append(finding.where)
    names = {
        "high bits": "(7fe0,0010) high bits",
        "pixel padding": "(7fe0,0010) after",
        "codestream comment": "(7fe0,0010)",
    }
    hits, total, missed = 0, 0, []
    for file in key["files"]:
        for plant in file["plants"]:
            if plant["where"] == "(6000,3000)":
                continue  # drawn, read below
            total += 1
            place = names.get(plant["where"], plant["where"])
            if any(where.startswith(place) for where in result.get(file["path"], [])):
                hits += 1
            else:
                missed.append(f"{file['kind']} {plant['where']}")
    return hits, total, missed


def test_with_the_engine_off_at_least_99_percent_is_found(corpus: tuple[Path, dict]) -> None:
    hits, total, missed = shares(*corpus, known_of(corpus[1]))
    assert total > 1000
    assert hits / total >= 0.99, missed[:10]


def test_even_without_known_identifiers(corpus: tuple[Path, dict]) -> None:
    hits, total, missed = shares(*corpus, [])
    assert hits / total >= 0.99, missed[:10]


def test_no_finding_tells_a_value(corpus: tuple[Path, dict]) -> None:
    root, key = corpus
    answer = json.dumps(
        [f.as_dict() for f in find_identifiers([root / "files"], known_of(key), root=root, read_pixels=False)]
    )
    for person in key["people"]:
        for identifier in person["identifiers"]:
            assert identifier not in answer or len(identifier) < 4


def drawn(text: str, rows: int = 64, columns: int = 256) -> np.ndarray:
    image = Image.new("L", (columns, rows), 20)
    ImageDraw.Draw(image).text((8, 20), text, fill=240, font=ImageFont.load_default(20))
    return np.asarray(image)


def element(group: int, number: int, vr: bytes, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    head = struct.pack("<HH", group, number) + vr
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
        return head + b"\x00\x00" + struct.pack("<I", len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def clean_dicom(*more: bytes, pixels: np.ndarray | None = None) -> bytes:
    meta = element(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\x00")
    body = element(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.7\x00") + element(8, 0x20, b"DA", b"20020401")
    body += element(8, 0x103E, b"LO", b"CT THORAX") + element(0x10, 0x10, b"PN", b"QHGVOFZKMMHVQQ7NKX4WQ2Y7RA")
    body += b"".join(more)
    if pixels is not None:
        rows, columns = pixels.shape
        for number, value in ((2, 1), (0x10, rows), (0x11, columns), (0x100, 8), (0x101, 8), (0x102, 7), (0x103, 0)):
            body += element(0x28, number, b"US", struct.pack("<H", value))
        body += element(0x7FE0, 0x10, b"OB", pixels.tobytes())
    return bytes(128) + b"DICM" + meta + body


def kinds(path: Path, identifiers: tuple[str, ...] = ()) -> set[str]:
    return {finding.kind for finding in find_identifiers([path], identifiers)}


def test_a_clean_file_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(clean_dicom(pixels=drawn("L")))
    assert find_identifiers([path], ["Quillevere", "4471902", "19610312"]) == []


@pytest.mark.parametrize("text", ["QUILLEVERE MAELYS", "DUPONT^MARIE", "12/03/1961"])
def test_writing_in_the_pixels_is_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(clean_dicom(pixels=drawn(text)))
    assert kinds(path, ("Quilleveré",)) == {"writing in the pixels"}


def test_an_overlay_is_drawn_out_and_read(tmp_path: Path) -> None:
    plane = np.packbits((drawn("QUILLEVERE") > 100).ravel(), bitorder="little").tobytes()
    overlay = element(0x6000, 0x10, b"US", struct.pack("<H", 64)) + element(0x6000, 0x11, b"US", struct.pack("<H", 256))
    overlay += element(0x6000, 0x3000, b"OW", plane)
    path = tmp_path / "a.dcm"
    path.write_bytes(clean_dicom(overlay))
    assert kinds(path) == {"writing in an overlay"}


def test_a_file_cut_anywhere_never_breaks_the_search(tmp_path: Path) -> None:
    raw = clean_dicom(
        element(0x40, 0x275, b"SQ", b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + element(8, 0x60, b"CS", b"CT")),
        pixels=drawn("L"),
    )
    path = tmp_path / "a.dcm"
    for length in range(0, 700, 7):
        path.write_bytes(raw[:length])
        find_identifiers([path], ["Quillevere"], read_pixels=False)


def test_nifti_nrrd_png_zip_and_text_are_entered(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4))
    image.header["descrip"] = b"QUILLEVERE"
    answer = PngImagePlugin.PngInfo()
    answer.add_text("Title", "Quillevere", zip=True)
    png = io.BytesIO()
    Image.new("L", (4, 4)).save(png, "PNG", pnginfo=answer)
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(image.to_bytes()))
    (tmp_path / "b.nrrd").write_bytes(b"NRRD0004\n# Quillevere\ntype: short\n\n\x00")
    (tmp_path / "c.png").write_bytes(png.getvalue())
    (tmp_path / "d.csv").write_text("case,comment\n1,Mme Quilleveré\n", encoding="utf-16")
    (tmp_path / "QUILLEVERE.bin").write_bytes(b"\x00" * 64)
    with zipfile.ZipFile(tmp_path / "e.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.dcm", clean_dicom(element(0x10, 0x4000, b"LT", b"Quillevere")))
    findings = find_identifiers([tmp_path], ["Quilleveré"], root=tmp_path)
    assert {f.file for f in findings} == {"a.nii.gz", "b.nrrd", "c.png", "d.csv", "e.zip", "QUILLEVERE.bin"}


def test_it_shares_nothing_with_the_engine_nor_pydicom() -> None:
    folder = Path(second_check.__file__).parent
    imported = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
    assert not [name for name in imported if name.startswith(("pydicom", "concours.deid", "highdicom", "django"))]
