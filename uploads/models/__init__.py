"""Intake: uploads, patients, exams, series, instances, annotations and consents."""

from uploads.models.annotation import Annotation, SealedAnnotation
from uploads.models.consent import Consent
from uploads.models.exam import Exam, Instance, Patient, Series
from uploads.models.upload import Upload

__all__ = ["Annotation", "Consent", "Exam", "Instance", "Patient", "SealedAnnotation", "Series", "Upload"]
