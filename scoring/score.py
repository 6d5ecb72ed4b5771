"""Stage 8, score: a valid submission is compared with the sealed truth, and every number is written down with its run."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from django.conf import settings

from challenges.frame import spec_of
from concours.evaluation.evaluate import score, validate
from concours.evaluation.evidence import evidence
from concours.evaluation.parts import ALL
from concours.evaluation.score_table import external_scores
from concours.evaluation.truth_table import TruthError
from concours.formats.arrays import Array
from concours.formats.child import ChildLimits, run_limited
from concours.formats.fault import FormatError
from concours.formats.json import Json, JsonObject
from concours.formats.manifest import Manifest
from concours.metrics import MetricValue
from concours.questions.schema import QuestionSpec
from core.claims import Claim
from core.clock import database_now
from core.erasure import erase_after_commit
from core.locks import next_number
from core.moves import move
from core.storage import put_bytes, read_blob
from core.work import enqueue
from scoring.declared import declared_scores
from scoring.evaluations import copied, score_row
from scoring.models import CaseScore, Evaluation, Score, Submission, Truth
from scoring.opened_truth import is_external, known_truth, require_cases, truths_of, unpacked
from scoring.reseal import forget_artefacts
from scoring.validate import fail_for_truth, fail_submission, load, named, postpone, refuse

# An embedding network maps more than a file does; its arenas count as address space.
GENERATED_LIMITS = ChildLimits(memory_bytes=6 << 30, cpu_seconds=7200)


@dataclass(frozen=True)
class ComputedScores:
    """One run's numbers, however they were computed, ready to be written."""

    values: Mapping[str, Mapping[str, MetricValue]]  # by part (all, public, private) and name
    cases: Mapping[str, Mapping[str, float | None]]
    count: int
    seed: int
    provenance: JsonObject
    arrays: dict[str, Array] = field(default_factory=dict)


def score_submission(claim: Claim) -> None:
    """The stage's function: valid -> scored, with one more evaluation."""
    submission = load(claim.subject_id)
    if submission.state != Submission.State.VALID:
        with claim.finish():
            return
    if is_external(submission.phase):
        with claim.finish():  # scored by the table that an organiser enters
            if submission.evaluations.exists():
                move(submission, Submission.State.SCORED)
        return
    spec, truths = spec_of(submission.phase.question), truths_of(submission.phase)
    if truths is None:
        postpone(claim, submission)
        return
    try:
        require_cases(truths)
        computed = (
            _generated(submission, spec, truths) if spec.submission.generated else _compared(submission, spec, truths)
        )
    except TruthError as error:
        with claim.finish():
            fail_for_truth(submission, list(error.faults))
        return
    except FormatError as error:
        with claim.finish():
            refuse(submission, list(error.faults))
        return
    artefacts = put_bytes("sealed", f"submission-{submission.pk}", _npz(computed.arrays))
    with claim.finish():
        if truths_of(submission.phase) != truths:  # it was sealed again meanwhile: these numbers are of the past
            erase_after_commit([("sealed", artefacts.key)])
            enqueue("score_submission", submission, challenge_id=submission.team.challenge_id)
            return
        evaluation = _write(submission, truths, computed, artefacts.key)
        forget_artefacts(evaluation)
        challenge_id = submission.team.challenge_id
        move(submission, Submission.State.SCORED, detail={"evaluation": evaluation.number}, decided_at=database_now())
        enqueue("rank_phase", str(submission.phase_id), challenge_id=challenge_id)


def _compared(submission: Submission, spec: QuestionSpec, truths: list[Truth]) -> ComputedScores:
    """The team's file is decoded in a child that has no truth; the numbers are computed here, where no file of a team is
    opened, on the truth that this process keeps.
    """
    with named(submission) as path:
        prediction = validate(spec, Manifest.from_json(truths[0].public_manifest), path)
    truth = known_truth(spec, truths)
    run = score(spec, truth, prediction)
    declared = declared_scores(spec, submission.measured, submission.declared)
    return ComputedScores(
        values={part: {**scores, **declared} for part, scores in {ALL: run.values, **run.parts}.items()},
        cases=run.cases,
        count=run.count,
        seed=run.seed,
        provenance=_provenance(
            truths, run.versions, run.question_sha256, run.truth_sha256, run.submission_sha256, run.embedding
        ),
        arrays=evidence(spec, truth, run),
    )


