"""What quality control accepts can be drawn with its mask, delivered in the question's format, sealed and scored.

The functions are those that run in the limited children, over series of every geometry and over all sample files.
"""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage

from batches.building import write_case
from batches.cases import Written, scalars_csv
from concours.evaluation.evaluate import public_manifest, score, validate
from concours.evaluation.truth import load_truth
from concours.formats.fault import FormatError
from concours.formats.manifest import Manifest
from concours.imaging import Geometry
from concours.inclusion import examine, overall
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.exam.given import GivenField
from concours.inclusion.exam.read import read_exam
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, load_spec
from grading.picture import draw
from tests.concours.formats.builders import dicom_bytes, dicom_dataset
from tests.concours.imaging.series import RAS, axes_of, lined_up
from tests.factories.questions import catalogue_text
from tests.presence import cases_dir, sample_dir

SHAPE = (64, 48)  # columns, rows
LOW, HIGH = 100, 1900
MASK = {"type": "mask", "of": "image", "values": [0, 1]}
FORMATS = ("dicom", "nifti", "numpy")


@dataclass(frozen=True)
class Sent:
    """Files of an image, and of the mask that was drawn on it."""

    paths: list[Path]
    mask: Path | None


def spec_for(form: str) -> QuestionSpec:
    """A question of one CT volume and its mask, delivered in a format."""
    data = {"fields": {"cortex": {"of": "image"}}, "images": {"image": {"dimensions": 3}}, "deliver": {"format": form}}
    inclusion = {"dimensions": None, "slice_count": None, "contrast": None, "hounsfield": None, "pixels": None}
    return load_spec(catalogue_text("kidney-cortex", {"data": data, "inclusion": inclusion}), known_names())


def through(sent: Sent, folder: Path, form: str) -> str:
    """Quality control's word; where it is not "refuse", the exam is drawn, delivered, sealed and scored."""
    fields = {"cortex": GivenField(MASK, path=str(sent.mask))} if sent.mask else {}
    exam = ExamFacts.from_json(read_exam({"image": sent.paths}, fields).to_json())
    criteria: dict[str, dict[str, Any]] = {"usable": {"delivery": form}}
    outcome = overall(examine(exam, criteria | ({"mask": {"field": "cortex"}} if sent.mask else {})))
    geometry = exam.geometry("image")
    if outcome == "refuse" or geometry is None:
        return "refuse"
    drawn(sent, geometry, folder)
    delivered(sent, geometry, folder, form)
    return outcome


def drawn(sent: Sent, geometry: Geometry, folder: Path) -> None:
    mask = {"path": str(sent.mask), "values": [0, 1]} if sent.mask else None
    out = folder / "drawn"
    out.mkdir()
    facts = draw([str(path) for path in sent.paths], geometry.to_json(), mask, str(out))
    assert facts["mask_fault"] == ""
    assert facts["has_mask"] == (sent.mask is not None)
    if sent.mask:
        labels = np.frombuffer((out / "mask").read_bytes(), np.uint8)
        assert labels.any()
        if geometry.modality == "CT" and geometry.slices[0].file.startswith("lesion"):
            values = np.frombuffer((out / "volume").read_bytes(), "<i2")
            assert np.array_equal(values > (LOW + HIGH) / 2, labels == 1)


def delivered(sent: Sent, geometry: Geometry, folder: Path, form: str) -> None:
    values: dict[str, Any] = {"type": "mask", "values": [0, 1], "of": "image", "path": str(sent.mask)}
    case = {
        "id": "case1",
        "group": "",
        "images": {"image": [str(path) for path in sent.paths]},
        "geometries": {"image": geometry.to_json()},
        "fields": {"cortex": values} if sent.mask else {},
    }
    out, truth = folder / "batch", folder / "truth"
    written = write_case(case, str(out), form, b"key", ["image"], ["cortex"])
    if form == "nifti":
        image: Any = nib.load(out / "image" / "case1.nii.gz")
        assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 1)
        for k, piece in enumerate(geometry.slices):
            if piece.position is not None:
                here = image.affine @ np.array([0, 0, k, 1.0])
                assert np.allclose(here[:3], RAS @ np.array(piece.position), atol=max(0.01, 1.5 * geometry.slack))
    if form == "dicom":
        assert sum(int(dcmread(path).get("NumberOfFrames") or 1) for path in out.rglob("*.dcm")) == len(geometry.slices)
    if not sent.mask:
        return
    spec = spec_for(form)
    seal(case, truth, spec)
    (mask,) = [out / name for name in written["files"] if name.startswith("cortex/")]
    answer = folder / "answer.zip"
    with zipfile.ZipFile(answer, "w") as archive:  # stored: an empty mask packs better than an archive may
        archive.write(mask, mask.name)
    loaded = load_truth(spec, truth)
    result = score(spec, loaded, validate(spec, public_manifest(spec, loaded), answer, isolated=False))
    assert result.scores["dice"] == 1.0


