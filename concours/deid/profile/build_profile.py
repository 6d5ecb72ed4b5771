"""Builds table.json, the reviewed profile, from PS3.15 Table E.1-1 (a JSON file), PS3.6's dictionary and decisions.yaml.

`python -m concours.deid.profile.build_profile path/to/ps3.15-e1-1.json`
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from pydicom.datadict import DicomDictionary

HERE = Path(__file__).parent
TABLE = HERE / "table.json"
TEXT_VRS = {"LO", "SH", "ST", "LT", "UT", "UC"}
BULK_VRS = {"OB", "OW", "UN", "OB or OW", "US or OW", "US or SS or OW"}
REMOVED_VRS = {"PN", "AE", "UR", "NONE"}


def build(source: dict[str, Any], decisions: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """One row for each attribute: `k` keyword, `vr`, `a` action of the table, `o` its options, or `u` our decision where
    it is silent.
    """
    rows: dict[str, dict[str, Any]] = {}
    unlisted = {name: set(words.split()) for name, words in decisions["unlisted"].items()}
    for number, (vr, _vm, _name, _retired, keyword) in DicomDictionary.items():
        tag = f"{number:08X}"
        if tag not in source and keyword:
            rows[tag] = {"k": keyword, "vr": vr, "u": _decide(number, vr, keyword, unlisted)}
    for tag, listed in source.items():
        if tag == "PRIVATE" or "X" in tag:
            rows[tag] = {"k": listed["n"], "vr": "", "a": listed["a"], "o": listed["o"]}
            continue
        entry = DicomDictionary.get(int(tag, 16))
        row: dict[str, Any] = {
            "k": entry[4] if entry else "",
            "vr": entry[0] if entry else "",
            "a": listed["a"],
            "o": listed["o"],
        }
        if listed.get("since"):
            new = decisions["new_in_2026c"][tag]
            row |= {
                "k": row["k"] or new["keyword"],
                "vr": row["vr"] or new["vr"],
                "o": new["options"],
                "filled": "2026c",
            }
        rows[tag] = row
    for tag, row in rows.items():
        if row["k"] in set(decisions["narrative"].split()):
            row["narrative"] = True
        if not row["k"]:
            raise ValueError(f"{tag} has no keyword")
    return dict(sorted(rows.items()))


def _decide(number: int, vr: str, keyword: str, unlisted: dict[str, set[str]]) -> str:
    if number >> 16 in (0x0000, 0x0002, 0x0004, 0xFFFE) or keyword in unlisted["remove"]:
        return "remove"
    if keyword in unlisted["technical"]:
        return "technical"
    if keyword in unlisted["keep_bulk"]:
        return "keep"
    if vr in TEXT_VRS:
        return "clean"
    if (vr in BULK_VRS and "US" not in vr) or vr in REMOVED_VRS:
        return "remove"
    return {"SQ": "enter", "UI": "uid", "DA": "shift", "DT": "shift"}.get(vr, "keep")


def render(rows: dict[str, dict[str, Any]]) -> str:
    """The table as JSON with one attribute a line, so that a change of one row is a change of one line."""
    lines = (f"{json.dumps(tag)}: {json.dumps(row, ensure_ascii=False)}" for tag, row in rows.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(source: str) -> None:
    """Writes table.json beside this file."""
    listed = json.loads(Path(source).read_text("utf-8"))
    decisions = yaml.safe_load((HERE / "decisions.yaml").read_text("utf-8"))
    TABLE.write_text(render(build(listed, decisions)), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
