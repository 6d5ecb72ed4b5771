"""Where an exam lies, in folders and in space, and which of several exams an annotation belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import PurePosixPath

from concours.imaging import Frame, Geometry, assemble
from concours.imaging.masks import lies_on
from concours.study.sent import MaskGrid, SentHeader
from concours.study.structures import drawn_on


class Place:
    """The folders, series, frames of reference and grids of one exam's images."""

    def __init__(self, images: Sequence[tuple[str, SentHeader]]) -> None:
        self.folders = {PurePosixPath(name).parent for name, _ in images}
        self.series = {header.series for _, header in images}
        self.frames_of_reference = {header.frame_of_reference for _, header in images} - {""}
        self._headers = [header for _, header in images]

    @cached_property
    def geometries(self) -> list[Geometry]:
        """The geometry of each series that states its position in each slice."""
        by_series: dict[str, list[SentHeader]] = {}
        for header in self._headers:
            by_series.setdefault(header.series, []).append(header)
        assemblies = (assemble(list(map(_frame, headers))) for headers in by_series.values())
        return [
            assembly.geometry
            for assembly in assemblies
            if assembly.geometry is not None and assembly.geometry.affine is not None
        ]

    @cached_property
    def shapes(self) -> set[tuple[int, int]]:
        """Columns and rows of its images."""
        return {(header.columns, header.rows) for header in self._headers}


def _frame(header: SentHeader) -> Frame:
    is_single = header.frames == 1
    return Frame(
        header.instance,
        0,
        position=header.position if is_single else None,
        orientation=header.orientation if is_single else None,
        pixel_spacing=header.spacing,
        rows=header.rows,
        columns=header.columns,
    )


def owner_by_grid(mask: MaskGrid, places: Sequence[Place]) -> list[int]:
    """The exams that have a series on the mask's grid; for a mask without an affine, those with pixels of its shape."""
    shape = (*mask.shape, 1, 1)[:3]
    if mask.affine is None:
        return [n for n, place in enumerate(places) if tuple(shape[:2]) in place.shapes]
    return [
        n
        for n, place in enumerate(places)
        if any(lies_on(shape, mask.affine, geometry) for geometry in place.geometries)
    ]


def owner_by_contours(structures: SentHeader | None, places: Sequence[Place]) -> list[int]:
    """The exams that have a series on whose slices the contours of a structure set lie."""
    regions = structures.regions if structures is not None else ()
    return [n for n, place in enumerate(places) if any(drawn_on(regions, geometry) for geometry in place.geometries)]


def fits_shape(mask: MaskGrid, places: Iterable[Place]) -> bool:
    """Whether any image has as many columns and rows as the mask, in either order."""
    columns, rows = (*mask.shape, 1)[:2]
    return any({(columns, rows), (rows, columns)} & place.shapes for place in places)


def owner_by_folder(name: str, places: Sequence[Place], among: Sequence[int] | None = None) -> int | None:
    """The one exam that shares the deepest folder with `name`, or whose folder it is named after; None where several are."""
    candidates = [n for n, place in enumerate(places) if place.series and (among is None or n in among)]
    if len(candidates) == 1:
        return candidates[0]
    folder = PurePosixPath(name).parent
    for ancestor in (folder, *folder.parents):
        near = [
            n
            for n in candidates
            if any(
                name_of_folder == ancestor or ancestor in name_of_folder.parents for name_of_folder in places[n].folders
            )
        ]
        if len(near) == 1:
            return near[0]
        if near:
            candidates = near
            break
    return _named_after(name, places, candidates)


def _named_after(name: str, places: Sequence[Place], candidates: Sequence[int]) -> int | None:
    """`masks/case 7.nii.gz`, `case 7_tumour.nrrd` or `masks/case 7/x.png` beside the folder `case 7` of an exam."""
    path = PurePosixPath(name.lower())
    words = {*path.parts[:-1], path.name.split(".")[0]}
    owners = []
    for n in candidates:
        own = {part for folder in places[n].folders for part in PurePosixPath(str(folder).lower()).parts}
        others = {
            part
            for other in candidates
            if other != n
            for folder in places[other].folders
            for part in PurePosixPath(str(folder).lower()).parts
        }
        if any(
            word == part or re.match(re.escape(part) + r"[^a-z0-9]", word) for part in own - others for word in words
        ):
            owners.append(n)
    return owners[0] if len(owners) == 1 else None
