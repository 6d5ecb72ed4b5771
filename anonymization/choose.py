"""Several series meet the criteria: a person of the centre or an organiser chooses one, and quality control continues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext_noop

from anonymization.choices import Choice
from anonymization.models import Review
from challenges.frame import spec_of
from challenges.models import Role
from challenges.permissions import has_role
from concours.inclusion import Judgement
from core.actors import Actor, person_of
from core.clock import database_now
from core.errors import InvalidInputError, NotAllowedError
from core.moves import move
from core.progress import tell
from core.work import enqueue
from uploads.models import Exam

NOT_CHOSEN = gettext_noop("Choose one series for “%(image)s”: %(numbers)s.")
TWICE = gettext_noop("A series can stand for one image only. Choose another series for “%(image)s”.")
NO_CHOICE = gettext_noop("There is no series to choose for this exam. Reload the page to see what was decided.")
CHOSEN = gettext_noop("The series was chosen: %(names)s. The others are erased.")


def ask_for_series(exam: Exam, choices: Sequence[Choice]) -> None:
    """Inside the last transaction of quality control: the exam waits for the choice."""
    only = len(spec_of(exam.question).data.images) == 1
    points = [choice.point(only=only) for choice in choices]
    for point in points:
        tell(
            exam,
            stage="check_quality",
            state="review",
            reason=point.reason,
            where=point.where,
            template=point.template,
            values=point.values,
        )
    move(exam, Exam.State.REVIEW, code="several_series")
    Review.objects.create(
        exam=exam,
        stage="check_quality",
        points=[point.to_json() for point in points],
        choices=[choice.to_json() for choice in choices],
    )


def open_choice(exam: Exam) -> Review | None:
    """The review in which a series is to be chosen for this exam; None where there is none."""
    return exam.reviews.filter(state=Review.State.OPEN).exclude(choices=[]).first()


def may_choose(user: Actor, exam: Exam) -> bool:
    """People of the exam's centre know the study; organisers decide reviews."""
    return exam.centre.memberships.filter(user=person_of(user)).exists() or has_role(
        user, exam.question.challenge, Role.Kind.ORGANISER
    )


def choose_series(*, review: Review, actor: Actor, series: Mapping[str, str | int], note: str = "") -> None:
    """`series` names the chosen series of each image by its number. Raises InvalidInputError, NotAllowedError, LostRaceError.

    The first choice counts. Quality control then judges the exam with these series alone.
    """
    exam = review.exam
    if not may_choose(actor, exam):
        raise NotAllowedError(gettext_noop("Only people of the exam's centre and organisers choose its series."))
    if not review.choices or review.state != Review.State.OPEN:
        raise InvalidInputError(NO_CHOICE)
    chosen: dict[str, list[str]] = {}
    names = []
    for choice in map(Choice.from_json, review.choices):
        by_number = {str(option.number): option for option in choice.options}
        option = by_number.get(str(series.get(choice.image, "")))
        if option is None:
            raise InvalidInputError(NOT_CHOSEN, image=choice.image, numbers=", ".join(by_number))
        if list(option.series) in chosen.values():
            raise InvalidInputError(TWICE, image=choice.image)
        chosen[choice.image] = list(option.series)
        names.append(option.name)
    with transaction.atomic():
        move(
            review,
            Review.State.CONFIRMED,
            actor=actor,
            reason=note,
            note=note,
            chosen=chosen,
            decided_by=actor,
            decided_at=database_now(),
        )
        move(exam, Exam.State.DEIDENTIFIED, actor=actor, reason=note)
        values = {"names": ", ".join(names)}
        tell(exam, stage="check_quality", state="chosen", template=CHOSEN, values=values)
        enqueue("check_quality", exam, challenge_id=exam.question.challenge_id)


def is_confirmed(exam: Exam, judgement: Judgement) -> bool:
    """Whether an organiser saw this point of the series and chose it all the same."""
    if judgement.outcome != "review":
        return False
    for review in exam.reviews.filter(state=Review.State.CONFIRMED).exclude(chosen={}).select_related("decided_by"):
        if not has_role(review.decided_by, exam.question.challenge, Role.Kind.ORGANISER):
            continue
        for choice in map(Choice.from_json, review.choices):
            chosen = review.chosen.get(choice.image)
            for option in choice.options:
                shown = [(point.template, dict(point.values)) for point in option.points]
                if list(option.series) == chosen and (judgement.template, dict(judgement.values)) in shown:
                    return True
    return False
