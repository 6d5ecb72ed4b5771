"""DICOM files that are odd on purpose: each is refused or written clean, by the rule that docs/security.md states."""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from concours.deid import Deidentifier
from concours.imaging.load import assemble_files
from tests.concours.deid.made import IDENTIFIERS, KEY, ct, encoded, sequence

PAGE = Path(__file__).resolve().parents[3] / "docs" / "security.md"
ROWS = b"\x28\x00\x10\x00US\x02\x00"
PIXELS = b"\xe0\x7f\x10\x00OW\x00\x00"
NAME = b"\x10\x00\x10\x00PN"
STRUCTURES, SEGMENTATION = "1.2.840.10008.5.1.4.1.1.481.3", "1.2.840.10008.5.1.4.1.1.66.4"


def good() -> bytes:
    return encoded(ct())


def patched(data: bytes, mark: bytes, new: bytes) -> bytes:
    """The bytes after the mark replaced."""
    at = data.index(mark) + len(mark)
    return data[:at] + new + data[at + len(new) :]


def declared(syntax: str) -> bytes:
    """Native little-endian bytes that claim another transfer syntax."""
    own = ExplicitVRLittleEndian.encode() + b"\0"
    other = syntax.encode() + b"\0" * (len(syntax) % 2)
    length = struct.pack("<H", len(own))
    data = good()
    at = data.index(b"\x02\x00\x10\x00UI" + length)
    grown = struct.unpack_from("<I", data, 140)[0] + len(other) - len(own)
    data = data[:140] + struct.pack("<I", grown) + data[144:]
    return data[: at + 6] + struct.pack("<H", len(other)) + other + data[at + 8 + len(own) :]


def rle(surplus: bytes) -> bytes:
    """A run-length encoded slice whose first segment unpacks to `surplus` more than its 256 pixels."""
    plane = bytes([127]) + bytes(128) + bytes([127]) + bytes(128)
    if surplus:
        plane = bytes([127]) + bytes(128) + bytes([126]) + bytes(127) + bytes([len(surplus)]) + b"\0" + surplus
    plane += b"\0" * (len(plane) % 2)
    starts = [64, 64 + len(plane)]
    frame = struct.pack("<16I", 2, *starts, *[0] * 13) + plane + plane
    ds = ct(PixelData=encapsulate([frame]))
    ds["PixelData"].is_undefined_length = True
    return encoded(ds, RLELossless)


def nested(depth: int) -> bytes:
    opened = b"\x08\x00\x15\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    data = good()
    at = data.index(NAME)
    return data[:at] + opened * depth + data[at:]


def structures() -> Dataset:
    """A structure set of three contours."""
    ds = ct(SOPClassUID=STRUCTURES, Modality="RTSTRUCT", StructureSetLabel="x")
    for keyword in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel"):
        delattr(ds, keyword)
    ds.ROIContourSequence = sequence(*(_contour(number) for number in range(3)))
    return ds


def _contour(number: int) -> Dataset:
    contour, region = Dataset(), Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", 200
    contour.ContourData = [float(mm) for mm in range(600)]
    region.ReferencedROINumber, region.ContourSequence = number, sequence(contour)
    return region


def cut(ds: Dataset, share: float) -> bytes:
    data = encoded(ds)
    return data[: int(len(data) * share)]


def with_spacing_zero() -> bytes:
    return encoded(ct(PixelSpacing=[0, 0]))


def with_slope_zero() -> bytes:
    return encoded(ct(RescaleSlope=0))


