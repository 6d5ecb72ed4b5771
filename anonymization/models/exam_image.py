"""What each image of an exam is, as quality control decided it."""

from django.db import models

from concours.imaging import Assembly
from uploads.models import Exam


class ExamImage(models.Model):
    """One image that the question declares, as `concours.imaging.Assembly`: its geometry, or the reasons why it has none.

    Viewer, delivery and truth read the geometry from here. It holds new UIDs and positions, no identity.
    """

    exam = models.ForeignKey(Exam, on_delete=models.CASCADE, related_name="images")
    name = models.CharField(max_length=40)  # as the question file calls it
    document = models.JSONField()

    class Meta:
        ordering = ["exam", "pk"]
        constraints = [models.UniqueConstraint(fields=["exam", "name"], name="one_assembly_per_image")]

    def __str__(self) -> str:
        return f"image {self.name} of exam {self.exam_id}"

    @property
    def assembly(self) -> Assembly:
        return Assembly.from_json(self.document)
