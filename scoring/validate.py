"""Stage 7, validate: every error of a submission at once, found in a limited child that knows the public manifest alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from concours.evaluation.truth_table import TruthError
from concours.formats.child import ChildLimits, run_limited
from concours.formats.fault import Fault, FormatError
from core.claims import Claim
from core.clock import database_now
from core.failures import PLATFORM
from core.models import Progress
from core.moves import move
from core.progress import progress_of, tell, tell_fault
from core.scanner import scan_file
from core.storage import local_copy
from core.temporary import lease_folder
from core.work import enqueue
from scoring.faults import by_exam
from scoring.models import Submission, Truth
from scoring.opened_truth import is_external, require_cases, truths_of
from scoring.words import ORGANISERS_FAULT

LIMITS = ChildLimits(memory_bytes=3 << 30, cpu_seconds=900)
WAIT = timedelta(minutes=2)  # sealing wakes what waits for it; this is for what was missed
IGNORED = gettext_noop(
    "Exams withdrawn after their release: %(count)s. Your answers for them were ignored; leave them out next time."
)
AWAITS_SCORES = gettext_noop(
    "The organisers compute the scores of this question with a program of their own. They are shown once entered and published."
)
LONGEST_NAME = 80  # letters of a file name that errors repeat
ENDINGS = (".csv", ".xlsx", ".zip", ".nii", ".nii.gz", ".npy", ".png", ".dcm", ".nrrd", ".txt", ".tsv")


def validate_submission(claim: Claim) -> None:
    """The stage's function: received -> valid, or rejected with all its errors."""
    submission = load(claim.subject_id)
    if submission.state != Submission.State.RECEIVED:
        with claim.finish():
            return
    if is_external(submission.phase):
        faults = _scanned(submission)
        with claim.finish():
            if faults:
                refuse(submission, faults)
                return
            move(submission, Submission.State.VALID)
            _note(submission, AWAITS_SCORES)
        return
    truths = truths_of(submission.phase)
    if truths is None:
        postpone(claim, submission)
        return
    try:
        require_cases(truths)
    except TruthError as error:
        with claim.finish():
            fail_for_truth(submission, list(error.faults))
        return
    faults, ignored = _scanned(submission), 0
    if not faults:
        faults, ignored = check(submission, truths[0])
    with claim.finish():
        if faults:
            refuse(submission, faults)
            return
        challenge_id = submission.team.challenge_id
        move(submission, Submission.State.VALID)
        if ignored:
            _note(submission, IGNORED, count=ignored)
        enqueue("score_submission", submission, challenge_id=challenge_id)


def _scanned(submission: Submission) -> list[Fault]:
    """What the site's virus scanner says of the file."""
    try:
        with local_copy("submissions", submission.blob_key) as path:
            scan_file(path, PurePosixPath(submission.upload.source_name).name or "submission")
    except FormatError as error:
        return list(error.faults)
    return []


def _note(submission: Submission, template: str, **values: object) -> None:
    tell(
        submission,
        stage="validate_submission",
        state="note",
        template=template,
        values=values,
        audience=Progress.Audience.TEAM,
    )


def load(subject_id: str) -> Submission:
    related = ("team", "upload", "phase__question__challenge")
    return Submission.objects.select_related(*related).get(pk=subject_id)


def postpone(claim: Claim, submission: Submission) -> None:
    """The truth is not sealed yet: the submission is kept, and its page says what it waits for (`scoring.waiting`)."""
    with claim.finish():
        enqueue(claim.stage, submission, run_at=database_now() + WAIT, challenge_id=submission.team.challenge_id)


def check(submission: Submission, truth: Truth) -> tuple[list[Fault], int]:
    """Everything wrong with the file, and how many withdrawn cases it still holds.

    The truth lends its public manifest and nothing else.
    """
    question = spec_of(submission.phase.question).text
    with named(submission) as path:
        try:
            answer = run_limited(
                "scoring.engine_run:check", question, truth.public_manifest, str(path), limits=LIMITS, read=[path]
            )
        except FormatError as error:
            return list(error.faults), 0
    return [], int(answer["ignored"])


@contextmanager
def named(submission: Submission) -> Iterator[Path]:
    """The file under the name that the team gave it: its ending tells a workbook from an archive, and errors name it."""
    with local_copy("submissions", submission.blob_key) as stored, lease_folder("submission") as folder:
        path = folder / own_name(submission.upload.source_name)
        path.symlink_to(stored.resolve())
        yield path


def own_name(source_name: str) -> str:
    """The last part of the team's own file name with a known ending; letters, digits, dots, hyphens and underscores stay."""
    sent = PurePosixPath(source_name.replace("\\", "/")).name
    ending = next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if sent.lower().endswith(ending)), "")
    stem = re.sub(r"[^\w.-]", "_", sent[: len(sent) - len(ending)]).strip(".")[:LONGEST_NAME]
    return f"{stem or 'submission'}{ending}"


def refuse(submission: Submission, faults: list[Fault]) -> None:
    """Rejects the submission, unless the fault is the organisers': then it fails, and costs the team nothing."""
    if any(fault.reason == "organiser_error" for fault in faults):
        fail_for_truth(submission, faults)
    else:
        reject(submission, faults)


def reject(submission: Submission, faults: list[Fault]) -> None:
    move(
        submission,
        Submission.State.REJECTED,
        detail={"errors": len(faults)},
        faults=[fault.to_json() for fault in faults],
        decided_at=database_now(),
        is_final=None,
    )


def fail_for_truth(submission: Submission, faults: list[Fault]) -> None:
    """Nothing is wrong with what the team sent: it is told so, and the organisers get every fault, each with its exam."""
    progress_of(submission).filter(audience=Progress.Audience.ORGANISER).delete()  # of an earlier try
    for fault in by_exam(submission.phase.question.batches.all(), faults):
        tell_fault(submission, fault, stage="score_submission", audience=Progress.Audience.ORGANISER)
    move(submission, Submission.State.FAILED, code=ORGANISERS_FAULT, decided_at=database_now())


def validation_failed(subject_id: str, reason: str) -> None:
    """The platform's own fault, after every try: it costs the team no attempt, and an organiser can try again."""
    fail_submission(subject_id, reason)


def fail_submission(subject_id: str, reason: str) -> None:
    submission = load(subject_id)
    if submission.state in (Submission.State.RECEIVED, Submission.State.VALID):
        move(submission, Submission.State.FAILED, code=PLATFORM, decided_at=database_now())
