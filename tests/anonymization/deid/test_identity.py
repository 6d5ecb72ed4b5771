"""Identity: one derivation, apart for every person and centre, shifts of whole days."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymization.deid.identity import KeyFileError, date_shift_days, new_uid, parse_key, pseudonym

KEY = bytes(range(32))
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20).filter(
    str.strip
)


def test_pseudonym_is_pinned_so_that_an_upgrade_never_separates_a_person_from_their_earlier_exams() -> None:
    assert pseudonym(KEY, "Nîmes", "123") == pseudonym(KEY, " Nîmes ", "123 \0")
    assert len(pseudonym(KEY, "Nîmes", "123")) == 26
    assert pseudonym(KEY, "Nîmes", "123") == "3ELJWHW3PTP26NWFMIKOH4QUKU"
    assert date_shift_days(KEY, "Nîmes", "123") == -15682
    assert new_uid(KEY, "1.2.3", "Nîmes") == "2.25.224695297112942891443872870855776556529"


def test_one_number_at_two_centres_is_two_people() -> None:
    assert pseudonym(KEY, "A", "123") != pseudonym(KEY, "B", "123")
    assert date_shift_days(KEY, "A", "123") != date_shift_days(KEY, "B", "123")


def test_parts_do_not_run_together() -> None:
    assert pseudonym(KEY, "AB", "C") != pseudonym(KEY, "A", "BC")


@given(TEXT, TEXT, st.binary(min_size=32, max_size=32))
def test_another_key_is_another_identity(centre: str, patient: str, other: bytes) -> None:
    assert (pseudonym(KEY, centre, patient) == pseudonym(other, centre, patient)) == (other == KEY)


@given(TEXT, TEXT)
def test_shift_is_whole_days_into_the_past_and_whole_weeks_when_asked(centre: str, patient: str) -> None:
    assert -36_500 <= date_shift_days(KEY, centre, patient) < 0
    assert date_shift_days(KEY, centre, patient, keep_weekday=True) % 7 == 0


@given(TEXT)
def test_new_uid_is_valid(uid: str) -> None:
    new = new_uid(KEY, uid)
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
