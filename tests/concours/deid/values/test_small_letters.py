"""Names written in small letters, where dictionaries know them as words: doubted where a person can stand, else left alone."""

from __future__ import annotations

import pytest

from concours.deid.values.dictionary import is_medical
from concours.deid.values.folded import fold
from concours.deid.values.prose import examine_text, safe_text, unsure_words
from concours.second_check.person_words import listed_names


@pytest.mark.parametrize(
    "name", ["florence", "richard", "martin", "abigail", "pereira", "montero", "butcher", "granger", "moulin"]
)
@pytest.mark.parametrize(
    "sentence",
    ["Pas d'épanchement pleural, {} revu en consultation.", "scanner vu par {} hier", "{} a été opéré", "lobe moyen {} nodule",
     "No pleural effusion, {} seen again in clinic.", "discussed with {} by phone", "Sem derrame pleural, {} em seguimento."],
)  # fmt: skip
def test_a_word_that_is_a_name_is_doubted_wherever_it_stands(name: str, sentence: str) -> None:
    assert name in unsure_words(examine_text(sentence.format(name)))


@pytest.mark.parametrize("name", ["blanche", "may", "bell", "young", "costa", "claire", "brown"])
@pytest.mark.parametrize(
    "sentence", ["scanner vu par {} hier", "discussed with {} by phone", "Sem derrame pleural, {} em seguimento."]
)
def test_a_word_of_every_report_is_doubted_where_a_person_can_stand(name: str, sentence: str) -> None:
    assert name in unsure_words(examine_text(sentence.format(name)))


@pytest.mark.parametrize(
    ("sentence", "word"),
    [
        ("hypersignal de la substance blanche", "blanche"), ("white matter lesions", "white"), ("this may represent", "may"),
        ("nódulo no lobo superior", "lobo"), ("au pole inférieur du rein", "pole"), ("ground glass opacities", "glass"),
        ("un grand kyste", "grand"), ("image nette du foie", "nette"), ("le front est normal", "front"),
    ],
)  # fmt: skip
def test_a_word_of_every_report_stays_in_its_place(sentence: str, word: str) -> None:
    assert word not in unsure_words(examine_text(sentence))


@pytest.mark.parametrize("word", ["foie", "rein", "colon", "hilum", "spine", "parkinson"])
def test_words_of_medicine_stay(word: str) -> None:
    assert unsure_words(examine_text(f"aspect normal, {word} sans lesion")) in (
        [],
        ["parkinson"][: word == "parkinson"],
    )


def test_names_of_the_other_checks_lists_are_doubted_in_small_letters() -> None:
    """The lists of the second check are not read by the engine; words that are anatomy first (colon, cord) count as such."""
    names = [name for name in sorted(listed_names())[::29] if not is_medical(fold(name))]
    left = [name for name in names if safe_text(examine_text(f"No pleural effusion, {name} seen again.")).count(name)]
    assert len(names) > 300 and left == []
