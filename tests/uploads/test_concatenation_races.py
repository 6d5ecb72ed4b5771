"""Two requests put the same parts together at once: one upload, whole, whoever was first; and a part is in one upload only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from challenges.charter import publish_charter, sign_charter
from challenges.models import CentreMembership
from core.errors import InvalidInputError
from core.models import User
from tests.factories.exams import centre
from tests.factories.people import person
from tests.factories.questions import question
from tests.interleaved import overlapping
from tests.uploads.protocol.conftest import metadata
from uploads import staging
from uploads.creation import begin_upload
from uploads.models import Upload
from uploads.store import create_upload, finish_upload

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
PIECES = (b"one ", b"two ", b"three")
MOMENTS = [
    "uploads.store.hold_person",
    "uploads.store.upload_of_parts",
    "uploads.creation.create_upload",
    "uploads.store.finish_upload",
]


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> None:
    settings.KEYS_DIR, settings.STAGING_DIR = tmp_path / "keys", tmp_path / "staging"


def sender() -> User:
    question_row, carla = question("sarcopenia"), person("Carla Centre")
    CentreMembership.objects.create(centre=centre(question_row), user=carla)
    charter = publish_charter(challenge=question_row.challenge, audience="centre", text={"en": "x"}, actor=None)
    sign_charter(charter=charter, user=carla, name="Carla")
    return carla


def finished_parts(carla: User) -> list[str]:
    addresses = []
    for piece in PIECES:
        part = create_upload(owner=carla, question=None, kind=Upload.Kind.PARTIAL, length=len(piece))
        staging.append(staging.staging_path(part.pk), 0, piece)
        finish_upload(part, stored_at=part.created_at)
        addresses.append(f"/api/v1/uploads/{part.pk}")
    return addresses


def put_together(carla: User, addresses: list[str]) -> Upload:
    name = f"{centre_question(carla)}"
    headers = {"tus-resumable": "1.0.0", "upload-concat": f"final;{' '.join(addresses)}"}
    return begin_upload(carla, {**headers, "upload-metadata": metadata(question=name)})


def centre_question(carla: User) -> str:
    home = CentreMembership.objects.get(user=carla).centre
    return f"{home.challenge.slug}/{home.challenge.questions.get().slug}"


def finals() -> list[Upload]:
    return list(Upload.objects.exclude(kind=Upload.Kind.PARTIAL))


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("any_database", DATABASES, indirect=True)
def test_two_requests_for_the_same_parts_get_one_upload(
    any_database: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carla = sender()
    addresses, created = finished_parts(carla), list[Upload]()
    doers = [lambda: created.append(put_together(carla, addresses))] * 2
    assert overlapping(monkeypatch, moment, *doers) == []
    (final,) = finals()
    assert [entry.pk for entry in created] == [final.pk] * 2
    assert final.state == Upload.State.STORED
    assert staging.staging_path(final.pk).read_bytes() == b"".join(PIECES)
    assert not list(Path(staging.staging_path(final.pk)).parent.glob(f"*{staging.CHUNK}"))


@pytest.mark.parametrize("moment", MOMENTS[:3])
@pytest.mark.parametrize("any_database", DATABASES, indirect=True)
def test_two_requests_that_share_a_part_do_not_both_get_it(
    any_database: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    carla = sender()
    addresses = finished_parts(carla)
    doers = [lambda: put_together(carla, addresses), lambda: put_together(carla, addresses[::-1])]
    (error,) = overlapping(monkeypatch, moment, *doers)
    assert isinstance(error, InvalidInputError) and "already part" in error.words()
    (final,) = finals()
    assert staging.staging_path(final.pk).read_bytes() in (b"one two three", b"threetwo one ")


@pytest.mark.django_db
def test_one_that_was_left_half_copied_is_finished_by_asking_again(monkeypatch: pytest.MonkeyPatch) -> None:
    carla = sender()
    addresses = finished_parts(carla)

    def dies(*_arguments: Any) -> int:
        raise OSError("the disk went away")

    with monkeypatch.context() as away, pytest.raises(OSError, match="went away"):
        away.setattr("uploads.staging.append_file", dies)
        put_together(carla, addresses)
    (left,) = finals()
    assert left.state == Upload.State.RECEIVING
    again = put_together(
        carla, [addresses[0].upper().replace("/API/V1/UPLOADS", "https://x.example/api/v1/uploads"), *addresses[1:]]
    )
    assert again.pk == left.pk and again.state == Upload.State.STORED
    assert staging.staging_path(left.pk).read_bytes() == b"".join(PIECES)
