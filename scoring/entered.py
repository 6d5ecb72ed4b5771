"""Numbers that an organiser enters: scores that were computed elsewhere, and what was measured on a method."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.models import Phase
from challenges.permissions import require_organiser
from concours.evaluation.parts import ALL
from concours.evaluation.score_table import ScoreRow, external_scores, read_scores
from concours.formats.fault import FormatError
from concours.formats.json import Json
from concours.formats.values import inert_cell
from concours.metrics import MetricValue
from concours.questions.schema import QuestionSpec
from core.actors import Actor
from core.audit import record
from core.clock import database_now
from core.errors import InvalidInputError
from core.locks import locked
from core.moves import move
from core.work import enqueue
from scoring.chosen import counting_submissions
from scoring.declared import declared_scores, read_figures
from scoring.evaluations import add_evaluation
from scoring.models import Submission

State = Submission.State
MOST_BYTES = 5_000_000


def enter_scores(*, phase: Phase, content: bytes, file_name: str, actor: Actor) -> int:
    """A table of scores for the submissions of a phase: all of it or nothing. Returns the number of submissions scored.

    A row names a team, which means the submission that counts for it, or a submission. Raises InvalidInputError with every
    error of the table. Entered again, each submission has one more evaluation, and the newest counts.
    """
    require_organiser(actor, phase.question.challenge)
    spec = spec_of(phase.question)
    names = external_scores(spec)
    if not names:
        raise InvalidInputError(
            gettext_noop("This question has no external score. Give a score 'metric: external' in its file first.")
        )
    if len(content) > MOST_BYTES:
        raise InvalidInputError(gettext_noop("A table of scores may have at most 5 MB."))
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        locked(phase)
        submissions = _submissions_by_name(phase)
        try:
            rows = read_scores(
                content, file_name, names, {name: str(submission.pk) for name, submission in submissions.items()}
            )
        except FormatError as error:
            template = gettext_noop("The table was not entered. Correct these errors and send it again.")
            raise InvalidInputError(template, list(error.faults)) from error
        by_key = {str(submission.pk): submission for submission in submissions.values()}
        for key in dict.fromkeys(row.submission for row in rows):
            own = [row for row in rows if row.submission == key]
            _enter(by_key[key], spec, own, actor, {"scores": digest})
        record(
            verb="scores entered",
            subject=phase,
            actor=actor,
            detail={"sha256": digest, "rows": len(rows), "scores": names},
            challenge_id=phase.question.challenge_id,
        )
        enqueue("rank_phase", str(phase.pk), challenge_id=phase.question.challenge_id)
    return len({row.submission for row in rows})


def scores_table(phase: Phase) -> str:
    """The table to fill: a row for the submission that counts of each team, with the external scores it has."""
    names = external_scores(spec_of(phase.question))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["team", "submission", *names])
    for submission in sorted(counting_submissions(phase).values(), key=lambda counting: counting.team.name):
        last = submission.evaluations.order_by("-number").first()
        values_by_name = (
            {} if last is None else dict(last.scores.filter(part=ALL, name__in=names).values_list("name", "value"))
        )
        values = ["" if values_by_name.get(name) is None else repr(values_by_name[name]) for name in names]
        writer.writerow([inert_cell(submission.team.name), submission.pk, *values])
    return out.getvalue()


def _submissions_by_name(phase: Phase) -> dict[str, Submission]:
    """By team name, slug and submission id: what a row of the table may name."""
    checked = Submission.objects.filter(phase=phase, state__in=[State.VALID, State.SCORED]).select_related("team")
    named = {str(submission.pk): submission for submission in checked}
    for submission in counting_submissions(phase).values():
        named |= {submission.team.name: submission, submission.team.slug: submission}
    return named


def _enter(
    submission: Submission, spec: QuestionSpec, rows: Sequence[ScoreRow], actor: Actor, source: Mapping[str, str]
) -> None:
    values = {
        (row.part, name): MetricValue(value) if value is not None else MetricValue.undefined("missing_value")
        for row in rows
        for name, value in row.scores.items()
    }
    parts = {row.part for row in rows} | {ALL}
    figures = declared_scores(spec, submission.measured, submission.declared)
    values |= {(part, name): value for part in parts for name, value in figures.items()}
    add_evaluation(submission, values, actor=actor, source=source)
    current = locked(submission)
    if current.state == State.VALID:
        move(submission, State.SCORED, actor=actor, decided_at=database_now())


def record_measurement(*, submission: Submission, measured: Mapping[str, Json], actor: Actor) -> None:
    """What the organisers measured replaces what the team declared; both stay on record. A scored submission is scored by it.

    An empty figure takes a measurement back. Raises InvalidInputError with every fault.
    """
    question = submission.phase.question
    require_organiser(actor, question.challenge)
    figures = read_figures(measured)
    with transaction.atomic():
        row = locked(submission)
        before, after = row.measured, {**{k: v for k, v in row.measured.items() if k not in measured}, **figures}
        if before == after:
            return
        Submission.objects.filter(pk=row.pk).update(measured=after)
        record(
            verb="method measured",
            subject=submission,
            actor=actor,
            detail={"before": before, "after": after},
            challenge_id=question.challenge_id,
        )
        spec = spec_of(question)
        newest = submission.evaluations.order_by("-number").first()
        scores = declared_scores(spec, after, row.declared)
        if newest is not None and scores:
            parts = dict.fromkeys([ALL, *newest.scores.values_list("part", flat=True)])
            values = {(part, name): value for part in parts for name, value in scores.items()}
            add_evaluation(submission, values, actor=actor, source={})
            enqueue("rank_phase", str(submission.phase_id), challenge_id=question.challenge_id)
    submission.refresh_from_db(fields=["measured"])
