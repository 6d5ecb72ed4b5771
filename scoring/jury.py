"""The jury: radiologists mark cases of all contestants, shuffled and blind; nothing shows until all of them have finished."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations
from statistics import fmean
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop

from challenges.charter import charter_in_force, require_signature
from challenges.frame import spec_of
from challenges.models import Charter, Question, Role, role_held
from challenges.permissions import require_organiser
from concours import metrics
from concours.formats.json import Json
from concours.questions.schema import JurySpec
from core.actors import Actor, require_person
from core.audit import record
from core.clock import database_now
from core.errors import InvalidInputError, MoveNotAllowedError, NotAllowedError
from core.locks import locked
from core.work import enqueue
from scoring.models import JuryCase, JuryMark, JurySession, Submission
from scoring.permissions import is_juror

NO_JURY = gettext_noop("This question has no jury.")


class JuryFinishedError(MoveNotAllowedError):
    reason = "jury_finished"


def jury_of(question: Question) -> JurySpec:
    spec = spec_of(question)
    if spec.jury is None:
        raise InvalidInputError(NO_JURY)
    return spec.jury


def open_jury(*, question: Question, actor: Actor, seed: int | None = None) -> None:
    """Asks for the choice of cases, one a cluster of each contestant's embeddings; jurors can begin when it is made."""
    require_organiser(actor, question.challenge)
    jury = jury_of(question)
    phase = question.phases.filter(decides=True).first()
    scored = Submission.State.SCORED
    if phase is None or not phase.submissions.filter(state=scored).exists():
        raise InvalidInputError(
            gettext_noop("No submission of the deciding phase is scored yet. Wait, then open the jury.")
        )
    if question.jury_cases.exists():
        return  # open already
    chosen = jury.seed if seed is None else seed
    with transaction.atomic():
        record(
            verb="jury opened",
            subject=question,
            actor=actor,
            detail={"seed": chosen},
            challenge_id=question.challenge_id,
        )
        enqueue("choose_jury_cases", f"{question.pk}:{chosen}", challenge_id=question.challenge_id)


def begin_session(*, question: Question, juror: Actor) -> JurySession:
    """The juror's one pass through all cases; beginning twice is beginning once."""
    jury = jury_of(question)
    if not is_juror(juror, question):
        raise NotAllowedError(gettext_noop("You are not in the jury of this question."))
    if charter_in_force(question.challenge, Charter.Audience.JUROR) is not None:
        require_signature(juror, question.challenge, Charter.Audience.JUROR)
    if not question.jury_cases.exists():
        raise InvalidInputError(gettext_noop("The cases of the jury are not chosen yet. Come back later."))
    person = require_person(juror)
    with transaction.atomic():
        session, created = JurySession.objects.get_or_create(
            question=question, juror=person, defaults={"seed": jury.seed * 1_000_003 + person.pk}
        )
        if created:
            record(verb="jury begun", subject=session, actor=juror, challenge_id=question.challenge_id)
    return session


def cases_in_order(session: JurySession) -> list[JuryCase]:
    """All contestants' cases, shuffled by the session's seed over their random ids."""
    cases = sorted(session.question.jury_cases.all(), key=lambda case: str(case.pk))
    random.Random(session.seed).shuffle(cases)  # noqa: S311  (an order to look at, not a secret)
    return cases


def marked_cases(session: JurySession) -> set[UUID]:
    return set(session.marks.values_list("case_id", flat=True))


def mark(*, session: JurySession, case: JuryCase, marks: Mapping[str, Json]) -> None:
    """All criteria of one case at once; a case can be marked again until the session is finished.

    Raises InvalidInputError naming every criterion that is missing, unknown or out of its range.
    """
    jury = jury_of(session.question)
    if session.finished_at is not None:
        raise JuryFinishedError(gettext_noop("You have finished; marks can no longer be changed."))
    if case.question_id != session.question_id:
        raise InvalidInputError(gettext_noop("This case belongs to another question."))
    criteria = {criterion.name: criterion for criterion in jury.criteria}
    wrong = [name for name in criteria if not _fits(marks.get(name), criteria[name].min, criteria[name].max)]
    wrong += [str(name)[:40] for name in marks if name not in criteria]
    if wrong:
        raise InvalidInputError(
            gettext_noop("Invalid marks for: %(names)s. Give each criterion a whole mark within its range."),
            names=", ".join(wrong),
        )
    with transaction.atomic():
        open_still = JurySession.objects.select_for_update().filter(pk=session.pk, finished_at=None).exists()
        if not open_still:
            raise JuryFinishedError(gettext_noop("You have finished; marks can no longer be changed."))
        for name, value in marks.items():
            JuryMark.objects.update_or_create(
                session=session,
                case=case,
                criterion=name,
                defaults={"mark": value, "marked_at": database_now()},
            )


