"""Volumes as teams receive them: NIfTI files that say what nibabel would, byte for byte once unpacked."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from batches.building import _write_nifti

AFFINE = np.array([[-0.7, 0, 0, 90], [0, -0.7, 0, 91], [0, 0, 1.25, -300], [0, 0, 0, 1.0]])


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_bytes_are_nibabels(kind: type, order: str, tmp_path: Path) -> None:
    array = np.asarray(np.random.default_rng(3).normal(0, 300, (7, 6, 5)).astype(kind), order=order)
    _write_nifti(tmp_path / "a.nii.gz", array, AFFINE)
    image = nib.Nifti1Image(array, AFFINE)
    image.set_sform(AFFINE, code=1)
    image.set_qform(AFFINE, code=1)
    image.header.set_xyzt_units("mm")
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes()) == image.to_bytes()
    written = nib.load(tmp_path / "a.nii.gz")
    assert np.array_equal(np.asarray(written.dataobj), array)
    assert (int(written.header["qform_code"]), int(written.header["sform_code"])) == (1, 1)
    assert np.allclose(written.get_qform(), AFFINE, atol=1e-4) and np.allclose(written.get_sform(), AFFINE)


def test_the_same_voxels_are_the_same_bytes_without_name_or_time(tmp_path: Path) -> None:
    array = np.zeros((4, 4, 4), np.int16)
    for name in ("one.nii.gz", "two.nii.gz"):
        _write_nifti(tmp_path / name, array, AFFINE)
    content = (tmp_path / "one.nii.gz").read_bytes()
    assert content == (tmp_path / "two.nii.gz").read_bytes()
    assert content[3] == 0 and content[4:8] == bytes(4)
