"""NRRD: only the fields that the image needs stay; comments, key/value pairs and free text go (default deny)."""

import re
from typing import BinaryIO

_HEADER_LIMIT = 1 << 20
_COPY = 1 << 20
# Fields of the NRRD format definition that describe the array and its place in space; their values are numbers, units and
# enumerated words.
_KEPT = frozenset(
    {
        "type",
        "block size",
        "blocksize",
        "dimension",
        "space",
        "space dimension",
        "sizes",
        "spacings",
        "space directions",
        "space origin",
        "space units",
        "units",
        "kinds",
        "centers",
        "centerings",
        "thicknesses",
        "axis mins",
        "axismins",
        "axis maxs",
        "axismaxs",
        "endian",
        "encoding",
        "min",
        "max",
        "old min",
        "oldmin",
        "old max",
        "oldmax",
        "byte skip",
        "byteskip",
        "line skip",
        "lineskip",
        "measurement frame",
        "sample units",
        "sampleunits",
    }
)
_WORDS = re.compile(r'^[\w\s().,+\-/:"]*$')
_UNITS = frozenset({"mm", "cm", "m", "um", "µm", "s", "ms", "us", "hz", "ppm", "rad", "deg", "???", "none"})
_TEXT_FIELDS = frozenset({"units", "space units", "sample units", "sampleunits"})


def clean_nrrd(reading: BinaryIO, writing: BinaryIO) -> dict[str, str]:
    """Copy an NRRD file with attached data, keeping the array's own fields; returns {place: action}, key/value pairs counted.

    A detached header (`data file`) is refused with ValueError: it names other files.
    """
    magic = reading.readline(16)
    if not re.match(rb"NRRD000\d\s*$", magic):
        raise ValueError("This is not an NRRD header.")
    lines_kept, removed, size = [magic.rstrip()], {"comments": 0, "keys and values": 0, "fields": 0}, 0
    while line := reading.readline(_HEADER_LIMIT):
        size += len(line)
        if size > _HEADER_LIMIT:
            raise ValueError("The NRRD header is too long.")
        line = line.rstrip(b"\r\n")
        if not line:
            break
        place = _judge(line.decode("utf-8", "replace"))
        if place == "":
            lines_kept.append(line)
        else:
            removed[place] += 1
    else:
        raise ValueError("The NRRD header has no end.")
    writing.write(b"\n".join(lines_kept) + b"\n\n")
    while block := reading.read(_COPY):
        writing.write(block)
    return {place: f"{count} removed" for place, count in removed.items() if count}


def _judge(line: str) -> str:
    """ "" when the line stays, else what it is."""
    if line.startswith("#"):
        return "comments"
    name, separator, value = line.partition(": ")
    pair = line.partition(":=")
    if pair[1] and (not separator or len(pair[0]) < len(name)):
        return "keys and values"
    field = re.sub(r"\s+", " ", name.strip().lower())
    if field in ("data file", "datafile"):
        raise ValueError("The image data stand in another file.")
    if field not in _KEPT or not _WORDS.match(value):
        return "fields"
    if field in _TEXT_FIELDS and not set(re.findall(r"[^\s\"]+", value.lower())) <= _UNITS:
        return "fields"
    return ""
