"""What a team sends, in words: files, columns of the table, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext
from django.utils.translation import gettext_lazy as _

from challenges.question_words.parts import number, one_of_words, range_words, unit_words
from concours.questions.schema import ColumnSpec, FieldSpec, QuestionSpec
from core.words import separated

TYPES: Mapping[str, str | Promise] = {
    "number": _("number"),
    "integer": _("whole number"),
    "category": _("one of a list"),
    "boolean": _("yes or no, as 1 or 0"),
    "text": _("text"),
    "date": _("date"),
    "time": _("time"),
}


@dataclass(frozen=True)
class ColumnWords:
    """A column of the table: its name, type and permitted values."""

    name: str
    type: str
    range: str


def labels(field: FieldSpec) -> str:
    """The values of a mask with their names: "1 liver, 2 tumour"."""
    language = get_language() or "en"
    return ", ".join(f"{value} {words.says(language)}" for value, words in sorted(field.labels.items()))


def submission(spec: QuestionSpec) -> list[str]:
    """What a team sends, one sentence a part."""
    declared, parts = spec.submission, []
    if declared.masks:
        parts.append(
            gettext("One mask per case, named %(files)s, as %(formats)s, on the grid of its image, in one ZIP archive.")
            % {"files": declared.masks.files, "formats": one_of_words(declared.masks.formats)}
        )
    if declared.table:
        one_row = declared.table.rows == "one"
        parts.append(
            (
                gettext("A table %(name)s (%(formats)s) with one row per case; the column %(id)s identifies the case.")
                if one_row
                else gettext(
                    (
                        "A table %(name)s (%(formats)s) with any number of rows per case; the column %(id)s identifies "
                        "the case."
                    )
                )
            )
            % {"name": declared.table.name, "formats": one_of_words(declared.table.formats), "id": declared.id_column}
        )
    if declared.runs:
        order = gettext("row by row") if declared.runs.order == "row" else gettext("column by column")
        parts.append(
            gettext(
                "A CSV table %(name)s with each mask as run lengths in the column %(column)s, counted %(order)s from %(base)s."
            )
            % {"name": declared.runs.name, "column": declared.runs.column, "order": order, "base": declared.runs.base}
        )
    if declared.generated:
        parts.append(
            gettext(
                "%(count)s generated cases (at least %(least)s), each with the images %(images)s in this order, as %(files)s."
            )
            % {
                "count": number(declared.generated.cases),
                "least": number(declared.generated.minimum),
                "images": ", ".join(declared.generated.images),
                "files": declared.generated.files,
            }
        )
    return parts


def columns(spec: QuestionSpec) -> list[ColumnWords]:
    """The columns of the table, the cases' own first."""
    if spec.submission.table is None:
        return []
    first = ColumnWords(spec.submission.id_column, gettext("text"), gettext("the case id, unchanged"))
    return [first, *(_column(spec, name, column) for name, column in spec.submission.table.columns.items())]


def _column(spec: QuestionSpec, name: str, column: ColumnSpec) -> ColumnWords:
    field = spec.data.fields.get(name)  # what the column is compared with
    unit = unit_words(column.unit or (field.unit if field is not None else ""))
    limits = ", ".join(column.allowed) or range_words(column.min, column.max, None, unit)
    if not column.required:
        limits = separated((limits, gettext("optional")))
    return ColumnWords(name, str(TYPES.get(column.type, column.type)), limits)


def limits(spec: QuestionSpec) -> list[str]:
    """How much and how often."""
    declared, sentences = spec.limits, []
    if declared.per_day:
        sentences.append(
            ngettext("%(count)s submission per day", "%(count)s submissions per day", declared.per_day)
            % {"count": declared.per_day}
        )
    if declared.per_phase:
        sentences.append(
            ngettext("%(count)s submission per phase", "%(count)s submissions per phase", declared.per_phase)
            % {"count": declared.per_phase}
        )
    sentences.append(gettext("at most %(size)s MB per submission") % {"size": number(declared.bytes // 1_000_000)})
    return sentences
