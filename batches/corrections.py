"""What teams learn of a correction: that it happened, when and why; of a field that they receive also which case it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from anonymization.models import Correction
from batches.models import Batch, BatchItem, Download
from challenges.frame import spec_of
from challenges.models import Team
from concours.questions.dependents import with_dependents
from concours.questions.schema import QuestionSpec
from core.claims import Claim
from core.clock import database_now
from core.days import day_words
from core.mail import send
from core.models import User
from core.work import enqueue

DECIDED = (Correction.State.CONFIRMED, Correction.State.CORRECTED)
MOST_NAMED = 10  # in one mail


@dataclass(frozen=True)
class CorrectionNotice:
    """One correction for those who received a batch: neither the value nor, for what they never received, the case."""

    at: datetime
    reason: str

    @property
    def words(self) -> str:
        """ "Labels corrected on 3 May 2026: reason", in the active language."""
        day = day_words(self.at)
        return gettext("Labels corrected on %(date)s: %(reason)s") % {"date": day, "reason": self.reason}


def is_delivered(batch: Batch, field: str) -> bool:
    """Whether teams receive the field, or one that is made of it, in this batch."""
    spec = spec_of(batch.question)
    deliver = spec.data.deliver
    return bool(
        set(with_dependents(spec, field)) & {*(deliver.evaluation if batch.is_evaluation else deliver.training)}
    )


def delivered_corrections(batch: Batch, spec: QuestionSpec, fields: Collection[str]) -> list[dict[str, str]]:
    """For the manifest: cases whose delivered fields were corrected after the release, `[{"id", "field", "at", "reason"}]`."""
    items = dict(batch.items.filter(withdrawn_at=None).values_list("exam_id", "public_id"))
    rows = _decided(Q(exam__in=items), batch.released_at)
    return [
        {"id": items[row.exam_id], "field": name, "at": row.decided_at.date().isoformat(), "reason": row.reason}
        for row in rows
        if row.decided_at is not None
        for name in with_dependents(spec, row.field)
        if name in fields
    ]


def notices_of(batches: Iterable[Batch]) -> dict[UUID, list[CorrectionNotice]]:
    """By batch, the corrections since its release, the newest first, each sentence of a day once."""
    listed = {batch.pk: batch.released_at for batch in batches}
    batches_of: dict[UUID, list[UUID]] = {}
    for exam, batch in BatchItem.objects.filter(batch__in=listed, withdrawn_at=None).values_list("exam", "batch"):
        batches_of.setdefault(exam, []).append(batch)
    notices: dict[UUID, dict[tuple[object, str], CorrectionNotice]] = {pk: {} for pk in listed}
    for row in _decided(Q(exam__in=batches_of), min(listed.values(), default=database_now())):
        for batch in batches_of[row.exam_id]:
            if row.decided_at is not None and row.decided_at >= listed[batch]:
                key = (row.decided_at.date(), row.reason)
                notices[batch].setdefault(key, CorrectionNotice(row.decided_at, row.reason))
    return {pk: list(by_reason.values()) for pk, by_reason in notices.items()}


def _decided(rows: Q, since: datetime) -> list[Correction]:
    """Decided corrections of frozen sets, the newest first."""
    decided = Correction.objects.filter(rows, state__in=DECIDED, decided_at__gte=since)
    return list(decided.exclude(scope=Correction.Scope.OPEN).order_by("-decided_at", "-pk"))


def tell_teams(correction: Correction) -> None:
    """Everyone who has a batch of the exam, or is in a team that may have it, gets a mail. In the caller's transaction."""
    now = database_now()
    items = BatchItem.objects.filter(exam_id=correction.exam_id, withdrawn_at=None).select_related("batch__question")
    for item in items.order_by("batch_id"):
        batch = item.batch
        if batch.state == Batch.State.REVOKED or batch.released_at > now:
            continue
        for user in sorted(_people(batch)):
            enqueue("mail_correction", f"{batch.pk}:{user}", challenge_id=batch.question.challenge_id)


def _people(batch: Batch) -> set[int]:
    entered = Team.objects.filter(
        state=Team.State.APPROVED, entries__question=batch.question, entries__excluded_reason=""
    )
    members = entered.values_list("memberships__user", flat=True)
    return {*members, *Download.objects.filter(batch=batch).values_list("user", flat=True)} - {None}


def mail_correction(claim: Claim) -> None:
    """One person's mail about one batch; the subject is `<batch>:<user>`. Several corrections of that time stand in one mail."""
    batch_id, _colon, user_id = claim.subject_id.partition(":")
    batch = Batch.objects.select_related("question__challenge").get(pk=batch_id)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    notices = notices_of([batch])[batch.pk]
    if notices and user is not None:
        with translation.override(user.language):
            subject, body = correction_letter(batch, notices)
            send(subject, body, [user.email])
    with claim.finish():
        return


def correction_letter(batch: Batch, notices: list[CorrectionNotice]) -> tuple[str, str]:
    """Subject and text in the active language; the newest corrections first."""
    question = batch.question
    subject = gettext("%(challenge)s: labels were corrected") % {"challenge": question.challenge}
    lines = [
        gettext("Labels of the batch “%(batch)s” of “%(question)s” were corrected:")
        % {"batch": batch.name, "question": question},
        "\n".join(f"- {notice.words}" for notice in notices[:MOST_NAMED]),
        gettext(
            "Where you received these labels, a new version of the batch is prepared: download it again. Where they are "
            "the reference for scoring, submissions are scored again; the board shows the new ranking and keeps the earlier one."
        ),
        settings.SITE_ORIGIN + reverse("batches:data", args=[question.challenge.slug, question.slug]),
    ]
    return subject, "\n\n".join(lines)
