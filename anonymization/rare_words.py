"""The words of a question's texts that nobody has decided on, for one page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from anonymization.models import ExamText
from anonymization.texts import STEP, pieces_of
from challenges.models import Question
from concours.deid.values import MARK, Pieces
from concours.deid.values.folded import fold

AROUND = 40  # characters of context on each side
CONTEXTS = 2


@dataclass(frozen=True)
class RareWord:
    """A word as it is first written, in how many texts it stands, and some of what stands around it."""

    word: str
    texts: int
    contexts: tuple[tuple[str, str, str], ...]  # before, the word, after


def rare_words(question: Question) -> list[RareWord]:
    """Every undecided word once, in any case and accent; the most frequent first."""
    written: dict[str, str] = {}
    texts: dict[str, set[int]] = defaultdict(set)
    contexts: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    waiting = ExamText.objects.waiting().filter(exam__question=question, step=STEP.WORDS).order_by("pk")
    for row in waiting.iterator(chunk_size=500):
        pieces = pieces_of(row)
        for place, piece in enumerate(pieces):
            if piece.state != "unsure":
                continue
            key = fold(piece.text)
            written.setdefault(key, piece.text)
            texts[key].add(row.pk)
            if len(contexts[key]) < CONTEXTS:
                contexts[key].append(
                    (_shown(pieces[:place])[-AROUND:], piece.text, _shown(pieces[place + 1 :])[:AROUND])
                )
    ordered = sorted(written, key=lambda key: (-len(texts[key]), key))
    return [RareWord(written[key], len(texts[key]), tuple(contexts[key])) for key in ordered]


def _shown(pieces: Pieces) -> str:
    """The text around a word; what is removed is a mark, other undecided words are shown: who reads this decides on them too."""
    return "".join(MARK if piece.state == "removed" else piece.text for piece in pieces)
