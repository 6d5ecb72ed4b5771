"""Thirteen kinds of DICOM object as plain, sound files: what a scanner, a workstation or a reporting system would write."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from benchmarks.deid_corpus.people import Person

ROOT = "1.2.826.0.1.3680043.8.498."
CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "ECT": "1.2.840.10008.5.1.4.1.1.2.1",
    "EMR": "1.2.840.10008.5.1.4.1.1.4.1",
    "US": "1.2.840.10008.5.1.4.1.1.3.1",
    "SC": "1.2.840.10008.5.1.4.1.1.7",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "DX": "1.2.840.10008.5.1.4.1.1.1.1",
    "SEG": "1.2.840.10008.5.1.4.1.1.66.4",
    "SR": "1.2.840.10008.5.1.4.1.1.88.33",
    "RTSTRUCT": "1.2.840.10008.5.1.4.1.1.481.3",
    "PR": "1.2.840.10008.5.1.4.1.1.11.1",
    "PDF": "1.2.840.10008.5.1.4.1.1.104.1",
}
KINDS = tuple(CLASSES)
IMAGES = ("CT", "MR", "ECT", "EMR", "US", "SC", "CR", "DX")
MODALITIES = {"ECT": "CT", "EMR": "MR", "SC": "OT", "PDF": "DOC"}


@dataclass
class Made:
    """A dataset in the making with what the answer key must remember."""

    dataset: Dataset
    kind: str
    person: Person
    study_date: date
    pixels: NDArray[np.generic] | None = None
    links: list[tuple[str, str]] = field(default_factory=list)  # (path, UID of another file's instance)


class Uids:
    """Seeded UIDs: the same names give the same UIDs."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def of(self, *name: object) -> str:
        number = random.Random(f"{self.seed}/{name}").randrange(10**24, 10**25)
        return f"{ROOT}{number}"


def tissue(rng: np.random.Generator, rows: int, columns: int, low: int, high: int) -> NDArray[np.float64]:
    """A smooth body with noise on a dark ground."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    body = (x / rng.uniform(0.6, 0.85)) ** 2 + (y / rng.uniform(0.55, 0.8)) ** 2 < 1
    waves = np.sin(x * rng.uniform(3, 9) + rng.uniform(0, 6)) * np.cos(y * rng.uniform(3, 9))
    inside = 0.55 + 0.2 * waves + rng.normal(0, 0.05, (rows, columns))
    return low + (high - low) * np.where(body, inside.clip(0.15, 1), 0.03 + rng.random((rows, columns)) * 0.02)


def make(
    kind: str, person: Person, visit: int, slice_number: int, uids: Uids, targets: list[Dataset], seed: str
) -> Made:
    """One object of `kind`; `targets` are image datasets of the same person that derived objects may point at."""
    ds = Dataset()
    series = (person.number, visit, kind)
    when = person.visits[visit % len(person.visits)]
    ds.SpecificCharacterSet = person.charset.split("\\") if "\\" in person.charset else person.charset
    ds.SOPClassUID = UID(CLASSES[kind])
    ds.SOPInstanceUID = uids.of("sop", *series, slice_number)
    ds.StudyInstanceUID = uids.of("study", person.number, visit)
    ds.SeriesInstanceUID = uids.of("series", *series)
    ds.Modality = MODALITIES.get(kind, kind)
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = when.strftime("%Y%m%d")
    ds.StudyTime, ds.SeriesTime, ds.ContentTime = "093015", "094210.5", "094833"
    ds.AccessionNumber = f"A{person.number:02d}{visit}{person.other_id[-6:]}"
    ds.PatientName = person.dicom_name
    ds.PatientID = person.record_number
    ds.IssuerOfPatientID = person.issuer
    ds.PatientBirthDate = person.birth.strftime("%Y%m%d")
    ds.PatientSex = person.sex
    ds.PatientAge = f"{when.year - person.birth.year:03d}Y"
    ds.ReferringPhysicianName = _in_charset(person.doctor, person)
    ds.StudyID = f"{person.number}{visit}7"
    ds.SeriesNumber = KINDS.index(kind) + 1
    ds.InstanceNumber = slice_number + 1
    ds.Manufacturer = "Invented Imaging"
    sample = Made(ds, kind, person, when)
    _BUILDERS[kind](sample, uids, targets, np.random.default_rng([ord(c) for c in seed]))
    return sample


def _in_charset(text: str, person: Person) -> str:
    """Text as this person's character set can write it."""
    codec = {"ISO_IR 100": "latin-1", "ISO_IR 144": "iso8859-5", "ISO_IR 192": "utf-8"}.get(person.charset, "ascii")
    return text.encode(codec, "replace").decode(codec).replace("?", "e")


