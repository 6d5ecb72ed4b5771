"""The raw route that sends a released batch: Django decides, nginx, the object store or Starlette sends, with Range."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from batches.models import Batch, Download
from batches.permissions import find_batch, may_download, require_built
from challenges.models import Team
from core.audit import record
from core.clock import database_now
from core.errors import StepError
from core.locks import locked
from core.middleware import status_of
from core.models import User
from core.raw_requests import in_thread, person_of
from core.refusals import refusal, step_refusal
from core.storage import store

ONE_DOWNLOAD = timedelta(
    hours=1
)  # requests of one person from one address within it are one download, whatever their ranges
PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def decide(scope: Scope, batch_id: str, address: str | None, *, sends: bool) -> Batch | Response:
    """The batch that this person may have now, with a receipt; or the answer that ends the request."""
    user = person_of(scope)
    if user is None:
        return JSONResponse(
            refusal("not_authenticated", "Sign in, or send a token."), 401, {"WWW-Authenticate": "Bearer"}
        )
    try:
        with transaction.atomic():
            # The batch is held: who is served now is among those who are told when a case leaves a moment later.
            batch = find_batch(user, batch_id)
            batch = None if batch is None else locked(batch, "question__challenge")
            if batch is None:
                return JSONResponse(refusal("not_found", "There is no batch here that you can see."), 404)
            leave = may_download(user, batch)
            require_built(batch)
            if sends:
                _give_receipt(batch, user, leave.team, address)
    except StepError as error:
        return JSONResponse(step_refusal(error), status_of(error))
    return batch


def _give_receipt(batch: Batch, user: User, team: Team | None, address: str | None) -> None:
    """Whoever is sent a single byte has a receipt and an audit record, one an hour. No header can say that none is needed."""
    receipts = Download.objects.filter(batch=batch, user=user, version=batch.version, address=address)
    if receipts.filter(started_at__gt=database_now() - ONE_DOWNLOAD).exists():
        return
    Download.objects.create(batch=batch, version=batch.version, team=team, user=user, address=address)
    record(
        verb="batch downloaded",
        subject=batch,
        actor=user,
        detail={"version": batch.version, "team": team.slug if team else ""},
        challenge_id=batch.question.challenge_id,
    )


async def download(request: Request) -> Response:
    delivery = await in_thread(
        partial(
            decide,
            request.scope,
            str(request.path_params["id"]),
            request.client.host if request.client else None,
            sends=request.method == "GET",
        )
    )
    if isinstance(delivery, Response):
        return delivery
    name = f"{delivery.name}.zip"
    headers = {
        **PRIVATE,
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": f'"{delivery.archive_sha256}"',
        "X-Checksum-SHA256": delivery.archive_sha256,
    }
    deliveries = store("deliveries")
    prefix = settings.ACCEL_REDIRECT_PREFIX
    try:
        path = Path(deliveries.path(delivery.archive_key))
    except NotImplementedError:
        address = await in_thread(deliveries.url, delivery.archive_key)  # presigned, short-lived
        if prefix == "none":
            return RedirectResponse(address, 302, PRIVATE)
        parts = urlsplit(address)
        where = f"{prefix}{parts.path}?{parts.query}"  # nginx asks the object store in the reader's place
    else:
        where = f"{prefix}/deliveries/{delivery.archive_key}"
    if prefix != "none":
        return Response(headers={**headers, "X-Accel-Redirect": where, "Content-Type": "application/zip"})
    return FileResponse(path, headers=headers, media_type="application/zip")


routes: list[BaseRoute] = [Route("/batches/{id:uuid}/download", download, methods=["GET", "HEAD"])]
