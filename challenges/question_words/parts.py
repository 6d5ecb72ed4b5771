"""Numbers, ranges, units and lists as a reader writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from concours.questions.schema import ColumnSpec


def number(value: float) -> str:
    """A number as the reader writes it, without zeros that say nothing."""
    text = f"{value:.10g}"
    digits = len(text.partition(".")[2]) if "e" not in text else None
    return str(number_format(value, decimal_pos=digits, force_grouping=abs(value) >= 10_000))


def range_words(low: float | None, high: float | None, below: float | None, unit: str) -> str:
    """Limits as people say them: from 1 to 5 mm, at least 3."""
    space = f" {unit}" if unit else ""
    values = {"low": low if low is None else number(low), "high": high if high is None else number(high)}
    if low is not None and low == high:
        return f"{values['low']}{space}"
    if low is not None and high is not None:
        return gettext("from %(low)s to %(high)s") % values + space
    if low is not None:
        return gettext("at least %(low)s") % values + space
    if high is not None:
        return gettext("at most %(high)s") % values + space
    if below is not None:
        return gettext("less than %(limit)s") % {"limit": number(below)} + space
    return ""


def setting_words(value: Any) -> str:
    """A parameter of a metric as the question file writes it: teams give the same to `concours metric`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {setting_words(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(setting_words, value))
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def one_of_words(names: tuple[str, ...]) -> str:
    written = {"nifti": "NIfTI", "dicom": "DICOM", "png": "PNG", "npy": "NPY", "csv": "CSV", "xlsx": "Excel"}
    shown = [written.get(name, name) for name in names]
    if len(shown) < 2:
        return "".join(shown)
    return gettext("%(these)s or %(last)s") % {"these": ", ".join(shown[:-1]), "last": shown[-1]}


def unit_words(unit: str) -> str:
    """mm2 as mm²."""
    written = unit.replace("^2", "²").replace("^3", "³").replace("mm2", "mm²").replace("mm3", "mm³")
    # A squared unit is written `s2` or `(mm2)2` in files.
    return f"{written[:-1]}²" if written.endswith("2") else written


def column_words(column: ColumnSpec) -> str:
    """A column's name with its unit: `diameter (mm)`."""
    unit = unit_words(column.unit)
    return f"{column.name} ({unit})" if unit else column.name
