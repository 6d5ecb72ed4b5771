"""The profile: table.json is what the script builds, every rule is one that the standard's table allows."""

import json
import os
from pathlib import Path

import pytest
import yaml

from concours.deid.keep import KeepError
from concours.deid.profile import build_profile
from concours.deid.rules import DEFAULT, ProfileError, Rule, decisions, load_profile, parse_profile
from concours.deid.table import table

LISTED = {tag: row for tag, row in table().items() if row.action and "X" not in tag and tag != "PRIVATE"}
LETTERS = {Rule.REMOVE: "X", Rule.EMPTY: "Z", Rule.DUMMY: "D", Rule.UID: "U", Rule.PSEUDONYM: "D"}


def test_table_is_what_the_script_builds() -> None:
    source = Path(os.environ.get("SAMPLE_DIR", "../shared/sample")).parent / "ps3.15-e1-1.json"
    if not source.exists():
        pytest.skip("PS3.15 Table E.1-1 is not beside the samples")
    loaded = yaml.safe_load((build_profile.HERE / "decisions.yaml").read_text("utf-8"))
    built = build_profile.render(build_profile.build(json.loads(source.read_text("utf-8")), loaded))
    assert built == build_profile.TABLE.read_text("utf-8")


def test_all_rows_are_there_and_the_new_ones_are_marked() -> None:
    rows = [row for row in table().values() if row.action]
    assert len(rows) == 656
    assert sum(bool(row.is_filled) for row in rows) == 35
    assert all(row.keyword for row in rows)


@pytest.mark.parametrize("options", [frozenset(), frozenset(DEFAULT), frozenset(("pat", "dev", "uids"))])
def test_every_listed_attribute_gets_an_action_that_the_table_allows(options: frozenset[str]) -> None:
    profile = load_profile(options)
    for tag, row in LISTED.items():
        rule = profile.rule(int(tag, 16))
        active = {letter for option, letter in row.options.items() if option in options}
        base = set(row.action.replace("*", "").split("/"))
        if "K" in active:
            assert rule not in (Rule.REMOVE, Rule.EMPTY, Rule.DUMMY), (tag, row, rule)
        elif "C" in active:
            assert rule in (Rule.CLEAN, Rule.SHIFT, Rule.KEEP, Rule.ENTER, Rule.STRUCTURE) or LETTERS[rule] in base, (
                tag,
                row,
                rule,
            )
        elif rule is Rule.ENTER:
            assert row.vr == "SQ" and base & {"D", "U"}, (tag, row, rule)
        else:
            assert LETTERS[rule] in base or (rule is Rule.PSEUDONYM and "Z" in base), (tag, row, rule)


def test_times_of_day_stay_only_where_dates_are_shifted() -> None:
    assert load_profile().rule(0x00080030) is Rule.KEEP
    assert load_profile(frozenset()).rule(0x00080030) is Rule.EMPTY


def test_what_no_dictionary_knows_is_removed() -> None:
    assert load_profile().rule(0x00081FFF) is Rule.REMOVE
    assert load_profile().rule(0x11100010) is Rule.REMOVE


def test_no_unlisted_name_address_or_link_stays() -> None:
    for tag, row in table().items():
        if row.unlisted and row.vr in ("PN", "AE", "UR"):
            assert row.unlisted == "remove", (tag, row)


@pytest.mark.parametrize(
    "keyword", ["PatientName", "PatientID", "StudyInstanceUID", "InstitutionName", "PatientBirthDate", "NoSuchThing"]
)
def test_a_keep_list_cannot_keep_identity(keyword: str) -> None:
    with pytest.raises(KeepError) as caught:
        load_profile(frozenset(DEFAULT), (keyword,))
    assert keyword in str(caught.value)


def test_keep_list_of_every_shipped_question_is_accepted() -> None:
    for path in sorted(Path("concours/questions/catalogue").glob("*.yaml")):
        keep = (yaml.safe_load(path.read_text("utf-8")).get("deidentification") or {}).get("keep", [])
        load_profile(frozenset(DEFAULT), tuple(keep))


def test_kept_age_is_capped_and_kept_text_only_cleaned() -> None:
    profile = load_profile(frozenset(DEFAULT), ("PatientAge", "PatientSex", "Occupation"))
    assert profile.rule(0x00101010) is Rule.AGE
    assert profile.rule(0x00100040) is Rule.KEEP
    assert profile.rule(0x00102180) is Rule.CLEAN
    assert load_profile().rule(0x00102180) is Rule.REMOVE


def test_profiles_by_name() -> None:
    assert parse_profile("default") == frozenset(DEFAULT)
    assert parse_profile("basic") == frozenset()
    assert parse_profile("default+pat-priv") == frozenset(DEFAULT) - {"priv"} | {"pat"}
    for wrong in ("", "nonsense", "default+nonsense"):
        with pytest.raises(ProfileError):
            parse_profile(wrong)


def test_safe_private_attributes_are_numbers() -> None:
    for block in decisions()["safe_private"].values():
        assert set(block["elements"].values()) <= {"DS", "IS", "CS", "FL", "FD", "SS", "US", "SL", "UL"}
