"""An exam prepared where it was made: grouped, de-identified with the centre's key and judged, before anything is sent.

The same functions as on the server, over the same layout. See docs/decisions/0022-prepared-exams.md.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from concours.deid.identity import CentreKey, prepared_proof
from concours.formats.child import ChildLimits, run_limited
from concours.formats.fault import Fault
from concours.formats.json import JsonObject
from concours.formats.stored import Stored, StoredArchive, members, whole
from concours.inclusion import ExamFacts, Judgement, Outcome, examine, overall
from concours.inclusion.causes import reasons
from concours.inclusion.exam.given import GivenField
from concours.questions.required import required_fields
from concours.questions.schema import QuestionSpec
from concours.study.asked import by_image, criteria_of, declared_block
from concours.study.candidates import ExamRequirements, FoundSeries
from concours.study.choosing import (
    ChosenSeries,
    choose_series,
    files_of,
    judged_at_gate,
    lacks_volume,
    pack_series,
    series_name,
    without_echoes,
)
from concours.study.clean_exam import Clean, clean_exam, pack_clean
from concours.study.cleaned import CleanedFile
from concours.study.grouping import GroupedExam, Grouping, group_exams
from concours.study.originals import pack_originals
from concours.study.sent import SentFile

LIMITS = {"bytes": 100_000_000_000, "unpacked_bytes": 100_000_000_000, "entries": 100_000}
FACTS_LIMITS = ChildLimits(memory_bytes=3 << 30, cpu_seconds=900)
UNCLEAR = "%(count)d file(s) may contain text in the image or identifying words. They need manual review."
LEFT_OUT = "%(file)s was left out: %(detail)s"
FOUND = "The second check found possible identifiers (%(kind)s) in what would be sent."
NOTHING_LEFT = "No file of this exam can be used. Export the exam from the PACS again."


@dataclass(frozen=True)
class PreparedReason:
    """Why the exam has its verdict: a code of INTERFACES.md, the field, image or file, and a sentence in English."""

    code: str
    where: str
    message: str


@dataclass(frozen=True)
class SeriesSummary:
    """One series: its cleaned description, its number of images, what the criteria say, and whether it is sent."""

    name: str
    images: int
    outcome: Outcome
    sent: bool


@dataclass(frozen=True)
class PreparedExam:
    """An exam as it would be sent. `folder` and `patient` are the hospital's own words and stay with it.

    `archive` is None where the exam is refused; `proof` goes with it. `unclear`: a person must look at the files before they
    may be used. `removed` counts attributes by what was done to them.
    """

    folder: str
    patient: str = field(repr=False)
    outcome: Outcome
    reasons: tuple[PreparedReason, ...] = ()
    series: tuple[SeriesSummary, ...] = ()
    missing: tuple[str, ...] = ()
    removed: Mapping[str, int] = field(default_factory=dict)
    unclear: bool = False
    archive: Path | None = None
    proof: str = field(default="", repr=False)
    pseudonym: str = ""


def find_exams(paths: Sequence[Path], work: Path, spec: QuestionSpec) -> Grouping:
    """The exams in folders, files and zips. Raises FormatError where an archive cannot be used."""
    named = [pair for path in paths for pair in _files_below(path)]
    modalities = sorted({modality.upper() for image in spec.data.images.values() for modality in image.modality})
    into = work / "unpacked"
    into.mkdir(parents=True)
    answer = run_limited(
        "concours.study.sorting:sort",
        [str(path) for path, _name in named],
        [name for _path, name in named],
        str(into),
        LIMITS,
        modalities,
        limits=ChildLimits(memory_bytes=4 << 30, cpu_seconds=3600, file_bytes=40 << 30, wall_seconds=7200),
        read=[path.absolute() for path in paths],
        write=[into],
    )
    return group_exams([SentFile.from_json(entry) for entry in answer], spec)


def _files_below(path: Path) -> list[tuple[Path, str]]:
    """Files with the names that the hospital knows, the folder's own first. Links are not followed."""
    if path.is_file():
        return [(path.absolute(), path.name)]
    base = path.absolute()
    candidates = sorted(entry for entry in base.rglob("*") if entry.is_file() and not entry.is_symlink())
    return [(entry, str(PurePosixPath(base.name) / entry.relative_to(base).as_posix())) for entry in candidates]


