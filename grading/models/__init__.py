"""Readings and adjudications."""

from grading.models.reading import Adjudication, Reading

__all__ = ["Adjudication", "Reading"]
