"""Dates and times: shifted by whole days, so that intervals, order and times of day survive."""

import re
from datetime import date, timedelta

_DA = re.compile(rb"(\d{4})[.]?(\d{2})[.]?(\d{2})")
_DT = re.compile(rb"(\d{4})(\d{2})(\d{2})((?:\d{2}){0,3}(?:\.\d{1,6})?)(?:[+\-]\d{4})?")


def shift_date(value: bytes, days: int) -> bytes | None:
    """A DA value (`YYYYMMDD`, or a query's range of two) moved by `days`; None where it is no date. `YYYY.MM.DD` loses its
    points.
    """
    if b"-" in value:
        ends = [shift_date(end, days) if end.strip() else b"" for end in value.split(b"-")]
        return None if None in ends or len(ends) != 2 else b"-".join(end or b"" for end in ends)
    match = _DA.fullmatch(value.strip(b" \0"))
    return _moved(match[1], match[2], match[3], days) if match else None


def shift_datetime(value: bytes, days: int) -> bytes | None:
    """A DT value moved by `days`, its time of day kept and its offset from UTC, which tells a place, removed.

    A DT without a day (`YYYY`, `YYYYMM`) cannot be moved by days: None.
    """
    match = _DT.fullmatch(value.strip(b" \0"))
    moved = _moved(match[1], match[2], match[3], days) if match else None
    return moved + match[4] if moved is not None and match else None


def _moved(year: bytes, month: bytes, day: bytes, days: int) -> bytes | None:
    try:
        moved = date(int(year), int(month), int(day)) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return b"%04d%02d%02d" % (moved.year, moved.month, moved.day)
