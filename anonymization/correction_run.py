"""Runs in a limited child: reads fields of an exam again beside the facts of its images. Plain: JSON-able values in and out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace

from concours.formats.json import Json, JsonObject
from concours.inclusion import ExamFacts
from concours.inclusion.exam.annotation import read_field
from concours.inclusion.exam.given import given_fields


def read_fields_again(facts: Mapping[str, Json], fields: Mapping[str, Mapping[str, Json]]) -> JsonObject:
    """`ExamFacts` as JSON with these fields read anew, on the grids of the exam's images; every other field stays as it is.

    `fields` are `GivenField` as JSON. What cannot be read becomes a `Damage` of its field.
    """
    exam = ExamFacts.from_json(facts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # readers warn of each odd header; the criteria say it in words
        read = {name: read_field(name, field, exam) for name, field in given_fields(fields).items()}
    return replace(exam, fields={**exam.fields, **read}).to_json()