def seal(case: dict[str, Any], truth: Path, spec: QuestionSpec) -> None:
    """The truth's folder, as it is sealed."""
    sealed = write_case(case, str(truth), "table", b"key", ["image"], ["cortex"])
    row = Written("case1", "", sealed["files"], sealed["scalars"], sealed["spacing"], sealed["slack"], "")
    (truth / "truth.csv").write_text(scalars_csv([row], spec, ["cortex"], spacing=True))


def test_a_team_that_takes_the_cosines_of_one_slice_is_scored(tmp_path: Path) -> None:
    """Headers with noise: a mask on the grid of the first slice differs from the volume by more than a hundredth of a voxel."""
    noise = np.random.default_rng(5)
    frames = [
        replace(
            frame,
            position=tuple(np.array(frame.position) + noise.uniform(-0.02, 0.02, 3)),
            orientation=tuple(np.array(frame.orientation) + noise.uniform(-2e-4, 2e-4, 6)),
        )
        for frame in lined_up(8, step=2.5)
    ]
    labels = np.zeros((*SHAPE, 8), np.uint8)
    labels[10:25, 8:20, 2:5] = 1
    paths = write_files(frames, np.full((8, SHAPE[1], SHAPE[0]), LOW, np.uint16), tmp_path, enhanced=False)
    affine, cosines = np.eye(4), np.array(frames[0].orientation)
    affine[:3, 0], affine[:3, 1] = RAS @ cosines[:3] * 0.9, RAS @ cosines[3:] * 0.9
    affine[:3, 2] = RAS @ np.cross(cosines[:3], cosines[3:]) * 2.5
    affine[:3, 3] = RAS @ np.array(frames[0].position)
    mask = save_mask(labels, affine, tmp_path / "case1.nii.gz", "LPS")
    values = {"type": "mask", "values": [0, 1], "of": "image", "path": str(mask)}
    case = {
        "id": "case1",
        "group": "",
        "images": {"image": [str(path) for path in paths]},
        "fields": {"cortex": values},
    }
    spec = spec_for("dicom")
    seal(case, tmp_path / "truth", spec)
    assert "grid_slack" in (tmp_path / "truth" / "truth.csv").read_text()
    with zipfile.ZipFile(tmp_path / "answer.zip", "w") as archive:
        archive.write(mask, mask.name)
    truth = load_truth(spec, tmp_path / "truth")
    manifest = Manifest.from_json(public_manifest(spec, truth).to_json())
    result = score(spec, truth, validate(spec, manifest, tmp_path / "answer.zip", isolated=False))
    assert result.scores["dice"] == 1.0
    strict = replace(manifest, grids={}, grid=replace(truth.grids["case1"], slack=0.0))
    with pytest.raises(FormatError, match="geometry_mismatch"):
        validate(spec, strict, tmp_path / "answer.zip", isolated=False)


def write_files(frames: list[Any], voxels: NDArray[np.uint16], folder: Path, *, enhanced: bool) -> list[Path]:
    """One file per frame, or one enhanced object; `voxels` are (frames, rows, columns)."""
    if not enhanced:
        paths = []
        for frame, plane in zip(frames, voxels, strict=True):
            dataset = dicom_dataset(plane, k=frames.index(frame))
            dataset.ImagePositionPatient, dataset.ImageOrientationPatient = (
                list(frame.position),
                list(frame.orientation),
            )
            dataset.PixelSpacing = list(frame.pixel_spacing)
            paths.append(folder / f"lesion{frame.file}.dcm")
            paths[-1].write_bytes(dicom_bytes(dataset))
        return paths
    dataset = dicom_dataset(voxels[0], sop_class=EnhancedCTImageStorage)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(dataset, keyword)
    dataset.NumberOfFrames = len(frames)
    dataset.PixelData = voxels.tobytes()
    groups = []
    for frame in frames:
        position, orientation, measures, group = Dataset(), Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient, orientation.ImageOrientationPatient = (
            list(frame.position),
            list(frame.orientation),
        )
        measures.PixelSpacing = list(frame.pixel_spacing)
        group.PlanePositionSequence, group.PlaneOrientationSequence = [position], [orientation]
        group.PixelMeasuresSequence = [measures]
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = groups
    path = folder / "lesion.dcm"
    path.write_bytes(dicom_bytes(dataset))
    return [path]


def save_mask(drawn_on: NDArray[np.uint8], affine: NDArray[np.float64], path: Path, axes: str) -> Path:
    image = nib.Nifti1Image(drawn_on, affine)
    turn = nib.orientations.ornt_transform(nib.io_orientation(affine), nib.orientations.axcodes2ornt(tuple(axes)))
    nib.save(image.as_reoriented(turn), path)
    return path


def rounded(frames: list[Any], decimals: int) -> list[Any]:
    return [
        replace(
            frame,
            position=tuple(round(mm, decimals) for mm in frame.position),
            orientation=tuple(round(cosine, max(decimals, 4)) for cosine in frame.orientation),
        )
        for frame in frames
    ]


