"""Single values as people type them: the one parser of numbers and of yes and no, and cells that no spreadsheet runs."""

from __future__ import annotations

import math
import re

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE | re.ASCII)
YES = frozenset(["1", "true", "yes", "on", "y", "oui", "vrai", "o", "sim", "verdadeiro", "s"])
NO = frozenset(["0", "false", "no", "off", "n", "non", "faux", "não", "nao", "falso"])
# What Excel, LibreOffice and Google Sheets take for the start of a formula, full-width forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                  "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip


def parse_number(value: object) -> float | None:
    """A finite number, typed with a decimal point or comma and perhaps an exponent, else None.

    `1_0`, `0x1`, `1e999`, other scripts' digits and True are no numbers.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = float(value) if abs(value) < 1e300 else math.inf
        return number if math.isfinite(number) else None
    text = value.strip() if isinstance(value, str) else ""
    if not NUMBER.fullmatch(text):
        return None
    number = float(text.replace(",", "."))
    return number if math.isfinite(number) else None


def parse_boolean(value: object) -> bool | None:
    """Yes or no in English, French or Portuguese, as 1 or 0, or as a boolean; None for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) else None
    word = value.strip().lower() if isinstance(value, str) else ""
    return True if word in YES else False if word in NO else None


def begins_like_formula(text: str) -> bool:
    """Whether a spreadsheet would run this cell instead of showing it; a negative number is none."""
    shown = text.lstrip()
    if text != shown and text[:1] in "\t\r\n":
        return True
    return shown.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(shown.strip())


def inert_cell(value: object) -> str:
    """The cell of a CSV that people open in a spreadsheet: 1 or 0 for a boolean, empty for None, numbers in full, and an
    apostrophe before what would run as a formula (OWASP, CSV injection)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    text = repr(value) if isinstance(value, float) else str(value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # csv.writer leaves a lone \r unquoted, and it begins a row
    return f"'{text}" if begins_like_formula(text) else text
