"""FLAIR beside other inversion recoveries of the same protocol, by words and by numbers, also after de-identification."""

from __future__ import annotations

from pathlib import Path

import pytest

from concours.deid import Deidentifier
from concours.inclusion.exam.facts import SeriesFacts
from concours.inclusion.exam.sequence import sequence_of
from tests.concours.inclusion.phantoms import facts, outcomes
from tests.presence import cases_dir

CASES = cases_dir()
FLAIR = {
    "RepetitionTime": 5000,
    "EchoTime": 388,
    "InversionTime": 1800,
    "ScanningSequence": ["SE", "IR"],
    "MRAcquisitionType": "3D",
}
WITHOUT_NUMBERS = {"ScanningSequence": ["SE", "IR"], "MRAcquisitionType": "3D"}


def series(description: str, header: dict) -> SeriesFacts:
    return SeriesFacts("image", "1.2", {"SeriesDescription": description, **header})


@pytest.mark.parametrize(
    "description",
    ["t2_spc_da-fl_sag", "t2_spc_sag_p2_iso", "T2 FLAIR", "Sag CUBE T2 FLAIR", "t2_tirm_tra_dark-fluid_fs", "3D_Brain_VIEW_FLAIR",
     "T2 DARK FLUID FS", ""],
)  # fmt: skip
def test_t2_in_the_name_of_a_flair_is_no_conflict(description: str) -> None:
    sequence = sequence_of(series(description, FLAIR))
    assert (sequence.kind, sequence.conflict) == ("flair", False)


@pytest.mark.parametrize("header", [FLAIR, WITHOUT_NUMBERS, {**FLAIR, "EchoTime": 9.5, "InversionTime": 400}])
@pytest.mark.parametrize(
    "description",
    [
        "DIR 3D",
        "t2_spc_db_inv_sag_DIR",
        "double inversion",
        "PSIR sag",
        "FGATIR",
        "t1_fgatir_sag",
        "3D FLAWS",
        "SAG_DIR_SPACE",
    ],
)
def test_another_inversion_recovery_is_never_taken_as_flair(description: str, header: dict) -> None:
    sequence = sequence_of(series(description, header))
    assert sequence.conflict or not sequence.is_one_of(["flair", "flair_3d"])


def test_a_double_inversion_is_told_by_its_numbers_alone() -> None:
    assert not sequence_of(series("", {**FLAIR, "RepetitionTime": 7500, "InversionTime": 3000})).is_one_of(["flair"])
    assert not sequence_of(series("", {**FLAIR, "InversionTime": [3000, 450]})).is_one_of(["flair"])


@pytest.mark.parametrize(
    ("repetition", "inversion"), [(4800, 1650), (5000, 1800), (8000, 2400), (9000, 2500), (10000, 2700), (11000, 2800)]
)
def test_clinical_flairs_null_fluid(repetition: float, inversion: float) -> None:
    header = {**FLAIR, "RepetitionTime": repetition, "InversionTime": inversion}
    assert sequence_of(series("", header)).kind == "flair"


def test_unused_inversion_times_of_an_enhanced_object_are_none() -> None:
    header = {**FLAIR, "RepetitionTime": 11000, "EchoTime": 125, "InversionTime": [0.0, 1.7976931348623157e308]}
    assert sequence_of(series("FLAIR_longTR", header)).kind == "flair"


def test_a_t1_weighted_flair_is_t1() -> None:
    header = {"RepetitionTime": 2500, "EchoTime": 10, "InversionTime": 860, "ScanningSequence": ["SE", "IR"]}
    assert sequence_of(series("Sag T1 FLAIR", header)).kind == "t1"
    assert not sequence_of(series("Sag T1 FLAIR", header)).conflict


@pytest.mark.skipif(not CASES.is_dir(), reason="CASES_DIR holds no cases")
@pytest.mark.parametrize(
    ("folder", "expected"),
    [("39-*/flair3d", {"accept"}), ("39-*/dir", {"review", "refuse"}), ("39-*/psir", {"review", "refuse"}),
     ("39-*/fgatir", {"review", "refuse"}), ("27-*/in", {"accept", "review"})],
)  # fmt: skip
def test_reported_sequences_after_de_identification(folder: str, expected: set[str], tmp_path: Path) -> None:
    engine = Deidentifier(b"a key for tests of 32 bytes......", centre="x")
    (source,) = CASES.glob(folder)
    reports = [engine.deidentify_file(path, tmp_path) for path in sorted(source.rglob("*")) if path.is_file()]
    assert {report.outcome for report in reports} == {"written"}
    exam = facts([tmp_path / report.output for report in reports])
    assert {outcome for outcome, _ in outcomes(exam, "sequence", allowed=["flair"])} <= expected
