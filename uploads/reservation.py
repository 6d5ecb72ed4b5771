"""Room for an upload is reserved when it is created: per person, team and centre, and on the staging disk."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext_noop

from challenges.models import Centre, Team
from concours.formats.fault import plural_noop
from core.errors import QuotaError
from core.models import User
from uploads import staging
from uploads.models import Upload

STAT_FROM_BYTES = 64 << 20  # smaller uploads are counted whole: a look at each file would cost more than it tells


def reserve(*, owner: User, centre: Centre | None, team: Team | None, length: int) -> None:
    """Checks that `length` bytes fit the shares of the person, the team and the centre, and the disk.

    Called in the transaction that makes the row: the person's row is locked, so that two requests cannot take one place.
    Raises QuotaError.
    """
    hold_person(owner)
    for senders in (Q(owner=owner), Q(team=team) if team else None, Q(centre=centre) if centre else None):
        if senders is not None:
            _require_share(in_flight().filter(senders), length)
    if staging.free_bytes() - _missing_bytes() - length < settings.UPLOAD_FREE_SPACE_FLOOR:
        raise QuotaError(
            gettext_noop(
                "The uploads under way need the space that is left on the server. Try again when some are finished."
            )
        )


def hold_person(owner: User) -> None:
    """Until the caller's transaction ends, no other request of this person reserves or concatenates."""
    User.objects.select_for_update().get(pk=owner.pk)


def in_flight() -> QuerySet[Upload]:
    """Uploads whose bytes are still expected, and parts that wait for their concatenation."""
    waiting_parts = Q(kind=Upload.Kind.PARTIAL, state=Upload.State.STORED)
    return Upload.objects.filter(Q(state=Upload.State.RECEIVING) | waiting_parts)


def _require_share(uploads: QuerySet[Upload], length: int) -> None:
    uploads = uploads.order_by()
    if uploads.count() >= settings.UPLOADS_IN_FLIGHT:
        raise QuotaError(
            plural_noop(
                "%(count)s upload is unfinished. Finish or cancel it before you start another.",
                "%(count)s uploads are unfinished. Finish or cancel some of them before you start another.",
            ),
            count=settings.UPLOADS_IN_FLIGHT,
        )
    total = uploads.aggregate(total=Sum("length"))["total"] or 0
    if total + length > settings.UPLOADS_IN_FLIGHT_BYTES:
        raise QuotaError(
            gettext_noop(
                "The unfinished uploads would come to more than %(gigabytes)s GB. Finish or cancel some of them first."
            ),
            gigabytes=settings.UPLOADS_IN_FLIGHT_BYTES // 1_000_000_000,
        )


def _missing_bytes() -> int:
    """Bytes that the uploads under way have announced and not sent yet."""
    receiving = Upload.objects.filter(state=Upload.State.RECEIVING).order_by()
    small = receiving.filter(length__lt=STAT_FROM_BYTES).aggregate(total=Sum("length"))["total"] or 0
    large = receiving.filter(length__gte=STAT_FROM_BYTES).values_list("pk", "length")
    return int(small) + sum((length or 0) - staging.offset(staging.staging_path(pk)) for pk, length in large)
