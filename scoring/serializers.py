"""What the API says of submissions: to a team its own, and scores of those parts alone whose ranking is out."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from challenges.frame import spec_of
from core.models import Progress
from core.progress import progress_of
from core.words import say
from scoring.jury import cases_in_order
from scoring.models import Evaluation, JurySession, Submission
from scoring.visible_scores import scores_for_team
from scoring.words import FAILED_FOR_TEAMS


class SubmissionSerializer(serializers.ModelSerializer[Submission]):
    """A submission with every error in words. Case scores, hidden parts and other teams' work are in no field."""

    question = serializers.SerializerMethodField()
    phase = serializers.CharField(source="phase.name", read_only=True)
    team = serializers.CharField(source="team.name", read_only=True)
    notes = serializers.SerializerMethodField()
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]  # declared fields are taken off the class
    reason = serializers.SerializerMethodField()
    scores = serializers.SerializerMethodField()
    is_final = serializers.SerializerMethodField()

    class Meta:
        model = Submission
        fields = [
            "id",
            "question",
            "phase",
            "team",
            "upload",
            "state",
            "received_at",
            "decided_at",
            "sha256",
            "size",
            "errors",
            "notes",
            "reason",
            "description",
            "declared",
            "is_final",
            "scores",
        ]

    def get_question(self, submission: Submission) -> str:
        question = submission.phase.question
        return f"{question.challenge.slug}/{question.slug}"

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_errors(self, submission: Submission) -> list[dict[str, str]]:
        return errors_of(submission)

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_notes(self, submission: Submission) -> list[dict[str, str]]:
        return notes_of(submission)

    def get_reason(self, submission: Submission) -> str:
        return reason_of(submission)

    def get_is_final(self, submission: Submission) -> bool:
        return bool(submission.is_final)

    @extend_schema_field(dict[str, dict[str, float | None]])
    def get_scores(self, submission: Submission) -> dict[str, dict[str, float | None]]:
        return scores_for_team(submission)


def errors_of(submission: Submission) -> list[dict[str, str]]:
    """Every fault in the reader's language."""
    return [
        {"reason": fault["reason"], "where": fault["where"], "message": say(fault["template"], fault["values"])}
        for fault in submission.faults
    ]


def notes_of(submission: Submission) -> list[dict[str, str]]:
    """What the team should know of a submission that is nevertheless valid, in the reader's language."""
    rows = progress_of(submission).filter(state="note", audience=Progress.Audience.TEAM)
    return [{"message": say(row.template, row.values)} for row in rows]


def reason_of(submission: Submission) -> str:
    """Why it failed, as a team may know it: the trace of a defect says nothing to them."""
    return gettext(FAILED_FOR_TEAMS) if submission.state == Submission.State.FAILED else ""


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    """One scoring run with its numbers; organisers only."""

    scores = serializers.SerializerMethodField()
    truth = serializers.SerializerMethodField()

    class Meta:
        model = Evaluation
        fields = ["number", "question_revision", "seed", "provenance", "cases", "done_at", "truth", "scores"]

    def get_truth(self, evaluation: Evaluation) -> int:
        return evaluation.truth.version

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_scores(self, evaluation: Evaluation) -> list[dict[str, Any]]:
        rows = evaluation.scores.order_by("part", "name")
        return [dict(row) for row in rows.values("part", "name", "value", "low", "high", "reason")]


class JurySessionSerializer(serializers.ModelSerializer[JurySession]):
    """One's own pass through the cases: random ids in one's own order, which are marked, and the criteria."""

    question = serializers.SerializerMethodField()
    criteria = serializers.SerializerMethodField()
    cases = serializers.SerializerMethodField()

    class Meta:
        model = JurySession
        fields = ["id", "question", "finished_at", "criteria", "cases"]

    def get_question(self, session: JurySession) -> str:
        return f"{session.question.challenge.slug}/{session.question.slug}"

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_criteria(self, session: JurySession) -> list[dict[str, Any]]:
        jury = spec_of(session.question).jury
        return [
            {"name": one.name, "title": {"en": one.title.en, "fr": one.title.fr}, "min": one.min, "max": one.max}
            for one in (jury.criteria if jury else ())
        ]

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_cases(self, session: JurySession) -> list[dict[str, Any]]:
        marks: dict[Any, dict[str, int]] = {}
        for row in session.marks.all():
            marks.setdefault(row.case_id, {})[row.criterion] = row.mark
        return [{"id": case.pk, "marks": marks.get(case.pk, {})} for case in cases_in_order(session)]
