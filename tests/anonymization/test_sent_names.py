"""Reasons name the file that the centre sent, to its own people alone; they leave the page when they no longer hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

from anonymization.retention import NAMES_DAYS, sweep_quarantine
from challenges.models import CentreMembership, Question
from core.models import Progress
from core.progress import tell
from tests.anonymization.test_series_choice import CHANGES, case_files, checked, series, with_cases
from tests.factories.exams import centre
from tests.factories.people import person
from tests.factories.questions import question
from tests.uploads.test_receive import own_folders
from uploads.models import Exam, Upload
from uploads.reasons import current, reasons_of, timeline_of

__all__ = ["own_folders"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.fixture
def of() -> Question:
    question_row = question("covid", CHANGES)
    CentreMembership.objects.create(centre=centre(question_row), user=person("Carla Centre"))
    return question_row


def messages(exam: Exam, reader: str) -> list[str]:
    return [f"{entry.message} {entry.where}" for entry in reasons_of([exam], person(reader)).get(str(exam.pk), [])]


@pytest.fixture
def gap(of: Question) -> Exam:
    """A series of ten slices without the sixth."""
    files = {f"DURAND Zoe/CT/{name.rpartition('/')[2]}": content for name, content in series(1, 10).items()}
    del files["DURAND Zoe/CT/I005"]
    return checked(of, files)


def test_its_centre_reads_the_path_that_it_sent_and_everybody_else_a_number(gap: Exam) -> None:
    (own,), (other,) = messages(gap, "Carla Centre"), messages(gap, "Olga")
    assert gap.state == "refused" and "DURAND Zoe/CT/I004" in own and "2.25." not in own
    assert "DURAND" not in other and "2.25." not in other and "file 5" in other
    assert "DURAND" not in str(timeline_of(gap, person("Olga")))


def test_a_refused_exam_keeps_the_name_of_its_folder_and_names_go_with_time(gap: Exam) -> None:
    sweep_quarantine()
    gap.refresh_from_db()
    assert (gap.quarantine_key, gap.sent_folder) == ("", "exam/DURAND Zoe/CT")
    Upload.objects.update(expires_at=timezone.now() - timedelta(days=NAMES_DAYS, minutes=1))
    sweep_quarantine()
    gap.refresh_from_db()
    rows = str(
        list(Progress.objects.values_list()) + list(Exam.objects.values_list()) + list(Upload.objects.values_list())
    )
    assert gap.sent_folder == "" and "DURAND" not in rows
    assert "file 5" in messages(gap, "Carla Centre")[0]


def test_thirty_slices_in_one_place_are_one_reason(of: Question) -> None:
    files = series(1, 31, ImagePositionPatient=[0, 0, 0])
    exam = checked(of, files)
    assert exam.state == "refused" and len(messages(exam, "Carla Centre")) == 1


@with_cases
def test_a_localiser_of_three_planes_is_one_reason(of: Question) -> None:
    of.challenge.refresh_from_db()
    inclusion = {**CHANGES["inclusion"], "modality": {"allowed": ["MR"]}, "orientation": {"allowed": ["axial"]}}
    data = {**CHANGES["data"], "images": {"image": {"modality": ["MR"], "dimensions": 3}}}
    planes = question("covid", {**CHANGES, "slug": "planes", "data": data, "inclusion": inclusion}, within=of.challenge)
    exam = checked(planes, case_files("23-three-plane-localizer-in-one-object/in"))
    (only,) = messages(exam, "Carla Centre")
    assert exam.state == "refused" and "not parallel" in only


def step(state: str, **more: Any) -> Progress:
    return Progress(subject_kind="exam", subject_id="1", stage="check_quality", state=state, **more)


@pytest.mark.parametrize(
    ("states", "held"),
    [
        (["received", "fault"], ["fault"]),
        (["received", "fault", "deidentified"], []),
        (["received", "review", "deidentified", "review", "review"], ["review", "review"]),
        (["received", "deidentified", "review", "refused"], ["refused"]),
        (["received", "deidentified", "review", "accepted"], []),
        (["received", "deidentified", "review", "chosen", "set_aside", "refused", "refused"], ["refused", "refused"]),
        (["received", "failed", "deidentified"], []),
        ([], []),
    ],
)
def test_a_reason_holds_until_the_next_milestone(states: list[str], held: list[str]) -> None:
    assert [row.state for row in current([step(state) for state in states])] == held


def test_resolved_reasons_leave_the_page_and_stay_in_the_history(of: Question) -> None:
    exam = checked(of, series(1))
    assert exam.state == "accepted"
    tell(exam, stage="check_quality", state="review", template="Compare it.")
    assert messages(exam, "Carla Centre") == ["Compare it. "]
    tell(exam, stage="check_quality", state="accepted")
    assert messages(exam, "Carla Centre") == []
    assert "Compare it." in [entry.message for entry in timeline_of(exam, person("Carla Centre"))]
