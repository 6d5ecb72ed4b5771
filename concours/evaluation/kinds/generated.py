"""Generated cases as NPY arrays in a zip: one array (images, rows, columns) a case, under ids the team chooses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from concours.evaluation.manifest import declared_limits
from concours.formats.manifest import Grid, Manifest
from concours.questions.schema import QuestionSpec

SUMMARY = "A zip of generated cases, one NPY array (images, rows, columns) a case."
NEEDS = ("generated",)


def manifest(spec: QuestionSpec, ids: Iterable[str], grids: Mapping[str, Grid]) -> Manifest:
    """How many cases, and nothing of the real ones: their ids are no business of a generator."""
    generated = spec.submission.generated
    if generated is None:
        return Manifest(limits=declared_limits(spec))
    shape = (len(generated.images), *generated.shape)
    return Manifest(
        id_column=spec.submission.id_column,
        files=generated.files,
        formats=generated.formats,
        array="image",
        grid=Grid(shape) if generated.shape else None,
        cases=(generated.minimum, generated.cases),
        limits=declared_limits(spec),
    )
