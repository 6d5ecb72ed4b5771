"""Small valid files of every format, and the bytes to build broken ones from."""

import io
import struct
import zipfile
import zlib
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

SHAPE = (16, 12, 8)
AFFINE = np.array([[-0.7, 0, 0, 30.0], [0, -0.7, 0, 40.0], [0, 0, 2.0, -50.0], [0, 0, 0, 1]])


def ball(shape: tuple[int, ...] = SHAPE, radius: float = 0.6) -> NDArray[np.uint8]:
    """A ball in the middle, 1 inside."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    return (sum(a**2 for a in axes) < radius**2).astype(np.uint8)


def nifti(array: NDArray[Any], affine: NDArray[Any] = AFFINE, *, packed: bool = True, version: int = 1) -> bytes:
    kind = nib.Nifti1Image if version == 1 else nib.Nifti2Image
    image = kind(array, affine, dtype=array.dtype)
    plain = image.to_bytes()
    return plain if not packed else gzipped(plain)


def gzipped(data: bytes, level: int = 6) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def npy(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def npy_raw(header: str, data: bytes, version: int = 1) -> bytes:
    text = header.encode("latin-1")
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def png(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, "png")
    return out.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_raw(width: int, height: int, depth: int = 8, colour: int = 0, data: bytes | None = None) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = zlib.compress(bytes(1000)) if data is None else data
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + png_chunk(b"IDAT", body) + png_chunk(b"IEND", b"")


def nrrd(array: NDArray[np.uint8], packed: bool = True, extra: str = "", sizes: str | None = None) -> bytes:
    sizes = sizes or " ".join(map(str, array.shape))
    head = (
        f"NRRD0004\ntype: uchar\ndimension: {len(sizes.split())}\nspace: left-posterior-superior\nsizes: {sizes}\n"
        "space directions: (0.7,0,0) (0,0.7,0) (0,0,2)\nspace origin: (-30,-40,-50)\n"
        f"encoding: {'gzip' if packed else 'raw'}\n{extra}\n"
    )
    data = array.tobytes(order="F")
    return head.encode() + (gzipped(data) if packed else data)


def dicom_dataset(pixels: NDArray[Any], sop_class: str = CTImageStorage, k: int = 0) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, f"1.2.826.0.1.3680043.8.498.{k + 1}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = (
        "1.2.826.0.1.3680043.8.498.900",
        "1.2.826.0.1.3680043.8.498.901",
    )
    dataset.PatientName, dataset.PatientID, dataset.Modality = "", "", "CT"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "", 1, k + 1
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [-30, -40, -50 + 2 * k], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [0.7, 0.7], 2
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel = 1 if pixels.ndim == 2 else pixels.shape[2]
    dataset.PhotometricInterpretation = "MONOCHROME2" if pixels.ndim == 2 else "RGB"
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = bits, bits, bits - 1, 0
    dataset.add_new("PixelData", "OW" if bits > 8 else "OB", pixels.tobytes() + b"\0" * (pixels.nbytes % 2))
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def dicom_bytes(dataset: Dataset) -> bytes:
    out = io.BytesIO()
    pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()


def dicom(pixels: NDArray[Any], **more: Any) -> bytes:
    return dicom_bytes(dicom_dataset(pixels, **more))


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


SHEET = (
    '<?xml version="1.0"?>{doctype}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<sheetData>{rows}</sheetData></worksheet>"
)
BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="sheet" Target="worksheets/sheet1.xml"/></Relationships>'
)


def xlsx_raw(rows: str, doctype: str = "", **extra: bytes) -> bytes:
    """A workbook from the XML of its rows; `extra` parts are named with `__` for `/`."""
    members = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": BOOK.encode(),
        "xl/_rels/workbook.xml.rels": RELATIONS.encode(),
        "xl/worksheets/sheet1.xml": SHEET.format(doctype=doctype, rows=rows).encode(),
        **{name.replace("__", "/"): data for name, data in extra.items()},
    }
    return zipped(members)


def xlsx(rows: list[list[str | float]]) -> bytes:
    def cell(value: str | float) -> str:
        if isinstance(value, str):
            return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
        return f"<c><v>{value}</v></c>"

    return xlsx_raw("".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows))
