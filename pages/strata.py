"""The strata of a draw, as organisers read them: names of centres, titles of fields, values in words."""

from __future__ import annotations

from django.utils.translation import get_language, gettext

from challenges.models import Question
from concours.questions.schema import FieldSpec, QuestionSpec

YES = {"True", "1", "true"}
QUARTERS = {"q1", "q2", "q3", "q4"}  # batches.stratify.quartile_bins


class StratumWords:
    """Words for one question; the centres' names are read once."""

    def __init__(self, question: Question, spec: QuestionSpec) -> None:
        self.spec = spec
        self.language = get_language() or "en"
        self.centres = dict(question.challenge.centres.values_list("slug", "name"))

    def key(self, name: str) -> str:
        """What the sets are balanced by."""
        if name in ("centre", "grade"):
            return gettext("centre") if name == "centre" else gettext("grade")
        field = self.spec.data.fields.get(name)
        return field.title.says(self.language) if field is not None else name

    def stratum(self, written: str) -> str:
        """ "bichat / True" as "Bichat · Malignant: yes"."""
        values = written.split(" / ")
        names = self.spec.split.stratify
        if len(values) != len(names):  # no strata at all, or a draw of an earlier question file
            return gettext("all exams") if written == "all" else written
        return " · ".join(self._value(name, value) for name, value in zip(names, values, strict=True))

    def _value(self, name: str, value: str) -> str:
        if name == "centre":
            return self.centres.get(value, value)
        field = self.spec.data.fields.get(name)
        words = gettext("missing") if value in ("none", "") else _in_words(field, value)
        return gettext("%(field)s: %(value)s") % {"field": self.key(name), "value": words}


def _in_words(field: FieldSpec | None, value: str) -> str:
    if field is None:
        return value
    if field.type == "boolean":
        return gettext("yes") if value in YES else gettext("no")
    if field.type in ("number", "integer") and value in QUARTERS:
        return gettext("quarter %(n)s of 4") % {"n": value[1]}
    return value
