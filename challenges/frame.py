"""Stage 0, the frame: challenges, question files with their phases, and the timeline."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from challenges.keys import make_key
from challenges.models import Challenge, Milestone, Phase, Question, QuestionRevision, Role
from challenges.notices import plan_reminders, tell_moved
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, load_spec
from core.actors import Actor, person_of, require_person
from core.audit import record
from core.errors import InvalidInputError
from core.locks import locked
from core.moves import done_before, move
from core.registry import call_hook

EDITABLE = ("title", "summary", "contact", "data_protection_officer")


class SlugTakenError(InvalidInputError):
    reason = "slug_taken"


def create_challenge(
    *, slug: str, title: Mapping[str, str], actor: Actor, summary: Mapping[str, str] | None = None, contact: str = ""
) -> Challenge:
    """A draft with its key, and its creator as the first organiser."""
    try:
        with transaction.atomic():
            challenge = Challenge.objects.create(
                slug=slug, title=dict(title), summary=dict(summary or {}), contact=contact, created_by=person_of(actor)
            )
            Role.objects.create(challenge=challenge, user=require_person(actor), kind=Role.Kind.ORGANISER)
            record(verb="challenge created", subject=challenge, actor=actor, challenge_id=challenge.pk)
    except IntegrityError as error:
        raise SlugTakenError(
            gettext_noop("A challenge with the short name '%(slug)s' already exists. Choose another name."), slug=slug
        ) from error
    make_key(challenge)
    return challenge


def update_challenge(*, challenge: Challenge, actor: Actor, **changes: Any) -> None:
    """Changes title, summary, contact or data_protection_officer; what is given as it stands changes nothing."""
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise TypeError(f"{sorted(unknown)} of a challenge cannot be edited")
    with transaction.atomic():
        row = Challenge.objects.select_for_update().get(pk=challenge.pk)
        before = {name: getattr(row, name) for name, value in changes.items() if getattr(row, name) != value}
        if not before:
            return
        after = {name: changes[name] for name in before}
        Challenge.objects.filter(pk=row.pk).update(**after)
        record(
            verb="challenge edited",
            subject=challenge,
            actor=actor,
            detail={"before": before, "after": after},
            challenge_id=challenge.pk,
        )
    for name, value in after.items():
        setattr(challenge, name, value)


def open_challenge(*, challenge: Challenge, actor: Actor) -> None:
    """Makes the challenge public. Opening what is open changes nothing."""
    if done_before(challenge, Challenge.State.OPENED):
        return
    if not challenge.questions.exists():
        raise InvalidInputError(
            gettext_noop("Challenge '%(slug)s' has no question yet. Load a question file, then open the challenge."),
            slug=challenge.slug,
        )
    move(challenge, Challenge.State.OPENED, actor=actor)


def close_challenge(*, challenge: Challenge, actor: Actor, reason: str = "") -> None:
    if done_before(challenge, Challenge.State.CLOSED):
        return
    move(challenge, Challenge.State.CLOSED, actor=actor, reason=reason)


@lru_cache(maxsize=64)
def _read(sha256: str, source: str) -> QuestionSpec:
    return load_spec(source, known_names=known_names())


def spec_of(question: Question) -> QuestionSpec:
    """What the question's file in force says; looked up once per row in memory."""
    cached: tuple[int, QuestionSpec] | None = question.__dict__.get("_spec")
    if cached is None or cached[0] != question.revision:
        revision = question.current()
        cached = (question.revision, _read(revision.sha256, revision.source))
        question.__dict__["_spec"] = cached
    return cached[1]


def spec_of_revision(revision: QuestionRevision) -> QuestionSpec:
    return _read(revision.sha256, revision.source)


def load_question(*, challenge: Challenge, text: str, actor: Actor = None) -> Question:
    """Creates or updates a question from its file; all of it or nothing. The same text twice changes nothing.

    Raises `concours.questions.schema.SpecError` with every error and its line.
    """
    spec = load_spec(text, known_names=known_names())
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        question, created = Question.objects.get_or_create(
            challenge=challenge,
            slug=spec.slug,
            defaults={"kind": spec.kind, "position": challenge.questions.count()},
        )
        question = locked(question)  # of two who load at once, the second makes the next revision
        if not created and question.revision and question.current().sha256 == sha256:
            return question
        question.title = {"en": spec.title.en, "fr": spec.title.fr}
        question.summary = {"en": spec.summary.en, "fr": spec.summary.fr}
        question.kind = spec.kind
        question.revision += 1
        question.save()
        QuestionRevision.objects.create(
            question=question, number=question.revision, source=text, sha256=sha256, created_by=person_of(actor)
        )
        _set_phases(question, spec)
        record(
            verb="question loaded",
            subject=question,
            actor=actor,
            detail={"revision": question.revision, "sha256": sha256},
            challenge_id=challenge.pk,
        )
    return question


def _set_phases(question: Question, spec: QuestionSpec) -> None:
    """Phases and their milestones as the file says. A phase that the file no longer names goes, unless it was used."""
    for phase in spec.phases.values():
        row, _ = Phase.objects.update_or_create(
            question=question,
            name=phase.name,
            defaults={
                "title": {"en": phase.title.en, "fr": phase.title.fr} if phase.title else {},
                "opens": phase.opens,
                "closes": phase.closes,
                "batch": phase.batch,
                "decides": phase.decides,
                "accepts": phase.accepts,
            },
        )
        plan_phase(row)
    for gone in question.phases.exclude(name__in=list(spec.phases)):
        if not any(call_hook("phase_is_used", gone)):
            question.milestones.filter(key__startswith=f"phase:{gone.name}:").delete()
            gone.delete()
        else:
            Phase.objects.filter(pk=gone.pk).update(accepts="nothing")


def plan_phase(phase: Phase) -> None:
    """The two milestones of a phase and the reminders before them; planned again, they move."""
    plan_reminders(phase)
    for edge, moment in (("opens", phase.opens), ("closes", phase.closes)):
        plan_milestone(
            challenge=phase.question.challenge,
            question=phase.question,
            key=f"phase:{phase.name}:{edge}",
            title=phase.title or {"en": phase.name, "fr": phase.name},
            run_at=moment,
        )


def plan_milestone(
    *,
    challenge: Challenge,
    key: str,
    title: Mapping[str, str],
    run_at: Any,
    question: Question | None = None,
) -> Milestone:
    """A row of the timeline; the same key planned again moves it."""
    row, _ = Milestone.objects.update_or_create(
        challenge=challenge,
        question=question,
        key=key,
        defaults={"title": dict(title), "run_at": run_at},
    )
    return row


def reschedule_phase(*, phase: Phase, opens: Any, closes: Any, actor: Actor, reason: str) -> None:
    """Moves a phase's window, with the reason on record."""
    if not opens < closes:
        raise InvalidInputError(gettext_noop("A phase must open before it closes. Change one of the two times."))
    before = f"{phase.opens.isoformat()} - {phase.closes.isoformat()}"
    with transaction.atomic():
        phase.opens, phase.closes = opens, closes
        phase.save(update_fields=["opens", "closes"])
        plan_phase(phase)
        tell_moved(phase, reason)
        record(
            verb="phase rescheduled",
            subject=phase,
            actor=actor,
            reason=reason,
            detail={"before": before, "after": f"{opens.isoformat()} - {closes.isoformat()}"},
            challenge_id=phase.question.challenge_id,
        )
