"""Names whose accents are signs of their own (NFD, as macOS writes them) are the same names."""

import unicodedata

import pytest

from concours.deid.values import examine_text, unsure_words
from concours.second_check.person_words import listed_in, name_in


@pytest.mark.parametrize(
    "name", ["LEFÈVRE", "Béranger", "García-Márquez", "Müller", "Wiśniewska", "Conceição", "Nguyễn"]
)
@pytest.mark.parametrize("frame", ["CT THORAX {}", "{} T1 sag", "FILTRE {}"])
def test_a_decomposed_name_is_found_like_a_composed_one(name: str, frame: str) -> None:
    for form in ("NFC", "NFD"):
        text = unicodedata.normalize(form, frame.format(name))
        assert name_in(text), form
    assert listed_in(unicodedata.normalize("NFD", name)) == listed_in(name)


def test_words_that_an_underscore_ties_to_a_name_are_doubted_with_it() -> None:
    assert unsure_words(examine_text("Pas de lésion, dupont_marie revu.")) == ["dupont", "marie"]