def _fits(value: Json, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def finish_session(*, session: JurySession, actor: Actor) -> None:
    """The juror is done with every case. When the last juror is, the ranking is computed with the jury's score."""
    question = session.question
    open_cases = question.jury_cases.count() - len(marked_cases(session))
    if open_cases:
        raise InvalidInputError(gettext_noop("Cases not marked yet: %(count)s."), count=open_cases)
    with transaction.atomic():
        locked(question)  # of the last two jurors who finish at once, the second sees that all have finished
        done = JurySession.objects.filter(pk=session.pk, finished_at=None).update(finished_at=database_now())
        if not done:
            return
        record(verb="jury finished", subject=session, actor=actor, challenge_id=question.challenge_id)
        _rank_when_finished(question)
    session.refresh_from_db()


def end_sessions(user_id: str) -> None:
    """The person lost a role: a session that nobody can finish any more goes with its marks; what is finished stays."""
    begun = JurySession.objects.filter(juror=int(user_id), finished_at=None)
    for session in begun.exclude(role_held(user_id, Role.Kind.JUROR, "question")).select_related("question"):
        question = locked(session.question)
        record(verb="jury left", subject=session, challenge_id=question.challenge_id)
        session.delete()
        _rank_when_finished(question)


def _rank_when_finished(question: Question) -> None:
    phase = question.phases.filter(decides=True).first()
    if phase is not None and all_finished(question):
        enqueue("rank_phase", str(phase.pk), challenge_id=question.challenge_id)


def all_finished(question: Question) -> bool:
    """Every juror who began has finished, and they are as many as the question asks for."""
    sessions = list(question.jury_sessions.all())
    finished = [session for session in sessions if session.finished_at is not None]
    return len(finished) == len(sessions) and len(finished) >= jury_of(question).jurors


def jury_scores(question: Question) -> dict[UUID, float] | None:
    """By submission id: the mean over its cases of the sum of the criteria, then over jurors. None until all have finished."""
    if not all_finished(question):
        return None
    sums: dict[tuple[UUID, int], dict[UUID, int]] = defaultdict(lambda: defaultdict(int))
    for row in JuryMark.objects.filter(session__question=question).select_related("case"):
        if row.case.submission_id is not None:
            sums[row.case.submission_id, row.session_id][row.case_id] += row.mark
    by_submission: dict[UUID, list[float]] = defaultdict(list)
    for (submission, _session), cases in sorted(sums.items(), key=str):
        by_submission[submission].append(fmean(cases.values()))
    return {submission: fmean(means) for submission, means in by_submission.items()}


def agreement(question: Question) -> dict[str, dict[str, float | None]]:
    """For each criterion, how far jurors agree: the mean over pairs of jurors of Cohen's kappa with quadratic weights over all
    marks that the criterion allows, and of the absolute difference of marks. None until all have finished, or with one juror.
    """
    if not all_finished(question):
        return {}
    marks: dict[str, dict[int, dict[UUID, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in JuryMark.objects.filter(session__question=question):
        marks[row.criterion][row.session_id][row.case_id] = row.mark
    kappa = metrics.find("cohen_kappa")
    by_criterion: dict[str, dict[str, float | None]] = {}
    for criterion in jury_of(question).criteria:
        labels = list(range(criterion.min, criterion.max + 1))
        kappas: list[float] = []
        differences: list[float] = []
        for left, right in combinations([marks[criterion.name][key] for key in sorted(marks[criterion.name])], 2):
            shared = sorted(set(left) & set(right), key=str)
            pair = [left[case] for case in shared], [right[case] for case in shared]
            score = kappa(*pair, weights="quadratic", labels=labels)
            kappas += [] if score.value is None else [score.value]
            differences.append(fmean(abs(a - b) for a, b in zip(*pair, strict=True)))
        by_criterion[criterion.name] = {
            "kappa": fmean(kappas) if kappas else None,
            "difference": fmean(differences) if differences else None,
        }
    return by_criterion
