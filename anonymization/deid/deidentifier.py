"""De-identifies one file at a time: reads, decides, transforms, writes. The only module that puts the parts together."""

import contextlib
import filecmp
import os
import struct
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from anonymization.deid import objects
from anonymization.deid.charset import decoder, terms
from anonymization.deid.heads import may_show_face
from anonymization.deid.objects import Kind, kind_of
from anonymization.deid.pixels import (
    CHUNK,
    Masker,
    PixelModule,
    Segment,
    copy_range,
    encapsulated_segments,
    plan_native,
)
from anonymization.deid.refusal import RefusedError
from anonymization.deid.report import REFUSED, REVIEW, WRITTEN, FileReport
from anonymization.deid.rules import DEFAULT, load_profile, options_text
from anonymization.deid.source import Source, open_source, read_elements, read_meta, read_slowly
from anonymization.deid.subject import PATIENT_ID, all_identity_tags, gather
from anonymization.deid.tokens import NotPlain, Token, encode, encode_items
from anonymization.deid.transform import Outcome, Subject, Transform
from anonymization.deid.writing import Examined, Examiner, no_examiner
from formats.stored import Stored

IMPLEMENTATION_UID = b"2.25.336033018405573265211205640817211093612"
IMPLEMENTATION_NAME = b"CONCOURS"
METHOD = b"Concours, PS3.15 Annex E"
SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
OVERLAY_DATA = 0x3000
REMEMBERED_SUBJECTS = 16


