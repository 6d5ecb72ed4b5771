"""What the API says of uploads and exams."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.models import Progress
from core.progress import progress_of
from core.words import say
from uploads.models import Exam, Upload


class ProgressSerializer(serializers.ModelSerializer[Progress]):
    message = serializers.SerializerMethodField()

    class Meta:
        model = Progress
        fields = ["stage", "state", "reason", "where", "message", "at"]

    def get_message(self, row: Progress) -> str:
        return say(row.template, row.values)


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """An upload as its owner sees it; `errors` lists every fault at once."""

    errors = serializers.SerializerMethodField()  # type: ignore[assignment]  # declared fields are taken off the class
    exams: serializers.PrimaryKeyRelatedField[Exam] = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = Upload
        fields = ["id", "kind", "state", "length", "reason", "errors", "exams", "created_at", "stored_at"]

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_errors(self, upload: Upload) -> list[dict[str, str]]:
        return [
            {"reason": fault["reason"], "where": fault["where"], "message": say(fault["template"], fault["values"])}
            for fault in upload.faults
        ]


class ExamSerializer(serializers.ModelSerializer[Exam]):
    question = serializers.SerializerMethodField()
    centre = serializers.CharField(source="centre.slug", read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = Exam
        fields = ["id", "question", "centre", "number", "upload", "state", "reason", "received_at", "decided_at"]

    def get_question(self, exam: Exam) -> str:
        return f"{exam.question.challenge.slug}/{exam.question.slug}"

    def get_state(self, exam: Exam) -> str:
        return state_for_centre(exam)


class ExamDetailSerializer(ExamSerializer):
    progress = serializers.SerializerMethodField()

    class Meta(ExamSerializer.Meta):
        fields = [*ExamSerializer.Meta.fields, "progress"]

    @extend_schema_field(ProgressSerializer(many=True))
    def get_progress(self, exam: Exam) -> list[dict[str, Any]]:
        rows = progress_of(exam).filter(audience=Progress.Audience.CENTRE)
        return list(ProgressSerializer(rows, many=True).data)


def state_for_centre(exam: Exam) -> str:
    """What a centre may know of the state: grades stay with the organisers, so kept and dropped are both accepted."""
    hidden = (Exam.State.KEPT, Exam.State.DROPPED)
    return str(Exam.State.ACCEPTED) if exam.state in hidden else str(exam.state)
