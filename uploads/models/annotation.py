"""What experts say of an exam: masks, numbers, lists. Versions are added, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from uploads.models.exam import Exam


class Annotation(models.Model):
    """One version of one field (as the question file names it) of one exam. Masks live in the store, values in the row."""

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="annotations")
    field = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    value = models.JSONField(null=True, blank=True)
    blob_key = models.CharField(max_length=200, blank=True)
    blob_name = models.CharField(max_length=20, blank=True)  # its format: nii.gz, nrrd, dcm, png, npy, csv
    sha256 = models.CharField(max_length=64, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=12, default="upload")  # upload | drawn | consensus
    is_chosen = models.BooleanField(default=True)
    sealed_at = models.DateTimeField(
        null=True, blank=True
    )  # value and file left this row: `SealedAnnotation`, then truth
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["field", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["exam", "field", "version"], name="one_annotation_per_version"),
            models.UniqueConstraint(
                fields=["exam", "field"], condition=Q(is_chosen=True), name="one_chosen_annotation_per_field"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field} v{self.version} of exam {self.exam_id}"


class SealedAnnotation(models.Model):
    """The content of an annotation of a frozen evaluation set, in a table of its own: processes that answer people may write it
    and never read it (`config/database_access.py`). It is erased as soon as every truth that is made of it is sealed.
    """

    annotation = models.OneToOneField(Annotation, primary_key=True, on_delete=models.CASCADE, related_name="sealed")
    value = models.JSONField(null=True, blank=True)
    store = models.CharField(max_length=12, default="exams")  # where its file is: exams, then sealed
    blob_key = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"sealed annotation {self.annotation_id}"
