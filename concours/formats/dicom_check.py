"""What a file check can say of one DICOM file of an exam: fit, for a person to look at, or of no use."""

from pydicom.dataset import FileDataset
from pydicom.uid import UID

from concours.formats import dicom, dicom_seg
from concours.formats.fault import Fault, gettext_noop, refuse
from concours.formats.nifti import Buffer

_STORAGE = "1.2.840.10008.5.1.4.1.1."
SECONDARY_CAPTURE = (_STORAGE + "7",)
ULTRASOUND = (_STORAGE + "3.1", _STORAGE + "6.1", _STORAGE + "6.2", _STORAGE + "3", _STORAGE + "6")
IMAGES = tuple(
    _STORAGE + number
    for number in (
        *("1", "1.1", "1.1.1", "1.2", "1.2.1", "1.3", "1.3.1", "2", "2.1", "2.2", "4", "4.1", "4.3", "4.4", "12.1"),
        *("12.1.1", "12.2", "12.2.1", "13.1.1", "13.1.2", "13.1.3", "20", "30", "128", "128.1", "130", "481.1"),
    )
)

THUMBNAIL = 32  # pixels: a capture no larger in either direction has no room for a legible line

IDENTITY = gettext_noop("%(name)s has no SOP class or no SOP instance UID. Export it from the PACS again.")
HOMELESS = gettext_noop("%(name)s does not state its study or series; manual review needed.")
CAPTURE = gettext_noop(
    "%(name)s is a screen capture or an ultrasound image and may contain burned-in text; manual review needed."
)
BURNED = gettext_noop("%(name)s declares burned-in annotations; manual review needed.")
OVERLAY = gettext_noop("%(name)s has overlay planes, which may contain text; manual review needed.")
REPORT = gettext_noop("%(name)s is not an image (%(kind)s); manual review needed.")


def inspect(source: Buffer, name: str = "file") -> Fault | None:
    """None when the file is fit, a fault to be looked at by a person otherwise. Raises `FormatError` when it is bad.

    Every frame is decoded once. Identity in the header is not judged here: de-identification removes it.
    """
    dataset = dicom.load(source, name)
    sop_class = _sop_class(dataset, name)
    if sop_class not in IMAGES and sop_class not in dicom_seg.SOP_CLASSES and "PixelData" not in dataset:
        if sop_class in SECONDARY_CAPTURE + ULTRASOUND:
            raise refuse("no_pixels", name, dicom.NO_PIXELS, name=name)
        kind = UID(sop_class).name if UID(sop_class).is_valid else "unknown"
        return Fault("unsupported_object", name, REPORT, {"name": name, "kind": kind})
    for _ in dicom.frames(dataset, name):
        pass
    legible = int(dataset.Rows) > THUMBNAIL or int(dataset.Columns) > THUMBNAIL
    if legible and (sop_class.startswith(SECONDARY_CAPTURE) or sop_class in ULTRASOUND):
        return Fault("burned_in_text", name, CAPTURE, {"name": name})
    if str(dicom.element(dataset, "BurnedInAnnotation") or "").upper() == "YES":
        return Fault("burned_in_text", name, BURNED, {"name": name})
    if any(0x6000 <= tag.group <= 0x60FF and tag.group % 2 == 0 for tag in dataset.keys()):  # noqa: SIM118
        return Fault("burned_in_text", name, OVERLAY, {"name": name})
    if not legible and sop_class in SECONDARY_CAPTURE:
        return None
    if sop_class not in IMAGES and sop_class not in dicom_seg.SOP_CLASSES:
        kind = UID(sop_class).name if UID(sop_class).is_valid else "unknown"
        return Fault("unsupported_object", name, REPORT, {"name": name, "kind": kind})
    if not all(_is_uid(dataset, keyword) for keyword in ("SeriesInstanceUID", "StudyInstanceUID")):
        return Fault("incomplete_series", name, HOMELESS, {"name": name})
    return None


def _sop_class(dataset: FileDataset, name: str) -> str:
    if not all(_is_uid(dataset, keyword) for keyword in ("SOPClassUID", "SOPInstanceUID")):
        raise refuse("unreadable_file", name, IDENTITY, name=name)
    return str(dataset.SOPClassUID)


def _is_uid(dataset: FileDataset, keyword: str) -> bool:
    value = dicom.element(dataset, keyword)
    return isinstance(value, str) and 0 < len(value) <= 64
