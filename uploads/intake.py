"""The raw routes that receive bytes: tus HEAD, PATCH and DELETE.

They are ASGI, beside Django, because a body must be written as it comes and kept when the connection breaks. They ask the
same questions as a Django view would: session or token, CSRF, and `Upload.objects.visible_to`.
"""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.clock import database_now
from core.raw_requests import in_thread, person_of
from core.refusals import refusal
from uploads import staging, tus
from uploads.models import Upload
from uploads.store import abandon_upload, finish_upload

BUFFER = 1 << 20
MOVED = "Another request wrote to this upload. Ask with HEAD."


def answer(status: int, text: str = "", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"Tus-Resumable": tus.VERSION, "Cache-Control": "no-store", **named}
    if status < 400:
        return Response(status_code=status, headers=headers)
    return JSONResponse(refusal(tus.REASONS[status], text), status, headers)


def find_upload(scope: Any, upload_id: str) -> Upload | Response:
    """The person's own upload, or the answer that ends the request."""
    user = person_of(scope)
    if user is None:
        return answer(401, "Sign in, or send a token.")
    upload = Upload.objects.visible_to(user).filter(pk=upload_id).first()
    if upload is None:
        return answer(404, "There is no upload here that you can see.")
    if upload.state == Upload.State.EXPIRED or (
        upload.state == Upload.State.RECEIVING and upload.expires_at <= database_now()
    ):
        return answer(410, "This upload has expired. Start it again.")
    return upload


def _offset_of(upload: Upload) -> int:
    if upload.state == Upload.State.RECEIVING:
        return staging.offset(staging.staging_path(upload.pk))
    return upload.length or 0


async def head(request: Request) -> Response:
    found = await in_thread(find_upload, request.scope, str(request.path_params["id"]))
    if isinstance(found, Response):
        return found
    headers = {"Upload_Offset": str(_offset_of(found)), "Upload_Expires": tus.expires(found.expires_at)}
    if found.length is not None:
        headers["Upload_Length"] = str(found.length)
    if found.metadata.get("header"):
        headers["Upload_Metadata"] = found.metadata["header"]
    if found.metadata.get("concat"):
        headers["Upload_Concat"] = found.metadata["concat"]
    elif found.kind == Upload.Kind.PARTIAL:
        headers["Upload_Concat"] = "partial"
    return answer(200, **headers)


async def patch(request: Request) -> Response:
    if request.headers.get("tus-resumable") != tus.VERSION:
        return answer(412, "Send Tus-Resumable: 1.0.0.", Tus_Version=tus.VERSION)
    if request.headers.get("content-type") != tus.BODY_TYPE:
        return answer(415, f"Send Content-Type: {tus.BODY_TYPE}.")
    try:
        position = tus.parse_number("Upload-Offset", request.headers.get("upload-offset"))
        checksum = tus.parse_checksum(request.headers.get("upload-checksum"))
    except tus.HeaderError as error:
        return answer(400, str(error))
    upload = await in_thread(find_upload, request.scope, str(request.path_params["id"]))
    if isinstance(upload, Response):
        return upload
    if upload.metadata.get("concat"):
        return answer(403, "This upload was put together from its parts; nothing can be added to it.")
    if position != _offset_of(upload):
        return answer(409, "Upload-Offset is not where this upload stands. Ask with HEAD.")
    if upload.state != Upload.State.RECEIVING:
        return answer(204, Upload_Offset=str(position))
    length = upload.length or 0
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and position + int(declared) > length:
        return answer(413, "These bytes go beyond Upload-Length.")
    if staging.free_bytes() < settings.UPLOAD_FREE_SPACE_FLOOR:
        return answer(507, "The server's disk is nearly full. Nothing is lost; try again later.")
    writer = _checked(request, upload, position, checksum) if checksum else _direct(request, upload, position)
    return await writer


async def _direct(request: Request, upload: Upload, position: int) -> Response:
    """Appends the body as it comes; what came before a broken connection stays."""
    path, length = staging.staging_path(upload.pk), upload.length or 0
    buffer = bytearray()
    too_long = False
    try:
        try:
            async for piece in request.stream():
                if position + len(buffer) + len(piece) > length:
                    too_long = True
                    break
                buffer += piece
                if len(buffer) >= BUFFER:
                    position = await in_thread(staging.append, path, position, bytes(buffer))
                    buffer.clear()
        except ClientDisconnect:
            pass
        if buffer:
            position = await in_thread(staging.append, path, position, bytes(buffer))
        await in_thread(_settle, upload, path, position)
    except OSError as error:
        return _disk_says(error)
    except staging.OffsetConflictError:
        return answer(409, MOVED)
    if too_long:
        return answer(413, "These bytes go beyond Upload-Length.")
    return answer(204, Upload_Offset=str(position), Upload_Expires=tus.expires(upload.expires_at))


def _disk_says(error: OSError) -> Response:
    """The staging file went away (taken back, expired) or the disk is full. Anything else is ours, and raises."""
    if isinstance(error, FileNotFoundError):
        return answer(410, "This upload was taken back or has expired. Start it again.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return answer(507, "The server's disk is full. What was acknowledged is kept; try again later.")
    raise error


async def _checked(request: Request, upload: Upload, position: int, checksum: tus.Checksum) -> Response:
    """Holds the body beside the upload until its checksum is right; a wrong or broken one leaves no byte behind."""
    path, length = staging.staging_path(upload.pk), upload.length or 0
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".chunk") as aside:
        hasher, size = checksum.hasher(), 0
        try:
            async for piece in request.stream():
                size += len(piece)
                if position + size > length:
                    return answer(413, "These bytes go beyond Upload-Length.")
                hasher.update(piece)
                aside.write(piece)
        except ClientDisconnect:
            return answer(400, "The connection broke before the checksum could be verified.")
        if hasher.digest() != checksum.digest:
            return answer(tus.CHECKSUM_MISMATCH, "The bytes do not match Upload-Checksum. Send them again.")
        aside.flush()
        try:
            position = await in_thread(staging.append_file, path, position, Path(aside.name))
            await in_thread(_settle, upload, path, position)
        except OSError as error:
            return _disk_says(error)
        except staging.OffsetConflictError:
            return answer(409, MOVED)
    return answer(204, Upload_Offset=str(position), Upload_Expires=tus.expires(upload.expires_at))


def _settle(upload: Upload, path: Path, position: int) -> None:
    staging.sync(path)
    if position == upload.length:
        finish_upload(upload, stored_at=database_now())


async def delete(request: Request) -> Response:
    upload = await in_thread(find_upload, request.scope, str(request.path_params["id"]))
    if isinstance(upload, Response):
        return upload
    if upload.state != Upload.State.RECEIVING:
        return answer(409, "This upload is complete; it cannot be taken back here.")
    await in_thread(abandon_upload, upload)
    return answer(204)


routes: list[BaseRoute] = [
    Route("/api/v1/uploads/{id:uuid}", head, methods=["HEAD"]),
    Route("/api/v1/uploads/{id:uuid}", patch, methods=["PATCH"]),
    Route("/api/v1/uploads/{id:uuid}", delete, methods=["DELETE"]),
]
