"""Names of tags are those of the dictionary, for the engine and for the second check, and no file writes a tag as a number."""

import re
from pathlib import Path

import pytest
from pydicom.datadict import tag_for_keyword

import concours.deid.tags
import concours.second_check.tags

OUTSIDE_THE_DICTIONARY = {
    "FileMetaInformationGroupLength": 0x00020000, "Item": 0xFFFEE000, "ItemDelimitationItem": 0xFFFEE00D,
    "SequenceDelimitationItem": 0xFFFEE0DD,
}  # fmt: skip


@pytest.mark.parametrize("module", [concours.deid.tags, concours.second_check.tags])
def test_every_name_stands_for_its_tag(module) -> None:
    named = {name: value for name, value in vars(module).items() if name[0].isupper()}
    assert named == {name: OUTSIDE_THE_DICTIONARY.get(name) or tag_for_keyword(name) for name in named}


@pytest.mark.parametrize("module", [concours.deid.tags, concours.second_check.tags])
def test_no_other_file_writes_a_tag_as_a_number(module) -> None:
    folder = Path(module.__file__).parent
    masks = {"ffffffff", "ffff0000", "ffffff00", "60000000", "60ffffff"}
    for path in folder.rglob("*.py"):
        if path.name != "tags.py":
            written = {number.lower() for number in re.findall(r"0x([0-9A-Fa-f]{8})\b", path.read_text("utf-8"))}
            assert written <= masks, path.name
