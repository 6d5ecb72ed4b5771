"""Runs in a limited child: writes one case as a team receives it (or as the truth keeps it). Plain: paths in, JSON out.

The layout is the same for a training batch, an evaluation batch and a truth, so that a team scores itself at home
against what it got: `<image>/<id>/0000.dcm` or `<image>/<id>.nii.gz|npy`, `<mask field>/<id>.png|nii.gz|npy`, `<table
field>/<id>.csv`, `<text field>/<id>.txt` in the format text, and one table of scalars.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import nibabel as nib
import numpy as np
from isal import isal_zlib
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from batches.case_order import CaseOrder, OrderedField, WrittenFiles
from batches.faces import Faces, blank_slice, blank_volume, find_faces
from concours.formats.arrays import Array
from concours.formats.fault import FormatError, gettext_noop, refuse
from concours.formats.json import Json, JsonObject
from concours.formats.nifti import Volume
from concours.formats.values import inert_cell
from concours.imaging import Geometry, geometry_of_files, load_volume
from concours.imaging.load import fits_int16, in_order
from concours.imaging.masks import label_array, read_mask
from concours.metrics import find
from concours.metrics.basis.region import Region

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

LEVEL = 2  # of 0 to 3: a few hundredths larger than zlib at 4, in a sixth of its time
STANDARD_ROOT = "1.2.840.10008."
GRID_MISSING = gettext_noop("%(name)s: the mask is not aligned with the grid of its image.")


def write_case(
    case: Mapping[str, Json], out: str, form: str, key: bytes, images: Sequence[str], fields: Sequence[str]
) -> JsonObject:
    """Writes one case below `out`: a `CaseOrder` in, `WrittenFiles` out, both as JSON.

    `form` is dicom, nifti, numpy or table; `key` is the batch's own secret, from which UIDs are drawn anew, so that two batches
    cannot be joined by them.
    """
    order = CaseOrder.from_json(case)
    target = Path(out)
    written: list[str] = []
    geometries: dict[str, Geometry] = {}
    spacing: list[float] = []
    faces: list[str] = []
    for image in images:
        paths = order.images.get(image, ())
        if not paths:
            continue
        face = find_faces(paths) if order.blanks_face and form != "table" else Faces({}, "")
        faces += [face.word] if face.word else []
        geometry = geometries[image] = _geometry_of(image, order, paths)
        spacing = spacing or _spacing_of(geometry)
        if form == "dicom":
            written += _dicom(target, image, order, in_order(paths, geometry), key, face)
        elif form in ("nifti", "numpy"):
            volume = load_volume(paths, geometry, image, compact=True)
            for cut in {id(cut): cut for cut in face.cuts.values()}.values():
                blank_volume(volume, cut)
            written.append(_array(target, image, order.id, volume, form))
            del volume  # masks need the geometry alone
    scalars: dict[str, Json] = {}
    regions: dict[str, Region] = {}
    for name in fields:
        field = order.fields.get(name)
        if field is None:
            continue
        if field.type == "mask":
            of = field.of if field.of in geometries else next(iter(geometries), "")
            labels = _labels(name, field, geometries.get(of))
            regions[name] = Region(labels, _steps(labels, _spacing_of(geometries[of])))
            written.append(_mask(target, name, order.id, labels, geometries[of], form))
        elif field.type == "table":
            written.append(_table(target, name, order.id, field.value or [], field.columns))
        elif field.type == "text" and form == "text":
            written += _text(target, name, order.id, field.value)
        else:
            scalars[name] = field.value
    for measure in order.measures:
        if measure.source in regions:
            scalars[measure.field] = _measured(measure.measure, regions[measure.source])
    slack = max((geometry.slack for geometry in geometries.values()), default=0.0)
    return WrittenFiles(tuple(written), scalars, tuple(spacing), slack, tuple(faces)).to_json()


def _steps(labels: NDArray[np.uint8], spacing: Sequence[float]) -> tuple[float, ...]:
    """mm along the axes of a mask: rows and columns, or NIfTI's i, j, k. An image that tells no size counts in pixels."""
    row, column, deep = spacing or (1.0, 1.0, 1.0)
    return (row, column) if labels.ndim == 2 else (column, row, deep)


def _measured(measure: str, region: Region) -> float | None:
    """Surface (mm2), volume (mm3) or diameter (mm), by the same function that scores it."""
    taken = find(measure).measure
    return taken(region) if taken else None


def _geometry_of(image: str, order: CaseOrder, paths: Sequence[str]) -> Geometry:
    """What quality control decided of the image; of an exam that was accepted before that was stored, decided here."""
    stored = order.geometries.get(image)
    return geometry_of_files(paths, image) if stored is None else Geometry.from_json(stored)


def _spacing_of(geometry: Geometry) -> list[float]:
    """mm between rows, columns and slices; empty where the image does not state them."""
    return [] if geometry.spacing is None else [geometry.spacing[axis] for axis in (1, 0, 2)]


def _place(target: Path, relative: str) -> Path:
    path = target / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


# --- images ----------------------------------------------------------------------------------------------------------


