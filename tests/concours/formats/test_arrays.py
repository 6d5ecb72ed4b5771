"""NIfTI, NPY, PNG, NRRD and DICOM masks: every valid variant of one mask gives that mask."""

import gzip
import io
import struct
from typing import Any

import highdicom
import nibabel as nib
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.sr.codedict import codes

from concours.formats import dicom_seg, nifti, npy, nrrd, png
from concours.formats.fault import FormatError
from concours.formats.files import read_mask
from concours.formats.manifest import Grid
from concours.imaging import assemble, assemble_files, load_volume, read_frames
from tests.concours.formats import builders as b

MASK = b.ball()
MASK[3, 2, 1] = 1
GRID = Grid(b.SHAPE, tuple(map(tuple, b.AFFINE.tolist())))
FLAT = b.ball((16, 12))
FLAT[2, 9] = 1


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("packed", [True, False])
def test_nifti_of_every_type(dtype: str, version: int, packed: bool) -> None:
    data = b.nifti(MASK.astype(dtype), packed=packed, version=version)
    for grid in (GRID, None):
        mask = nifti.read_mask(data, grid)[1]
        assert (mask.dense() == MASK).all()
        assert mask.spacing == pytest.approx((0.7, 0.7, 2.0))


@pytest.mark.parametrize("stored", [np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("value", [1, 255])
def test_nifti_of_whole_numbers_scaled_by_the_writer(stored: type, value: int) -> None:
    """A mask of real numbers saved under the header of an image of whole ones: nibabel spreads it over their range."""
    image = nib.Nifti1Image(MASK.astype(np.float32) * value, b.AFFINE)
    image.set_data_dtype(stored)
    data = image.to_bytes()
    for values in ((0, value), None):
        (mask,) = nifti.read_mask(data, GRID, values).values()
        assert (mask.dense() == MASK).all()
    two = np.where(MASK, 3, np.roll(MASK, 3, 0)).astype(np.float32)
    labels = nib.Nifti1Image(two, b.AFFINE)
    labels.set_data_dtype(stored)
    result = nifti.read_mask(labels.to_bytes(), GRID, (0, 1, 2, 3))
    assert [mask.dense().sum() for mask in result.values()] == [(two == 1).sum(), 0, MASK.sum()]
    with pytest.raises(FormatError):
        nifti.read_mask(labels.to_bytes(), GRID, (0, 1))


def test_nifti_big_endian_scaled_and_in_several_gzip_members() -> None:
    header = nib.Nifti1Header(endianness=">")
    image = nib.Nifti1Image(MASK.astype(">i2"), b.AFFINE, header)
    assert (nifti.read_mask(image.to_bytes(), GRID)[1].dense() == MASK).all()
    stored = b.nifti(MASK.astype(np.int16) * 4 + 6, packed=False)
    scaled = stored[:112] + struct.pack("<2f", 0.5, -3) + stored[120:]  # 6 and 10 stand for 0 and 2
    assert (nifti.read_mask(scaled, GRID, (0, 2))[2].dense() == MASK).all()
    assert (nifti.read_mask(scaled, GRID)[1].dense() == MASK).all()
    assert set(np.unique(nifti.read_volume(scaled).array)) == {0, 2}
    plain = b.nifti(MASK, packed=False)
    parts = gzip.compress(plain[:700]) + gzip.compress(plain[700:])
    assert (nifti.read_mask(parts, GRID)[1].dense() == MASK).all()


def test_nifti_volume_and_affine_are_nibabels() -> None:
    rng = np.random.default_rng(0)
    array = rng.integers(-1000, 1000, b.SHAPE).astype(np.int16)
    for code in ((1, 1), (0, 1), (0, 0)):
        image = nib.Nifti1Image(array, b.AFFINE)
        image.set_sform(b.AFFINE if code[0] else None, code[0])
        image.set_qform(b.AFFINE if code[1] else None, code[1])
        theirs = nib.Nifti1Image.from_bytes(image.to_bytes())
        ours = nifti.read_volume(b.gzipped(image.to_bytes()))
        assert (ours.array == array).all()
        assert np.allclose(ours.affine, theirs.affine, atol=1e-5)
        assert ours.spacing == pytest.approx(theirs.header.get_zooms(), rel=1e-6)


def test_slices_stream_in_order() -> None:
    array = np.random.default_rng(0).integers(-1000, 1000, (30, 20, 9)).astype(np.int16)
    for data in (b.nifti(array), b.nifti(array, packed=False)):
        result = list(nifti.read_slices(data))
        assert [k for k, _ in result] == list(range(9))
        assert all((plane == array[:, :, k]).all() for k, plane in result)


def test_labels_are_exactly_the_listed_ones() -> None:
    labels = MASK * 2 + b.ball(radius=0.2) * 3
    result = nifti.read_mask(b.nifti(labels), GRID, (0, 2, 5, 7))
    assert sorted(result) == [2, 5, 7]
    assert (result[2].dense() == (labels == 2)).all() and (result[5].dense() == (labels == 5)).all()
    assert result[7].count == 0
    with pytest.raises(FormatError, match=r"contains 5; only 0, 2 are allowed\."):
        nifti.read_mask(b.nifti(labels), GRID, (0, 2))


@pytest.mark.parametrize("value", [1, 7, 255])
def test_binary_takes_any_one_value_when_the_question_names_none(value: int) -> None:
    assert (nifti.read_mask(b.nifti(MASK * np.uint8(value)), GRID)[1].dense() == MASK).all()
    assert (png.read_mask(b.png(FLAT * np.uint8(value)))[1].dense() == FLAT).all()


def test_empty_masks() -> None:
    assert nifti.read_mask(b.nifti(MASK * 0), GRID)[1].count == 0
    assert npy.read_mask(b.npy(FLAT * 0))[1].count == 0
    assert png.read_mask(b.png(FLAT * 0), None, (0, 1))[1].count == 0


def test_a_slice_may_have_a_third_axis_of_one() -> None:
    grid = Grid((16, 12))
    assert (nifti.read_mask(b.nifti(FLAT[..., None]), grid)[1].dense() == FLAT).all()
    assert (npy.read_mask(b.npy(FLAT[..., None]), grid)[1].dense() == FLAT).all()


@pytest.mark.parametrize(
    "array", [MASK, MASK.astype(bool), np.asfortranarray(MASK), MASK.astype(">i4"), MASK.astype("f2")]
)
def test_npy_of_every_kind(array: np.ndarray) -> None:
    mask = npy.read_mask(b.npy(array), GRID)[1]
    assert (mask.dense() == MASK).all()
    assert mask.spacing == pytest.approx((0.7, 0.7, 2.0))
    assert (npy.read_array(b.npy(array)) == array).all()


def test_png_of_every_depth() -> None:
    for array in (FLAT, FLAT.astype(bool), FLAT.astype(np.uint16) * 999):
        assert (png.read_mask(b.png(array), Grid((16, 12)))[1].dense() == FLAT).all()
    palette = Image.fromarray(FLAT).convert("P")
    out = io.BytesIO()
    palette.save(out, "png")
    assert png.read_mask(out.getvalue())[1].count == FLAT.sum()


@pytest.mark.parametrize("packed", [True, False])
def test_nrrd_and_its_layers(packed: bool) -> None:
    assert (nrrd.read_mask(b.nrrd(MASK, packed))[1].dense() == MASK).all()
    ras = np.diag([-0.7, -0.7, 2, 1.0])
    ras[:3, 3] = (30, 40, -50)
    grid = Grid(b.SHAPE, tuple(map(tuple, ras.tolist())))
    assert (nrrd.read_mask(b.nrrd(MASK, packed), grid)[1].dense() == MASK).all()
    layers = np.stack([MASK, np.roll(MASK, 1, 0)])
    result = nrrd.read_mask(b.nrrd(layers, packed))[1]
    assert (result.dense() == layers.any(0)).all()
    with pytest.raises(FormatError, match="unsafe_file"):
        nrrd.read_mask(b.nrrd(MASK, packed, "data file: /etc/passwd\n"))


def _moved(by: tuple[int, int, int]) -> np.ndarray:
    matrix = np.zeros((4, 4))
    matrix[:3, 3] = by
    return matrix


def _series(volume: np.ndarray) -> list[Any]:
    """One data set a slice; the volume is (column, row, slice)."""
    slices = [b.dicom_dataset(np.ascontiguousarray(volume[:, :, k].T), k=k) for k in range(volume.shape[2])]
    for dataset in slices:
        dataset.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.902"
        dataset.update(
            dict.fromkeys(("StudyDate", "StudyTime", "AccessionNumber", "PatientBirthDate", "PatientSex"), "")
        )
        dataset.update({"ReferringPhysicianName": "", "SeriesNumber": 1})
    return slices


VOLUME = np.random.default_rng(0).integers(0, 2000, b.SHAPE).astype(np.uint16)


def test_a_series_is_a_volume_whatever_the_order_of_its_files(tmp_path: Any) -> None:
    slices = _series(VOLUME)
    for name, dataset in zip("hgfedcba", slices, strict=True):
        dataset.RescaleSlope, dataset.RescaleIntercept = 2, -1000
        (tmp_path / name).write_bytes(b.dicom_bytes(dataset))
    geometry = assemble_files(tmp_path.iterdir()).require()
    volume = load_volume(tmp_path.iterdir(), geometry)
    assert (volume.array == VOLUME * 2.0 - 1000).all()
    assert np.allclose(volume.affine, np.diag([-0.7, -0.7, 2, 1]) + _moved((30, 40, -50)))
    compact = load_volume(tmp_path.iterdir(), geometry, compact=True)
    assert compact.array.dtype == np.int16 and (compact.array == volume.array).all()
    slices[5].RescaleSlope = 0.5  # from here on halves: all of the volume as it is
    (tmp_path / "c").write_bytes(b.dicom_bytes(slices[5]))
    geometry = assemble_files(tmp_path.iterdir()).require()
    halves = load_volume(tmp_path.iterdir(), geometry, compact=True)
    assert halves.array.dtype == np.float32 and (halves.array[:, :, :5] == volume.array[:, :, :5]).all()
    assert (halves.array == load_volume(tmp_path.iterdir(), geometry).array).all()
    (tmp_path / "d").unlink()
    with pytest.raises(FormatError, match="missing_file"):
        load_volume(tmp_path.iterdir(), geometry)
    with pytest.raises(FormatError, match="incomplete_series"):
        assemble_files(tmp_path.iterdir()).require()


def _twice(data: bytes) -> bytes:
    """The segmentation, its second frame laid where its first one lies."""
    dataset = pydicom.dcmread(io.BytesIO(data))
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[1].PlanePositionSequence = groups[0].PlanePositionSequence
    return b.dicom_bytes(dataset)


def test_a_segmentation_lies_on_its_series_even_when_frames_are_left_out(tmp_path: Any) -> None:
    slices = _series(VOLUME)
    frames = np.ascontiguousarray(MASK.transpose(2, 1, 0))
    description = highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label="tumour",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type="MANUAL",
    )
    segmentation = highdicom.seg.Segmentation(
        slices,
        frames,
        "BINARY",
        [description],
        "1.2.3.4",
        1,
        "1.2.3.5",
        1,
        "m",
        "m",
        "1",
        "1",
        omit_empty_frames=True,
    )
    (tmp_path / "seg.dcm").write_bytes(b.dicom_bytes(segmentation))
    data = (tmp_path / "seg.dcm").read_bytes()
    affine = np.diag([-0.7, -0.7, 2, 1.0])
    affine[:3, 3] = (30, 40, -50)
    grid = Grid(b.SHAPE, tuple(map(tuple, affine.tolist())))
    for result in (dicom_seg.read_mask(data, grid), read_mask(data, grid), read_mask(data, grid, (0, 1))):
        assert (result[1].dense() == MASK).all()
    with pytest.raises(FormatError, match="the same plane") as caught:
        dicom_seg.read_mask(_twice(data), grid)
    assert [fault.reason for fault in caught.value.faults] == ["geometry_mismatch"]
    with pytest.raises(FormatError, match="the same plane"):
        dicom_seg.read_mask(_twice(data))
    turned = affine @ np.array([[0, -1, 0, 15], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    other = Grid((12, 16, 8), tuple(map(tuple, turned.tolist())))
    assert (dicom_seg.read_mask(data, other)[1].dense() == np.flip(MASK.transpose(1, 0, 2), 1)).all()
    off = affine.copy()
    off[0, 3] += 0.35
    with pytest.raises(FormatError, match="geometry_mismatch"):
        dicom_seg.read_mask(data, Grid(b.SHAPE, tuple(map(tuple, off.tolist()))))


def grid_of(data: bytes) -> Grid:
    grid = assemble(read_frames(pydicom.dcmread(io.BytesIO(data)), "image")).require().grid
    assert grid is not None
    return grid


def test_a_derived_image_is_a_mask_of_rows_and_columns() -> None:
    data = b.dicom(FLAT * 255)
    grid = grid_of(data)
    assert (grid.shape, grid.spacing) == ((16, 12), pytest.approx((0.7, 0.7)))
    assert (read_mask(data, grid)[1].dense() == FLAT).all()
    assert (read_mask(b.npy(FLAT), grid)[1].dense() == FLAT).all()
    moved = b.dicom_dataset(FLAT)
    moved.ImagePositionPatient = [-30, -40, -49]
    with pytest.raises(FormatError, match="geometry_mismatch"):
        read_mask(b.dicom_bytes(moved), grid)
    with pytest.raises(FormatError, match="wrong_channels"):
        read_mask(b.dicom(np.dstack([FLAT] * 3)), grid)


def test_a_2d_nifti_with_geometry_is_turned_onto_the_rows_and_columns_of_its_image() -> None:
    data = b.dicom(FLAT)
    grid = grid_of(data)
    affine = np.array(grid.affine)[:, [1, 0, 2, 3]]  # NIfTI's i runs along a row
    image = nib.Nifti1Image(FLAT.T[..., None], affine).to_bytes()
    assert (read_mask(image, grid)[1].dense() == FLAT).all()
