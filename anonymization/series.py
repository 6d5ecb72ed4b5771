"""Before quality control: each image of the exam becomes one series, by the criteria, by the drawn mask, or by a person.

The stages after it find one series per image in the exam's bundle. What is in the bundle decides: a run that finds nothing to
choose or to join changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from anonymization.choices import Choice, option_of, plain_uid
from anonymization.models import Review
from anonymization.stacks import WRITE_LIMITS, FramesOf, StackFile, stacks_of, write_stack
from concours.formats.child import ChildLimits, run_limited
from concours.formats.fault import plural_noop
from concours.formats.json import Json
from concours.formats.stored import CHUNK, Stored, StoredArchive, members
from concours.inclusion import ExamFacts, Judgement, examine
from concours.inclusion.exam.given import GivenField
from concours.questions.schema import QuestionSpec
from concours.study.joining import SlicePiece, join
from concours.study.selection import UNPLACED, Candidate, select
from core.erasure import erase_after_commit, keep_object
from core.storage import Blob, local_copy, put_file
from uploads.models import Exam, Instance, Series

READ_LIMITS = ChildLimits(memory_bytes=3 << 30, cpu_seconds=900, wall_seconds=1800.0)
OF_FIELDS = ("clinical", "nodules")  # criteria of what was sent beside the images


NONE_MEETS = plural_noop(
    "None of the %(count)d series meets the criteria. The nearest is “%(name)s” (%(images)d image), and its reasons follow.",
    "None of the %(count)d series meets the criteria. The nearest is “%(name)s” (%(images)d images), and its reasons follow.",
    "images",
)


@dataclass(frozen=True)
class InstanceFile:
    """One object of the bundle: its SOP instance UID, SHA-256 (hex) and size in bytes."""

    sop: str
    sha256: str
    size: int


@dataclass(frozen=True)
class WrittenBundle:
    """The bundle that was written again: its object and, by image and series, the instances in it."""

    blob: Blob
    files: Mapping[tuple[str, str], Sequence[InstanceFile]]


@dataclass(frozen=True)
class Settled:
    """What became of the exam's series: a new bundle, or images for a person to choose.

    `nearest` says that no series meets the criteria, and which one was judged in the end; `others` counts the series left out.
    """

    written: WrittenBundle | None = None
    choices: list[Choice] = field(default_factory=list)
    nearest: list[Judgement] = field(default_factory=list)
    others: int = 0


@dataclass(frozen=True)
class _Found:
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
class AskedOfExam:
    """What quality control asks of an exam: the question, its criteria, and what is known of its fields."""

    spec: QuestionSpec
    criteria: Mapping[str, Mapping[str, Json]]
    fields: Mapping[str, GivenField]

    @property
    def images(self) -> list[str]:
        return list(self.spec.data.images)


def settle_series(exam: Exam, asked: AskedOfExam, work: Path, *, apart: bool = False) -> Settled:
    """Judges every series where an image has several, and writes the bundle again in `work`. Raises FormatError.

    With `apart`, the only series of an image is looked at too: it may hold several stacks.
    """
    with local_copy("exams", exam.bundle_key) as bundle:
        files = _by_image(members(bundle), asked.images)
        single = all(image in asked.images and len(series) == 1 for image, series in files.items())
        if single and not apart:
            return Settled()
        found = _candidates(bundle, files, asked, work)
        if single and len(found) == len(files) and all(one.whole for one in found):
            return Settled()
        picked, nearest = _picked(exam, found), []
        if picked is None:
            found = [_judged(bundle, one, asked, work) for one in found]
            selection = select([one.candidate for one in found], asked.images, set(asked.spec.data.fields))
            due = {image: n for image, n in selection.nearest.items() if asked.spec.data.images[image].required}
            if selection.open and not due:
                return Settled(choices=[_choice(image, numbers, found) for image, numbers in selection.open.items()])
            nearest = [_none_meets(image, found[n - 1], len(found)) for image, n in due.items() if len(found) > 1]
            picked = {**selection.chosen, **due}
        taken = _of_one_series_each(bundle, {image: found[n - 1] for image, n in picked.items()}, work)
        return Settled(_write(exam, taken, work), nearest=nearest, others=len(found) - len(set(picked.values())))


def _by_image(files: Iterable[Stored], images: Sequence[str]) -> dict[str, dict[str, list[Stored]]]:
    """Image -> series -> files, as the bundle's folders say; a series without the folder of an image belongs to the only one."""
    placed: dict[str, dict[str, list[Stored]]] = {}
    for file in files:
        image, series = PurePosixPath(file.name).parts[:2]
        image = image if image in images else images[0] if len(images) == 1 else UNPLACED
        placed.setdefault(image, {}).setdefault(series, []).append(file)
    return placed


def _candidates(
    bundle: Path, files: Mapping[str, Mapping[str, list[Stored]]], asked: AskedOfExam, work: Path
) -> list[_Found]:
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
        flat = image in asked.images and 3 not in asked.spec.data.images[image].dimensions
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
        _Found(Candidate(n, group.series, group.image), group.files, group.cut, whole=not group.stack)
        for n, group in enumerate(groups, 1)
    ]


def _parts(
    bundle: Path, own: Sequence[Stored], stack: Sequence[StackFile], folder: Path
) -> tuple[list[Stored], dict[str, FramesOf]]:
    """The files of a stack; of an object that holds other frames too, one with these frames alone, written in `folder`."""
    by_name = {file.name: file for file in own}
    parts, cut = [by_name[one.file] for one in stack if one.frames is None], {}
    for one in stack:
        if one.frames is not None:
            folder.mkdir(exist_ok=True)
            written = write_stack(bundle, by_name[one.file], one.frames, folder)
            cut[PurePosixPath(written.name).stem] = FramesOf(PurePosixPath(one.file).stem, one.frames)
            parts.append(written)
    return parts, cut


