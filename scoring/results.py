"""Submissions as their team reads them on pages: errors in words, and those scores alone whose ranking is out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext

import metrics
from challenges.frame import spec_of
from challenges.question_words import better, number, score_title, score_unit
from challenges.spec import QuestionSpec
from scoring.models import Evaluation, Score, Submission
from scoring.revealed import revealed_parts

MOVING = (Submission.State.RECEIVED, Submission.State.VALID)
LOOKS = {"received": "validating", "valid": "scoring"}


def look(submission: Submission) -> str:
    """The state as people know it: received files are being checked, valid ones scored."""
    return LOOKS.get(submission.state, submission.state)


def part_words(part: str) -> str:
    return {"public": gettext("public part"), "private": gettext("hidden part")}.get(part, gettext("all cases"))


def shown_scores(submissions: Sequence[Submission], *, every_part: bool = False) -> dict[Any, list[dict[str, Any]]]:
    """By submission id, its newest scores in four queries at most, whatever the number of submissions.

    `every_part` is for organisers; teams see the parts whose ranking is out, rounded as the board is.
    """
    phases = {one.phase_id: one.phase for one in submissions}
    open_parts = {key: revealed_parts(phase) for key, phase in phases.items()} if not every_part else {}
    if not every_part and not any(open_parts.values()):
        return {}
    newest = (
        Evaluation.objects.filter(submission__in=submissions).order_by().values("submission").annotate(n=Max("number"))
    )
    numbers = {row["submission"]: row["n"] for row in newest}
    rows = Score.objects.filter(evaluation__submission__in=submissions).select_related("evaluation")
    found: dict[Any, list[dict[str, Any]]] = {}
    by_id = {one.pk: one for one in submissions}
    for row in rows.order_by("part", "id"):
        submission = by_id[row.evaluation.submission_id]
        if row.evaluation.number != numbers[submission.pk]:
            continue
        if not every_part and row.part not in open_parts[submission.phase_id]:
            continue
        spec = spec_of_cached(submission, phases)
        found.setdefault(submission.pk, []).append(score_row(spec, row))
    return found


def spec_of_cached(submission: Submission, phases: dict[int, Any]) -> QuestionSpec:
    """The question's file, read once a phase."""
    phase = phases[submission.phase_id]
    if not hasattr(phase, "known_spec"):
        phase.known_spec = spec_of(phase.question)
    spec: QuestionSpec = phase.known_spec
    return spec


def score_row(spec: QuestionSpec, row: Score) -> dict[str, Any]:
    declared = spec.metrics.get(row.name)
    known = declared is not None and declared.metric in metrics.names()
    metric = metrics.find(declared.metric) if known and declared is not None else None
    value = None if row.value is None else number(round(row.value, spec.leaderboard.digits))
    return {
        "name": row.name,
        "title": score_title(spec, row.name),
        "part": part_words(row.part),
        "value": value,
        "unit": score_unit(spec, row.name, metric.unit_with(declared.params)) if metric and declared else "",
        "better": better(metric.direction) if metric else better(declared.direction if declared else ""),
        "reason": row.reason,
    }


def submission_rows(submissions: Iterable[Submission]) -> list[dict[str, Any]]:
    """Rows of the list of results."""
    every = list(submissions)
    scores = shown_scores(every)
    return [{"submission": one, "look": look(one), "scores": scores.get(one.pk, [])} for one in every]
