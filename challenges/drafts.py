"""Question files in the making: begun from a task, a text or a question, changed by steps or as a text, then loaded."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import get_language, gettext_noop

from challenges.frame import load_question
from challenges.models import Challenge, Question, QuestionDraft
from challenges.question_files import QuestionMistake, question_mistakes, update_question
from concours.known_names import known_names
from concours.questions.editing import Change, changed_file, plain_values
from concours.questions.schema import QuestionSpec, SpecError, load_spec
from core.actors import Actor, person_of
from core.audit import record
from core.clock import database_now
from core.errors import InvalidInputError
from core.words import localised

MOST_DRAFTS = 50  # of a challenge: each may be as long as a question file


class DraftChangedError(InvalidInputError):
    reason = "draft_changed"


def start_draft(*, challenge: Challenge, text: str, actor: Actor, question: Question | None = None) -> QuestionDraft:
    """A new draft. Its text may have any mistakes."""
    if challenge.drafts.count() >= MOST_DRAFTS:
        raise InvalidInputError(
            gettext_noop(
                "This challenge has the most drafts it may have: %(count)d. Load or delete one before you begin another."
            ),
            count=MOST_DRAFTS,
        )
    with transaction.atomic():
        draft = QuestionDraft.objects.create(
            challenge=challenge, question=question, title=_title(text), text=text, changed_by=person_of(actor)
        )
        record(verb="draft begun", subject=draft, actor=actor, challenge_id=challenge.pk)
    return draft


def write_draft(*, draft: QuestionDraft, text: str, version: int, actor: Actor) -> QuestionDraft:
    """The draft with this text. Raises DraftChangedError where somebody else wrote since `version` was read."""
    with transaction.atomic():
        row = QuestionDraft.objects.select_for_update().get(pk=draft.pk)
        if row.version != version:
            raise DraftChangedError(
                gettext_noop("Someone else changed this draft meanwhile. Nothing was saved: look at it and try again.")
            )
        if row.text == text:
            return row
        row.text, row.title, row.version = text, _title(text), row.version + 1
        row.changed_by, row.changed_at = person_of(actor), database_now()
        row.save()
    return row


def change_draft(*, draft: QuestionDraft, changes: Sequence[Change], version: int, actor: Actor) -> QuestionDraft:
    """The draft with these values changed and all else as it stands. Raises SpecError where its text is no YAML."""
    return write_draft(draft=draft, text=changed_file(draft.text, changes), version=version, actor=actor)


def delete_draft(*, draft: QuestionDraft, actor: Actor) -> None:
    """Deleting twice changes nothing."""
    with transaction.atomic():
        row = QuestionDraft.objects.select_for_update().filter(pk=draft.pk).first()
        if row is not None:
            record(verb="draft deleted", subject=row, actor=actor, challenge_id=row.challenge_id)
            row.delete()


def load_draft(*, draft: QuestionDraft, actor: Actor) -> Question:
    """The question that the draft describes; the draft goes. Raises SpecError with every mistake, and then it stays."""
    with transaction.atomic():
        if draft.question is not None:
            question = update_question(question=draft.question, text=draft.text, actor=actor)
        else:
            question = load_question(challenge=draft.challenge, text=draft.text, actor=actor)
        QuestionDraft.objects.filter(pk=draft.pk).delete()
    return question


def spec_or_mistakes(text: str) -> tuple[QuestionSpec | None, list[QuestionMistake]]:
    """What the text declares, or every mistake that keeps it from being loaded."""
    try:
        return load_spec(text, known_names()), []
    except SpecError as error:
        return None, question_mistakes(error)


def _title(text: str) -> str:
    """The title as far as the text has one."""
    try:
        values = plain_values(text)
    except SpecError:
        return "?"
    title = values.get("title")
    words = localised(title, get_language() or "en") if isinstance(title, dict | str) else ""
    return str(words or values.get("slug") or "?")[:200]
