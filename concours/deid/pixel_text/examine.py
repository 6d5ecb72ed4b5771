"""Reads the writing in pixels of one object: which frames, what was found, and the pixels with identity blanked."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from concours.deid import objects, tags
from concours.deid.decode import LOSSLESS, REENCODED, PixelLayout, decode_frames, encode_frames
from concours.deid.header import ElementHeader
from concours.deid.objects import Kind
from concours.deid.pixel_text.blanking import blank
from concours.deid.pixel_text.box import TextBox
from concours.deid.pixel_text.find import find_text
from concours.deid.pixel_text.frames import examine_frames
from concours.deid.pixel_text.interface import Examined
from concours.deid.pixel_text.policy import plan_examination
from concours.deid.pixel_text.ultrasound import UltrasoundRegion, banner_boxes
from concours.deid.pixel_text.wording import cut_short, plain_letters, resembles_known
from concours.deid.pixels import Masker, PixelModule
from concours.deid.refusal import FileRefusedError
from concours.deid.source import OpenedFile
from concours.deid.subject import Subject
from concours.deid.tokens import NotPlain, encode, items
from concours.formats.child import ChildFailedError, ChildLimits, ChildLostError, run_limited
from concours.formats.fault import FormatError

MAX_EXAMINED = 256 << 20
"""An image that decodes to more than this is not examined but goes to a person."""
_CHILD = ChildLimits(memory_bytes=2 << 30, cpu_seconds=60)


class PixelExaminer:
    """Examines objects; remembers which series it has sampled. `decode_here` skips the child process (for tests on trusted
    files).
    """

    def __init__(self, *, decode_here: bool = False, find: Callable[..., list[TextBox]] | None = None) -> None:
        self._series: set[str] = set()
        self._decode_here = decode_here
        self._find = find

    def start_afresh(self) -> None:
        """Forgets the series seen, so that a batch of files gives the same result whoever works on it."""
        self._series.clear()

    def __call__(
        self, source: OpenedFile, header: ElementHeader, kind: Kind, module: PixelModule, subject: Subject
    ) -> Examined:
        """What is written in the pixels of one object, and its pixels with identity blanked."""
        series = header.text(tags.SeriesInstanceUID)
        claimed = header.text(tags.BurnedInAnnotation) == "YES"
        captured = "SCREEN SAVE" in header.values(tags.ImageType) or claimed
        plan = plan_examination(
            sop_class=header.text(tags.SOPClassUID),
            modality=header.text(tags.Modality),
            frames=module.frames,
            first_of_series=series not in self._series,
            derived_secondary=captured,
        )
        self._series.add(series)
        if not plan.frames:
            return Examined()
        if module.bytes_expected // module.frames * len(plan.frames) > MAX_EXAMINED:
            return Examined(review=kind is Kind.TEXT_IN_PIXELS or claimed)
        frames = self._frames(source, header, module, plan.frames)
        photometric = frames[0][1]
        examination = examine_frames(
            ((index, frame) for index, (frame, _) in zip(plan.frames, frames, strict=True)),
            photometric=photometric,
            identifiers=subject.identifiers.readable,
        )
        boxes = _in_banner(examination.boxes, header, module, source.explicit)
        decision = plan.decide(boxes)
        reported = [box.as_report() for box in boxes if box.verdict != "marker"]
        examined = Examined(examined=examination.frames_examined, boxes=reported)
        if decision == "review":
            return replace(examined, review=True)
        if decision == "clean":
            return replace(examined, boxes=[], clean=kind is Kind.TEXT_IN_PIXELS)
        identifiers = subject.identifiers.readable
        return self._blanked(
            examined, boxes, frames, _value(source, module), source, header, module, photometric, identifiers
        )

    def _frames(
        self, source: OpenedFile, header: ElementHeader, module: PixelModule, indexes: Sequence[int]
    ) -> list[tuple[NDArray[np.generic], str]]:
        if source.transfer_syntax in objects.NATIVE:
            return [(_native_frame(source, module, header, index), module.photometric) for index in indexes]
        arguments = (_value(source, module), source.transfer_syntax, _layout(module, header).to_json(), list(indexes))
        try:
            if self._decode_here:
                return decode_frames(*arguments)
            decoded = run_limited("concours.deid.decode:decode_frames", *arguments, limits=_CHILD)
        except ChildLostError:
            raise  # nothing is known of the file
        except (FormatError, ChildFailedError, ValueError, MemoryError):
            raise FileRefusedError("corrupt_pixels", "The compressed frames cannot be decoded.") from None
        return [(np.asarray(frame), str(photometric)) for frame, photometric in decoded]

    def _blanked(
        self,
        examined: Examined,
        boxes: list[TextBox],
        frames: list[tuple[NDArray[np.generic], str]],
        pixels: bytes,
        source: OpenedFile,
        header: ElementHeader,
        module: PixelModule,
        photometric: str,
        identifiers: Sequence[str],
    ) -> Examined:
        """The object with identity blanked; to a person where its frames cannot be edited without loss elsewhere."""
        native = source.transfer_syntax in objects.NATIVE
        if (
            not (native or source.transfer_syntax in LOSSLESS)
            or module.allocated == 1
            or module.photometric == "YBR_FULL_422"
        ):
            return replace(examined, review=True)
        edited = {
            index: blank(frame, [box for box in boxes if box.frame == index], photometric=photometric)
            for index, (frame, _) in enumerate(frames)
            if any(box.frame == index and box.verdict == "identity" for box in boxes)
        }
        if (
            not any(
                resembles_known(plain_letters(box.text), identifiers) for box in boxes
            )  # whose, then? a person has to say
            or any(cut_short(box.text, identifiers) for box in boxes)
            or self._still_legible(edited, photometric, identifiers)
        ):
            return replace(examined, review=True)
        examined = replace(examined, clean=True, frames=tuple(edited))
        if native:
            value = _with_native_frames(pixels, module, header, edited)
            return replace(examined, pixels=_lengthed(value), pixel_vr=source.place.vr if source.place else b"OW")
        if module.samples == 1 and source.transfer_syntax in REENCODED:
            value = self._encoded(pixels, source.transfer_syntax, _layout(module, header), edited)
            return replace(
                examined, pixels=b"\xff\xff\xff\xff" + value, pixel_vr=b"OB", transfer_syntax=source.transfer_syntax
            )
        return _uncompressed(
            examined, [edited.get(index, frame) for index, (frame, _) in enumerate(frames)], photometric, module
        )

    def _still_legible(
        self, edited: dict[int, NDArray[np.generic]], photometric: str, identifiers: Sequence[str]
    ) -> bool:
        """Whether a second reading of the edited frames finds anything but markers; frames with equal pixels are read once."""
        different = {frame.tobytes(): (index, frame) for index, frame in edited.items()}
        return any(
            box.verdict != "marker"
            for index, frame in different.values()
            for box in (self._find or find_text)(frame, photometric=photometric, identifiers=identifiers, frame=index)
        )

    def _encoded(
        self, pixels: bytes, syntax: str, layout: PixelLayout, edited: dict[int, NDArray[np.generic]]
    ) -> bytes:
        arguments = (pixels, syntax, layout.to_json(), {str(index): frame for index, frame in edited.items()})
        try:
            if self._decode_here:
                return encode_frames(*arguments)
            return bytes(run_limited("concours.deid.decode:encode_frames", *arguments, limits=_CHILD))
        except ChildLostError:
            raise  # nothing is known of the file
        except (FormatError, ChildFailedError, ValueError, MemoryError):
            raise FileRefusedError("corrupt_pixels", "The compressed frames cannot be edited.") from None


def _value(source: OpenedFile, module: PixelModule) -> bytes:
    """The bytes of the pixel data, in memory: examined objects are small enough for that."""
    place = source.place
    if place is None:
        raise FileRefusedError("no_pixels", "The image has no pixel data.")
    length = place.length if place.encapsulated else module.bytes_expected
    if place.length < length:
        raise FileRefusedError(
            "corrupt_pixels", "The pixel data are shorter than the rows, columns and frames declare."
        )
    return os.pread(source.fd, length, place.offset) if source.pixel_buffer is None else source.pixel_buffer[:length]


def _layout(module: PixelModule, header: ElementHeader) -> PixelLayout:
    return PixelLayout(
        rows=module.rows,
        columns=module.columns,
        samples_per_pixel=module.samples,
        bits_allocated=module.allocated,
        bits_stored=module.stored,
        pixel_representation=int(module.signed),
        number_of_frames=module.frames,
        photometric_interpretation=module.photometric,
        planar_configuration=header.number(tags.PlanarConfiguration, 0),
    )


def _native_frame(source: OpenedFile, module: PixelModule, header: ElementHeader, index: int) -> NDArray[np.generic]:
    """One frame of uncompressed pixel data as (rows, columns[, samples]); only its own bytes are read."""
    shape = (module.rows, module.columns)
    if module.allocated == 1:
        bits = np.unpackbits(np.frombuffer(_value(source, module), np.uint8), bitorder="little")
        area = shape[0] * shape[1]
        return bits[index * area : (index + 1) * area].reshape(shape) * np.uint8(255)
    size = module.bytes_expected // module.frames
    offset = (source.place.offset if source.place else 0) + index * size
    data = os.pread(source.fd, size, offset)
    if len(data) != size:
        raise FileRefusedError(
            "corrupt_pixels", "The pixel data are shorter than the rows, columns and frames declare."
        )
    kind = np.dtype(f"<{'i' if module.signed else 'u'}{module.allocated // 8}")
    words = np.frombuffer(Masker(module).clean(data) or data, kind)
    if module.photometric == "YBR_FULL_422":
        return words.reshape(shape[0], -1, 4)[:, :, :2].reshape(shape)  # the luminances: writing shows there
    if module.samples == 1:
        return words.reshape(shape)
    if header.number(tags.PlanarConfiguration, 0) == 1:
        return words.reshape(module.samples, *shape).transpose(1, 2, 0)
    return words.reshape(*shape, module.samples)


def _with_native_frames(
    pixels: bytes, module: PixelModule, header: ElementHeader, edited: dict[int, NDArray[np.generic]]
) -> bytes:
    result = bytearray(pixels)
    size = module.bytes_expected // module.frames
    planar = module.samples > 1 and header.number(tags.PlanarConfiguration, 0) == 1
    for index, frame in edited.items():
        stored = frame.transpose(2, 0, 1) if planar else frame
        result[index * size : (index + 1) * size] = np.ascontiguousarray(stored).tobytes()
    return Masker(module).clean(bytes(result)) or bytes(result)


def _uncompressed(
    examined: Examined, frames: list[NDArray[np.generic]], photometric: str, module: PixelModule
) -> Examined:
    """Every frame as decoded, in explicit little endian: the syntax has no encoder here, and no value changes."""
    value = b"".join(np.ascontiguousarray(frame).tobytes() for frame in frames)
    overrides = [
        (
            tags.PhotometricInterpretation,
            encode(tags.PhotometricInterpretation, b"CS", photometric.encode("ascii"), True),
        )
    ]
    if module.samples > 1:
        overrides.append((tags.PlanarConfiguration, encode(tags.PlanarConfiguration, b"US", b"\0\0", True)))
    return replace(
        examined,
        pixels=_lengthed(value),
        pixel_vr=b"OB" if module.allocated == 8 else b"OW",
        transfer_syntax=objects.LITTLE_EXPLICIT,
        overrides=overrides,
    )


def _lengthed(value: bytes) -> bytes:
    value += b"\0" if len(value) & 1 else b""
    return len(value).to_bytes(4, "little") + value


def _in_banner(boxes: list[TextBox], header: ElementHeader, module: PixelModule, explicit: bool) -> list[TextBox]:
    """Uncertain writing in the band above the regions of an ultrasound image counts as identity: names stand there."""
    token = header.tokens.get(tags.SequenceOfUltrasoundRegions)
    if token is None:
        return boxes
    try:
        parsed = items(token.value, explicit and token.vr != b"UN", _REGION_VRS, 1)
    except NotPlain:
        return boxes
    regions = []
    for item in parsed:
        corners = {t.tag: int.from_bytes(t.value, "little") for t in item if len(t.value) == 4}
        if all(tag in corners for tag in _CORNERS):
            regions.append(UltrasoundRegion(*(corners[tag] for tag in _CORNERS)))
    bands = banner_boxes(module.rows, module.columns, regions)
    return [
        replace(box, verdict="identity")
        if box.verdict == "uncertain" and any(box.y1 <= band.y1 + 2 for band in bands)
        else box
        for box in boxes
    ]


_CORNERS = (tags.RegionLocationMinX0, tags.RegionLocationMinY0, tags.RegionLocationMaxX1, tags.RegionLocationMaxY1)
_REGION_VRS = dict.fromkeys(_CORNERS, (b"UL",))
