"""What teams send: stored uploads with real bytes, and files made from the truth that the test knows."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from batches.models import Batch
from challenges.models import Question, Team
from scoring.models import Submission
from scoring.submit import submit
from tests.factories.exams import png
from tests.factories.people import member_of
from uploads import staging
from uploads.models import Upload


def stored_upload(
    of: Question, team: Team, content: bytes, *, at: datetime | None = None, name: str = "sent.zip", **metadata: Any
) -> Upload:
    """An upload whose last byte was durable at `at`, with its bytes on the staging disk."""
    moment = at or timezone.now()
    upload = Upload(
        owner=member_of(team),
        question=of,
        team=team,
        kind=Upload.Kind.SUBMISSION,
        state=Upload.State.STORED,
        source_name=name,
        length=len(content),
        metadata=metadata,
        expires_at=moment + timedelta(days=1),
        stored_at=moment,
    )
    path = staging.staging_path(upload.pk)
    staging.create(path)
    path.write_bytes(content)
    upload.save(force_insert=True)
    return upload


def sent(of: Question, team: Team, content: bytes, *, at: datetime | None = None, name: str = "sent.zip") -> Submission:
    """A submission in time, before its validation."""
    upload = stored_upload(of, team, content, at=at, name=name)
    return submit(upload=upload, actor=upload.owner)


def zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def csv_of(id_column: str, columns: Mapping[str, Mapping[str, Any]]) -> bytes:
    ids = list(next(iter(columns.values())))
    rows = [",".join([id_column, *columns])]
    rows += [",".join([case, *(str(columns[name][case]) for name in columns)]) for case in ids]
    return ("\n".join(rows) + "\n").encode()


def true_masks(batch: Batch, masks: Mapping[Any, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """By public id, the masks that the test gave by exam id."""
    return {item.public_id: masks[item.exam_id] for item in batch.items.all()}


def masks_zip(masks: Mapping[str, NDArray[Any]], surfaces: Mapping[str, float]) -> bytes:
    """A sarcopenia submission."""
    files = {f"{case}.png": png(mask) for case, mask in masks.items()}
    return zipped({**files, "surfaces.csv": csv_of("case_id", {"surface": surfaces})})


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def worn(mask: NDArray[np.uint8], voxels: int) -> NDArray[np.uint8]:
    """The mask without its last `voxels` voxels."""
    copy = mask.copy()
    inside = np.flatnonzero(copy)
    copy.flat[inside[len(inside) - voxels :]] = 0
    return copy
