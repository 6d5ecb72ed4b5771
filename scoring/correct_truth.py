"""Corrections reach sealed truths: the next version is the sealed one with the corrected fields of some cases replaced."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from uuid import UUID

from django.db.models import Q

from anonymization.models import Correction
from batches.build import cases_of, is_to_be_sealed
from batches.cases import Case, Written, scalars_csv, write_cases
from batches.models import Batch, BatchItem
from challenges.frame import spec_of
from concours.formats.files import case_of
from concours.questions.dependents import with_dependents
from concours.questions.schema import QuestionSpec
from core.clock import database_now
from core.moves import move
from core.words import separated
from core.work import enqueue
from scoring.models import Truth
from uploads.models import Exam

LIVING = Q(withdrawn_at=None)


def truth_is_sealed(exam: Exam) -> bool:
    """Whether a sealed truth contains the exam: from then on nobody decides about its values alone."""
    return BatchItem.objects.filter(LIVING, exam=exam, batch__truths__isnull=False).exists()


def begin_correction(exam_id: str) -> None:
    """The truths of the exam are made again. A worker that is sealing one this moment is overtaken, or has finished."""
    items = BatchItem.objects.filter(LIVING, exam_id=exam_id).select_related("batch__question")
    for item in items.order_by("batch_id"):
        batch = item.batch
        if is_to_be_sealed(batch, spec_of(batch.question)) or batch.truths.exists():
            enqueue("seal_truth", batch, challenge_id=batch.question.challenge_id)


def waiting_corrections(batch: Batch, contained: Collection[int] = ()) -> list[Correction]:
    """Confirmed corrections of the batch's living cases that a truth with those in `contained` lacks."""
    exams = batch.items.filter(LIVING).values("exam")
    rows = Correction.objects.filter(exam__in=exams, state=Correction.State.CONFIRMED).exclude(pk__in=contained)
    return list(rows.select_related("exam").order_by("decided_at", "pk"))


def reason_of(corrections: Iterable[Correction]) -> str:
    """The reasons as teams read them on the board, each once."""
    return separated(dict.fromkeys(correction.reason for correction in corrections))


def write_corrections(
    batch: Batch, spec: QuestionSpec, corrections: Iterable[Correction], out: Path, folder: Path
) -> None:
    """Replaces, in the unpacked truth `out`, the corrected fields of these exams and what is made of them."""
    fields: dict[UUID, dict[str, None]] = {}
    for correction in corrections:
        fields.setdefault(correction.exam_id, {}).update(dict.fromkeys(with_dependents(spec, correction.field)))
    table = _Table(out / "truth.csv")
    for case in cases_of(batch):
        if case.exam.pk in fields:
            _write_case(case, spec, _remade(case.exam, spec, fields[case.exam.pk]), table, out, folder / case.public_id)
    table.write()


def _remade(exam: Exam, spec: QuestionSpec, names: Iterable[str]) -> list[str]:
    """Without measured fields for which the centre gave a value of its own."""
    with_annotation = set(exam.annotations.filter(is_chosen=True).values_list("field", flat=True))
    return [name for name in names if not (spec.data.fields[name].measured_from and name in with_annotation)]


def _write_case(case: Case, spec: QuestionSpec, names: list[str], table: _Table, out: Path, folder: Path) -> None:
    """The case's fields by the function that made them when the truth was sealed first."""
    new = folder / "new"
    generated = spec.submission.generated is not None
    written = write_cases(
        [case],
        new,
        folder / "work",
        spec,
        form="numpy" if generated else "table",
        key=b"",
        images=list(spec.data.images),
        fields=names,
    )
    for name in names:
        if spec.data.fields[name].type in ("mask", "table"):
            _replace_file(name, case.public_id, new, out)
    _replace_cells(spec, written, names, table)


def _replace_file(name: str, case: str, new: Path, out: Path) -> None:
    for old in (out / name).glob("*"):
        if case_of(old.name) == case:
            old.unlink()
    for file in (new / name).glob("*"):
        (out / name).mkdir(exist_ok=True)
        shutil.move(file, out / name / file.name)


def _replace_cells(spec: QuestionSpec, written: list[Written], names: list[str], table: _Table) -> None:
    rows = csv.DictReader(io.StringIO(scalars_csv(written, spec, names)))
    cells = {row[spec.submission.id_column]: row for row in rows}
    for case in written:
        for name in names:
            field = spec.data.fields[name]
            if field.type not in ("mask", "table"):
                computed = bool(field.measured_from) or field.derive is not None
                table.set(case.public_id, name, cells[case.public_id].get(name, ""), extend=not computed)


class _Table:
    """`truth.csv`, whose first column is the case."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))

    def set(self, case: str, column: str, cell: str, *, extend: bool) -> None:
        """One cell. A column that no case had so far is added where `extend` is true."""
        if column not in self.rows[0]:
            if not extend or not cell:
                return
            self.rows[0].append(column)
            for row in self.rows[1:]:
                row.append("")
        place = self.rows[0].index(column)
        for row in self.rows[1:]:
            if row[0] == case:
                row[place] = cell

    def write(self) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.rows)
        self.path.write_text(text.getvalue(), encoding="utf-8")


def exams_not_sealed(exam_ids: Collection[UUID]) -> set[UUID]:
    """Of these exams those of which a confirmed correction is not in every sealed truth yet: their values are still needed."""
    rows = Correction.objects.filter(exam__in=exam_ids, state=Correction.State.CONFIRMED)
    return {row.exam_id for row in rows if not _is_in_every_truth(row, _truths_of([row.exam_id]))}


def settle_corrections(batch: Batch) -> None:
    """Corrections that every sealed truth of their exam contains are applied. In the caller's transaction."""
    waiting = waiting_corrections(batch)
    truths = _truths_of({row.exam_id for row in waiting})
    for row in waiting:
        if _is_in_every_truth(row, truths):
            move(row, Correction.State.CORRECTED, applied_at=database_now())


def _truths_of(exam_ids: Collection[UUID]) -> Mapping[UUID, list[Truth]]:
    """By exam, the newest truth of each batch with one that it is in."""
    items = BatchItem.objects.filter(LIVING, exam__in=exam_ids, batch__truths__isnull=False).distinct()
    newest: dict[UUID, Truth] = {}
    for truth in Truth.objects.filter(batch__in=items.values("batch")).order_by("version"):
        newest[truth.batch_id] = truth
    truths: dict[UUID, list[Truth]] = {}
    for item in items:
        truths.setdefault(item.exam_id, []).append(newest[item.batch_id])
    return truths


def _is_in_every_truth(correction: Correction, truths: Mapping[UUID, list[Truth]]) -> bool:
    return all(correction.pk in truth.corrections for truth in truths.get(correction.exam_id, []))