# The words of the page's table, the file, and what is to happen: "clean", or the reason of the refusal.
ODDITIES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a program or archive before the file (polyglot preamble)": (
        lambda: b"MZ" + b"Ingrid Testperson".ljust(126, b"\x90") + good()[128:],
        "clean",
    ),
    "an element longer than the file": (lambda: patched(good(), ROWS[:6], b"\xff\x7f"), "unreadable_file"),
    "pixels said to be 4 GB long": (lambda: patched(good(), PIXELS, struct.pack("<I", 0xFFFFFFF0)), "clean"),
    "native pixels of undefined length": (
        lambda: patched(good(), PIXELS, struct.pack("<I", 0xFFFFFFFF)),
        "corrupt_pixels",
    ),
    "a file that is cut off": (lambda: good()[: len(good()) // 2], "unreadable_file"),
    "sequences 5000 deep": (lambda: nested(5000), "unreadable_file"),
    "a run-length segment that unpacks to more than its pixels": (lambda: rle(b"Ingrid"), "corrupt_pixels"),
    "explicit bytes said to be implicit": (lambda: declared("1.2.840.10008.1.2"), "clean"),
    "native pixels said to be JPEG": (lambda: declared("1.2.840.10008.1.2.4.50"), "corrupt_pixels"),
    "an unknown transfer syntax": (lambda: declared("1.2.3.4.5.6"), "unsupported_transfer_syntax"),
    "a structure set that is cut off": (lambda: cut(structures(), 0.7), "unreadable_file"),
    "a segmentation that is cut off": (lambda: cut(ct(SOPClassUID=SEGMENTATION), 0.95), "corrupt_pixels"),
}
IN_QUALITY_CONTROL = {
    "a pixel spacing of 0": (with_spacing_zero, "missing_value"),
    "a rescale slope of 0": (with_slope_zero, "corrupt_pixels"),
}


def outcome(data: bytes, folder: Path) -> tuple[str, bytes]:
    source = folder / "in.dcm"
    source.write_bytes(data)
    report = Deidentifier(KEY, centre="A").deidentify_file(source, folder / "out")
    if report.outcome == "refused":
        assert not (folder / "out").exists() or not list((folder / "out").iterdir()), "nothing is written"
        return report.reason, b""
    return "clean", (folder / "out" / report.output).read_bytes()


def output_of(folder: Path) -> Path:
    (path,) = (path for path in (folder / "out").rglob("*") if path.is_file())
    return path


@pytest.mark.parametrize("words", ODDITIES)
def test_an_odd_file_is_refused_or_written_clean(words: str, tmp_path: Path) -> None:
    make, expected = ODDITIES[words]
    ended, out = outcome(make(), tmp_path)
    assert ended == expected
    if ended == "clean":
        assert out[:128] == bytes(128) and out[128:132] == b"DICM"
        assert not [name for name in IDENTIFIERS if name.encode().lower() in out.lower()]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            written = dcmread(output_of(tmp_path))
        assert written.PixelData == ct().PixelData


def test_the_sound_run_length_file_is_written(tmp_path: Path) -> None:
    ended, out = outcome(rle(b""), tmp_path)
    assert (ended, bool(out)) == ("clean", True)


@pytest.mark.parametrize("words", IN_QUALITY_CONTROL)
def test_numbers_that_make_no_image_are_refused_before_anything_is_delivered(words: str, tmp_path: Path) -> None:
    make, reason = IN_QUALITY_CONTROL[words]
    paths = []
    for number in range(4):
        ds: Dataset = dcmread_bytes(make())
        ds.SOPInstanceUID, ds.InstanceNumber = f"1.2.3.{number + 1}", number + 1
        ds.ImagePositionPatient = [0, 0, 2.0 * number]
        path = tmp_path / f"{number}.dcm"
        ds.save_as(path, enforce_file_format=True)
        paths.append(str(path))
    assembly = assemble_files(paths, "ct")
    assert assembly.geometry is None and [fault.reason for fault in assembly.faults] == [reason]


def dcmread_bytes(data: bytes) -> Dataset:
    return dcmread(io.BytesIO(data))


def test_the_page_lists_each_with_its_outcome() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (sanitised|refused: `(\w+)`)[^|]*\|$", PAGE.read_text(), re.MULTILINE)
    answer = {words: reason or "clean" for words, _state, reason in rows}
    assert answer == {words: expected for words, (_make, expected) in {**ODDITIES, **IN_QUALITY_CONTROL}.items()}
    assert np.all([len(words) > 10 for words in answer])
