"""De-identifies one file at a time: reads, decides, transforms, writes. The only module that puts the parts together."""

import os
import struct
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from concours.deid import objects, tags
from concours.deid.header import ElementHeader
from concours.deid.identity import IdentityKey, centre_key
from concours.deid.objects import Kind, kind_of
from concours.deid.output import Writer, file_meta, plan_pixels
from concours.deid.pixel_text.interface import Examined, Examiner, no_examiner
from concours.deid.pixels import PixelModule
from concours.deid.refusal import FileRefusedError
from concours.deid.report import REFUSED, REVIEW, WRITTEN, FileReport
from concours.deid.rules import DEFAULT, load_profile, options_text
from concours.deid.source import OpenedFile, open_head, open_source, read_elements, read_meta, read_slowly
from concours.deid.subject import Acquaintance, Identity, Subject, all_identity_tags, gather, identity_of, links_of
from concours.deid.tokens import NotPlain, encode, encode_items
from concours.deid.transform import Outcome, Transform
from concours.formats.stored import Stored

METHOD = b"Concours, PS3.15 Annex E"
tags.SOPClassUID, tags.SOPInstanceUID, tags.StudyInstanceUID, SERIES = (
    tags.SOPClassUID,
    tags.SOPInstanceUID,
    tags.StudyInstanceUID,
    tags.SeriesInstanceUID,
)
REMEMBERED_SUBJECTS = 16
UNREADABLE = (struct.error, UnicodeError, RecursionError, MemoryError, ValueError, KeyError, IndexError, TypeError)
"""What a damaged file makes the readers raise."""


