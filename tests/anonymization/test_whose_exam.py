"""Whose an exam is: the pseudonym that the engine wrote into the images, and no second reading of the number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from concours.deid import CentreKey
from concours.formats.stored import whole
from concours.study.cleaning import run
from tests.concours.deid.made import ct, written

KEY = CentreKey(bytes(range(32)))


def answer(folder: Path, **attributes: Any) -> dict[str, Any]:
    folder.mkdir()
    path = written(folder, ct(**attributes))
    file = replace(whole(path), name="dicom/image/000000.dcm").to_json()
    (folder / "original").mkdir()
    return run([file], str(folder), KEY.secret, [], [])


@pytest.mark.parametrize(("number", "characters"), [("MRN-1", "ISO_IR 100"), ("É-4471", "ISO_IR 192"), (" 12 ", "")])
def test_it_is_the_pseudonym_in_the_images_and_the_one_that_the_centre_computes(
    tmp_path: Path, number: str, characters: str
) -> None:
    answer_result = answer(tmp_path / "one", PatientID=number, SpecificCharacterSet=characters)
    (image,) = (tmp_path / "one" / "clean" / "dicom").rglob("*.dcm")
    assert answer_result["pseudonym"] == dcmread(image).PatientID == KEY.pseudonym(number)


def test_exams_without_a_number_are_as_many_patients_as_studies(tmp_path: Path) -> None:
    answer_result = answer(tmp_path / "one", PatientID="", StudyInstanceUID="1.2.3.1")
    two = answer(tmp_path / "two", PatientID="", StudyInstanceUID="1.2.3.2")
    same = answer(tmp_path / "same", PatientID="", StudyInstanceUID="1.2.3.1")
    assert answer_result["pseudonym"] != two["pseudonym"] and answer_result["pseudonym"] == same["pseudonym"]
