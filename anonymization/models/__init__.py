"""Runs of de-identification and of quality control, and the reviews that a person must decide."""

from anonymization.models.deidentification import Deidentification
from anonymization.models.quality_check import QualityCheck
from anonymization.models.review import Review

__all__ = ["Deidentification", "QualityCheck", "Review"]
