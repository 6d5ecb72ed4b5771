"""Names of people go from every text, whatever their case, script, accents and signs; words of radiology stay."""

import unicodedata

import pytest

from concours.deid.known import IdentifierMatcher
from concours.deid.text import clean_code, clean_description, clean_technical
from concours.deid.words import compound_parts, plain, vocabulary, words_in_context
from concours.second_check import text_rules
from tests.concours.deid.words_of_text import letters

NOBODY = IdentifierMatcher()
NAMES = sorted(
    {part for name in text_rules.given_names() | text_rules.family_names() for part in letters(name)}
    - {"", *"abcdefghijklmnopqrstuvwxyz"}
)
ORDINARY_WORDS_TOO = {
    *letters("colon cord crane lower rocher d da de dos en es la le s o grand ter und ven the ii zu water")
}
"""Parts of listed names that are words of anatomy, particles or articles: alone they name nobody."""
FORMS = ("CT THORAX {}", "{} AXIAL", "T1_{}_SAG", "FILTRE {}", "PRESET-{}", "LUT DE {}", "{}", "{}1", "2D{}")


@pytest.mark.parametrize("clean", [clean_description, clean_technical])
@pytest.mark.parametrize("case", [str.upper, str.lower, str.title])
def test_no_name_of_the_lists_is_left_in_a_text(clean, case) -> None:
    left = {
        name
        for name in NAMES
        for form in FORMS
        if plain(name) in letters(clean(form.format(case(name)), NOBODY)) and name not in letters(form)
    }
    assert left <= ORDINARY_WORDS_TOO | words_in_context().keys()


UNLISTED = [
    "KOWALCZEK",
    "VANDERBEEK",
    "Dupontel",
    "Ó Súilleabháin",
    "Þórarinsdóttir",
    "Nguyễn",
    "Łuszczewska",
    "Şahinoğlu",
    "Çağatay",
]
NATIVE = ["김희중", "王小明", "Иванов", "Παπαδόπουλος", "محمد", "田中", "שרה", "สมชาย"]
SIGNS = [
    "GARCI'A",
    "GAR'CIA",
    "GARCI’A",
    "G A R C I A",
    "G.A.R.C.I.A",
    "DUPONT-MARTIN",
    "DUPONT_JEAN",
    "DUPONT^JEAN",
    "J.DUPONT",
    "DUPONT/J",
    "O'BRIEN",
]


@pytest.mark.parametrize("clean", [clean_description, clean_technical])
@pytest.mark.parametrize("form", ["CT THORAX {}", "PRESET {} B30f", "AX_{}"])
@pytest.mark.parametrize("name", UNLISTED + NATIVE + SIGNS)
def test_names_of_no_list_of_any_script_and_with_any_sign(clean, form: str, name: str) -> None:
    for written in {name, name.upper(), name.lower(), unicodedata.normalize("NFD", name)}:
        cleaned = clean(form.format(written), NOBODY)
        assert cleaned == clean(form.format(""), NOBODY).strip().replace("__", "_").rstrip("_") or not (
            set(letters(plain(written))) & set(letters(cleaned))
        ), cleaned


def test_a_code_string_holds_terms_and_no_name() -> None:
    assert clean_code("CHEST DUPONT", NOBODY) == "CHEST"
    assert clean_code("GARCIA", NOBODY) == ""
    for code in (
        "ORIGINAL",
        "CT_SOM5 SPI",
        "HEADNECK",
        "MONOCHROME2",
        "IN_PHASE",
        "HELICAL MODE",
        "FS",
        "RTPLAN",
        "DIXON",
    ):
        assert clean_code(code, NOBODY) == code


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("T2 FLAIR Parkinson protocol", "T2 FLAIR Parkinson protocol"),
        ("maladie de Parkinson", "maladie de Parkinson"),
        ("CT THORAX PARKINSON", "CT THORAX"),
        ("Cou WILSON", "Cou"),
        ("BAKER CYST KNEE", "BAKER CYST KNEE"),
        ("T1 VIBE DIXON TRA", "T1 VIBE DIXON TRA"),
        ("CT THORAX DIXON", "CT THORAX"),
        ("ground glass", "ground glass"),
        ("scanner de l'épaule", "scanner de l'épaule"),
        ("MR BREAST BILAT", "MR BREAST BILAT"),
        ("Mr Long, thorax", "thorax"),
        ("IRM CEREBRALE DE LA TOUR", "IRM CEREBRALE"),
    ],
)
def test_a_word_that_is_a_name_too_stays_beside_its_cue(text: str, cleaned: str) -> None:
    assert clean_description(text, NOBODY) == cleaned


def test_the_patients_own_name_goes_even_where_it_is_a_word_of_radiology() -> None:
    assert (
        clean_description("T2 FLAIR Parkinson protocol", IdentifierMatcher(["Parkinson^Jane"])) == "T2 FLAIR protocol"
    )
    assert clean_description("LONG TE LONGTE", IdentifierMatcher(["Long^Ada"])) == "TE"


def test_no_name_is_two_words_written_as_one() -> None:
    parts = compound_parts()
    joined = {name for name in NAMES for cut in range(2, len(name) - 1) if name[:cut] in parts and name[cut:] in parts}
    assert not joined - vocabulary()
