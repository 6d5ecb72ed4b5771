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
    known = set(files)
    refused = any(one.outcome == "refuse" for one in judgements)
    said = [one for one in judgements if one.outcome == ("refuse" if refused else "review")]
    causes = [one for one in said if one.criterion in CAUSES and one.outcome == "refuse"]
    said = [one for one in said if not any(_follows(one, cause, known) for cause in causes)]
    merged: dict[tuple[str, str, str], list[Judgement]] = {}
    for one in said:
        place = "" if _of_file(one, known) else f"{one.where} {sorted(one.values.items())}"
        merged.setdefault((one.criterion, one.template, place), []).append(one)
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
