"""Judges the output of one tool against the answer key: leaks, the table's actions, science, pixels, links, intervals."""

import io
import warnings
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from benchmarks.deid_corpus.paths import comparable, text_at, value_at
from benchmarks.deid_corpus.plants import table_rows

OPTIONS = ("desc", "graph", "struct", "moddates")
_EMPTY: tuple[object, ...] = ("", None, [], b"")
_SLACK = 0.4  # of the letter height around burned-in text that may be blanked with it


@dataclass
class Output:
    """What a tool made of one corpus file: `path` is None when nothing was written; `review` when a person must look first."""

    path: Path | None
    review: bool = False
    reason: str = ""


@dataclass
class Tally:
    """Counts of one tool; `examples` say for each failure which file and where."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, good: bool, name: str, example: str = "") -> None:
        self.counts[f"{name} all"] += 1
        self.counts[name] += good
        if not good:
            self.examples[name].append(example)

    def share(self, name: str) -> float | None:
        total = self.counts[f"{name} all"]
        return round(100 * self.counts[name] / total, 2) if total else None


def judge(key: dict[str, Any], corpus: Path, outputs: list[Output]) -> Tally:
    """Compare every output with its key entry."""
    tally = Tally()
    rows = table_rows()
    identifiers = {p["number"]: [i for i in p["identifiers"] if len(i) >= 5] for p in key["people"]}
    written: dict[str, Dataset] = {}
    dates: dict[int, dict[str, str]] = defaultdict(dict)
    ids: dict[int, set[str]] = defaultdict(set)
    for entry, output in zip(key["files"], outputs, strict=True):
        tally.counts["files"] += 1
        tally.counts["plants in all files"] += len(entry["plants"])
        if output.path is None:
            tally.counts["files refused"] += 1
            tally.examples["refused"].append(f"{_name(entry)}: {output.reason}")
            continue
        tally.counts["files review" if output.review else "files written"] += 1
        raw = output.path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                after = pydicom.dcmread(io.BytesIO(raw))
                before = pydicom.dcmread(corpus / entry["path"])
                after.walk(lambda _ds, _element: None)
            except Exception as error:  # an output that cannot be read is a failure of its tool
                tally.note(False, "readable", f"{_name(entry)}: {type(error).__name__}")
                continue
            tally.note(True, "readable")
            _judge_file(tally, entry, output, raw, before, after, rows, identifiers[entry["person"]], corpus)
        written[entry["sop"]] = after
        ids[entry["person"]].add(str(after.get("PatientID", "")))
        dates[entry["person"]].setdefault(entry["study_date"], str(after.get("StudyDate", "")))
    _judge_links(tally, key, written)
    _judge_people(tally, key, dates, ids)
    return tally


def _name(entry: dict[str, Any]) -> str:
    return f"{Path(entry['path']).name} {entry['kind']} {entry['syntax']}"


def _judge_file(
    tally: Tally,
    entry: dict[str, Any],
    output: Output,
    raw: bytes,
    before: Dataset,
    after: Dataset,
    rows: dict[str, dict[str, Any]],
    identifiers: list[str],
    corpus: Path,
) -> None:
    name = _name(entry)
    leaked = False
    for plant in entry["plants"]:
        survives = _survives(plant, raw, after)
        leaked |= survives
        tally.note(not survives, "plants removed", f"{name}: {plant['where']} ({plant['kind']})")
        if plant["kind"] not in ("date", "uid"):
            tally.note(not survives, "midi text_removed")
        elif plant["kind"] == "uid":
            tally.note(not survives, "midi uid_changed")
        elif plant["where"] in ("(0008,0020)", "(0008,0021)", "(0008,0023)"):
            shifted = text_at(after, plant["where"])
            tally.note(not survives and len(shifted) == 8, "midi date_shifted", f"{name}: {plant['where']}")
    anywhere = _anywhere(raw, after, identifiers)
    leaked |= bool(anywhere)
    for where in anywhere:
        tally.examples["bytes"].append(f"{name}: {where}")
    tally.note(not leaked, "files without leak", name)
    needles = {plant["where"]: plant["needles"] for plant in entry["plants"]}
    for tag, row in rows.items():
        if int(tag, 16) in before and before[int(tag, 16)].value not in _EMPTY:
            path = f"({tag[:4]},{tag[4:]})".lower()
            why = _nonconform(before, after, int(tag, 16), row, needles.get(path, []))
            tally.note(not why, "table actions", f"{name}: {path} {row['k']} {row['a']}: {why}")
    for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality"):
        tally.note(bool(str(after.get(keyword, ""))), "midi text_notnull", f"{name}: {keyword}")
    for keyword, value in entry["kept"].items():
        tally.note(keyword in after, "midi tag_retained", f"{name}: {keyword}")
        tally.note(str(after.get(keyword)) == value, "midi text_retained")
        tally.note(
            str(after.get(keyword)) == value, "science kept", f"{name}: {keyword} {value} -> {after.get(keyword)}"
        )
    if entry["pixels"]:
        _judge_pixels(tally, entry, output, after, corpus, name)


def _survives(plant: dict[str, Any], raw: bytes, after: Dataset) -> bool:
    where, needles = plant["where"], plant["needles"]
    if where == "preamble":
        return any(needle.encode() in raw[:128] for needle in needles)
    if where == "high bits":
        return _has_high_bits(after)
    if where in ("trailing bytes", "pixel padding", "codestream comment"):
        return any(needle.encode() in raw for needle in needles)
    if needles == ["<any>"]:
        value = value_at(after, where)
        return isinstance(value, bytes) and bool(value.strip(b"\x00"))
    text_there = comparable(text_at(after, where))
    return any(comparable(needle) in text_there for needle in needles)


def _has_high_bits(after: Dataset) -> bool:
    if after.get("BitsAllocated") != 16 or "PixelData" not in after or after.file_meta.TransferSyntaxUID.is_compressed:
        return False
    order = ">" if not after.file_meta.TransferSyntaxUID.is_little_endian else "<"
    words = np.frombuffer(after.PixelData[: len(after.PixelData) // 2 * 2], dtype=f"{order}u2")
    if after.get("PixelRepresentation") == 1:
        return False
    return bool((words >> np.uint16(after.BitsStored)).any())


def _anywhere(raw: bytes, after: Dataset, identifiers: list[str]) -> list[str]:
    """Encodings in which an identifier of the person stands anywhere in the file's bytes."""
    buffers = [raw]
    if str(after.file_meta.TransferSyntaxUID) == "1.2.840.10008.1.2.1.99":
        start = raw.find(b"\x02\x00\x10\x00UI")
        for offset in range(start, min(start + 400, len(raw))):
            try:
                buffers.append(zlib.decompress(raw[offset:], -15))
                break
            except zlib.error:
                continue
    codecs_found = []
    for identifier in identifiers:
        for codec in ("utf-8", "latin-1", "utf-16-le", "iso8859-5", "iso2022_jp"):
            try:
                needle = identifier.encode(codec).replace(b"\x1b$B", b"").replace(b"\x1b(B", b"")
            except UnicodeEncodeError:
                continue
            for form in {needle, needle.upper(), needle.lower()}:
                if len(form) >= 5 and any(form in buffer for buffer in buffers):
                    codecs_found.append(codec)
    return sorted(set(codecs_found))


