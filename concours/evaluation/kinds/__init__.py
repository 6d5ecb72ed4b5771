"""Kinds of submission, one file each, found by looking in this folder: shape only, the question file says the rest.

A kind is a module with `SUMMARY` (one English sentence for organisers), `NEEDS` (sections of `submission` without which it
is nothing) and `manifest(spec, ids, grids)`: what validation may know. Reading and checking is `formats`' work.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Protocol, cast

from concours.formats.manifest import Grid, Manifest
from concours.questions.schema import QuestionSpec


class SubmissionKind(Protocol):
    """What a file of this folder offers."""

    SUMMARY: str
    NEEDS: tuple[str, ...]

    def manifest(self, spec: QuestionSpec, ids: Iterable[str], grids: Mapping[str, Grid]) -> Manifest:
        """The public manifest of a set of cases."""


class UnknownKindError(LookupError):
    """No file in the folder is called so."""


@cache
def _found() -> dict[str, SubmissionKind]:
    modules = {
        entry.name: importlib.import_module(f"{__name__}.{entry.name}") for entry in pkgutil.iter_modules(__path__)
    }
    return {
        name: cast(SubmissionKind, module) for name, module in sorted(modules.items()) if hasattr(module, "SUMMARY")
    }


def names() -> list[str]:
    """Names of all kinds, sorted."""
    return list(_found())


def find(name: str) -> SubmissionKind:
    """The kind of that name. Raises UnknownKindError, naming all."""
    if name not in _found():
        raise UnknownKindError(f"There is no kind '{name}'. There are: {', '.join(names())}.")
    return _found()[name]
