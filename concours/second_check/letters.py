"""Text made comparable: no accents, no case, words apart; and dates read in any of the formats that people write."""

import re
import unicodedata
from datetime import date

_WORD = re.compile(r"\w+")
_MONTH_NAMES = (
    "jan january janvier janv", "feb february fevrier fev", "mar march mars", "apr april avril avr",
    "may mai", "jun june juin", "jul july juillet juil", "aug august aout",
    "sep sept september septembre", "oct october octobre", "nov november novembre", "dec december decembre",
)  # fmt: skip
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()}
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d{1,5}(?:\D|$))")
_ISO = re.compile(r"(?<!\d)(\d{4})[-/. ](\d{1,2})[-/. ](\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<![\d.])(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?![\d.]*\d)")
_SIX = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2,4})(?!\d)")
_DAY_MONTH = re.compile(r"(?<!\d)(\d{1,2})(?:er|st|nd|rd|th)?[-. ]*([a-z]{3,9})[-., ]*(\d{4}|\d{2})(?!\d)")
_MONTH_DAY = re.compile(r"\b([a-z]{3,9})[-. ]+(\d{1,2})(?:st|nd|rd|th)?[-., ]+(\d{4})(?!\d)")


def plain(text: str) -> str:
    """Small letters without accents, in compatibility form (full-width letters become ordinary ones; ß becomes ss)."""
    if text.isascii():  # nothing to take apart
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return (
        "".join(c for c in decomposed if not unicodedata.combining(c))
        .replace("ł", "l")
        .replace("ø", "o")
        .replace("đ", "d")
    )


def words(text: str) -> list[str]:
    """The words of a text, plain; a hyphen, an apostrophe, a caret or an underscore parts them."""
    return _WORD.findall(plain(text).replace("_", " "))


def dates_in(text: str, *, six_digits: bool = False) -> set[date]:
    """Every date the text may mean: year first, day first, month first, month names in French and English, two-digit years
    both ways.

    `six_digits` also reads DDMMYY, YYMMDD and DDMMYYYY without separators, which only makes sense when looking for a known
    date.
    """
    small = plain(text)
    dates: set[date] = set()
    for pattern in (_COMPACT, _ISO):
        for year, month, day in pattern.findall(small):
            _add(dates, year, month, day)
    for first, second, year in _DAY_FIRST.findall(small):
        _add(dates, year, second, first)
        _add(dates, year, first, second)
    for day, month, year in _DAY_MONTH.findall(small):
        _add(dates, year, _MONTHS.get(month, 0), day)
    for month, day, year in _MONTH_DAY.findall(small):
        _add(dates, year, _MONTHS.get(month, 0), day)
    if six_digits:
        for start, middle, end in _SIX.findall(small):
            _add(dates, end, middle, start)
            if len(end) == 2:
                _add(dates, start, middle, end)
    return dates


def _add(dates: set[date], year: str, month: str | int, day: str) -> None:
    years = [int(year)] if len(year) == 4 else [1900 + int(year), 2000 + int(year)]
    for candidate in years:
        try:
            value = date(candidate, int(month), int(day))
        except ValueError:
            continue
        if 1890 <= candidate <= 2060:
            dates.add(value)
