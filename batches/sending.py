"""The raw route that sends a released batch: Django decides, nginx, the object store or Starlette sends, with Range."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from batches.models import Batch, Download
from batches.permissions import find_batch, may_download
from core.errors import StepError
from core.middleware import status_of
from core.raw_requests import in_thread, person_of
from core.refusals import refusal, step_refusal
from core.storage import store

PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def decide(scope: Any, batch_id: str, address: str | None, first: bool) -> Batch | Response:
    """The batch that this person may have now, with a receipt for the first bytes; or the answer that ends the request."""
    user = person_of(scope)
    if user is None:
        return JSONResponse(
            refusal("not_authenticated", "Sign in, or send a token."), 401, {"WWW-Authenticate": "Bearer"}
        )
    batch = find_batch(user, batch_id)
    if batch is None:
        return JSONResponse(refusal("not_found", "There is no batch here that you can see."), 404)
    try:
        leave = may_download(user, batch)
    except StepError as error:
        return JSONResponse(step_refusal(error), status_of(error))
    if first:
        Download.objects.create(batch=batch, team=leave.team, user=user, address=address)
    return batch


async def download(request: Request) -> Response:
    begins = request.headers.get("range", "bytes=0-").startswith("bytes=0-")
    address = request.client.host if request.client else None
    found = await in_thread(
        decide, request.scope, str(request.path_params["id"]), address, request.method == "GET" and begins
    )
    if isinstance(found, Response):
        return found
    name = f"{found.name}.zip"
    headers = {
        **PRIVATE,
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": f'"{found.archive_sha256}"',
        "X-Checksum-SHA256": found.archive_sha256,
    }
    deliveries = store("deliveries")
    prefix = settings.ACCEL_REDIRECT_PREFIX
    try:
        path = Path(deliveries.path(found.archive_key))
    except NotImplementedError:
        address = await in_thread(deliveries.url, found.archive_key)  # presigned, short-lived
        if prefix == "none":
            return RedirectResponse(address, 302, PRIVATE)
        parts = urlsplit(address)
        where = f"{prefix}{parts.path}?{parts.query}"  # nginx asks the object store in the reader's place
    else:
        where = f"{prefix}/deliveries/{found.archive_key}"
    if prefix != "none":
        return Response(headers={**headers, "X-Accel-Redirect": where, "Content-Type": "application/zip"})
    return FileResponse(path, headers=headers, media_type="application/zip")


routes: list[BaseRoute] = [Route("/batches/{id:uuid}/download", download, methods=["GET", "HEAD"])]
