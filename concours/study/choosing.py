"""Each image of an exam becomes one series: by the criteria, by the drawn mask, or by a person who is asked. Plain."""

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
    AskedOfExam,
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

    `found` are all candidates, `nearest` says of images that no series fits which one was judged in the end.
    """

    taken: Mapping[str, FoundSeries] | None = None
    open: Mapping[str, Sequence[FoundSeries]] = field(default_factory=dict)
    found: Sequence[FoundSeries] = ()
    nearest: Sequence[Judgement] = ()

    @property
    def others(self) -> int:
        """How many series are left out."""
        taken = {one.candidate.number for one in self.taken.values()} if self.taken is not None else set()
        return 0 if self.taken is None else len(self.found) - len(taken)


def choose_series(
    bundle: Path, asked: AskedOfExam, work: Path, *, picked_by: Picker = lambda _found: None, apart: bool = False
) -> ChosenSeries:
    """Judges every series where an image has several. Raises FormatError.

    With `apart`, the only series of an image is looked at too: it may hold several stacks.
    """
    files = files_by_series(members(bundle), asked.images)
    single = all(image in asked.images and len(series) == 1 for image, series in files.items())
    if single and not apart:
        return ChosenSeries()
    found = candidates_of(bundle, files, asked, work)
    if single and len(found) == len(files) and all(one.whole for one in found):
        return ChosenSeries()
    picked, nearest = picked_by(found), []
    if picked is None:
        found = [judged_series(bundle, one, asked, work) for one in found]
        selection = select([one.candidate for one in found], asked.images, set(asked.spec.data.fields))
        due = {image: n for image, n in selection.nearest.items() if asked.spec.data.images[image].required}
        if selection.open and not due:
            waiting = {image: [found[n - 1] for n in numbers] for image, numbers in selection.open.items()}
            return ChosenSeries(open=waiting, found=found)
        nearest = [_none_meets(image, found[n - 1], len(found)) for image, n in due.items() if len(found) > 1]
        picked = {**selection.chosen, **due}
    taken = of_one_series_each(bundle, {image: found[n - 1] for image, n in picked.items()}, work)
    return ChosenSeries(taken, found=found, nearest=nearest)


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
        (image, plain_uid(one.candidate.series[0]), file)
        for image, one in sorted(taken.items())
        for file in sorted(one.files, key=lambda stored: stored.name)
    ]


def pack_series(path: Path, taken: Mapping[str, FoundSeries]) -> None:
    """One stored zip of the series that were taken, the same bytes whenever it is made: `<image>/<series>/<sop>.dcm`."""
    with StoredArchive(path) as archive:
        for image, uid, file in files_of(taken):
            archive.add(f"{image}/{uid}/{PurePosixPath(file.name).stem}.dcm", file)


def lacks_volume(facts: ExamFacts) -> bool:
    """Whether the files of an image do not form one: its series may hold several stacks."""
    return any(one.geometry is None for one in facts.assemblies.values())


def judged_at_gate(faults: Sequence[Fault]) -> list[Judgement]:
    """Values that were sent and are not of their type: the gate left them out and said why."""
    return [
        Judgement("values", "refuse", fault.reason, fault.where, fault.template, dict(fault.values))
        for fault in faults
        if fault.reason in INVALID
    ]


def without_echoes(judgements: Sequence[Judgement]) -> list[Judgement]:
    """A value that is wrong is not also missing."""
    wrong = {one.where for one in judgements if one.outcome == "refuse" and one.reason in INVALID}
    return [one for one in judgements if one.reason != "missing_value" or one.where not in wrong]
