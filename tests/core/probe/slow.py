"""A stage that says when it begins, waits for a file named `go`, and writes one row."""

import os
import time
from pathlib import Path

from core.claims import Claim
from core.models import Progress


def slow_stage(claim: Claim) -> None:
    folder = Path(os.environ["CONCOURS_DATA"])
    with (folder / "begun").open("a") as file:
        file.write(f"{os.getpid()} {claim.subject_id} {claim.token}\n")
    deadline = time.monotonic() + 60
    while not (folder / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    with claim.finish():
        Progress.objects.create(subject_kind="probe", subject_id=claim.subject_id, stage="probe", state="done")