class Deidentifier:
    """De-identifies DICOM files under one key, centre, profile and keep list. Not for use by several threads at once.

    `key`: a challenge's, at least 32 bytes (identity.parse_key reads a key file), or one centre's. `centre`: the name of the
    inclusion centre, or None, where the issuer of the patient's number stands for it; a centre's key needs none.
    `options`: columns of PS3.15 Table E.1-1 (rules.OPTIONS). `keep`: DICOM keywords of the question (`deidentification.keep`).
    `known_people`, `known_identifiers`: what is known of the person elsewhere, removed from text too.
    `stale_before`: output files older than this (seconds since 1970) are an earlier run's and are replaced.
    `examine`: finds writing in pixels (writing.Examiner); without one every kind that may carry writing goes to a person.
    """

    def __init__(
        self,
        key: IdentityKey,
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
        centre_key(key, "")  # refuses a key that is too short
        self._key = key
        self.centre = centre
        self.profile = load_profile(frozenset(options), tuple(keep))
        self._known = Identity(frozenset(known_people), frozenset(known_identifiers))
        self._acquaintance = Acquaintance()
        self._keep_weekday = keep_weekday
        self._examine = examine
        self._reader = reader
        self._writer = Writer(stale_before)
        self._transforms: OrderedDict[tuple[object, ...], Transform] = OrderedDict()
        self._markers: dict[tuple[bool, bool], list[tuple[int, bytes]]] = {}

    def __repr__(self) -> str:
        return "Deidentifier(…)"

    def learn(self, src: Path | str | Stored) -> tuple[tuple[str, ...], Identity]:
        """Reads what the header of one file of an exam says of the person, so that it leaves the texts of the others too.

        Called for every file before the first is de-identified, it makes the result independent of their order. Returns the
        file's links to others and what it says; a file that cannot be read says nothing.
        """
        try:
            with open_head(src) as source:
                read_elements(source, self.profile.vrs, read_meta(source))
                links = links_of(source.tokens)
                identity = identity_of(source.tokens, source.explicit, self.profile.vrs)
        except (FileRefusedError, NotPlain, *UNREADABLE):
            return (), Identity()
        self.learn_identity(links, identity)
        return links, identity

    def learn_identity(self, links: Iterable[str], identity: Identity) -> None:
        """As `learn`, of a header that was read elsewhere."""
        self._acquaintance.add(links, identity)

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
        except FileRefusedError as refusal:
            report.outcome, report.reason, report.detail, report.output = REFUSED, refusal.reason, refusal.detail, ""
        except UNREADABLE:
            report.outcome, report.reason, report.output = REFUSED, "unreadable_file", ""
            report.detail = "The file is damaged in a way that cannot be repaired."
        return report

    def _run(self, source: OpenedFile, dst: str, report: FileReport) -> None:
        start = read_meta(source)
        report.little_endian = source.transfer_syntax not in (objects.BIG_EXPLICIT, objects.DEFLATED)
        read_elements(source, self.profile.vrs, start, reader=self._reader)
        try:
            self._write(source, dst, report)
        except NotPlain:
            if not source.fast or self._reader == "bytes":
                raise FileRefusedError("unreadable_file", "A sequence is damaged and cannot be read.") from None
            read_slowly(source, self.profile.vrs)
            try:
                self._write(source, dst, report)
            except NotPlain:
                raise FileRefusedError("unreadable_file", "A sequence is damaged and cannot be read.") from None

    def _write(self, source: OpenedFile, dst: str, report: FileReport) -> None:
        header = ElementHeader(source.tokens)
        kind = _accepted_kind(header)
        module = _pixel_module(source, header, kind)
        subject, transform = self._transform(source, header)
        examined = Examined()
        if module is not None and source.place is not None:
            examined = self._examine(source, header, kind, module, subject)
        uids = self._uids(header, subject)
        added = self._added_elements(source, header, examined, uids)
        outcome = Outcome()
        encoded = transform.top(source.tokens, source.explicit, sorted(added), outcome)
        reason = self._why_review(header, kind, examined) or ("residual_identifier" if outcome.text_dropped else "")
        folder = f"{'review/' if reason else ''}{uids[0]}/{uids[1]}"
        report.pseudonym, report.shift_days = subject.pseudonym, subject.shift_days
        report.fast_path = source.fast
        report.actions = outcome.actions
        report.boxes = examined.boxes
        report.frames_examined, report.frames_blanked = examined.examined, len(examined.frames)
        report.face_possible = header.face_possible(kind)
        report.outcome, report.reason = (REVIEW, reason) if reason else (WRITTEN, "")
        report.transfer_syntax = examined.transfer_syntax or source.transfer_syntax
        report.primary = f"{folder}/{uids[2]}"
        plan = plan_pixels(source, module, examined)

        def put(instance: str, elements: list[bytes]) -> None:
            meta = file_meta(header.text(tags.SOPClassUID), instance, report.transfer_syntax)
            self._writer.write(f"{dst}/{folder}", f"{instance}.dcm", [meta, *elements], source, module, plan)
            report.output = f"{folder}/{instance}.dcm"

        try:
            put(uids[2], encoded)
        except FileExistsError:
            if "uids" in self.profile.options:
                detail = "Another file with the same SOP instance UID has already been written."
                raise FileRefusedError("duplicate_file", detail) from None
            second = self._uid(subject, f"{header.text(tags.SOPInstanceUID)} {source.sha256}")
            added.append(
                (tags.SOPInstanceUID, encode(tags.SOPInstanceUID, b"UI", second.encode("ascii"), source.explicit))
            )
            encoded = transform.top(source.tokens, source.explicit, sorted(added), outcome)
            outcome.actions[tags.SOPInstanceUID] = "uid replaced, a second object of the same uid"
            report.second_of_uid = True
            put(second, encoded)

    def _added_elements(
        self, source: OpenedFile, header: ElementHeader, examined: Examined, uids: tuple[str, str, str]
    ) -> list[tuple[int, bytes]]:
        """Elements that are put in or replaced, whatever the profile says: (tag, encoded)."""
        key = (source.explicit, examined.clean)
        if key not in self._markers:
            self._markers[key] = _markers(self.profile.options, *key)
        added = [*self._markers[key], *examined.overrides]
        if examined.pixels is not None:  # offsets of frames that have moved
            added += [(tags.ExtendedOffsetTable, b""), (tags.ExtendedOffsetTableLengths, b"")]
        if examined.clean:
            added.append((tags.BurnedInAnnotation, encode(tags.BurnedInAnnotation, b"CS", b"NO", source.explicit)))
        for tag, uid in zip((tags.StudyInstanceUID, tags.SeriesInstanceUID), uids, strict=False):
            if not header.text(tag):
                added.append((tag, encode(tag, b"UI", uid.encode("ascii"), source.explicit)))
        return added

    def _uids(self, header: ElementHeader, subject: Subject) -> tuple[str, str, str]:
        """New UIDs of study, series and instance. A study or series without one gets it from the instance, and goes to a
        person.
        """
        instance = header.text(tags.SOPInstanceUID)
        series = header.text(tags.SeriesInstanceUID) or f"series of {instance}"
        study = header.text(tags.StudyInstanceUID) or f"study of {series}"
        return self._uid(subject, study), self._uid(subject, series), self._uid(subject, instance)

    def _uid(self, subject: Subject, uid: str) -> str:
        if "uids" in self.profile.options:
            if not uid.replace(".", "").isdigit():
                raise FileRefusedError("unreadable_file", "A UID is malformed.")
            return uid
        return subject.uid(uid.encode("latin_1")).decode("ascii")

    def _transform(self, source: OpenedFile, header: ElementHeader) -> tuple[Subject, Transform]:
        """The transformation for this file's subject; files of one series share it and what it remembers."""
        identity_tags = all_identity_tags()
        modality = header.text(tags.Modality)
        parts: list[object] = [source.explicit, modality]
        parts += [token[3] for token in source.tokens if token[0] in identity_tags or token[1] == b"PN"]
        if not header.bytes(tags.PatientID):  # then the study stands for the person
            parts.append(header.bytes(tags.StudyInstanceUID))
        elsewhere = self._known | self._acquaintance.of(links_of(source.tokens))
        parts.append(elsewhere)
        key = tuple(parts)
        transform = self._transforms.get(key)
        if transform is None:
            subject, characters = gather(
                source.tokens,
                source.explicit,
                self.profile.vrs,
                key=self._key,
                centre=self.centre,
                elsewhere=elsewhere,
                keep_weekday=self._keep_weekday,
            )
            transform = self._transforms[key] = Transform(self.profile, subject, source.explicit, characters, modality)
            if len(self._transforms) > REMEMBERED_SUBJECTS:
                self._transforms.popitem(last=False)
        else:
            self._transforms.move_to_end(key)
        return transform.subject, transform

    @staticmethod
    def _why_review(header: ElementHeader, kind: Kind, examined: Examined) -> str:
        """The reason why a person must look at the file, or nothing."""
        if not (header.text(tags.StudyInstanceUID) and header.text(tags.SeriesInstanceUID)) or (
            kind is Kind.TEXT_IN_PIXELS and header.names_nobody()
        ):
            return "missing_value"
        if examined.review or header.drawn_overlay():
            return "burned_in_text"
        return "unsupported_object" if kind is Kind.WAVEFORM else ""


def _accepted_kind(header: ElementHeader) -> Kind:
    """What kind of object it is. Raises RefusedError where it is none that is taken, or does not say which."""
    for tag, name in ((tags.SOPClassUID, "SOP class"), (tags.SOPInstanceUID, "SOP instance")):
        if not header.text(tag):
            raise FileRefusedError("missing_value", f"The UID of the {name} is missing.")
    kind = kind_of(header.text(tags.SOPClassUID))
    if kind is Kind.REFUSED:
        raise FileRefusedError("unsupported_object", "This type of DICOM object is not accepted.")
    return kind


def _pixel_module(source: OpenedFile, header: ElementHeader, kind: Kind) -> PixelModule | None:
    """The description of the pixels of an image; pixels where the kind of object has none are not let through."""
    module = header.pixel_module() if kind in (Kind.IMAGE, Kind.TEXT_IN_PIXELS) else None
    if module is not None and source.place is None:
        raise FileRefusedError("no_pixels", "The image has no pixel data.")
    if source.place is not None and source.place.encapsulated != (source.transfer_syntax in objects.ENCAPSULATED):
        detail = "The pixel data do not match the transfer syntax that the file declares."
        raise FileRefusedError("corrupt_pixels", detail)
    if module is None:
        source.place = None
    return module


def _markers(options: frozenset[str], explicit: bool, pixels_clean: bool) -> list[tuple[int, bytes]]:
    """Elements that say that, and how, the file was de-identified (PS3.15 E.1.1); `pixels_clean`: every frame was examined
    for writing.
    """
    methods = options_text(options) + ([("113101", "Clean Pixel Data Option")] if pixels_clean else [])
    codes = [
        b"".join(
            encode(tag, vr, value.encode("ascii"), explicit)
            for tag, vr, value in (
                (tags.CodeValue, b"SH", code),
                (tags.CodingSchemeDesignator, b"SH", "DCM"),
                (tags.CodeMeaning, b"LO", meaning),
            )
        )
        for code, meaning in sorted(methods)
    ]
    markers = [
        (tags.PatientIdentityRemoved, encode(tags.PatientIdentityRemoved, b"CS", b"YES", explicit)),
        (tags.DeidentificationMethod, encode(tags.DeidentificationMethod, b"LO", METHOD, explicit)),
        (
            tags.DeidentificationMethodCodeSequence,
            encode_items(tags.DeidentificationMethodCodeSequence, codes, explicit),
        ),
    ]
    if "moddates" in options:
        markers.append(
            (
                tags.LongitudinalTemporalInformationModified,
                encode(tags.LongitudinalTemporalInformationModified, b"CS", b"MODIFIED", explicit),
            )
        )
    return markers
