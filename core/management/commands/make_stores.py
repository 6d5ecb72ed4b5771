"""Makes the five stores where they are not there yet: folders on a disk, buckets on an S3-compatible server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage
from django.core.management.base import BaseCommand

from core.storage import store


class Command(BaseCommand):
    help = "Makes the stores that are not there yet; those that are stay as they are."

    def handle(self, **options: Any) -> None:
        for name in settings.STORES:
            self.stdout.write(f"{name}: {'made' if _make(store(name)) else 'there already'}")


def _make(target: Storage) -> bool:
    """True where it had to be made."""
    connection: Any = getattr(target, "connection", None)
    if connection is None:
        folder = Path(target.path(""))
        there = folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        return not there
    bucket = connection.Bucket(target.bucket_name)  # type: ignore[attr-defined]
    if bucket.creation_date is not None:
        return False
    bucket.create()
    return True
