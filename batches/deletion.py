"""A case was withdrawn from a batch that people had fetched: each of them is told, and says when every copy is deleted."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from batches.models import Batch, BatchItem, DeletionRequest, Download
from core.actors import Actor, person_of
from core.audit import record
from core.claims import Claim
from core.clock import database_now
from core.errors import MoveNotAllowedError
from core.mail import send
from core.models import User
from core.work import enqueue
from uploads.withdraw import BatchWithdrawal


def request_deletions(item: BatchItem) -> int:
    """One request for each person who fetched a version with this case. In the caller's transaction, which holds the batch."""
    batch = item.batch
    people: dict[int, int | None] = {}
    for user_id, team_id in Download.objects.filter(batch=batch).order_by("pk").values_list("user_id", "team_id"):
        people[user_id] = team_id if team_id is not None else people.get(user_id)
    DeletionRequest.objects.bulk_create(
        [DeletionRequest(item=item, user_id=user_id, team_id=team_id) for user_id, team_id in people.items()],
        ignore_conflicts=True,
    )
    for user_id in people:
        enqueue("mail_deletion", f"{batch.pk}:{user_id}", challenge_id=batch.question.challenge_id)
    return len(people)


def withdrawal_progress(exam_id: str) -> list[BatchWithdrawal]:
    """The batches that the exam left: whether each is made again, how many people were asked to delete it and have attested."""
    items = BatchItem.objects.filter(exam_id=exam_id).exclude(withdrawn_at=None).select_related("batch")
    requests = Count("deletion_requests")
    attested = Count("deletion_requests", filter=~Q(deletion_requests__attested_at=None))
    return [
        BatchWithdrawal(
            name=item.batch.name,
            ready=item.batch.state != Batch.State.PLANNED,
            erased=True,
            requests=item.requests,
            attested=item.attested,
        )
        for item in items.annotate(requests=requests, attested=attested).order_by("batch__name")
    ]


def open_requests(user: Actor) -> QuerySet[DeletionRequest]:
    """What this person was asked to delete and has not attested yet."""
    person = person_of(user)
    if person is None:
        return DeletionRequest.objects.none()
    return DeletionRequest.objects.filter(user=person, attested_at=None).select_related(
        "item__batch__question__challenge"
    )


def attest_deletion(*, batch: Batch, actor: Actor) -> int:
    """The person declares that no copy of the withdrawn cases of this batch is left with them.

    Returns how many were open: 0 where they attested before.
    """
    own = list(open_requests(actor).filter(item__batch=batch).values_list("item__public_id", flat=True))
    done = open_requests(actor).filter(item__batch=batch).update(attested_at=database_now())
    if not done:
        if DeletionRequest.objects.filter(user=person_of(actor), item__batch=batch).exists():
            return 0
        raise MoveNotAllowedError(gettext_noop("You were not asked to delete anything of this batch."))
    record(
        verb="deletion attested",
        subject=batch,
        actor=actor,
        detail={"cases": sorted(own)},
        challenge_id=batch.question.challenge_id,
    )
    return done


def mail_deletion(claim: Claim) -> None:
    """One person's mail about one batch; the subject is `<batch>:<user>`. Several cases that left meanwhile stand in one mail."""
    batch_id, _colon, user_id = claim.subject_id.partition(":")
    batch = Batch.objects.select_related("question__challenge").get(pk=batch_id)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    requests = DeletionRequest.objects.filter(item__batch=batch, user=user, attested_at=None, mailed_at=None)
    waiting = list(requests.select_related("item").order_by("item__public_id"))
    if waiting and user is not None:
        with translation.override(user.language):
            subject, body = letter(batch, [request.item.public_id for request in waiting])
            send(subject, body, [user.email])
    with claim.finish():
        DeletionRequest.objects.filter(pk__in=[request.pk for request in waiting]).update(mailed_at=database_now())


def letter(batch: Batch, cases: list[str]) -> tuple[str, str]:
    """Subject and text in the active language."""
    question = batch.question
    subject = gettext("%(challenge)s: delete withdrawn cases") % {"challenge": question.challenge}
    lines = [
        gettext(
            "You downloaded the batch “%(batch)s” of “%(question)s”. These cases were withdrawn since and may not be used "
            "any more: %(cases)s."
        )
        % {"batch": batch.name, "question": question, "cases": ", ".join(cases)},
        gettext(
            "Delete every copy of these cases, of the archive and of what was made from them, then confirm it on the page "
            "below. A new version of the batch without them is prepared."
        ),
        settings.SITE_ORIGIN + reverse("batches:data", args=[question.challenge.slug, question.slug]),
    ]
    return subject, "\n\n".join(lines)