def prepare_exam(
    draft: GroupedExam,
    values: JsonObject,
    key: CentreKey,
    spec: QuestionSpec,
    work: Path,
    waiting: Callable[[], None] | None = None,
) -> PreparedExam:
    """De-identifies and judges one exam in the empty folder `work`, and packs what would be sent. Raises FormatError."""
    originals = work / "originals.zip"
    pack_originals(originals, draft, spec, values)
    clean = clean_exam(originals, work, key.secret, spec, waiting=waiting)
    originals.unlink()
    folder = draft.folder() or "."
    if not clean.usable:
        listed = _of_files(clean.answer.files) or [PreparedReason("no_pixels", "exam", NOTHING_LEFT)]
        return PreparedExam(folder, draft.patient, "refuse", tuple(listed), removed=_removed(clean))
    bundle = pack_clean(clean)
    requirements = ExamRequirements(spec, criteria_of(spec), _fields(clean, spec))
    chosen, facts = _chosen(bundle, requirements, work)
    judged = [*chosen.nearest, *judged_at_gate(clean.answer.faults), *examine(facts, requirements.criteria)]
    judged = without_echoes(judged)
    listed = [
        *(_of_fault(fault) for fault in draft.faults),
        *_of_files(clean.answer.files),
        *_of_judgements(judged, clean),
    ]
    unclear = [file for file in clean.usable if file.needs_review]
    if unclear:
        listed.append(PreparedReason(unclear[0].reason, "", UNCLEAR % {"count": len(unclear)}))
    kinds = sorted({finding["kind"] for finding in clean.answer.findings})
    if kinds:
        listed.append(PreparedReason("residual_identifier", "", FOUND % {"kind": ", ".join(kinds)}))
    outcome = overall(judged)
    outcome = "review" if outcome == "accept" and (unclear or kinds or chosen.open) else outcome
    archive = None if outcome == "refuse" else _pack(work / "exam.zip", bundle, clean, chosen)
    return PreparedExam(
        folder=folder,
        patient=draft.patient,
        outcome=outcome,
        reasons=tuple(dict.fromkeys(listed)),
        series=_series(facts, chosen, overall(entry for entry in judged if entry.where not in spec.data.fields)),
        missing=tuple(sorted({entry.where for entry in judged if entry.reason == "missing_value"})),
        removed=_removed(clean),
        unclear=bool(unclear or kinds),
        archive=archive,
        proof=prepared_proof(key, _sha256(archive)) if archive else "",
        pseudonym=clean.answer.pseudonym,
    )


def _fields(clean: Clean, spec: QuestionSpec) -> dict[str, GivenField]:
    required = required_fields(spec)
    fields = {}
    for name, declared in spec.data.fields.items():
        block = declared_block(declared, required=name in required)
        called = clean.answer.annotations.get(name, "")
        path = str(clean.folder / "annotations" / called) if called else ""
        fields[name] = GivenField(block, path, called, None if called else clean.answer.values.get(name))
    return fields


def _chosen(bundle: Path, requirements: ExamRequirements, work: Path) -> tuple[ChosenSeries, ExamFacts]:
    """The series that stand for the images, and the facts of the exam with them alone."""
    chosen = choose_series(bundle, requirements, work)
    facts = _facts(_bundle_of(bundle, chosen, work), requirements)
    if chosen.taken is None and not chosen.open and lacks_volume(facts):
        chosen = choose_series(bundle, requirements, work, apart=True)
        if chosen.taken is not None:
            facts = _facts(_bundle_of(bundle, chosen, work), requirements)
    return chosen, facts


def _bundle_of(bundle: Path, chosen: ChosenSeries, work: Path) -> Path:
    """The bundle with one series per image; of several that a person chooses among, the first stands for the judgement."""
    taken = chosen.taken
    if chosen.open:
        taken = {image: candidates[0] for image, candidates in chosen.open.items()}
    if taken is None:
        return bundle
    path = work / "chosen.zip"
    pack_series(path, taken)
    return path


