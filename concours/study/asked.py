"""What quality control asks of every exam of a question: criteria, fields as they are declared, and the files by image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from concours.formats.json import Json, JsonObject
from concours.formats.stored import members
from concours.questions.schema import FieldSpec, QuestionSpec


def criteria_of(spec: QuestionSpec) -> dict[str, Mapping[str, Json]]:
    """The question's criteria, and what every exam must be usable for: delivery, or the comparison with generated images."""
    delivery = "numpy" if spec.submission.generated is not None else spec.data.deliver.format
    return {
        "usable": {"delivery": delivery},
        **{entry.name: entry.params for entry in spec.inclusion if entry.name != "usable"},
    }


def by_image(bundle: Path, images: list[str]) -> dict[str, list[JsonObject]]:
    """The bundle's files by image, as the criteria read them. Files that no folder placed belong to the first image."""
    files: dict[str, list[JsonObject]] = {image: [] for image in images}
    for entry in members(bundle):
        image = entry.name.split("/")[0]
        files[image if image in files else images[0]].append(entry.to_json())
    return files


def declared_block(field: FieldSpec, *, required: bool) -> Mapping[str, Json]:
    """The field's block of the question file, as JSON."""
    return {
        "type": field.type,
        "of": field.of,
        "values": list(field.values),
        "unit": field.unit,
        "min": field.min,
        "max": field.max,
        "allowed": list(field.allowed),
        "required": required,
        "rows_min": field.rows_min,
        "rows_max": field.rows_max,
        "columns_required": [column.name for column in field.columns.values() if column.required],
        "measured_from": field.measured_from,
    }