class Deidentifier:
    """De-identifies DICOM files under one key, centre, profile and keep list. Not for use by several threads at once.

    `key`: at least 32 bytes (identity.parse_key reads a key file). `centre`: the name of the inclusion centre, or None, where the
    issuer of the patient's number stands for it. `options`: columns of PS3.15 Table E.1-1 (rules.OPTIONS). `keep`: DICOM
    keywords of the
    question (`deidentification.keep`). `known_people`, `known_identifiers`: what is known of the person elsewhere, removed
    from text too.
    `stale_before`: output files older than this (seconds since 1970) are an earlier run's and are replaced.
    `examine`: finds writing in pixels (writing.Examiner); without one every kind that may carry writing goes to a person.
    """

    def __init__(
        self,
        key: bytes,
        *,
        centre: str | None = None,
        options: Iterable[str] = DEFAULT,
        keep: Iterable[str] = (),
        known_people: Iterable[str] = (),
        known_identifiers: Iterable[str] = (),
        keep_weekday: bool = False,
        examine: Examiner = no_examiner,
        reader: str = "auto",
        stale_before: float = 0.0,
    ) -> None:
        if len(key) < 32:
            raise ValueError("The key is shorter than 32 bytes.")
        self._key = key
        self.centre = centre
        self.profile = load_profile(frozenset(options), tuple(keep))
        self._known = (tuple(known_people), tuple(known_identifiers))
        self._keep_weekday = keep_weekday
        self._examine = examine
        self._reader = reader
        self._stale_before = stale_before
        self._transforms: OrderedDict[tuple[object, ...], Transform] = OrderedDict()
        self._markers: dict[tuple[bool, bool], list[tuple[int, bytes]]] = {}
        self._made: set[str] = set()

    def __repr__(self) -> str:
        return "Deidentifier(…)"

    def deidentify_file(self, src: Path | str | Stored, dst_dir: Path | str) -> FileReport:
        """De-identifies `src` (a file, or a stretch of one) into `dst_dir/<study>/<series>/<sop>.dcm`, or below `dst_dir/review`.

        Never raises for what a file holds: what cannot be written is refused with a reason. Raises OSError where `dst_dir`
        cannot be written.
        """
        report = FileReport("", REFUSED)
        try:
            with open_source(src) as source:
                report.sha256 = source.sha256
                self._run(source, os.fspath(dst_dir), report)
        except RefusedError as refusal:
            report.outcome, report.reason, report.detail, report.output = REFUSED, refusal.reason, refusal.detail, ""
        except (struct.error, UnicodeError, RecursionError, MemoryError, ValueError, KeyError, IndexError, TypeError):
            report.outcome, report.reason, report.output = REFUSED, "unreadable_file", ""
            report.detail = "The file is damaged in a way that cannot be repaired."
        return report

    def _run(self, source: Source, dst: str, report: FileReport) -> None:
        start = read_meta(source)
        report.little_endian = source.transfer_syntax not in (objects.BIG_EXPLICIT, objects.DEFLATED)
        read_elements(source, self.profile.vrs, start, reader=self._reader)
        try:
            self._write(source, dst, report)
        except NotPlain:
            if not source.fast or self._reader == "bytes":
                raise RefusedError("unreadable_file", "A sequence is damaged and cannot be read.") from None
            read_slowly(source, self.profile.vrs)
            try:
                self._write(source, dst, report)
            except NotPlain:
                raise RefusedError("unreadable_file", "A sequence is damaged and cannot be read.") from None

    def _write(self, source: Source, dst: str, report: FileReport) -> None:
        report.fast_path = source.fast
        header = Header(source.tokens)
        sop_class = header.text(SOP_CLASS)
        kind = kind_of(sop_class)
        for tag, name in ((SOP_CLASS, "SOP class"), (SOP_INSTANCE, "SOP instance")):
            if not header.text(tag):
                raise RefusedError("missing_value", f"The UID of the {name} is missing.")
        if kind is Kind.REFUSED:
            raise RefusedError("unsupported_object", "This kind of object is not taken.")
        module = header.pixel_module() if kind in (Kind.IMAGE, Kind.TEXT_IN_PIXELS) else None
        if module is not None and source.place is None:
            raise RefusedError("no_pixels", "The image has no pixel data.")
        if source.place is not None and source.place.encapsulated != (source.transfer_syntax in objects.ENCAPSULATED):
            raise RefusedError("corrupt_pixels", "The pixel data are not of the transfer syntax that the file names.")
        if module is None:
            source.place = None  # pixels where the kind of object has none are not let through
        subject, transform = self._transform(source, header)
        examined = self._text_in_pixels(source, header, kind, module, subject)
        uids = self._uids(header, subject)
        extra = [*self._said(source.explicit, examined.clean), *examined.overrides]
        if examined.pixels is not None:
            extra += [(tag, b"") for tag in (0x7FE00001, 0x7FE00002)]  # offsets of frames that have moved
        if examined.clean:
            extra.append((0x00280301, encode(0x00280301, b"CS", b"NO", source.explicit)))
        for tag, uid in zip((STUDY, SERIES), uids, strict=False):
            if not header.text(tag):
                extra.append((tag, encode(tag, b"UI", uid.encode("ascii"), source.explicit)))
        reason = self._why_review(header, kind, examined)
        outcome = Outcome()
        encoded = transform.top(source.tokens, source.explicit, sorted(extra), outcome)
        reason = reason or ("residual_identifier" if outcome.text_dropped else "")
        report.actions = outcome.actions
        report.boxes, report.frames_examined, report.frames_blanked = (
            examined.boxes,
            examined.examined,
            len(examined.frames),
        )
        report.face_possible = header.face_possible(kind)
        report.outcome, report.reason = (REVIEW, reason) if reason else (WRITTEN, "")
        report.transfer_syntax = examined.transfer_syntax or source.transfer_syntax
        plan = _plan_pixels(source, module, examined)
        folder = f"{'review/' if reason else ''}{uids[0]}/{uids[1]}"
        report.primary = f"{folder}/{uids[2]}"
        try:
            report.output = self._put(
                dst, folder, uids[2], sop_class, encoded, source, module, plan, report.transfer_syntax
            )
        except FileExistsError:
            if "uids" in self.profile.options:
                raise RefusedError(
                    "duplicate_file", "Another file with the same SOP instance UID was written before."
                ) from None
            second = self._uid(subject, f"{header.text(SOP_INSTANCE)} {source.sha256}")
            extra.append((SOP_INSTANCE, encode(SOP_INSTANCE, b"UI", second.encode("ascii"), source.explicit)))
            encoded = transform.top(source.tokens, source.explicit, sorted(extra), outcome)
            outcome.actions[SOP_INSTANCE] = "uid replaced, a second object of the same uid"
            report.second_of_uid = True
            report.output = self._put(
                dst, folder, second, sop_class, encoded, source, module, plan, report.transfer_syntax
            )

    def _said(self, explicit: bool, pixels_clean: bool) -> list[tuple[int, bytes]]:
        key = (explicit, pixels_clean)
        if key not in self._markers:
            self._markers[key] = _markers(self.profile.options, explicit, pixels_clean)
        return self._markers[key]

    def _uids(self, header: "Header", subject: Subject) -> tuple[str, str, str]:
        """New UIDs of study, series and instance. A study or series without one gets it from the instance, and goes to a
        person.
        """
        instance = header.text(SOP_INSTANCE)
        series = header.text(SERIES) or f"series of {instance}"
        study = header.text(STUDY) or f"study of {series}"
        return self._uid(subject, study), self._uid(subject, series), self._uid(subject, instance)

    def _uid(self, subject: Subject, uid: str) -> str:
        if "uids" in self.profile.options:
            if not uid.replace(".", "").isdigit():
                raise RefusedError("unreadable_file", "A UID is not a UID.")
            return uid
        return subject.uid(uid.encode("latin_1")).decode("ascii")

    def _transform(self, source: Source, header: "Header") -> tuple[Subject, Transform]:
        """The transformation for this file's subject; files of one series share it and what it remembers."""
        wanted = all_identity_tags()
        parts: list[object] = [source.explicit]
        parts += [token[3] for token in source.tokens if token[0] in wanted or token[1] == b"PN"]
        if not header.bytes(PATIENT_ID):  # then the study stands for the person
            parts.append(header.bytes(STUDY))
        key = tuple(parts)
        transform = self._transforms.get(key)
        if transform is None:
            subject, characters = gather(
                source.tokens,
                source.explicit,
                self.profile.vrs,
                key=self._key,
                centre=self.centre,
                known_people=self._known[0],
                known_identifiers=self._known[1],
                keep_weekday=self._keep_weekday,
            )
            transform = self._transforms[key] = Transform(self.profile, subject, source.explicit, characters)
            if len(self._transforms) > REMEMBERED_SUBJECTS:
                self._transforms.popitem(last=False)
        else:
            self._transforms.move_to_end(key)
        return transform.subject, transform

    def _text_in_pixels(
        self, source: Source, header: "Header", kind: Kind, module: PixelModule | None, subject: Subject
    ) -> Examined:
        if module is None or source.place is None:
            return Examined()
        return self._examine(source, header, kind, module, subject)

    @staticmethod
    def _why_review(header: "Header", kind: Kind, examined: Examined) -> str:
        """The reason why a person must look at the file, or nothing."""
        if not (header.text(STUDY) and header.text(SERIES)) or (kind is Kind.TEXT_IN_PIXELS and header.names_nobody()):
            return "missing_value"
        if examined.review or header.drawn_overlay():
            return "burned_in_text"
        return "unsupported_object" if kind is Kind.WAVEFORM else ""

    def _put(
        self,
        dst: str,
        folder: str,
        instance: str,
        sop_class: str,
        encoded: list[bytes],
        source: Source,
        module: PixelModule | None,
        plan: "PixelPlan | None",
        transfer_syntax: str,
    ) -> str:
        """Writes one file and returns its path relative to `dst`. Raises FileExistsError where another file has that name."""
        place = f"{dst}/{folder}"
        if place not in self._made:
            os.makedirs(place, exist_ok=True)
            self._made.add(place)
        temporary = f"{place}/.{os.getpid()}.part"
        target = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            try:
                head = b"".join(
                    [_file_meta(sop_class, instance, transfer_syntax), *encoded, plan.head if plan else b""]
                )
                _write_all(target, head)
                _write_pixels(target, source, module, plan)
            finally:
                os.close(target)
            _publish(temporary, f"{place}/{instance}.dcm", self._stale_before)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        return f"{folder}/{instance}.dcm"


