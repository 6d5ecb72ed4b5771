"""A small sarcopenia challenge played by real verbs: two centres, two readers, an organiser, a team, a stranger."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from allauth.account.models import EmailAddress

from challenges.centres import add_centre
from challenges.charter import publish_charter, sign_charter
from challenges.frame import create_challenge, load_question, open_challenge
from challenges.models import Centre, CentreMembership, Challenge, Question
from challenges.roles import grant_role
from challenges.teams import apply_team
from core.claims import claim_next
from core.clock import database_now
from core.models import User
from core.performing import carry_out
from demo.phantoms import sarcopenia
from grading.models import Reading
from tests.factories.exams import kept_exam, square
from uploads import staging
from uploads.models import Exam, Upload
from uploads.store import create_upload, finish_upload

CATALOGUE = Path(__file__).parents[2] / "concours" / "questions" / "catalogue"
PASSWORD = "a long enough one"
AUDIENCES = ("centre", "reader", "team", "juror")


@dataclass
class Edition:
    """The challenge and its named people."""

    challenge: Challenge
    question: Question
    people: dict[str, User] = field(default_factory=dict)
    centres: dict[str, Centre] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        """`edition.claire`, for short."""
        try:
            return self.people[name]
        except KeyError as error:
            raise AttributeError(name) from error


def person(name: str) -> User:
    user = User.objects.create_user(f"{name}@example.org", PASSWORD, full_name=name.title())
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def question_text(slug: str = "sarcopenia", **changes: Any) -> str:
    """The catalogue's file with windows around today; `changes` replace top-level sections' entries."""
    document = yaml.safe_load((CATALOGUE / f"{slug}.yaml").read_text(encoding="utf-8"))
    now, day = database_now(), timedelta(days=1)
    for phase in document["phases"].values():
        phase["opens"], phase["closes"] = (now - day).isoformat(), (now + day).isoformat()
    for batch in document["batches"]:
        batch["released_at"] = (now + day).isoformat()
    for section, entries in changes.items():
        document[section].update(entries)
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def small_edition(**changes: Any) -> Edition:
    """Olivia organises; Claire sends for Bichat, Bruno for Nice; Rita and Remi read; Tom's team applied; Stefan is a stranger."""
    people = {name: person(name) for name in ("olivia", "claire", "bruno", "rita", "remi", "tom", "stefan")}
    olivia = people["olivia"]
    challenge = create_challenge(
        slug="jfr-2019",
        title={"en": "JFR 2019", "fr": "JFR 2019"},
        summary={"en": "Three questions of the French radiology days.", "fr": "Trois questions des JFR."},
        actor=olivia,
        contact="jfr@example.org",
    )
    changes.setdefault("split", {"sets": {"training": 1, "validation": 1, "test": 1}})
    question = load_question(challenge=challenge, text=question_text(**changes), actor=olivia)
    open_challenge(challenge=challenge, actor=olivia)
    centres = {name: add_centre(challenge=challenge, name=name, actor=olivia) for name in ("Bichat", "Nice")}
    CentreMembership.objects.create(centre=centres["Bichat"], user=people["claire"])
    CentreMembership.objects.create(centre=centres["Nice"], user=people["bruno"])
    for name in ("rita", "remi"):
        grant_role(challenge=challenge, user=people[name], kind="reader", actor=olivia)
    signers = {"centre": ("claire", "bruno"), "reader": ("rita", "remi"), "team": ("tom",), "juror": ()}
    for audience in AUDIENCES:
        text = {"en": f"Charter of the {audience}s.", "fr": f"Charte : {audience}."}
        charter = publish_charter(challenge=challenge, audience=audience, text=text, actor=olivia)
        for name in signers[audience]:
            sign_charter(charter=charter, user=people[name], name=name.title())
    apply_team(
        challenge=challenge, name="Milvue", user=people["tom"], profession="radiologist", institution="Milvue SAS"
    )
    return Edition(challenge, question, people, centres)


def phantom_zip(seed: int, centre: str = "Bichat", flaw: str = "") -> bytes:
    created = sarcopenia.make(seed, centre, flaw=flaw)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in created.files.items():
            target.writestr(name, content)
    return archive.getvalue()


def send(
    edition: Edition,
    who: str,
    content: bytes,
    *,
    letter: bool = True,
    values: dict[str, Any] | None = None,
    name: str = "exam.zip",
    moment: datetime | None = None,
) -> Upload:
    """Stores an upload as tus would, ready to be received."""
    centre = CentreMembership.objects.get(user=edition.people[who]).centre
    metadata = {"letter_given": "1" if letter else "0", "refused": "0", "values": json.dumps(values or {})}
    upload = create_upload(
        owner=edition.people[who],
        question=edition.question,
        kind=Upload.Kind.EXAM,
        length=len(content),
        centre=centre,
        source_name=name,
        metadata=metadata,
    )
    staging.append(staging.staging_path(upload.pk), 0, content)
    finish_upload(upload, stored_at=moment or database_now())
    return upload


def work_until_idle() -> None:
    """What workers do, here and now."""
    while (claim := claim_next()) is not None:
        carry_out(claim)


def accepted_exam(edition: Edition, centre: str = "Bichat", state: str = "accepted", side: int = 4) -> Exam:
    """An exam with a real bundle and mask, without the minutes that intake would take."""
    noise = np.random.default_rng(side).integers(900, 1200, (12, 12)).astype(np.uint16)
    home = edition.centres[centre]
    return kept_exam(
        edition.question, {"image": [noise]}, {"mask": square(side), "surface": 123.5}, at=home, state=state
    )


def reading_of(exam: Exam, reader: User, order: int = 1) -> Reading:
    return Reading.objects.create(exam=exam, reader=reader, order=order)
