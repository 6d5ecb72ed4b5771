"""Whatever an organiser answers at the start, the draft is a sound question that scores a submission."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from concours.evaluation.trial import try_question
from concours.known_names import known_names
from concours.questions.dates import first_opening
from concours.questions.schema import load_spec
from concours.questions.starting import TASKS, Start, start_file

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("modalities", [("CT",), ("MR",), ("CR", "DX")])
@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_start_is_a_question_that_scores(task, modalities: tuple[str, ...], dimensions: int) -> None:
    if task.name == "generate" and (modalities != ("MR",) or dimensions == 3):
        pytest.skip("generated images are scored alike whatever their modality")
    answers = Start(task.name, "adrenal", "Adrenal: nodules", "Nodules", modalities, dimensions, "Nodule", "Nodule", "")
    spec = load_spec(start_file(answers, known_names(), date(2027, 2, 1), PARIS), known_names())
    opening = first_opening(spec)
    assert opening is not None and opening.date() == date(2027, 2, 1)
    assert spec.slug == "adrenal" and spec.title.en == "Adrenal: nodules"
    assert all(image.modality == modalities for image in spec.data.images.values())
    if task.target:
        assert spec.data.fields[task.target].title.en == "Nodule"
    trial = try_question(spec)
    assert set(trial.scores) == set(spec.metrics)
    assert any(value is not None for value in trial.scores.values())


def test_a_measurement_has_its_unit() -> None:
    answers = Start("measure", "muscle", "Muscle", target_en="Surface", unit="mm2")
    spec = load_spec(start_file(answers, known_names(), date(2027, 2, 1), PARIS), known_names())
    assert spec.data.fields["measure"].unit == "mm2"


def test_no_such_task() -> None:
    with pytest.raises(KeyError):
        start_file(Start("juggle", "a", "A"), known_names(), date(2027, 2, 1), PARIS)
