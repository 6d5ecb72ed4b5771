"""People and hospitals named in running text: after a title, after a label, after the word for a hospital."""

from __future__ import annotations

import re
from collections.abc import Iterator

from concours.deid.values.dictionary import is_common, is_medical, is_name
from concours.deid.values.folded import Folded, Span
from concours.deid.values.tokens import Word, gap, joined, word_set

_TITLES = word_set(
    """dr dre dra drs docteur docteure doctor doutor doutora prof professeur professeure professor professora mme mlle mrs miss
    monsieur madame mademoiselle senhor senhora sra enf enfermeiro enfermeira nurse infirmier infirmiere"""
)
_TITLES_OR_NOT = word_set("mr ms pr sr m mm")  # modalities and settings too: a title only before a name
_LABEL = re.compile(
    r"(?<!\w)(?:nom|prenom|nom de naissance|patiente?|medecins?(?: \w+)?|radiologues?|operateurs?|prescripteur|correspondant|"
    r"name|surname|first name|last name|physician|radiologist|signed(?: by)?|read by|dictated by|reported by|signe(?: par)?|"
    r"lu par|valide par|redige par|dicte par|medico|medica|assinado(?: por)?|relatado por|nome|utente|doente)\s*[:=]\s*"
)
_HOSPITAL = word_set(
    """chu chru chr chi ch ap hopital hopitaux clinique polyclinique hospital hospitals clinic clinica infirmary institut
    instituto cabinet medical center centre"""
)
_PARTICLES = word_set(
    "de du des d le la les l da das do dos e et van von der den del di el al of saint sainte st ste sao santa"
)
_MOST_NAMES = 5  # words after a title that are taken for a name


def named_spans(text: Folded, words: list[Word]) -> Iterator[tuple[Span, str]]:
    """(place, kind) of every name that its title, label or institution gives away."""
    for span in _after_titles(text.text, words):
        yield span, "name"
    for span in _after_labels(text, words):
        yield span, "name"
    for span in _institutions(text.text, words):
        yield span, "institution"


def _after_titles(text: str, words: list[Word]) -> Iterator[Span]:
    for place, token in enumerate(words):
        if token.folded not in _TITLES and token.folded not in _TITLES_OR_NOT:
            continue
        certain = token.folded in _TITLES
        last = _name_from(text, words, place, certain=certain)
        if last is not None:
            yield token.start, words[last].end


def _name_from(text: str, words: list[Word], place: int, *, certain: bool) -> int | None:
    """The last word of the name that follows the title at `place`, or None."""
    last = None
    for at in range(place + 1, min(place + 1 + _MOST_NAMES, len(words))):
        word = words[at]
        between = gap(text, words[at - 1], word)
        if not joined(between) or ("," in between and last is None):
            break
        if word.folded in _PARTICLES or word.folded in _TITLES:
            continue
        alone = last is None and not word.capital and (is_name(word.folded) or not is_common(word.folded))
        if not (word.capital or alone) or word.text.isdigit():
            break
        if last is None and len(word.text) > 1 and is_medical(word.folded) and not is_name(word.folded):
            break
        if not certain and is_common(word.folded) and not is_name(word.folded):
            break
        if "." in between and len(words[at - 1].text) > 1 and last is not None:
            break  # the sentence ends
        last = at
    return last


def _after_labels(folded: Folded, words: list[Word]) -> Iterator[Span]:
    """ "Nom : Dupont Jean": words with a capital, or that no dictionary knows, up to the end of the line."""
    text = folded.text
    for start, end in folded.spans(_LABEL):
        line = text.find("\n", end)
        inside = [token for token in words if end <= token.start < (line if line >= 0 else len(text))]
        taken: list[Word] = []
        for token in inside[:_MOST_NAMES]:
            if taken and not joined(gap(text, taken[-1], token)):
                break
            common = is_common(token.folded) and not is_name(token.folded) and len(token.text) > 1
            stops = common and not (token.capital and (taken or not is_medical(token.folded)))
            if token.folded not in _PARTICLES and stops:
                break
            taken.append(token)
        if taken:
            yield max(start, taken[0].start), taken[-1].end


def _institutions(text: str, words: list[Word]) -> Iterator[Span]:
    """ "Hôpital Saint-Louis", "CHU de Nantes": the words with a capital after the word for a hospital."""
    for place, token in enumerate(words):
        if token.folded not in _HOSPITAL:
            continue
        last = None
        for at in range(place + 1, min(place + 1 + _MOST_NAMES, len(words))):
            word = words[at]
            if not joined(gap(text, words[at - 1], word)) or "." in gap(text, words[at - 1], word):
                break
            if word.folded in _PARTICLES:
                last = at if word.capital else last
                continue
            if not word.capital or word.text.isdigit() or (is_medical(word.folded) and not is_name(word.folded)):
                break
            last = at
        if last is not None:
            yield token.start, words[last].end
