"""Runs in a limited child: writes one case as a team receives it (or as the truth keeps it). Plain: paths in, JSON out.

The layout is the same for a training batch, an evaluation batch and a truth, so that a team scores itself at home against what it
got: `<image>/<id>/0000.dcm` or `<image>/<id>.nii.gz|npy`, `<mask field>/<id>.png|nii.gz|npy`, `<table field>/<id>.csv`, and one
table of scalars.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import nibabel as nib
import numpy as np
from isal import isal_zlib
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from batches.faces import Faces, blank_slice, blank_volume, find_faces
from formats import dicom
from formats.dicom_image import fits_int16, read_grid, read_series, rescaled
from formats.fault import FormatError, gettext_noop, refuse
from formats.files import read_mask
from formats.manifest import Grid
from formats.nifti import Volume
from metrics import find
from metrics.basis.region import Region

LEVEL = 2  # of 0 to 3: a few hundredths larger than zlib at 4, in a sixth of its time
STANDARD_ROOT = "1.2.840.10008."
GRID_MISSING = gettext_noop("%(name)s: the mask does not lie on the image's grid.")


@dataclass(frozen=True)
class Place:
    """An image's grid (2D: rows, columns; otherwise NIfTI's), its values (i, j, k) with an affine to RAS, and mm between rows,
    columns and slices; no `spacing` where the image tells none."""

    grid: Grid
    volume: Volume | None
    spacing: list[float]


def write_case(
    case: Mapping[str, Any], out: str, form: str, key: bytes, images: Sequence[str], fields: Sequence[str]
) -> dict[str, Any]:
    """Writes one case below `out`. Answers `{"files": [paths], "scalars": {field: value}, "spacing": [row, column, slice],
    "faces": [words]}`.

    `case` is `{"id", "group", "images": {image: [paths]}, "fields": {field: {"type", "values", "of", "path" | "value"}}}`, and
    `"face": "blank"` where faces are to be blanked; `faces` says in `batches.faces`'s words how that went, image by image.
    `form` is dicom, nifti, numpy or table; `key` is the batch's own secret, from which UIDs are drawn anew, so that two batches
    cannot be joined by them.
    """
    target = Path(out)
    written: list[str] = []
    grids: dict[str, Place] = {}
    spacing: list[float] = []
    faces: list[str] = []
    for image in images:
        paths = case["images"].get(image) or []
        if not paths:
            continue
        face = find_faces(paths) if case.get("face") == "blank" and form != "table" else Faces({}, "")
        faces += [face.word] if face.word else []
        place = _place_of(paths, needs_volume=form in ("nifti", "numpy"))
        if place is not None:
            grids[image] = place
            spacing = spacing or place.spacing
        if form == "dicom":
            written += _dicom(target, image, case, paths, key, face)
        elif form in ("nifti", "numpy") and place is not None and place.volume is not None:
            for cut in {id(cut): cut for cut in face.cuts.values()}.values():
                blank_volume(place.volume, cut)
            written.append(_array(target, image, case["id"], place.volume, form))
            place = grids[image] = _without_values(place)  # masks need the grid alone
    scalars: dict[str, Any] = {}
    regions: dict[str, Region] = {}
    for name in fields:
        given = case["fields"].get(name)
        if given is None:
            continue
        if given["type"] == "mask":
            of = given["of"] if given["of"] in grids else next(iter(grids), "")
            labels = _labels(name, given, grids.get(of))
            regions[name] = Region(labels, _steps(labels, spacing))
            written.append(_mask(target, name, case["id"], labels, grids[of], form))
        elif given["type"] == "table":
            written.append(_table(target, name, case["id"], given["value"] or []))
        else:
            scalars[name] = given["value"]
    for one in case.get("measured", []):
        if one["from"] in regions:
            scalars[one["field"]] = _measured(one["measure"], regions[one["from"]])
    return {"files": written, "scalars": scalars, "spacing": spacing, "faces": faces}


def _steps(labels: NDArray[np.uint8], spacing: Sequence[float]) -> tuple[float, ...]:
    """mm along the axes of a mask: rows and columns, or NIfTI's i, j, k. An image that tells no size counts in pixels."""
    row, column, deep = spacing or (1.0, 1.0, 1.0)
    return (row, column) if labels.ndim == 2 else (column, row, deep)


def _measured(measure: str, region: Region) -> float | None:
    """Surface (mm2), volume (mm3) or diameter (mm), by the same function that scores it."""
    taken = find("recist" if measure == "diameter" else measure).measure
    return taken(region) if taken else None


def _place_of(paths: Sequence[str], *, needs_volume: bool) -> Place | None:
    """Where an image's voxels lie. Radiographs, ultrasound and captures have no position: then by the pixels of one picture.

    None for what has no common grid at all (several pictures, frames, colour): it is delivered as it is, and can carry no mask.
    Raises FormatError where `needs_volume`.
    """
    ordered = sorted(paths)
    try:
        volume = read_series(ordered, whole=True, pixels=needs_volume)
    except FormatError:
        place = _flat(Path(ordered[0])) if len(ordered) == 1 else None
        if needs_volume and (place is None or place.volume is None):
            raise
        return place
    if len(ordered) == 1 and volume.array.shape[2] == 1:
        grid = read_grid(Path(ordered[0]).read_bytes(), Path(ordered[0]).name)
    else:
        grid = Grid(tuple(volume.array.shape), tuple(map(tuple, volume.affine.tolist())), tuple(volume.spacing))
    return Place(grid, volume, [float(volume.spacing[axis]) for axis in (1, 0, 2)])


