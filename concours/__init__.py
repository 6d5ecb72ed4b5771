"""Concours as a library: formats, metrics, question files, de-identification, inclusion criteria and scoring. Plain Python."""

__version__ = "0.1.0"
