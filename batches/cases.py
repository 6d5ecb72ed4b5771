"""Lays cases out on disk, from the exams' bundles and chosen annotations: what batches and truths are both made of."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batches.scalars import scalar_table
from challenges.derive import any_row
from challenges.spec import QuestionSpec
from core.storage import local_copy
from formats.child import Limits, run_limited
from uploads.models import Exam

WORST_FIRST = ("impossible", "not found", "blanked")
LIMITS = Limits(memory_bytes=4 << 30, cpu_seconds=900, wall_seconds=1800.0)


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
    files: list[str]
    scalars: dict[str, Any]
    spacing: list[float]
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

    With `face` "blank" the volumes of exams that may show a face lose it."""
    written = []
    out.mkdir(parents=True, exist_ok=True)
    for case in cases:
        folder = work / case.public_id
        folder.mkdir(parents=True)
        document = _case_document(case, folder, spec, images, fields)
        document["face"] = face if case.exam.face_possible else "keep"
        answer = run_limited(
            "batches.building:write_case",
            document,
            str(out),
            form,
            key,
            list(images),
            list(fields),
            limits=LIMITS,
            read=[folder],
            write=[out],
        )
        word = next((word for word in WORST_FIRST if word in answer["faces"]), "")
        written.append(Written(case.public_id, case.group, answer["files"], answer["scalars"], answer["spacing"], word))
        _remove(folder)
    return written


def _case_document(
    case: Case, folder: Path, spec: QuestionSpec, images: Sequence[str], fields: Sequence[str]
) -> dict[str, Any]:
    paths: dict[str, list[str]] = {image: [] for image in spec.data.images}
    with local_copy("exams", case.exam.bundle_key) as bundle, zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder / "dicom")
        for member in archive.namelist():
            image = member.split("/")[0]
            paths[image if image in paths else next(iter(paths))].append(str(folder / "dicom" / member))
    chosen = {row.field: row for row in case.exam.annotations.filter(is_chosen=True)}
    told: dict[str, Any] = {}
    for name in fields:
        declared = spec.data.fields[name]
        row = chosen.get(declared.derive.of if declared.derive else name)
        if row is None:
            continue
        if declared.derive is not None:
            told[name] = {"type": declared.type, "value": any_row(row.value or [], declared.derive)}
            continue
        given: dict[str, Any] = {"type": declared.type, "values": list(declared.values), "of": declared.of}
        if row.blob_key:
            target = folder / f"{name}.{row.blob_name}"
            with local_copy("exams", row.blob_key) as path:
                target.write_bytes(path.read_bytes())
            given["path"] = str(target)
        else:
            given["value"] = row.value
        told[name] = given
    measured = [
        {"field": name, "from": spec.data.fields[name].measured_from, "measure": spec.data.fields[name].measure}
        for name in fields
        if spec.data.fields[name].measured_from and name not in chosen
    ]
    kept = {image: paths[image] for image in images if image in paths}
    return {"id": case.public_id, "group": case.group, "images": kept, "fields": told, "measured": measured}


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def scalars_csv(written: Sequence[Written], spec: QuestionSpec, fields: Sequence[str], *, spacing: bool = False) -> str:
    """The table of a batch or truth; with `spacing`, also the three columns that scoring measures by."""
    columns = [name for name in fields if spec.data.fields[name].type not in ("mask", "table")]
    columns = [name for name in columns if any(case.scalars.get(name) is not None for case in written)]
    steps = ["spacing_row", "spacing_col", "spacing_slice"] if spacing and any(case.spacing for case in written) else []
    rows = [(case.public_id, {**case.scalars, **dict(zip(steps, case.spacing, strict=False))}) for case in written]
    return scalar_table(rows, spec.submission.id_column, [*columns, *steps])
