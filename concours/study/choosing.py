"""Each image of an exam becomes one series: by the criteria, by the drawn mask, or by a person who is requirements. Plain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from concours.deid.values import INVALID
from concours.formats.fault import Fault, plural_noop
from concours.formats.stored import Stored, StoredArchive, members
from concours.inclusion import ExamFacts, Judgement
from concours.inclusion.exam.facts import SeriesFacts
from concours.study.candidates import (
    ExamRequirements,
    FoundSeries,
    candidates_of,
    files_by_series,
    judged_series,
    of_one_series_each,
    plain_uid,
)
from concours.study.selection import select

NONE_MEETS = plural_noop(
    "None of the %(count)d series meets the criteria. The nearest is “%(name)s” (%(images)d image), and its reasons follow.",
    "None of the %(count)d series meets the criteria. The nearest is “%(name)s” (%(images)d images), and its reasons follow.",
    "images",
)
Picker = Callable[[Sequence[FoundSeries]], Mapping[str, int] | None]
"""What a person chose among the candidates, by image: the candidate's number; None where nobody did."""


@dataclass(frozen=True)
class ChosenSeries:
    """`taken` by image: its series; None where the exam has one series per image already. `open`: those a person chooses among.

    `candidates` are all of them, `nearest` says of images that no series fits which one was judged in the end.
    """

    taken: Mapping[str, FoundSeries] | None = None
    open: Mapping[str, Sequence[FoundSeries]] = field(default_factory=dict)
    candidates: Sequence[FoundSeries] = ()
    nearest: Sequence[Judgement] = ()

    @property
    def others(self) -> int:
        """How many series are left out."""
        taken = {entry.candidate.number for entry in self.taken.values()} if self.taken is not None else set()
        return 0 if self.taken is None else len(self.candidates) - len(taken)


def choose_series(
    bundle: Path,
    requirements: ExamRequirements,
    work: Path,
    *,
    picked_by: Picker = lambda _candidates: None,
    apart: bool = False,
) -> ChosenSeries:
    """Judges every series where an image has several. Raises FormatError.

    With `apart`, the only series of an image is looked at too: it may hold several stacks.
    """
    files = files_by_series(members(bundle), requirements.images)
    single = all(image in requirements.images and len(series) == 1 for image, series in files.items())
    if single and not apart:
        return ChosenSeries()
    candidates = candidates_of(bundle, files, requirements, work)
    if single and len(candidates) == len(files) and all(entry.whole for entry in candidates):
        return ChosenSeries()
    picked, nearest = picked_by(candidates), []
    if picked is None:
        candidates = [judged_series(bundle, entry, requirements, work) for entry in candidates]
        selection = select(
            [entry.candidate for entry in candidates], requirements.images, set(requirements.spec.data.fields)
        )
        due = {image: n for image, n in selection.nearest.items() if requirements.spec.data.images[image].required}
        if selection.open and not due:
            waiting = {image: [candidates[n - 1] for n in numbers] for image, numbers in selection.open.items()}
            return ChosenSeries(open=waiting, candidates=candidates)
        nearest = [
            _none_meets(image, candidates[n - 1], len(candidates)) for image, n in due.items() if len(candidates) > 1
        ]
        picked = {**selection.chosen, **due}
    taken = of_one_series_each(bundle, {image: candidates[n - 1] for image, n in picked.items()}, work)
    return ChosenSeries(taken, candidates=candidates, nearest=nearest)


def series_name(series: SeriesFacts, number: int) -> str:
    """How people speak of a series: its description, its protocol, else its number."""
    return str(series.get("SeriesDescription") or series.get("ProtocolName") or number)


def _none_meets(image: str, nearest: FoundSeries, count: int) -> Judgement:
    assert nearest.facts is not None
    number, series = nearest.candidate.number, nearest.facts.series
    name = series_name(series[0], number) if series else str(number)
    values = {"count": count, "name": name, "images": len(series[0].slices) if series else 0}
    return Judgement("series", "refuse", "criterion_not_met", image, NONE_MEETS, values)


def files_of(taken: Mapping[str, FoundSeries]) -> list[tuple[str, str, Stored]]:
    """Image, series UID and file of each instance that was taken, in the order of the bundle."""
    return [
        (image, plain_uid(entry.candidate.series[0]), file)
        for image, entry in sorted(taken.items())
        for file in sorted(entry.files, key=lambda stored: stored.name)
    ]


def pack_series(path: Path, taken: Mapping[str, FoundSeries]) -> None:
    """One stored zip of the series that were taken, the same bytes whenever it is made: `<image>/<series>/<sop>.dcm`."""
    with StoredArchive(path) as archive:
        for image, uid, file in files_of(taken):
            archive.add(f"{image}/{uid}/{PurePosixPath(file.name).stem}.dcm", file)


def lacks_volume(facts: ExamFacts) -> bool:
    """Whether the files of an image do not form one: its series may hold several stacks."""
    return any(entry.geometry is None for entry in facts.assemblies.values())


def judged_at_gate(faults: Sequence[Fault]) -> list[Judgement]:
    """Values that were sent and are not of their type: the gate left them out and said why."""
    return [
        Judgement("values", "refuse", fault.reason, fault.where, fault.template, dict(fault.values))
        for fault in faults
        if fault.reason in INVALID
    ]


def without_echoes(judgements: Sequence[Judgement]) -> list[Judgement]:
    """A value that is wrong is not also missing."""
    wrong = {entry.where for entry in judgements if entry.outcome == "refuse" and entry.reason in INVALID}
    return [entry for entry in judgements if entry.reason != "missing_value" or entry.where not in wrong]