def _nonconform(before: Dataset, after: Dataset, tag: int, row: dict[str, Any], needles: list[str]) -> str:
    """Why the action on a top-level element is none that the table allows, or "" (PS3.15 Table E.1-1 with OPTIONS)."""
    old = before[tag].value
    options = {row["o"][option] for option in OPTIONS if option in row.get("o", {})}
    allowed = set(str(row["a"]).replace("*", "").split("/"))
    holder: Dataset = after.file_meta if tag >> 16 == 2 else after
    if tag not in holder:
        return "" if "X" in allowed or "C" in options else "absent"
    new = holder[tag].value
    if new in _EMPTY or (hasattr(new, "__len__") and len(new) == 0):
        return "" if "Z" in allowed or "C" in options else "empty"
    if "K" in options or "K" in allowed:
        return ""
    changed = str(new) != str(old)
    text_there = comparable(text_at(holder, f"({tag >> 16:04x},{tag & 0xFFFF:04x})"))
    named = any(comparable(needle) in text_there for needle in needles)
    if "C" in options:
        if before[tag].VR in ("DA", "DT"):
            return "" if changed else "date unchanged"
        if before[tag].VR == "TM":
            return ""
        return "identity in it" if named else ""
    if "U" in allowed and before[tag].VR in ("UI", "SQ"):
        return "" if changed else "UID unchanged"
    if "D" in allowed or "Z" in allowed:
        return "" if changed and not named else "unchanged"
    return "still there"


