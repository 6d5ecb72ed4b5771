"""Images that have no place in space (radiographs, ultrasound, captures) are delivered like all others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, SecondaryCaptureImageStorage, UltrasoundImageStorage

from batches.building import write_case
from concours.formats.fault import FormatError
from tests.concours.formats.builders import dicom_bytes, dicom_dataset, png

KEY = b"k" * 32
POSITION = ("ImagePositionPatient", "ImageOrientationPatient", "SliceThickness")


def placeless(pixels: np.ndarray[Any, Any], kind: str, *, spacing: list[float] | None = None) -> Dataset:
    dataset = dicom_dataset(pixels, sop_class=kind)
    for keyword in (*POSITION, "PixelSpacing"):
        delattr(dataset, keyword)
    if spacing:
        dataset.PixelSpacing = spacing
    dataset.file_meta.MediaStorageSOPClassUID = kind
    return dataset


def written(tmp_path: Path, dataset: Dataset, form: str, fields: dict[str, Any] | None = None) -> dict[str, Any]:
    source = tmp_path / "source.dcm"
    source.write_bytes(dicom_bytes(dataset))
    case = {"id": "case-1", "group": "", "images": {"image": [str(source)]}, "fields": fields or {}}
    return write_case(case, str(tmp_path / "out"), form, KEY, ["image"], list(fields or {}))


@pytest.mark.parametrize("kind", [DigitalXRayImageStorageForPresentation, SecondaryCaptureImageStorage])
def test_a_picture_without_position_is_delivered_bit_exact(tmp_path: Path, kind: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 4000, (20, 30)).astype(np.uint16)
    answer = written(tmp_path, placeless(pixels, kind), "dicom")
    assert answer["files"] == ["image/case-1/0000.dcm"] and answer["spacing"] == []
    assert np.array_equal(dcmread(tmp_path / "out" / answer["files"][0]).pixel_array, pixels)


def test_colour_is_delivered_too(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (8, 10, 3)).astype(np.uint8)
    answer = written(tmp_path, placeless(pixels, UltrasoundImageStorage), "dicom")
    assert np.array_equal(dcmread(tmp_path / "out" / answer["files"][0]).pixel_array, pixels)


def test_a_mask_lies_on_the_pixels_of_its_picture(tmp_path: Path) -> None:
    """2 mm between rows and 3 mm between columns: six pixels are 36 mm2."""
    pixels = np.zeros((20, 30), np.uint16)
    mask = np.zeros((20, 30), np.uint8)
    mask[2:4, 5:8] = 1
    drawn = tmp_path / "mask.png"
    drawn.write_bytes(png(mask))
    values = {"mask": {"type": "mask", "values": [0, 1], "of": "image", "path": str(drawn)}}
    source = placeless(pixels, DigitalXRayImageStorageForPresentation, spacing=[2, 3])
    path = tmp_path / "source.dcm"
    path.write_bytes(dicom_bytes(source))
    case = {
        "id": "case-1",
        "group": "",
        "images": {"image": [str(path)]},
        "fields": values,
        "measures": [{"field": "surface", "source": "mask", "measure": "surface"}],
    }
    answer = write_case(case, str(tmp_path / "out"), "dicom", KEY, ["image"], ["mask"])
    assert answer["spacing"] == [2.0, 3.0, 1.0]
    assert answer["scalars"]["surface"] == pytest.approx(36.0)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / "mask" / "case-1.png")), mask)


def test_a_grey_picture_becomes_an_array_of_rows_and_columns(tmp_path: Path) -> None:
    pixels = np.random.default_rng(3).integers(0, 4000, (20, 30)).astype(np.uint16)
    source = placeless(pixels, DigitalXRayImageStorageForPresentation)
    answer = written(tmp_path, source, "numpy")
    assert np.array_equal(np.load(tmp_path / "out" / answer["files"][0], allow_pickle=False), pixels)


def test_colour_cannot_become_an_array(tmp_path: Path) -> None:
    """The batch says so; the picture is not left out silently."""
    pixels = np.zeros((8, 10, 3), np.uint8)
    with pytest.raises(FormatError):
        written(tmp_path, placeless(pixels, UltrasoundImageStorage), "numpy")
