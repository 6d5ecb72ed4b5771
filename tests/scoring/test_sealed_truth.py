"""After sealing, the truth of an evaluation set is in the sealed store and nowhere else; a training set's stays."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from batches.models import Batch
from core.claims import claim_row
from core.storage import read_blob, store
from core.work import enqueue
from scoring import seal
from scoring.models import Truth
from scoring.reseal import keep_only
from tests.factories.contests import contest
from tests.factories.exams import work_all
from tests.factories.people import person
from uploads.models import Annotation, SealedAnnotation
from uploads.withdraw import withdraw_exam

pytestmark = pytest.mark.django_db


def members(truth: Truth) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(read_blob("sealed", truth.blob_key)))


def table(truth: Truth) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(members(truth).read("truth.csv").decode())))


def test_the_sealed_zip_is_laid_out_as_the_local_scorer_reads_it() -> None:
    scene = contest()
    truth = Truth.objects.get(batch=scene.batch)
    ids = sorted(scene.masks)
    assert sorted(members(truth).namelist()) == sorted(["truth.csv", *(f"mask/{case}.png" for case in ids)])
    rows = table(truth)
    assert sorted(row["case_id"] for row in rows) == ids
    assert {row["spacing_row"] for row in rows} == {"0.7"}
    assert "part" not in rows[0]
    assert truth.cases == 4 and truth.public_manifest["ids"] == ids


def test_no_reachable_copy_of_an_evaluation_set_stays_and_training_keeps_its_own() -> None:
    scene = contest()
    evaluation = Annotation.objects.filter(exam__batch_items__batch=scene.batch)
    assert evaluation.count() == 4
    for annotation in evaluation:
        assert annotation.sealed_at is not None and annotation.value is None and annotation.blob_key == ""
    training = Annotation.objects.exclude(pk__in=evaluation)
    assert training.count() == 2
    assert all(row.sealed_at is None and store("exams").exists(row.blob_key) for row in training)
    for item in scene.batch.items.select_related("exam"):
        assert store("exams").listdir(f"exam-{item.exam_id}")[1] == [item.exam.bundle_sha256]


def test_sealing_again_changes_nothing() -> None:
    scene = contest()
    before = list(Truth.objects.values())
    enqueue("seal_truth", scene.batch)
    assert work_all() == ["seal_truth"]
    assert list(Truth.objects.values()) == before


def test_killed_between_the_truth_and_the_removal_it_is_finished_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(seal, "forget_annotations", dies)
        with pytest.raises(KeyboardInterrupt):
            contest()
    batch = Batch.objects.get(name="evaluation")
    assert batch.truths.count() == 1
    assert SealedAnnotation.objects.filter(annotation__exam__batch_items__batch=batch).count() == 4
    work = enqueue("seal_truth", batch)
    claim = claim_row(work.pk)
    assert claim is not None
    seal.seal_truth(claim)
    assert batch.truths.count() == 1
    assert not Annotation.objects.filter(exam__batch_items__batch=batch, sealed_at=None).exists()
    assert not SealedAnnotation.objects.exists()


def test_the_public_part_is_drawn_by_the_share_and_is_no_function_of_what_teams_can_read() -> None:
    scene = contest({"leaderboard": {"public_share": 0.5, "seed": 3}})
    parts = {row["case_id"]: row["part"] for row in table(Truth.objects.get(batch=scene.batch))}
    assert sorted(parts.values()) == ["private", "private", "public", "public"]
    again = seal.public_cases(scene.batch, seal.spec_of(scene.question), sorted(parts))
    assert again == {case for case, part in parts.items() if part == "public"}
    other = Batch(seed="00" * 32)
    drawn = [seal.public_cases(other, seal.spec_of(scene.question), [f"case-{n}" for n in range(40)])]
    other.seed = "11" * 32
    drawn.append(seal.public_cases(other, seal.spec_of(scene.question), [f"case-{n}" for n in range(40)]))
    assert drawn[0] != drawn[1]


def test_a_withdrawn_exam_leaves_the_truth_by_a_new_version() -> None:
    scene = contest()
    item = scene.batch.items.order_by("position")[0]
    withdraw_exam(exam=item.exam, actor=person("Olga"), reason="the patient refused")
    work_all()
    newest = Truth.objects.filter(batch=scene.batch).latest("version")
    assert newest.version == 2 and newest.cases == 3
    assert item.public_id not in newest.public_manifest["ids"]
    assert f"mask/{item.public_id}.png" not in members(newest).namelist()


def test_files_leave_the_truth_by_their_whole_ids_dots_included(tmp_path: Path) -> None:
    names = ["case.1.png", "case.2.nii.gz", "case.2.csv", "case.png"]
    (tmp_path / "mask").mkdir()
    for name in names:
        (tmp_path / "mask" / name).touch()
    (tmp_path / "truth.csv").write_text("case_id,p\ncase.1,0\ncase.2,1\ncase,1\n", encoding="utf-8")
    keep_only(tmp_path, {"case.2"})
    assert sorted(file.name for file in (tmp_path / "mask").iterdir()) == ["case.2.csv", "case.2.nii.gz"]
    assert (tmp_path / "truth.csv").read_text(encoding="utf-8") == "case_id,p\ncase.2,1\n"


def test_the_manifest_is_the_same_whatever_the_masks_hold() -> None:
    manifest = Truth.objects.get(batch=contest().batch).public_manifest
    assert manifest["grid"]["shape"] == [12, 12] and manifest["grids"] == {}
    assert manifest["ids"] == sorted(manifest["ids"])
