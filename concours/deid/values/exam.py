"""What lies beside an exam's images in the quarantine, through the gate, and as files that the second check reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from concours.deid.values.apart import PARSED, TABLES, ParsedSource, parse_here
from concours.deid.values.contradictions import FORM
from concours.deid.values.gate import Admission, Declared, admit, identities_of
from concours.deid.values.known import KnownIdentifiers
from concours.deid.values.rows import Rows
from concours.formats.fault import Fault
from concours.formats.stored import whole


def read_sources(original: Path) -> tuple[list[Rows], list[Fault]]:
    """`values.json` and the tables of a quarantined exam as rows, and what cannot be read.

    Tables are parsed before (`parse_tables`); what is still `tables/NN-<name>` is parsed here.
    """
    sources: list[Rows] = []
    faults: list[Fault] = []
    form = original / "values.json"
    if form.exists():
        sources.append(Rows(FORM, (json.loads(form.read_text(encoding="utf-8")),)))
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((original / PARSED).glob("*.json"))]
    tables = [ParsedSource.from_json(document) for document in documents]
    tables += [parse_here(whole(path), path.name.partition("-")[2]) for path in sorted((original / TABLES).glob("*"))]
    for table in tables:
        if table.faults:
            faults += table.faults
        else:
            sources.append(table.as_rows())
    return sources, faults


def admit_exam(
    original: Path, fields: Mapping[str, Declared], identifiers: KnownIdentifiers, shift_days: int
) -> tuple[Admission, KnownIdentifiers]:
    """What passes of one exam, and everything known of its patient: what its headers say and what undeclared columns say."""
    sources, faults = read_sources(original)
    more = identities_of((row for source in sources for row in source.rows), fields)
    everything = identifiers.with_more(more).with_more(_told_at_reception(original))
    admission = admit(fields, sources, identifiers=everything, shift_days=shift_days)
    return replace(admission, faults=(*faults, *admission.faults)), everything


def _told_at_reception(original: Path) -> KnownIdentifiers:
    """What columns beside the declared ones said of the patient, of an exam without images."""
    path = original / "identities.json"
    if not path.exists():
        return KnownIdentifiers()
    identity = json.loads(path.read_text(encoding="utf-8"))
    return KnownIdentifiers.of(identity["people"], identity["numbers"], identity["places"])


def patient_of(original: Path) -> str:
    """The patient's own number of an exam without images; empty where the images say it."""
    path = original / "identities.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["patient"]) if path.exists() else ""


def write_for_second_check(admission: Admission, folder: Path) -> None:
    """Each text as a file of its own, and numbers and categories in one that is searched for known identifiers alone."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {text.place for text in admission.texts}
    for text in admission.texts:
        (folder / f"{text.place}.txt").write_text(text.safe, encoding="utf-8")
    plain = {
        name: value for name, value in admission.values.items() if name not in texts and not isinstance(value, list)
    }
    if plain:
        content = "\n".join(str(value) for value in plain.values() if value is not None)
        (folder / "values.dat").write_text(content, encoding="utf-8")
