"""What is said about one file: its outcome and what was done to which attribute, never a value."""

from dataclasses import dataclass, field
from typing import Any

from anonymization.deid.transform import tag_text

WRITTEN, REVIEW, REFUSED = "written", "review", "refused"


@dataclass
class FileReport:
    """The outcome of one file. `output` is relative to the destination; `boxes` are frame, row, column, height, width of
    found text.
    """

    sha256: str
    outcome: str
    reason: str = ""
    detail: str = ""
    output: str = ""
    actions: dict[int, str] = field(default_factory=dict)
    boxes: list[dict[str, Any]] = field(default_factory=list)
    frames_examined: int = 0
    frames_blanked: int = 0
    fast_path: bool = False
    little_endian: bool = False
    face_possible: bool = False
    transfer_syntax: str = ""
    second_of_uid: bool = False
    primary: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry of the report file, as INTERFACES.md names its keys."""
        found = {
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
            found["boxes"] = self.boxes
        if self.frames_examined:
            found["frames_examined_for_text"] = self.frames_examined
        return found
