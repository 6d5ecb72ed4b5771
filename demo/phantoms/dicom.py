"""DICOM files of a phantom: headers as scanners write them, an invented person in all the usual places."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

CT, MR, SECONDARY = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.7"
FAMILY = ["Martinot", "Lefranc", "Dubreuilh", "Garcenac", "Vauquelin", "Rozenberg", "Thibaudet", "Kermorvan", "Ouvrard"]
GIVEN = ["Élodie", "Bastien", "Ghislaine", "Anatole", "Sidonie", "Léopold", "Maëlle", "Hippolyte", "Zoé", "Théodore"]
STREETS = ("12 rue Inventée", "7 impasse du Néant", "45 avenue Imaginaire")


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    family: str
    given_name: str
    number: str
    born: str
    sex: str
    address: str
    visit: str


def person(seed: int, centre: str) -> Person:
    rng = np.random.default_rng(seed)
    year, month, day = int(rng.integers(1930, 1995)), int(rng.integers(1, 13)), int(rng.integers(1, 28))
    return Person(
        family=FAMILY[int(rng.integers(len(FAMILY)))],
        given_name=GIVEN[int(rng.integers(len(GIVEN)))],
        # Every centre counts from the same number: two people may share one, and must be kept apart.
        # Seeds above a million give numbers of their own, for centres that send more than a thousand exams.
        number=f"IPP{770000 + seed % 1000 + seed // 1_000_000 * 1000:07d}",
        born=f"{year}{month:02d}{day:02d}",
        sex="FM"[int(rng.integers(2))],
        address=f"{STREETS[int(rng.integers(len(STREETS)))]}, 00000 Nullepart, {centre}",
        visit=f"2019{int(rng.integers(4, 9)):02d}{int(rng.integers(1, 28)):02d}",
    )


def uid(*parts: object) -> str:
    """A UID that the same parts always give."""
    return f"2.25.{int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:15], 'big')}"


def header(who: Person, key: str, modality: str, sop_class: str, centre: str, **more: Any) -> Dataset:
    """Everything but geometry and pixels."""
    shared = Dataset()
    shared.SpecificCharacterSet = "ISO_IR 192"
    shared.SOPClassUID = sop_class
    shared.StudyInstanceUID, shared.SeriesInstanceUID = (
        uid("study", key),
        uid("series", key, more.get("SeriesNumber", 1)),
    )
    shared.FrameOfReferenceUID = uid("frame", key)
    shared.PatientName, shared.PatientID = f"{who.family}^{who.given_name}", who.number
    shared.PatientBirthDate, shared.PatientSex = who.born, who.sex
    shared.PatientAge = f"{2019 - int(who.born[:4]):03d}Y"
    shared.PatientAddress, shared.PatientTelephoneNumbers = who.address, "01 99 00 12 34"
    shared.PatientComments = f"Revoir {who.given_name} {who.family} avec le dossier {who.number}"
    shared.StudyDate = shared.SeriesDate = shared.AcquisitionDate = shared.ContentDate = who.visit
    shared.StudyTime, shared.AcquisitionTime = "101500", "102000"
    shared.AccessionNumber = f"ACC{uid(key)[-8:]}"
    shared.StudyID = "4711"
    shared.ReferringPhysicianName, shared.OperatorsName = "Imaginaire^Docteur", "Manip^Inventee"
    shared.InstitutionName, shared.StationName = f"CHU Imaginaire de {centre}", "SCAN07"
    shared.DeviceSerialNumber = "SN-4242-77"
    shared.StudyDescription = f"{modality} {who.family.upper()} {who.given_name}"
    shared.Modality, shared.Manufacturer = modality, "SIEMENS"
    shared.SeriesNumber = 1
    block = shared.private_block(0x0029, "CONCOURS PHANTOM", create=True)
    block.add_new(0x10, "LO", f"{who.family} {who.number}")
    for keyword, value in more.items():
        setattr(shared, keyword, value)
    return shared


def slices(
    shared: Dataset,
    stored: NDArray[np.uint16],
    spacing: tuple[float, float, float],
    key: str,
    *,
    implicit: bool = False,
    slope: Mapping[str, float] | None = None,
    bits: int = 12,
) -> list[bytes]:
    """One file a slice. `stored` is (slices, rows, columns); `spacing` is mm between rows, columns, slices."""
    files = []
    for number, plane in enumerate(stored):
        dataset = Dataset()
        dataset.update(shared)
        dataset.SOPInstanceUID = uid("instance", key, shared.SeriesNumber, number)
        dataset.InstanceNumber = number + 1
        dataset.PixelSpacing = [spacing[0], spacing[1]]
        dataset.SliceThickness = shared.get("SliceThickness", spacing[2])
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.ImagePositionPatient = [-90.0, -90.0, round(-300.0 + number * spacing[2], 4)]
        dataset.Rows, dataset.Columns = plane.shape
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
        dataset.PixelRepresentation, dataset.SamplesPerPixel = 0, 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        for keyword, value in (slope or {}).items():
            setattr(dataset, keyword, value)
        dataset.PixelData = np.ascontiguousarray(plane).tobytes()
        dataset["PixelData"].VR = "OW"
        files.append(encode(dataset, implicit=implicit))
    return files


def encode(dataset: Dataset, *, implicit: bool = False) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    dataset.file_meta.SourceApplicationEntityTitle = "CHU_IMAGINAIRE"
    dataset.preamble = b"II*\0" + b"MARTINOT".ljust(124, b"\0")  # a preamble can hold anything, a name too
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()
