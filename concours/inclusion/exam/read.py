"""Reads one de-identified exam into facts. Meant to run in a limited child process: JSON-able values in and out."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from concours.formats.stored import Stored, whole
from concours.imaging.assemble import normal_of, order_of
from concours.imaging.header import frame_groups, number, plain, vector
from concours.inclusion.exam.annotation import read_field
from concours.inclusion.exam.budget import PixelsError
from concours.inclusion.exam.facts import Damage, ExamFacts, PixelFacts, SeriesFacts, SliceFacts
from concours.inclusion.exam.given import GivenField, given_fields
from concours.inclusion.exam.header import GEOMETRY, KEYWORDS, header_of, split_common
from concours.inclusion.exam.perceptual import hash_thumbnails, thumbnail
from concours.inclusion.exam.pixels import jump_of, measure
from concours.inclusion.exam.source import ExamFile, frames_of, open_source

CLOSELY = 12  # slices of a series on which noise and ghosting are measured, evenly spread
SAMPLED = 64  # slices of a series from which percentiles are taken
PERCENTILES = (0.1, 1, 50, 99, 99.9)


@dataclass(frozen=True)
class _ReadFrame:
    source: ExamFile
    facts: SliceFacts
    header: dict[str, Any]


def read_exam_json(
    images: Mapping[str, Sequence[Mapping[str, Any]]], fields: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Like `read_exam`, with JSON-able values in and out: what the limited child runs. Raises DamagedStoreError."""
    return read_exam(
        {name: [Stored.from_json(file).check() for file in files] for name, files in images.items()},
        given_fields(fields),
    ).to_json()


