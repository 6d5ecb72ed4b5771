"""Chooses and pictures the cases that a jury looks at, of every contestant alike."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from challenges.frame import spec_of
from challenges.models import Phase, Question, Team, TeamEntry
from concours.evaluation.clusters import nearest_to_centres
from concours.formats.child import run_limited
from concours.questions.schema import QuestionSpec
from core.audit import record
from core.claims import Claim
from core.locks import locked
from core.storage import Blob, put_bytes
from scoring.chosen import Chosen, chosen_submissions
from scoring.models import JuryCase
from scoring.score import artefacts_of
from scoring.validate import LIMITS, named


def contestants(phase: Phase) -> list[Chosen]:
    """What is judged: the chosen submission of every team that can be placed; no baseline, nobody excluded."""
    entries = TeamEntry.objects.filter(
        question=phase.question, excluded_reason="", team__is_baseline=False, team__state=Team.State.APPROVED
    )
    chosen = chosen_submissions(phase)
    return [chosen[entry.team_id] for entry in entries.order_by("team_id") if entry.team_id in chosen]


def choose_jury_cases(claim: Claim) -> None:
    """The stage's function; its subject is `<question>:<seed>`. Cases that were chosen stay as they are."""
    question_id, _colon, seed = claim.subject_id.partition(":")
    question = Question.objects.select_related("challenge").get(pk=question_id)
    spec = spec_of(question)
    phase = question.phases.filter(decides=True).first()
    if spec.jury is None or phase is None or question.jury_cases.exists():
        with claim.finish():
            return
    rows = [
        JuryCase(question=question, submission=contestant.submission, index=index, cluster=cluster, images_key=blob.key)
        for contestant in contestants(phase)
        for cluster, (index, blob) in enumerate(_pictured(question, spec, contestant, int(seed)))
    ]
    with claim.finish():
        if locked(question).jury_cases.exists():  # chosen meanwhile, from another seed
            return
        JuryCase.objects.bulk_create(rows)
        record(
            verb="jury cases chosen",
            subject=question,
            detail={"seed": int(seed), "cases": len(rows)},
            challenge_id=question.challenge_id,
        )


def _pictured(question: Question, spec: QuestionSpec, contestant: Chosen, seed: int) -> list[tuple[int, Blob]]:
    assert spec.jury is not None and contestant.evaluation.truth is not None
    generated = artefacts_of(contestant.evaluation)["generated"]
    if spec.jury.select == "kmeans":
        indices = nearest_to_centres(generated, spec.jury.cases, seed)
    else:
        indices = list(range(len(generated)))
    with named(contestant.submission) as path:
        arrays = run_limited(
            "scoring.engine_run:pictures",
            str(path),
            contestant.evaluation.truth.public_manifest,
            indices,
            limits=LIMITS,
            read=[path],
        )
    return [(index, _put(question, array)) for index, array in zip(indices, arrays, strict=True)]


def _put(question: Question, array: NDArray[np.uint8]) -> Blob:
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(array, dtype=np.uint8), allow_pickle=False)
    return put_bytes("submissions", f"jury-{question.pk}", file.getvalue())
