"""What must be true once the faults are over: compares rows, stores and folders with what the clients wrote down.

Run as `python -m benchmarks.faults.verify FOLDER` with the site's environment, after its processes have ended. Prints a JSON list
of violations.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402  (apps must be ready before models are imported)
from django.utils import timezone  # noqa: E402

from batches.models import Batch  # noqa: E402
from benchmarks.faults.entries import dice, loaded_masks  # noqa: E402
from core.audit import broken_links, chain_records  # noqa: E402
from core.models import Work  # noqa: E402
from core.storage import open_blob, store  # noqa: E402
from core.temporary import sweep_temporary  # noqa: E402
from grading.models import Reading  # noqa: E402
from scoring.models import Evaluation, JuryCase, JuryMark, Score, Submission, Truth  # noqa: E402
from scoring.quota import COUNTED  # noqa: E402
from uploads import staging  # noqa: E402
from uploads.models import Annotation, Exam, Upload  # noqa: E402
from uploads.store import sweep_staging  # noqa: E402

Operations = list[dict[str, Any]]


def violations(folder: Path) -> Iterator[str]:
    world = json.loads((folder / "world.json").read_text())
    operations: Operations = json.loads((folder / "operations.json").read_text())
    masks = loaded_masks(str(folder / "truth.npz"))
    yield from submissions(operations, world, masks)
    yield from exams_and_grades(operations)
    yield from marks(operations)
    yield from quotas(world)
    yield from unfinished()
    yield from audit()
    yield from orphans()


def submissions(operations: Operations, world: dict[str, Any], masks: dict[str, Any]) -> Iterator[str]:
    """Acknowledged: exactly once, with its bytes and its score. Unknown: at most once."""
    refused = {operation["key"] for operation in operations if operation["kind"] == "refused"}
    rows = {str(row.upload_id): row for row in Submission.objects.filter(phase=world["phase_id"])}
    twice = Counter(str(pk) for pk in Submission.objects.values_list("upload_id", flat=True))
    yield from (f"upload {key} became {number} submissions" for key, number in twice.items() if number > 1)
    for operation in operations:
        if operation["kind"] not in ("upload", "submission") or not operation["acknowledged"]:
            continue
        row = rows.get(operation["key"])
        if row is None:
            if operation["key"] not in refused and not _was_refused(operation["key"]):
                yield f"{operation['kind']} {operation['key']} of {operation['who']} was acknowledged and is gone"
            continue
        if operation["kind"] == "submission" and operation["value"] != str(row.pk):
            yield f"upload {operation['key']} was acknowledged as {operation['value']} and is {row.pk}"
        if row.sha256 != operation["sha256"] or _hash(row.blob_key) != operation["sha256"]:
            yield f"submission {row.pk} does not have the bytes that were sent"
        expected = Submission.State.REJECTED if operation["wear"] < 0 else Submission.State.SCORED
        if row.state != expected:
            yield f"submission {row.pk} is {row.state}, expected {expected}: {row.reason} {row.faults}"
        elif operation["wear"] >= 0:
            yield from _score(row, operation["wear"], masks)


def _was_refused(upload: str) -> bool:
    """The worker refused it first, for want of attempts."""
    return Upload.objects.filter(pk=upload, state=Upload.State.REFUSED, kind=Upload.Kind.SUBMISSION).exists()


def _hash(key: str) -> str:
    try:
        with open_blob("submissions", key) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    except FileNotFoundError:
        return "gone"


def _score(row: Submission, wear: int, masks: dict[str, Any]) -> Iterator[str]:
    """One evaluation, whose Dice equals the mean of 2|A and B| / (|A| + |B|) computed here from the masks."""
    evaluations = list(Evaluation.objects.filter(submission=row))
    if len(evaluations) != 1:
        yield f"submission {row.pk} has {len(evaluations)} evaluations"
        return
    value = Score.objects.get(evaluation=evaluations[0], name="dice", part=Score.Part.ALL).value
    expected = dice(masks, wear)
    if value is None or abs(value - expected) > 1e-9:
        yield f"submission {row.pk} has Dice {value}, computed apart {expected}"


def exams_and_grades(operations: Operations) -> Iterator[str]:
    for operation in operations:
        if operation["kind"] == "exam" and operation["acknowledged"]:
            states = list(Exam.objects.filter(upload_id=operation["key"]).values_list("state", flat=True))
            if len(states) != 1:
                upload = Upload.objects.filter(pk=operation["key"]).first()
                yield f"exam upload {operation['key']} became {len(states)} exams; it is {upload.state if upload else 'gone'}"
            elif states[0] not in (Exam.State.ACCEPTED, Exam.State.KEPT, Exam.State.DROPPED):
                yield f"the exam of upload {operation['key']} is {states[0]}"
        if operation["kind"] == "grade" and operation["acknowledged"]:
            row = Reading.objects.filter(pk=operation["key"]).first()
            if row is None or row.grade != operation["value"]:
                yield f"reading {operation['key']} was graded {operation['value']} and has {row.grade if row else 'no row'}"


def marks(operations: Operations) -> Iterator[str]:
    """Acknowledged marks are there, one for each criterion of the case."""
    for key, value in {
        operation["key"]: operation["value"]
        for operation in operations
        if operation["kind"] == "mark" and operation["acknowledged"]
    }.items():
        session, _colon, case = key.partition(":")
        rows = JuryMark.objects.filter(session=session, case=case).values_list("criterion", "mark")
        if len(rows) != len(dict(rows)) or dict(rows) != json.loads(value):
            yield f"case {case} was marked {value} and has {dict(rows)}"


def quotas(world: dict[str, Any]) -> Iterator[str]:
    counted = Submission.objects.filter(COUNTED, phase=world["phase_id"]).values_list("team_id", flat=True)
    for team, number in Counter(counted).items():
        if number > world["per_phase"]:
            yield f"team {team} has {number} counted submissions of {world['per_phase']}"


def unfinished() -> Iterator[str]:
    for row in Work.objects.exclude(state__in=[Work.State.DONE, Work.State.CANCELLED]):
        if row.state != Work.State.WAITING or row.run_at <= timezone.now():
            yield f"work {row.stage} is {row.state} after the end: {row.reason}"


def audit() -> Iterator[str]:
    while chain_records():
        pass
    yield from (f"the audit trail is broken at {number}" for number in broken_links())


def objects_of(name: str) -> set[str]:
    """The keys of all objects of a store: a folder, or a bucket."""
    place: Any = store(name)
    if hasattr(place, "bucket"):
        return {stored.key for stored in place.bucket.objects.all()}
    root = Path(place.path(""))
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def orphans() -> Iterator[str]:
    """Objects that no row names, bytes of uploads that are over, folders of processes that are gone."""
    named = {
        "submissions": {
            *Submission.objects.values_list("blob_key", flat=True),
            *JuryCase.objects.values_list("images_key", flat=True),
        },
        "exams": {
            *Exam.objects.values_list("bundle_key", flat=True),
            *Annotation.objects.values_list("blob_key", flat=True),
        },
        "deliveries": set(Batch.objects.values_list("archive_key", flat=True)),
        "sealed": {
            *Truth.objects.values_list("blob_key", flat=True),
            *Evaluation.objects.values_list("artefacts_key", flat=True),
        },
        "quarantine": set(Exam.objects.values_list("quarantine_key", flat=True)),
    }
    for name, keys in named.items():
        yield from (f"the store {name} has {key}, which no row names" for key in sorted(objects_of(name) - keys))
    alive = [Upload.State.RECEIVING, Upload.State.STORED]
    sweep_staging(
        every=0, age=0
    )  # of a process killed between an upload's file and its row, as the sweeper does an hour later
    for path in Path(settings.STAGING_DIR).glob("*"):
        key = staging.upload_of(path)
        row = Upload.objects.filter(pk=key).first() if key is not None else None
        if row is None or row.state not in alive:
            yield f"the staging disk has {path.name} of an upload that is {row.state if row else 'unknown'}"
    sweep_temporary()
    for path in Path(settings.TEMPORARY_DIR).glob("*"):
        yield f"temporary files are left: {path.name}"


if __name__ == "__main__":
    print(json.dumps(list(violations(Path(sys.argv[1])))))
