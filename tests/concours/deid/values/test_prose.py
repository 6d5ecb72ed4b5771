"""Free text: identifiers go, medicine stays, and every other word is a person's to decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.deid.values import MARK, KnownIdentifiers, decide, examine_text, remove_words, safe_text, unsure_words

PATIENT = KnownIdentifiers.of(["QUILLEVERÉ^MAËLYS", "LI^NA"], ["ZX-90.221/7", "19530417"], ["Hôpital Saint-Louis"])


def cleaned(text: str) -> str:
    return safe_text(examine_text(text, PATIENT))


@pytest.mark.parametrize(
    "text",
    [
        "Nodule de 12,5 mm du lobe supérieur droit, en verre dépoli. Pas d'épanchement pleural.",
        "adénocarcinome moyennement différencié", "ADC", "IIIA", "pT2N0M0", "squamous cell carcinoma, G2",
        "TDM THORACO-ABDOMINO-PELVIENNE AVEC INJECTION. PAS DE LÉSION FOCALE HÉPATIQUE.",
        "MR angiography: no stenosis. Ventricles are unremarkable. 120 x 80 mm, L4-L5, T2, 18F-FDG, 512x512.",
        "Fígado de dimensões normais, sem lesões focais. Discreto derrame pleural à direita.",
        "Arthrose de grade 2", "Segment VIII du foie : hypodensité de 8 mm, 45 UH.",
    ],
)  # fmt: skip
def test_medicine_stays(text: str) -> None:
    assert cleaned(text) == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("vu le 12/03/2019", "12/03/2019"), ("le 3 mars 2019", "mars 2019"), ("on March 4, 2018", "March"),
        ("em 5 de maio de 2017", "2017"), ("en 2015", "2015"), ("né le 19530417", "19530417"),
        ("joindre au 06 12 34 56 78", "06 12"), ("call 555-123-4567", "555"), ("telemóvel: 912 345 678", "912"),
        ("a.b@chu.fr", "a.b"), ("NIR 2 53 04 75 116 001 42", "116"), ("dossier 1234567", "1234567"),
        ("MRN: AB-12345", "12345"), ("processo 998877", "998877"), ("12 rue des Lilas, 75011 Paris", "Lilas"),
        ("3 bis av. Foch", "Foch"),
        ("44 Oak Tree Lane", "Oak"), ("Rua das Flores, 12", "Flores"), ("Dr Jean-Pierre LEFEVRE", "LEFEVRE"),
        ("Dr. S. Marchand", "Marchand"), ("M. Durand", "Durand"), ("Dra. Ana Silva", "Silva"),
        ("Mr Johnson", "Johnson"), ("docteur martin", "martin"), ("Signed by: Emily R. Thornton", "Thornton"),
        ("Médecin : Rose Petit", "Petit"), ("CHU de Nantes", "Nantes"), ("Hospital São João", "João"),
        ("âgée de 93 ans", "93"), ("quillevere", "quillevere"), ("QUILLEVERÉ", "QUILLEVER"), ("Na Li", "Li"),
        ("zx 90 221 7", "221"), ("ZX902217", "902"), ("Saint Louis hôpital saint-louis", "saint-louis"),
        ("Zorglub", "Zorglub"), ("dupont", "dupont"), ("Vu par Rose.", "Rose"), ("PATIENTE MARTIN VUE", "MARTIN"),
        ("Иванов", "Иванов"), ("王小明", "王"), ("J. Dupont", "J"), ("code QX77-8812", "8812"),
    ],
)  # fmt: skip
def test_what_identifies_never_stays_by_itself(text: str, gone: str) -> None:
    assert gone not in cleaned(text) and MARK in cleaned(text)


def test_identifiers_are_removed_and_doubtful_words_are_asked() -> None:
    pieces = examine_text("Mme Quilleveré, maladie de Parkinson, adressée par Zorglub", PATIENT)
    assert unsure_words(pieces) == ["Parkinson", "Zorglub"]
    assert not any(piece.text for piece in pieces if piece.state == "removed")
    assert safe_text(pieces) == "[…], maladie de […], adressée par […]"
    decided = decide(pieces, {"Parkinson": "Parkinson", "Zorglub": MARK}.get)
    assert safe_text(decided) == "[…], maladie de Parkinson, adressée par […]"
    assert safe_text(decide(pieces, lambda word: "X" if word == "Zorglub" else None)).endswith("adressée par X")


def test_a_person_removes_words_by_their_place() -> None:
    pieces = decide(examine_text("le voisin de Zorglub est venu", PATIENT), lambda word: word)
    assert safe_text(remove_words(pieces, {1, 3})) == "le […] de […] est venu"
    assert safe_text(remove_words(pieces, set())) == "le voisin de Zorglub est venu"


@given(st.text(max_size=200))
def test_the_pieces_are_the_text(text: str) -> None:
    """What is clear or unsure stands in the text in this order; nothing else is added."""
    position = 0
    for piece in examine_text(text, PATIENT):
        if piece.state != "removed":
            assert text.find(piece.text, position) >= position
            position = text.find(piece.text, position) + len(piece.text)


SEPARATORS = st.sampled_from(["", " ", "-", ".", "/", "_", " - "])


@given(st.lists(SEPARATORS, min_size=8, max_size=8), st.booleans())
def test_a_known_number_is_found_whatever_stands_between_its_signs(between: list[str], small: bool) -> None:
    written = "".join(sign + gap for sign, gap in zip("ZX902217", between, strict=True)).strip(" -./_")
    text = f"nodule ({written.lower() if small else written}) stable"
    assert cleaned(text) == "nodule ([…]) stable"


NAMES = st.sampled_from(["quillevere", "Quilleveré", "QUILLEVERE", "QuilleVERÉ", "quilleve\u0301re\u0301"])


@given(NAMES, st.sampled_from(["{} a un nodule", "nodule de {}", "THX_{}_5MM", "({})", "foie;{};rate", "«{}»"]))
def test_a_known_name_is_found_in_any_case_accent_and_place(name: str, frame: str) -> None:
    assert "quillev" not in cleaned(frame.format(name)).lower()


@pytest.mark.parametrize("name", ["Amador", "Blanchet", "Carrera", "Schilling"])
def test_a_capital_after_a_comma_is_not_explained_by_the_sentence(name: str) -> None:
    """They are words of a dictionary; only at the start of a sentence a capital says nothing."""
    assert unsure_words(examine_text(f"No pleural effusion, {name} seen again in clinic.")) == [name]
    assert unsure_words(examine_text("Conclusion : Absence de lésion. Contrôle à trois mois.")) == []
