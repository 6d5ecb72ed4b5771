"""Which exam each file of an upload belongs to. Plain: sorted files in, exams out.

Images by patient and study. Annotations by what they refer to, then by the grid they lie on, then by their folder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from concours.formats.fault import Fault, gettext_noop
from concours.questions.schema import QuestionSpec
from concours.questions.schema.nouns import FieldSpec
from concours.study.kinds import Rank
from concours.study.placing import Place, fits_shape, owner_by_contours, owner_by_folder, owner_by_grid
from concours.study.sent import SentFile, SentHeader
from concours.study.structures import LabelOfRegion, regions_by_name, regions_by_number

NAMES = 3  # files of each kind that a note names
PAGES = ("localiser", "dose_page", "secondary_capture")  # no exam of their own beside a patient's images

UNPLACED = gettext_noop("'%(name)s' cannot be assigned to one exam of this upload. Put it into the folder of its exam.")
WHICH_FIELD = gettext_noop("'%(name)s' is a mask, but its field is unclear. Name it after its field: %(fields)s.")
SECOND_MASK = gettext_noop(
    "'%(name)s' is a second mask of “%(field)s” and was not used. Send one mask per field, named after it: %(fields)s."
)
WHICH_REGION = gettext_noop(
    "'%(name)s' is a structure set (RTSTRUCT), and no closed region bears the name of a mask. "
    "Name the regions after the masks: %(fields)s."
)
NO_REGION = gettext_noop(
    "'%(name)s' is a structure set (RTSTRUCT) without closed contours. Draw the mask's contours and export it again."
)
NESTED = gettext_noop("'%(name)s' is an archive inside the upload. Send its files directly in one ZIP.")
NO_EXAM = gettext_noop("No usable DICOM image was found. Send the folder that the PACS exports for one exam.")


@dataclass(frozen=True)
class SetAside:
    """Objects of one kind that are no part of any exam: the word of the kind, how many, and the first names."""

    kind: str
    count: int
    names: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As the upload keeps it."""
        return {"kind": self.kind, "count": self.count, "names": list(self.names)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> SetAside:
        return cls(str(document["kind"]), int(document["count"]), tuple(document["names"]))


@dataclass
class GroupedExam:
    """One exam as the sorted files show it; `faults` are of its own files."""

    patient: str
    study: str
    dicom: list[SentFile] = field(default_factory=list)
    annotations: dict[str, SentFile] = field(default_factory=dict)  # field: file
    regions: dict[str, LabelOfRegion] = field(default_factory=dict)  # of masks that are contours
    tables: list[SentFile] = field(default_factory=list)
    conflicts: int = 0
    faults: list[Fault] = field(default_factory=list)

    def place(self) -> Place:
        """Where the exam's images lie, in folders and in space."""
        return Place([(file.name, header_of(file)) for file in self.dicom])

    def folder(self) -> str:
        """The deepest folder that holds all its images, as the centre names it; empty at the top of the upload."""
        parents = [PurePosixPath(file.name).parts[:-1] for file in self.dicom]
        shared = [parts[0] for parts in zip(*parents, strict=False) if len(set(parts)) == 1]
        depth = next((n for n, parts in enumerate(zip(*parents, strict=False)) if len(set(parts)) > 1), len(shared))
        return "/".join(shared[:depth])


@dataclass(frozen=True)
class Grouping:
    """What an upload becomes: exams, what was set aside, and the faults that belong to no single exam."""

    drafts: list[GroupedExam]
    aside: list[SetAside]
    faults: list[Fault]


def header_of(file: SentFile) -> SentHeader:
    """The header of a DICOM file. ValueError for any other."""
    if file.header is None:
        raise ValueError("the file is no DICOM object")
    return file.header


def group_exams(files: Iterable[SentFile], spec: QuestionSpec) -> Grouping:
    """The exams of one upload; the order of the files changes nothing. Without an exam there is at least one fault."""
    ordered = sorted(files, key=lambda sent: (sent.name, sent.sha256))
    drafts, aside = _by_study(
        [file for file in ordered if file.header is not None and file.rank < Rank.NEVER and _image(file)]
    )
    places = [draft.place() for draft in drafts]
    masks = {name: declared for name, declared in spec.data.fields.items() if declared.type == "mask"}
    faults: list[Fault] = []
    for file in ordered:
        if file.kind == "damaged":
            owner = owner_by_folder(file.name, places)
            (faults if owner is None else drafts[owner].faults).extend([file.fault] if file.fault else [])
        elif file.rank == Rank.NEVER and file.kind not in ("segmentation", "structures"):
            aside.append(file)
        elif not _image(file):
            if not _wanted(file, spec, masks, places):
                aside.append(file)
            elif (owner := _owner(file, drafts, places)) is None:
                faults.append(Fault("extra_file", file.name, UNPLACED, {"name": file.name}))
            elif file.kind == "table":
                drafts[owner].tables.append(file)
            else:
                _annotate(drafts[owner], file, masks)
    if not drafts and not faults:
        nested = [file.name for file in ordered if file.kind == "archive"]
        faults = [Fault("unsafe_archive", name, NESTED, {"name": name}) for name in nested]
        faults = faults or [Fault("not_dicom", "upload", NO_EXAM)]
    return Grouping(drafts, notes_of(aside), faults)


def _image(file: SentFile) -> bool:
    return (
        file.header is not None
        and file.kind not in ("segmentation", "structures", "damaged")
        and file.rank < Rank.NEVER
    )


def _by_study(images: Sequence[SentFile]) -> tuple[list[GroupedExam], list[SentFile]]:
    """Exams by patient and study, each with its best candidates; the others are set aside."""
    studies: dict[tuple[str, str], list[SentFile]] = {}
    for file in images:
        header = header_of(file)
        studies.setdefault((header.patient, header.study), []).append(file)
    imaged = {patient for (patient, _), group in studies.items() if any(file.rank == Rank.CANDIDATE for file in group)}
    drafts, aside = [], []
    for (patient, study), group in studies.items():
        best = min(file.rank for file in group)
        if best != Rank.CANDIDATE and (patient in imaged or (imaged and not patient)):
            pages = [file for file in group if file.kind in PAGES]
            aside += pages
            group = [file for file in group if file not in pages]
        else:
            aside += [file for file in group if file.rank > best]
            group = [file for file in group if file.rank == best]
        if group:
            drafts.append(GroupedExam(patient, study))
            _add_instances(drafts[-1], group)
    return drafts, aside


def _add_instances(draft: GroupedExam, group: Iterable[SentFile]) -> None:
    """The same instance with the same bytes is kept once; every other content of it stays, and is a conflict."""
    contents: dict[str, set[str]] = {}
    for file in group:
        same = contents.setdefault(header_of(file).instance, set())
        if file.sha256 in same:
            continue
        draft.conflicts += bool(same)
        same.add(file.sha256)
        draft.dicom.append(file)


def _wanted(file: SentFile, spec: QuestionSpec, masks: Mapping[str, FieldSpec], places: Sequence[Place]) -> bool:
    """Whether the question asks for such a file: a viewer's logo is no mask, and a program's settings are no values."""
    if file.kind != "table":
        named = _named_fields(file, masks)
        if file.ending == ".png" and not named and file.grid is not None and not fits_shape(file.grid, places):
            return False
        return bool(masks)
    fields = [name for name, declared in spec.data.fields.items() if declared.type != "mask"]
    stem = PurePosixPath(file.name).name.lower().removesuffix(file.ending)
    return any(name.lower() == stem or name in file.columns for name in fields)


def _owner(file: SentFile, drafts: Sequence[GroupedExam], places: Sequence[Place]) -> int | None:
    """The exam of an annotation: by reference, then by geometry, then by folder; None where several or none may be it."""
    header = file.header
    if header is not None:
        refers = set(header.refers_to)
        for matches in (
            [n for n, place in enumerate(places) if refers & place.series],
            [n for n, place in enumerate(places) if refers & place.frames_of_reference],
            [n for n, draft in enumerate(drafts) if draft.study == header.study],
        ):
            if len(matches) == 1:
                return matches[0]
        if header.patient and any(draft.patient == header.patient for draft in drafts):
            places = [
                place if draft.patient == header.patient else Place([])
                for draft, place in zip(drafts, places, strict=True)
            ]
    if file.grid is not None or (header is not None and header.regions):
        fitting = owner_by_contours(header, places) if file.grid is None else owner_by_grid(file.grid, places)
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return owner_by_folder(file.name, places, fitting)
    return owner_by_folder(file.name, places)


def _named_fields(file: SentFile, masks: Iterable[str]) -> list[str]:
    stem = PurePosixPath(file.name).name.lower().removesuffix(file.ending or ".dcm")
    return [name for name in masks if stem == name.lower() or stem.endswith((f"_{name.lower()}", f"-{name.lower()}"))]


def _annotate(draft: GroupedExam, file: SentFile, masks: Mapping[str, FieldSpec]) -> None:
    """A mask by its name: `<field>.nii.gz`, `…_<field>.nrrd`; with a single mask field, any mask file is that one."""
    named = _named_fields(file, masks)
    target = named[0] if named else next(iter(masks)) if len(masks) == 1 else ""
    if file.kind == "structures":
        _annotate_regions(draft, file, masks, target)
    elif not target:
        values = {"name": file.name, "fields": ", ".join(masks)}
        draft.faults.append(Fault("extra_file", file.name, WHICH_FIELD, values))
    else:
        _take_mask(draft, file, target, masks)


def _annotate_regions(draft: GroupedExam, file: SentFile, masks: Mapping[str, FieldSpec], target: str) -> None:
    """Contours: each mask takes the regions that are named after it; without such names, those of the file's own field."""
    regions = header_of(file).regions
    chosen = {name: numbers for name, declared in masks.items() if (numbers := regions_by_name(declared, regions))}
    if not chosen and target and (numbers := regions_by_number(masks[target], regions)):
        chosen = {target: numbers}
    for name, numbers in chosen.items():
        if _take_mask(draft, file, name, masks):
            draft.regions[name] = numbers
    if not regions:
        draft.faults.append(Fault("wrong_format", file.name, NO_REGION, {"name": file.name}))
    elif not chosen:
        values = {"name": file.name, "fields": ", ".join(masks)}
        draft.faults.append(Fault("extra_file", file.name, WHICH_REGION, values))


def _take_mask(draft: GroupedExam, file: SentFile, target: str, masks: Iterable[str]) -> bool:
    """Whether this file is now the mask of the field."""
    if target not in draft.annotations:
        draft.annotations[target] = file
        return True
    if draft.annotations[target].sha256 != file.sha256:
        values = {"name": file.name, "fields": ", ".join(masks), "field": target}
        draft.faults.append(Fault("extra_file", file.name, SECOND_MASK, values))
    return False


def notes_of(aside: Sequence[SentFile]) -> list[SetAside]:
    """One note a kind, the most frequent first."""
    counts = Counter(file.kind for file in aside)
    names: Mapping[str, list[str]] = {kind: [file.name for file in aside if file.kind == kind] for kind in counts}
    return [SetAside(kind, count, tuple(sorted(names[kind])[:NAMES])) for kind, count in counts.most_common()]


def image_of(name: str, spec: QuestionSpec) -> str:
    """Which image of the question a file belongs to: the folder that bears the image's name, or the only image; else `-`."""
    images = list(spec.data.images)
    folders = [part.lower() for part in PurePosixPath(name).parts[:-1]]
    named = [image for image in images if image.lower() in folders]
    return named[-1] if named else images[0] if len(images) == 1 else "-"
