"""Invariants by hypothesis: a series stays together, two people never meet, intervals survive, twice is once, both readers
agree.
"""

import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from concours.deid import Deidentifier
from tests.concours.deid.made import KEY, ct, written

WORD = st.from_regex(r"[A-ZÀÉÈÔÜ][a-zàéèêïôûçñüß]{2,8}([-'][A-Z]?[a-zéèü]{3,6})?", fullmatch=True)
DAY = st.dates(date(1990, 1, 1), date(2026, 1, 1))
SYNTAX = st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
NUMBER = st.from_regex(r"[A-Z]{2,4}[0-9]{5,8}", fullmatch=True)
DESCRIPTIONS = st.sampled_from(["{} thorax", "CT {}", "pour {} le {day}", "{}_AX_T1", "Abdomen ({})", "thorax"])
QUICK = settings(max_examples=40, deadline=None)


def process(
    ds: Dataset, centre: str | None = "A", syntax: str = ExplicitVRLittleEndian, reader: str = "auto"
) -> tuple[Dataset, bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = Deidentifier(KEY, centre=centre, reader=reader)
        report = engine.deidentify_file(written(folder, ds, syntax=syntax), folder / "out")
        assert report.outcome == "written", report
        again = engine.deidentify_file(written(folder, ds, syntax=syntax), folder / "out")
        assert again.output == report.output
        raw = (folder / "out" / report.output).read_bytes()
        return dcmread(folder / "out" / report.output), raw


@QUICK
@given(WORD, WORD, NUMBER, DAY, DESCRIPTIONS, SYNTAX)
def test_no_original_value_is_anywhere_in_the_output(
    family: str, given_name: str, number: str, born: date, form: str, syntax: str
) -> None:
    text = form.format(f"{given_name} {family.upper()}", day=f"{born:%d/%m/%Y}")
    ds = ct(
        PatientName=f"{family}^{given_name}",
        PatientID=number,
        PatientBirthDate=f"{born:%Y%m%d}",
        StudyDescription=text,
        SeriesDescription=f"{number} ax",
    )
    after, raw = process(ds, syntax=syntax)
    lowered = raw.lower()
    lower = f"{after.get('StudyDescription', '')} {after.get('SeriesDescription', '')}".lower()
    assert number.lower().encode() not in lowered
    for secret in (family, given_name):
        assert secret.lower().strip("'-") not in lower.split()
        if len(secret) > 5:
            assert secret.lower().encode() not in lowered
    assert f"{born:%d/%m/%Y}" not in lower


@QUICK
@given(NUMBER, NUMBER, st.sampled_from(["A", "B"]), st.sampled_from(["A", "B"]))
def test_two_people_never_meet_and_one_never_parts(first: str, second: str, here: str, there: str) -> None:
    entry, _ = process(ct(PatientID=first), here)
    other, _ = process(ct(PatientID=second), there)
    assert (entry.PatientID == other.PatientID) == ((first, here) == (second, there))


@QUICK
@given(DAY, st.integers(0, 4000), NUMBER)
def test_intervals_and_times_of_day_survive(day: date, apart: int, number: str) -> None:
    later = day + timedelta(days=apart)
    entry, _ = process(
        ct(PatientID=number, StudyDate=f"{day:%Y%m%d}", AcquisitionDateTime=f"{later:%Y%m%d}091500.25+0100")
    )
    moved = date.fromisoformat(f"{entry.StudyDate[:4]}-{entry.StudyDate[4:6]}-{entry.StudyDate[6:]}")
    stamp = str(entry.AcquisitionDateTime)
    assert moved != day
    assert date.fromisoformat(f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}") - moved == timedelta(days=apart)
    assert stamp[8:] == "091500.25" and entry.StudyTime == "101500"


@QUICK
@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=4, unique=True), SYNTAX)
def test_a_series_stays_together(instances: list[int], syntax: str) -> None:
    files = [process(ct(SOPInstanceUID=f"1.2.3.{n}"), syntax=syntax)[0] for n in instances]
    assert len({(f.StudyInstanceUID, f.SeriesInstanceUID, f.FrameOfReferenceUID, f.PatientID) for f in files}) == 1
    assert len({f.SOPInstanceUID for f in files}) == len(instances)


@QUICK
@given(WORD, DESCRIPTIONS, st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]))
def test_both_readers_write_the_same_bytes(family: str, form: str, syntax: str) -> None:
    ds = ct(PatientName=family, StudyDescription=form.format(family, day="2019-05-22"))
    assert process(ds, syntax=syntax)[1] == process(ds, syntax=syntax, reader="pydicom")[1]


@QUICK
@given(WORD, DESCRIPTIONS)
def test_twice_changes_no_text_that_once_left(family: str, form: str) -> None:
    once, _ = process(ct(PatientName=family, StudyDescription=form.format(family, day="2019-05-22")))
    description = once.get("StudyDescription")
    twice, _ = process(once)
    assert twice.get("StudyDescription") == description
    assert twice.PixelData == once.PixelData


def test_two_centres_in_a_bare_folder_are_told_apart_by_the_issuer() -> None:
    entry, _ = process(ct(IssuerOfPatientID="HISO"), None)
    other, _ = process(ct(IssuerOfPatientID="CFDN"), None)
    assert entry.PatientID != other.PatientID
    assert entry.StudyDate != other.StudyDate
