"""Identifiers in places that hold no text: numbers, tables, codestreams, unused bytes. They go, or the file is refused."""

import copy
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from concours.deid import Deidentifier
from tests.concours.deid.made import IDENTIFIERS, KEY, code, ct, sequence, written

NOTE = b"Ingrid Testperson MRN-SYN-4471902 "
SECRETS = (*IDENTIFIERS, "4471902")


def leaks(folder: Path, ds: Dataset, path: Path | None = None) -> list[str]:
    """The identifiers that stand in the output in any of four encodings; none where the file is refused."""
    report = Deidentifier(KEY, centre="A").deidentify_file(path or written(folder, ds), folder / "out")
    if report.outcome == "refused":
        assert report.reason in ("corrupt_pixels", "no_pixels")
        return []
    raw = (folder / "out" / report.output).read_bytes().lower()
    encodings = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
    return [s for s in SECRETS if any(s.lower().encode(e) in raw for e in encodings)]


def with_value(tag: int, vr: str, value: object) -> Dataset:
    ds = ct()
    ds.add_new(tag, vr, value)
    return ds


def private(vr: str, element: int, value: object) -> Dataset:
    ds = ct()
    ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(element, vr, value)
    return ds


@pytest.mark.parametrize(
    "make",
    [
        lambda: ct(ContentTime="4471902"),
        lambda: with_value(0x00080031, "TM", "19530417"),
        lambda: ct(FrameOfReferenceUID="1.2.840.10008.4471902"),
        lambda: ct(KVP="4471902"),
        lambda: ct(PatientPosition="MRN4471902"),
        lambda: with_value(0x00189087, "FD", list(struct.unpack("<2d", b"MRN-SYN-4471902 "))),
        lambda: with_value(0x00281201, "OW", "Testperson".encode("utf-16-le")),
        lambda: private("FD", 0x0E, list(struct.unpack("<3d", b"Ingrid  MRN-SYN-4471902 "))),
        lambda: private("IS", 0x0C, "4471902"),
        lambda: ct(AnatomicRegionSequence=sequence(code("MRN-SYN-4471902", "SCT", "Testperson"))),
        lambda: ct(SoftwareVersions=["VA1", "17APR1953 Test", "person"], ConvolutionKernel="B19530417"),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value:UserWarning")
@pytest.mark.filterwarnings("ignore:The value length:UserWarning")
def test_identifiers_as_numbers_codes_and_tables(tmp_path: Path, make: Callable[[], Dataset]) -> None:
    assert leaks(tmp_path, make()) == []


@pytest.mark.parametrize(
    "text", ["17APR1953", "17-Apr-53", "17 avril 1953", "April 17, 1953", "17.04.53", "1953-04-17"]
)
def test_birth_dates_in_six_spellings(tmp_path: Path, text: str) -> None:
    ds = ct(
        StudyDescription=f"Thorax {text}",
        SeriesDescription=text,
        SoftwareVersions=f"V {text}",
        ConvolutionKernel=f"B{text}"[:16],
    )
    report = Deidentifier(KEY, centre="A").deidentify_file(written(tmp_path, ds), tmp_path / "out")
    assert text.lower().encode() not in (tmp_path / "out" / report.output).read_bytes().lower()


def compressed(syntax: str) -> tuple[Dataset, bytes]:
    """A slice of 64 x 64 in a compressed syntax, and its one frame."""
    ds = ct(Rows=64, Columns=64, PixelData=np.tile(np.arange(256, dtype="<u2"), 16).tobytes())
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = copy.deepcopy(ds)
    ds.compress(syntax, generate_instance_uid=False)
    return ds, next(generate_frames(ds.PixelData, number_of_frames=1))


def stored(folder: Path, ds: Dataset, frames: list[bytes]) -> Path:
    ds.PixelData = encapsulate(frames, has_bot=False)
    path = folder / "compressed.dcm"
    ds.save_as(path, enforce_file_format=True)
    return path


def segment(marker: bytes, body: bytes) -> bytes:
    return marker + (len(body) + 2).to_bytes(2, "big") + body


def rle_with_gap(frame: bytes) -> bytes:
    words = list(struct.unpack("<16L", frame[:64]))
    shifted = [words[0], *(w + len(NOTE) if w else 0 for w in words[1:])]
    return struct.pack("<16L", *shifted) + NOTE + frame[64:]


def tile_comment(frame: bytes) -> bytes:
    start = frame.index(b"\xff\x90")
    comment = segment(b"\xff\x64", b"\0\1" + NOTE)
    length = int.from_bytes(frame[start + 6 : start + 10], "big")
    head = (
        frame[: start + 6]
        + ((length + len(comment)) if length else 0).to_bytes(4, "big")
        + frame[start + 10 : start + 12]
    )
    return head + comment + frame[start + 12 :]


CODESTREAMS: list[tuple[str, Callable[[bytes], list[bytes]]]] = [
    (RLELossless, lambda f: [rle_with_gap(f)]),
    (RLELossless, lambda f: [f + NOTE]),
    (RLELossless, lambda f: [f[:30] + NOTE + f[64:]]),
    (RLELossless, lambda f: [f, NOTE]),
    (JPEG2000Lossless, lambda f: [f + NOTE]),
    (JPEG2000Lossless, lambda f: [f, NOTE]),
    (JPEG2000Lossless, lambda f: [tile_comment(f)]),
    (JPEG2000Lossless, lambda f: [f[:51] + segment(b"\xff\x64", b"\0\1Created by OpenJPEG version 4471902") + f[51:]]),
    (JPEGLSLossless, lambda f: [f.rstrip(b"\0") + NOTE + b"\xff\xd9"]),
    (JPEGLSLossless, lambda f: [f.rstrip(b"\0") + NOTE + bytes(70_000)]),
    *(
        (JPEGLSLossless, lambda f, m=marker, n=name, fill=fill: [f[:2] + fill + segment(m, n + NOTE) + f[2:]])  # type: ignore[misc]
        for fill in (b"", b"\xff\xff")
        for marker in (b"\xff\xfe", b"\xff\xe0", b"\xff\xe1", b"\xff\xe8", b"\xff\xee")
        for name in (b"", b"JFIF\0", b"SPIFF\0", b"Adobe", b"mrfx", b"ICC_PROFILE\0", b"CharLS ")
    ),
]


@pytest.mark.parametrize("number", range(len(CODESTREAMS)))
def test_what_no_decoder_reads_of_a_codestream_goes(tmp_path: Path, number: int) -> None:
    syntax, plant = CODESTREAMS[number]
    ds, frame = compressed(syntax)
    assert leaks(tmp_path, ds, stored(tmp_path, ds, plant(frame))) == []


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_sound_codestreams_decode_to_the_same_pixels(tmp_path: Path, syntax: str) -> None:
    ds, frame = compressed(syntax)
    path = stored(tmp_path, ds, [frame])
    report = Deidentifier(KEY, centre="A").deidentify_file(path, tmp_path / "out")
    assert report.outcome == "written"
    assert np.array_equal(dcmread(tmp_path / "out" / report.output).pixel_array, dcmread(path).pixel_array)


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless, JPEGLSLossless])
def test_comments_leave_the_pixels_as_they_are(tmp_path: Path, syntax: str) -> None:
    ds, frame = compressed(syntax)
    plant = {
        RLELossless: rle_with_gap,
        JPEG2000Lossless: tile_comment,
        JPEGLSLossless: lambda f: f[:2] + segment(b"\xff\xfe", NOTE) + f[2:],
    }[syntax]
    path = stored(tmp_path, ds, [plant(frame)])
    report = Deidentifier(KEY, centre="A").deidentify_file(path, tmp_path / "out")
    assert report.outcome == "written"
    assert np.array_equal(dcmread(tmp_path / "out" / report.output).pixel_array, dcmread(path).pixel_array)
