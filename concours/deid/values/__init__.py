"""Values, tables and texts that come beside images: what passes, as which type, and which words a person decides on.

`admit` is the gate. Nothing here imports Django; the same code runs in the server's limited child and in a browser.
"""

from concours.deid.values.apart import ParsedSource, parse_apart, parse_here, parse_tables
from concours.deid.values.exam import admit_exam, patient_of, write_for_second_check
from concours.deid.values.gate import INVALID, Admission, Declared, GatedText, admit, declared_fields, identities_of
from concours.deid.values.known import KnownIdentifiers
from concours.deid.values.prose import (
    MARK,
    Piece,
    Pieces,
    WordRun,
    decide,
    examine_text,
    remove_words,
    safe_text,
    unsure_words,
    word_runs,
)
from concours.deid.values.rows import Rows, read_rows, read_text

__all__ = [
    "INVALID",
    "MARK",
    "Admission",
    "Declared",
    "GatedText",
    "KnownIdentifiers",
    "ParsedSource",
    "Piece",
    "Pieces",
    "Rows",
    "WordRun",
    "admit",
    "admit_exam",
    "decide",
    "declared_fields",
    "examine_text",
    "identities_of",
    "parse_apart",
    "parse_here",
    "parse_tables",
    "patient_of",
    "read_rows",
    "read_text",
    "remove_words",
    "safe_text",
    "unsure_words",
    "word_runs",
    "write_for_second_check",
]
