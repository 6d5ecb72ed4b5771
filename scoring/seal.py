"""Between release and scoring: the truth of a batch is sealed, and copies that web code can reach are removed."""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import tempfile
import zipfile
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from batches.cases import Written, scalars_csv, write_cases
from batches.models import Batch, BatchItem
from batches.release import cases_of
from challenges.frame import spec_of
from challenges.spec import QuestionSpec
from core.audit import record
from core.clock import database_now
from core.models import Progress
from core.progress import progress_of, tell, tell_fault
from core.storage import Blob, erase, local_copy, put_file
from core.work import Claim, enqueue
from formats.fault import Fault
from formats.files import case_of
from scoring.evaluate import public_manifest
from scoring.models import Truth
from scoring.truth import TruthError, load_truth
from uploads.models import Annotation
from uploads.receive import ZIP_MOMENT

NOT_IN_TABLE = ("mask", "table")


def seal_truth(claim: Claim) -> None:
    """The stage's function. Killed anywhere and run again, it ends with one truth of the batch's living cases, and no other
    copy of an evaluation set's.
    """
    batch = Batch.objects.select_related("question__challenge").get(pk=claim.subject_id)
    spec = spec_of(batch.question)
    if batch.state != Batch.State.BUILT:
        with claim.finish():
            return
    newest = batch.truths.order_by("-version").first()
    living = [case.public_id for case in cases_of(batch)]
    if newest is None:
        _seal_first(batch, spec)
    elif _sealed_ids(newest, spec) != set(living):
        _seal_without(batch, spec, newest, set(living))
    gone = _reachable(batch, spec)
    for annotation in gone:
        erase("exams", annotation.blob_key)
    with claim.finish():
        now = database_now()
        Annotation.objects.filter(pk__in=[annotation.pk for annotation in gone]).update(
            value=None, blob_key="", sealed_at=now
        )


def _seal_first(batch: Batch, spec: QuestionSpec) -> None:
    generated = spec.submission.generated is not None
    fields = list(spec.data.fields)
    with tempfile.TemporaryDirectory(prefix="concours-seal-") as name:
        folder, out = Path(name), Path(name) / "out"
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
        _store(batch, spec, folder, out, reason="")


def _write_table(out: Path, written: list[Written], spec: QuestionSpec, fields: list[str], batch: Batch) -> None:
    """`truth.csv`: scalars, spacing, part. What is measured or derived stands in it only when every case has it."""
    computed = {name for name, one in spec.data.fields.items() if one.measured_from or one.derive is not None}
    told = [
        name for name in fields if name not in computed or all(case.scalars.get(name) is not None for case in written)
    ]
    rows = list(csv.reader(io.StringIO(scalars_csv(written, spec, told, spacing=True))))
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


def _store(batch: Batch, spec: QuestionSpec, folder: Path, out: Path, *, reason: str) -> None:
    """The folder as one stored zip, byte for byte the same whenever it is made again, and the row that says so."""
    try:
        known = load_truth(spec, out)
    except TruthError as error:
        _tell_organisers(batch, list(error.faults))
        raise
    asked = public_manifest(spec, known)
    # Of generated cases the teams choose the ids, which therefore name no exam.
    manifest = replace(asked, ignored_ids=_left(batch, known.ids) if asked.ids else ()).to_json()
    blob = _pack(batch, out, folder / "truth.zip")
    try:
        with transaction.atomic():
            version = batch.truths.count() + 1
            truth = Truth.objects.create(
                batch=batch,
                version=version,
                blob_key=blob.key,
                sha256=blob.sha256,
                public_manifest=manifest,
                cases=len(known.ids),
                reason=reason,
            )
            record(
                verb="truth sealed",
                subject=truth,
                reason=reason,
                detail={"version": version, "cases": len(known.ids), "sha256": blob.sha256},
                challenge_id=batch.question.challenge_id,
            )
    except IntegrityError:  # another worker sealed this version meanwhile: the same cases, the same bytes
        return


def _left(batch: Batch, ids: Collection[str]) -> tuple[str, ...]:
    """Cases of the archive that teams have and of the truth no more: what is sent of them, in good faith, is passed over."""
    given = {case["id"] for case in batch.manifest.get("cases", [])}
    return tuple(sorted(given - set(ids)))


