"""Stage 8, score: a valid submission is compared with the sealed truth, and every number is written down with its run."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext_noop

import metrics
from challenges.frame import spec_of
from challenges.spec import QuestionSpec
from core.clock import database_now
from core.models import Progress
from core.moves import move
from core.progress import tell_fault
from core.storage import put_bytes, read_blob
from core.work import Claim, enqueue
from formats.child import Limits, run_limited
from formats.fault import Fault, FormatError
from formats.manifest import Manifest
from scoring.evaluate import score, validate
from scoring.evidence import evidence
from scoring.models import CaseScore, Evaluation, Score, Submission, Truth
from scoring.opened_truth import known_truth, truths_of, unpacked
from scoring.truth import TruthError
from scoring.validate import fail_submission, load, named, postpone, reject

# An embedding network maps more than a file does; its arenas count as address space.
GENERATED_LIMITS = Limits(memory_bytes=6 << 30, cpu_seconds=7200, wall_seconds=7200.0)


@dataclass(frozen=True)
class Found:
    """One run's numbers, however they were computed, ready to be written."""

    scores: Mapping[str, float | None]
    reasons: Mapping[str, str]
    intervals: Mapping[str, tuple[float, float]]
    parts: Mapping[str, Mapping[str, float | None]]
    cases: Mapping[str, Mapping[str, float | None]]
    count: int
    seed: int
    provenance: dict[str, Any]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


def score_submission(claim: Claim) -> None:
    """The stage's function: valid -> scored, with one more evaluation."""
    submission = load(claim.subject_id)
    if submission.state != Submission.State.VALID:
        with claim.finish():
            return
    spec, truths = spec_of(submission.phase.question), truths_of(submission.phase)
    if truths is None:
        postpone(claim, submission)
        return
    try:
        found = (
            _generated(submission, spec, truths) if spec.submission.generated else _compared(submission, spec, truths)
        )
    except TruthError as error:
        with claim.finish():
            _organisers_fault(submission, list(error.faults))
        return
    except FormatError as error:
        with claim.finish():
            reject(submission, list(error.faults))
        return
    artefacts = put_bytes("sealed", f"submission-{submission.pk}", _npz(found.arrays))
    with claim.finish():
        evaluation = _write(submission, truths, found, artefacts.key)
        challenge_id = submission.team.challenge_id
        move(
            submission,
            Submission.State.SCORED,
            allowed=Submission.MOVES,
            challenge_id=challenge_id,
            detail={"evaluation": evaluation.number},
            decided_at=database_now(),
        )
        enqueue("rank_phase", str(submission.phase_id), challenge_id=challenge_id)


def _compared(submission: Submission, spec: QuestionSpec, truths: list[Truth]) -> Found:
    """The team's file is decoded in a child that has no truth; the numbers are computed here, where no file of a team is
    opened, on the truth that this process keeps.
    """
    with named(submission) as path:
        prediction = validate(spec, Manifest.from_json(truths[0].public_manifest), path)
    truth = known_truth(spec, truths)
    run = score(spec, truth, prediction)
    declared = _declared(submission, spec)
    return Found(
        scores={**run.scores, **{name: one.value for name, one in declared.items()}},
        reasons={
            name: why for name, why in run.reasons.items() if name not in declared or declared[name].value is None
        },
        intervals=run.intervals,
        parts={
            part: {**scores, **{name: one.value for name, one in declared.items()}}
            for part, scores in run.parts.items()
        },
        cases=run.cases,
        count=run.count,
        seed=run.seed,
        provenance=_provenance(
            truths, run.versions, run.question_sha256, run.truth_sha256, run.submission_sha256, run.embedding
        ),
        arrays=evidence(spec, truth, run),
    )


def _declared(submission: Submission, spec: QuestionSpec) -> dict[str, metrics.Score]:
    """Scores of what the team says of its own method (network size, seconds a case); undefined where it says nothing."""
    found = {}
    for name, one in spec.metrics.items():
        if one.over == "declared":
            try:
                found[name] = metrics.find(one.metric)({}, submission.declared, **one.params)
            except (ValueError, TypeError):
                found[name] = metrics.Score.undefined("missing_value")
    return found


def _generated(submission: Submission, spec: QuestionSpec, truths: list[Truth]) -> Found:
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
    return Found(
        scores=run["scores"],
        reasons=run["reasons"],
        intervals={name: (low, high) for name, (low, high) in run["intervals"].items()},
        parts={},
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
    embedding: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "versions": dict(versions),
        "sha256": {"question": question, "truth": truth, "submission": submission},
        "truths": [{"batch": str(one.batch_id), "version": one.version, "sha256": one.sha256} for one in truths],
        "embedding": dict(embedding),
    }


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Uncompressed and without dates: equal arrays are equal bytes."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def artefacts_of(evaluation: Evaluation) -> dict[str, np.ndarray]:
    """The arrays that `score_submission` kept: what scores are made of, embeddings. For workers: they open the sealed store."""
    if not evaluation.artefacts_key:
        return {}
    with np.load(io.BytesIO(read_blob("sealed", evaluation.artefacts_key)), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _write(submission: Submission, truths: list[Truth], found: Found, artefacts_key: str) -> Evaluation:
    newest = submission.evaluations.aggregate(n=Max("number"))["n"] or 0
    evaluation = Evaluation.objects.create(
        submission=submission,
        truth=truths[0],
        number=newest + 1,
        question_revision=submission.phase.question.revision,
        seed=found.seed,
        provenance=found.provenance,
        artefacts_key=artefacts_key,
        cases=found.count,
    )
    rows = [
        Score(
            evaluation=evaluation,
            name=name,
            part=Score.Part.ALL,
            value=value,
            low=found.intervals.get(name, (None, None))[0],
            high=found.intervals.get(name, (None, None))[1],
            reason=found.reasons.get(name, "")[:200],
        )
        for name, value in found.scores.items()
    ]
    rows += [
        Score(evaluation=evaluation, name=name, part=part, value=value)
        for part, scores in found.parts.items()
        for name, value in scores.items()
    ]
    Score.objects.bulk_create(rows)
    CaseScore.objects.bulk_create(
        [
            CaseScore(evaluation=evaluation, public_id=case, name=name, value=value)
            for case, scores in found.cases.items()
            for name, value in scores.items()
        ],
        batch_size=2000,
    )
    return evaluation


ORGANISERS_FAULT = gettext_noop(
    "The truth of this phase is at fault; the organisers were told and will score it again."
)


def _organisers_fault(submission: Submission, faults: list[Fault]) -> None:
    """Nothing is wrong with what the team sent: it is told so, and the organisers get every fault of the truth."""
    for fault in faults:
        tell_fault(submission, fault, stage="score_submission", audience=Progress.Audience.ORGANISER)
    move(
        submission,
        Submission.State.FAILED,
        allowed=Submission.MOVES,
        code=ORGANISERS_FAULT,
        challenge_id=submission.team.challenge_id,
        decided_at=database_now(),
    )


def scoring_failed(subject_id: str, reason: str) -> None:
    fail_submission(subject_id, reason)
