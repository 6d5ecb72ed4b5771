"""Known identifiers are found in any spelling, order, accent, encoding and date format, and chance resemblances are not."""

from datetime import date

import pytest

from concours.second_check.known import SearchedIdentifiers
from concours.second_check.letters import dates_in
from concours.second_check.raw_search import search_bytes
from concours.second_check.text_rules import kind_in_prose

KNOWN = SearchedIdentifiers(
    ["Quilleveré^Maëlys", "4471902", "19610312", "0612345678", "12 rue des Inventés", "山城", "1.2.826.0.1.77.42"]
)


@pytest.mark.parametrize(
    "text",
    [
        "QUILLEVERE MAELYS",
        "maëlys quilleveré",
        "Quillevere_M",
        "CTquillevereTHX",
        "Mme Maelys",
        "IPP 4471902",
        "4471902-A",
        "44 71 902",
        "née le 12/03/1961",
        "12.03.61",
        "1961-03-12",
        "March 12, 1961",
        "12 mars 1961",
        "120361",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "12, rue des inventes",
        "山城 太郎",
        "1.2.826.0.1.77.42",
    ],
)
def test_every_form_is_found(text: str) -> None:
    assert KNOWN.kind_in(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "CT THORAX SANS INJECTION",
        "LUNG 1.0 B60f",
        "447190",
        "14471902",
        "1961",
        "syngo MR E11",
        "",
        "12\\3\\61.5",
        "rue",
    ],
)
def test_chance_is_not(text: str) -> None:
    if text == "14471902":
        assert (
            KNOWN.kind_in(text) == "known number"
        )  # a longer number may hold the known one with a prefix: a person looks
    else:
        assert KNOWN.kind_in(text) is None


@pytest.mark.parametrize("codec", ["utf-8", "latin-1", "utf-16-le", "utf-16-be"])
def test_bytes_are_searched_in_every_encoding(codec: str) -> None:
    buffer = bytes(1000) + "xx Quilleveré xx".encode(codec) + bytes(1000)
    assert list(search_bytes(buffer, KNOWN))


def test_japanese_is_searched_in_iso_2022() -> None:
    buffer = b"\x1b$B" + "山城".encode("iso2022_jp").replace(b"\x1b$B", b"").replace(b"\x1b(B", b"") + b"\x1b(B"
    assert list(search_bytes(b"\x00" * 50 + buffer, KNOWN))


def test_bytes_of_other_words_are_not() -> None:
    assert (
        list(
            search_bytes(
                b"CT THORAX 120 kV 1.2.840.10008.1.2.1 144719021 " * 50, SearchedIdentifiers(["4471902", "Rax"])
            )
        )
        == []
    )


def test_a_known_name_across_the_border_of_two_chunks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("concours.second_check.raw_search._CHUNK", 100)
    buffer = b"." * 95 + b"QUILLEVERE" + b"." * 200
    assert list(search_bytes(buffer, SearchedIdentifiers(["Quillevere"]))) == [95]


def test_the_identifiers_do_not_show() -> None:
    assert "Quill" not in repr(KNOWN)


def test_dates_are_read_in_many_formats() -> None:
    day = date(1961, 3, 12)
    for text in ("19610312", "12/03/1961", "1961.03.12", "12-3-1961", "12 March 1961", "12 mars 1961", "03/12/1961"):
        assert day in dates_in(text), text
    assert dates_in("120 kV, 3.5 mm, 1.25") == set()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("vu par le Dr Bouvier", "title and name"),
        ("Mrs Whitcombe attended", "title and name"),
        ("tel 06 12 34 56 78", "telephone"),
        ("call 555-0142", "telephone"),
        ("ecrire a jean@courriel.example", "e-mail"),
        ("MRN: 4471902", "record number"),
        ("dossier 99817", "record number"),
        ("contrôle du 22/05/2019", "date in text"),
        ("habite 12 rue des Lilas", "address"),
        ("1 Nowhere Road, Faketown", "address"),
        ("relu avec Sébastien Lefebvre", "given and family name"),
    ],
)
def test_forms_that_need_no_knowledge(text: str, kind: str) -> None:
    assert kind_in_prose(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "CT Thorax sans injection", "AX T2 FLAIR FS", "LUNG 1.0 B60f", "MR brain with contrast",
        "t1_mprage_sag_p2_iso", "Chest PA and lateral", "Abdomen^Routine (Adult)", "MR Angio Head", "120 kV 210 mAs",
        "Siemens Healthineers", "syngo CT VB20A", "STIR cor dixon", "RECON 2: ARTERIAL PHASE", "IRM cérébrale",
        "PET/CT whole body", "Scanner TAP", "series 3 image 12", "1.25mm BONE PLUS", "3D FLAIR 1 mm iso",
        "Segmentation", "Dr",
    ],
)  # fmt: skip
def test_the_words_of_radiology_are_left_alone(text: str) -> None:
    assert kind_in_prose(text) is None


@pytest.mark.parametrize(
    ("uid", "kind"),
    [
        (
            "2.25.148291300000000000000000000000000001",
            None,
        ),  # 36 random digits hold five given ones in 3 of 10 000 UIDs
        ("2.25.329800123440000000000000000000000001", "known number"),  # ten digits in a row are no chance
        ("2.25.82913", "known number"),
        ("1.2.840.82913.4", "known number"),
        ("1.2.840.113619.2.482913.148291300000000000000000000001", "known number"),
    ],
)
def test_a_short_number_in_a_random_uid_is_chance(uid: str, kind: str | None) -> None:
    assert SearchedIdentifiers(["82913", "3298001234"]).kind_in(uid) == kind
    assert SearchedIdentifiers(["82913", "3298001234"]).kind_in(f"82913 {uid}") == "known number"


@pytest.mark.parametrize("identifier", ["ZX-0001", "10008", "84-01"])
def test_a_uid_of_the_standard_holds_nobodys_number(identifier: str) -> None:
    identifiers = SearchedIdentifiers([identifier])
    for uid in ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90\0"):
        assert identifiers.kind_in(uid) is None
    assert identifiers.kind_in(f"THX ({identifier})") is not None
