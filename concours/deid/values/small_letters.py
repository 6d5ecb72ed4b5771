"""Common words in small letters that are names too: which of them may be a name, by the word and by its place in the sentence.

`florence` and `richard` stand in dictionaries, and are doubted wherever they stand. `grand` and `may` are words of every report:
they are doubted only where a person could stand, that is at the beginning of a clause or after a word that brings a person in.
"""

from __future__ import annotations

from concours.deid.values.dictionary import is_common, is_medical, is_name, is_ordinary
from concours.deid.values.tokens import Word, gap, word_set

# After these a person may follow: "vu par blanche", "seen with may", "patient young".
_BRINGS_A_PERSON = word_set(
    """par pour avec chez by with for from por com para dr dre dra pr prof mr mrs ms mme mlle miss sr sra docteur doctor doutor
    patient patiente paciente utente doente monsieur madame senhor senhora medecin medica medico radiologue radiologist nom name
    nome prenom call cc et and e ou or"""
)
_SHORTEST_TERM = 5  # letters; shorter ones of the vocabulary are often words of a language as well: em, seen, ante


def may_be_a_name(text: str, words: list[Word], place: int) -> bool:
    """Whether the word, which is common, not of medicine and in small letters, may name a person here."""
    folded = words[place].folded
    return is_name(folded) and not (is_ordinary(folded) and _reads_as_word(text, words, place))


def _speaks_of_images(word: Word) -> bool:
    """A number, or a word of medicine that is no abbreviation and no small word of a language."""
    return word.text.isdigit() or (len(word.text) >= _SHORTEST_TERM and is_medical(word.folded))


def _reads_as_word(text: str, words: list[Word], place: int) -> bool:
    """Beside a word of medicine or a number, or after a word that brings no person in."""
    before = words[place - 1] if place and gap(text, words[place - 1], words[place]) in (" ", "-", "'", "’") else None
    after = (
        words[place + 1] if place + 1 < len(words) and gap(text, words[place], words[place + 1]) in (" ", "-") else None
    )
    if any(word is not None and _speaks_of_images(word) for word in (before, after)):
        return True
    return before is not None and before.folded not in _BRINGS_A_PERSON and is_common(before.folded)
