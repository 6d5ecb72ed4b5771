"""One cause, one reason: what follows from another refusal is left out, and one sentence about several files is said once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from concours.inclusion.judgement import Judgement

# A cause, and the criteria that can only fail with it: a localiser meets nothing, and MR has no kernel and no Hounsfield units.
CAUSES: dict[str, frozenset[str] | None] = {
    "localiser": None,  # all of them
    "modality": frozenset({"kernel", "hounsfield", "contrast", "phase", "sequence", "noise"}),
}
FILE_HOLES = ("name", "file")  # the holes of a sentence that may name a file


@dataclass(frozen=True)
class Reason:
    """A judgement that is no acceptance, and how many other files the same sentence is true of."""

    judgement: Judgement
    more_files: int = 0


def reasons(judgements: Sequence[Judgement], files: Iterable[str]) -> list[Reason]:
    """What is to be said of an exam: causes without their consequences, in the order of the criteria.

    Of a refused exam, what refuses it: what a person would have reviewed no longer matters.

    `files` are the names by which judgements call the exam's files.
    """
    sent_files = set(files)
    refused = any(judgement.outcome == "refuse" for judgement in judgements)
    decisive = [judgement for judgement in judgements if judgement.outcome == ("refuse" if refused else "review")]
    causes = [judgement for judgement in decisive if judgement.criterion in CAUSES and judgement.outcome == "refuse"]
    decisive = [
        judgement for judgement in decisive if not any(_follows(judgement, cause, sent_files) for cause in causes)
    ]
    merged: dict[tuple[str, str, str], list[Judgement]] = {}
    for judgement in decisive:
        place = "" if _of_file(judgement, sent_files) else f"{judgement.where} {sorted(judgement.values.items())}"
        merged.setdefault((judgement.criterion, judgement.template, place), []).append(judgement)
    return [Reason(group[0], len(group) - 1) for group in merged.values()]


def _follows(judgement: Judgement, cause: Judgement, files: set[str]) -> bool:
    """Whether a judgement is a consequence of the cause: of the same image, or of a file in it."""
    if judgement.criterion in ("files", cause.criterion):
        return False
    symptoms = CAUSES[cause.criterion]
    here = judgement.where == cause.where or _of_file(judgement, files)
    return here and (symptoms is None or judgement.criterion in symptoms)


def _of_file(judgement: Judgement, files: set[str]) -> bool:
    return any(judgement.values.get(hole) in files for hole in FILE_HOLES)
