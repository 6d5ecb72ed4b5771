"""Imported by the fork server before its first child: what de-identification and quality control need, loaded once.

An invented exam goes through both. The text readers' models, the rules and the lists of names take longer to load than an image
to read; a child that is forked afterwards has them already.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from concours.formats.stored import whole
from concours.inclusion.exam.read import read_exam_json
from concours.study.cleaning import run

SIZE = 192


def invented_exam() -> Dataset:
    """A CT slice with writing in it, so that reading letters is warmed up too."""
    slice_ = Dataset()
    slice_.SOPClassUID, slice_.SOPInstanceUID = CTImageStorage, generate_uid()
    slice_.StudyInstanceUID, slice_.SeriesInstanceUID = generate_uid(), generate_uid()
    slice_.PatientName, slice_.PatientID, slice_.StudyDate = "Martinot^Elodie", "770042", "20190412"
    slice_.Modality, slice_.StudyDescription, slice_.ImageType = "CT", "Abdomen", ["ORIGINAL", "PRIMARY", "AXIAL"]
    slice_.ImagePositionPatient, slice_.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    slice_.PixelSpacing, slice_.SliceThickness, slice_.InstanceNumber = [1, 1], 1, 1
    slice_.Rows = slice_.Columns = SIZE
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 12, 11, 0
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
    slice_.PixelData = _writing().tobytes()
    slice_["PixelData"].VR = "OW"
    slice_.file_meta = FileMetaDataset()
    slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return slice_


def _writing() -> NDArray[np.uint16]:
    picture = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(picture).text((10, 80), "MARTINOT 1957", fill=255, font_size=20)
    return np.asarray(picture).astype(np.uint16) * 4


def warm_up() -> None:
    """The whole of both stages' work in children, on the invented exam."""
    with tempfile.TemporaryDirectory(prefix="concours-warm-") as name:
        original = Path(name) / "original.dcm"
        invented_exam().save_as(original, enforce_file_format=True)
        run([replace(whole(original), name="dicom/image/000000.dcm").to_json()], name, bytes(32), [], [])
        files = [whole(path).to_json() for path in (Path(name) / "clean" / "dicom").rglob("*.dcm")]
        read_exam_json({"image": files}, {})


warm_up()
