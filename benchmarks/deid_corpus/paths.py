"""Reads what stands at a tag path such as "(0040,a730)[2].(0040,a160)" of a dataset, and makes texts comparable."""

import re
import unicodedata

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

_STEP = re.compile(r"\(([0-9a-f]{4}),([0-9a-f]{4})\)(?:\[(\d+)\])?")


def value_at(ds: Dataset, path: str) -> object | None:
    """The value of the element at `path`, or None when any step of it is missing."""
    value: object | None = ds
    for group, element, index in _STEP.findall(path):
        if not isinstance(value, Dataset):
            return None
        tag = int(group + element, 16)
        holder = value.file_meta if group == "0002" and hasattr(value, "file_meta") else value
        if tag not in holder:
            return None
        value = holder[tag].value
        if index:
            if not isinstance(value, Sequence) or int(index) >= len(value):
                return None
            value = value[int(index)]
    return value


def text_at(ds: Dataset, path: str) -> str:
    """Everything the element at `path` says, nested values included, as one text; "" when it is not there."""
    return _said(value_at(ds, path))


def _said(value: object | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace") + " " + value.decode("latin-1")
    if isinstance(value, Dataset):
        return " ".join(_said(element.value) for element in value)
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | Sequence):
        return " ".join(_said(item) for item in value)
    return str(value)


def comparable(text: str) -> str:
    """Small letters without accents and without any sign that parts words."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[\s^=_-]+", " ", "".join(c for c in decomposed if not unicodedata.combining(c))).strip()
