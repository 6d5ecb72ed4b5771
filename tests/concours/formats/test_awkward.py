"""The verdict on every odd and broken sample file is the one that its list expects."""

import csv
from pathlib import Path

import numpy as np
import pytest

from concours.formats import dicom_seg, nifti, nrrd
from concours.formats.check import check_upload
from concours.formats.manifest import Grid
from concours.formats.nifti import Volume
from concours.imaging import assemble_files, load_volume
from tests.presence import sample_dir

SAMPLE = sample_dir()
pytestmark = [
    pytest.mark.sample,
    pytest.mark.skipif(not (SAMPLE / "awkward").is_dir(), reason="SAMPLE_DIR does not name the sample images"),
]


def _expected() -> list[dict[str, str]]:
    if not (SAMPLE / "awkward").is_dir():
        return []
    with (SAMPLE / "awkward/EXPECTED.csv").open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.mark.parametrize("row", _expected(), ids=lambda row: row["file"])
def test_awkward(row: dict[str, str]) -> None:
    kind = "zip" if row["file"].endswith(".zip") else "dicom"
    verdict = check_upload(SAMPLE / "awkward" / row["file"], kind)
    word = {"quarantine": "review"}.get(verdict.verdict, verdict.verdict)
    assert word in {row["expected"], *filter(None, row["also_ok"].split("|"))}, verdict


def read_series(folder: Path) -> Volume:
    paths = sorted(folder.glob("*.dcm"))
    return load_volume(paths, assemble_files(paths).require())


def _grid(volume: Volume) -> Grid:
    return Grid(volume.array.shape, tuple(map(tuple, volume.affine.tolist())))


def test_segmentation_and_nrrd_of_the_liver_are_one_mask_on_its_series() -> None:
    case = SAMPLE / "cases/ct_liver_dicom_seg"
    grid = _grid(read_series(case / "ct"))
    seg = dicom_seg.read_mask((case / "liver_seg.dcm").read_bytes(), grid)[1]
    slicer = nrrd.read_mask((case / "liver_seg.nrrd").read_bytes(), grid)[1]
    assert seg.count == slicer.count == 107_098
    assert (seg.dense() == slicer.dense()).all()


@pytest.mark.parametrize(("case", "voxels"), [("ct_lung_nodule", 837), ("mr_brain_tumour", 4137)])
def test_series_and_nifti_of_one_case_meet(case: str, voxels: int) -> None:
    folder = SAMPLE / "cases" / case
    series = read_series(folder / "dicom")
    image = nifti.read_volume((folder / "image.nii.gz").read_bytes())
    mask_bytes = (folder / "mask.nii.gz").read_bytes()
    on_series, on_image = (nifti.read_mask(mask_bytes, _grid(v))[1] for v in (series, image))
    assert on_series.count == on_image.count == voxels
    inside = np.sort(series.array[on_series.dense()]), np.sort(image.array[on_image.dense()].astype(np.float32))
    assert np.allclose(*inside, atol=0.51)  # DICOM stores whole numbers


@pytest.mark.parametrize("name", ["liver_seg.dcm", "measurement_sr.dcm", "measurement_rwvm.dcm"])
def test_objects_beside_the_images(name: str) -> None:
    verdict = check_upload(SAMPLE / "cases/ct_liver_dicom_seg" / name, "dicom")
    assert verdict.verdict == ("accept" if name == "liver_seg.dcm" else "quarantine")
