"""Stage 6, release: batches are planned, built beforehand as immutable archives, and out when their minute comes."""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from batches.cases import Case, scalars_csv, write_cases
from batches.models import Batch, BatchItem, Split
from challenges.frame import plan_milestone, spec_of
from challenges.keys import challenge_key
from challenges.spec import QuestionSpec
from core.audit import record
from core.clock import database_now
from core.errors import InvalidInputError, MoveNotAllowedError
from core.moves import move
from core.storage import Blob, erase, put_file
from core.work import Claim, cancel, enqueue
from uploads.models import Exam
from uploads.receive import ZIP_MOMENT


class AlreadyReleasedError(MoveNotAllowedError):
    reason = "already_released"


class FaceNotBlankedError(Exception):
    """Faces were to be blanked and a volume has one that cannot be: several frames in one file, or PET. Nothing is built."""


def plan_batches(*, split: Split, actor: Any, face: str = "") -> list[Batch]:
    """The question file's batches as rows, with their items under random public ids; building is asked for at once.

    `face`: keep or blank in every batch; empty is what the question file says."""
    question, spec = split.question, spec_of(split.question)
    batches = []
    for planned in spec.batches:
        batch, created = Batch.objects.get_or_create(
            question=question,
            name=planned.name,
            defaults={
                "split": split,
                "set_name": planned.set,
                "is_evaluation": planned.set in spec.split.evaluation,
                "released_at": planned.released_at,
                "face": checked_face(face or spec.data.deliver.face),
                "seed": _seed(split, planned.name),
            },
        )
        if created:
            _place_items(batch)
            record(verb="batch planned", subject=batch, actor=actor, challenge_id=question.challenge_id)
        _plan_release(batch)
        enqueue("build_batch", batch, challenge_id=question.challenge_id)
        batches.append(batch)
    return batches


def checked_face(face: str) -> str:
    if face not in Batch.Face.values:
        raise InvalidInputError(gettext_noop("Faces are kept or blanked: keep, blank."))
    return face


def _group_id(batch: Batch, exam: Exam) -> str:
    return f"patient-{_secret(batch, f'patient {exam.patient.pseudonym}')[:10]}" if exam.patient else ""


def _seed(split: Split, name: str) -> str:
    """A secret that only the holder of the challenge's key can draw again."""
    key = challenge_key(split.question.challenge)
    return hmac.new(key, f"batch {split.question.slug} {name} {split.number}".encode(), hashlib.sha256).hexdigest()


def _plan_release(batch: Batch) -> None:
    plan_milestone(
        challenge=batch.question.challenge,
        question=batch.question,
        key=f"batch:{batch.name}",
        title={"en": f"Release of {batch.name}", "fr": f"Mise à disposition de {batch.name}"},
        run_at=batch.released_at,
    )


def _secret(batch: Batch, purpose: str) -> str:
    return hmac.new(bytes.fromhex(batch.seed), purpose.encode(), hashlib.sha256).hexdigest()


def _place_items(batch: Batch) -> None:
    """Public ids and order are drawn from the batch's secret seed: they say nothing of centre, arrival, grade or label."""
    assert batch.split is not None
    rows = batch.split.items.filter(set_name=batch.set_name).select_related("exam__patient")
    exams = [item.exam for item in rows]
    several = any(count > 1 for count in Counter(exam.patient_id for exam in exams if exam.patient_id).values())
    drawn = sorted(
        ((_secret(batch, f"case {exam.content_hash or exam.pk}"), exam) for exam in exams), key=lambda pair: pair[0]
    )
    BatchItem.objects.bulk_create(
        BatchItem(
            batch=batch,
            exam=exam,
            public_id=f"case-{digest[:10]}",
            patient_group=_group_id(batch, exam) if several else "",
            position=number,
        )
        for number, (digest, exam) in enumerate(drawn)
    )


def build_batch(claim: Claim) -> None:
    """The stage's function: cases are written one by one, then the archive, then one short transaction."""
    batch = Batch.objects.select_related("question__challenge", "split").get(pk=claim.subject_id)
    if batch.state != Batch.State.PLANNED:
        with claim.finish():
            return
    spec = spec_of(batch.question)
    with tempfile.TemporaryDirectory(prefix="concours-batch-") as name:
        folder = Path(name)
        blob, manifest = _write_archive(batch, spec, folder)
    with claim.finish():
        move(
            batch,
            Batch.State.BUILT,
            allowed=Batch.MOVES,
            challenge_id=batch.question.challenge_id,
            manifest=manifest,
            manifest_sha256=hashlib.sha256(canonical(manifest)).hexdigest(),
            archive_key=blob.key,
            archive_sha256=blob.sha256,
            archive_bytes=blob.size,
            built_at=database_now(),
        )
        if batch.set_name in spec.split.truth or batch.is_evaluation:
            enqueue("seal_truth", batch, challenge_id=batch.question.challenge_id)


def cases_of(batch: Batch) -> list[Case]:
    """The batch's living cases in their public order."""
    items = batch.items.filter(withdrawn_at=None).select_related("exam").order_by("position")
    return [
        Case(item.exam, item.public_id, item.patient_group) for item in items if item.exam.state != Exam.State.WITHDRAWN
    ]


def canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _write_archive(batch: Batch, spec: QuestionSpec, folder: Path) -> tuple[Blob, dict[str, Any]]:
    deliver = spec.data.deliver
    fields = list(deliver.evaluation if batch.is_evaluation else deliver.training)
    out = folder / "out"
    written = write_cases(
        cases_of(batch),
        out,
        folder / "work",
        spec,
        form=deliver.format,
        key=bytes.fromhex(_secret(batch, "uids")),
        images=list(spec.data.images),
        fields=fields,
        face=batch.face,
    )
    if any(case.face == "impossible" for case in written):
        raise FaceNotBlankedError
    table = "cases.csv" if batch.is_evaluation else "truth.csv"
    (out / table).write_text(scalars_csv(written, spec, fields), encoding="utf-8")
    manifest: dict[str, Any] = {
        "question": spec.slug,
        "batch": batch.name,
        "format": deliver.format,
        "fields": fields,
        "face": batch.face,
        "table": _described(out, table),
        "cases": [
            {
                "id": case.public_id,
                **({"patient": case.group} if case.group else {}),
                **({"face": case.face} if case.face else {}),
                "files": [_described(out, file) for file in sorted(case.files)],
            }
            for case in written
        ],
    }
    (out / "manifest.json").write_bytes(json.dumps(manifest, indent=1, ensure_ascii=False).encode())
    path = folder / f"{batch.name}.zip"
    _pack(out, path, [file for case in written for file in sorted(case.files)], table)
    return put_file("deliveries", f"batch-{batch.pk}", path, move=True), manifest


def _described(out: Path, relative: str) -> dict[str, Any]:
    path = out / relative
    with path.open("rb") as file:
        return {
            "path": relative,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "bytes": path.stat().st_size,
        }


def _pack(out: Path, path: Path, files: list[str], table: str) -> None:
    """Fixed order, fixed times, stored: the archive says nothing but its cases, and twice is the same bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for relative in ["manifest.json", table, *files]:
            info = zipfile.ZipInfo(relative, ZIP_MOMENT)
            info.file_size = (out / relative).stat().st_size
            with (
                archive.open(info, "w", force_zip64=info.file_size > 1 << 30) as target,
                (out / relative).open("rb") as data,
            ):
                while piece := data.read(1 << 20):
                    target.write(piece)


def reschedule_batch(*, batch: Batch, released_at: datetime, actor: Any, reason: str) -> None:
    """Moves the minute of a batch that is not out yet."""
    if batch.released_at <= database_now() and batch.state == Batch.State.BUILT:
        raise AlreadyReleasedError(gettext_noop("This batch is out already; its release cannot be moved."))
    with transaction.atomic():
        before = batch.released_at
        Batch.objects.filter(pk=batch.pk).update(released_at=released_at)
        batch.released_at = released_at
        _plan_release(batch)
        record(
            verb="batch rescheduled",
            subject=batch,
            actor=actor,
            reason=reason,
            detail={"before": before.isoformat(), "after": released_at.isoformat()},
            challenge_id=batch.question.challenge_id,
        )


def choose_face(*, batch: Batch, face: str, actor: Any, reason: str) -> None:
    """Whether this batch keeps faces or has them blanked; it is built again, so it must not be out or revoked."""
    checked_face(face)
    now = database_now()
    if batch.state == Batch.State.REVOKED or (batch.state == Batch.State.BUILT and batch.released_at <= now):
        raise AlreadyReleasedError(gettext_noop("This batch is out already; what it holds cannot be changed."))
    with transaction.atomic():
        before, batch.face = batch.face, face
        Batch.objects.filter(pk=batch.pk).update(face=face)
        record(
            verb="faces of a batch chosen",
            subject=batch,
            actor=actor,
            before=before,
            after=face,
            reason=reason,
            challenge_id=batch.question.challenge_id,
        )
        _build_again(batch, reason="faces are treated in another way")


def revoke_batch(*, batch: Batch, actor: Any, reason: str) -> None:
    """Nobody can download it any more, from this moment."""
    if not reason.strip():
        raise InvalidInputError(gettext_noop("Say why the batch is revoked; teams read the reason."))
    cancel("build_batch", batch)
    move(
        batch,
        Batch.State.REVOKED,
        allowed=Batch.MOVES,
        actor=actor,
        reason=reason,
        challenge_id=batch.question.challenge_id,
    )


def take_exam_out(exam_id: str) -> None:
    """An exam was withdrawn: batches that are not out lose it and are built again; for those that are, the item says so."""
    now = database_now()
    for item in BatchItem.objects.filter(exam_id=exam_id, withdrawn_at=None).select_related("batch__question"):
        BatchItem.objects.filter(pk=item.pk).update(withdrawn_at=now)
        batch = item.batch
        if batch.state == Batch.State.PLANNED or (batch.state == Batch.State.BUILT and batch.released_at > now):
            _build_again(batch, reason="an exam was withdrawn")


def _build_again(batch: Batch, *, reason: str) -> None:
    """For a batch that is not out. One that is planned may be at work this moment: that build is fenced off."""
    if batch.state == Batch.State.BUILT:
        key = batch.archive_key
        Batch.objects.filter(pk=batch.pk).update(state=Batch.State.PLANNED, archive_key="", manifest={})
        batch.state = Batch.State.PLANNED
        record(verb="batch planned", subject=batch, before="built", after="planned", reason=reason)
        transaction.on_commit(lambda: erase("deliveries", key))
    enqueue("build_batch", batch, challenge_id=batch.question.challenge_id)


def build_failed(subject_id: str, reason: str) -> None:
    """Every try failed: the organiser sees the failed work on the console; the batch stays planned."""
    batch = Batch.objects.get(pk=subject_id)
    record(verb="batch could not be built", subject=batch, reason=reason, challenge_id=batch.question.challenge_id)
