"""A seeded corpus of invented DICOM files with invented identifiers planted wherever files can hide them, and its answer
key.
"""
