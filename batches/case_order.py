"""What crosses to the child that writes one case, and what it answers. Plain: records that pass as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from concours.formats.json import Json, JsonObject


@dataclass(frozen=True)
class OrderedField:
    """A field as the question declares it, with its file at `path` or its `value`."""

    type: str
    values: tuple[int, ...] = ()  # a mask's
    of: str = ""
    columns: tuple[str, ...] = ()
    path: str = ""
    value: Json = None

    @classmethod
    def from_json(cls, document: Mapping[str, Json]) -> OrderedField:
        values = {
            **document,
            "values": tuple(document.get("values", ())),
            "columns": tuple(document.get("columns", ())),
        }
        return cls(**values)


@dataclass(frozen=True)
class OrderedMeasure:
    """A scalar `field` that is measured on a mask that nobody gave a value for."""

    field: str
    source: str
    measure: str


@dataclass(frozen=True)
class CaseOrder:
    """One case to be written under the id that teams know: files by image, what was decided of their geometry, fields."""

    id: str
    group: str
    images: Mapping[str, tuple[str, ...]]
    geometries: Mapping[str, JsonObject] = field(default_factory=dict)
    fields: Mapping[str, OrderedField] = field(default_factory=dict)
    measures: tuple[OrderedMeasure, ...] = ()
    blanks_face: bool = False

    def to_json(self) -> JsonObject:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Json]) -> CaseOrder:
        return cls(
            id=document["id"],
            group=document.get("group", ""),
            images={name: tuple(paths) for name, paths in document["images"].items()},
            geometries=document.get("geometries", {}),
            fields={name: OrderedField.from_json(field) for name, field in document.get("fields", {}).items()},
            measures=tuple(OrderedMeasure(**measure) for measure in document.get("measures", ())),
            blanks_face=document.get("blanks_face", False),
        )


@dataclass(frozen=True)
class WrittenFiles:
    """One case as it was written: files below the folder, scalars by field, mm between rows, columns and slices (none where
    the image states none), how many voxels the rounding of the headers moves a corner, and what became of faces.
    """

    files: tuple[str, ...]
    scalars: Mapping[str, Json]
    spacing: tuple[float, ...]
    slack: float
    faces: tuple[str, ...]

    def to_json(self) -> JsonObject:
        return {
            "files": list(self.files),
            "scalars": dict(self.scalars),
            "spacing": list(self.spacing),
            "slack": self.slack,
            "faces": list(self.faces),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Json]) -> WrittenFiles:
        return cls(
            files=tuple(document["files"]),
            scalars=document["scalars"],
            spacing=tuple(document["spacing"]),
            slack=document["slack"],
            faces=tuple(document["faces"]),
        )
