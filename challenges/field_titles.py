"""The fields and images of a question as people call them, for the sentences that name them by their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as of_class

from django.utils.translation import get_language

from concours.formats.fault import Fault
from concours.formats.json import Json
from concours.questions.schema import QuestionSpec

HOLES = ("field", "image", "name", "of")  # in which a sentence about an exam holds the key of a field or an image


@dataclass(frozen=True)
class FieldTitles:
    """Key -> title in one language. What is no key of the question stays as it is."""

    by_key: Mapping[str, str] = of_class(default_factory=dict)

    def title(self, key: str) -> str:
        """The title of a key; a place within a table, such as `nodules, 3: diameter`, begins with that of the table."""
        table, comma, rest = key.partition(", ")
        return self.by_key.get(key) or (f"{self.by_key[table]}, {rest}" if comma and table in self.by_key else key)

    def values(self, values: Mapping[str, Json]) -> dict[str, Json]:
        """The values of a sentence with titles in place of keys."""
        return {
            hole: self.title(value) if hole in HOLES and isinstance(value, str) else value
            for hole, value in values.items()
        }

    def fault(self, fault: Fault) -> Fault:
        """The fault as a person reads it at once; what is stored keeps the keys, for every language, and so does its place."""
        return replace(fault, values=self.values(fault.values))


KEYS = FieldTitles()


def field_titles(spec: QuestionSpec, language: str | None = None) -> FieldTitles:
    """In `language`, that of the reader where none is given."""
    spoken = language or get_language() or "en"
    titles = {name: image.title.says(spoken) for name, image in spec.data.images.items()}
    return FieldTitles(titles | {name: field.title.says(spoken) for name, field in spec.data.fields.items()})
