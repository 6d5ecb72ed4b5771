"""Writing in pixels: blanked where it is sure and can be without loss, else to a person; markers and clean frames stay."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from concours.deid import Deidentifier, FileReport
from concours.deid.pixel_text.box import TextBox
from concours.deid.pixel_text.examine import PixelExaminer
from tests.concours.deid.made import KEY, ct, written

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


@pytest.fixture(scope="module")
def engine() -> Deidentifier:
    return Deidentifier(KEY, centre="A", examine=PixelExaminer(decode_here=True))


def capture(text: str, colour: bool = False) -> Dataset:
    noise = np.random.default_rng(7).normal(60, 6, (200, 320)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(noise)
    ImageDraw.Draw(image).text((20, 12), text, fill=255, font=ImageFont.load_default(22))
    pixels = np.asarray(image)
    ds = ct(
        SOPClassUID=SECONDARY_CAPTURE, Modality="OT", Rows=200, Columns=320, BitsAllocated=8, BitsStored=8, HighBit=7
    )
    if colour:
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    ds.PixelData = np.ascontiguousarray(pixels).tobytes()
    ds["PixelData"].VR = "OB"
    return ds


def run(
    engine: Deidentifier, folder: Path, ds: Dataset, syntax: str = ExplicitVRLittleEndian
) -> tuple[FileReport, np.ndarray, np.ndarray]:
    before = np.frombuffer(ds.PixelData, np.uint8).reshape((200, 320, -1)[: 2 + (ds.SamplesPerPixel > 1)])
    if syntax != ExplicitVRLittleEndian:
        ds.file_meta = None
        path = written(folder, ds)
        loaded = dcmread(path)
        loaded.compress(syntax, generate_instance_uid=False)
        loaded.save_as(path)
    else:
        path = written(folder, ds)
    report = engine.deidentify_file(path, folder / "out")
    return report, before, dcmread(folder / "out" / report.output).pixel_array


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_a_name_is_blanked_and_the_rest_is_bit_for_bit_the_same(
    tmp_path: Path, engine: Deidentifier, syntax: str
) -> None:
    report, before, after = run(engine, tmp_path, capture("TESTPERSON INGRID"), syntax)
    assert (report.outcome, report.frames_blanked) == ("written", 1)
    assert not (after[12:36, 22:200] == 255).any()
    assert np.array_equal(after[60:], before[60:]) and (after != before).any()
    assert report.transfer_syntax == syntax
    assert "TESTPERSON" not in str(report.to_json()) and report.to_json()["boxes"]
    header = dcmread(tmp_path / "out" / report.output)
    assert header.BurnedInAnnotation == "NO" and "113101" in [
        c.CodeValue for c in header.DeidentificationMethodCodeSequence
    ]


def test_colour_is_written_uncompressed_where_its_syntax_has_no_encoder(tmp_path: Path, engine: Deidentifier) -> None:
    report, before, after = run(engine, tmp_path, capture("TESTPERSON INGRID", colour=True), RLELossless)
    assert report.outcome == "written" and report.transfer_syntax == ExplicitVRLittleEndian
    assert np.array_equal(after[60:], before[60:]) and (after != before).any()


def test_a_marker_stays_and_nothing_is_edited(tmp_path: Path, engine: Deidentifier) -> None:
    report, before, after = run(engine, tmp_path, capture("L"))
    assert (report.outcome, report.frames_blanked, report.frames_examined) == ("written", 0, 1)
    assert np.array_equal(before, after)


def test_without_a_reader_what_may_carry_writing_goes_to_a_person(tmp_path: Path) -> None:
    report, before, after = run(Deidentifier(KEY), tmp_path, capture("L"))
    assert (report.outcome, report.reason) == ("review", "burned_in_text")
    assert np.array_equal(before, after)


def test_whatever_is_still_legible_in_any_edited_frame_goes_to_a_person(tmp_path: Path) -> None:
    """Frames 0 and 2 are blanked; the second reading finds something in the last one alone."""
    ds = capture("TESTPERSON INGRID")
    first = np.frombuffer(ds.PixelData, np.uint8).reshape(200, 320)
    other = np.frombuffer(capture("INGRID TESTPERSON").PixelData, np.uint8).reshape(200, 320)
    ds.SOPClassUID, ds.NumberOfFrames = "1.2.840.10008.5.1.4.1.1.7.2", 2
    ds.PixelData = np.stack([first, other]).tobytes()
    ds["PixelData"].VR = "OB"
    address: list[int] = []

    def find(pixels: np.ndarray, *, frame: int = 0, **_rest: object) -> list[TextBox]:
        address.append(frame)
        return [TextBox(frame, 0, 0, 9, 9, "uncertain", 0.55)] if frame == 1 else []

    path = written(tmp_path, ds)
    reader = PixelExaminer(decode_here=True, find=find)
    report = Deidentifier(KEY, centre="A", examine=reader).deidentify_file(path, tmp_path / "out")
    assert address == [0, 1]
    assert (report.outcome, report.reason) == ("review", "burned_in_text")
    assert np.array_equal(dcmread(tmp_path / "out" / report.output).pixel_array, np.stack([first, other]))
