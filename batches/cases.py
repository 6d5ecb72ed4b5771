"""Lays cases out on disk, from the exams' bundles and chosen annotations: what batches and truths are both made of."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anonymization.images import geometries_of
from batches.case_order import CaseOrder, OrderedField, OrderedMeasure, WrittenFiles
from batches.models import Batch
from batches.scalars import scalar_table
from batches.texts import require_texts
from concours.formats.child import ChildLimits, run_limited
from concours.formats.fault import Fault, FormatError
from concours.formats.json import Json
from concours.questions.derive import any_row
from concours.questions.schema import QuestionSpec
from core.storage import local_copy
from uploads.models import Exam
from uploads.sealing import contents_of

SLACK_TOLD = 5e-3  # voxels; half of what grids may differ by anyway
WORST_FIRST = ("impossible", "not found", "blanked")
LIMITS = ChildLimits(memory_bytes=4 << 30, cpu_seconds=900)


@dataclass(frozen=True)
class Case:
    """An exam under the id that teams know."""

    exam: Exam
    public_id: str
    group: str


@dataclass(frozen=True)
class Written:
    """One case on disk: its files (relative), its scalars, mm between rows, columns, slices, and what became of its face."""

    public_id: str
    group: str
    files: Sequence[str]
    scalars: Mapping[str, Json]
    spacing: Sequence[float]
    slack: float  # voxels: how far the rounding of the headers moves a corner
    face: str  # blanked, not found, impossible; "" where nothing was to be blanked


def write_cases(
    cases: Iterable[Case],
    out: Path,
    work: Path,
    spec: QuestionSpec,
    *,
    form: str,
    key: bytes,
    images: Sequence[str],
    fields: Sequence[str],
    face: str = "keep",
) -> list[Written]:
    """Each case in a limited child of its own, one after the other, so that disk and memory hold one case at a time.

    With `face` "blank" the volumes of exams that may show a face lose it. Raises FormatError with the faults of every case that
    cannot be written, each naming its exam."""
    cases, written = list(cases), []
    require_texts([case.exam for case in cases], fields)
    faults: list[Fault] = []
    out.mkdir(parents=True, exist_ok=True)
    for case in cases:
        folder = work / case.public_id
        folder.mkdir(parents=True)
        order = _order_of(case, folder, spec, images, fields)
        order = replace(order, blanks_face=face == Batch.Face.BLANK and case.exam.face_possible)
        try:
            answer = run_limited(
                "batches.building:write_case",
                order.to_json(),
                str(out),
                form,
                key,
                list(images),
                list(fields),
                limits=LIMITS,
                read=[folder],
                write=[out],
                untrusted=False,
            )
        except FormatError as error:
            faults += [of_exam(fault, case.exam) for fault in error.faults]
            _remove(folder)
            continue
        files = WrittenFiles.from_json(answer)
        word = next((word for word in WORST_FIRST if word in files.faces), "")
        written.append(
            Written(case.public_id, case.group, files.files, files.scalars, files.spacing, files.slack, word)
        )
        _remove(folder)
    if faults:
        raise FormatError(faults)
    return written


def of_exam(fault: Fault, exam: Exam) -> Fault:
    """The fault with the exam's name and key, so that a page can link to the exam."""
    return replace(fault, where=str(exam), values={**fault.values, "exam": str(exam.pk)})


def _order_of(case: Case, folder: Path, spec: QuestionSpec, images: Sequence[str], fields: Sequence[str]) -> CaseOrder:
    paths: dict[str, list[str]] = {image: [] for image in spec.data.images}
    with local_copy("exams", case.exam.bundle_key) as bundle, zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder / "dicom")
        for member in archive.namelist():
            image = member.split("/")[0]
            paths[image if image in paths else next(iter(paths))].append(str(folder / "dicom" / member))
    chosen = contents_of(case.exam)
    ordered: dict[str, OrderedField] = {}
    for name in fields:
        declared = spec.data.fields[name]
        row = chosen.get(declared.derive.of if declared.derive else name)
        if row is None:
            continue
        if declared.derive is not None:
            ordered[name] = OrderedField(declared.type, value=any_row(row.value or [], declared.derive))
            continue
        field = OrderedField(declared.type, declared.values, declared.of, tuple(declared.columns))
        if row.blob_key:
            target = folder / f"{name}.{row.blob_name}"
            with local_copy(row.store, row.blob_key) as path:
                target.write_bytes(path.read_bytes())
            ordered[name] = replace(field, path=str(target))
        else:
            ordered[name] = replace(field, value=row.value)
    measures = tuple(
        OrderedMeasure(name, spec.data.fields[name].measured_from, spec.data.fields[name].measure)
        for name in fields
        if spec.data.fields[name].measured_from and name not in chosen
    )
    return CaseOrder(
        id=case.public_id,
        group=case.group,
        images={image: tuple(paths[image]) for image in images if image in paths},
        geometries=geometries_of(case.exam),
        fields=ordered,
        measures=measures,
    )


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def scalars_csv(
    written: Sequence[Written], spec: QuestionSpec, fields: Sequence[str], *, form: str = "table", spacing: bool = False
) -> str:
    """The table of a batch or truth: a column for each of `fields` that is no file in the format `form`, whatever the values are.

    With `spacing`, also the three columns that scoring measures by, and the precision of grids whose headers are rounded, so that
    a team's mask is compared as loosely as the centre's was.
    """
    files = ("mask", "table", "text") if form == "text" else ("mask", "table")
    columns = [name for name in fields if spec.data.fields[name].type not in files]
    steps = ["spacing_row", "spacing_col", "spacing_slice"] if spacing and any(case.spacing for case in written) else []
    rows = [(case.public_id, {**case.scalars, **dict(zip(steps, case.spacing, strict=False))}) for case in written]
    if spacing and any(case.slack > SLACK_TOLD for case in written):
        steps = [*steps, "grid_slack"]
        rows = [
            (name, {**values, "grid_slack": round(case.slack, 4)})
            for (name, values), case in zip(rows, written, strict=True)
        ]
    return scalar_table(rows, spec.submission.id_column, [*columns, *steps])
