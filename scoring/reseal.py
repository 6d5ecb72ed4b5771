"""The next version of a sealed truth, without withdrawn cases. It is made of the sealed one: no other copy exists."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Collection
from pathlib import Path

from batches.models import Batch, BatchItem
from concours.formats.files import case_of
from concours.formats.json import JsonObject
from concours.questions.schema import QuestionSpec
from core.erasure import erase_after_commit
from core.storage import local_copy
from scoring.models import CaseScore, Evaluation, Truth
from uploads.withdraw import BatchWithdrawal


def sealed_ids(truth: Truth, spec: QuestionSpec) -> set[str]:
    """The cases of a sealed truth."""
    if not truth.blob_key:
        return set()
    with local_copy("sealed", truth.blob_key) as path, zipfile.ZipFile(path) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("truth.csv").decode())))
    return {row[spec.submission.id_column] for row in rows}


def unpack(truth: Truth, out: Path) -> None:
    with local_copy("sealed", truth.blob_key) as path, zipfile.ZipFile(path) as archive:
        archive.extractall(out)


def keep_only(out: Path, living: Collection[str]) -> None:
    """The files and rows of these cases stay in the folder of a truth, and no others."""
    for file in [path for path in out.rglob("*") if path.is_file() and path.parent != out]:
        if case_of(file.name) not in living:
            file.unlink()
    table = out / "truth.csv"
    rows = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8"))))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([rows[0], *(row for row in rows[1:] if row[0] in living)])
    table.write_text(text.getvalue(), encoding="utf-8")


def manifest_without(before: Truth, living: Collection[str], left: Collection[str]) -> JsonObject:
    """The public manifest of the version before for the living cases alone. It asks nothing of the truth: a withdrawal must
    succeed also where what is left can no longer be scored.
    """
    manifest: JsonObject = dict(before.public_manifest)
    if manifest.get("ids"):
        manifest["ids"] = [case for case in manifest["ids"] if case in living]
        manifest["ignored_ids"] = sorted(left)
    manifest["grids"] = {case: grid for case, grid in (manifest.get("grids") or {}).items() if case in living}
    return manifest


def forget_cases(batch: Batch, newest: Truth) -> None:
    """Cases left: archives of older versions, and what was computed from them case by case, go. In the caller's transaction."""
    older = Truth.objects.filter(batch=batch, version__lt=newest.version).exclude(blob_key="")
    erase_after_commit([("sealed", key) for key in older.values_list("blob_key", flat=True) if key != newest.blob_key])
    older.update(blob_key="")
    withdrawn = list(batch.items.exclude(withdrawn_at=None).values_list("public_id", flat=True))
    question = batch.question_id
    CaseScore.objects.filter(evaluation__submission__phase__question=question, public_id__in=withdrawn).delete()


def withdrawal_progress(exam_id: str) -> list[BatchWithdrawal]:
    """Of each batch with a truth that the exam left, whether no archive of a truth holds it any more."""
    rows = []
    for item in (
        BatchItem.objects.filter(exam_id=exam_id, batch__truths__isnull=False).select_related("batch").distinct()
    ):
        held = Truth.objects.filter(batch=item.batch_id, sealed_at__lt=item.withdrawn_at).exclude(blob_key="")
        done = not held.exists()
        rows.append(BatchWithdrawal(item.batch.name, ready=True, erased=done))
    return rows


def forget_artefacts(evaluation: Evaluation) -> None:
    """A newer evaluation replaced these arrays of single cases; the scores that were made of them stay on record."""
    older = Evaluation.objects.filter(submission=evaluation.submission_id, number__lt=evaluation.number)
    stale = older.exclude(artefacts_key="").filter(truth__blob_key="")
    erase_after_commit(
        [("sealed", key) for key in stale.values_list("artefacts_key", flat=True) if key != evaluation.artefacts_key]
    )
    stale.update(artefacts_key="")
