"""Free text: identifiers go in any spelling, words of radiology stay."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours import deid
from concours.deid.known import IdentifierMatcher
from concours.deid.text import clean_description, clean_technical, has_unknown_words
from concours.deid.words import plain, squash, vocabulary, words_in_context

KNOWN = IdentifierMatcher(
    ["Lefèvre-Testperson^Ingrid Zoë"], ["MRN-SYN-4471902", "19530417", "555-0142"], ["Clinique Imaginaire Saint-Élodie"]
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("CT Thorax - Ingrid Testperson", "CT Thorax"),
        ("LUNG 5.0 B60f", "LUNG 5.0 B60f"),
        ("IRM cérébrale LEFEVRE", "IRM cérébrale"),
        ("TestpersonIngrid", ""),
        ("T1 ZOE follow-up", "T1 follow-up"),
        ("Ax Diff b=50,800 ADC", "Ax Diff b=50,800 ADC"),
        ("t2_tse_sag_384", "t2_tse_sag_384"),
        ("mrn syn 447 1902", ""),
        ("Thorax 17.04.1953", "Thorax"),
        ("Thorax 17041953", "Thorax"),
        ("Thorax du 22 mai 2019", "Thorax"),
        ("Chest, May 22nd, 2019", "Chest"),
        ("Scanner adressé par Dr Kowalczyk", "Scanner adressé par"),
        ("tel 06 12 34 56 78", ""),
        ("ingrid@example.org", ""),
        ("1.2.840.113619.2.55.3", ""),
        ("Unknownword thorax", "thorax"),
        ("Rose thorax", "thorax"),
        ("née Zoë, abdomen sans IV", "abdomen sans IV"),
    ],
)
def test_descriptions(text: str, cleaned: str) -> None:
    assert clean_description(text, KNOWN) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "SIEMENS",
        "SOMATOM Definition AS+",
        "syngo CT 2012B",
        "*tfl3d1_16ns",
        "I31f",
        "GE MEDICAL SYSTEMS",
        "Ingenia Elition X",
        "epse",
        "BODY",
        "8HRBRAIN",
    ],
)
def test_technical_text_stays(text: str) -> None:
    assert clean_technical(text, KNOWN) == text


@pytest.mark.parametrize(
    "text",
    ["TESTPERSON", "dossier 112899", "Kowalczyk", "vu par Marie Dupont", "lefevre", "555 0142", "imaginaire elodie"],
)
def test_technical_text_names_nobody(text: str) -> None:
    cleaned = squash(clean_technical(text, KNOWN))
    assert not any(squash(part) in cleaned for part in text.split() if len(part) > 3 and part != "dossier"), cleaned


@given(st.text(max_size=80), st.sampled_from(["", "CT ", "axial-"]))
def test_no_description_ever_holds_an_identifier(text: str, before: str) -> None:
    for secret in ("Ingrid", "LEFÈVRE", "4471902", "19530417", "5550142"):
        for joined in (f"{before}{secret} {text}", f"{text}_{secret.lower()}{before}", f"{text} {secret}\u0301"):
            assert plain(secret) not in squash(clean_description(joined, KNOWN))
            assert plain(secret) not in squash(clean_technical(joined, KNOWN))


@given(st.text(max_size=80))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean_description(text, KNOWN)
    assert clean_description(once, KNOWN) == once


def test_no_name_is_in_the_vocabulary() -> None:
    by_hand = (Path(deid.__file__).parent / "profile" / "names_by_hand.txt").read_text("utf-8").splitlines()
    names = {word for line in by_hand if not line.startswith("#") for word in line.split()}
    assert not vocabulary() & (names | words_in_context().keys())


def test_what_is_known_never_shows() -> None:
    assert "Ingrid" not in repr(KNOWN) and "447" not in repr(KNOWN)


def test_a_technical_field_with_identity_in_it_loses_all_of_its_words() -> None:
    identifiers = IdentifierMatcher(identifiers=["H2-913512"], places=["28 rue des Inventés, 31902 Nullepart"])
    for text in ("28 rue des Inventés, 31902 Nullepart", "dossier H2-913512", "syngo 12/03/2021 VA48A", "Dr Paul coil"):
        assert clean_technical(text, identifiers) == ""
    assert clean_technical("syngo CT VA48A", identifiers) == "syngo CT VA48A"


def test_only_words_that_nobody_knows_are_worth_a_persons_look() -> None:
    identifiers = IdentifierMatcher(people=["Montalescot^Hyacinthe"])
    assert not has_unknown_words("Nodule chez Hyacinthe Montalescot, vu le 01/12/2017", identifiers)
    assert has_unknown_words("Nodule chez Xyzzywicz", identifiers)


@pytest.mark.parametrize(
    "text", ["55 rue des Inventés, 21076 Nullepart", "9 bis avenue Imaginaire", "89 Fictional Road, 21076 X"]
)
def test_a_street_that_nobody_knew_leaves_nothing(text: str) -> None:
    nobody = IdentifierMatcher()
    assert clean_technical(text, nobody) == ""
    assert clean_description(f"Thorax {text}", nobody) == "Thorax"
