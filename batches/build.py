"""Stage 6, build: the cases of a batch are written one by one into an immutable archive, before its minute comes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_noop

from batches.cases import Case, Written, of_exam, scalars_csv, write_cases
from batches.corrections import delivered_corrections
from batches.manifest import BatchManifest, ManifestCase, described
from batches.models import Batch
from batches.plan import secret_of
from challenges.frame import spec_of
from concours.formats.fault import Fault, FormatError
from concours.formats.stored import StoredArchive, whole
from concours.kit.description import description_files
from concours.questions.schema import QuestionSpec
from core.audit import record
from core.claims import Claim, LostLeaseError
from core.clock import database_now
from core.erasure import erase_after_commit, keep_object
from core.locks import locked
from core.moves import move
from core.performing import failed_because
from core.storage import Blob, put_file
from core.temporary import lease_folder
from core.work import enqueue
from uploads.models import Exam

FACE_STAYS = gettext_noop(
    "The face cannot be blanked: the volume is several frames in one file, or PET. Keep faces in this batch or withdraw the exam."
)


class FaceNotBlankedError(FormatError):
    """Faces were to be blanked and volumes have one that cannot be. Nothing is built; the organiser chooses."""


def build_batch(claim: Claim) -> None:
    """The stage's function: cases are written one by one, then the archive, then one short transaction."""
    batch = Batch.objects.select_related("question__challenge", "split").get(pk=claim.subject_id)
    if batch.state != Batch.State.PLANNED:
        with claim.finish():
            return
    spec = spec_of(batch.question)
    with lease_folder("batch") as folder:
        blob, manifest = _write_archive(batch, spec, folder)
    try:
        with claim.finish():
            _finish_build(batch, spec, blob, manifest)
    except LostLeaseError:
        _drop_overtaken(batch, blob, manifest)
        raise


def _finish_build(batch: Batch, spec: QuestionSpec, blob: Blob, manifest: BatchManifest) -> None:
    keep_object("deliveries", blob.key)  # faces kept, blanked and kept again give the same bytes twice
    move(
        batch,
        Batch.State.BUILT,
        manifest=manifest.to_json(),
        manifest_sha256=manifest.sha256(),
        archive_key=blob.key,
        archive_sha256=blob.sha256,
        archive_bytes=blob.size,
        built_at=database_now(),
    )
    if is_to_be_sealed(batch, spec):
        enqueue("seal_truth", batch, challenge_id=batch.question.challenge_id)


def is_to_be_sealed(batch: Batch, spec: QuestionSpec) -> bool:
    """Whether a truth is made of the batch once it is built."""
    return batch.is_evaluation or batch.set_name in spec.split.truth


def _drop_overtaken(batch: Batch, blob: Blob, manifest: BatchManifest) -> None:
    """An exam left while the archive was written: no row names the archive, which contains it."""
    with transaction.atomic():
        current = locked(batch)
        if manifest.ids != {case.public_id for case in cases_of(current)}:
            erase_after_commit([("deliveries", blob.key)])


def cases_of(batch: Batch) -> list[Case]:
    """The batch's living cases in their public order."""
    items = batch.items.filter(withdrawn_at=None).select_related("exam").order_by("position")
    return [
        Case(item.exam, item.public_id, item.patient_group) for item in items if item.exam.state != Exam.State.WITHDRAWN
    ]


def _write_archive(batch: Batch, spec: QuestionSpec, folder: Path) -> tuple[Blob, BatchManifest]:
    deliver = spec.data.deliver
    fields = list(deliver.evaluation if batch.is_evaluation else deliver.training)
    out = folder / "out"
    written = write_cases(
        cases_of(batch),
        out,
        folder / "work",
        spec,
        form=deliver.format,
        key=bytes.fromhex(secret_of(batch, "uids")),
        images=list(spec.data.images),
        fields=fields,
        face=batch.face,
    )
    _require_blanked(batch, written)
    table = "cases.csv" if batch.is_evaluation else "truth.csv"
    (out / table).write_text(scalars_csv(written, spec, fields, form=deliver.format), encoding="utf-8")
    manifest = BatchManifest(
        question=spec.slug,
        batch=batch.name,
        version=batch.version,
        withdrawn=tuple(sorted(_left_since_release(batch))),
        corrections=tuple(delivered_corrections(batch, spec, fields)),
        format=deliver.format,
        fields=tuple(fields),
        face=batch.face,
        table=described(out, table),
        cases=tuple(
            ManifestCase(
                case.public_id, tuple(described(out, file) for file in sorted(case.files)), case.group, case.face
            )
            for case in written
        ),
    )
    (out / "manifest.json").write_bytes(json.dumps(manifest.to_json(), indent=1, ensure_ascii=False).encode())
    described_by = _write_description(batch, spec, out, table, manifest)
    path = folder / f"{batch.name}.zip"
    _pack(out, path, [*described_by, "manifest.json", table, *(f for case in written for f in sorted(case.files))])
    return put_file("deliveries", f"batch-{batch.pk}", path, move=True), manifest


def _write_description(batch: Batch, spec: QuestionSpec, out: Path, table: str, manifest: BatchManifest) -> list[str]:
    """README, data dictionary, licence, citation and checksums of the archive; their names."""
    texts = description_files(spec, batch.name, is_evaluation=batch.is_evaluation)
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
    files = [described(out, name) for name in (*texts, "manifest.json")]
    files += [manifest.table, *(file for case in manifest.cases for file in case.files)]
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in files)
    (out / "SHA256SUMS").write_text(sums, encoding="utf-8")
    return [*texts, "SHA256SUMS"]


def _left_since_release(batch: Batch) -> list[str]:
    left = batch.items.filter(withdrawn_at__gte=batch.released_at)
    return list(left.values_list("public_id", flat=True))


def _require_blanked(batch: Batch, written: Sequence[Written]) -> None:
    left = {case.public_id for case in written if case.face == "impossible"}
    if left:
        exams = [case.exam for case in cases_of(batch) if case.public_id in left]
        raise FaceNotBlankedError([of_exam(Fault("unsupported_object", "", FACE_STAYS), exam) for exam in exams])


def _pack(out: Path, path: Path, files: Sequence[str]) -> None:
    """In a fixed order: the archive says nothing but its cases."""
    with StoredArchive(path) as archive:
        for relative in files:
            archive.add(relative, whole(out / relative))


def build_failed(subject_id: str, reason: str) -> None:
    """The organiser reads the reasons on the console; the batch stays planned."""
    batch = Batch.objects.get(pk=subject_id)
    words = failed_because("build_batch", subject_id)
    record(verb="batch could not be built", subject=batch, reason=words, challenge_id=batch.question.challenge_id)