def _dicom(target: Path, image: str, order: CaseOrder, paths: Sequence[str], key: bytes, face: Faces) -> list[str]:
    """Every slice with its pixels untouched but for a face to be blanked, under the case's public id and with UIDs of this batch
    alone, in the order of the slices."""
    written = []
    for number, path in enumerate(paths):
        dataset, cut = dcmread(path), face.cuts.get(path)
        if cut is not None:
            blank_slice(dataset, cut, image)
        relative = f"{image}/{order.id}/{number:04d}.dcm"
        _rename(dataset, order, key)
        dataset.save_as(_place(target, relative), enforce_file_format=True)
        written.append(relative)
    return written


def _rename(dataset: Dataset, order: CaseOrder, key: bytes) -> None:
    def renew(_dataset: Dataset, element: DataElement) -> None:
        if element.VR == "UI" and element.value:
            many = element.value if not isinstance(element.value, str) else [element.value]
            new = [_uid(key, str(uid)) for uid in many]
            element.value = new if len(new) > 1 else new[0]

    dataset.walk(renew)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PatientID = order.group or order.id
    dataset.PatientName = order.id
    for keyword in ("StudyID", "AccessionNumber"):
        if keyword in dataset:
            setattr(dataset, keyword, "")


def _uid(key: bytes, uid: str) -> str:
    if uid.startswith(STANDARD_ROOT):
        return uid
    digest = hmac.new(key, f"uid {uid}".encode(), hashlib.sha256).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def _array(target: Path, image: str, case_id: str, volume: Volume, form: str) -> str:
    array = volume.array
    if array.dtype != np.int16 and fits_int16(array):
        array = array.astype(np.int16)
    if form == "numpy":
        relative = f"{image}/{case_id}.npy"
        flat = array[:, :, 0].T if array.shape[2] == 1 else array  # 2D arrays are rows, columns
        np.save(_place(target, relative), np.ascontiguousarray(flat), allow_pickle=False)
        return relative
    relative = f"{image}/{case_id}.nii.gz"
    _write_nifti(_place(target, relative), array, volume.affine)
    return relative


def _write_nifti(path: Path, array: Array, affine: NDArray[np.float64]) -> None:
    """Compressed without a time or a name inside, so that the same voxels are the same bytes."""
    try:
        image = nib.Nifti1Image(array, np.asarray(affine, float))
        # Both have the code "scanner", so that programs agree whichever they read. Only the sform can hold a sheared affine.
        image.set_sform(image.affine, code=1)
        image.set_qform(image.affine, code=1)
    except HeaderDataError as error:
        raise FormatError(refuse("wrong_shape", path.name, GRID_MISSING, name=path.name).faults) from error
    image.header.set_xyzt_units("mm")
    with path.open("wb") as target:
        packed = _Packed(target)
        image.to_stream(packed)
        packed.finish()


class _Packed(io.RawIOBase):
    """A gzip member whose header has no name and no time, written piece by piece."""

    def __init__(self, target: BinaryIO) -> None:
        self._target, self._written = target, 0
        self._packer = isal_zlib.compressobj(level=LEVEL, wbits=31)

    def write(self, piece: ReadableBuffer) -> int:
        self._target.write(self._packer.compress(piece))
        size = memoryview(piece).nbytes
        self._written += size
        return size

    def tell(self) -> int:
        return self._written

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence or offset < self._written:
            raise OSError("a stream is written once, from its start to its end")
        self.write(bytes(offset - self._written))
        return offset

    def finish(self) -> None:
        self._target.write(self._packer.flush())


# --- fields ----------------------------------------------------------------------------------------------------------


def _labels(name: str, field: OrderedField, geometry: Geometry | None) -> NDArray[np.uint8]:
    """The mask on its image's grid, whatever axes its author's program used."""
    if geometry is None:
        raise refuse("geometry_mismatch", name, GRID_MISSING, name=name)
    return label_array(read_mask(Path(field.path).read_bytes(), geometry, field.values, name), geometry)


def _mask(target: Path, name: str, case_id: str, labels: NDArray[np.uint8], geometry: Geometry, form: str) -> str:
    if labels.ndim == 2:
        relative = f"{name}/{case_id}.{'npy' if form == 'numpy' else 'png'}"
        path = _place(target, relative)
        if form == "numpy":
            np.save(path, np.ascontiguousarray(labels), allow_pickle=False)
        else:
            Image.fromarray(labels).save(path, format="PNG")
        return relative
    relative = f"{name}/{case_id}.{'npy' if form == 'numpy' else 'nii.gz'}"
    path = _place(target, relative)
    if form == "numpy":
        np.save(path, np.ascontiguousarray(labels), allow_pickle=False)
    else:
        _write_nifti(path, labels, geometry.matrix)
    return relative


def _text(target: Path, name: str, case_id: str, text: str | None) -> list[str]:
    if text is None:
        return []
    relative = f"{name}/{case_id}.txt"
    _place(target, relative).write_text(text + "\n", encoding="utf-8")
    return [relative]


def _table(target: Path, name: str, case_id: str, rows: Sequence[Mapping[str, Json]], columns: Sequence[str]) -> str:
    """Only the columns that the question declares leave, whatever the rows hold."""
    relative = f"{name}/{case_id}.csv"
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([inert_cell(row.get(column)) for column in columns] for row in rows)
    _place(target, relative).write_text(text.getvalue(), encoding="utf-8")
    return relative
