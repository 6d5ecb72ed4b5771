"""Stage 7, validate: every error of a submission at once, found in a limited child that knows the public manifest alone."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from core.clock import database_now
from core.models import Progress
from core.moves import move
from core.progress import tell
from core.storage import local_copy
from core.work import Claim, enqueue
from formats.child import Limits, run_limited
from formats.fault import Fault, FormatError
from scoring.models import Submission, Truth
from scoring.opened_truth import truths_of

LIMITS = Limits(memory_bytes=3 << 30, cpu_seconds=900, wall_seconds=1800.0)
WAIT = timedelta(seconds=15)
IGNORED = gettext_noop(
    "Exams that were withdrawn after their release: %(count)s. What you sent of them was not used; leave them out next time."
)
ENDINGS = (".csv", ".xlsx", ".zip", ".nii", ".nii.gz", ".npy", ".png", ".dcm", ".nrrd", ".txt", ".tsv")


def validate_submission(claim: Claim) -> None:
    """The stage's function: received -> valid, or rejected with all its errors."""
    submission = load(claim.subject_id)
    if submission.state != Submission.State.RECEIVED:
        with claim.finish():
            return
    truths = truths_of(submission.phase)
    if truths is None:
        postpone(claim, submission)
        return
    faults, ignored = check(submission, truths[0])
    with claim.finish():
        if faults:
            reject(submission, faults)
            return
        challenge_id = submission.team.challenge_id
        move(submission, Submission.State.VALID, allowed=Submission.MOVES, challenge_id=challenge_id)
        if ignored:
            tell(
                submission,
                stage="validate_submission",
                state="note",
                template=IGNORED,
                values={"count": ignored},
                audience=Progress.Audience.TEAM,
            )
        enqueue("score_submission", submission, challenge_id=challenge_id)


def load(subject_id: str) -> Submission:
    related = ("team", "upload", "phase__question__challenge")
    return Submission.objects.select_related(*related).get(pk=subject_id)


def postpone(claim: Claim, submission: Submission) -> None:
    """The truth is not sealed yet: asked again soon. No team is told that anything is wrong, for nothing is."""
    with claim.finish():
        enqueue(claim.stage, submission, run_at=database_now() + WAIT, challenge_id=submission.team.challenge_id)


def check(submission: Submission, truth: Truth) -> tuple[list[Fault], int]:
    """Everything wrong with the file, and how many withdrawn cases it still holds.

    The truth lends its public manifest and nothing else.
    """
    question = spec_of(submission.phase.question).text
    with named(submission) as path:
        try:
            found = run_limited(
                "scoring.engine_run:check", question, truth.public_manifest, str(path), limits=LIMITS, read=[path]
            )
        except FormatError as error:
            return list(error.faults), 0
    return [], int(found["ignored"])


@contextmanager
def named(submission: Submission) -> Iterator[Path]:
    """The file under a name with the ending that the team gave it: readers tell a workbook from an archive by it."""
    sent = PurePosixPath(submission.upload.source_name.replace("\\", "/")).name.lower()
    ending = next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if sent.endswith(ending)), "")
    with local_copy("submissions", submission.blob_key) as stored, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"submission{ending}"
        path.symlink_to(stored.resolve())
        yield path


def reject(submission: Submission, faults: list[Fault]) -> None:
    move(
        submission,
        Submission.State.REJECTED,
        allowed=Submission.MOVES,
        challenge_id=submission.team.challenge_id,
        detail={"errors": len(faults)},
        faults=[fault.to_json() for fault in faults],
        decided_at=database_now(),
        is_final=None,
    )


def validation_failed(subject_id: str, reason: str) -> None:
    """The platform's own fault, after every try: the team keeps its attempt's place, an organiser can try again."""
    fail_submission(subject_id, reason)


def fail_submission(subject_id: str, reason: str) -> None:
    submission = load(subject_id)
    if submission.state in (Submission.State.RECEIVED, Submission.State.VALID):
        move(
            submission,
            Submission.State.FAILED,
            allowed=Submission.MOVES,
            code=reason or "failed",
            challenge_id=submission.team.challenge_id,
            decided_at=database_now(),
        )
