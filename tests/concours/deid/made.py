"""Small DICOM files made for the tests, with invented people in them."""

import copy
import io
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

KEY = b"a key for tests of 32 bytes......"
CT = "1.2.840.10008.5.1.4.1.1.2"
IDENTIFIERS = (
    "Testperson",
    "Ingrid",
    "MRN-SYN-4471902",
    "19530417",
    "12 Invented Lane",
    "Imaginary General",
    "Madeup",
    "ACC7740031",
)


def ct(**attributes: Any) -> Dataset:
    """A sound CT slice of 16 x 16 pixels, 12 of 16 bits stored, of Ingrid Testperson; `attributes` replace or add by keyword."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = CT, "1.2.3.4.1"
    ds.StudyDate, ds.StudyTime, ds.Modality = "20190522", "101500", "CT"
    ds.AccessionNumber, ds.StudyID = "ACC7740031", "4711"
    ds.Manufacturer, ds.InstitutionName = "SIEMENS", "Imaginary General Hospital"
    ds.ReferringPhysicianName = "Madeup^Referrer^^Dr"
    ds.StudyDescription, ds.SeriesDescription = "CT Thorax - Ingrid Testperson", "LUNG 5.0 B60f"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Testperson^Ingrid", "MRN-SYN-4471902", "19530417"
    ds.PatientSex, ds.PatientAge, ds.PatientAddress = "F", "066Y", "12 Invented Lane"
    ds.KVP, ds.SliceThickness, ds.ConvolutionKernel = "120", "1.25", "B60f"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3.4.2", "1.2.3.4.3", "1.2.3.4.4"
    ds.SeriesNumber, ds.InstanceNumber = 4, 7
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 12.5], [1, 0, 0, 0, 1, 0]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows = ds.Columns = 16
    ds.PixelSpacing = [0.57, 0.57]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleIntercept, ds.RescaleSlope = -1024, 1
    ds.PixelData = np.arange(256, dtype="<u2").tobytes()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def encoded(ds: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The file's bytes in a transfer syntax, with the preamble."""
    ds = copy.deepcopy(ds)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID or "1.2.3"
    if syntax == ExplicitVRBigEndian:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    stream = io.BytesIO()
    ds.save_as(
        stream,
        enforce_file_format=True,
        little_endian=syntax != ExplicitVRBigEndian,
        implicit_vr=syntax == "1.2.840.10008.1.2",
    )
    return stream.getvalue()


def written(folder: Path, ds: Dataset, name: str = "in.dcm", syntax: str = ExplicitVRLittleEndian) -> Path:
    """The file on disk."""
    path = folder / name
    path.write_bytes(encoded(ds, syntax))
    return path


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """One code item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def sequence(*items: Dataset) -> Sequence:
    """A sequence of items."""
    return Sequence(items)
