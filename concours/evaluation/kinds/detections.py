"""One table with any number of rows a case: points or boxes with a confidence; a case without any has a row of blanks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from concours.evaluation.kinds import table
from concours.formats.manifest import Grid, Manifest
from concours.questions.schema import QuestionSpec

SUMMARY = "A CSV or XLSX with one row a finding."
NEEDS = ("table",)


def manifest(spec: QuestionSpec, ids: Iterable[str], grids: Mapping[str, Grid]) -> Manifest:
    """As `table`, with several rows an id."""
    return replace(table.manifest(spec, ids, grids), rows="many")
