"""Hard or soft: what a CT's reconstruction kernel is, by the reviewed table of vendors' names beside this package."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from concours.inclusion.exam.facts import SeriesFacts

TABLE = Path(__file__).parent.parent / "tables" / "kernels.csv"
VENDORS = (
    ("siemens", r"SIEMENS"),
    ("ge", r"^GE\b|GENERAL ELECTRIC"),
    ("philips", r"PHILIPS"),
    ("canon", r"CANON|TOSHIBA"),
)
# Names that no other word of a series description looks like; "B", "SOFT" or "LUNG" in free text prove nothing.
UNMISTAKABLE = re.compile(r"(?<![A-Z0-9])(B[1-8][0-9][FSH]|[BH][RFLV][2-8][0-9]|FC[0-9]{2})(?![A-Z0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class KernelRow:
    """One row of the table: `basis` is standard (a defined term) or read (it says what the source's text says)."""

    vendor: str
    pattern: str
    kind: str
    basis: str
    source: str


@dataclass(frozen=True)
class Kernel:
    """The kernel's name as found, its class (soft, hard or "" = unknown) and whether only a description told it."""

    name: str
    kind: str
    described: bool = False


@cache
def rows() -> tuple[KernelRow, ...]:
    """Return the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            KernelRow(r["vendor"], r["pattern"], r["class"], r["basis"], r["source"]) for r in csv.DictReader(file)
        )


def vendor_of(manufacturer: str) -> str:
    """Return siemens, ge, philips or canon, "" for any other manufacturer or none."""
    text = manufacturer.strip().upper()
    return next((name for name, pattern in VENDORS if re.search(pattern, text)), "")


def kind_of(name: str, vendor: str = "") -> str:
    """Return soft, hard or "" (unknown) for a kernel's name; without a vendor every table must agree."""
    text = name.strip().upper()
    kinds = {
        row.kind for row in rows() if (not vendor or row.vendor in (vendor, "any")) and re.fullmatch(row.pattern, text)
    }
    return kinds.pop() if len(kinds) == 1 else ""


def kernel_of(series: SeriesFacts) -> Kernel:
    """Return the kernel that a series names: its own element, the standard's group, else an unmistakable description."""
    vendor = vendor_of(series.text("Manufacturer"))
    name = _first(series.get("ConvolutionKernel"))
    if kind := kind_of(name, vendor):
        return Kernel(name, kind)
    group = series.text("ConvolutionKernelGroup").split("\\")[0]
    if kind := kind_of(f"{group}_GROUP" if group in ("LUNG", "BONE") else group, "any"):
        return Kernel(name or group, kind)
    if name:
        return Kernel(name, "")
    names = sorted(set(UNMISTAKABLE.findall(_first(series.get("SeriesDescription")))))
    if len(names) == 1:
        return Kernel(names[0], kind_of(names[0], vendor), described=True)
    return Kernel("", "")


def _first(value: object) -> str:
    """Return the first value as text, its case kept: that is how the centre knows the name."""
    value = value[0] if isinstance(value, (list, tuple)) and value else value
    return str(value or "").split("\\")[0].strip()
