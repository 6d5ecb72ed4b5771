"""What is said about one file: its outcome and what was done to which attribute, never a value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from concours.deid.pixel_text.box import ReportedBox
from concours.deid.tags import tag_text

WRITTEN, REVIEW, REFUSED = "written", "review", "refused"


@dataclass
class FileReport:
    """The outcome of one file. `output` is relative to the destination; `boxes` are frame, row, column, height, width of
    found text; `pseudonym` and `shift_days` are the person's new identity, for the caller alone: they are in no report file.
    """

    sha256: str
    outcome: str
    reason: str = ""
    detail: str = ""
    output: str = ""
    actions: dict[int, str] = field(default_factory=dict)
    boxes: list[ReportedBox] = field(default_factory=list)
    frames_examined: int = 0
    frames_blanked: int = 0
    fast_path: bool = False
    little_endian: bool = False
    face_possible: bool = False
    transfer_syntax: str = ""
    second_of_uid: bool = False
    primary: str = ""
    pseudonym: str = field(default="", repr=False)
    shift_days: int = field(default=0, repr=False)

    def to_json(self) -> dict[str, Any]:
        """The entry of the report file, as INTERFACES.md names its keys."""
        entry: dict[str, Any] = {
            "sha256": self.sha256,
            "outcome": self.outcome,
            "reason": self.reason,
            "output": self.output,
            "actions": {tag_text(tag): action for tag, action in sorted(self.actions.items())},
            "detail": self.detail,
            "fast_path": self.fast_path,
            "face_possible": self.face_possible,
        }
        if self.boxes:
            entry["boxes"] = [box.to_json() for box in self.boxes]
        if self.frames_examined:
            entry["frames_examined_for_text"] = self.frames_examined
        return entry


@dataclass(frozen=True)
class FileAnswer:
    """A worker's answer about one file: its entry of the report file, and what the tree adds up or settles afterwards.

    `primary` is the UID that several objects may share, `second_of_uid` whether this one was written under another.
    """

    entry: Mapping[str, Any]
    frames_examined: int = 0
    little_endian: bool = False
    second_of_uid: bool = False
    primary: str = ""

    @classmethod
    def of(cls, report: FileReport) -> "FileAnswer":
        return cls(report.to_json(), report.frames_examined, report.little_endian, report.second_of_uid, report.primary)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "entry": dict(self.entry)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "FileAnswer":
        return cls(**document)