in_charset = _in_charset


def _geometry(ds: Dataset, uids: Uids, sample: Made, position: float) -> None:
    ds.FrameOfReferenceUID = uids.of("frame", sample.person.number, ds.StudyInstanceUID)
    ds.PositionReferenceIndicator = ""
    ds.PixelSpacing = [0.75, 0.75]
    ds.SliceThickness = 2.5
    ds.ImagePositionPatient = [-96.0, -96.0, position]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]


def _store(sample: Made, pixels: NDArray[np.generic], bits: int, photometric: str = "MONOCHROME2") -> None:
    ds = sample.dataset
    colour = photometric == "RGB"
    shape = pixels.shape[:-1] if colour else pixels.shape
    ds.SamplesPerPixel = 3 if colour else 1
    ds.PhotometricInterpretation = photometric
    if colour:
        ds.PlanarConfiguration = 0
    if len(shape) == 3:
        ds.NumberOfFrames = shape[0]
    ds.Rows, ds.Columns = shape[-2:]
    ds.BitsAllocated = 8 * pixels.dtype.itemsize
    ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.PixelRepresentation = 1 if pixels.dtype.kind == "i" else 0
    sample.pixels = pixels


def _ct(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    ds = sample.dataset
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.AcquisitionDate = ds.StudyDate
    ds.AcquisitionTime = "094501"
    _geometry(ds, uids, sample, 2.5 * float(ds.InstanceNumber))
    ds.KVP, ds.XRayTubeCurrent, ds.ConvolutionKernel = 120, 210, "B30f"
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = -1024, 1, "HU"
    ds.BodyPartExamined = "CHEST"
    _store(sample, tissue(rng, 128, 128, 20, 2400).astype(np.uint16), 12)


def _mr(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    ds = sample.dataset
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M"]
    _geometry(ds, uids, sample, 3.0 * float(ds.InstanceNumber))
    ds.EchoTime, ds.RepetitionTime, ds.FlipAngle, ds.MagneticFieldStrength = 4.2, 9.8, 12, 1.5
    ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = "GR", "SP", "", "3D"
    ds.SequenceName = "tfl3d1"
    _store(sample, tissue(rng, 128, 128, 0, 900).astype(np.int16), 12)


def _enhanced(sample: Made, uids: Uids, rng: np.random.Generator, low: int, high: int) -> None:
    ds = sample.dataset
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.FrameOfReferenceUID = uids.of("frame", sample.person.number, ds.StudyInstanceUID)
    frames = 4
    shared = Dataset()
    measures = Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.75, 0.75], 3.0
    shared.PixelMeasuresSequence = Sequence([measures])
    orientation = Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PlaneOrientationSequence = Sequence([orientation])
    ds.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for number in range(frames):
        group, position, content = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [-48.0, -48.0, 3.0 * number]
        group.PlanePositionSequence = Sequence([position])
        content.FrameAcquisitionDateTime = sample.study_date.strftime("%Y%m%d") + f"0948{number:02d}"
        content.FrameReferenceDateTime = content.FrameAcquisitionDateTime
        content.FrameAcquisitionDuration = 12.5
        content.DimensionIndexValues = [1, number + 1]
        group.FrameContentSequence = Sequence([content])
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = Sequence(groups)
    ds.AcquisitionDateTime = sample.study_date.strftime("%Y%m%d") + "094501"
    _store(sample, np.stack([tissue(rng, 96, 96, low, high) for _ in range(frames)]).astype(np.uint16), 12)


def _ect(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    _enhanced(sample, uids, rng, 20, 2400)


def _emr(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    _enhanced(sample, uids, rng, 0, 900)


def _us(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    ds = sample.dataset
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.FrameTime, ds.FrameIncrementPointer = 40.0, 0x00181063
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 20, 40
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 299, 229
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.04
    ds.SequenceOfUltrasoundRegions = Sequence([region])
    frames = np.zeros((3, 240, 320, 3), dtype=np.uint8)
    for number in range(3):
        frames[number, 40:230, 20:300] = tissue(rng, 190, 280, 5, 180).astype(np.uint8)[..., None]
    _store(sample, frames, 8, "RGB")


def _sc(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    sample.dataset.ConversionType = "WSD"
    sample.dataset.ImageType = ["DERIVED", "SECONDARY"]
    _store(sample, tissue(rng, 256, 320, 5, 200).astype(np.uint8), 8)


def _cr(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    sample.dataset.ViewPosition = "PA"
    sample.dataset.BodyPartExamined = "CHEST"
    sample.dataset.KVP = 110
    _store(sample, tissue(rng, 320, 288, 100, 3600).astype(np.uint16), 12)


def _dx(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    sample.dataset.PresentationIntentType = "FOR PRESENTATION"
    sample.dataset.ImageLaterality = "R"
    sample.dataset.KVP = 70
    _store(sample, tissue(rng, 384, 320, 300, 15000).astype(np.uint16), 14)


def _seg(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    ds = sample.dataset
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.SegmentationType = "BINARY"
    ds.ContentLabel, ds.ContentDescription = "MASK", "lesion"
    ds.ContentCreatorName = _in_charset(sample.person.doctor, sample.person)
    segment = Dataset()
    segment.SegmentNumber, segment.SegmentLabel, segment.SegmentAlgorithmType = 1, "lesion", "MANUAL"
    segment.SegmentedPropertyCategoryCodeSequence = Sequence(
        [code("49755003", "SCT", "Morphologically Altered Structure")]
    )
    segment.SegmentedPropertyTypeCodeSequence = Sequence([code("52988006", "SCT", "Lesion")])
    ds.SegmentSequence = Sequence([segment])
    ds.ReferencedSeriesSequence = Sequence([_series_reference(sample, target) for target in targets[:1]])
    if targets:
        path = "(0008,1115)[0].(0008,114a)[0].(0008,1155)"
        sample.links.append((path, targets[0].SOPInstanceUID))
        ds.FrameOfReferenceUID = targets[0].get("FrameOfReferenceUID", uids.of("frame", "none"))
    mask = (tissue(rng, 64, 64, 0, 100) > 55)[None].astype(np.uint8)
    _store(sample, mask, 8)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _series_reference(sample: Made, target: Dataset) -> Dataset:
    series, instance = Dataset(), Dataset()
    series.SeriesInstanceUID = target.SeriesInstanceUID
    instance.ReferencedSOPClassUID = target.SOPClassUID
    instance.ReferencedSOPInstanceUID = target.SOPInstanceUID
    series.ReferencedInstanceSequence = Sequence([instance])
    return series


def content_item(relation: str, value_type: str, name: Dataset) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, value_type
    item.ConceptNameCodeSequence = Sequence([name])
    return item


def _sr(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    ds, person = sample.dataset, sample.person
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    ds.ConceptNameCodeSequence = Sequence([code("18748-4", "LN", "Diagnostic imaging report")])
    ds.CompletionFlag, ds.VerificationFlag = "COMPLETE", "UNVERIFIED"
    finding = content_item("CONTAINS", "TEXT", code("121071", "DCM", "Finding"))
    finding.TextValue = in_charset(
        f"Nodule chez {person.given_name} {person.family}, vu le {sample.study_date:%d/%m/%Y}", person
    )
    observer = content_item("HAS OBS CONTEXT", "PNAME", code("121008", "DCM", "Person Observer Name"))
    observer.PersonName = in_charset(person.doctor, person)
    subject = content_item("HAS OBS CONTEXT", "PNAME", code("121029", "DCM", "Subject Name"))
    subject.PersonName = person.dicom_name
    birth = content_item("HAS OBS CONTEXT", "DATE", code("121031", "DCM", "Subject Birth Date"))
    birth.Date = person.birth.strftime("%Y%m%d")
    size = content_item("CONTAINS", "NUM", code("410668003", "SCT", "Length"))
    measured = Dataset()
    measured.NumericValue = 12.5
    measured.MeasurementUnitsCodeSequence = Sequence([code("mm", "UCUM", "millimeter")])
    size.MeasuredValueSequence = Sequence([measured])
    items = [observer, subject, birth, finding, size]
    if targets:
        image = content_item("CONTAINS", "IMAGE", code("121112", "DCM", "Source of Measurement"))
        reference = Dataset()
        reference.ReferencedSOPClassUID = targets[0].SOPClassUID
        reference.ReferencedSOPInstanceUID = targets[0].SOPInstanceUID
        image.ReferencedSOPSequence = Sequence([reference])
        items.append(image)
        sample.links.append(("(0040,a730)[5].(0008,1199)[0].(0008,1155)", targets[0].SOPInstanceUID))
    ds.ContentSequence = Sequence(items)


def _rtstruct(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    ds, person = sample.dataset, sample.person
    ds.StructureSetLabel = in_charset(f"RT {person.family}"[:16], person)
    ds.StructureSetDate, ds.StructureSetTime = ds.StudyDate, "101500"
    roi = Dataset()
    roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = 1, in_charset(f"GTV {person.family}", person), "MANUAL"
    roi.ReferencedFrameOfReferenceUID = uids.of("frame", person.number, ds.StudyInstanceUID)
    ds.StructureSetROISequence = Sequence([roi])
    contour, shape = Dataset(), Dataset()
    shape.ContourGeometricType, shape.NumberOfContourPoints = "CLOSED_PLANAR", 3
    shape.ContourData = [0, 0, 5, 10, 0, 5, 0, 10, 5]
    if targets:
        image = Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = targets[0].SOPClassUID, targets[0].SOPInstanceUID
        shape.ContourImageSequence = Sequence([image])
        sample.links.append(("(3006,0039)[0].(3006,0040)[0].(3006,0016)[0].(0008,1155)", targets[0].SOPInstanceUID))
    contour.ContourSequence, contour.ReferencedROINumber = Sequence([shape]), 1
    ds.ROIContourSequence = Sequence([contour])
    observation = Dataset()
    observation.ObservationNumber, observation.ReferencedROINumber, observation.RTROIInterpretedType = 1, 1, "GTV"
    observation.ROIInterpreter = in_charset(person.doctor, person)
    ds.RTROIObservationsSequence = Sequence([observation])


def _pr(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    ds, person = sample.dataset, sample.person
    ds.ContentLabel, ds.ContentDescription = (
        "PRESENTATION",
        in_charset(f"pour {person.given_name} {person.family}", person),
    )
    ds.PresentationCreationDate, ds.PresentationCreationTime = ds.StudyDate, "110000"
    ds.ContentCreatorName = in_charset(person.doctor, person)
    annotation, text = Dataset(), Dataset()
    text.UnformattedTextValue = in_charset(f"{person.family} {person.given_name} {person.record_number}", person)
    text.AnchorPoint, text.AnchorPointVisibility, text.AnchorPointAnnotationUnits = [10, 10], "Y", "PIXEL"
    annotation.GraphicLayer = "LAYER1"
    annotation.TextObjectSequence = Sequence([text])
    ds.GraphicAnnotationSequence = Sequence([annotation])
    ds.ReferencedSeriesSequence = Sequence([])
    if targets:
        series, image = Dataset(), Dataset()
        image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = targets[0].SOPClassUID, targets[0].SOPInstanceUID
        series.SeriesInstanceUID = targets[0].SeriesInstanceUID
        series.ReferencedImageSequence = Sequence([image])
        ds.ReferencedSeriesSequence = Sequence([series])
        sample.links.append(("(0008,1115)[0].(0008,1140)[0].(0008,1155)", targets[0].SOPInstanceUID))


def _pdf(sample: Made, uids: Uids, targets: list[Dataset], rng: np.random.Generator) -> None:
    ds, person = sample.dataset, sample.person
    ds.DocumentTitle = in_charset(f"Compte rendu {person.family}", person)
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.BurnedInAnnotation = "YES"
    text = f"({person.family} {person.given_name} {person.birth + timedelta(0):%d/%m/%Y}) Tj".encode(
        "latin-1", "replace"
    )
    ds.EncapsulatedDocument = b"%PDF-1.4\n1 0 obj<<>>stream\nBT " + text + b" ET\nendstream endobj\n%%EOF\n\x00"
    if len(ds.EncapsulatedDocument) % 2:
        ds.EncapsulatedDocument += b"\x00"


_BUILDERS: dict[str, Callable[[Made, Uids, list[Dataset], np.random.Generator], None]] = {
    "CT": _ct, "MR": _mr, "ECT": _ect, "EMR": _emr, "US": _us, "SC": _sc, "CR": _cr, "DX": _dx,
    "SEG": _seg, "SR": _sr, "RTSTRUCT": _rtstruct, "PR": _pr, "PDF": _pdf,
}  # fmt: skip