def read_exam(images: Mapping[str, Sequence[Stored | Path]], fields: Mapping[str, GivenField]) -> ExamFacts:
    """Return the facts of one exam.

    `images` maps each image that the question declares to its de-identified DICOM files, or where in another file they
    lie (any order, none when nothing was sent). `fields` maps each field that the question declares to what was sent for
    it. Nothing that a file holds makes this raise: a damaged file becomes a `Damage` under its own (our) name.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns of each odd value; the criteria say it in words
        series: list[SeriesFacts] = []
        damaged: list[Damage] = []
        for image, files in images.items():
            image_series, broken = _read_image(image, files)
            series += image_series
            damaged += broken
        exam = ExamFacts(tuple(images), tuple(series), {}, tuple(damaged))
        read = {name: read_field(name, sent, exam) for name, sent in fields.items()}
    return replace(exam, fields=read)


def _read_image(image: str, files: Sequence[Stored | Path]) -> tuple[list[SeriesFacts], list[Damage]]:
    by_series: dict[str, list[_ReadFrame]] = {}
    damaged: list[Damage] = []
    remembered: dict[Hashable, tuple[str, Any]] = {}
    for file in sorted(files, key=lambda place: (place.path, place.name) if isinstance(place, Stored) else (place, "")):
        name = PurePosixPath(file.name).name
        try:
            source = open_source(file if isinstance(file, Stored) else whole(file))
            frames, uid = _frames(source, remembered), str(source.header.get("SeriesInstanceUID", ""))
        except PixelsError as error:
            damaged.append(Damage(name, error.reason, error.what))
        except OSError:
            damaged.append(Damage(name, "unreadable_file", "the file cannot be opened"))
        except Exception as error:  # pydicom converts an element when it is asked for, and raises almost anything
            damaged.append(Damage(name, "unreadable_file", f"the header cannot be read: {type(error).__name__}"))
        else:
            by_series.setdefault(uid, []).extend(frames)
    return [_series(image, uid, frames) for uid, frames in by_series.items()], damaged


def _frames(source: ExamFile, remembered: dict[Hashable, tuple[str, Any]]) -> list[_ReadFrame]:
    dataset = source.header
    top = header_of(dataset, remembered)
    top |= {name: plain(dataset.get(name)) for name in GEOMETRY}
    if top["PixelSpacing"] is None:
        # Projection images state it at the detector (PS3.3 10.7.1.3).
        top["PixelSpacing"] = plain(dataset.get("ImagerPixelSpacing"))
    groups = frame_groups(dataset, KEYWORDS | set(GEOMETRY), source.claim.frames)
    frames = []
    for n in range(source.claim.frames):
        header = {**top, **(groups[min(n, len(groups) - 1)] if groups else {})}
        geometry = {name: header.pop(name) for name in GEOMETRY}
        is_placed = n < len(groups) or source.claim.frames == 1
        facts = SliceFacts(
            instance=PurePosixPath(source.file.name).name,
            frame=n,
            position=vector(geometry["ImagePositionPatient"], 3) if is_placed else None,
            orientation=vector(geometry["ImageOrientationPatient"], 6) if is_placed else None,
            pixel_spacing=vector(geometry["PixelSpacing"], 2),
            thickness=number(header, "SliceThickness"),
            rows=source.claim.rows,
            columns=source.claim.columns,
        )
        frames.append(_ReadFrame(source, facts, header))
    return frames


def _series(image: str, uid: str, frames: list[_ReadFrame]) -> SeriesFacts:
    frames = _in_order(frames)
    measured = _Measured(frames)
    damaged = measured.run()
    bad = {damage.name for damage in damaged}
    common, own = split_common([frame.header for frame in frames])
    slices = tuple(
        replace(frame.facts, header=header, pixels=measured.pixels.get(n))
        for n, (frame, header) in enumerate(zip(frames, own, strict=True))
        if frame.facts.instance not in bad
    )
    return SeriesFacts(
        image=image,
        uid=uid,
        header=common,
        slices=slices,
        damaged=tuple(damaged),
        percentiles=measured.percentiles(),
        perceptual_hash=measured.hash(),
    )


def _in_order(frames: list[_ReadFrame]) -> list[_ReadFrame]:
    """Sort by position, else by InstanceNumber."""
    order = order_of([frame.facts.placed(frame.header) for frame in frames])
    if order is not None:
        return [frames[n] for n in order]
    return sorted(
        frames, key=lambda read: (number(read.header, "InstanceNumber") or 0, read.facts.instance, read.facts.frame)
    )


class _Measured:
    """One pass over the pixels of a series in the order of its slices, one decoded frame in memory at a time."""

    def __init__(self, frames: list[_ReadFrame]) -> None:
        self.frames = frames
        self.pixels: dict[int, PixelFacts] = {}
        self.thumbnails: dict[int, np.ndarray] = {}
        self.samples: list[np.ndarray] = []

    def run(self) -> list[Damage]:
        count = len(self.frames)
        closely = set(np.linspace(0, count - 1, min(count, CLOSELY)).astype(int).tolist())
        sampled = set(np.linspace(0, count - 1, min(count, SAMPLED)).astype(int).tolist())
        places: dict[Stored, dict[int, int]] = {}
        for n, frame in enumerate(self.frames):
            places.setdefault(frame.source.file, {})[frame.facts.frame] = n
        damaged = []
        for place, numbers in places.items():
            source = self.frames[next(iter(numbers.values()))].source
            try:
                for number_in_file, stored in enumerate(frames_of(source)):
                    n = numbers[number_in_file]
                    self._measure(n, stored, n in closely, n in sampled)
            except PixelsError as error:
                damaged.append(Damage(PurePosixPath(place.name).name, error.reason, error.what))
                for n in numbers.values():
                    self.pixels.pop(n, None)
                    self.thumbnails.pop(n, None)
        self._jumps()
        return damaged

    def _measure(self, n: int, stored: np.ndarray, closely: bool, sampled: bool) -> None:
        frame = self.frames[n]
        if stored.dtype.kind == "f" and not np.isfinite(stored).all():
            raise PixelsError("corrupt_pixels", "the pixels hold values that are no numbers")
        slope = number(frame.header, "RescaleSlope")
        slope = 1.0 if slope is None else slope
        intercept = number(frame.header, "RescaleIntercept") or 0.0
        padding = number(frame.header, "PixelPaddingValue")
        modality = str(frame.header.get("Modality", ""))
        self.pixels[n] = measure(stored, slope, intercept, padding, modality, closely)
        self.thumbnails[n] = _upright(thumbnail(stored) * slope + intercept, frame.facts)
        if sampled:
            step = max(1, min(stored.shape) // 128)
            some = stored[::step, ::step].ravel()
            some = some if padding is None else some[some != padding]
            self.samples.append(some.astype(np.float32) * np.float32(slope) + np.float32(intercept))

    def _jumps(self) -> None:
        for n in sorted(self.thumbnails):
            if n - 1 in self.thumbnails and n + 1 in self.thumbnails:
                jump = jump_of(self.thumbnails[n - 1], self.thumbnails[n], self.thumbnails[n + 1])
                self.pixels[n] = replace(self.pixels[n], jump=jump)

    def percentiles(self) -> dict[str, float]:
        values = np.concatenate(self.samples) if self.samples else np.empty(0)
        if not values.size:
            return {}
        return {f"{q:g}": float(v) for q, v in zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True)}

    def hash(self) -> str:
        """Over the slices in the direction of growing coordinates, so that a series stored the other way round hashes alike."""
        if not self.thumbnails:
            return ""
        order = sorted(self.thumbnails)
        orientation = self.frames[0].facts.orientation
        normal = np.zeros(3) if orientation is None else normal_of(orientation)
        if normal[int(np.argmax(np.abs(normal)))] < 0:
            order.reverse()
        return f"{hash_thumbnails(np.stack([self.thumbnails[n] for n in order])):064x}"


def _upright(small: np.ndarray, facts: SliceFacts) -> np.ndarray:
    """Flip a thumbnail so that rows and columns run towards larger coordinates: a mirrored copy hashes alike."""
    if facts.orientation is None:
        return small
    along, down = np.asarray(facts.orientation[:3]), np.asarray(facts.orientation[3:])
    small = small[:, ::-1] if along[int(np.argmax(np.abs(along)))] < 0 else small
    return small[::-1] if down[int(np.argmax(np.abs(down)))] < 0 else small
