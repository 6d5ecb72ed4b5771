"""The series of an exam as candidates for its images, each judged by the question's criteria. Plain: an archive in, facts out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from concours.formats.child import ChildLimits, run_limited
from concours.formats.json import Json
from concours.formats.stored import Stored
from concours.inclusion import ExamFacts, examine
from concours.inclusion.exam.given import GivenField
from concours.questions.schema import QuestionSpec
from concours.study.joining import SlicePiece, join
from concours.study.selection import UNPLACED, Candidate
from concours.study.stacks import WRITE_LIMITS, FramesOf, StackFile, stacks_of, write_stack

READ_LIMITS = ChildLimits(memory_bytes=3 << 30, cpu_seconds=900, wall_seconds=1800.0)
OF_FIELDS = ("clinical", "nodules")  # criteria of what was sent beside the images


@dataclass(frozen=True)
class FoundSeries:
    """A candidate with its files and, once it was judged, its facts.

    `cut` names the files that hold frames of another object alone, by their instance UID.
    """

    candidate: Candidate
    files: Sequence[Stored]
    cut: Mapping[str, FramesOf] = field(default_factory=dict)
    whole: bool = True  # False: some files of its series are left out
    facts: ExamFacts | None = None


@dataclass(frozen=True)
class _Group:
    """Files that may be one image: whole series, or the stack of this number (from 1) in one."""

    image: str
    series: tuple[str, ...]
    files: list[Stored]
    series_number: str
    stack: int = 0
    cut: Mapping[str, FramesOf] = field(default_factory=dict)


@dataclass(frozen=True)
class ExamRequirements:
    """What quality control asks of an exam: the question, its criteria, and what is known of its fields."""

    spec: QuestionSpec
    criteria: Mapping[str, Mapping[str, Json]]
    fields: Mapping[str, GivenField]

    @property
    def images(self) -> list[str]:
        return list(self.spec.data.images)


def plain_uid(name: str) -> str:
    """The series UID of a candidate's name: `<uid>`, or `<uid>#<n>` of one of several stacks in a series."""
    return name.partition("#")[0]


def files_by_series(files: Iterable[Stored], images: Sequence[str]) -> dict[str, dict[str, list[Stored]]]:
    """Image -> series -> files, as the bundle's folders say; a series without the folder of an image belongs to the only one."""
    placed: dict[str, dict[str, list[Stored]]] = {}
    for file in files:
        image, series = PurePosixPath(file.name).parts[:2]
        image = image if image in images else images[0] if len(images) == 1 else UNPLACED
        placed.setdefault(image, {}).setdefault(series, []).append(file)
    return placed


def candidates_of(
    bundle: Path, files: Mapping[str, Mapping[str, list[Stored]]], requirements: ExamRequirements, work: Path
) -> list[FoundSeries]:
    """Series, and groups of series that are one acquisition (written as one in `work`), numbered in the order of the study."""
    groups: list[_Group] = []
    for image, series in files.items():
        every = [file for uid in sorted(series) for file in series[uid]]
        answer = run_limited(
            "concours.study.rewriting:read_pieces",
            [file.to_json() for file in every],
            limits=READ_LIMITS,
            read=[bundle],
        )
        pieces = [SlicePiece.from_json(piece) for piece in answer]
        numbers = {piece.series: piece.series_number for piece in pieces}
        flat = image in requirements.images and 3 not in requirements.spec.data.images[image].dimensions
        stacks = {} if flat else stacks_of(pieces)
        for uids in [(uid,) for uid in sorted(series)] if flat else join(pieces):
            own = [file for uid in uids for file in series[uid]]
            if len(uids) > 1:
                own = _as_one(bundle, own, uids[0], work / f"joined-{len(groups)}")
            elif uids[0] in stacks:
                for n, stack in enumerate(stacks[uids[0]], 1):
                    parts, cut = _parts(bundle, own, stack, work / f"stack-{len(groups)}")
                    groups.append(_Group(image, (f"{uids[0]}#{n}",), parts, numbers[uids[0]], n, cut))
                continue
            groups.append(_Group(image, uids, own, numbers[uids[0]]))
    groups.sort(key=lambda group: (_number(group.series_number), group.series[0].partition("#")[0], group.stack))
    return [
        FoundSeries(Candidate(n, group.series, group.image), group.files, group.cut, whole=not group.stack)
        for n, group in enumerate(groups, 1)
    ]


