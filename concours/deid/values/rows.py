"""What came beside images, read as rows: CSV and XLSX in every dialect that is taken, JSON, text files. Everything stays text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from concours.formats.fault import Fault, FormatError, gettext_noop, refuse
from concours.formats.files import read_table
from concours.formats.manifest import SubmissionLimits

TABLE_LIMITS = SubmissionLimits(bytes=50_000_000, rows=100_000)
LONGEST_TEXT = 200_000  # characters of one text; a long report has 20 000
TEXT_ENCODINGS = ("utf-8-sig", "utf-16", "cp1252")

NOT_JSON = gettext_noop("%(name)s is not valid JSON. Send one object per exam, or a list of objects.")
NOT_TEXT = gettext_noop("%(name)s is not a text. Save it as plain text in UTF-8.")
TOO_LONG = gettext_noop("%(name)s is longer than %(limit)s characters. Send one report per file.")


@dataclass(frozen=True)
class Rows:
    """The rows of one source under the names that its sender gave to columns or keys. `called` is the file's name, or "form".

    `row` is where the only row stands in its table (from 1 with the header), where every row is an exam of its own; else 0.
    """

    called: str
    rows: tuple[Mapping[str, Any], ...]
    row: int = 0

    @property
    def stem(self) -> str:
        return self.called.rpartition(".")[0] or self.called


def read_rows(content: bytes, called: str) -> Rows:
    """The rows of a table or JSON file. Raises FormatError in words for its sender."""
    if called.lower().endswith(".json"):
        return Rows(called, _json_rows(content, called))
    try:
        table = read_table(content, called, TABLE_LIMITS)
    except FormatError as error:
        if all(fault.reason == "empty_submission" for fault in error.faults):
            return Rows(called, ())
        raise
    return Rows(called, tuple(dict(zip(table.columns, row, strict=True)) for row in table.rows))


def _json_rows(content: bytes, called: str) -> tuple[Mapping[str, Any], ...]:
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise refuse("wrong_format", called, NOT_JSON, name=called) from error
    rows = document if isinstance(document, list) else [document]
    if not all(isinstance(row, dict) for row in rows):
        raise refuse("wrong_format", called, NOT_JSON, name=called)
    return tuple(rows[: TABLE_LIMITS.rows])


def read_text(content: bytes, called: str) -> str:
    """A text file as its sender's program wrote it. Raises FormatError."""
    if b"\x00" in content[:4096] and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise refuse("wrong_format", called, NOT_TEXT, name=called)
    for encoding in TEXT_ENCODINGS:
        if encoding == "utf-16" and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(text) > LONGEST_TEXT:
            raise refuse("too_large", called, TOO_LONG, name=called, limit=LONGEST_TEXT)
        return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    raise FormatError(Fault("wrong_format", called, NOT_TEXT, {"name": called}))
