"""One patient's imaging for one question, its series and their instances."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from challenges.models import Centre, CentreMembership, Challenge, Question
from core.actors import Reader
from core.models import Moving
from uploads.models.upload import Upload


class Patient(models.Model):
    """A pseudonym: HMAC over (centre, patient id) under the challenge's key. The identity itself stands in no table."""

    challenge = models.ForeignKey(Challenge, on_delete=models.CASCADE, related_name="patients")
    pseudonym = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["challenge", "pseudonym"], name="one_patient_per_pseudonym")]

    def __str__(self) -> str:
        return f"patient {self.pk}"


class ExamQuerySet(models.QuerySet["Exam"]):
    def visible_to(self, user: Reader) -> ExamQuerySet:
        """An exam is seen by the people of its centre and by organisers. Readers see a Reading, teams a BatchItem."""
        if getattr(user, "is_superuser", False):
            return self
        if not user.is_authenticated:
            return self.none()
        # By lists of ids, which indexes answer; a join or subqueries under OR would read every exam of the site.
        centres = CentreMembership.objects.filter(user=user).values_list("centre_id", flat=True)
        organised = Question.objects.filter(challenge__in=Challenge.objects.organised_by(user))
        questions = organised.order_by().values_list("pk", flat=True)
        return self.filter(Q(centre__in=list(centres)) | Q(question__in=list(questions)))

    def included(self) -> ExamQuerySet:
        """Exams that passed quality control, whatever came after."""
        return self.filter(state__in=[Exam.State.ACCEPTED, Exam.State.KEPT, Exam.State.DROPPED])


class Exam(Moving):
    """What a centre sent for one patient and one question."""

    class State(models.TextChoices):
        RECEIVED = "received"
        DEIDENTIFIED = "deidentified"
        REVIEW = "review"  # a person must look
        ACCEPTED = "accepted"
        REFUSED = "refused"
        KEPT = "kept"  # graded, goes on
        DROPPED = "dropped"  # graded, does not go on
        WITHDRAWN = "withdrawn"

    MOVES = {
        "received": frozenset({"deidentified", "review", "refused", "withdrawn"}),
        "deidentified": frozenset({"accepted", "review", "refused", "withdrawn"}),
        "review": frozenset({"received", "deidentified", "accepted", "refused", "withdrawn"}),
        "accepted": frozenset({"kept", "dropped", "withdrawn"}),
        "kept": frozenset({"dropped", "accepted", "withdrawn"}),
        "dropped": frozenset({"kept", "accepted", "withdrawn"}),
        "refused": frozenset({"deidentified", "withdrawn"}),  # a missing value was completed
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="exams")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="exams")
    patient = models.ForeignKey(Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="exams")
    upload = models.ForeignKey(Upload, null=True, blank=True, on_delete=models.PROTECT, related_name="exams")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()  # the centre's own running number: how people speak of it
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVED)
    reason = models.CharField(max_length=40, blank=True)  # the first reason code; all of them stand in Progress
    content_hash = models.CharField(max_length=64, blank=True)  # HMAC over the originals' SOP instance UIDs and bytes
    similarity_hash = models.CharField(max_length=64, blank=True)  # perceptual, hex
    quarantine_key = models.CharField(max_length=200, blank=True)  # originals, one stored zip; empty once erased
    bundle_key = models.CharField(max_length=200, blank=True)  # de-identified instances, one stored zip
    bundle_sha256 = models.CharField(max_length=64, blank=True)
    bundle_bytes = models.BigIntegerField(default=0)
    study_uid = models.CharField(max_length=64, blank=True, db_index=True)  # the new UID, by which DICOMweb names it
    sent_folder = models.CharField(max_length=255, blank=True)  # as its centre names it; erased with the other names
    face_possible = models.BooleanField(default=False)
    received_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ExamQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["question", "centre", "number"], name="one_exam_per_number"),
            models.UniqueConstraint(
                fields=["question", "content_hash"],
                condition=~Q(content_hash="") & ~Q(state__in=["refused", "withdrawn"]),
                name="one_living_exam_per_content",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="refused_exam_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "kept", "dropped"]) | ~Q(bundle_key=""),
                name="accepted_exam_has_its_bundle",
            ),
        ]
        indexes = [
            models.Index(fields=["question", "state"], name="exams_by_state"),
            models.Index(fields=["centre", "question", "state"], name="exams_by_centre"),
            models.Index(fields=["question", "-received_at", "id"], name="exams_newest_first"),
        ]

    def __str__(self) -> str:
        return f"exam {self.number}"

    @property
    def challenge_id(self) -> int:
        return self.question.challenge_id


class Series(models.Model):
    """A series of an exam after de-identification."""

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="series")
    series_uid = models.CharField(max_length=64)  # the new UID
    modality = models.CharField(max_length=16, blank=True)
    description = models.CharField(max_length=64, blank=True)  # cleaned
    role = models.CharField(max_length=40, blank=True)  # the image of the question file it stands for
    instance_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "series"
        constraints = [models.UniqueConstraint(fields=["exam", "series_uid"], name="one_series_per_uid")]

    def __str__(self) -> str:
        return f"series {self.pk}"


class Instance(models.Model):
    """One de-identified DICOM object: a member of its exam's bundle, `<series uid>/<sop uid>.dcm`."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="instances")
    sop_uid = models.CharField(max_length=64)
    position = models.PositiveIntegerField(default=0)  # along the normal of the slices, 0 = first
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()

    class Meta:
        ordering = ["series", "position"]
        constraints = [models.UniqueConstraint(fields=["series", "sop_uid"], name="one_instance_per_uid")]

    def __str__(self) -> str:
        return f"instance {self.pk}"
