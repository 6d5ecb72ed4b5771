"""One question on a site of its own, from upload to sealed truth by the real stages: CPU of each, children's included.

Run as `python -m benchmarks.spine_intake QUESTION FOLDER`, with CONCOURS_DATA naming an empty folder and FOLDER holding exams as
zip files; prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")
import django

django.setup()

from django.core.management import call_command  # noqa: E402  (apps must be ready before models are imported)

from batches.split import draft_split, freeze_split  # noqa: E402
from challenges.frame import create_challenge, load_question, open_challenge  # noqa: E402
from challenges.models import Centre, Question  # noqa: E402
from concours.formats import child  # noqa: E402
from core.claims import claim_next  # noqa: E402
from core.models import User, Work  # noqa: E402
from core.performing import carry_out  # noqa: E402
from demo.editions import question_file  # noqa: E402
from uploads import staging  # noqa: E402
from uploads.models import Exam, Upload  # noqa: E402
from uploads.store import create_upload, finish_upload  # noqa: E402

INTAKE = ("receive", "deidentify", "check_quality")


def main(slug: str, folder: Path) -> None:
    """The first exam warms caches and is not counted."""
    exams = sorted(folder.glob("*.zip"))
    count = len(exams) - 1
    call_command("migrate", verbosity=0)
    olga = User.objects.create_user("olga@example.org", "a long pass phrase", full_name="Olga")
    challenge = create_challenge(slug="bench", title={"en": "Bench", "fr": "Bench"}, actor=olga)
    sets = (
        {"training": 1, "test": count - 1}
        if slug == "lung-tumour"
        else {"training": 1, "validation": 1, "test": count - 2}
    )
    text = question_file(
        slug, {"split.sets": sets, "split.stratify": ["centre"]}, datetime.now(UTC) - timedelta(days=2)
    )
    question = load_question(challenge=challenge, text=text, actor=olga)
    open_challenge(challenge=challenge, actor=olga)
    centre = Centre.objects.create(challenge=challenge, slug="bichat", name="Bichat")
    child.warm()
    child.run_limited("builtins:abs", 1)
    for number, exam in enumerate(exams):
        send(question, centre, olga, exam)
        work(INTAKE)
        if not number:
            stage_figures(INTAKE)
            Work.objects.filter(stage__in=INTAKE).delete()
            Exam.objects.update(state=Exam.State.WITHDRAWN)
    print(json.dumps({**stage_figures(INTAKE), **deliver(question, count)}))


def send(question: Question, centre: Centre, owner: User, exam: Path) -> None:
    upload = create_upload(
        owner=owner, question=question, kind=Upload.Kind.EXAM, length=exam.stat().st_size, centre=centre,
        source_name="exam.zip", metadata={"letter_given": "1"},
    )  # fmt: skip
    staging.append_file(staging.staging_path(upload.pk), 0, exam)
    finish_upload(upload, stored_at=datetime.now(UTC))


def work(stages: tuple[str, ...]) -> None:
    while (claim := claim_next(stages)) is not None:
        began = time.monotonic()
        carry_out(claim)
        WALL.setdefault(claim.stage, []).append(time.monotonic() - began)


WALL: dict[str, list[float]] = {}


def stage_figures(stages: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Mean seconds of CPU a piece of work, as the rows say; and of wall, the machine being shared."""
    figures = {}
    for stage in stages:
        rows = list(Work.objects.filter(stage=stage))
        wrong = [f"{row.stage} is {row.state}: {row.reason}" for row in rows if row.state != Work.State.DONE]
        if wrong or not rows:
            raise RuntimeError("; ".join(wrong) or f"no work of {stage}")
        walls = WALL[stage][-len(rows) :]
        figures[stage] = {"cpu": sum(row.cpu_seconds for row in rows) / len(rows), "wall": sum(walls) / len(walls)}
    return figures


def deliver(question: Question, count: int) -> dict[str, dict[str, float]]:
    """Batches built and truths sealed, as if every exam had been read; seconds an exam."""
    accepted = Exam.objects.filter(question=question, state=Exam.State.ACCEPTED)
    if accepted.count() != count:
        raise RuntimeError(
            f"{accepted.count()} of {count} exams were accepted: {list(Exam.objects.values_list('state', 'reason'))}"
        )
    accepted.update(state=Exam.State.KEPT)
    freeze_split(split=draft_split(question=question, actor=None), actor=None)
    work(("build_batch", "seal_truth"))
    figures = stage_figures(("build_batch", "seal_truth"))
    for stage, of_stage in figures.items():
        pieces = Work.objects.filter(stage=stage).count()
        exams = (
            count
            if stage == "build_batch"
            else sum(b.items.count() for b in question.batches.all() if b.truths.exists())
        )
        figures[stage] = {name: value * pieces / exams for name, value in of_stage.items()}
    return figures


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