def _pack(batch: Batch, out: Path, path: Path) -> Blob:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(one for one in out.rglob("*") if one.is_file()):
            info = zipfile.ZipInfo(file.relative_to(out).as_posix(), ZIP_MOMENT)
            info.file_size = file.stat().st_size
            with archive.open(info, "w", force_zip64=info.file_size > 1 << 30) as target, file.open("rb") as data:
                while piece := data.read(1 << 20):
                    target.write(piece)
    return put_file("sealed", f"batch-{batch.pk}", path, move=True)


def _sealed_ids(truth: Truth, spec: QuestionSpec) -> set[str]:
    with local_copy("sealed", truth.blob_key) as path, zipfile.ZipFile(path) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("truth.csv").decode())))
    return {row[spec.submission.id_column] for row in rows}


def _seal_without(batch: Batch, spec: QuestionSpec, truth: Truth, living: set[str]) -> None:
    """A new version without cases that were withdrawn; it is made of the sealed one, since no other copy exists."""
    with tempfile.TemporaryDirectory(prefix="concours-seal-") as name:
        folder, out = Path(name), Path(name) / "out"
        with local_copy("sealed", truth.blob_key) as path, zipfile.ZipFile(path) as archive:
            archive.extractall(out)
        keep_only(out, living)
        _store(batch, spec, folder, out, reason="an exam was withdrawn")


def keep_only(out: Path, living: Collection[str]) -> None:
    """The files and rows of these cases stay in the folder of a truth, and no others."""
    for file in [one for one in out.rglob("*") if one.is_file() and one.parent != out]:
        if case_of(file.name) not in living:
            file.unlink()
    table = out / "truth.csv"
    rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8"))))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([rows[0], *(row for row in rows[1:] if row[0] in living)])
    table.write_text(text.getvalue(), encoding="utf-8")


def _reachable(batch: Batch, spec: QuestionSpec) -> list[Annotation]:
    """Annotations of the batch's exams that nothing but the scorer needs any more: of an evaluation set, of fields that its
    teams do not receive, once every truth that is made of them is sealed.
    """
    if not batch.is_evaluation:
        return []
    exams = list(batch.items.values_list("exam_id", flat=True))
    unsealed = (
        Q(batch__is_evaluation=True) | Q(batch__set_name__in=spec.split.truth),
        Q(exam__in=exams, batch__truths=None) & ~Q(batch__state=Batch.State.REVOKED),
    )
    awaited = set(BatchItem.objects.filter(*unsealed).values_list("exam_id", flat=True))
    return list(
        Annotation.objects.filter(exam__in=[exam for exam in exams if exam not in awaited], sealed_at=None).exclude(
            field__in=spec.data.deliver.evaluation
        )
    )


def _tell_organisers(batch: Batch, faults: list[Fault]) -> None:
    with transaction.atomic():
        progress_of(batch).filter(stage="seal_truth").delete()  # what an earlier try found
        for fault in faults:
            tell_fault(batch, fault, stage="seal_truth", audience=Progress.Audience.ORGANISER)


def seal_failed(subject_id: str, reason: str) -> None:
    """The truth cannot be sealed: the organiser finds every fault beside the batch, and may try again once it is mended."""
    batch = Batch.objects.get(pk=subject_id)
    template = gettext_noop(
        "The truth of this batch cannot be sealed; its submissions wait. Mend what is listed, then retry."
    )
    tell(batch, stage="seal_truth", state="failed", template=template, audience=Progress.Audience.ORGANISER)
    record(verb="truth could not be sealed", subject=batch, reason=reason, challenge_id=batch.question.challenge_id)


def take_exam_out_of_truth(exam_id: str) -> None:
    """An exam was withdrawn: truths that hold it get a version without it. Scores given before keep theirs until rescored."""
    for batch in Batch.objects.filter(items__exam_id=exam_id, truths__isnull=False, state=Batch.State.BUILT).distinct():
        enqueue("seal_truth", batch, challenge_id=batch.question.challenge_id)