class Header:
    """What the engine itself reads of a data set, by tag."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = {token[0]: token for token in tokens}

    def bytes(self, tag: int) -> bytes:
        """The value without padding, or nothing."""
        token = self.tokens.get(tag)
        return token.value.strip(b" \0") if token is not None and not token.undefined else b""

    def text(self, tag: int) -> str:
        """A code, number or UID as text."""
        return self.bytes(tag).decode("ascii", "replace")

    def values(self, tag: int) -> list[str]:
        """The values of a code string."""
        return terms(self.bytes(tag))

    def number(self, tag: int, default: int | None = None) -> int:
        """An unsigned short. Raises RefusedError where it is missing or of another type."""
        token = self.tokens.get(tag)
        if token is None and default is not None:
            return default
        if token is None or len(token.value) != 2 or token.vr not in (b"US", b"UN"):
            raise RefusedError("no_pixels", "An attribute that describes the pixels is missing or has a wrong type.")
        return int.from_bytes(token.value, "little")

    def frames(self) -> int:
        """Number of frames, 1 where it is not given. Raises RefusedError where it is no number."""
        text = self.text(0x00280008)
        if not text:
            return 1
        if not text.isdigit() or not 0 < int(text) < 1 << 31:
            raise RefusedError("corrupt_pixels", "The number of frames is not a number.")
        return int(text)

    def pixel_module(self) -> PixelModule:
        """The description of the pixels. Raises RefusedError where it is incomplete or impossible."""
        allocated = 0
        is_float = 0x7FE00010 not in self.tokens and 0x00280101 not in self.tokens
        allocated = self.number(0x00280100)
        stored = allocated if is_float else self.number(0x00280101)
        module = PixelModule(
            rows=self.number(0x00280010),
            columns=self.number(0x00280011),
            samples=self.number(0x00280002, 1),
            allocated=allocated,
            stored=stored,
            high_bit=self.number(0x00280102, stored - 1 if stored else 0),
            signed=self.number(0x00280103, 0) == 1,
            frames=self.frames(),
            photometric=self.text(0x00280004),
        )
        possible = (
            allocated in (1, 8, 16, 32, 64) and 0 < stored <= allocated and stored - 1 <= module.high_bit < allocated
        )
        if not (possible and module.rows and module.columns and module.samples in (1, 3, 4)):
            raise RefusedError("corrupt_pixels", "The attributes that describe the pixels contradict each other.")
        return module

    def names_nobody(self) -> bool:
        """Whether neither number nor name says whose file it is: a capture like that cannot be told from another's."""
        return not self.bytes(0x00100020) and not self.bytes(0x00100010).strip(b"^ =")

    def drawn_overlay(self) -> bool:
        """Whether an overlay plane holds anything: it leaves with its group, and a person must know that it was there."""
        return any(
            tag >> 24 == 0x60 and tag & 0xFFFF == OVERLAY_DATA and any(token.value)
            for tag, token in self.tokens.items()
        )

    def face_possible(self, kind: Kind) -> bool:
        """Whether a volume of this kind may show a face when rendered: a head or neck in CT, MR or PET, or no word on the
        body part.
        """
        if kind is not Kind.IMAGE:
            return False
        decode = decoder(self.bytes(0x00080005))
        words = [decode(self.bytes(tag)) for tag in (0x00180015, 0x0008103E, 0x00081030, 0x00181030)]
        return may_show_face(self.text(0x00080060), words)


