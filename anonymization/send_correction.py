"""What a request sends to correct an exam, given to `correct`."""

from __future__ import annotations

from pathlib import Path

from django.core.files.uploadedfile import UploadedFile

from anonymization.correct import correct
from anonymization.examine_correction import SentCorrection
from anonymization.models import Correction
from concours.formats.json import Json
from core.actors import Actor
from core.temporary import lease_folder
from uploads.models import Exam


def send_correction(
    *, exam: Exam, actor: Actor, field: str, reason: str, value: Json, file: UploadedFile | None
) -> Correction:
    """A file lies in a folder of this process while it is examined."""
    if file is None:
        return correct(exam=exam, field=field, actor=actor, reason=reason, sent=SentCorrection(value=value))
    with lease_folder("correction") as folder:
        path = folder / "sent"
        with path.open("wb") as target:
            for piece in file.chunks():
                target.write(piece)
        sent = SentCorrection(file=path, called=Path(str(file.name)).name)
        return correct(exam=exam, field=field, actor=actor, reason=reason, sent=sent)
