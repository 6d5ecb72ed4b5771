"""What any header of an exam says of the person leaves the texts of all its files, in whatever order they come."""

from pathlib import Path

import pydicom
import pytest

from concours.deid import Deidentifier
from concours.deid.tree import deidentify_tree
from concours.deid.worker_process import DeidOrder
from tests.concours.deid.made import KEY, ct, written

TOLD = "LONG B-1/22 thorax"


@pytest.fixture
def exam(tmp_path: Path) -> list[Path]:
    """Two files of one study: only the second's header names Long and the order number that the first's text holds."""
    (tmp_path / "in").mkdir()
    first = ct(SOPInstanceUID="1.2.3.4.1", SeriesDescription=TOLD)
    second = ct(
        SOPInstanceUID="1.2.3.4.9", SeriesInstanceUID="1.2.3.4.8", OperatorsName="Long^Ada", AdmissionID="B-1/22"
    )
    return [written(tmp_path / "in", first, "a.dcm"), written(tmp_path / "in", second, "b.dcm")]


def description(path: Path) -> str:
    return str(pydicom.dcmread(path).SeriesDescription)


@pytest.mark.parametrize("backwards", [False, True])
def test_an_engine_that_learnt_the_exam_cleans_every_file_of_it(
    exam: list[Path], tmp_path: Path, backwards: bool
) -> None:
    engine = Deidentifier(KEY, centre="A")
    for path in exam[::-1] if backwards else exam:
        engine.learn(path)
    report = engine.deidentify_file(exam[0], tmp_path / "out")
    assert description(tmp_path / "out" / report.output) == "thorax"


def test_a_person_whom_nobody_learnt_of_is_not_mixed_in(exam: list[Path], tmp_path: Path) -> None:
    engine = Deidentifier(KEY, centre="A")
    engine.learn(
        written(
            tmp_path, ct(PatientID="Q-7", StudyInstanceUID="1.9.1", SeriesInstanceUID="1.9.2", OperatorsName="Thorax^B")
        )
    )
    report = engine.deidentify_file(exam[0], tmp_path / "out")
    assert "thorax" in description(tmp_path / "out" / report.output)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_folder_is_learnt_before_it_is_cleaned(exam: list[Path], tmp_path: Path, jobs: int) -> None:
    summary = deidentify_tree(
        tmp_path / "in", tmp_path / "out", DeidOrder(KEY, centre="A", pixel_text=False), jobs=jobs
    )
    assert [file["outcome"] for file in summary.files] == ["written", "written"]
    assert description(tmp_path / "out" / summary.files[0]["output"]) == "thorax"


def test_a_file_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "torn.dcm").write_bytes(bytes(128) + b"DICM" + b"\x08\x00")
    (tmp_path / "empty.dcm").touch()
    engine = Deidentifier(KEY, centre="A")
    assert engine.learn(tmp_path / "torn.dcm")[0] == engine.learn(tmp_path / "empty.dcm")[0] == ()
    assert engine.learn(tmp_path / "absent.dcm")[0] == ()