def _generated(submission: Submission, spec: QuestionSpec, truths: list[Truth]) -> ComputedScores:
    folder, networks = unpacked(truths), Path(settings.DATA) / "embeddings"
    with named(submission) as path:
        run = run_limited(
            "scoring.engine_run:score_generated",
            spec.text,
            str(folder),
            str(path),
            spec.seed,
            str(networks),
            limits=GENERATED_LIMITS,
            read=[folder, path, *([networks] if networks.is_dir() else [])],
        )
    question, truth, sent = run["sha256"]
    values = {
        name: MetricValue(value, reason, tuple(interval) if interval else None, details)
        for name, (value, reason, interval, details) in run["values"].items()
    }
    return ComputedScores(
        values={ALL: {**values, **declared_scores(spec, submission.measured, submission.declared)}},
        cases={},
        count=run["count"],
        seed=run["seed"],
        provenance=_provenance(truths, run["versions"], question, truth, sent, run["embedding"]),
        arrays={"real": run["real"], "generated": run["generated"]},
    )


def _provenance(
    truths: list[Truth],
    versions: Mapping[str, str],
    question: str,
    truth: str,
    submission: str,
    embedding: Mapping[str, Json],
) -> JsonObject:
    return {
        "versions": dict(versions),
        "sha256": {"question": question, "truth": truth, "submission": submission},
        "truths": [
            {"batch": str(version.batch_id), "version": version.version, "sha256": version.sha256} for version in truths
        ],
        "embedding": dict(embedding),
    }


def _npz(arrays: Mapping[str, Array]) -> bytes:
    """Uncompressed and without dates: equal arrays are equal bytes."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def artefacts_of(evaluation: Evaluation) -> dict[str, Array]:
    """The arrays that `score_submission` kept: what scores are made of, embeddings. For workers: they open the sealed store."""
    if not evaluation.artefacts_key:
        return {}
    with np.load(io.BytesIO(read_blob("sealed", evaluation.artefacts_key)), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _entered(submission: Submission, evaluation: Evaluation) -> dict[tuple[str, str], Score]:
    """Scores that an organiser entered before: computing the others again does not take them back."""
    names = external_scores(spec_of(submission.phase.question))
    last = submission.evaluations.exclude(pk=evaluation.pk).order_by("-number").first()
    if last is None or not names:
        return {}
    return {(score.part, score.name): copied(evaluation, score) for score in last.scores.filter(name__in=names)}


def _write(submission: Submission, truths: list[Truth], computed: ComputedScores, artefacts_key: str) -> Evaluation:
    evaluation = Evaluation.objects.create(
        submission=submission,
        truth=truths[0],
        number=next_number(submission.evaluations, parent=submission),
        question_revision=submission.phase.question.revision,
        seed=computed.seed,
        provenance=computed.provenance,
        artefacts_key=artefacts_key,
        done_at=database_now(),
        cases=computed.count,
    )
    entered = _entered(submission, evaluation)
    Score.objects.bulk_create(
        entered.get((part, name)) or score_row(evaluation, part, name, value)
        for part, scores in computed.values.items()
        for name, value in scores.items()
    )
    CaseScore.objects.bulk_create(
        [
            CaseScore(evaluation=evaluation, public_id=case, name=name, value=value)
            for case, scores in computed.cases.items()
            for name, value in scores.items()
        ],
        batch_size=2000,
    )
    return evaluation


def scoring_failed(subject_id: str, reason: str) -> None:
    fail_submission(subject_id, reason)
