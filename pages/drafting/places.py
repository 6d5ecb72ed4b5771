"""How a field of a form shows a value of a question file, and writes it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.timezone import get_default_timezone

from concours.questions.editing import REMOVE, Change, Path, value_at


@dataclass(frozen=True)
class FilePlace:
    """A value as the form's field takes it: text, number, yes or no. An empty field takes the key out of the file."""

    path: Path
    default: Any = None

    def shown(self, value: Any) -> Any:
        return self.default if value is None else value

    def written(self, value: Any, before: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return REMOVE if value is None or value == "" else value


@dataclass(frozen=True)
class Several(FilePlace):
    """One value or a list of values."""

    default: Any = ()

    def shown(self, value: Any) -> Any:
        items = self.default if value is None else value if isinstance(value, list) else [value]
        return [str(item) for item in items]

    def written(self, value: Any, before: Any) -> Any:
        items = [_plain(item) for item in value]
        if not items and before is None:
            return REMOVE
        return items[0] if len(items) == 1 and not isinstance(before, list) and before is not None else items


@dataclass(frozen=True)
class Listed(Several):
    """A list of values in one line of text, separated by commas."""

    def shown(self, value: Any) -> Any:
        return ", ".join(super().shown(value))

    def written(self, value: Any, before: Any) -> Any:
        items = [_plain(item.strip()) for item in str(value).split(",") if item.strip()]
        return items or REMOVE


@dataclass(frozen=True)
class Present(FilePlace):
    """A key without parameters, there or not: a criterion that is checked."""

    def shown(self, value: Any) -> Any:
        return value is not None

    def written(self, value: Any, before: Any) -> Any:
        return {} if value else REMOVE


@dataclass(frozen=True)
class MomentPlace(FilePlace):
    """A moment, with the offset of the site's time zone."""

    def shown(self, value: Any) -> Any:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return None
        return moment.astimezone(get_default_timezone()) if moment.tzinfo else None

    def written(self, value: Any, before: Any) -> Any:
        return REMOVE if value is None else value.astimezone(get_default_timezone()).isoformat()


def _plain(text: str) -> Any:
    """Numbers as numbers, as an author would write them."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


class PlacedForm(forms.Form):
    """A form over a mapping of the file at `at`. `PLACES` are below it; `WORDS` are texts in two languages, whose fields are
    named `<name>_en` and `<name>_fr`.
    """

    says_optional = False  # nearly every field is
    PLACES: ClassVar[Mapping[str, FilePlace]] = {}
    WORDS: ClassVar[Mapping[str, Path]] = {}

    def __init__(self, values: Mapping[str, Any], data: Any = None, *, at: Path = (), prefix: str = "") -> None:
        self.document, self.at = values, at
        shown = {name: place.shown(value_at(values, (*at, *place.path))) for name, place in self.places().items()}
        for name, path in self.WORDS.items():
            texts = value_at(values, (*at, *path))
            for language in ("en", "fr"):
                shown[f"{name}_{language}"] = texts.get(language, "") if isinstance(texts, Mapping) else texts or ""
        super().__init__(data, initial=shown, prefix=prefix or None)

    def places(self) -> Mapping[str, FilePlace]:
        """The places of this form's fields."""
        return self.PLACES

    def changes(self) -> Iterator[Change]:
        """What the fields that differ from the file ask for."""
        for name, place in self.places().items():
            if name in self.changed_data:
                path = (*self.at, *place.path)
                yield Change(path, place.written(self.cleaned_data[name], value_at(self.document, path)))
        for name, path in self.WORDS.items():
            if {f"{name}_en", f"{name}_fr"} & set(self.changed_data):
                yield Change((*self.at, *path), self._words(name))

    def _words(self, name: str) -> Any:
        english, french = self.cleaned_data[f"{name}_en"], self.cleaned_data[f"{name}_fr"]
        return {"en": english or french, "fr": french or english} if english or french else REMOVE


def nested(changes: Iterator[Change], at: Path) -> dict[str, Any]:
    """The mapping that these changes make where nothing was, as the value of `at`."""
    mapping: dict[str, Any] = {}
    for change in changes:
        if change.value is REMOVE:
            continue
        holder = mapping
        for step in change.path[len(at) : -1]:
            holder = holder.setdefault(str(step), {})
        holder[str(change.path[-1])] = change.value
    return mapping