def _parts(
    bundle: Path, own: Sequence[Stored], stack: Sequence[StackFile], folder: Path
) -> tuple[list[Stored], dict[str, FramesOf]]:
    """The files of a stack; of an object that holds other frames too, one with these frames alone, written in `folder`."""
    by_name = {file.name: file for file in own}
    parts, cut = [by_name[piece.file] for piece in stack if piece.frames is None], {}
    for piece in stack:
        if piece.frames is not None:
            folder.mkdir(exist_ok=True)
            written = write_stack(bundle, by_name[piece.file], piece.frames, folder)
            cut[PurePosixPath(written.name).stem] = FramesOf(PurePosixPath(piece.file).stem, piece.frames)
            parts.append(written)
    return parts, cut


def of_one_series_each(bundle: Path, taken: Mapping[str, FoundSeries], work: Path) -> dict[str, FoundSeries]:
    """Two stacks of one series that stand for two images are two series from here on: the later one has a UID of its own."""
    own: dict[str, FoundSeries] = {}
    uids: set[str] = set()
    for image, candidate_found in sorted(taken.items()):
        name = candidate_found.candidate.series[0]
        uid = plain_uid(name)
        if uid in uids:
            uid = f"2.25.{int(hashlib.sha256(name.encode()).hexdigest()[:32], 16)}"
            files = _as_one(bundle, candidate_found.files, uid, work / f"own-{image}")
            candidate_found = replace(
                candidate_found, candidate=replace(candidate_found.candidate, series=(uid,)), files=files
            )
        uids.add(uid)
        own[image] = candidate_found
    return own


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _as_one(bundle: Path, files: Sequence[Stored], uid: str, folder: Path) -> list[Stored]:
    folder.mkdir()
    run_limited(
        "concours.study.rewriting:write_as_one_series",
        [file.to_json() for file in files],
        uid,
        str(folder),
        limits=WRITE_LIMITS,
        read=[bundle],
        write=[folder],
    )
    written = []
    for number, file in enumerate(files):
        path = folder / f"{number:06d}.dcm"  # as the child was told, whatever it answers
        image, _series, sop = PurePosixPath(file.name).parts
        written.append(Stored(path, f"{image}/{uid}/{sop}", 0, path.stat().st_size))
    return written


def judged_series(bundle: Path, entry: FoundSeries, requirements: ExamRequirements, work: Path) -> FoundSeries:
    """The candidate with what the criteria say of it, as each image that it may stand for."""
    images = requirements.images
    own = [entry.candidate.image] if entry.candidate.image in images else images
    masks = {
        name: sent
        for name, sent in requirements.fields.items()
        if len(own) == 1 and _is_drawn_on(sent, own[0], images[0])
    }
    document = run_limited(
        "concours.inclusion.exam.read:read_exam_json",
        {own[0]: [file.to_json() for file in entry.files]},
        {name: sent.to_json() for name, sent in masks.items()},
        limits=READ_LIMITS,
        read=[bundle, work, *(sent.path for sent in masks.values())],
    )
    criteria = {
        name: sent
        for name, sent in requirements.criteria.items()
        if name not in OF_FIELDS and (masks or name != "mask")
    }
    judgements = {image: examine(ExamFacts.from_json(_renamed(document, own[0], image)), criteria) for image in own}
    return replace(
        entry, candidate=replace(entry.candidate, judgements=judgements), facts=ExamFacts.from_json(document)
    )


def _is_drawn_on(sent: GivenField, image: str, first: str) -> bool:
    is_mask = sent.declared["type"] == "mask" and bool(sent.path)
    return is_mask and (sent.declared["of"] or first) == image


def _renamed(value: Json, old: str, new: str) -> Json:
    """The document with the image's name replaced, wherever it stands by itself."""
    if isinstance(value, dict):
        return {(new if key == old else key): _renamed(nested, old, new) for key, nested in value.items()}
    if isinstance(value, list):
        return [_renamed(nested, old, new) for nested in value]
    return new if value == old else value
