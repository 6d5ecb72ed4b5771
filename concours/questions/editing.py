"""A question file changed in place: only values that differ are written; comments and order stay as their author left them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from concours.questions.schema import SpecError
from concours.questions.schema.tree import read_tree

Path = tuple[str | int, ...]
"""The place of a value: keys, and positions in lists from 0."""

WIDTH = 10**6  # lines are never wrapped


class Remove:
    """In place of a value: the key goes."""


REMOVE = Remove()


@dataclass(frozen=True)
class Change:
    """A value and its place. Missing mappings on the way are made; `REMOVE` takes the key away."""

    path: Path
    value: Any


def plain_values(text: str) -> dict[str, Any]:
    """What the file says, without lines. Raises SpecError where it is no YAML."""
    tree, mistakes = read_tree(text)
    if mistakes:
        raise SpecError(mistakes)
    values = tree.plain()
    return values if isinstance(values, dict) else {}


def value_at(values: Any, path: Path) -> Any:
    """The value at a place of `plain_values`, or None where there is none."""
    for step in path:
        if isinstance(values, Mapping):
            values = values.get(step)
        elif isinstance(values, Sequence) and isinstance(step, int) and step < len(values):
            values = values[step]
        else:
            return None
    return values


def changed_file(text: str, changes: Iterable[Change]) -> str:
    """The file with these changes; byte for byte the same where none differs from what it says. Raises SpecError."""
    before = plain_values(text)
    differing = [
        change for change in changes if change.value is REMOVE or value_at(before, change.path) != change.value
    ]
    if not differing:
        return text
    writer = _writer()
    document = writer.load(text) if before else CommentedMap()
    for change in differing:
        _apply(document, change)
    out = io.StringIO()
    writer.dump(document, out)
    return out.getvalue()


def _writer() -> YAML:
    writer = YAML()
    writer.preserve_quotes = True
    writer.width = WIDTH
    writer.indent(mapping=2, sequence=4, offset=2)
    return writer


def _apply(document: Any, change: Change) -> None:
    holder = document
    for step, below in zip(change.path, change.path[1:], strict=False):
        if isinstance(holder, CommentedMap) and not isinstance(holder.get(step), CommentedMap | CommentedSeq):
            if change.value is REMOVE:
                return
            holder[step] = CommentedSeq() if isinstance(below, int) else CommentedMap()
        holder = holder[step]
    key = change.path[-1]
    if change.value is REMOVE:
        if isinstance(holder, CommentedMap):
            holder.pop(key, None)
        elif isinstance(key, int) and key < len(holder):
            del holder[key]
    elif isinstance(holder, CommentedSeq) and isinstance(key, int) and key >= len(holder):
        holder.append(_written(change.value))
    else:
        holder[key] = _written(change.value)


def _written(value: Any) -> Any:
    """Mappings and lists on one line, as the files of the catalogue have them."""
    if isinstance(value, Mapping):
        mapping = CommentedMap((key, _written(item)) for key, item in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list | tuple):
        sequence = CommentedSeq(_written(item) for item in value)
        sequence.fa.set_flow_style()
        return sequence
    return value
