"""Runs in a limited child: what DICOMweb says of instances, and their frames. Plain: places in, JSON and bytes out."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import generate_frames

from concours.formats.fault import gettext_noop, refuse
from concours.formats.stored import Stored
from concours.inclusion.exam.source import frames_of, open_source

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
BULK_BYTES = 4096  # a longer value is left out of the metadata
NO_FRAME = gettext_noop("%(name)s has no such frame.")
FULL = 255.0
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def read_metadata(files: list[dict[str, Any]], keywords: list[str]) -> list[dict[str, Any]]:
    """The DICOM JSON model (PS3.18 annex F) of each instance without its pixels; of these keywords alone where there are any."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_metadata(Stored.from_json(file), keywords) for file in files]


def _metadata(place: Stored, keywords: list[str]) -> dict[str, Any]:
    with place.open() as source:
        dataset = dcmread(source, stop_before_pixels=True, specific_tags=keywords or None)
    chosen = Dataset()
    for element in dataset:
        if element.VR not in ("OB", "OW", "OD", "OF", "OL", "OV", "UN") or len(element.value or b"") <= BULK_BYTES:
            chosen.add(element)
    document: dict[str, Any] = chosen.to_json_dict()
    if not keywords:
        document["00083002"] = {"vr": "UI", "Value": [str(dataset.file_meta.TransferSyntaxUID)]}
    return document


def read_frames(file: dict[str, Any], numbers: list[int]) -> dict[str, Any]:
    """`{"syntax", "frames"}`: the bytes of these frames (from 1) as they are stored. Raises FormatError."""
    place = Stored.from_json(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with place.open() as source:
            dataset = dcmread(source)
        keyword = next((name for name in PIXELS if name in dataset), "")
        count = int(dataset.get("NumberOfFrames") or 1)
        if not keyword or any(not 1 <= number <= count for number in numbers):
            raise refuse("unreadable_file", place.name, NO_FRAME, name=place.name)
        frames = _stored_frames(dataset, keyword, count)
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    return {"syntax": syntax, "frames": [frames[number - 1] for number in numbers]}


def _stored_frames(dataset: FileDataset, keyword: str, count: int) -> list[bytes]:
    raw = dataset[keyword].value
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return [bytes(frame) for frame in generate_frames(raw, number_of_frames=count)]
    bits = (
        int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel") or 1) * int(dataset.BitsAllocated)
    )
    size = bits // 8
    return [bytes(raw[n * size : (n + 1) * size]) for n in range(count)]


def render(file: dict[str, Any], number: int, form: str) -> bytes:
    """Frame `number` (from 1) as a JPEG or PNG (`form`), in the window of its header or of its values. Raises FormatError."""
    place = Stored.from_json(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = open_source(place)
        frame = next((frame for n, frame in enumerate(frames_of(source), 1) if n == number), None)
    if frame is None:
        raise refuse("unreadable_file", place.name, NO_FRAME, name=place.name)
    header = source.header
    values = frame.astype(np.float32) * float(header.get("RescaleSlope") or 1) + float(
        header.get("RescaleIntercept") or 0
    )
    low, high = _window(header, values)
    grey = np.clip((values - low) / max(high - low, 1e-6), 0, 1) * FULL
    if str(header.get("PhotometricInterpretation")) == "MONOCHROME1":
        grey = FULL - grey
    target = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(target, form, quality=90)
    return target.getvalue()


def _window(header: Dataset, values: np.ndarray) -> tuple[float, float]:
    """The ends of the first window that the header names, else the 1st and 99th percentile."""
    try:
        centre, width = (np.atleast_1d(header.get(name)).astype(float)[0] for name in ("WindowCenter", "WindowWidth"))
        if width > 0:
            return float(centre - width / 2), float(centre + width / 2)
    except (TypeError, ValueError):
        pass
    low, high = np.percentile(values, (1, 99))
    return float(low), float(high)