def _judge_pixels(tally: Tally, entry: dict[str, Any], output: Output, after: Dataset, corpus: Path, name: str) -> None:
    true = np.load(corpus / "pixels" / entry["pixels"])
    try:
        shown = after.pixel_array
    except Exception as error:
        tally.note(False, "pixels kept", f"{name}: {type(error).__name__}")
        return
    if entry["kind"] == "SEG":
        tally.note(shown.size == true.size and np.array_equal(shown.reshape(true.shape), true), "pixels kept", name)
        return
    if shown.shape != true.shape and shown.size == true.size:
        shown = shown.reshape(true.shape)
    if shown.shape != true.shape:
        tally.note(False, "pixels kept", f"{name}: shape {shown.shape}")
        return
    if true.dtype == np.uint16:  # high bits are a plant of their own
        shown = shown & np.uint16((1 << after.BitsStored) - 1)
    outside = np.ones(true.shape[: 3 if entry["kind"] == "US" else 2], dtype=bool)
    framed = outside if entry["kind"] == "US" else outside[None]
    for block in entry["text"]:
        slack = 4 + round(_SLACK * block["height"])
        rows = slice(max(0, block["rows"][0] - slack), block["rows"][1] + slack)
        columns = slice(max(0, block["columns"][0] - slack), block["columns"][1] + slack)
        framed[block["frame"], rows, columns] = False
    whole = bool((shown[outside] == true[outside]).all())
    tally.note(whole, "pixels kept", name)
    tally.note(whole, "midi pixels_retained")
    truth, seen = (true, shown) if entry["kind"] == "US" else (true[None], shown[None])
    for block in entry["text"]:
        area = (block["frame"], slice(*block["rows"]), slice(*block["columns"]))
        gone = _text_gone(truth[area], seen[area])
        tally.note(
            gone or output.review, "text removed", f"{name}: height {block['height']} contrast {block['contrast']}"
        )
        tally.note(gone or output.review, "midi pixels_hidden")
        tally.counts["text blanked"] += gone


def _text_gone(truth: np.ndarray, seen: np.ndarray) -> bool:
    """The drawn letters are no longer told from their ground: at most one in fifty of their pixels keeps its value."""
    grey = truth.astype(float).reshape(*truth.shape[:2], -1).mean(axis=2)
    letters = grey >= grey.max() - 1e-9
    same = (truth == seen).reshape(*truth.shape[:2], -1).all(axis=2)
    return float(same[letters].mean()) <= 0.02


def _judge_links(tally: Tally, key: dict[str, Any], written: dict[str, Dataset]) -> None:
    studies: dict[str, set[str]] = defaultdict(set)
    series: dict[str, set[str]] = defaultdict(set)
    for entry in key["files"]:
        if entry["sop"] not in written:
            continue
        after = written[entry["sop"]]
        studies[entry["study"]].add(str(after.get("StudyInstanceUID", "")))
        series[entry["series"]].add(str(after.get("SeriesInstanceUID", "")))
        for path, target in entry["links"]:
            if target in written:
                mentioned = _uids_in(after)
                whole = str(written[target].SOPInstanceUID) in mentioned and target not in mentioned
                tally.note(whole, "links", f"{_name(entry)}: {path}")
                tally.note(whole, "midi uid_consistent")
    for old, new in [*studies.items(), *series.items()]:
        tally.note(len(new) == 1 and old not in new, "links", f"series or study {old[-6:]} became {len(new)}")


def _uids_in(ds: Dataset) -> set[str]:
    """Every UID below the top level: an item may stand elsewhere after cleaning, a reference must still be there."""
    items = [item for element in ds if element.VR == "SQ" for item in element.value]
    return {str(element.value) for item in items for element in item.iterall() if element.VR == "UI"}


def _judge_people(
    tally: Tally, key: dict[str, Any], dates: dict[int, dict[str, str]], ids: dict[int, set[str]]
) -> None:
    shifts: dict[int, set[int]] = {}
    for number, mapped in dates.items():
        try:
            moved = {
                (date.fromisoformat(f"{new[:4]}-{new[4:6]}-{new[6:8]}") - date.fromisoformat(old)).days
                for old, new in mapped.items()
            }
        except ValueError:
            moved = {0, 1}
        shifts[number] = moved
        tally.note(len(moved) == 1 and 0 not in moved, "intervals kept", f"patient {number}: {len(moved)} shifts")
        tally.note(len(ids[number]) == 1, "one pseudonym a person", f"patient {number}: {len(ids[number])}")
        tally.note(len(ids[number]) == 1, "midi patid_consistent")
    several = {n: next(iter(s)) for n, s in shifts.items() if len(s) == 1}
    tally.counts["different shifts"] = len(set(several.values())) if several else 0
    if ids.get(0) and ids.get(1):
        tally.note(not ids[0] & ids[1], "same number, two centres", "patients 0 and 1 merged")
