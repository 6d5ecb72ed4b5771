"""One mask file a case in a zip, and a table beside them where the question asks for columns too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from concours.evaluation.kinds import table
from concours.evaluation.manifest import common_grid, declared_labels
from concours.formats.manifest import Grid, Manifest
from concours.questions.schema import QuestionSpec

SUMMARY = "A zip with one mask a case, named after the case, and a table beside them where one is asked for."
NEEDS = ("masks",)


def manifest(spec: QuestionSpec, ids: Iterable[str], grids: Mapping[str, Grid]) -> Manifest:
    """Ids, columns, limits, and for each case the grid that its mask has to lie on."""
    masks = spec.submission.masks
    of_table = table.manifest(spec, ids, grids)
    if masks is None:
        return of_table
    grid, others = common_grid(of_table.ids, grids)
    return replace(
        of_table,
        grid=grid,
        grids=others,
        files=masks.files,
        formats=masks.formats,
        mask_field=masks.field,
        mask_values=declared_labels(spec.data.fields[masks.field]),
    )
