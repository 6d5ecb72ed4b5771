"""Submissions as their team reads them on pages: errors in words, and those scores alone whose ranking is out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext, ngettext

from challenges.frame import spec_of
from challenges.question_words import better, number, score_title, score_unit
from concours import metrics
from concours.evaluation.parts import PUBLIC
from concours.metrics.basis.reasons import REASONS
from concours.questions.schema import QuestionSpec
from core.queue_position import QueuePosition, queue_position
from core.words import say
from scoring.details import Details, details_of
from scoring.ladder import shown_in_public
from scoring.models import Evaluation, Score, Submission
from scoring.visible_scores import final_parts, revealed_parts
from uploads.reasons import UploadFault, faults_in_words

MOVING = (Submission.State.RECEIVED, Submission.State.VALID)
STAGES = ("accept_submission", "validate_submission", "score_submission")
LOOKS = {"received": "validating", "valid": "scoring"}


@dataclass(frozen=True)
class ShownScore:
    """A score in words: its value as the board rounds it, or the reason why there is none; the direction that is better."""

    name: str
    title: str
    part: str
    value: str | None
    unit: str
    better: str
    reason: str
    details: Details


LISTED_ERRORS = 3  # of a submission in a list; its own page has all


@dataclass(frozen=True)
class SubmissionRow:
    """A submission in a list, `look` being its state as people know it; `errors` are its first ones, `more` counts the others."""

    submission: Submission
    look: str
    scores: Sequence[ShownScore]
    errors: Sequence[UploadFault]
    more: int


def look(submission: Submission) -> str:
    """The state as people know it: received files are being checked, valid ones scored."""
    return LOOKS.get(submission.state, submission.state)


def position_of(submission: Submission) -> QueuePosition | None:
    """Where the submission stands in the queue; None once nothing more is to be done for it."""
    return queue_position(submission, STAGES) if submission.state in MOVING else None


def position_words(submission: Submission) -> str:
    """The position in the queue and the expected time, in the reader's language; empty where nothing waits."""
    position = position_of(submission)
    if position is None:
        return ""
    if position.ahead == 0:
        words = gettext("It is being processed now.")
    elif position.is_capped:
        words = gettext("More than %(ahead)s tasks are ahead of it in the queue.") % {"ahead": number(position.ahead)}
    else:
        words = ngettext(
            "%(ahead)s task is ahead of it in the queue.",
            "%(ahead)s tasks are ahead of it in the queue.",
            position.ahead,
        ) % {"ahead": number(position.ahead)}
    if position.expected_seconds is None:
        return words
    if position.expected_seconds < 90:
        return words + " " + gettext("Expected in about %(seconds)s s.") % {"seconds": position.expected_seconds}
    return (
        words + " " + gettext("Expected in about %(minutes)s min.") % {"minutes": round(position.expected_seconds / 60)}
    )


def part_words(part: str) -> str:
    return {"public": gettext("public part"), "private": gettext("hidden part")}.get(part, gettext("all cases"))


def shown_scores(submissions: Sequence[Submission], *, every_part: bool = False) -> dict[UUID, list[ShownScore]]:
    """By submission id, its newest scores in four queries at most, whatever the number of submissions.

    `every_part` is for organisers; teams see the parts whose ranking is out, rounded as the board is.
    """
    phases = {submission.phase_id: submission.phase for submission in submissions}
    open_parts = {key: revealed_parts(phase) for key, phase in phases.items()} if not every_part else {}
    if not every_part and not any(open_parts.values()):
        return {}
    newest = (
        Evaluation.objects.filter(submission__in=submissions).order_by().values("submission").annotate(n=Max("number"))
    )
    on_ladder = {} if every_part else {key: shown_in_public(phase) for key, phase in phases.items()}
    numbers = {row["submission"]: row["n"] for row in newest}
    rows = Score.objects.filter(evaluation__submission__in=submissions).select_related("evaluation")
    final = {key: final_parts(phase) for key, phase in phases.items()} if not every_part else {}
    specs: dict[int, QuestionSpec] = {}  # each question's file is read once
    shown: dict[UUID, list[ShownScore]] = {}
    by_id = {submission.pk: submission for submission in submissions}
    for row in rows.order_by("part", "id"):
        submission = by_id[row.evaluation.submission_id]
        if row.evaluation.number != numbers[submission.pk]:
            continue
        if not every_part and row.part not in open_parts[submission.phase_id]:
            continue
        in_public = on_ladder.get(submission.phase_id)
        if row.part == PUBLIC and in_public is not None and submission.pk not in in_public:
            continue
        if submission.phase_id not in specs:
            specs[submission.phase_id] = spec_of(phases[submission.phase_id].question)
        spec = specs[submission.phase_id]
        with_details = every_part or row.part in final[submission.phase_id]
        details = details_of(row.details) if with_details else Details()
        shown.setdefault(submission.pk, []).append(_shown_score(spec, row, details))
    return shown


def _shown_score(spec: QuestionSpec, row: Score, details: Details) -> ShownScore:
    declared = spec.metrics.get(row.name)
    has_metric = declared is not None and declared.metric in metrics.names()
    metric = metrics.find(declared.metric) if has_metric and declared is not None else None
    value = None if row.value is None else number(round(row.value, spec.leaderboard.digits))
    return ShownScore(
        name=row.name,
        title=score_title(spec, row.name),
        part=part_words(row.part),
        value=value,
        unit=score_unit(spec, row.name),
        better=better(metric.direction) if metric else better(declared.direction if declared else ""),
        reason=say(REASONS[row.reason]) if row.reason in REASONS else row.reason,
        details=details,
    )


def submission_rows(submissions: Iterable[Submission]) -> list[SubmissionRow]:
    """Rows of the list of results."""
    listed = list(submissions)
    scores = shown_scores(listed)
    return [
        SubmissionRow(
            row,
            look(row),
            scores.get(row.pk, []),
            faults_in_words(row.faults[:LISTED_ERRORS]),
            max(len(row.faults) - LISTED_ERRORS, 0),
        )
        for row in listed
    ]
