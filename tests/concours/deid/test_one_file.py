"""One file through the engine: what goes, what stays, what is refused, and that both readers agree."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from concours.deid import Deidentifier, FileReport
from tests.concours.deid.made import IDENTIFIERS, KEY, code, ct, encoded, sequence, written

SCIENCE = (
    *(
        "Modality",
        "Rows",
        "Columns",
        "PixelSpacing",
        "SliceThickness",
        "ImagePositionPatient",
        "ImageOrientationPatient",
    ),
    *(
        "RescaleIntercept",
        "RescaleSlope",
        "BitsStored",
        "PixelRepresentation",
        "PhotometricInterpretation",
        "KVP",
        "InstanceNumber",
    ),
    *("SeriesNumber", "SamplesPerPixel", "ImageType", "ConvolutionKernel", "Manufacturer"),
)


SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)


def run(folder: Path, ds: Dataset, syntax: str = ExplicitVRLittleEndian, **options: Any) -> tuple[FileReport, Dataset]:
    report = Deidentifier(KEY, centre="A", **options).deidentify_file(
        written(folder, ds, syntax=syntax), folder / "out"
    )
    assert report.outcome != "refused", report
    return report, dcmread(folder / "out" / report.output)


def test_nothing_that_identifies_is_anywhere_in_the_bytes(tmp_path: Path) -> None:
    report, _ = run(tmp_path, ct(PatientComments="Ingrid rang", ImageComments="seen with Mrs Testperson 22 May 2019"))
    raw = (tmp_path / "out" / report.output).read_bytes().lower()
    for secret in (*IDENTIFIERS, "20190522", "1.2.3.4.1"):
        assert secret.lower().encode() not in raw, secret
    assert raw[:128] == bytes(128)


def test_science_stays(tmp_path: Path) -> None:
    before = ct()
    _, after = run(tmp_path, before)
    for keyword in SCIENCE:
        assert after[keyword].value == before[keyword].value, keyword
    assert after.PixelData == before.PixelData
    assert after.SeriesDescription == "LUNG 5.0 B60f"
    assert after.StudyDescription == "CT Thorax"


def test_ids_that_objects_need_are_emptied_or_replaced_not_deleted(tmp_path: Path) -> None:
    _, after = run(tmp_path, ct())
    assert after.StudyID == "" and after.AccessionNumber == "" and after.StudyTime == "101500"
    assert after.PatientID == after.PatientName and len(after.PatientID) == 26
    assert after.PatientBirthDate == "" and after.PatientSex == ""
    assert "PatientAge" not in after
    assert after.PatientIdentityRemoved == "YES"
    assert [c.CodeValue for c in after.DeidentificationMethodCodeSequence][:1] == ["113100"]
    assert after.LongitudinalTemporalInformationModified == "MODIFIED"
    assert after.file_meta.MediaStorageSOPInstanceUID == after.SOPInstanceUID


def test_keep_list_keeps_with_checks(tmp_path: Path) -> None:
    _, after = run(tmp_path, ct(PatientAge="094Y"), keep=["PatientAge", "PatientSex"])
    assert after.PatientAge == "090Y" and after.PatientSex == "F"


def test_wrong_types_do_not_carry_text(tmp_path: Path) -> None:
    ds = ct()
    ds.add_new(0x00180060, "LO", "Ingrid Testperson")  # KVP as text
    ds.add_new(0x00180088, "DS", "5")
    raw = encoded(ds).replace(b"\x18\x00\x88\x00DS\x02\x005 ", b"\x18\x00\x88\x00DS\x02\x00Xy")
    path = tmp_path / "x.dcm"
    path.write_bytes(raw)
    report = Deidentifier(KEY, centre="A").deidentify_file(path, tmp_path / "out")
    after = dcmread(tmp_path / "out" / report.output)
    assert "Ingrid" not in str(after.get("KVP", "")) and "SpacingBetweenSlices" not in after


def test_private_unknown_curves_overlays_and_trailing_bytes_go(tmp_path: Path) -> None:
    ds = ct()
    ds.private_block(0x0029, "INVENTED", create=True).add_new(0x10, "LO", "Ingrid")
    ds.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "1000")
    ds.private_block(0x0019, "SIEMENS MR HEADER").add_new(0x08, "CS", "TESTPERSON")
    ds.add_new(0x11100010, "LO", "Ingrid")
    ds.add_new(0x50003000, "OB", b"Ingrid")
    ds.add_new(0x60003000, "OW", bytes(32))
    path = tmp_path / "x.dcm"
    path.write_bytes(encoded(ds) + b"Ingrid Testperson")
    report = Deidentifier(KEY, centre="A").deidentify_file(path, tmp_path / "out")
    raw = (tmp_path / "out" / report.output).read_bytes()
    after = dcmread(tmp_path / "out" / report.output)
    assert b"Ingrid" not in raw and b"TESTPERSON" not in raw
    assert [
        element.tag for element in after if element.tag.group % 2 or element.tag.group in (0x1110, 0x5000, 0x6000)
    ] == [
        (0x0019, 0x0010),
        (0x0019, 0x100C),
    ]
    assert report.outcome == "written"


def test_drawn_overlay_goes_to_a_person(tmp_path: Path) -> None:
    ds = ct()
    ds.add_new(0x60003000, "OW", b"\xff" * 32)
    report, after = run(tmp_path, ds)
    assert (report.outcome, report.reason) == ("review", "burned_in_text")
    assert report.output.startswith("review/") and (0x6000, 0x3000) not in after


def test_sequences_are_entered_at_any_depth_and_in_un(tmp_path: Path) -> None:
    inner = Dataset()
    inner.PatientName, inner.ReferencedSOPInstanceUID = "Testperson^Ingrid", "1.2.3.4.9"
    outer = Dataset()
    outer.RequestedProcedureDescription = "FOLLOW UP FOR TESTPERSON"
    outer.ReferencedImageSequence = sequence(inner)
    ds = ct(
        RequestAttributesSequence=sequence(outer),
        ProcedureCodeSequence=sequence(code("CTTHX", "99LOCAL", "Thorax Testperson")),
    )
    name = b"\x10\x00\x10\x00\x06\x00\x00\x00Ingrid"
    item = b"\xfe\xff\x00\xe0" + len(name).to_bytes(4, "little") + name
    hidden = b"\x40\x00\x43\xa0UN\0\0" + len(item).to_bytes(4, "little") + item  # a code sequence, implicit, in UN
    path = tmp_path / "x.dcm"
    path.write_bytes(encoded(ds).replace(b"\xe0\x7f\x10\x00OW", hidden + b"\xe0\x7f\x10\x00OW"))
    report = Deidentifier(KEY).deidentify_file(path, tmp_path / "out")
    after = dcmread(tmp_path / "out" / report.output)
    raw = (tmp_path / "out" / report.output).read_bytes()
    assert b"Ingrid" not in raw and b"TESTPERSON" not in raw
    result = after.RequestAttributesSequence[0]
    assert result.RequestedProcedureDescription == "FOLLOW UP FOR"
    assert result.ReferencedImageSequence[0].ReferencedSOPInstanceUID.startswith("2.25.")
    assert after.ProcedureCodeSequence[0].CodeMeaning == "Thorax"
    assert after[0x0040A043].VR == "SQ" and report.fast_path


@pytest.mark.parametrize(("signed", "high"), [(0, 0xF000), (1, 0x7000)])
def test_bits_above_bits_stored_are_cleared_or_the_sign(tmp_path: Path, signed: int, high: int) -> None:
    values = np.arange(256, dtype="<u2")
    ds = ct(PixelRepresentation=signed, PixelData=(values | high).astype("<u2").tobytes())
    _, after = run(tmp_path, ds)
    assert np.array_equal(np.frombuffer(after.PixelData, "<u2"), values)


def test_low_bits_go_where_high_bit_says_so(tmp_path: Path) -> None:
    values = np.arange(256, dtype="<u2") << 4
    ds = ct(HighBit=15, PixelData=(values | 0xB).astype("<u2").tobytes())
    _, after = run(tmp_path, ds)
    assert np.array_equal(np.frombuffer(after.PixelData, "<u2"), values)


def test_pixel_padding_is_left_behind_and_short_pixels_refused(tmp_path: Path) -> None:
    sound = ct().PixelData
    _, after = run(tmp_path, ct(PixelData=sound + b"Ingrid"))
    assert after.PixelData == sound
    short = Deidentifier(KEY).deidentify_file(written(tmp_path, ct(PixelData=sound[:-2])), tmp_path / "out")
    assert (short.outcome, short.reason) == ("refused", "corrupt_pixels")


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "unsupported_object"),
        ({"SOPClassUID": "1.2.3.4.5"}, "unsupported_object"),
        ({"SOPInstanceUID": ""}, "missing_value"),
        ({"Rows": 0}, "corrupt_pixels"),
        ({"BitsStored": 17}, "corrupt_pixels"),
        ({"Columns": 60000}, "corrupt_pixels"),
    ],
)
def test_refusals(tmp_path: Path, attributes: dict[str, Any], reason: str) -> None:
    report = Deidentifier(KEY).deidentify_file(written(tmp_path, ct(**attributes)), tmp_path / "out")
    assert (report.outcome, report.reason) == ("refused", reason)
    assert not (tmp_path / "out").exists()


def test_report_holds_no_value_and_repr_shows_none(tmp_path: Path) -> None:
    engine = Deidentifier(KEY, centre="Imaginary General Hospital")
    report = engine.deidentify_file(written(tmp_path, ct()), tmp_path / "out")
    answer = repr(report) + str(report.to_json()) + repr(engine) + repr(list(engine._transforms.values()))
    for secret in (*IDENTIFIERS, "20190522", "4711", "Siemens"):
        assert secret not in answer
    assert report.to_json()["actions"]["(0010,0010)"] == "replaced by pseudonym"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_syntax_gives_the_same_data_set(tmp_path: Path, syntax: str) -> None:
    _, plain = run(tmp_path, ct())
    (tmp_path / "other").mkdir()
    report, after = run(tmp_path / "other", ct(), syntax)
    assert {e.tag: e.value for e in after} == {e.tag: e.value for e in plain}
    remaining = syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
    assert report.fast_path is remaining
    assert after.file_meta.TransferSyntaxUID == (syntax if remaining else ExplicitVRLittleEndian)


def test_jpeg_comments_are_blanked_in_place() -> None:
    from concours.deid.pixels import encapsulated_segments
    from concours.deid.tokens import PixelPlace

    secret = b"Testperson^Ingrid "
    frame = b"\xff\xd8\xff\xfe" + (len(secret) + 2).to_bytes(2, "big") + secret + b"\xff\xda\x00\x02abc\xff\xd9Ingrid__"
    value = (
        b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0"
        + len(frame).to_bytes(4, "little")
        + frame
        + b"\xfe\xff\xdd\xe0\0\0\0\0"
    )
    fd = os.memfd_create("frames")
    os.write(fd, value)
    place = PixelPlace(0x7FE00010, b"OB", 0, len(value), True)
    segments, _ = encapsulated_segments(fd, place, "1.2.840.10008.1.2.4.50", 1, b"OB")
    out = b"".join(s.data if s.offset < 0 else os.pread(fd, s.length, s.offset) for s in segments)
    os.close(fd)
    assert b"Ingrid" not in out and len(out) == len(value) + 12
    assert b"\xff\xda\x00\x02abc\xff\xd9" in out


def all_files() -> list[Path]:
    shipped = Path(pydicom.__file__).parent / "data"
    result = [
        p
        for p in shipped.rglob("*")
        if p.is_file() and re.search(r"\.dcm$|/[A-Z0-9_]+$", str(p)) and p.stat().st_size < 4_000_000
    ]
    return sorted(result)


def test_both_readers_agree_on_every_file_that_pydicom_ships(tmp_path: Path) -> None:
    compare_readers(all_files(), tmp_path, at_least=80)


@pytest.mark.sample
def test_both_readers_agree_on_every_sample(tmp_path: Path) -> None:
    sample = Path(os.environ.get("SAMPLE_DIR", "../shared/sample"))
    if not sample.exists():
        pytest.skip("SAMPLE_DIR is absent")
    compare_readers(sorted(sample.rglob("*.dcm")), tmp_path, at_least=60)


def compare_readers(paths: list[Path], folder: Path, at_least: int) -> None:
    assert len(paths) >= at_least
    fast = 0
    for number, path in enumerate(paths):
        auto = Deidentifier(KEY, centre="A").deidentify_file(path, folder / f"a{number}")
        slow = Deidentifier(KEY, centre="A", reader="pydicom").deidentify_file(path, folder / f"b{number}")
        if auto.outcome == "refused" or slow.outcome == "refused":
            assert auto.outcome == slow.outcome or not auto.fast_path or slow.reason == "unreadable_file", (
                path.name,
                auto,
                slow,
            )
            continue
        assert (auto.outcome, auto.output) == (slow.outcome, slow.output), path.name
        same = (folder / f"a{number}" / auto.output).read_bytes() == (folder / f"b{number}" / slow.output).read_bytes()
        assert same, path.name
        fast += auto.fast_path
    assert fast > at_least // 3


def test_codes_of_standard_schemes_stay_and_local_ones_are_cleaned(tmp_path: Path) -> None:
    codes = sequence(
        code("410668003", "SCT", "Length"),
        code("MRN-SYN-4471902", "SCT", "Thorax"),
        code("CT 4471902", "99LOCAL", "vu par Ingrid"),
    )
    _, after = run(tmp_path, ct(ProcedureCodeSequence=codes))
    result = [(c.CodeValue, c.CodeMeaning) for c in after.ProcedureCodeSequence]
    assert result[0] == ("410668003", "Length")
    assert "4471902" not in str(result) and "Ingrid" not in str(result) and all(meaning for _, meaning in result)


def test_identifiers_do_not_stay_as_numbers_or_in_tables(tmp_path: Path) -> None:
    ds = ct(PatientID="44719020", AcquisitionNumber="44719020")
    ds.add_new(0x00281201, "OW", b"xx Testperson xx")
    report, after = run(tmp_path, ds)
    assert "AcquisitionNumber" not in after and after.SeriesNumber == 4
    assert b"Testperson" not in (tmp_path / "out" / report.output).read_bytes()


def test_an_offset_table_that_is_none_is_emptied(tmp_path: Path) -> None:
    ds = ct()
    ds.file_meta = None
    path = written(tmp_path, ds)
    loaded = dcmread(path)
    loaded.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    loaded.save_as(path)
    sound = path.read_bytes()
    report = Deidentifier(KEY).deidentify_file(path, tmp_path / "sound")
    assert report.outcome == "written"
    head = b"\xfe\xff\x00\xe0\x04\x00\x00\x00"
    assert head + b"\0\0\0\0" in sound
    path.write_bytes(sound.replace(head + b"\0\0\0\0", head + b"Ingr"))
    report = Deidentifier(KEY).deidentify_file(path, tmp_path / "out")
    after = dcmread(tmp_path / "out" / report.output)
    assert b"Ingr" not in after.PixelData
    assert np.array_equal(after.pixel_array.ravel(), np.arange(256))


def test_pixels_that_do_not_belong_are_left_behind(tmp_path: Path) -> None:
    report, after = run(tmp_path, ct(SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3", Modality="RTSTRUCT"))
    assert report.outcome == "written" and "PixelData" not in after


@pytest.mark.parametrize(
    ("description", "face"), [("Head 1mm", True), ("CT Thorax", False), ("", True), ("IRM cérébrale", True)]
)
def test_a_volume_that_may_show_a_face_is_marked(tmp_path: Path, description: str, face: bool) -> None:
    report, _ = run(tmp_path, ct(SeriesDescription=description, StudyDescription=""))
    assert report.face_possible is face and report.to_json()["face_possible"] is face
