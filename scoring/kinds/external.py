"""Scores that an organiser's own program computes elsewhere and that come in as a table: nothing is read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from challenges.spec import QuestionSpec
from formats.manifest import Grid, Manifest
from scoring.manifest import declared_limits

SUMMARY = "Anything: the organisers score it themselves and hand in the scores."
NEEDS: tuple[str, ...] = ()


def manifest(spec: QuestionSpec, ids: Iterable[str], grids: Mapping[str, Grid]) -> Manifest:
    """Limits alone."""
    return Manifest(id_column=spec.submission.id_column, ids=tuple(ids), limits=declared_limits(spec))
