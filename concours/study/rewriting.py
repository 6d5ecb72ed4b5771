"""Runs in a limited child: headers of an exam's files, pieces of one acquisition written as one series, and frames of an object
written as one of their own. Plain: paths in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID

from concours.formats import dicom
from concours.formats.fault import gettext_noop, refuse
from concours.formats.stored import Stored
from concours.imaging.header import frame_groups, plain, vector
from concours.study.dicom_header import READ_ERRORS
from concours.study.joining import SAME, SlicePiece
from concours.study.splitting import ACQUISITION, DIMENSION

TAGS = [
    *SAME,
    *ACQUISITION,
    *("SeriesInstanceUID", "SeriesNumber", "NumberOfFrames", "Rows", "Columns", "PixelSpacing", "FrameOfReferenceUID"),
    *("ImagePositionPatient", "ImageOrientationPatient", "SliceThickness"),
]
GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
INDICES = "DimensionIndexValues"
PLACE = ("ImagePositionPatient", "ImageOrientationPatient")
OF_FRAMES = frozenset((*ACQUISITION, *PLACE, "PixelSpacing", INDICES))
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
NO_FRAMES = gettext_noop("%(name)s: the file does not hold the frames that its header names.")
GRID = ("Rows", "Columns", "PixelSpacing")
LOOK = (*SAME, "Rows", "Columns", "PixelSpacing", "FrameOfReferenceUID", "SliceThickness")


def read_pieces(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`SlicePiece` of each file, or of each frame where a multi-frame object says where its frames lie, as JSON.

    The series of a file that cannot be read is that of its folder.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [asdict(piece) for file in files for piece in _pieces(Stored.from_json(file))]


def _pieces(place: Stored) -> list[SlicePiece]:
    folder = PurePosixPath(place.name).parent.name
    try:
        with place.open() as source:
            header = dcmread(source, stop_before_pixels=True, specific_tags=[*TAGS, *GROUPS])
        return list(_read_pieces(header, place.name, folder))
    except READ_ERRORS:
        return [SlicePiece(place.name, folder, 1, None, None, ())]


def _read_pieces(header: Dataset, name: str, folder: str) -> Iterator[SlicePiece]:
    look = tuple(str(header.get(keyword, "")) for keyword in LOOK)
    number = str(header.get("SeriesNumber", ""))
    grid = tuple(str(header.get(keyword, "")) for keyword in GRID)
    acquisition = {keyword: str(header.get(keyword)) for keyword in ACQUISITION if keyword in header}
    count = int(header.get("NumberOfFrames") or 1)
    groups = frame_groups(header, OF_FRAMES, count) if GROUPS[1] in header else []
    if count == 1:
        own = {**{keyword: plain(header.get(keyword)) for keyword in PLACE}, **(groups[0] if groups else {})}
        values = acquisition | _acquisition_of(groups[0] if groups else {})
        yield SlicePiece(name, folder, 1, *_placed(own), look, number, grid, values)
        return
    if len(groups) < count:  # it does not say where its frames lie
        yield SlicePiece(name, folder, count, None, None, look, number, grid, acquisition)
        return
    for n, group in enumerate(groups[:count]):
        own_grid = (*grid[:2], str(group.get("PixelSpacing", grid[2])))
        values = acquisition | _acquisition_of(group)
        yield SlicePiece(name, folder, count, *_placed(group), look, number, own_grid, values, n)


def _placed(header: dict[str, Any]) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    return vector(header.get("ImagePositionPatient"), 3), vector(header.get("ImageOrientationPatient"), 6)


def _acquisition_of(group: dict[str, Any]) -> dict[str, str]:
    """What tells this frame from others: its functional groups, and its place in each declared dimension."""
    indices = group.get(INDICES)
    indices = indices if isinstance(indices, list) else [indices]
    return {name: str(group[name]) for name in ACQUISITION if group.get(name) is not None} | {
        f"{DIMENSION}{n}": str(index) for n, index in enumerate(indices, 1) if index is not None
    }


def write_as_one_series(files: list[dict[str, Any]], uid: str, into: str) -> None:
    """Writes each file into the folder `into` as `000000.dcm`, … with the series UID `uid`. Pixels stay as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, file in enumerate(files):
            with Stored.from_json(file).open() as source:
                dataset = dcmread(source)
            dataset.SeriesInstanceUID = uid
            dataset.save_as(Path(into) / f"{number:06d}.dcm", enforce_file_format=True)


def write_frames(file: dict[str, Any], frames: list[int], uid: str, path: str) -> None:
    """Writes these frames of a multi-frame object, in this order, as an object with the instance UID `uid`; nothing is decoded.

    Raises FormatError where the file does not hold them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Stored.from_json(file).open() as source:
            dataset = dcmread(source)
        name = PurePosixPath(path).name
        count = int(dataset.get("NumberOfFrames") or 1)
        try:
            _keep_frames(dataset, frames, count)
        except dicom.DICOM_ERRORS as error:
            raise refuse("corrupt_pixels", name, NO_FRAMES, name=name) from error
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
        dataset.save_as(path, enforce_file_format=True)


def _keep_frames(dataset: FileDataset, frames: Sequence[int], count: int) -> None:
    """Leave these frames alone: their functional groups and their pixels. Offset tables of the whole object are dropped."""
    groups = dataset.PerFrameFunctionalGroupsSequence
    keyword = next(element for element in PIXELS if element in dataset)
    raw = dataset[keyword].value
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        offsets = dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths")
        extended = None if None in offsets else offsets
        streams = list(generate_frames(raw, number_of_frames=count, extended_offsets=extended))
        dataset[keyword].value = encapsulate([streams[n] for n in frames])
        for name in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
            dataset.pop(name, None)
    else:
        bits = dataset.Rows * dataset.Columns * int(dataset.get("SamplesPerPixel") or 1) * dataset.BitsAllocated
        if bits % 8:
            raise ValueError("frames do not begin with a byte")
        size = bits // 8
        pixels = b"".join(raw[n * size : (n + 1) * size] for n in frames)
        if len(pixels) != size * len(frames):
            raise ValueError("the pixels are too few")
        dataset[keyword].value = pixels + b"\0" * (len(pixels) % 2)
    dataset.PerFrameFunctionalGroupsSequence = [groups[n] for n in frames]
    dataset.NumberOfFrames = len(frames)
