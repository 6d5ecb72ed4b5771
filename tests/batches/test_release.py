"""Batches: built twice they are the same bytes, they tell nothing but their cases, and exams that leave are taken out."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from batches.build import cases_of
from batches.models import Batch, BatchItem, Split, SplitItem
from batches.plan import plan_batches
from batches.release import AlreadyReleasedError, reschedule_batch, revoke_batch
from batches.split import SplitFrozenError, SplitOutOfDateError, draft_split, freeze_split
from challenges.models import Question
from core.claims import claim_next
from core.errors import InvalidInputError
from core.models import AuditRecord
from core.performing import carry_out
from core.storage import local_copy, store
from tests.factories.exams import centre, frozen_batches, kept_exam, sarcopenia_exams, square, work_all
from tests.factories.people import person
from tests.factories.questions import question
from uploads.models import Exam, Patient
from uploads.withdraw import withdraw_exam

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def same_key(settings: Any, tmp_path: Path) -> None:
    """A pseudonym key that is always the same, so that what is drawn from it is too."""
    settings.KEYS_DIR = tmp_path / "keys"
    settings.KEYS_DIR.mkdir()
    (settings.KEYS_DIR / "cup.key").write_bytes(base64.b64encode(b"the same key in every run of it!"))


def in_days(count: float) -> str:
    return (timezone.now() + timedelta(days=count)).isoformat()


def released_question(released: float = 1, **changes: Any) -> Question:
    """A sarcopenia question with two exams to train on and two that decide, out in `released` days."""
    batches = [
        {"name": "batch-1", "set": "training", "released_at": in_days(released)},
        {"name": "evaluation", "set": "test", "released_at": in_days(released)},
    ]
    split = {"sets": {"training": 2, "validation": None, "test": 2}, "stratify": ["centre"]}
    return question(changes={"split": split, "batches": batches, **changes})


def archive_of(batch: Batch) -> bytes:
    with local_copy("deliveries", batch.archive_key) as path:
        return path.read_bytes()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Any]:
    """Opens a batch's archive."""
    archives: list[zipfile.ZipFile] = []

    def open_(batch: Batch) -> zipfile.ZipFile:
        path = tmp_path / f"{batch.name}.zip"
        path.write_bytes(archive_of(batch))
        archives.append(zipfile.ZipFile(path))
        return archives[-1]

    yield open_
    for archive in archives:
        archive.close()


# --- twice is the same ------------------------------------------------------------------------------------------------


def test_built_again_a_batch_is_the_same_bytes() -> None:
    of = released_question()
    sarcopenia_exams(of, (2, 3, 4, 5))
    for name, batch in frozen_batches(of).items():
        before = archive_of(batch)
        store("deliveries").delete(batch.archive_key)
        Batch.objects.filter(pk=batch.pk).update(state=Batch.State.PLANNED, archive_key="", manifest={})
        if name == "evaluation":
            continue  # its annotations are sealed by now
        plan_batches(split=batch.split, actor=None)
        work_all(("build_batch",))
        again = Batch.objects.get(pk=batch.pk)
        assert archive_of(again) == before
        assert again.archive_sha256 == hashlib.sha256(before).hexdigest() == batch.archive_sha256


def test_planning_twice_is_planning_once() -> None:
    of = released_question()
    sarcopenia_exams(of, (2, 3, 4, 5))
    batches = freeze_split(split=draft_split(question=of, actor=None), actor=None)
    ids = list(BatchItem.objects.values_list("public_id", flat=True))
    plan_batches(split=batches[0].split, actor=None)
    assert list(BatchItem.objects.values_list("public_id", flat=True)) == ids
    with pytest.raises(SplitFrozenError):
        draft_split(question=of, actor=None)


# --- what happened between the draft and the freezing -----------------------------------------------------------------


def test_a_split_with_exams_that_left_cannot_be_frozen_until_it_is_drawn_again() -> None:
    of = released_question()
    sarcopenia_exams(of, (2, 3, 4, 5, 6, 7))
    split = draft_split(question=of, actor=None, seed=3)
    assert split.items.count() >= 4
    inside = Exam.objects.filter(pk__in=split.items.values("exam"))
    withdrawn, regraded = inside[:2]
    withdraw_exam(exam=withdrawn, actor=None, reason="the patient asked for it")
    Exam.objects.filter(pk=regraded.pk).update(state=Exam.State.DROPPED)
    with pytest.raises(SplitOutOfDateError) as refused:
        freeze_split(split=split, actor=None)
    assert refused.value.values == {"count": 2} and "Draw the sets again" in str(refused.value)
    split.refresh_from_db()
    assert split.state == Split.State.DRAFT
    assert not of.batches.exists() and not BatchItem.objects.exists()
    assert not AuditRecord.objects.filter(verb="split frozen").exists()
    batches = freeze_split(split=draft_split(question=of, actor=None, seed=3), actor=None)
    placed = set(BatchItem.objects.filter(batch__in=batches).values_list("exam_id", flat=True))
    assert placed and not placed & {withdrawn.pk, regraded.pk}


