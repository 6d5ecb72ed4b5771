"""Between release and scoring: the truth of a batch is sealed, and copies that web code can reach are removed."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_noop

from anonymization.models import Correction
from batches.build import cases_of
from batches.cases import Written, scalars_csv, write_cases
from batches.models import Batch
from challenges.frame import spec_of
from concours.evaluation.evaluate import public_manifest
from concours.evaluation.truth import LoadedTruth, load_truth
from concours.evaluation.truth_table import TruthError
from concours.formats.fault import Fault
from concours.formats.json import JsonObject
from concours.formats.manifest import Manifest
from concours.formats.stored import StoredArchive, whole
from concours.questions.schema import QuestionSpec
from core.audit import record
from core.claims import Claim, LostLeaseError
from core.clock import database_now
from core.erasure import erase_after_commit
from core.locks import next_number
from core.models import Progress, Work
from core.performing import failed_because
from core.progress import progress_of, tell, tell_fault
from core.readiness import Obstacle
from core.storage import Blob, put_file
from core.temporary import lease_folder
from core.work import enqueue
from scoring.correct_truth import reason_of, settle_corrections, waiting_corrections, write_corrections
from scoring.faults import by_exam
from scoring.models import Rescore, Submission, Truth
from scoring.reachable import forget_annotations, reachable_annotations
from scoring.rescore import phases_scored_on, rescore_dependents
from scoring.reseal import forget_cases, keep_only, manifest_without, sealed_ids, unpack
from scoring.truth_faults import faults_of_truth, obstacle_of_faults

NOT_IN_TABLE = ("mask", "table")


@dataclass(frozen=True)
class SealedContent:
    """What a version of a truth holds: its archive (None without a case), the public manifest, why it cannot be scored on, and
    the corrections that it has beside those of the version before.
    """

    blob: Blob | None
    manifest: JsonObject
    cases: int
    faults: Sequence[Fault] = ()
    corrections: Sequence[Correction] = ()


def seal_truth(claim: Claim) -> None:
    """The stage's function. Killed anywhere and run again, it ends with one truth of the batch's living cases, and no other
    copy of an evaluation set's.
    """
    batch = Batch.objects.select_related("question__challenge").get(pk=claim.subject_id)
    spec = spec_of(batch.question)
    newest = batch.truths.order_by("-version").first()
    if newest is None and batch.state != Batch.State.BUILT:
        with claim.finish():
            return
    living = [case.public_id for case in cases_of(batch)]
    if newest is None and living:
        _seal_first(claim, batch, spec)
    elif newest is None:
        nothing = Manifest(id_column=spec.submission.id_column, ignored_ids=_left(batch)).to_json()
        _write_version(claim, batch, SealedContent(None, nothing, 0))
    else:
        if sealed_ids(newest, spec) != set(living):
            newest = _seal_without(claim, batch, spec, newest, set(living))
        if newest.blob_key and (waiting := waiting_corrections(batch, newest.corrections)):
            _seal_corrected(claim, batch, spec, newest, waiting)
    gone = reachable_annotations(batch, spec)
    with claim.finish():
        settle_corrections(batch)
        forget_annotations(gone)


def _seal_first(claim: Claim, batch: Batch, spec: QuestionSpec) -> None:
    generated = spec.submission.generated is not None
    fields = list(spec.data.fields)
    with lease_folder("seal") as folder:
        out = folder / "out"
        written = write_cases(
            cases_of(batch),
            out,
            folder / "work",
            spec,
            form="numpy" if generated else "table",  # only generated cases are compared with the images themselves
            key=bytes.fromhex(batch.seed or "00"),
            images=list(spec.data.images),
            fields=fields,
            face=batch.face,
        )
        _write_table(out, written, spec, fields, batch)
        _store(claim, batch, spec, folder, out)


def _write_table(out: Path, written: list[Written], spec: QuestionSpec, fields: list[str], batch: Batch) -> None:
    """`truth.csv`: scalars, spacing, part. What is measured or derived stands in it only when every case has it."""
    computed = {name for name, field in spec.data.fields.items() if field.measured_from or field.derive is not None}
    sealed_fields = [
        name for name in fields if name not in computed or all(case.scalars.get(name) is not None for case in written)
    ]
    rows = list(csv.reader(io.StringIO(scalars_csv(written, spec, sealed_fields, spacing=True))))
    public = public_cases(batch, spec, [case.public_id for case in written])
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    for number, row in enumerate(rows):
        part = "part" if number == 0 else "public" if row[0] in public else "private"
        table.writerow([*row, part] if spec.leaderboard.public_share > 0 else row)
    (out / "truth.csv").write_text(text.getvalue(), encoding="utf-8")


def public_cases(batch: Batch, spec: QuestionSpec, ids: list[str]) -> set[str]:
    """The cases whose scores show while the phase runs: drawn by the question's seed under the batch's secret one, since the
    file, and so its seed, is known to teams.
    """
    share = spec.leaderboard.public_share
    if not ids or share <= 0:
        return set()

    def drawn(case: str) -> bytes:
        return hmac.new(
            bytes.fromhex(batch.seed), f"part {spec.leaderboard.seed} {case}".encode(), hashlib.sha256
        ).digest()

    return set(sorted(ids, key=drawn)[: max(1, min(len(ids), round(share * len(ids))))])


def _store(claim: Claim, batch: Batch, spec: QuestionSpec, folder: Path, out: Path) -> None:
    """The folder as one stored zip, byte for byte the same whenever it is made again, and its row."""
    loaded = _loaded(batch, spec, out)
    blob = _pack(batch, out, folder / "truth.zip")
    manifest, faults = _public_manifest(batch, spec, loaded), faults_of_truth(batch, spec, loaded)
    sealed = SealedContent(blob, manifest, len(loaded.ids), faults, waiting_corrections(batch))
    try:
        _write_version(claim, batch, sealed)
    except LostLeaseError:
        if set(loaded.ids) != {
            case.public_id for case in cases_of(batch)
        }:  # an exam left: no row names what contains it
            with transaction.atomic():
                erase_after_commit([("sealed", blob.key)])
        raise


def _seal_corrected(
    claim: Claim, batch: Batch, spec: QuestionSpec, before: Truth, corrections: list[Correction]
) -> None:
    """A new version with the corrected fields of some cases. Raises TruthError, told to organisers, where it cannot be read."""
    with lease_folder("seal") as folder:
        out = folder / "out"
        unpack(before, out)
        write_corrections(batch, spec, corrections, out, folder / "work")
        loaded = _loaded(batch, spec, out)
        manifest = _public_manifest(batch, spec, loaded)
        blob = _pack(batch, out, folder / "truth.zip")
    sealed = SealedContent(blob, manifest, len(loaded.ids), faults_of_truth(batch, spec, loaded), corrections)
    _write_version(claim, batch, sealed, cause=Rescore.Cause.CORRECTION, before=before)


def _loaded(batch: Batch, spec: QuestionSpec, out: Path) -> LoadedTruth:
    try:
        return load_truth(spec, out)
    except TruthError as error:
        faults = by_exam([batch], error.faults)
        _tell_organisers(batch, faults)
        raise TruthError(faults) from error


def _public_manifest(batch: Batch, spec: QuestionSpec, loaded: LoadedTruth) -> JsonObject:
    manifest = public_manifest(spec, loaded)
    # Of generated cases the teams choose the ids, which therefore name no exam.
    return replace(manifest, ignored_ids=_left(batch) if manifest.ids else ()).to_json()


def _write_version(
    claim: Claim, batch: Batch, sealed: SealedContent, *, cause: str = "", before: Truth | None = None
) -> Truth:
    """The row of the next version, and what follows from it: older ones are forgotten, and what they scored is scored again.

    Written by the holder of the work alone: one who was overtaken, by a withdrawal say, has a case too many.
    """
    with transaction.atomic():
        claim.hold()
        truth = Truth.objects.create(
            batch=batch,
            version=next_number(batch.truths, parent=batch, field="version"),
            blob_key=sealed.blob.key if sealed.blob else "",
            sha256=sealed.blob.sha256 if sealed.blob else "",
            public_manifest=sealed.manifest,
            cases=sealed.cases,
            corrections=[
                *(before.corrections if before else []),
                *(correction.pk for correction in sealed.corrections),
            ],
            faults=[fault.to_json() for fault in sealed.faults],
            reason=cause,
            sealed_at=database_now(),
        )
        record(
            verb="truth sealed",
            subject=truth,
            reason=cause,
            detail={"version": truth.version, "cases": truth.cases, "sha256": truth.sha256},
            challenge_id=batch.question.challenge_id,
        )
        if cause == Rescore.Cause.WITHDRAWAL:
            forget_cases(batch, truth)
        if truth.version == 1:
            _wake_submissions(batch)
        if cause and truth.cases:
            rescore_dependents(batch, cause=cause, reason=reason_of(sealed.corrections))
    return truth


def _wake_submissions(batch: Batch) -> None:
    """What teams sent before the truth was sealed is checked now."""
    for phase in phases_scored_on(batch):
        for submission in phase.submissions.filter(state=Submission.State.RECEIVED):
            enqueue("validate_submission", submission, challenge_id=batch.question.challenge_id)


def _left(batch: Batch) -> tuple[str, ...]:
    """Cases that left the batch after its release: what teams that have them send of them, in good faith, is passed over."""
    left = batch.items.filter(withdrawn_at__gte=batch.released_at)
    return tuple(sorted(left.values_list("public_id", flat=True)))


def _pack(batch: Batch, out: Path, path: Path) -> Blob:
    with StoredArchive(path) as archive:
        for file in sorted(file for file in out.rglob("*") if file.is_file()):
            archive.add(file.relative_to(out).as_posix(), whole(file))
    return put_file("sealed", f"batch-{batch.pk}", path, move=True)


def _seal_without(claim: Claim, batch: Batch, spec: QuestionSpec, before: Truth, living: set[str]) -> Truth:
    """A new version without cases that were withdrawn; one without a case and without an archive where none is left."""
    left, faults = _left(batch), list[Fault]()
    manifest, cause = manifest_without(before, living, left), Rescore.Cause.WITHDRAWAL
    if not living:
        return _write_version(claim, batch, SealedContent(None, manifest, 0), cause=cause, before=before)
    with lease_folder("seal") as folder:
        out = folder / "out"
        unpack(before, out)
        keep_only(out, living)
        try:
            loaded = load_truth(spec, out)
        except TruthError as error:  # it can no longer be scored, which is for organisers; the case leaves all the same
            faults = by_exam([batch], error.faults)
            _tell_organisers(batch, faults)
        else:
            manifest, faults = _public_manifest(batch, spec, loaded), faults_of_truth(batch, spec, loaded)
        blob = _pack(batch, out, folder / "truth.zip")
    return _write_version(claim, batch, SealedContent(blob, manifest, len(living), faults), cause=cause, before=before)


def _tell_organisers(batch: Batch, faults: list[Fault]) -> None:
    with transaction.atomic():
        progress_of(batch).filter(stage="seal_truth").delete()  # what an earlier try found
        for fault in faults:
            tell_fault(batch, fault, stage="seal_truth", audience=Progress.Audience.ORGANISER)


def is_scored(batch: Batch) -> bool:
    """Whether a truth is made of the batch."""
    return batch.is_evaluation or batch.set_name in spec_of(batch.question).split.truth


def seal_failed(subject_id: str, reason: str) -> None:
    """The truth cannot be sealed: the organiser finds every fault beside the batch, and may try again once it is mended."""
    batch = Batch.objects.get(pk=subject_id)
    template = gettext_noop(
        "The reference data of this batch cannot be sealed; its submissions are waiting. Fix the "
        "problems listed, then retry."
    )
    tell(batch, stage="seal_truth", state="failed", template=template, audience=Progress.Audience.ORGANISER)
    words = failed_because("seal_truth", subject_id)
    record(verb="truth could not be sealed", subject=batch, reason=words, challenge_id=batch.question.challenge_id)


def take_exam_out_of_truth(exam_id: str) -> None:
    """An exam was withdrawn: truths that hold it get a version without it, whatever state their batch is in.

    A truth that is being sealed for the first time at this moment has no row yet: that work starts over.
    """
    for batch in Batch.objects.filter(items__exam_id=exam_id).select_related("question").distinct():
        if is_scored(batch) or batch.truths.exists():
            enqueue("seal_truth", batch, challenge_id=batch.question.challenge_id)


def release_obstacles(batch: Batch) -> list[Obstacle]:
    """Before a batch is released by hand: submissions of it could not be scored."""
    newest = batch.truths.order_by("-version").first()
    if newest is not None or not phases_scored_on(batch):
        return obstacle_of_faults(newest) if newest is not None else []
    work = Work.objects.filter(stage="seal_truth", subject_id=str(batch.pk)).first()
    if work is not None and work.state == Work.State.FAILED:
        template = gettext_noop("The truth of this batch could not be sealed; what teams send would not be scored.")
        return [Obstacle("truth_failed", True, template)]
    template = gettext_noop("The truth of this batch is being sealed; what teams send waits until it is.")
    return [Obstacle("truth_pending", False, template)]
