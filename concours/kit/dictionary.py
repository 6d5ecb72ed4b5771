"""The data dictionary of a question: every image, field and column of a submission with its type, unit and allowed values."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

from concours.questions.schema import ColumnSpec, FieldSpec, QuestionSpec


@dataclass(frozen=True)
class DictionaryRow:
    """One line. `part` is image, field, column (of a table of the data) or answer (a column that teams send)."""

    name: str
    part: str
    type: str
    unit: str = ""
    minimum: str = ""
    maximum: str = ""
    allowed: str = ""
    required: str = ""
    delivered: str = ""
    title_en: str = ""
    title_fr: str = ""
    note: str = ""


def dictionary(spec: QuestionSpec) -> list[DictionaryRow]:
    """The rows in the order of the question file."""
    return [*_images(spec), *_fields(spec), *_answers(spec)]


def dictionary_csv(spec: QuestionSpec) -> str:
    """The same as CSV with a head."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([field.name for field in fields(DictionaryRow)])
    table.writerows(astuple(row) for row in dictionary(spec))
    return text.getvalue()


def _images(spec: QuestionSpec) -> Iterator[DictionaryRow]:
    for image in spec.data.images.values():
        yield DictionaryRow(
            image.name,
            "image",
            "/".join(image.modality),
            required=_yes(image.required),
            delivered="training, evaluation",
            title_en=image.title.en,
            title_fr=image.title.fr,
            note=" or ".join(f"{number}D" for number in image.dimensions),
        )


def _fields(spec: QuestionSpec) -> Iterator[DictionaryRow]:
    deliver = spec.data.deliver
    for field in spec.data.fields.values():
        sets = [name for name in ("training", "evaluation") if field.name in getattr(deliver, name)]
        yield DictionaryRow(
            field.name,
            "field",
            field.type,
            field.unit,
            *_range(field),
            _allowed(field),
            _yes(field.required),
            ", ".join(sets),
            field.title.en,
            field.title.fr,
            _note(field),
        )
        for column in field.columns.values():
            yield _column(f"{field.name}.{column.name}", "column", column, ", ".join(sets))


def _answers(spec: QuestionSpec) -> Iterator[DictionaryRow]:
    table = spec.submission.table
    for column in table.columns.values() if table is not None else ():
        yield _column(column.name, "answer", column, "")


def _column(name: str, part: str, column: ColumnSpec, delivered: str) -> DictionaryRow:
    allowed = " ".join(column.allowed)
    return DictionaryRow(
        name, part, column.type, column.unit, *_range(column), allowed, _yes(column.required), delivered
    )


def _range(value: FieldSpec | ColumnSpec) -> tuple[str, str]:
    low, high = ("" if bound is None else f"{bound:g}" for bound in (value.min, value.max))
    return low, high


def _allowed(field: FieldSpec) -> str:
    if field.type == "mask":
        named = [
            f"{value} = {field.labels[value].en}" if value in field.labels else str(value) for value in field.values
        ]
        return "; ".join(named)
    return " ".join(field.allowed)


def _note(field: FieldSpec) -> str:
    if field.measured_from:
        return f"{field.measure} of {field.measured_from}"
    if field.derive is not None:
        bounds = " or ".join(
            f"{column} {'>=' if field.derive.inclusive else '>'} {bound:g}"
            for column, bound in field.derive.over.items()
        )
        return f"1 if a row of {field.derive.of} has {bounds}"
    return f"drawn on {field.of}" if field.of else ""


def _yes(value: bool) -> str:
    return "yes" if value else "no"
