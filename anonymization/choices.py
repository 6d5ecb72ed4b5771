"""What a person sees of each series to choose among: thumbnail, description, slices, thickness, kernel, phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from anonymization.points import ReviewPoint, points_from
from challenges.criterion_words import choice_word
from concours.formats.json import Json, JsonObject
from concours.imaging.assemble import plane_of
from concours.inclusion import ExamFacts, Judgement
from concours.inclusion.exam.facts import SliceFacts
from concours.inclusion.exam.sequence import sequence_of
from concours.study.candidates import plain_uid
from concours.study.choosing import series_name
from concours.study.stacks import FramesOf
from core.words import say

PLANE_DEGREES = 20.0
CHOOSE = gettext_noop("%(count)d series meet the criteria. Choose one; nothing has to be uploaded again.")
CHOOSE_IMAGE = gettext_noop(
    "%(count)d series meet the criteria for “%(image)s”. Choose one; nothing has to be uploaded again."
)


@dataclass(frozen=True)
class Option:
    """One series, or one stack of a series.

    Lengths are in mm, the echo time in ms, the b-value in s/mm²; `phase` is the position in time. `file` and `frame` are of its
    middle slice (`<series>/<sop>`); empty where not stated. `points` are what quality control would have a person check of it.
    """

    number: int
    series: tuple[str, ...]
    name: str
    images: int
    file: str
    frame: int = 0
    thickness: str = ""
    spacing: str = ""
    plane: str = ""
    kernel: str = ""
    sequence: str = ""
    contrast: str = ""
    echo: str = ""
    b_value: str = ""
    phase: str = ""
    points: tuple[ReviewPoint, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Option:
        return cls(**{**value, "series": tuple(value["series"]), "points": tuple(points_from(value.get("points", [])))})

    def to_json(self) -> JsonObject:
        return {**asdict(self), "points": [point.to_json() for point in self.points]}


@dataclass(frozen=True)
class Choice:
    """The series among which a person chooses the one for an image."""

    image: str
    options: list[Option]

    def to_json(self) -> JsonObject:
        return {"image": self.image, "options": [option.to_json() for option in self.options]}

    @classmethod
    def from_json(cls, value: Mapping[str, Json]) -> Choice:
        return cls(value["image"], [Option.from_json(option) for option in value["options"]])

    def point(self, *, only: bool) -> ReviewPoint:
        """The choice as a point of its review; `only`: the question has no other image."""
        values = {"count": len(self.options), "image": self.image}
        template = CHOOSE if only else CHOOSE_IMAGE
        return ReviewPoint("several_series", template, "exam" if only else self.image, values)


def option_of(
    number: int,
    series: Sequence[str],
    facts: ExamFacts,
    points: Sequence[Judgement],
    cut: Mapping[str, FramesOf] | None = None,
) -> Option:
    """A series in its key facts, all of them read after de-identification; `cut` are its files that hold frames of an object."""
    listed = tuple(ReviewPoint.of(point) for point in points)
    if not facts.series:  # no file of it can be read
        return Option(number, tuple(series), f"{number}", 0, "", points=listed)
    chosen = facts.series[0]
    middle = chosen.slices[len(chosen.slices) // 2] if chosen.slices else None
    file, frame = _shown(middle, cut or {}) if middle else ("", 0)
    geometry, sequence = facts.geometry(chosen.image), sequence_of(chosen)
    return Option(
        number=number,
        series=tuple(series),
        name=series_name(chosen, number),
        images=len(chosen.slices),
        file=f"{plain_uid(series[0])}/{file}" if middle else "",
        frame=frame,
        thickness=_length(chosen.number("SliceThickness")),
        spacing=_length(geometry.spacing[2]) if geometry and geometry.spacing and len(geometry.slices) > 1 else "",
        plane=plane_of(middle.orientation, PLANE_DEGREES) if middle and middle.orientation else "",
        kernel=_plain(chosen.get("ConvolutionKernel")),
        sequence=sequence.kind if chosen.text("Modality") == "MR" else "",
        contrast=str(chosen.get("ContrastBolusAgent") or ""),
        echo=_length(chosen.number("EchoTime"), digits=6) if chosen.text("Modality") == "MR" else "",
        b_value=_length(chosen.number("DiffusionBValue"), digits=6),
        phase=_length(chosen.number("TemporalPositionIdentifier"), digits=6),
        points=listed,
    )


def _shown(middle: SliceFacts, cut: Mapping[str, FramesOf]) -> tuple[str, int]:
    """Instance UID and frame of a slice in the exam's bundle, which holds the whole object until the choice is made."""
    file = middle.instance.removesuffix(".dcm")
    return (cut[file].instance, cut[file].frames[middle.frame]) if file in cut else (file, middle.frame)


def _plain(value: Json) -> str:
    """A text as the header spells it; the first of several."""
    value = value[0] if isinstance(value, list) and value else value
    return str(value or "").strip()


def _length(value: float | None, *, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}g}"


def facts_of(option: Option) -> list[tuple[str, str]]:
    """The key facts in the reader's language, as (name, value); what is not stated is left out."""
    pairs = [
        (_("Images"), str(option.images)),
        (_("Slice thickness"), f"{option.thickness} mm" if option.thickness else ""),
        (_("Distance between slices"), f"{option.spacing} mm" if option.spacing else ""),
        (_("Plane"), say(option.plane)),
        (_("Kernel"), option.kernel),
        (_("Sequence"), choice_word(option.sequence)),
        (_("Contrast agent"), option.contrast),
        (_("Echo time"), f"{option.echo} ms" if option.echo else ""),
        (_("b-value"), f"{option.b_value} s/mm²" if option.b_value else ""),
        (_("Phase"), option.phase),
    ]
    return [(name, value) for name, value in pairs if value]
