"""Batches whose faces are blanked: through the real build, in every form, bit for bit the same outside the face."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from django.utils import timezone
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import JPEGLSLossless, PositronEmissionTomographyImageStorage, RLELossless

from batches.build import FaceNotBlankedError
from batches.building import write_case
from batches.faces import find_faces
from batches.models import Batch
from batches.release import AlreadyReleasedError, choose_face
from batches.split import draft_split, freeze_split
from challenges.models import Question
from concours.formats.stored import ZIP_MOMENT
from core.claims import claim_next
from core.errors import InvalidInputError
from core.models import AuditRecord
from core.performing import carry_out
from core.storage import local_copy, put_bytes
from tests.concours.formats.builders import dicom_bytes
from tests.factories.exams import kept_exam, work_all
from tests.factories.heads import dicom_series, head, slices
from tests.factories.questions import question
from uploads.models import Exam

KEY = b"k" * 32


def stored(tmp_path: Path, files: Sequence[Dataset]) -> list[str]:
    paths = []
    for number, dataset in enumerate(files):
        path = tmp_path / "in" / f"{number:04d}.dcm"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(dicom_bytes(dataset))
        paths.append(str(path))
    return paths


def written(
    tmp_path: Path, paths: Sequence[str], form: str = "dicom", face: str = "blank", **more: Any
) -> dict[str, Any]:
    case = {
        "id": "case-1",
        "group": "",
        "images": {"image": list(paths)},
        "fields": {},
        "blanks_face": face == "blank",
        **more,
    }
    return write_case(case, str(tmp_path / f"out-{form}-{face}"), form, KEY, ["image"], list(case["fields"]))


def out(tmp_path: Path, form: str = "dicom", face: str = "blank") -> list[Dataset]:
    return [dcmread(path) for path in sorted((tmp_path / f"out-{form}-{face}" / "image").rglob("*.dcm"))]


def by_place(files: Sequence[Dataset]) -> dict[tuple[float, ...], Dataset]:
    return {tuple(map(float, file.ImagePositionPatient)): file for file in files}


def parts_of(dataset: Dataset, modality: str) -> dict[str, NDArray[np.bool_]]:
    """What of the head lies in a slice, by its header alone."""
    row, column = (np.array(dataset.ImageOrientationPatient[k : k + 3], float) for k in (3, 0))
    steps = [float(step) for step in dataset.PixelSpacing]
    at = (
        np.arange(dataset.Rows)[:, None, None] * row * steps[0]
        + np.arange(dataset.Columns)[None, :, None] * column * steps[1]
    )
    x, y, z = np.moveaxis(at + np.array(dataset.ImagePositionPatient, float), -1, 0)
    return head((-x, -y, z), modality)[1]


@pytest.mark.parametrize(
    ("plane", "modality", "flipped"),
    [("axial", "CT", False), ("coronal", "MR", True), ("sagittal", "MR", False), ("axial", "MR", True)],
)
def test_the_face_goes_and_all_else_stays(tmp_path: Path, plane: str, modality: str, flipped: bool) -> None:
    source = dicom_series(slices(plane, modality, flipped=flipped, noise=9), modality)
    assert written(tmp_path, stored(tmp_path, source))["faces"] == ["blanked"]
    delivered = by_place(out(tmp_path))
    changed = dict.fromkeys(("nose", "eyes", "brain"), 0)
    whole = dict(changed)
    for before in source:
        after = delivered[tuple(map(float, before.ImagePositionPatient))]
        differs = after.pixel_array != before.pixel_array
        assert set(np.unique(after.pixel_array[differs])) <= {24 if modality == "CT" else 0}
        for name, part in parts_of(before, modality).items():
            if name in whole:
                changed[name] += int((differs & part).sum())
                whole[name] += int(part.sum())
        for keyword in ("ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "BitsStored"):
            assert after[keyword].value == before[keyword].value
        assert after.RecognizableVisualFeatures == "NO"
        assert [item.CodeValue for item in after.DeidentificationMethodCodeSequence] == ["113102"]
    assert changed["brain"] == 0
    assert changed["nose"] > 0.7 * whole["nose"] and changed["eyes"] > 0.5 * whole["eyes"]


def test_kept_faces_are_untouched(tmp_path: Path) -> None:
    source = dicom_series(slices())
    assert written(tmp_path, stored(tmp_path, source), face="keep")["faces"] == []
    for before, after in zip(source, out(tmp_path, face="keep"), strict=True):
        assert np.array_equal(before.pixel_array, after.pixel_array) and "RecognizableVisualFeatures" not in after


def test_twice_is_once_and_the_same_bytes(tmp_path: Path) -> None:
    paths = stored(tmp_path, dicom_series(slices()))
    written(tmp_path, paths)
    first = [path.read_bytes() for path in sorted((tmp_path / "out-dicom-blank" / "image").rglob("*.dcm"))]
    again = tmp_path / "again"
    again.mkdir()
    written(again, paths)
    assert first == [path.read_bytes() for path in sorted((again / "out-dicom-blank" / "image").rglob("*.dcm"))]
    delivered = [str(path) for path in (tmp_path / "out-dicom-blank" / "image").rglob("*.dcm")]
    assert find_faces(delivered).cuts == {}


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_slices_are_encoded_again_without_loss(tmp_path: Path, syntax: str) -> None:
    source = dicom_series(slices("sagittal", noise=9, spacing=(3.0, 3.0, 8.0)))
    plain = [entry.pixel_array.copy() for entry in source]
    for item in source:
        item.compress(syntax, generate_instance_uid=False)
    paths = stored(tmp_path, source)
    assert written(tmp_path, paths)["faces"] == ["blanked"]
    face = next(iter(find_faces(paths).cuts.values())).face
    for before, after in zip(plain, out(tmp_path), strict=True):
        assert after.file_meta.TransferSyntaxUID == syntax
        differs = after.pixel_array != before
        lps = np.array(after.ImagePositionPatient, float)
        assert face is not None and (not differs.any() or set(np.unique(after.pixel_array[differs])) == {24}), lps
    assert sum((a.pixel_array != b).sum() for a, b in zip(out(tmp_path), plain, strict=True)) > 1000


def test_bits_above_the_stored_ones_do_not_move(tmp_path: Path) -> None:
    source = dicom_series(slices(spacing=(3.0, 3.0, 5.0)))
    for item in source:
        raw = np.frombuffer(item.PixelData, "<u2") | 0x8000
        item.PixelData = raw.tobytes()
    written(tmp_path, stored(tmp_path, source))
    for before, after in zip(source, out(tmp_path), strict=True):
        old, new = (np.frombuffer(entry.PixelData, "<u2") for entry in (before, after))
        assert set(np.unique(new[new != old])) <= {24}


@pytest.mark.parametrize("form", ["nifti", "numpy"])
def test_volumes_are_blanked_like_slices_and_masks_lie_where_they_lay(tmp_path: Path, form: str) -> None:
    paths = stored(tmp_path, dicom_series(slices(spacing=(2.0, 2.0, 4.0))))
    answers = [written(tmp_path, paths, form, face) for face in ("blank", "keep")]
    assert answers[0]["faces"] == ["blanked"] and answers[0]["spacing"] == answers[1]["spacing"]
    if form == "numpy":
        blanked, remaining = (
            np.load(tmp_path / f"out-{form}-{face}" / "image" / "case-1.npy") for face in ("blank", "keep")
        )
    else:
        images = [
            nib.Nifti1Image.from_bytes(gzip.decompress((tmp_path / f"out-{form}-{f}/image/case-1.nii.gz").read_bytes()))
            for f in ("blank", "keep")
        ]
        assert np.array_equal(images[0].affine, images[1].affine)
        blanked, remaining = (np.asarray(image.dataobj) for image in images)
    assert blanked.shape == remaining.shape and blanked.dtype == remaining.dtype
    differs = blanked != remaining
    assert set(np.unique(blanked[differs])) == {-1000}
    written(tmp_path, paths, "dicom")
    slices_ = np.stack([entry.pixel_array.T for entry in out(tmp_path)], axis=2).astype(int) - 1024
    assert np.array_equal(slices_, blanked)


@pytest.mark.parametrize("body_part", ["CHEST", "KNEE"])
def test_what_names_another_part_of_the_body_is_untouched(tmp_path: Path, body_part: str) -> None:
    source = dicom_series(slices(spacing=(3.0, 3.0, 5.0)), body_part=body_part)
    assert written(tmp_path, stored(tmp_path, source))["faces"] == []
    for before, after in zip(source, out(tmp_path), strict=True):
        assert np.array_equal(before.pixel_array, after.pixel_array)


def test_a_single_slice_is_untouched(tmp_path: Path) -> None:
    source = dicom_series(slices("sagittal")[50:51])
    assert written(tmp_path, stored(tmp_path, source))["faces"] == []
    assert np.array_equal(out(tmp_path)[0].pixel_array, source[0].pixel_array)


def test_a_volume_without_a_face_says_so(tmp_path: Path) -> None:
    source = dicom_series(slices(extent=((-100.0, 100.0), (-125.0, 135.0), (20.0, 70.0))))
    assert written(tmp_path, stored(tmp_path, source))["faces"] == ["not found"]
    assert all("RecognizableVisualFeatures" not in entry for entry in out(tmp_path))


def test_what_cannot_be_cut_is_named(tmp_path: Path) -> None:
    source = dicom_series(slices(spacing=(3.0, 3.0, 5.0)), "MR")
    for entry in source:
        entry.Modality, entry.SOPClassUID = "PT", PositronEmissionTomographyImageStorage
    assert written(tmp_path, stored(tmp_path, source))["faces"] == ["impossible"]


# --- through the stages ----------------------------------------------------------------------------------------------


def edss(face: str = "", released: float = 1) -> Question:
    at = (timezone.now() + timedelta(days=released)).isoformat()
    changes: dict[str, Any] = {
        "split": {"sets": {"training": 2, "validation": None, "test": 1}, "stratify": ["centre"]},
        "batches": [
            {"name": "batch-1", "set": "training", "released_at": at},
            {"name": "evaluation", "set": "test", "released_at": at},
        ],
        "data": {"deliver": {"face": face or None}},
    }
    return question("ms-edss", changes=changes)


def head_exam(of: Question, number: int, files: Sequence[Dataset] | None = None) -> Exam:
    blank = np.full((8, 8), number, np.int16)
    exam = kept_exam(of, {"flair": [blank]}, {"age": 40, "sex": "F", "edss": 2, "exam_date": "2019-01-01"})
    if files is None:
        return exam
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for k, dataset in enumerate(files):
            archive.writestr(zipfile.ZipInfo(f"flair/1.2.3/1.2.3.{k}.dcm", ZIP_MOMENT), dicom_bytes(dataset))
    blob = put_bytes("exams", f"exam-{exam.pk}", content.getvalue())
    Exam.objects.filter(pk=exam.pk).update(bundle_key=blob.key, bundle_sha256=blob.sha256, face_possible=True)
    exam.refresh_from_db()
    return exam


def members(batch: Batch) -> dict[str, bytes]:
    with local_copy("deliveries", batch.archive_key) as path, zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def three_exams(of: Question) -> None:
    for number in range(2):
        head_exam(
            of, number, dicom_series(slices("axial", "MR", spacing=(3.0, 3.0, 5.0)), "MR", series=f"1.2.3.{number}")
        )
    head_exam(of, 9)


@pytest.mark.django_db
def test_the_question_file_asks_for_it_and_the_manifest_says_it() -> None:
    of = edss("blank")
    three_exams(of)
    freeze_split(split=draft_split(question=of, actor=None), actor=None)
    work_all()
    words = []
    for batch in of.batches.all():
        assert (batch.face, batch.manifest["face"], batch.state) == ("blank", "blank", "built")
        content = members(batch)
        assert json.loads(content["manifest.json"])["cases"] == batch.manifest["cases"]
        for case in batch.manifest["cases"]:
            words.append(case.get("face", ""))
            marks = {dcmread(io.BytesIO(content[f["path"]])).get("RecognizableVisualFeatures") for f in case["files"]}
            assert marks == ({"NO"} if case.get("face") else {None})
    assert sorted(words) == ["", "blanked", "blanked"]


@pytest.mark.django_db
def test_the_organiser_chooses_at_the_freeze_and_again_for_one_batch() -> None:
    of = edss()
    three_exams(of)
    freeze_split(split=draft_split(question=of, actor=None), actor=None, face="blank")
    work_all()
    batch = of.batches.get(name="batch-1")
    assert batch.face == "blank"
    before = batch.archive_sha256
    choose_face(batch=batch, face="keep", actor=None, reason="the orbit is the question")
    batch.refresh_from_db()
    assert (batch.state, batch.face, batch.manifest) == ("planned", "keep", {})
    work_all()
    batch.refresh_from_db()
    assert batch.state == "built" and batch.archive_sha256 != before and batch.manifest["face"] == "keep"
    assert of.batches.get(name="evaluation").face == "blank"
    row = AuditRecord.objects.get(verb="faces of a batch chosen")
    assert (row.before, row.after, row.reason) == ("blank", "keep", "the orbit is the question")
    with pytest.raises(InvalidInputError):
        choose_face(batch=batch, face="blur", actor=None, reason="")
    Batch.objects.filter(pk=batch.pk).update(released_at=timezone.now() - timedelta(minutes=1))
    batch.refresh_from_db()
    with pytest.raises(AlreadyReleasedError):
        choose_face(batch=batch, face="blank", actor=None, reason="")


@pytest.mark.django_db
def test_nothing_is_built_where_a_face_would_stay() -> None:
    of = edss("blank")
    files = dicom_series(slices("axial", "MR", spacing=(3.0, 3.0, 5.0)), "MR")
    for file in files:
        file.Modality = "PT"
    for number in range(3):
        head_exam(of, number, files)
    freeze_split(split=draft_split(question=of, actor=None), actor=None)
    claim = claim_next(("build_batch",))
    assert claim is not None
    with pytest.raises(FaceNotBlankedError):
        carry_out(claim)
    assert Batch.objects.get(pk=claim.subject_id).state == "planned"


def test_a_mask_on_a_blanked_image_keeps_its_voxels(tmp_path: Path) -> None:
    source = dicom_series(slices("sagittal", spacing=(2.0, 2.0, 3.0)))
    rows, columns = source[0].pixel_array.shape
    mask = np.zeros((columns, rows, len(source)), np.uint8)
    mask[40:50, 30:60, 20:40] = 1
    paths = stored(tmp_path, source)
    written_result = written(tmp_path, paths, "nifti", "keep")
    affine = nib.load(tmp_path / "out-nifti-keep" / written_result["files"][0]).affine
    drawn = tmp_path / "mask.nii"
    nib.save(nib.Nifti1Image(mask, affine), drawn)
    field = {"mask": {"type": "mask", "values": [0, 1], "of": "image", "path": str(drawn)}}
    volumes = []
    for face in ("keep", "blank"):
        folder = tmp_path / face
        folder.mkdir()
        answer = written(folder, paths, "dicom", face, fields=field)
        volumes.append(np.asarray(nib.load(folder / f"out-dicom-{face}" / answer["files"][-1]).dataobj))
    assert np.array_equal(*volumes) and volumes[0].sum() == mask.sum()
