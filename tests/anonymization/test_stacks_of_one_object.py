"""Several stacks within one multi-frame object: each becomes an object of its own, and what is accepted of it is usable."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID, EnhancedCTImageStorage, RLELossless

from anonymization.choices import Choice
from anonymization.choose import choose_series
from challenges.models import Question
from concours.formats.stored import Stored
from concours.imaging import assemble_files
from concours.study.joining import SlicePiece
from concours.study.rewriting import read_pieces, write_frames
from concours.study.stacks import stacks_of
from tests.anonymization.test_series_choice import bundle, of, own_folders, stored_objects, thin_slices
from tests.batches.test_accepted_means_usable import (
    FORMATS,
    HIGH,
    LOW,
    RAS,
    SHAPE,
    Sent,
    save_mask,
    through,
    write_files,
)
from tests.concours.formats.builders import dicom_bytes, zipped
from tests.concours.imaging.series import axes_of, lined_up
from tests.factories.exams import work_all
from tests.uploads.test_receive import sent
from uploads.models import Exam

__all__ = ["of", "own_folders"]
STAGES = ("receive", "deidentify", "check_quality")
# What each frame of an enhanced object may say of itself: a functional group, what it holds, and the values of three stacks.
GROUPS: dict[str, tuple[str, str, list[Any]]] = {
    "echo": ("MREchoSequence", "EffectiveEchoTime", [20.0, 80.0, 110.0]),
    "b-value": ("MRDiffusionSequence", "DiffusionBValue", [0.0, 500.0, 1000.0]),
    "phase": ("FrameContentSequence", "TemporalPositionIndex", [1, 2, 3]),
    "cardiac": ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", [0.0, 150.0, 300.0]),
    "stack": ("FrameContentSequence", "StackID", ["1", "2", "3"]),
    "kernel": ("CTReconstructionSequence", "ConvolutionKernel", ["B30f", "B70f", "B50f"]),
    "dimension": ("FrameContentSequence", "DimensionIndexValues", [[1, 1], [1, 2], [1, 3]]),
}
TURNS = [(0.0, 0.0, 0.0), (90.0, 0.0, 0.0), (0.0, 90.0, 0.0)]


def enhanced(
    frames: list[Any], voxels: NDArray[np.uint16], answer: list[tuple[str, str, Any]], folder: Path
) -> FileDataset:
    """One enhanced CT object whose frame n says `said[n]` = (functional group, keyword, value)."""
    (path,) = write_files(frames, voxels, folder, enhanced=True)
    dataset = dcmread(path)
    for group, (name, keyword, value) in zip(dataset.PerFrameFunctionalGroupsSequence, answer, strict=True):
        item = Dataset()
        setattr(item, keyword, value)
        setattr(group, name, [item])
    return dataset


def pieces_of(paths: list[Path]) -> list[SlicePiece]:
    files = [Stored(path, f"image/1.2/{path.name}", 0, path.stat().st_size).to_json() for path in paths]
    return [SlicePiece.from_json(json.loads(json.dumps(piece))) for piece in read_pieces(files)]


@settings(max_examples=40)
@given(
    apart=st.sampled_from([*sorted(GROUPS), "planes"]),
    stacks=st.integers(2, 3),
    count=st.integers(4, 8),
    step=st.sampled_from([0.75, 2.5, 5.0]),
    tilt=st.sampled_from([0.0, 0.0, 12.0]),
    packed=st.booleans(),
    order=st.randoms(use_true_random=False),
    taken=st.integers(0, 2),
    form=st.sampled_from(FORMATS),
)
def test_each_stack_is_found_again_and_usable(
    apart: str, stacks: int, count: int, step: float, tilt: float, packed: bool, order: Any, taken: int, form: str
) -> None:
    """The frames of a stack come out alone, whatever their order in the object: drawn with the mask, delivered and scored."""
    taken %= stacks
    together = []
    for n in range(stacks):
        axes = axes_of(TURNS[n] if apart == "planes" else TURNS[0])
        lines = lined_up(count, step=step, axes=axes, tilt=0.0 if apart == "planes" else tilt)
        name, keyword, values = GROUPS["stack" if apart == "planes" else apart]
        together += [(n, k, frame, (name, keyword, values[n])) for k, frame in enumerate(lines)]
    drawn_on = np.zeros((*SHAPE, count), np.uint8)
    drawn_on[10:25, 8:20, : (count + 1) // 2] = 1  # off the middle on every axis
    own = [frame for n, _k, frame, _said in together if n == taken]
    order.shuffle(together)
    plain = np.where(drawn_on.transpose(2, 1, 0) == 1, HIGH, LOW).astype(np.uint16)
    voxels = np.array(
        [plain[k] if n == taken else np.full_like(plain[k], LOW + 50 * (n + 1)) for n, k, _f, _s in together]
    )
    affine = np.eye(4)
    cosines = np.array(own[0].orientation)
    affine[:3, 0], affine[:3, 1] = RAS @ cosines[:3] * 0.9, RAS @ cosines[3:] * 0.9
    affine[:3, 2] = RAS @ (np.array(own[-1].position) - np.array(own[0].position)) / (count - 1)
    affine[:3, 3] = RAS @ np.array(own[0].position)
    with tempfile.TemporaryDirectory(prefix="concours-stacks-") as place:
        folder = Path(place)
        dataset = enhanced([frame for _n, _k, frame, _s in together], voxels, [entry[3] for entry in together], folder)
        if packed:
            dataset.compress(RLELossless, generate_instance_uid=False)
        path = folder / "lesion.dcm"
        path.write_bytes(dicom_bytes(dataset))
        assert assemble_files([path]).geometry is None, "the whole object is no volume"
        (result,) = stacks_of(pieces_of([path])).values()
        meant = {tuple(at for at, entry in enumerate(together) if entry[0] == n) for n in range(stacks)}
        assert {entry.frames for (entry,) in result} == meant
        alone = folder / "alone.dcm"
        frames = next(frames for frames in meant if together[frames[0]][0] == taken)
        write_frames(Stored(path, path.name, 0, path.stat().st_size).to_json(), list(frames), "1.2.7", str(alone))
        mask = save_mask(drawn_on, affine, folder / "mask.nii.gz", "LPS")
        outcome = through(Sent([alone], mask), folder, form)
        assert np.array_equal(dcmread(alone).pixel_array, voxels[list(frames)])
    assert outcome == ("review" if tilt and apart != "planes" else "accept")


def test_stacks_that_nothing_tells_apart_stay_together(tmp_path: Path) -> None:
    frames = lined_up(5) + lined_up(5)
    answer = [("FrameContentSequence", "FrameComments", "same")] * 10
    dataset = enhanced(frames, np.zeros((10, SHAPE[1], SHAPE[0]), np.uint16), answer, tmp_path)
    (tmp_path / "one.dcm").write_bytes(dicom_bytes(dataset))
    assert stacks_of(pieces_of([tmp_path / "one.dcm"])) == {}


def test_one_object_per_stack_in_one_series_needs_no_new_object(tmp_path: Path) -> None:
    paths = []
    for n, echo in enumerate((20.0, 80.0)):
        answer = [("MREchoSequence", "EffectiveEchoTime", echo)] * 5
        dataset = enhanced(lined_up(5), np.zeros((5, SHAPE[1], SHAPE[0]), np.uint16), answer, tmp_path)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.{n}")
        paths.append(tmp_path / f"{n}.dcm")
        paths[-1].write_bytes(dicom_bytes(dataset))
    (result,) = stacks_of(pieces_of(paths)).values()
    assert [[(entry.file, entry.frames) for entry in stack] for stack in result] == [
        [("image/1.2/0.dcm", None)],
        [("image/1.2/1.dcm", None)],
    ]


def test_a_localiser_in_one_object_is_not_split(tmp_path: Path) -> None:
    frames = [frame for turn in TURNS for frame in lined_up(3, axes=axes_of(turn))]
    answer = [("FrameContentSequence", "StackID", str(n // 3)) for n in range(9)]
    dataset = enhanced(frames, np.zeros((9, SHAPE[1], SHAPE[0]), np.uint16), answer, tmp_path)
    (tmp_path / "one.dcm").write_bytes(dicom_bytes(dataset))
    assert stacks_of(pieces_of([tmp_path / "one.dcm"])) == {}


# --- on the site ------------------------------------------------------------------------------------------------------


def two_kernels(folder: Path, thick: tuple[float, float] = (2.0, 2.0)) -> bytes:
    """An enhanced CT object of two reconstructions, as the question `of` takes them."""
    frames = lined_up(5, thickness=thick[0]) + [
        replace(frame, file=f"b{n}") for n, frame in enumerate(lined_up(5, thickness=thick[1]))
    ]
    voxels = np.random.default_rng(3).integers(900, 1200, (10, SHAPE[1], SHAPE[0])).astype(np.uint16)
    answer = [("CTReconstructionSequence", "ConvolutionKernel", "B30f" if n < 5 else "B70f") for n in range(10)]
    dataset = enhanced(frames, voxels, answer, folder)
    for n, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        group.PixelMeasuresSequence[0].SliceThickness = thick[n // 5]
    dataset.PatientID, dataset.ImageType = "P-1", ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.RescaleIntercept, dataset.RescaleSlope = -1024, 1
    dataset.SeriesDescription = "Thorax"
    assert dataset.SOPClassUID == EnhancedCTImageStorage
    return dicom_bytes(dataset)


def checked(of: Question, content: bytes) -> Exam:
    upload = sent(of, zipped({"exam/I0": content}), values=json.dumps({"covid": True}))
    work_all(STAGES)
    return upload.exams.get()


@pytest.mark.django_db(transaction=True)
def test_a_person_chooses_a_stack_of_one_object(of: Question, tmp_path: Path) -> None:
    content = two_kernels(tmp_path)
    exam = checked(of, content)
    assert (exam.state, exam.reason) == ("review", "several_series")
    review = exam.reviews.get()
    (choice,) = map(Choice.from_json, review.choices)
    assert {(option.images, option.kernel, option.frame) for option in choice.options} == {
        (5, "B30f", 2),
        (5, "B70f", 7),
    }
    assert all(f"image/{option.file}.dcm" in bundle(exam) for option in choice.options), "no picture of the option"
    hard = next(option for option in choice.options if option.kernel == "B70f")
    choose_series(review=review, actor=of.challenge.created_by, series={choice.image: hard.number})
    work_all(STAGES)
    exam.refresh_from_db()
    assert exam.state == "accepted", exam.reason
    (remaining,) = bundle(exam).values()
    assert np.array_equal(remaining.pixel_array, dcmread(io.BytesIO(content)).pixel_array[5:])
    assert exam.images.get().assembly.require().shape[2] == 5 and stored_objects(exam) == 1


@pytest.mark.django_db(transaction=True)
def test_the_stack_that_meets_the_criteria_becomes_the_exam(of: Question, tmp_path: Path) -> None:
    exam = checked(thin_slices(of), two_kernels(tmp_path, thick=(5.0, 2.0)))
    assert exam.state == "accepted", exam.reason
    (remaining,) = bundle(exam).values()
    assert int(remaining.NumberOfFrames) == 5
    assert {
        str(entry.CTReconstructionSequence[0].ConvolutionKernel) for entry in remaining.PerFrameFunctionalGroupsSequence
    } == {"B70f"}
