"""Scores that an organiser's own program computes elsewhere and that come in as a table: nothing is read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from concours.evaluation.manifest import declared_limits
from concours.formats.manifest import Grid, Manifest
from concours.questions.schema import QuestionSpec

SUMMARY = "Anything: the organisers score it themselves and hand in the scores."
NEEDS: tuple[str, ...] = ()


def manifest(spec: QuestionSpec, ids: Iterable[str], grids: Mapping[str, Grid]) -> Manifest:
    """Limits alone."""
    return Manifest(id_column=spec.submission.id_column, ids=tuple(ids), limits=declared_limits(spec))
