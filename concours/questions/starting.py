"""A question file to begin with: for each thing that can be asked, a complete file with the dates of a whole edition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path

from concours.formats.fault import gettext_noop
from concours.questions.dates import shift_dates
from concours.questions.editing import REMOVE, Change, changed_file, plain_values, value_at
from concours.questions.schema import KnownNames, load_spec

FOLDER = Path(__file__).parent / "starts"


@dataclass(frozen=True)
class QuestionTask:
    """Something that can be asked of teams. `title` and `example` are messages; `target` is the field that holds the truth."""

    name: str
    title: str
    example: str
    target: str = ""


TASKS = (
    QuestionTask(
        "classify",
        gettext_noop("Classify"),
        gettext_noop(
            "Does the exam show a finding? Teams send a probability; the area under the ROC curve ranks them."
        ),
        "finding",
    ),
    QuestionTask(
        "detect",
        gettext_noop("Detect"),
        gettext_noop(
            "Where are the lesions? Teams send points with probabilities; sensitivity at given false alarms ranks them."
        ),
        "lesions",
    ),
    QuestionTask(
        "segment",
        gettext_noop("Segment"),
        gettext_noop("What belongs to an organ or a tumour? Teams send masks; the Dice coefficient ranks them."),
        "mask",
    ),
    QuestionTask(
        "measure",
        gettext_noop("Measure"),
        gettext_noop("How large, how dense? Teams send a number per exam; the mean absolute error ranks them."),
        "measure",
    ),
    QuestionTask(
        "predict",
        gettext_noop("Predict"),
        gettext_noop(
            "What becomes of the patient? Teams send a probability, from images and clinical values; the area under the ROC "
            "curve ranks them."
        ),
        "outcome",
    ),
    QuestionTask(
        "generate",
        gettext_noop("Generate"),
        gettext_noop("Do generated images resemble real ones? Distance, diversity and a blind jury rank teams."),
    ),
    QuestionTask(
        "describe",
        gettext_noop("Describe"),
        gettext_noop("Which grade would readers give? Teams send a category per exam; agreement (kappa) ranks them."),
        "grade",
    ),
)


@dataclass(frozen=True)
class Start:
    """What an organiser answers before anything else. Empty texts keep the words of the task's file."""

    task: str
    slug: str
    title_en: str
    title_fr: str = ""
    modalities: Sequence[str] = ("CT",)
    dimensions: int = 3
    target_en: str = ""
    target_fr: str = ""
    unit: str = ""


def start_file(start: Start, known_names: KnownNames, first: date, zone: tzinfo) -> str:
    """The file of a task with these answers, its first window opening on the day `first`. Raises KeyError for no such task."""
    task = next((task for task in TASKS if task.name == start.task), None)
    if task is None:
        raise KeyError(start.task)
    text = (FOLDER / f"{task.name}.yaml").read_text(encoding="utf-8")
    text = shift_dates(text, load_spec(text, known_names), first, zone)
    values = plain_values(text)
    changes = [
        Change(("slug",), start.slug),
        Change(("title",), {"en": start.title_en, "fr": start.title_fr or start.title_en}),
    ]
    images = value_at(values, ("data", "images")) or {}
    modality = start.modalities[0] if len(start.modalities) == 1 else list(start.modalities)
    for name in images:
        changes.append(Change(("data", "images", name, "modality"), modality))
        changes.append(Change(("data", "images", name, "dimensions"), start.dimensions))
    changes.append(Change(("inclusion", "modality", "allowed"), list(start.modalities)))
    changes.append(Change(("inclusion", "dimensions", "value"), start.dimensions))
    if start.modalities == ("CT",) and start.dimensions == 3:
        changes.append(Change(("inclusion", "slice_spacing"), {}))
    if task.target:
        changes += _target(("data", "fields", task.target), start)
    if task.name == "detect" and start.dimensions == 2:
        changes += _flat()
    return changed_file(text, changes)


def _target(place: tuple[str, ...], start: Start) -> list[Change]:
    changes = []
    if start.target_en or start.target_fr:
        words = {"en": start.target_en or start.target_fr, "fr": start.target_fr or start.target_en}
        changes.append(Change((*place, "title"), words))
    if start.unit:
        changes.append(Change((*place, "unit"), start.unit))
    return changes


def _flat() -> list[Change]:
    """Lesions of a single slice have no z."""
    return [
        Change(("data", "fields", "lesions", "columns", "z"), REMOVE),
        Change(("submission", "table", "columns", "z"), REMOVE),
        Change(("metrics", "froc", "columns"), ["x", "y", "probability"]),
    ]
