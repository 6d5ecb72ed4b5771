"""The steps that free text passes before a team reads it: words of a review, rare words of a question, annotators.

The annotation always holds the safe text, with a mark where a word is not decided; the pieces wait in `ExamText` and are erased
with the last step. A step applied twice gives the same text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils.translation import gettext_noop

from anonymization.annotate import replace_text
from anonymization.models import ExamText, WordDecision
from anonymization.models.exam_text import ExamTextQuerySet
from challenges.frame import spec_of
from challenges.keys import challenge_key
from challenges.models import Question
from concours.deid.values import MARK, GatedText, Piece, Pieces, decide, remove_words, safe_text
from concours.deid.values.folded import fold
from concours.second_check import find_identifiers
from core.actors import Actor, person_of, require_person
from core.audit import record
from core.claims import Claim
from core.clock import database_now
from core.errors import InvalidInputError, MoveNotAllowedError
from core.locks import locked
from core.temporary import lease_folder
from core.work import enqueue
from uploads.models import Exam

STEP = ExamText.Step
LONGEST_WORD = 60
AT_ONCE = 200

NOT_WAITING = gettext_noop("This text is already done. Reload the page for the next one.")
TOO_LONG = gettext_noop("A replacement may have %(limit)s characters. Write a shorter word.")


class TextDoneError(MoveNotAllowedError):
    """Somebody else finished the text first; their outcome stands."""

    reason = "text_done"


@dataclass(frozen=True)
class WordChoice:
    """What a person decides about a word: it stays, or it goes, with a replacement in its place or the mark."""

    word: str
    stays: bool
    replacement: str = ""


# --- at de-identification ---------------------------------------------------------------------------------------------


def keep_texts(exam: Exam, texts: Iterable[GatedText]) -> bool:
    """Rows for the texts that need a person; what was decided for the question already holds. True where a review is needed."""
    steps = spec_of(exam.question).deidentification.text_steps
    exam.texts.all().delete()
    decided = _decisions(exam.question)
    needs_review = False
    for text in texts:
        pieces = _applied(exam.question, text.pieces, decided)
        undecided = any(piece.state == "unsure" for piece in pieces)
        if undecided:
            step = STEP.WORDS if "words" in steps else STEP.REVIEW
            row = ExamText(exam=exam, place=text.place, step=step, pieces=[piece.to_json() for piece in pieces])
        else:
            row = _finished(ExamText(exam=exam, place=text.place), pieces, steps)
        row.save()
        needs_review = needs_review or row.step == STEP.REVIEW
    return needs_review


def apply_early_decisions(exam: Exam, texts: Iterable[GatedText]) -> None:
    """After the annotations are written: texts that decisions of earlier exams changed."""
    rows = {row.place: row for row in exam.texts.all()}
    decided = _decisions(exam.question)
    for text in texts:
        if text.undecided and text.place in rows:
            replace_text(exam, text.place, safe_text(_applied(exam.question, text.pieces, decided)))


def _finished(row: ExamText, pieces: Pieces, steps: Collection[str]) -> ExamText:
    """The row after its words are decided: for annotators where the question names them or the second check is not content."""
    row.step = STEP.ANNOTATORS if "annotators" in steps or _still_identifies(safe_text(pieces)) else STEP.DONE
    row.pieces = [piece.to_json() for piece in pieces] if row.step == STEP.ANNOTATORS else []
    return row


def _still_identifies(text: str) -> bool:
    with lease_folder("text") as folder:
        (folder / "text.txt").write_text(text, encoding="utf-8")
        return bool(find_identifiers([folder], read_pixels=False))


def pieces_of(row: ExamText) -> Pieces:
    return tuple(Piece.from_json(piece) for piece in row.pieces)


# --- corrections ------------------------------------------------------------------------------------------------------


def decided_texts(question: Question, texts: Iterable[GatedText]) -> list[GatedText]:
    """The texts of a correction after what was decided for the question; those that are still `undecided` need a person."""
    decided = _decisions(question)
    return [GatedText(text.place, _applied(question, text.pieces, decided)) for text in texts]


def replace_texts(exam: Exam, field: str, texts: Iterable[GatedText], keep: Collection[str], actor: Actor) -> None:
    """The field was corrected: of the unsure words of its new `texts` those in `keep` stay; what waited of the old ones goes."""
    kept_words = {fold(word) for word in keep}
    steps = spec_of(exam.question).deidentification.text_steps
    for row in exam.texts.all():
        if row.place.partition(".")[0] == field:
            row.delete()
    for text in texts:
        pieces = decide(text.pieces, lambda word: word if fold(word) in kept_words else MARK)
        _save(ExamText(exam=exam, place=text.place), pieces, steps, actor)


# --- words of one exam's review ---------------------------------------------------------------------------------------


def decide_review_words(*, exam: Exam, keep: Collection[str], actor: Actor) -> None:
    """The words that the person keeps come back; every other unsure word of the exam's texts is removed."""
    kept_words = {fold(word) for word in keep}
    steps = spec_of(exam.question).deidentification.text_steps
    for row in exam.texts.filter(step=STEP.REVIEW):
        pieces = decide(pieces_of(row), lambda word: word if fold(word) in kept_words else MARK)
        _save(row, pieces, steps, actor)


