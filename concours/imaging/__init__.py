"""What an image is: the order of its slices, its affine, its values and how it is displayed. Decided once, used everywhere.

`assemble` decides from headers; `Geometry` is the decision, stored with the exam; `load_volume` reads voxels by it;
`upright` turns them for display. See `docs/decisions/0008-imaging.md`.
"""

from concours.imaging.assemble import assemble
from concours.imaging.display import letters, upright
from concours.imaging.geometry import Assembly, Geometry, Slice
from concours.imaging.header import Frame, frame_of, read_frames
from concours.imaging.load import assemble_files, geometry_of_files, load_picture, load_volume

__all__ = [
    "Assembly",
    "Frame",
    "Geometry",
    "Slice",
    "assemble",
    "assemble_files",
    "frame_of",
    "geometry_of_files",
    "letters",
    "load_picture",
    "load_volume",
    "read_frames",
    "upright",
]