def _facts(bundle: Path, requirements: ExamRequirements) -> ExamFacts:
    paths = [field_sent.path for field_sent in requirements.fields.values() if field_sent.path]
    document = run_limited(
        "concours.inclusion.exam.read:read_exam_json",
        by_image(bundle, requirements.images),
        {name: field_sent.to_json() for name, field_sent in requirements.fields.items()},
        limits=FACTS_LIMITS,
        read=[bundle, *paths],
    )
    return ExamFacts.from_json(document)


def _pack(path: Path, bundle: Path, clean: Clean, chosen: ChosenSeries) -> Path:
    """One stored zip, the same bytes whenever it is made: images, annotations, values; no name of the hospital's."""
    with StoredArchive(path) as archive:
        for name, file in sorted(_sent(bundle, chosen).items()):
            archive.add(f"exam/{name}", file)
        for name, called in sorted(clean.answer.annotations.items()):
            ending = called.partition(".")[2]
            archive.add(f"exam/{name}.{ending}", whole(clean.folder / "annotations" / called))
        values = {name: value for name, value in clean.answer.values.items() if value is not None}
        if values:
            archive.add("exam/values.json", json.dumps(values, sort_keys=True, ensure_ascii=False).encode())
    return path


def _sent(bundle: Path, chosen: ChosenSeries) -> dict[str, Stored]:
    """The images that are sent, under their new names: those of the series that were chosen, or among which a person chooses."""
    if chosen.taken is not None:
        return {
            f"{image}/{uid}/{PurePosixPath(file.name).stem}.dcm": file for image, uid, file in files_of(chosen.taken)
        }
    if chosen.open:
        return {file.name: file for candidates in chosen.open.values() for entry in candidates for file in entry.files}
    return {file.name: file for file in members(bundle)}


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _series(facts: ExamFacts, chosen: ChosenSeries, outcome: Outcome) -> tuple[SeriesSummary, ...]:
    if not chosen.candidates:
        return tuple(
            SeriesSummary(series_name(entry, n), len(entry.slices), outcome, sent=outcome != "refuse")
            for n, entry in enumerate(facts.series, 1)
        )
    sent = {entry.candidate.number for entry in (chosen.taken or {}).values()}
    sent |= {entry.candidate.number for candidates in chosen.open.values() for entry in candidates}
    return tuple(_summary(entry, entry.candidate.number in sent) for entry in chosen.candidates)


def _summary(candidates: FoundSeries, sent: bool) -> SeriesSummary:
    series = candidates.facts.series if candidates.facts else ()
    name = series_name(series[0], candidates.candidate.number) if series else str(candidates.candidate.number)
    outcomes: list[Outcome] = [overall(entry) for entry in candidates.candidate.judgements.values()]
    best: Outcome = next((entry for entry in ("accept", "review", "refuse") if entry in outcomes), "review")
    return SeriesSummary(name, len(candidates.files), best, sent)


def _of_judgements(judged: Sequence[Judgement], clean: Clean) -> list[PreparedReason]:
    listed = reasons(judged, [f"{file.sop}.dcm" for file in clean.usable])
    return [PreparedReason(entry.judgement.reason, entry.judgement.where, entry.judgement.message) for entry in listed]


def _of_files(files: Sequence[CleanedFile]) -> list[PreparedReason]:
    refused = [file for file in files if file.is_refused]
    return [
        PreparedReason(
            entry.reason, entry.called, LEFT_OUT % {"file": entry.called or entry.source, "detail": entry.detail}
        )
        for entry in refused
    ]


def _of_fault(fault: Fault) -> PreparedReason:
    return PreparedReason(fault.reason, fault.where, fault.message)


def _removed(clean: Clean) -> dict[str, int]:
    """How many attributes were changed, by what was done to them: each tag of the exam once."""
    done = {
        (tag, str(action)) for file in clean.answer.files for tag, action in (file.entry.get("actions") or {}).items()
    }
    counts: Mapping[str, Any] = Counter(action for _tag, action in done if action != "kept")
    return dict(sorted(counts.items()))
