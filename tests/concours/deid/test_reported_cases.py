"""Inputs after public bug reports of other de-identification tools, each with its right value."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pydicom
import pytest

from concours.deid import Deidentifier
from concours.second_check import find_identifiers
from tests.concours.deid.made import KEY
from tests.concours.deid.words_of_text import letters
from tests.presence import cases_dir

CASES = cases_dir()
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="CASES_DIR holds no cases")


def cleaned(number: str, folder: Path) -> dict[str, Path]:
    """The outputs of one case by the names of its inputs; every file is learnt, then written or sent to review."""
    (case,) = CASES.glob(f"{number}-*")
    sources = sorted(path for path in (case / "in").rglob("*") if path.is_file())
    engine = Deidentifier(KEY, centre="x")
    for source in sources:
        engine.learn(source)
    reports = {source.name: engine.deidentify_file(source, folder) for source in sources}
    return {name: folder / report.output for name, report in reports.items() if report.outcome != "refused"}


def test_dates_with_points_move_like_the_others(tmp_path: Path) -> None:
    outputs = cleaned("01", tmp_path)
    old, new = (pydicom.dcmread(outputs[name]) for name in ("a.dcm", "b.dcm"))
    assert re.fullmatch(r"\d{8}", old.StudyDate)
    assert datetime.strptime(new.StudyDate, "%Y%m%d") - datetime.strptime(old.StudyDate, "%Y%m%d") == timedelta(10)
    assert not any(b"2019.03" in path.read_bytes() or b"1950.06" in path.read_bytes() for path in outputs.values())


def test_one_number_is_one_patient_however_it_is_padded(tmp_path: Path) -> None:
    datasets = [pydicom.dcmread(path) for path in cleaned("03", tmp_path).values()]
    assert len(datasets) == 3
    assert len({dataset.PatientID for dataset in datasets}) == 1
    assert len({dataset.get("StudyDate") for dataset in datasets}) == 1


def test_moments_deep_in_sequences_move_with_the_series(tmp_path: Path) -> None:
    (path,) = cleaned("05", tmp_path).values()
    dataset = pydicom.dcmread(path)
    item = dataset.RadiopharmaceuticalInformationSequence[0]
    start = datetime.strptime(str(item.RadiopharmaceuticalStartDateTime)[:14], "%Y%m%d%H%M%S")
    series = datetime.strptime(dataset.SeriesDate + dataset.SeriesTime[:6], "%Y%m%d%H%M%S")
    assert series - start == timedelta(hours=1, minutes=16, seconds=15)
    assert (float(item.RadionuclideTotalDose), float(item.RadionuclideHalfLife)) == (3.1e8, 6586.2)
    assert "DecayCorrection" in dataset and b"20190305" not in path.read_bytes()
    assert not any(element.tag.is_private for element in dataset)


def test_character_sets_outside_the_standard_leave_no_name(tmp_path: Path) -> None:
    outputs = cleaned("07", tmp_path)
    assert len(outputs) == 3
    for path in outputs.values():
        content = path.read_bytes()
        names = [
            word.encode(codec) for word in ("Müller", "Jürgen", "Mueller", "Juergen") for codec in ("latin-1", "utf-8")
        ]
        names += ["김희중".encode(codec) for codec in ("euc_kr", "utf-8")]
        assert not any(name in content for name in names)


def test_a_sequence_in_un_is_entered(tmp_path: Path) -> None:
    (path,) = cleaned("10", tmp_path).values()
    content = path.read_bytes()
    assert not any(secret in content for secret in (b"Testpatient", b"Zoe", b"11.06.1950", b"19500611"))


def test_names_in_capitals_of_people_that_no_field_knows(tmp_path: Path) -> None:
    outputs = cleaned("11", tmp_path)
    gone = {"garcia", "maria", "said", "mallard", "dupontel", "kowalczek", "vanderbeek", "testpatient", "zoe"}
    for path in outputs.values():
        dataset = pydicom.dcmread(path)
        texts = [
            str(element.value)
            for element in dataset.iterall()
            if element.VR in ("LO", "SH", "ST", "LT", "UT", "CS", "PN")
        ]
        assert not gone & set(letters(" ".join(texts)))
        assert not any(name.encode() in path.read_bytes().lower() for name in gone - {"said", "zoe"})
    assert pydicom.dcmread(outputs["a.dcm"]).StudyDescription == "CT THORAX"
    assert not find_identifiers([tmp_path], ["Testpatient^Zoe"], read_pixels=False)


def test_the_second_check_finds_them_where_nothing_was_cleaned() -> None:
    (case,) = CASES.glob("11-*")
    findings = find_identifiers([case / "in"], read_pixels=False)
    places = {finding.where for finding in findings if finding.kind in ("listed name", "unknown word")}
    assert {"(0008,1030)", "(0008,103e)", "(0018,1030)"} <= places


def test_units_of_measurements_stay(tmp_path: Path) -> None:
    (path,) = cleaned("12", tmp_path).values()
    (case,) = CASES.glob("12-*")
    (source,) = (case / "in").iterdir()

    def units(dataset: pydicom.Dataset) -> list[tuple[str, str]]:
        return [
            (code.CodeValue, code.CodeMeaning)
            for content in dataset.ContentSequence
            for value in content.get("MeasuredValueSequence", [])
            for code in value.MeasurementUnitsCodeSequence
        ]

    assert units(pydicom.dcmread(path)) == units(pydicom.dcmread(source))
