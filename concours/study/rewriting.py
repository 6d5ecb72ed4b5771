"""Runs in a limited child: headers of an exam's files, and pieces of one acquisition written as one series. Plain: paths in."""

from __future__ import annotations

import warnings
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from pydicom import dcmread

from concours.formats.stored import Stored
from concours.study.dicom_header import READ_ERRORS
from concours.study.joining import SAME, SlicePiece
from concours.study.splitting import ACQUISITION

TAGS = [
    *SAME,
    *ACQUISITION,
    *("SeriesInstanceUID", "SeriesNumber", "NumberOfFrames", "Rows", "Columns", "PixelSpacing", "FrameOfReferenceUID"),
    *("ImagePositionPatient", "ImageOrientationPatient", "SliceThickness"),
]
GRID = ("Rows", "Columns", "PixelSpacing")
LOOK = (*SAME, "Rows", "Columns", "PixelSpacing", "FrameOfReferenceUID", "SliceThickness")


def read_pieces(files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`SlicePiece` of each file as JSON; the series of a file that cannot be read is that of its folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [asdict(_piece(Stored.from_json(file))) for file in files]


def _piece(place: Stored) -> SlicePiece:
    folder = PurePosixPath(place.name).parent.name
    try:
        with place.open() as source:
            header = dcmread(source, stop_before_pixels=True, specific_tags=TAGS)
        position, orientation = (
            _vector(header.get(name)) for name in ("ImagePositionPatient", "ImageOrientationPatient")
        )
        look = tuple(str(header.get(name, "")) for name in LOOK)
        frames = int(header.get("NumberOfFrames") or 1)
        number = str(header.get("SeriesNumber", ""))
        grid = tuple(str(header.get(name, "")) for name in GRID)
        acquisition = {name: str(header.get(name)) for name in ACQUISITION if name in header}
        return SlicePiece(place.name, folder, frames, position, orientation, look, number, grid, acquisition)
    except READ_ERRORS:
        return SlicePiece(place.name, folder, 1, None, None, ())


def _vector(value: Any) -> tuple[float, ...] | None:
    return tuple(float(number) for number in value) if value else None


def write_as_one_series(files: list[dict[str, Any]], uid: str, into: str) -> None:
    """Writes each file into the folder `into` as `000000.dcm`, … with the series UID `uid`. Pixels stay as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for number, file in enumerate(files):
            with Stored.from_json(file).open() as source:
                dataset = dcmread(source)
            dataset.SeriesInstanceUID = uid
            dataset.save_as(Path(into) / f"{number:06d}.dcm", enforce_file_format=True)