# --- it tells nothing -------------------------------------------------------------------------------------------------


def test_the_archive_names_nothing_of_the_platform(opened: Any) -> None:
    """No centre, row, pseudonym, grade, set or seed stands in any byte, and no moment in the archive's directory."""
    of = released_question()
    exams = sarcopenia_exams(of, (2, 3), at=centre(of, "Hôpital Nord"))
    exams += sarcopenia_exams(of, (4, 5), at=centre(of, "Clinique du Port"))
    for name, batch in frozen_batches(of).items():
        archive = opened(batch)
        everything = archive_of(batch).lower() + "".join(archive.namelist()).encode()
        secrets_ = [exam.pk.hex for exam in exams] + [str(exam.pk) for exam in exams]
        secrets_ += [exam.patient.pseudonym for exam in exams if exam.patient]
        secrets_ += ["nord", "hopital", "clinique", "port", batch.seed, str(batch.pk), batch.set_name + '"']
        assert [secret for secret in secrets_ if secret.lower().encode() in everything] == []
        for member in archive.infolist():
            assert member.date_time == (1980, 1, 1, 0, 0, 0)
            assert (member.extra, member.comment, member.compress_type) == (b"", b"", zipfile.ZIP_STORED)
        assert archive.comment == b""
        assert {attributes.external_attr for attributes in archive.infolist()} == {archive.infolist()[0].external_attr}
        assert set(batch.manifest["cases"][0]) == {"id", "files"}, name


def test_a_patients_exams_share_a_group_that_says_no_more(opened: Any) -> None:
    of = released_question(split={"sets": {"training": 4, "validation": None, "test": 2}, "stratify": ["centre"]})
    noise = np.random.default_rng(3)
    for patient in ("one", "one", "two", "three", "four", "four"):
        image = {"image": [noise.integers(0, 2000, (12, 12)).astype(np.uint16)]}
        kept_exam(of, image, {"mask": square(3)}, patient=patient)
    batches = frozen_batches(of)
    sets = {item.exam.patient.pseudonym: name for name, b in batches.items() for item in b.items.all()}
    for name, batch in batches.items():
        items = list(batch.items.select_related("exam__patient"))
        assert {sets[item.exam.patient.pseudonym] for item in items} == {name}, "a patient stands in two sets"
        pairs = {(item.exam.patient.pseudonym, item.patient_group) for item in items}
        grouped = {group for _, group in pairs if group}
        if grouped:
            assert len(grouped) == len(pairs), "two patients share a group, or one has two"
        answer = archive_of(batch).decode("latin-1")
        assert not [pseudonym for pseudonym, _ in pairs if pseudonym in answer]


