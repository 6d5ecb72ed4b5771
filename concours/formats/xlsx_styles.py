"""How a workbook shows its numbers: dates are stored as days, and `001` as 1 shown with zeros.

Excel turns `1.5` or `1/5` into a date by itself; read as a number it would be 45 413. Layout: ECMA-376 part 1, 18.8.
"""

import re
from datetime import datetime, timedelta

BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
NOT_SHOWN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)  # quoted, escaped, filling, colours
MAX_STYLES = 100_000  # Excel itself holds 65 490
WHOLE = re.compile(r"[0-9]+")
EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a cell's dates have no zone


class Styles:
    """Handler of `xl/styles.xml`. `shown(style, number)` is the text of a numeric cell."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._formats: list[str] = []
        self._inside = False
        self.epoch = EPOCH

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if tag == "cellXfs":
            self._inside = True
        elif tag == "xf" and self._inside and len(self._formats) < MAX_STYLES:
            self._formats.append(attributes.get("numFmtId", ""))
        elif tag == "numFmt" and len(self._codes) < MAX_STYLES:
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:255]

    def end(self, tag: str) -> None:
        if tag.rpartition(":")[2] == "cellXfs":
            self._inside = False

    def text(self, data: str) -> None:
        """Nothing to do."""

    def shown(self, style: str, number: str) -> str:
        """A date as ISO 8601, a whole number with the zeros it is shown with, any other as it is stored."""
        format_id = (
            self._formats[int(style)] if WHOLE.fullmatch(style[:9]) and int(style[:9]) < len(self._formats) else ""
        )
        code = self._codes.get(format_id)
        if code is None:
            return self._date(number) if format_id.isdigit() and int(format_id[:9]) in BUILT_IN_DATES else number
        if re.fullmatch("0{2,}", code) and WHOLE.fullmatch(number):
            return number.zfill(len(code))
        shown = NOT_SHOWN.sub("", code.partition(";")[0])
        return self._date(number) if re.search("[dmyhs]", shown, re.IGNORECASE) else number

    def _date(self, number: str) -> str:
        try:
            days = float(number)
            if days < 0:
                raise ValueError(number)
            moment = (self.epoch + timedelta(days=days, microseconds=500_000)).replace(microsecond=0)
        except (ValueError, OverflowError):
            return f"date {number}"
        if days < 1:
            return moment.time().isoformat()
        return (moment.date() if days == int(days) else moment).isoformat()
