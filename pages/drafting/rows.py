"""RowForms of a question file as forms: the fields of the data, the scores, the phases; one form a row, and empty ones to add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from concours.questions.editing import REMOVE, Change, Path, value_at
from concours.questions.importers.writing import name_of
from pages.drafting.places import PlacedForm, nested


class RowForm(PlacedForm):
    """One row. `KEYED`: the rows are a mapping, and a new row gets a key made from its title; else they are a list."""

    ROWS: ClassVar[Path]
    KEYED: ClassVar[bool] = True
    TITLE: ClassVar[Promise]
    NEW: ClassVar[Promise]
    EMPTY: ClassVar[int] = 1

    gone = forms.BooleanField(label=gettext_lazy("Take this out"), required=False)

    def __init__(self, values: Mapping[str, Any], data: Any, *, key: str | int | None, prefix: str) -> None:
        self.key = key
        super().__init__(values, data, at=(*self.ROWS, key) if key is not None else ("+",), prefix=prefix)
        self.empty_permitted = key is None
        self.use_required_attribute = False
        gone = self.fields.pop("gone")
        if key is not None:
            self.fields["gone"] = gone  # the last of its fields

    @property
    def name(self) -> str:
        """What the row is called on the page: its title, or the word for its key."""
        if self.key is None:
            return str(self.NEW)
        language = (get_language() or "en")[:2]
        title = self.initial.get(f"title_{language}") or self.initial.get("title_en")
        return str(title or self.word())

    def word(self) -> str:
        """What a row without a title is called."""
        return str(self.key) if self.KEYED else str(int(self.key or 0) + 1)

    def key_from(self) -> str:
        """The words from which a new row's key is made."""
        return str(self.cleaned_data.get("title_en") or self.cleaned_data.get("title_fr") or "")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.KEYED and self.key is None and self.has_changed() and not self.key_from() and not self.errors:
            raise forms.ValidationError(_("Give it a title."))
        return cleaned

    def row_changes(self) -> Iterator[Change]:
        """What this row asks of the file; of a new row `nested` makes the whole."""
        yield from self.changes()

    def new_row(self) -> dict[str, Any]:
        return nested(self.row_changes(), self.at)


class RowForms:
    """All rows of a kind, with empty forms at the end. They keep their place: the draft's version says that nobody else wrote."""

    def __init__(self, kind: type[RowForm], values: Mapping[str, Any], data: Any = None) -> None:
        self.kind, self.document = kind, values
        present = value_at(values, kind.ROWS)
        keys: list[str | int] = []
        if isinstance(present, Mapping):
            keys = [str(key) for key in present]
        elif isinstance(present, list):
            keys = list(range(len(present)))
        name = "-".join(map(str, kind.ROWS))
        self.forms = [kind(values, data, key=key, prefix=f"{name}-{number}") for number, key in enumerate(keys)]
        self.forms += [kind(values, data, key=None, prefix=f"{name}-new{number}") for number in range(kind.EMPTY)]
        self.taken = {str(key): True for key in keys}
        self.new_keys: dict[int, str] = {}  # of new rows, by their place; known once `changes` was read

    @property
    def title(self) -> Promise:
        return self.kind.TITLE

    def is_valid(self) -> bool:
        valid = [form.is_valid() for form in self.forms]  # every form is asked: the page shows all errors at once
        return all(valid)

    def changes(self) -> Iterator[Change]:
        """Changed rows, new rows, and from the last to the first those that go."""
        count = len(self.taken)
        for place, form in enumerate(self.forms):
            if form.key is not None and not form.cleaned_data.get("gone"):
                yield from form.row_changes()
            elif form.key is None and form.has_changed():
                key = self._new_key(form) if self.kind.KEYED else count
                self.new_keys[place] = str(key)
                count += 1
                yield Change((*self.kind.ROWS, key), form.new_row())
        for form in reversed(self.forms):
            if form.key is not None and form.cleaned_data.get("gone"):
                yield Change(form.at, REMOVE)

    def _new_key(self, form: RowForm) -> str:
        key = name_of(form.key_from(), self.taken)
        self.taken[key] = True
        return key