@settings(max_examples=40)
@given(
    turn=st.one_of(
        st.sampled_from([(0.0, 0.0, 0.0), (90.0, 0.0, 0.0), (0.0, 90.0, 0.0), (180.0, 0.0, 0.0)]),
        st.tuples(*(st.floats(-180, 180) for _ in range(3))),
    ),
    tilt=st.sampled_from([0.0, 0.0, 12.0, -20.0]),
    step=st.sampled_from([0.625, 0.75, 1.5, 3.0, 5.0]),
    count=st.integers(2, 9),
    backwards=st.booleans(),
    enhanced=st.booleans(),
    decimals=st.sampled_from([2, 3, 6]),
    order=st.randoms(use_true_random=False),
    axes=st.sampled_from(["LPS", "RAS", "SAL", "PIR"]),
    form=st.sampled_from(FORMATS),
)
def test_generated_series(
    turn: tuple[float, float, float],
    tilt: float,
    step: float,
    count: int,
    backwards: bool,
    enhanced: bool,
    decimals: int,
    order: Any,
    axes: str,
    form: str,
) -> None:
    exact = lined_up(count, step=step, axes=axes_of(turn), tilt=tilt, backwards=backwards)
    frames = rounded(exact, decimals)
    drawn_on = np.zeros((*SHAPE, count), np.uint8)
    drawn_on[10:25, 8:20, : (count + 1) // 2] = 1  # off the middle on every axis
    voxels = np.where(drawn_on.transpose(2, 1, 0) == 1, HIGH, LOW).astype(np.uint16)
    affine = np.eye(4)
    first, cosines = frames[0], np.array(frames[0].orientation)
    affine[:3, 0], affine[:3, 1] = RAS @ cosines[:3] * 0.9, RAS @ cosines[3:] * 0.9
    affine[:3, 2] = RAS @ (np.array(frames[-1].position) - np.array(first.position)) / (count - 1)
    affine[:3, 3] = RAS @ np.array(first.position)
    with tempfile.TemporaryDirectory(prefix="concours-usable-") as name:
        folder = Path(name)
        mask = save_mask(drawn_on, affine, folder / "mask.nii.gz", axes)
        together = list(zip(frames, voxels, strict=True))
        order.shuffle(together)
        shuffled, planes = [frame for frame, _ in together], np.array([plane for _, plane in together])
        paths = write_files(shuffled, planes, folder, enhanced=enhanced)
        outcome = through(Sent(paths, mask), folder, form)
    assert outcome == ("review" if tilt else "accept")


SAMPLES = sample_dir()
SERIES = [
    ("ct_lung_nodule/dicom", "ct_lung_nodule/mask.nii.gz"),
    ("mr_brain_tumour/dicom", "mr_brain_tumour/mask.nii.gz"),
    ("ct_liver_dicom_seg/ct", "ct_liver_dicom_seg/liver_seg.dcm"),
    ("ct_liver_dicom_seg/ct", "ct_liver_dicom_seg/liver_seg.nrrd"),
]


@pytest.mark.sample
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("images", "mask"), SERIES)
def test_sample_series(images: str, mask: str, form: str, tmp_path: Path) -> None:
    folder = SAMPLES / "cases"
    sent = Sent(sorted((folder / images).glob("*.dcm")), folder / mask)
    assert through(sent, tmp_path, form) == "accept"


@pytest.mark.sample
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_sample_file_that_is_accepted_is_usable(tmp_path: Path) -> None:
    outcomes = {}
    # De-identification gives every file its UIDs; the one that lacks them is not what quality control sees.
    files = [path for path in sorted((SAMPLES / "awkward").glob("*.dcm")) if path.stem != "no_uids"]
    for number, path in enumerate(files):
        for form in FORMATS:
            folder = tmp_path / f"{number}-{form}"
            folder.mkdir()
            outcomes[path.stem, form] = through(Sent([path], None), folder, form)
    assert outcomes["ct_explicit_le", "nifti"] == outcomes["mr_rle", "numpy"] == "accept"
    assert outcomes["us_multiframe_30", "dicom"] == "accept"
    assert outcomes["us_multiframe_30", "nifti"] == outcomes["cut_in_middle", "dicom"] == "refuse"


CASES = cases_dir()


@pytest.mark.filterwarnings(
    "ignore::UserWarning"
)  # these files were not de-identified: odd character sets are still in them
@pytest.mark.skipif(not CASES.is_dir(), reason="CASES_DIR holds no cases")
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "folder", sorted(CASES.glob("*/in")) if CASES.is_dir() else [], ids=lambda path: path.parent.name[:2]
)
def test_reported_cases(folder: Path, form: str, tmp_path: Path) -> None:
    """Whatever the word is, nothing breaks behind it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.read_bytes()[128:132] == b"DICM")
    if paths:
        through(Sent(paths, None), tmp_path, form)
