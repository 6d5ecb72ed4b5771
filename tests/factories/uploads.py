"""Uploads as a centre sends them, their bytes on the staging disk, ready for the stages."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from challenges.models import Question
from core.work import enqueue
from tests.factories.exams import centre
from tests.factories.people import person
from uploads import staging
from uploads.models import Upload


def sent(of: Question, content: bytes, name: str = "exam.zip", **metadata: str) -> Upload:
    """A stored upload of Carla's whose receiving is asked for."""
    upload = Upload(
        owner=person("Carla Centre"), question=of, centre=centre(of), kind=Upload.Kind.EXAM, state=Upload.State.STORED,
        source_name=name, length=len(content), metadata={"letter_given": "1", **metadata},
        expires_at=timezone.now() + timedelta(days=1), stored_at=timezone.now(),
    )  # fmt: skip
    path = staging.staging_path(upload.pk)
    staging.create(path)
    path.write_bytes(content)
    upload.save(force_insert=True)
    enqueue("receive", upload)
    return upload
