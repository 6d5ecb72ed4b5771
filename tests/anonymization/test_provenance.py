"""Every exam says what de-identified it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anonymization.models import Deidentification
from concours.deid.provenance import engine_version, profile_sha256
from demo.phantoms import lung
from tests.concours.formats.builders import zipped
from tests.factories.exams import work_all
from tests.factories.questions import question
from tests.factories.uploads import sent


@pytest.mark.django_db
def test_an_exam_keeps_the_version_of_the_engine_and_its_questions_profile(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"
    settings.WORK_HEARTBEAT_SECONDS = 3600
    of = question("lung-tumour", {"deidentification": {"keep": ["PatientSize"]}})
    sent(of, zipped(dict(lung.make(1, "nord").files)))
    work_all(("receive", "deidentify"))
    row = Deidentification.objects.get()
    assert row.engine_version == engine_version()
    assert row.profile_sha256 == profile_sha256(keep=["PatientSize"]) != profile_sha256()