def crowd(of: Question, count: int) -> list[Exam]:
    """Rows of kept exams whose centre, grade and label all follow from the order of arrival."""
    homes = [centre(of, "Hôpital Nord"), centre(of, "Clinique du Port")]
    sender = person("Carla Centre")
    exams = []
    for number in range(count):
        patient = Patient.objects.create(challenge=of.challenge, pseudonym=f"{number:064d}")
        exams.append(
            Exam(question=of, centre=homes[number * 2 // count], patient=patient, uploaded_by=sender, number=number + 1,
                 state=Exam.State.KEPT, bundle_key=f"exam-{number}/x", content_hash=f"{number:064x}")
        )  # fmt: skip
    return Exam.objects.bulk_create(exams)


def test_ids_and_order_say_nothing_of_where_a_case_came_from() -> None:
    """A classifier that sees position and public id guesses centre and order of arrival no better than chance."""
    of = released_question()
    exams = crowd(of, 400)
    split = Split.objects.create(question=of, number=1, seed=1, rule={}, state=Split.State.FROZEN)
    SplitItem.objects.bulk_create(SplitItem(split=split, exam=exam, set_name="training") for exam in exams)
    (batch,) = [plan_batch for plan_batch in plan_batches(split=split, actor=None) if plan_batch.set_name == "training"]
    items = list(batch.items.select_related("exam__centre").order_by("position"))
    digits = [item.public_id.removeprefix("case-") for item in items]
    seen = np.array(
        [[item.position, *(int(digit, 16) for digit in text)] for item, text in zip(items, digits, strict=True)]
    )
    late = np.array([item.exam.number > 200 for item in items])
    odd = np.array([item.exam.number % 2 for item in items])
    for label in (late, odd):
        forest = RandomForestClassifier(100, min_samples_leaf=10, random_state=0)
        guessed = cross_val_predict(forest, seen, label, cv=5, method="predict_proba")[:, 1]
        assert abs(roc_auc_score(label, guessed) - 0.5) < 0.1
    # The test itself can fail: where ids follow arrival, the same classifier knows.
    leaky = np.column_stack([[item.exam.number for item in items], seen[:, 1:]])
    forest = RandomForestClassifier(100, min_samples_leaf=10, random_state=0)
    assert roc_auc_score(late, cross_val_predict(forest, leaky, late, cv=5, method="predict_proba")[:, 1]) > 0.95


def test_sizes_of_files_say_nothing_of_the_centre(opened: Any) -> None:
    """Slices of one size are files of one size, wherever they were made."""
    of = released_question(split={"sets": {"training": 6, "validation": None, "test": 2}, "stratify": ["centre"]})
    sarcopenia_exams(of, (2, 3, 4, 5), at=centre(of, "A"))
    sarcopenia_exams(of, (2, 3, 4, 5), at=centre(of, "Centre hospitalier universitaire de la Grande Ville"))
    for batch in frozen_batches(of).values():
        sizes = {member.file_size for member in opened(batch).infolist() if member.filename.endswith(".dcm")}
        assert len(sizes) == 1


# --- exams that leave -------------------------------------------------------------------------------------------------


def withdrawn(batch: Batch) -> tuple[Exam, str]:
    item = batch.items.select_related("exam").order_by("position")[0]
    withdraw_exam(exam=item.exam, actor=None, reason="the patient asked")
    return item.exam, item.public_id


def test_a_withdrawn_exam_leaves_a_batch_that_is_not_out(django_capture_on_commit_callbacks: Any) -> None:
    of = released_question()
    sarcopenia_exams(of, (2, 3, 4, 5))
    batch = frozen_batches(of)["batch-1"]
    old = batch.archive_key
    with django_capture_on_commit_callbacks(execute=True):
        _, public_id = withdrawn(batch)
    assert not store("deliveries").exists(old), "what was built with the exam is still there"
    work_all()
    batch.refresh_from_db()
    assert batch.state == Batch.State.BUILT and len(batch.manifest["cases"]) == 1
    assert public_id.encode() not in archive_of(batch)


def test_a_batch_that_is_being_built_is_built_again_without_it() -> None:
    """The exam leaves between the moment at which the builder looked and the moment at which it is done."""
    of = released_question()
    sarcopenia_exams(of, (2, 3, 4, 5))
    freeze_split(split=draft_split(question=of, actor=None), actor=None)
    batch = Batch.objects.get(name="batch-1")
    claim = claim_next(("build_batch",))
    while claim is not None and claim.subject_id != str(batch.pk):
        claim = claim_next(("build_batch",))
    assert claim is not None
    seen_by_the_builder = cases_of(batch)
    _, public_id = withdrawn(batch)
    assert public_id in {case.public_id for case in seen_by_the_builder}
    carry_out(claim)  # the one that began before: what it made must not stand
    batch.refresh_from_db()
    assert batch.state == Batch.State.PLANNED
    work_all()
    batch.refresh_from_db()
    assert batch.state == Batch.State.BUILT
    assert public_id.encode() not in archive_of(batch)


def test_a_batch_that_is_out_is_built_again_without_the_case() -> None:
    of = released_question(released=-1)
    sarcopenia_exams(of, (2, 3, 4, 5))
    batch = frozen_batches(of)["batch-1"]
    exam, public_id = withdrawn(batch)
    work_all()
    batch.refresh_from_db()
    assert batch.state == Batch.State.BUILT and batch.version == 2
    assert public_id.encode() not in archive_of(batch).replace(f'"withdrawn": [\n  "{public_id}"'.encode(), b"")
    item = batch.items.get(exam=exam)
    assert item.public_id == public_id and item.withdrawn_at is not None
    assert batch.items.filter(withdrawn_at=None).count() == 1
    assert public_id not in {case.public_id for case in cases_of(batch)}


# --- its minute -------------------------------------------------------------------------------------------------------


def test_the_minute_of_a_batch_that_is_out_cannot_be_moved() -> None:
    of = released_question(released=-1)
    sarcopenia_exams(of, (2, 3, 4, 5))
    batch = frozen_batches(of)["batch-1"]
    with pytest.raises(AlreadyReleasedError):
        reschedule_batch(batch=batch, released_at=timezone.now() + timedelta(days=1), actor=None, reason="too late")


def test_a_revoked_batch_needs_a_reason_and_is_gone_for_teams() -> None:
    of = released_question(released=-1)
    sarcopenia_exams(of, (2, 3, 4, 5))
    batch = frozen_batches(of)["batch-1"]
    with pytest.raises(InvalidInputError):
        revoke_batch(batch=batch, actor=None, reason=" ")
    assert batch.state == Batch.State.BUILT
    revoke_batch(batch=batch, actor=None, reason="two cases were swapped")
    assert not Batch.objects.visible_to(person("Sam")).exists()
    assert Batch.objects.get(pk=batch.pk).state == Batch.State.REVOKED
