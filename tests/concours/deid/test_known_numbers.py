"""A patient's number is found by its letters and digits, whatever stands between, by the engine and by the second check."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.deid.known import IdentifierMatcher
from concours.deid.text import clean_description, clean_technical
from concours.deid.values import KnownIdentifiers, examine_text, safe_text
from concours.second_check.known import SearchedIdentifiers as Sought

FORMATS = (
    "B-1/22",
    "MRN 123 456",
    "OW-12/345",
    "PAT-1,234",
    "H 07/1234",
    "ABC-12-34-56",
    "ZX-90.221/7",
    "75/2019/0042",
    "P-7-8-9",
    "1-2-3-4",
)
TEXTS = ("THX 5.0 ({})", "{} thorax", "ax_{}_t2", "suivi {}, sans IV", "LUNG {} B60f", "{}")


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("number", FORMATS)
@pytest.mark.parametrize("between", [None, "", " ", "-", "/", " / ", "_", "."])
def test_a_number_in_short_groups_goes_whole(number: str, text: str, between: str | None) -> None:
    written = number if between is None else re.sub(r"[\W_]+", between, number)
    identifiers = IdentifierMatcher(identifiers=[number])
    assert digits(clean_description(text.format(written), identifiers)) == digits(text)
    assert digits(clean_technical(text.format(written), identifiers)) in ("", digits(text))
    assert Sought([number]).kind_in(text.format(written))


@pytest.mark.parametrize(
    ("number", "part"),
    [
        ("H 07/1234", "1234"),
        ("ZX-90.221/7", "90221"),
        ("MRN 123 456", "123456"),
        ("ABC-12-34-56", "34 56"),
        ("0004711", "4711"),
    ],
)
def test_a_part_that_identifies_goes_too(number: str, part: str) -> None:
    assert clean_description(f"thorax {part} axial", IdentifierMatcher(identifiers=[number])) == "thorax axial"
    assert Sought([number]).kind_in(f"thorax {part} axial")


letters = st.text("ABCDEFGHKLMNPRSTWXZ", max_size=3)
groups = st.lists(st.text("0123456789", min_size=1, max_size=4), min_size=1, max_size=4)
signs = st.sampled_from(["-", "/", ".", " ", "_", ",", ", ", ":", " - "])


@given(letters, groups, signs, signs, st.sampled_from(TEXTS), st.booleans())
def test_any_format_in_any_place(
    prefix: str, numbers: list[str], inside: str, other: str, text: str, small: bool
) -> None:
    number = inside.join(([prefix] if prefix else []) + numbers)
    if len(re.sub(r"[\W_]", "", number)) < 4:
        return
    written = other.join(([prefix] if prefix else []) + numbers)
    written = written.lower() if small else written
    for cleaned in (
        clean(text.format(written), IdentifierMatcher(identifiers=[number]))
        for clean in (clean_description, clean_technical)
    ):
        left = re.sub(r"[\W_]", "", cleaned.casefold())
        assert re.sub(r"[\W_]", "", number.casefold()) not in left
        assert digits(cleaned) in ("", digits(text))
    assert Sought([number]).kind_in(text.format(written))


def test_the_name_of_a_station_spares_the_thickness_of_slices() -> None:
    assert clean_description("CT 1.25 LUNG", IdentifierMatcher(identifiers=["CT1"])) == "CT 1.25 LUNG"
    assert clean_description("CT 1.25 LUNG", IdentifierMatcher(places=["CT1"])) == "CT 1.25 LUNG"


@pytest.mark.parametrize("number", ["19850712-1234", "2019-03-04-12", "850712-1234", "120385-123X"])
@pytest.mark.parametrize("between", [None, "", " ", "-"])
def test_a_number_that_begins_with_a_date_of_birth_is_a_number(number: str, between: str | None) -> None:
    written = number if between is None else re.sub(r"[\W_]+", between, number)
    assert Sought([number]).kind_in(f"THX 5.0 ({written})")
    assert digits(clean_description(f"THX 5.0 ({written})", IdentifierMatcher(identifiers=[number]))) == "50"


@pytest.mark.parametrize(("number", "stays"), [("12/3", False), ("007", False), ("K_1_2", False), ("120", True)])
def test_a_short_number_leaves_free_text_as_it_is_written(number: str, stays: bool) -> None:
    text = safe_text(examine_text(f"Nodule ({number}) de 14 mm.", KnownIdentifiers.of([], [number])))
    assert (number in text) == stays and "14 mm" in text