def _markers(options: frozenset[str], explicit: bool, pixels_clean: bool) -> list[tuple[int, bytes]]:
    """Elements that say that, and how, the file was de-identified (PS3.15 E.1.1); `pixels_clean`: every frame was examined
    for writing.
    """
    methods = options_text(options) + ([("113101", "Clean Pixel Data Option")] if pixels_clean else [])
    codes = [
        b"".join(
            encode(tag, vr, value.encode("ascii"), explicit)
            for tag, vr, value in ((0x00080100, b"SH", code), (0x00080102, b"SH", "DCM"), (0x00080104, b"LO", meaning))
        )
        for code, meaning in sorted(methods)
    ]
    markers = [
        (0x00120062, encode(0x00120062, b"CS", b"YES", explicit)),
        (0x00120063, encode(0x00120063, b"LO", METHOD, explicit)),
        (0x00120064, encode_items(0x00120064, codes, explicit)),
    ]
    if "moddates" in options:
        markers.append((0x00280303, encode(0x00280303, b"CS", b"MODIFIED", explicit)))
    return markers


def _file_meta(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """A new preamble of zeros and new file meta information; nothing of the old is carried over."""
    elements = b"".join(
        encode(tag, vr, value, True)
        for tag, vr, value in (
            (0x00020001, b"OB", b"\x00\x01"),
            (0x00020002, b"UI", sop_class.encode("ascii")),
            (0x00020003, b"UI", sop_instance.encode("ascii")),
            (0x00020010, b"UI", transfer_syntax.encode("ascii")),
            (0x00020012, b"UI", IMPLEMENTATION_UID),
            (0x00020013, b"SH", IMPLEMENTATION_NAME),
        )
    )
    return bytes(128) + b"DICM" + encode(0x00020000, b"UL", len(elements).to_bytes(4, "little"), True) + elements


@dataclass
class PixelPlan:
    """What is written after the header: edited pixels, compressed segments, or `length` bytes of the source between `head`
    and `padding`.
    """

    head: bytes = field(default=b"", repr=False)
    edited: bytes | None = field(default=None, repr=False)
    segments: list[Segment] | None = None
    length: int = 0
    padding: bytes = b""


def _plan_pixels(source: Source, module: PixelModule | None, examined: Examined) -> PixelPlan | None:
    """Checks the pixel data before anything is written. Raises RefusedError where they are not what the header says."""
    place = source.place
    if place is None:
        return None
    if examined.pixels is not None:
        return PixelPlan(encode(place.tag, examined.pixel_vr, b"", source.explicit)[:-4], edited=examined.pixels)
    if place.encapsulated:
        frames = module.frames if module is not None else 1
        segments, _end = encapsulated_segments(source.fd, place, source.transfer_syntax, frames, place.vr, module)
        return PixelPlan(segments=segments)
    head, length, padding = plan_native(place, module, place.vr, source.explicit)
    return PixelPlan(head, length=length, padding=padding)


def _write_pixels(target: int, source: Source, module: PixelModule | None, plan: PixelPlan | None) -> None:
    place = source.place
    if plan is None or place is None:
        return
    if plan.segments is not None:
        _write_segments(target, source.fd, plan.segments)
        return
    if plan.edited is not None:
        _write_all(target, plan.edited)
        return
    masker = Masker(module)
    view = source.in_memory(place.offset, plan.length)
    if view is not None:
        _write_all(target, masker.clean(view) or view)
    else:
        _copy_masked(target, source.fd, place.offset, plan.length, masker)
    _write_all(target, plan.padding)


def _copy_masked(target: int, fd: int, offset: int, length: int, masker: Masker) -> None:
    """Copies a long stretch inside the kernel; chunks are read only to look at their spare bits, written only where those
    are used.
    """
    if not masker.active:
        copy_range(fd, target, offset, length)
        return
    chunk = bytearray(CHUNK)
    clean_from = offset
    for position in range(offset, offset + length, CHUNK):
        size = min(CHUNK, offset + length - position)
        view = memoryview(chunk)[:size]
        if os.preadv(fd, [view], position) != size:
            raise RefusedError("unreadable_file", "The file became shorter while it was read.")
        masked = masker.clean(view)
        if masked is not None:
            copy_range(fd, target, clean_from, position - clean_from)
            _write_all(target, masked)
            clean_from = position + size
    copy_range(fd, target, clean_from, offset + length - clean_from)


def _write_segments(target: int, fd: int, segments: list[Segment]) -> None:
    for segment in segments:
        if segment.offset >= 0:
            copy_range(fd, target, segment.offset, segment.length)
        elif segment.data:
            _write_all(target, segment.data)


def _write_all(target: int, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _publish(temporary: str, final: str, stale_before: float) -> None:
    """Gives the finished file its name; the same bytes twice are one file.

    Another file of that name is replaced when it is older than `stale_before` (an earlier run's), and else stays:
    FileExistsError.
    """
    try:
        os.link(temporary, final)
    except FileExistsError:
        if filecmp.cmp(temporary, final, shallow=False):
            os.utime(final)  # it is this run's too, and no longer stale
            return
        if os.stat(final).st_mtime >= stale_before:
            raise
        os.replace(temporary, final)
