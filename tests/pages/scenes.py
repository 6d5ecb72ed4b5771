"""What the pictures of the documentation show: an edition with something to see for each of its readers."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from django.test import Client
from django.utils.text import slugify
from numpy.typing import NDArray

from batches.split import draft_split
from challenges.teams import approve_team, enter_question
from concours.formats.fault import Fault
from concours.inclusion.slice_thickness import THICK
from core.models import User
from core.progress import tell_fault
from core.storage import put_bytes
from demo.phantoms import liver, sarcopenia
from grading.models import Reading
from scoring.jury import begin_session
from scoring.models import JuryCase
from tests.factories.exams import kept_exam
from tests.factories.people import juror_of
from tests.factories.questions import question
from tests.pages.edition import Edition, reading_of
from uploads.models import Exam

WIDTH, HEIGHT = 1100, 700  # screen pixels: a page of the documentation is 700 to 900 wide
LOW, HIGH = -160, 240  # Hounsfield units: the soft-tissue window is all that the drawn slices hold


@dataclass(frozen=True)
class Picture:
    """One picture: `page` says whose page it is, `title` what its window is called in `language`."""

    page: str
    language: str
    title: str

    @property
    def file(self) -> str:
        return f"{self.page}.{self.language}.webp"


PICTURES = (
    Picture("centre-upload", "en", "Upload exams: Sarcopenia"),
    Picture("centre-upload", "fr", "Envoyer des examens : Sarcopénie"),
    Picture("centre-refused", "en", "Exam 4: Sarcopenia"),
    Picture("centre-refused", "fr", "Examen 4 : Sarcopénie"),
    Picture("radiologist-reading", "en", "Reading: Sarcopenia"),
    Picture("radiologist-reading", "fr", "Relecture\N{NO-BREAK SPACE}: Sarcopénie"),
    Picture("juror-case", "en", "Case 1 of 3"),
    Picture("juror-case", "fr", "Cas 1 sur 3"),
    Picture("team-submit", "en", "Submit: Sarcopenia"),
    Picture("organiser-console", "en", "Console: JFR 2019"),
    Picture("organiser-sets", "en", "Sets and batches: Sarcopenia"),
)


@dataclass(frozen=True)
class Scene:
    """Whose page it is, its address, and what else the page fetches."""

    user: User
    path: str
    parts: tuple[str, ...] = ()


def scenes(edition: Edition) -> dict[str, Scene]:
    """Each page by the name of its picture."""
    refused, exam = exams_of(edition)
    reading = f"/readings/{reading_of(exam, edition.rita).pk}/"
    reading_of(ct(edition, "Nice", 9, "accepted"), edition.rita, order=2)
    draft_split(question=edition.question, actor=edition.olivia)
    both = "/c/jfr-2019/sarcopenia/"
    june, case = jury()
    exam = f"/exams/{refused.pk}/"
    return {
        "centre-upload": Scene(edition.claire, f"{both}upload/", (f"{both}upload/feedback/",)),
        "centre-refused": Scene(edition.claire, exam, (f"{exam}thumbnails/", f"{exam}values/")),
        "radiologist-reading": Scene(
            edition.rita, reading, (f"{reading}volume?image=image", f"{reading}mask?image=image")
        ),
        "juror-case": Scene(june, case, tuple(f"{case}volume?image={n}" for n in range(3))),
        "team-submit": Scene(edition.tom, f"{both}submit/", (f"{both}submit/verdicts/",)),
        "organiser-console": Scene(edition.olivia, "/c/jfr-2019/console/", ()),
        "organiser-sets": Scene(edition.olivia, f"{both}sets/", ()),
    }


def exams_of(edition: Edition) -> tuple[Exam, Exam]:
    """A refused exam and one to be graded, among others; the team is admitted."""
    for centre, name in ((edition.centres["Bichat"], "Hôpital Nord"), (edition.centres["Nice"], "Hôpital Sud")):
        centre.name, centre.slug = name, slugify(name)
        centre.save(update_fields=["name", "slug"])
    for centre, seed in (("Bichat", 0), ("Bichat", 1), ("Nice", 2), ("Nice", 3)):
        graded = ct(edition, centre, seed)
        Reading.objects.create(exam=graded, reader=edition.remi, order=seed + 1, state="graded", grade="AB"[seed % 2])
    exam, refused = ct(edition, "Bichat", 5, "accepted"), ct(edition, "Bichat", 7, "accepted")
    fault = Fault("criterion_not_met", "image", THICK, {"found": "10", "limit": "5"})
    tell_fault(refused, fault, stage="check_quality", state="refused")
    Exam.objects.filter(pk=refused.pk).update(state="refused", reason=fault.reason)
    team = edition.challenge.teams.get(slug="milvue")
    team.name = "Aorta"
    team.save(update_fields=["name"])
    approve_team(team=team, actor=edition.olivia, waiver="A single radiologist competes this year.")
    enter_question(team=team, question=edition.question, actor=edition.tom)
    return refused, exam


def ct(edition: Edition, centre: str, seed: int, state: str = "kept") -> Exam:
    """An exam with a drawn abdominal slice and its muscle."""
    hu, muscle = sarcopenia.body(np.random.default_rng(seed), 10.0)
    slices = [(np.clip(hu, LOW, HIGH) - LOW).astype(np.uint16)]
    home = edition.centres[centre]
    return kept_exam(edition.question, {"image": slices}, {"mask": muscle}, at=home, state=state)


def jury() -> tuple[User, str]:
    """A juror who has begun, and the address of a case: the three images of a liver."""
    question_row = question("mtm-hcc")
    june = juror_of(question_row, "June")
    for index in range(3):
        signals, _lesion = liver.draw(np.random.default_rng(index), 15.0)
        file = io.BytesIO()
        np.save(file, as_bytes(signals))
        blob = put_bytes("submissions", f"jury-case-{index}", file.getvalue())
        JuryCase.objects.create(question=question_row, index=index, cluster=index, images_key=blob.key)
    begin_session(question=question_row, juror=june)
    client = Client()
    client.force_login(june)
    first = client.get(f"/c/{question_row.challenge.slug}/mtm-hcc/jury/").context["next"].case
    return june, f"/jury/{first.pk}/"


def as_bytes(signals: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Signals (images, rows, columns), each image from its darkest to its brightest."""
    return np.stack([(plane / max(1, int(plane.max())) * 255).astype(np.uint8) for plane in signals])
