"""What the child that de-identifies one exam answers: records that cross to the parent as JSON. Plain: no value of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from concours.deid.report import REFUSED, REVIEW
from concours.deid.values import GatedText
from concours.formats.fault import Fault
from concours.formats.json import Json, JsonObject


@dataclass(frozen=True)
class CleanedFile:
    """One original and what became of it; `image` is its place in the exam, or the field of an annotation.

    `entry` is the file's own in the engine's report (INTERFACES.md). `called` is what the centre calls a refused file: it is
    for the centre's eyes and stays in no row. A second content is one of an instance that another file had already.
    """

    image: str
    source: str
    entry: Mapping[str, Json]
    is_annotation: bool = False
    has_second_content: bool = False
    called: str = ""

    @property
    def is_refused(self) -> bool:
        return bool(self.entry["outcome"] == REFUSED)

    @property
    def needs_review(self) -> bool:
        return bool(self.entry["outcome"] == REVIEW)

    @property
    def reason(self) -> str:
        return str(self.entry["reason"])

    @property
    def detail(self) -> str:
        return str(self.entry.get("detail", ""))

    @property
    def sha256(self) -> str:
        return str(self.entry["sha256"])

    @property
    def output(self) -> str:
        """Where the written file lies, below the folder of clean images; empty for a refused one."""
        return str(self.entry.get("output", ""))

    @property
    def face_possible(self) -> bool:
        return bool(self.entry.get("face_possible"))

    @property
    def boxes(self) -> list[JsonObject]:
        """Where writing was seen: frame, columns and rows."""
        return list(self.entry.get("boxes", []))

    @property
    def series(self) -> str:
        return PurePosixPath(self.output).parent.name

    @property
    def study(self) -> str:
        return PurePosixPath(self.output).parent.parent.name

    @property
    def sop(self) -> str:
        return PurePosixPath(self.output).stem

    @property
    def place(self) -> str:
        """`<series>/<sop>`: the file as pages and reviews name it."""
        return f"{self.series}/{self.sop}"

    def to_json(self) -> JsonObject:
        """As it crosses to the parent, and, without `called`, as the row keeps it."""
        document = {**self.entry, "image": self.image, "source": self.source}
        if self.is_annotation:
            document["annotation"] = True
        if self.has_second_content:
            document["second_content"] = True
        if self.called:
            document["called"] = self.called
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Json]) -> CleanedFile:
        entry = dict(document)
        return cls(
            image=entry.pop("image"),
            source=entry.pop("source"),
            is_annotation=entry.pop("annotation", False),
            has_second_content=entry.pop("second_content", False),
            called=entry.pop("called", ""),
            entry=entry,
        )

    def without_name(self) -> CleanedFile:
        return replace(self, called="")


@dataclass(frozen=True)
class CleanedExam:
    """The exam after the engine and the second check: files, annotations (field -> file name), values, texts in pieces.

    `faults` are of values; `findings` are the second check's: file, place and kind.
    """

    pseudonym: str
    files: tuple[CleanedFile, ...]
    annotations: Mapping[str, str]
    values: Mapping[str, Json]
    texts: tuple[GatedText, ...]
    faults: tuple[Fault, ...]
    findings: tuple[Mapping[str, str], ...]

    def to_json(self) -> JsonObject:
        return {
            "pseudonym": self.pseudonym,
            "files": [file.to_json() for file in self.files],
            "annotations": dict(self.annotations),
            "values": dict(self.values),
            "texts": [text.to_json() for text in self.texts],
            "faults": [fault.to_json() for fault in self.faults],
            "findings": [dict(finding) for finding in self.findings],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Json]) -> CleanedExam:
        return cls(
            pseudonym=document["pseudonym"],
            files=tuple(map(CleanedFile.from_json, document["files"])),
            annotations=document["annotations"],
            values=document["values"],
            texts=tuple(map(GatedText.from_json, document["texts"])),
            faults=tuple(map(Fault.from_json, document["faults"])),
            findings=tuple(document["findings"]),
        )