def _save(row: ExamText, pieces: Pieces, steps: Collection[str], actor: Actor) -> None:
    _finished(row, pieces, steps)
    row.decided_by, row.decided_at = person_of(actor), database_now()
    row.save()
    replace_text(row.exam, row.place, safe_text(pieces))


# --- rare words of a question -----------------------------------------------------------------------------------------


def word_digest(question: Question, word: str) -> str:
    """A word under the challenge's key: equal in any case and accent, and nobody reads it."""
    key = challenge_key(question.challenge)
    return hmac.new(key, f"word\n{fold(word)}".encode(), hashlib.sha256).hexdigest()


def _decisions(question: Question) -> Mapping[str, WordDecision]:
    return {row.digest: row for row in question.word_decisions.all()}


def _applied(question: Question, pieces: Pieces, decided: Mapping[str, WordDecision]) -> Pieces:
    def of(word: str) -> str | None:
        row = decided.get(word_digest(question, word))
        return None if row is None else word if row.stays else row.replacement or MARK

    return decide(pieces, of) if decided else pieces


def decide_words(*, question: Question, choices: Iterable[WordChoice], actor: Actor) -> int:
    """Records decisions and has them applied to every text that waits. A word decided before is decided anew."""
    count = 0
    with transaction.atomic():
        enqueue("apply_words", question, challenge_id=question.challenge_id)
        for choice in choices:
            if len(choice.replacement) > LONGEST_WORD or len(choice.word) > LONGEST_WORD:
                raise InvalidInputError(TOO_LONG, limit=LONGEST_WORD)
            WordDecision.objects.update_or_create(
                question=question,
                digest=word_digest(question, choice.word),
                defaults={
                    "word": choice.word if choice.stays else "",
                    "replacement": "" if choice.stays else choice.replacement.strip(),
                    "stays": choice.stays,
                    "decided_by": require_person(actor),
                    "decided_at": database_now(),
                },
            )
            count += 1
        record(
            verb="words of texts decided",
            subject=question,
            actor=actor,
            detail={"words": count},
            challenge_id=question.challenge_id,
        )
    return count


def apply_words(claim: Claim) -> None:
    """The stage's function: decisions reach the question's texts, some at a time; run twice, nothing changes."""
    question = Question.objects.select_related("challenge").get(pk=claim.subject_id)
    decided, steps = _decisions(question), spec_of(question).deidentification.text_steps
    waiting = ExamText.objects.filter(exam__question=question, step=STEP.WORDS).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        with transaction.atomic():
            for row in _held(ids[start : start + AT_ONCE]):
                pieces = _applied(question, pieces_of(row), decided)
                if any(piece.state == "unsure" for piece in pieces):
                    row.pieces = [piece.to_json() for piece in pieces]
                    row.save(update_fields=["pieces"])
                    replace_text(row.exam, row.place, safe_text(pieces))
                else:
                    _save(row, pieces, steps, None)
    with claim.finish():
        return


def _held(ids: Collection[int]) -> Iterable[ExamText]:
    rows = ExamText.objects.select_for_update(of=("self",)).select_related("exam").filter(pk__in=ids, step=STEP.WORDS)
    return rows.order_by("pk")


# --- annotators -------------------------------------------------------------------------------------------------------


def mark_text(*, text: ExamText, places: Collection[int], actor: Actor) -> None:
    """A person has read the text: the words at `places`, counted from 0, are removed, and the text is done."""
    with transaction.atomic():
        row = locked(text, "exam__question__challenge")
        if row.step != STEP.ANNOTATORS:
            raise TextDoneError(NOT_WAITING)
        pieces = remove_words(pieces_of(row), set(places))
        row.step, row.pieces, row.decided_by, row.decided_at = STEP.DONE, [], require_person(actor), database_now()
        row.save()
        replace_text(row.exam, row.place, safe_text(pieces))
        record(
            verb="text read",
            subject=row,
            actor=actor,
            detail={"words_removed": len(set(places))},
            challenge_id=row.exam.question.challenge_id,
        )


# --- what waits -------------------------------------------------------------------------------------------------------


def forget_texts(exam_id: str) -> None:
    """The exam was withdrawn: the pieces of its texts go."""
    ExamText.objects.filter(exam_id=exam_id).delete()


def waiting_texts(exams: Iterable[Exam] | QuerySet[Exam], fields: Collection[str]) -> list[ExamText]:
    """Texts of these exams and fields that no team may read yet, with their exams and centres."""
    rows = ExamText.objects.waiting().filter(exam__in=exams).select_related("exam__centre")
    return [
        row
        for row in rows.order_by("exam__centre__name", "exam__number", "place")
        if row.place.partition(".")[0] in fields
    ]


def waiting_by_question(rows: ExamTextQuerySet) -> dict[tuple[int, str], int]:
    """(challenge, question's slug) -> how many of these texts wait for their own page; those of a review wait with it."""
    waiting = rows.waiting().exclude(step=STEP.REVIEW).order_by()
    counted = waiting.values_list("exam__question__challenge", "exam__question__slug").annotate(n=Count("pk"))
    return {(challenge, slug): n for challenge, slug, n in counted}
