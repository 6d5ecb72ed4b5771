"""What pages and the API say of an exam's values and of corrections: never a sealed value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import get_language, gettext, ngettext

from anonymization.correct import correctable_fields
from anonymization.models import Correction
from anonymization.points import points_from
from challenges.field_titles import field_titles
from challenges.frame import spec_of
from challenges.question_words import number, unit_words
from concours.deid.values import GatedText, WordRun, word_runs
from concours.formats.json import Json
from concours.questions.required import required_fields
from concours.questions.schema import FieldSpec
from core.words import say
from uploads.models import Annotation, Exam


@dataclass(frozen=True)
class ExamValue:
    """A field of an exam as it is now: `shown` in words, empty where nothing was sent."""

    field: FieldSpec
    title: str
    shown: str
    version: int
    sealed: bool
    required: bool
    waits: bool  # a correction of it is proposed


@dataclass(frozen=True)
class UnsureText:
    """A text with words to decide on, run by run."""

    title: str
    runs: list[WordRun]


@dataclass(frozen=True)
class CorrectionRow:
    """A correction as a table shows it: the field's title, the new value in words, what a person has to look at."""

    correction: Correction
    title: str
    new: str
    points: list[str]
    texts: list[UnsureText]


def values_of(exam: Exam) -> list[ExamValue]:
    """Every field that can be corrected, in the order of the question file."""
    spec = spec_of(exam.question)
    chosen = {row.field: row for row in exam.annotations.filter(is_chosen=True)}
    waiting = set(exam.corrections.filter(state=Correction.State.PROPOSED).values_list("field", flat=True))
    required = required_fields(spec)
    return [
        ExamValue(
            field,
            field_title(exam, field.name),
            _shown(field, chosen.get(field.name)),
            chosen[field.name].version if field.name in chosen else 0,
            field.name in chosen and chosen[field.name].sealed_at is not None,
            field.name in required,
            field.name in waiting,
        )
        for field in correctable_fields(spec)
    ]


def field_title(exam: Exam, name: str) -> str:
    field = spec_of(exam.question).data.fields.get(name)
    return field.title.says(get_language() or "en") if field is not None else name


def _shown(field: FieldSpec, row: Annotation | None) -> str:
    if row is None or (row.value is None and not row.blob_key and row.sealed_at is None):
        return ""
    if row.sealed_at is not None:
        return gettext("sealed: only the scorer reads it")
    return (
        gettext("a file (%(format)s)") % {"format": row.blob_name} if row.blob_key else _value_words(field, row.value)
    )


def _value_words(field: FieldSpec, value: Json) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ngettext("%(n)d row", "%(n)d rows", len(value)) % {"n": len(value)}
    if isinstance(value, int | float):
        return " ".join(part for part in (number(value), unit_words(field.unit)) if part)
    return str(value)


def new_value_words(correction: Correction) -> str:
    """The proposed value, for those who decide; empty once it is decided."""
    if correction.state != Correction.State.PROPOSED:
        return ""
    if correction.blob_key:
        return gettext("a file (%(format)s)") % {"format": correction.blob_name}
    field = spec_of(correction.exam.question).data.fields.get(correction.field)
    return _value_words(field, correction.value) if field is not None else ""


def points_of(correction: Correction) -> list[str]:
    """What quality control would have a person check."""
    titles = field_titles(spec_of(correction.exam.question))
    return [say(point.template, titles.values(point.values)) for point in points_from(correction.points)]


def texts_of(correction: Correction) -> list[UnsureText]:
    texts = [GatedText.from_json(text) for text in correction.texts]
    title = field_title(correction.exam, correction.field)
    return [UnsureText(title, word_runs(text.pieces)) for text in texts if text.undecided]


def correction_rows(corrections: Iterable[Correction]) -> list[CorrectionRow]:
    return [
        CorrectionRow(
            correction=correction,
            title=field_title(correction.exam, correction.field),
            new=new_value_words(correction),
            points=points_of(correction),
            texts=texts_of(correction),
        )
        for correction in corrections
    ]