def _without_values(place: Place) -> Place:
    """The place with zeros that take no memory."""
    if place.volume is None:
        return place
    return replace(place, volume=replace(place.volume, array=np.broadcast_to(np.int16(0), place.volume.array.shape)))


def _flat(path: Path) -> Place | None:
    """One picture without a position: rows and columns, mm between them where the file says so; grey ones as a volume too."""
    content = path.read_bytes()
    dataset = dicom.load(content, path.name)
    count, rows, columns, samples = dicom.layout(dataset, path.name)
    if count != 1:
        return None
    grid = Grid((rows, columns), None, read_grid(content, path.name).pixel_spacing)
    row, column = grid.spacing
    spacing = [row, column, 1.0] if grid.pixel_spacing else []
    if samples != 1:
        return Place(grid, None, spacing)
    plane = rescaled(dataset, next(dicom.frames(dataset, path.name)), path.name)
    return Place(grid, Volume(plane.T[:, :, None], np.diag([column, row, 1.0, 1.0]), (column, row, 1.0)), spacing)


def _place(target: Path, relative: str) -> Path:
    path = target / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


# --- images ----------------------------------------------------------------------------------------------------------


def _dicom(
    target: Path, image: str, case: Mapping[str, Any], paths: Sequence[str], key: bytes, face: Faces
) -> list[str]:
    """Every slice with its pixels untouched but for a face to be blanked, under the case's public id and with UIDs of this batch
    alone."""
    written = []
    read = ((dcmread(path), face.cuts.get(path)) for path in paths)
    ordered = sorted(read, key=lambda pair: (_number(pair[0]), str(pair[0].SOPInstanceUID)))
    for number, (dataset, cut) in enumerate(ordered):
        if cut is not None:
            blank_slice(dataset, cut, image)
        relative = f"{image}/{case['id']}/{number:04d}.dcm"
        _rename(dataset, case, key)
        dataset.save_as(_place(target, relative), enforce_file_format=True)
        written.append(relative)
    return written


def _number(dataset: Dataset) -> float:
    position, orientation = dataset.get("ImagePositionPatient"), dataset.get("ImageOrientationPatient")
    if position and orientation:
        normal = np.cross(np.array(orientation[:3], float), np.array(orientation[3:], float))
        return float(np.dot(normal, np.array(position, float)))
    return float(dataset.get("InstanceNumber") or 0)


def _rename(dataset: Dataset, case: Mapping[str, Any], key: bytes) -> None:
    def renew(_dataset: Dataset, element: DataElement) -> None:
        if element.VR == "UI" and element.value:
            many = element.value if not isinstance(element.value, str) else [element.value]
            new = [_uid(key, str(uid)) for uid in many]
            element.value = new if len(new) > 1 else new[0]

    dataset.walk(renew)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.PatientID = case["group"] or case["id"]
    dataset.PatientName = case["id"]
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


def _write_nifti(path: Path, array: Any, affine: Any) -> None:
    """Compressed without a time or a name inside, so that the same voxels are the same bytes."""
    try:
        image = nib.Nifti1Image(array, np.asarray(affine, float))
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

    def write(self, piece: Any) -> int:
        self._target.write(self._packer.compress(piece))
        self._written += len(memoryview(piece).cast("B"))
        return len(piece)

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


def _labels(name: str, given: Mapping[str, Any], place: Place | None) -> NDArray[np.uint8]:
    """The mask on its image's grid, whatever axes its author's program used."""
    if place is None:
        raise refuse("geometry_mismatch", name, GRID_MISSING, name=name)
    values = tuple(given["values"]) if len([v for v in given["values"] if v]) > 1 else None
    masks = read_mask(Path(given["path"]).read_bytes(), place.grid, values, name)
    labels: NDArray[np.uint8] | None = None
    for label, mask in masks.items():
        dense = mask.placed(None).dense()
        if labels is None:  # in the mask's own order in memory: writing across it costs ten times as much
            labels = np.zeros_like(dense, np.uint8)
        np.copyto(labels, np.uint8(label), where=dense)
    assert labels is not None  # a mask file has at least one
    return labels.reshape(place.grid.shape)


def _mask(target: Path, name: str, case_id: str, labels: NDArray[np.uint8], place: Place, form: str) -> str:
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
        assert place.volume is not None  # a mask in three dimensions lies on a volume
        _write_nifti(path, labels, place.volume.affine)
    return relative


def _table(target: Path, name: str, case_id: str, rows: Sequence[Mapping[str, Any]]) -> str:
    relative = f"{name}/{case_id}.csv"
    text = io.StringIO()
    columns = sorted({column for row in rows for column in row})
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _place(target, relative).write_text(text.getvalue(), encoding="utf-8")
    return relative