def _of_one_series_each(bundle: Path, taken: Mapping[str, _Found], work: Path) -> dict[str, _Found]:
    """Two stacks of one series that stand for two images are two series from here on: the later one has a UID of its own."""
    own: dict[str, _Found] = {}
    uids: set[str] = set()
    for image, one in sorted(taken.items()):
        name = one.candidate.series[0]
        uid = plain_uid(name)
        if uid in uids:
            uid = f"2.25.{int(hashlib.sha256(name.encode()).hexdigest()[:32], 16)}"
            files = _as_one(bundle, one.files, uid, work / f"own-{image}")
            one = replace(one, candidate=replace(one.candidate, series=(uid,)), files=files)
        uids.add(uid)
        own[image] = one
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


def _picked(exam: Exam, found: Sequence[_Found]) -> dict[str, int] | None:
    """What a person chose for this exam, by image: the candidate's number; None where nobody did."""
    review = exam.reviews.filter(state=Review.State.CONFIRMED).exclude(chosen={}).order_by("-decided_at").first()
    if review is None:
        return None
    by_series = {uid: one.candidate.number for one in found for uid in one.candidate.series}
    picked = {image: by_series[uids[0]] for image, uids in review.chosen.items() if uids[0] in by_series}
    return picked if len(picked) == len(review.chosen) else None


def _judged(bundle: Path, one: _Found, asked: AskedOfExam, work: Path) -> _Found:
    """The candidate with what the criteria say of it, as each image that it may stand for."""
    images = asked.images
    own = [one.candidate.image] if one.candidate.image in images else images
    masks = {
        name: given for name, given in asked.fields.items() if len(own) == 1 and _is_drawn_on(given, own[0], images[0])
    }
    document = run_limited(
        "concours.inclusion.exam.read:read_exam_json",
        {own[0]: [file.to_json() for file in one.files]},
        {name: given.to_json() for name, given in masks.items()},
        limits=READ_LIMITS,
        read=[bundle, work, *(given.path for given in masks.values())],
    )
    criteria = {
        name: given for name, given in asked.criteria.items() if name not in OF_FIELDS and (masks or name != "mask")
    }
    judgements = {image: examine(ExamFacts.from_json(_renamed(document, own[0], image)), criteria) for image in own}
    return replace(one, candidate=replace(one.candidate, judgements=judgements), facts=ExamFacts.from_json(document))


def _is_drawn_on(given: GivenField, image: str, first: str) -> bool:
    is_mask = given.declared["type"] == "mask" and bool(given.path)
    return is_mask and (given.declared["of"] or first) == image


def _renamed(value: Json, old: str, new: str) -> Json:
    """The document with the image's name replaced, wherever it stands by itself."""
    if isinstance(value, dict):
        return {(new if key == old else key): _renamed(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, old, new) for one in value]
    return new if value == old else value


def _choice(image: str, numbers: Sequence[int], found: Sequence[_Found]) -> Choice:
    options = []
    for number in numbers:
        one = found[number - 1]
        assert one.facts is not None
        points = [point for point in one.candidate.judgements[image] if point.outcome == "review"]
        options.append(option_of(number, one.candidate.series, one.facts, points, one.cut))
    return Choice(image, options)


def _none_meets(image: str, nearest: _Found, count: int) -> Judgement:
    assert nearest.facts is not None
    described = option_of(nearest.candidate.number, nearest.candidate.series, nearest.facts, [])
    values = {"count": count, "name": described.name, "images": described.images}
    return Judgement("series", "refuse", "criterion_not_met", image, NONE_MEETS, values)


def _write(exam: Exam, taken: Mapping[str, _Found], work: Path) -> WrittenBundle:
    """One stored zip of the series that were taken, the same bytes whenever it is made: `<image>/<series>/<sop>.dcm`."""
    path = work / "bundle.zip"
    files: dict[tuple[str, str], list[InstanceFile]] = {}
    with StoredArchive(path) as archive:
        for image, one in sorted(taken.items()):
            uid = plain_uid(one.candidate.series[0])
            for file in sorted(one.files, key=lambda stored: stored.name):
                sop = PurePosixPath(file.name).stem
                archive.add(f"{image}/{uid}/{sop}.dcm", file)
                files.setdefault((image, uid), []).append(InstanceFile(sop, _digest(file), file.size))
    return WrittenBundle(put_file("exams", f"exam-{exam.pk}", path, move=True), files)


def _digest(file: Stored) -> str:
    digest = hashlib.sha256()
    with file.open() as content:
        while piece := content.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()


def replace_bundle(exam: Exam, written: WrittenBundle) -> None:
    """Inside the last transaction: rows for the series that the exam has now. The former bundle is erased after the commit."""
    exam.series.all().delete()
    for (image, uid), files in written.files.items():
        series = Series.objects.create(exam=exam, series_uid=uid, role=image, instance_count=len(files))
        Instance.objects.bulk_create(
            Instance(series=series, sop_uid=file.sop, position=number, sha256=file.sha256, size=file.size)
            for number, file in enumerate(files)
        )
    if exam.bundle_key != written.blob.key:
        erase_after_commit([("exams", exam.bundle_key)])
    keep_object("exams", written.blob.key)
    exam.bundle_key, exam.bundle_sha256, exam.bundle_bytes = written.blob.key, written.blob.sha256, written.blob.size
    exam.save(update_fields=["bundle_key", "bundle_sha256", "bundle_bytes"])
