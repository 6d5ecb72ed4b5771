"""What the API says of uploads and exams."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from challenges.field_titles import KEYS, field_titles
from challenges.frame import spec_of
from challenges.models import Role
from challenges.permissions import has_role
from concours.formats.json import JsonObject
from concours.study.grouping import SetAside
from core.models import Progress
from core.progress import progress_of
from core.words import say
from uploads.models import Exam, Upload
from uploads.reasons import aside_words, centres_read_by, faults_of, folder_of, render_row, state_for_centre
from uploads.withdraw import withdrawal_of


class ProgressSerializer(serializers.ModelSerializer[Progress]):
    message = serializers.SerializerMethodField()

    class Meta:
        model = Progress
        fields = ["stage", "state", "reason", "where", "message", "at"]

    def to_representation(self, row: Progress) -> JsonObject:
        """In words; the names of files are for people of the exam's centre."""
        shown = dict(super().to_representation(row))
        shown["message"], shown["where"] = render_row(
            row, named=bool(self.context.get("named")), titles=self.context.get("titles", KEYS)
        )
        return shown

    def get_message(self, row: Progress) -> str:
        return say(row.template, row.values)


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """An upload as its owner sees it; `errors` lists every fault at once."""

    notes = serializers.SerializerMethodField()
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]  # declared fields are taken off the class
    exams: serializers.PrimaryKeyRelatedField[Exam] = serializers.PrimaryKeyRelatedField(many=True, read_only=True)

    class Meta:
        model = Upload
        fields = ["id", "kind", "state", "length", "reason", "errors", "notes", "exams", "created_at", "stored_at"]

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_errors(self, upload: Upload) -> list[JsonObject]:
        return [asdict(fault) for fault in faults_of(upload)]

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_notes(self, upload: Upload) -> list[JsonObject]:
        """What came with the exams and is no part of them: kind, count and the first names."""
        return [{**note, "message": aside_words(SetAside.from_json(note))} for note in upload.notes]


class ExamSerializer(serializers.ModelSerializer[Exam]):
    question = serializers.SerializerMethodField()
    centre = serializers.CharField(source="centre.slug", read_only=True)
    state = serializers.SerializerMethodField()
    folder = serializers.SerializerMethodField()

    class Meta:
        model = Exam
        fields = [
            "id",
            "question",
            "centre",
            "number",
            "upload",
            "state",
            "reason",
            "folder",
            "received_at",
            "decided_at",
        ]

    def get_question(self, exam: Exam) -> str:
        return f"{exam.question.challenge.slug}/{exam.question.slug}"

    def get_state(self, exam: Exam) -> str:
        return state_for_centre(exam)

    def get_folder(self, exam: Exam) -> str:
        """What the exam's own centre calls it; empty for everybody else, and once it is erased."""
        return folder_of(exam, self._own_centres())

    def _own_centres(self) -> frozenset[int]:
        shared = cast("JsonObject", self.context)  # of the whole answer: asked once for a list
        own: frozenset[int] = shared.get("own_centres") or centres_read_by(shared["request"].user)
        shared["own_centres"] = own
        return own


class ExamDetailSerializer(ExamSerializer):
    progress = serializers.SerializerMethodField()
    withdrawal = serializers.SerializerMethodField()

    class Meta(ExamSerializer.Meta):
        fields = [*ExamSerializer.Meta.fields, "progress", "withdrawal"]

    @extend_schema_field({"type": "object", "nullable": True})
    def get_withdrawal(self, exam: Exam) -> JsonObject | None:
        """What is erased and what is still under way; null for an exam that was not withdrawn."""
        organises = has_role(self.context["request"].user, exam.question.challenge, Role.Kind.ORGANISER)
        withdrawal = withdrawal_of(exam, by_batch=organises)
        return None if withdrawal is None else withdrawal.to_json()

    @extend_schema_field(ProgressSerializer(many=True))
    def get_progress(self, exam: Exam) -> list[JsonObject]:
        rows = progress_of(exam).filter(audience=Progress.Audience.CENTRE)
        named = exam.centre_id in self._own_centres()
        context = {**self.context, "named": named, "titles": field_titles(spec_of(exam.question))}
        return list(ProgressSerializer(rows, many=True, context=context).data)
