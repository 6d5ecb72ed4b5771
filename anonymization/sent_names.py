"""What the centre called each file of an exam, for reasons that its own people read; the names stand in the quarantine alone."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from functools import cached_property

from anonymization.points import ReviewPoint
from anonymization.retention import names_are_due
from concours.formats.fault import Fault
from concours.inclusion.causes import FILE_HOLES, Reason
from concours.study.cleaned import CleanedFile
from core.storage import local_copy
from uploads.models import Exam


@dataclass(frozen=True)
class SentName:
    """A file by its number in the exam (from 1) and the path that the centre gave it; empty once names are erased."""

    number: int
    path: str


class SentNames:
    """The names of one exam's files by SOP instance UID. Nothing is read before a reason names a file."""

    def __init__(self, exam: Exam) -> None:
        self._exam = exam

    @cached_property
    def _numbers(self) -> dict[str, tuple[int, str]]:
        """SOP instance UID -> number, and the name under which the original lies in the quarantine."""
        report = self._exam.deidentifications.order_by("-number").first()
        files = report.report.get("files", []) if report is not None else []
        images = [file for file in map(CleanedFile.from_json, files) if file.output and not file.is_annotation]
        images.sort(key=lambda file: (file.image, file.source))  # as they were sent: by their names
        return {file.sop: (number, f"dicom/{file.image}/{file.source}") for number, file in enumerate(images, 1)}

    @cached_property
    def _paths(self) -> dict[str, str]:
        if not self._exam.quarantine_key or names_are_due(self._exam):
            return {}
        with local_copy("quarantine", self._exam.quarantine_key) as path, zipfile.ZipFile(path) as archive:
            if "names.json" not in archive.namelist():
                return {}
            names: dict[str, str] = json.loads(archive.read("names.json"))
        return names

    def files(self) -> list[str]:
        """The names by which quality control calls the exam's files."""
        return [f"{sop}.dcm" for sop in self._numbers]

    def find(self, name: str) -> SentName | None:
        """The file that quality control calls `name`; None for what is no file of the exam."""
        number_and_path = self._numbers.get(name.removesuffix(".dcm"))
        return (
            None if number_and_path is None else SentName(number_and_path[0], self._paths.get(number_and_path[1], ""))
        )

    def _called(self, reason: Reason) -> str:
        values = [str(reason.judgement.values.get(hole, "")) for hole in FILE_HOLES]
        return next((name for name in (*values, reason.judgement.where) if self.find(name)), "")

    def fault(self, reason: Reason) -> Fault:
        """The reason for the centre: a file by the path that it was sent under, and by its number for everybody else."""
        judgement, values = reason.judgement, dict(reason.judgement.values)
        called = self._called(reason)
        sent = self.find(called)
        if reason.more_files:
            values["more_files"] = reason.more_files
        if sent is None:
            return Fault(judgement.reason, judgement.where, judgement.template, values)
        values = {key: sent.path if value == called else value for key, value in values.items()}
        return Fault(judgement.reason, sent.path, judgement.template, {**values, "file_number": sent.number})

    def point(self, reason: Reason) -> ReviewPoint:
        """The same for a review: no path, because a review outlives the names; `file` finds the picture."""
        fault = self.fault(reason)
        if "file_number" not in fault.values:
            return ReviewPoint.of(fault)
        values = {key: "" if value == fault.where else value for key, value in fault.values.items()}
        return ReviewPoint(fault.reason, fault.template, values=values, file=self._called(reason).removesuffix(".dcm"))
