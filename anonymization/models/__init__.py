"""Runs of de-identification and of quality control, what the images are, reviews that a person must decide, and corrections."""

from anonymization.models.correction import Correction
from anonymization.models.deidentification import Deidentification
from anonymization.models.exam_image import ExamImage
from anonymization.models.exam_text import ExamText, WordDecision
from anonymization.models.quality_check import QualityCheck
from anonymization.models.review import Review

__all__ = ["Correction", "Deidentification", "ExamImage", "ExamText", "QualityCheck", "Review", "WordDecision"]
