"""Identity: one derivation, apart for every person and centre, shifts of whole days."""

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concours.deid.identity import CentreKey, KeyFileError, centre_key, parse_key

KEY = bytes(range(32))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20).filter(
    str.strip
)


def pseudonym(key: bytes, centre: str, patient: str) -> str:
    return centre_key(key, centre).pseudonym(patient)


def test_identities_are_pinned_so_that_an_upgrade_never_separates_a_person_from_their_earlier_exams() -> None:
    key = centre_key(KEY, "Nîmes")
    assert key == centre_key(KEY, " Nîmes ") and key.pseudonym("123") == key.pseudonym("123 \0")
    assert key.pseudonym("123") == "VGZANOH7JVBTGE32JAPAKN5HDE"
    assert key.shift_days("123") == -30615
    assert key.new_uid("1.2.3") == "2.25.289826575643681548498645292761505825311"


def test_the_centre_key_is_the_hmac_that_the_documents_promise() -> None:
    """HMAC(HMAC(challenge key, centre), patient) over length-prefixed parts, written out a second time."""

    def message(*parts: str) -> bytes:
        return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)

    secret = hmac.digest(KEY, message("centre 1", "Nîmes"), "sha256")
    outer = hmac.digest(secret, message("pseudonym", "123"), "sha256")
    assert centre_key(KEY, "Nîmes").secret == secret
    assert centre_key(KEY, "Nîmes").pseudonym("123") == base64.b32encode(outer).decode()[:26]


def test_a_centre_key_is_no_way_to_another_centre_and_shows_nothing() -> None:
    own = centre_key(KEY, "A")
    assert centre_key(own, "B") == own
    assert centre_key(own.secret, "B") != centre_key(KEY, "B")
    assert repr(own) == "CentreKey()" and own.secret != KEY
    with pytest.raises(ValueError, match="shorter"):
        CentreKey(b"short")
    with pytest.raises(ValueError, match="shorter"):
        centre_key(b"short", "A")


def test_one_number_at_two_centres_is_two_people() -> None:
    assert pseudonym(KEY, "A", "123") != pseudonym(KEY, "B", "123")
    assert centre_key(KEY, "A").shift_days("123") != centre_key(KEY, "B").shift_days("123")


def test_parts_do_not_run_together() -> None:
    assert pseudonym(KEY, "AB", "C") != pseudonym(KEY, "A", "BC")


@given(TEXT, TEXT, st.binary(min_size=32, max_size=32))
def test_another_key_is_another_identity(centre: str, patient: str, other: bytes) -> None:
    assert (pseudonym(KEY, centre, patient) == pseudonym(other, centre, patient)) == (other == KEY)


@given(TEXT, TEXT)
def test_shift_is_whole_days_into_the_past_and_whole_weeks_when_asked(centre: str, patient: str) -> None:
    key = centre_key(KEY, centre)
    assert -36_500 <= key.shift_days(patient) < 0
    assert key.shift_days(patient, keep_weekday=True) % 7 == 0


@given(TEXT)
def test_new_uid_is_valid(uid: str) -> None:
    new = centre_key(KEY, "").new_uid(uid)
    assert new.startswith("2.25.") and len(new) <= 64 and not new.startswith("2.25.0")
    assert 0 < int(new[5:]) < 1 << 128


@pytest.mark.parametrize("text", ["", "not base64!", base64.b64encode(b"short").decode()])
def test_a_bad_key_file_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        parse_key(text)
    assert text == "" or text not in str(caught.value)


def test_white_space_in_a_key_file_is_ignored() -> None:
    assert (
        parse_key(" " + base64.b64encode(KEY).decode()[:20] + "\n" + base64.b64encode(KEY).decode()[20:] + "\n\n")
        == KEY
    )
