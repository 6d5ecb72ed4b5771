"""What the API says of submissions: to a team its own, and scores of those parts alone whose ranking is out."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from challenges.bodies import PhaseBody, SeedBody
from challenges.frame import spec_of
from concours.formats.json import Json, JsonObject
from core.body import Body, NamesField, ReasonBody, ScalarField
from core.words import say
from scoring.jury import cases_in_order
from scoring.models import Evaluation, JurySession, Submission
from scoring.opened_truth import is_external
from scoring.results import position_of
from scoring.submission_facts import SubmissionFacts
from scoring.words import FAILED_FOR_TEAMS, ORGANISERS_FAULT
from uploads.reasons import UploadFault, faults_in_words


class SubmissionListSerializer(serializers.ListSerializer[Submission]):
    """Reads what its submissions need for all of them at once."""

    def to_representation(self, data: Json) -> list[Json]:
        submissions = list(data)
        assert isinstance(self.child, SubmissionSerializer)
        self.child.known_facts = SubmissionFacts(submissions)
        return super().to_representation(submissions)


class SubmissionSerializer(serializers.ModelSerializer[Submission]):
    """A submission with every error in words. Case scores, hidden parts and other teams' work are in no field."""

    question = serializers.SerializerMethodField()
    phase = serializers.CharField(source="phase.name", read_only=True)
    team = serializers.CharField(source="team.name", read_only=True)
    notes = serializers.SerializerMethodField()
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]  # declared fields are taken off the class
    reason = serializers.SerializerMethodField()
    scores = serializers.SerializerMethodField()
    details = serializers.SerializerMethodField()
    is_final = serializers.SerializerMethodField()
    queue = serializers.SerializerMethodField()
    known_facts: SubmissionFacts | None = None

    class Meta:
        model = Submission
        list_serializer_class = SubmissionListSerializer
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
            "measured",
            "is_final",
            "scores",
            "details",
            "queue",
        ]

    def facts_of(self, submission: Submission) -> SubmissionFacts:
        return self.known_facts or SubmissionFacts([submission])

    def get_question(self, submission: Submission) -> str:
        question = submission.phase.question
        return f"{question.challenge.slug}/{question.slug}"

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_errors(self, submission: Submission) -> list[JsonObject]:
        return [asdict(fault) for fault in errors_of(submission)]

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_notes(self, submission: Submission) -> list[dict[str, str]]:
        return [{"message": message} for message in notes_of(submission, self.facts_of(submission))]

    def get_reason(self, submission: Submission) -> str:
        return reason_of(submission, self.facts_of(submission))

    def get_is_final(self, submission: Submission) -> bool:
        return bool(submission.is_final)

    @extend_schema_field({"type": "object", "nullable": True})
    def get_queue(self, submission: Submission) -> JsonObject | None:
        """`{"ahead", "is_capped", "expected_seconds"}` while it waits, else null."""
        position = position_of(submission)
        if position is None:
            return None
        return {
            "ahead": position.ahead,
            "is_capped": position.is_capped,
            "expected_seconds": position.expected_seconds,
        }

    @extend_schema_field(dict[str, dict[str, float | None]])
    def get_scores(self, submission: Submission) -> dict[str, dict[str, float | None]]:
        return self.facts_of(submission).scores_for_team(submission)

    @extend_schema_field({"type": "object"})
    def get_details(self, submission: Submission) -> dict[str, JsonObject]:
        return self.facts_of(submission).details_for_team(submission)


def errors_of(submission: Submission) -> list[UploadFault]:
    """Every fault in the reader's language."""
    return faults_in_words(submission.faults)


def notes_of(submission: Submission, facts: SubmissionFacts | None = None) -> list[str]:
    """What the team should know of a submission that is nevertheless valid, in the reader's language."""
    rows = (facts or SubmissionFacts([submission])).notes_of(submission)
    return [say(row.template, row.values) for row in rows]


def reason_of(submission: Submission, facts: SubmissionFacts | None = None) -> str:
    """Why it failed, or what it waits for, as a team may know it."""
    if submission.state == Submission.State.FAILED:
        return gettext(ORGANISERS_FAULT if submission.reason == ORGANISERS_FAULT else FAILED_FOR_TEAMS)
    if submission.state in (Submission.State.RECEIVED, Submission.State.VALID) and not is_external(submission.phase):
        why = (facts or SubmissionFacts([submission])).phase_of(submission).waits_for
        return say(why.template, why.values) if why is not None else ""
    return ""


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    """One scoring run with its numbers; organisers only."""

    scores = serializers.SerializerMethodField()
    truth = serializers.SerializerMethodField()

    class Meta:
        model = Evaluation
        fields = ["number", "question_revision", "seed", "provenance", "cases", "done_at", "truth", "scores"]

    def get_truth(self, evaluation: Evaluation) -> int | None:
        return evaluation.truth.version if evaluation.truth is not None else None

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_scores(self, evaluation: Evaluation) -> list[JsonObject]:
        rows = evaluation.scores.order_by("part", "name")
        return [dict(row) for row in rows.values("part", "name", "value", "low", "high", "reason", "details")]


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
    def get_criteria(self, session: JurySession) -> list[JsonObject]:
        jury = spec_of(session.question).jury
        return [
            {
                "name": criterion.name,
                "title": {"en": criterion.title.en, "fr": criterion.title.fr},
                "min": criterion.min,
                "max": criterion.max,
            }
            for criterion in (jury.criteria if jury else ())
        ]

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_cases(self, session: JurySession) -> list[JsonObject]:
        marks: dict[UUID, dict[str, int]] = {}
        for row in session.marks.all():
            marks.setdefault(row.case_id, {})[row.criterion] = row.mark
        return [{"id": case.pk, "marks": marks.get(case.pk, {})} for case in cases_in_order(session)]


class SubmissionDraftBody(Body):
    upload = serializers.UUIDField(help_text="A stored upload of one's team.")
    description = serializers.CharField(default="", allow_blank=True)
    declared = NamesField(
        child=ScalarField(), allow_null=True, required=False, help_text="Figures the question asks for."
    )
    idempotency_key = serializers.CharField(default="", allow_blank=True, max_length=80)


class MeasurementBody(Body):
    measured = NamesField(
        child=ScalarField(), help_text="Figures such as parameters and seconds; an empty text takes one back."
    )


class ScoresBody(PhaseBody):
    table = serializers.CharField(
        required=False, trim_whitespace=False, max_length=5_000_000, help_text="A CSV as text."
    )
    file = serializers.FileField(required=False, help_text="A CSV or XLSX file (multipart).")

    def validate(self, attrs: JsonObject) -> JsonObject:
        if ("table" in attrs) == ("file" in attrs):
            raise serializers.ValidationError(_("Send the table as text, or as a file."))
        return attrs


class RescoreBody(PhaseBody, ReasonBody):
    pass


class JuryOpeningBody(SeedBody):
    pass


class JuryMarksBody(Body):
    case = serializers.UUIDField()
    marks = NamesField(child=serializers.IntegerField(), help_text="A whole number for every criterion.")
