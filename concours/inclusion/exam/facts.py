"""What is known of one exam after de-identification: plain values that criteria judge and that travel as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from concours.imaging import Assembly, Frame, Geometry, assemble, frame_of

Vector = tuple[float, ...]


@dataclass(frozen=True)
class Damage:
    """A file that could not be used: our own name of it, a reason code and in English what is wrong.

    `template` and `values` are the reader's own words for people, where it has any.
    """

    name: str
    reason: str
    what: str
    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PixelFacts:
    """Numbers measured on one slice, in stored units after rescale (HU for CT).

    `saturated` is the share (0 to 1) of voxels at the ends of the stored range, padding left out; `noise` the
    estimated standard deviation of the noise and `signal` the mean of the foreground (None where not measured);
    `ghosting` is the ghost-to-signal ratio (0 to 1) and `jump` says how much a slice stands out
    from both its neighbours (0 to 2, 0 where it lies between them; None at the ends).
    """

    low: float
    high: float
    saturated: float = 0.0
    noise: float | None = None
    signal: float | None = None
    ghosting: float | None = None
    jump: float | None = None


@dataclass(frozen=True)
class SliceFacts:
    """One frame: `instance` is our own file name, `frame` counts from 0, positions and spacings in mm (patient LPS).

    `orientation` holds the six direction cosines of ImageOrientationPatient, `pixel_spacing` is (between rows,
    between columns), `header` only the keywords whose value differs within the series.
    """

    instance: str
    frame: int = 0
    position: Vector | None = None
    orientation: Vector | None = None
    pixel_spacing: Vector | None = None
    thickness: float | None = None
    rows: int | None = None
    columns: int | None = None
    header: Mapping[str, Any] = field(default_factory=dict)
    pixels: PixelFacts | None = None

    def placed(self, header: Mapping[str, Any]) -> Frame:
        """Return the frame as `concours.imaging` assembles it; `header` is all that is known of it."""
        own = {
            "Rows": self.rows,
            "Columns": self.columns,
            "SliceThickness": self.thickness,
            "ImagePositionPatient": self.position,
            "ImageOrientationPatient": self.orientation,
            "PixelSpacing": self.pixel_spacing,
        }
        return frame_of({**header, **own}, self.instance, self.frame)


@dataclass(frozen=True)
class SeriesFacts:
    """One series of one declared image; `header` holds the DICOM keywords that have one value in the whole series.

    `percentiles` maps "0.1", "1", "50", "99", "99.9" to the rescaled value over sampled voxels without padding;
    `perceptual_hash` is 64 hexadecimal digits, or "" where no pixel could be read.
    """

    image: str
    uid: str
    header: Mapping[str, Any] = field(default_factory=dict)
    slices: tuple[SliceFacts, ...] = ()
    damaged: tuple[Damage, ...] = ()
    percentiles: Mapping[str, float] = field(default_factory=dict)
    perceptual_hash: str = ""

    def get(self, keyword: str) -> Any:
        """Return the series' value of a DICOM keyword, else the first slice's that has one, else None."""
        if keyword in self.header:
            return self.header[keyword]
        return next((slice_facts.header[keyword] for slice_facts in self.slices if keyword in slice_facts.header), None)

    def text(self, keyword: str) -> str:
        """Return the value as one upper-case text, several values joined by a backslash; "" when absent."""
        value = self.get(keyword)
        values = value if isinstance(value, (list, tuple)) else [value]
        return "\\".join(str(element).strip() for element in values if element is not None).upper()

    def number(self, keyword: str) -> float | None:
        """Return the value as a float (the first of several), None when absent or no number."""
        value = self.get(keyword)
        if isinstance(value, (list, tuple)):
            value = value[0] if value else None
        try:
            return None if value is None or value == "" else float(value)
        except (TypeError, ValueError):
            return None

    def description(self) -> str:
        """Return what is left of the free descriptions after de-identification, upper case, for word searches."""
        names = ("SeriesDescription", "ProtocolName", "SequenceName", "PulseSequenceName", "StudyDescription")
        return " | ".join(text for text in map(self.text, names) if text)


@dataclass(frozen=True)
class MaskFacts:
    """A mask that lies on the grid of its image.

    `shape` is that of the grid; `labels` maps each value but 0, as text, to its voxel count; `components` counts the
    connected components of the non-zero voxels (26 or 8 neighbours).
    """

    shape: tuple[int, ...]
    labels: Mapping[str, int] = field(default_factory=dict)
    components: int | None = None
    format: str = ""


@dataclass(frozen=True)
class FieldFacts:
    """What the centre sent beside the images for one field that the question declares.

    `declared` is the field's block in the question file, `value` the clinical value or the list of nodules as sent
    (None when missing), `mask` what was read of a mask's file on its image's grid, `damages` every reason why it could
    not be used.
    """

    name: str
    declared: Mapping[str, Any] = field(default_factory=dict)
    value: Any = None
    mask: MaskFacts | None = None
    damages: tuple[Damage, ...] = ()

    @property
    def damage(self) -> Damage | None:
        """The first reason why the file could not be used."""
        return self.damages[0] if self.damages else None

    @property
    def missing(self) -> bool:
        """True when nothing at all was sent."""
        blank = self.value is None or (isinstance(self.value, str) and not self.value.strip())
        return blank and self.mask is None and self.damage is None


@dataclass(frozen=True)
class ExamFacts:
    """Everything the criteria may know of one exam: `images` are the names the question declares, in its order."""

    images: tuple[str, ...]
    series: tuple[SeriesFacts, ...] = ()
    fields: Mapping[str, FieldFacts] = field(default_factory=dict)
    damaged: tuple[Damage, ...] = ()

    def of(self, images: list[str] | None = None) -> Iterator[SeriesFacts]:
        """Yield the series of the named images, of all images when None."""
        yield from (series for series in self.series if images is None or series.image in images)

    @cached_property
    def assemblies(self) -> dict[str, Assembly]:
        """What each image with files is: its geometry, over all its series, or why it has none."""
        by_image: dict[str, list[Frame]] = {}
        for series in self.series:
            frames = by_image.setdefault(series.image, [])
            frames += [piece.placed({**series.header, **piece.header}) for piece in series.slices]
        return {image: assemble(frames, image) for image, frames in by_image.items()}

    def geometry(self, image: str) -> Geometry | None:
        """Return the geometry of an image; None where it has none, or no file."""
        assembly = self.assemblies.get(image)
        return None if assembly is None else assembly.geometry

    def image_of(self, field: FieldFacts) -> str:
        """Return the image that a mask or list is drawn on: the declared one, else the first."""
        of = field.declared.get("of")
        return str(of) if of in self.images else next(iter(self.images), "")

    def where(self, series: SeriesFacts) -> str:
        """Return our own name of a series: the image's, with a number when the image came in several series."""
        same = [other for other in self.series if other.image == series.image]
        if len(same) < 2:
            return series.image
        return f"{series.image}[{next(n for n, other in enumerate(same, 1) if other is series)}]"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dict; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExamFacts:
        """Read what `to_json` wrote, after a journey through JSON or not."""
        return cls(
            images=tuple(value["images"]),
            series=tuple(_series(series) for series in value["series"]),
            fields={name: _field(field) for name, field in value["fields"].items()},
            damaged=tuple(Damage(**damage) for damage in value["damaged"]),
        )


def _vector(value: Any) -> Vector | None:
    return None if value is None else tuple(value)


def _slice(value: Mapping[str, Any]) -> SliceFacts:
    vectors = {name: _vector(value[name]) for name in ("position", "orientation", "pixel_spacing")}
    pixels = None if value["pixels"] is None else PixelFacts(**value["pixels"])
    return SliceFacts(**{**value, **vectors, "pixels": pixels})


def _series(value: Mapping[str, Any]) -> SeriesFacts:
    slices = tuple(_slice(piece) for piece in value["slices"])
    damaged = tuple(Damage(**damage) for damage in value["damaged"])
    return SeriesFacts(**{**value, "slices": slices, "damaged": damaged})


def _field(value: Mapping[str, Any]) -> FieldFacts:
    mask = value["mask"]
    if mask is not None:
        mask = MaskFacts(**{**mask, "shape": tuple(mask["shape"])})
    damages = tuple(Damage(**damage) for damage in value["damages"])
    return FieldFacts(**{**value, "mask": mask, "damages": damages})
