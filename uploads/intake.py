"""The raw routes that receive bytes: tus POST, HEAD, PATCH and DELETE.

They are ASGI, beside Django, because a body must be written as it comes and kept when the connection breaks. They check
what a Django view would: session or token, CSRF, and `Upload.objects.visible_to`.
"""

from __future__ import annotations

import errno
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import translation
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from core.clock import database_now
from core.errors import LostRaceError, StepError
from core.middleware import status_of
from core.raw_requests import in_thread, language_of, person_of
from core.refusals import refusal, step_refusal
from core.slow_bodies import OpenBodies, SlowClientError, TooManyBodiesError, address_of, paced
from uploads import staging, tus
from uploads.creation import CreationRefusedError, begin_upload, created_headers
from uploads.models import Upload
from uploads.store import METADATA, abandon_upload, finish_upload

BUFFER = 1 << 20
TOLD_METADATA = METADATA - {"values"}  # of the client's own words; values of a patient are not repeated
COMPLETE = "This upload is complete; it cannot be taken back here."
BODIES_PER_PERSON = 32  # a browser sends a handful of uploads at a time
BODIES_PER_ADDRESS = 128  # a hospital's people share one address
NOT_SIGNED_IN = "Sign in, or send a token. A browser session must also send its CSRF token."
MOVED = "Another request wrote to this upload. Ask with HEAD."


def answer(status: int, text: str = "", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    headers = {"Tus-Resumable": tus.VERSION, "Cache-Control": "no-store", **named}
    if status < 400:
        return Response(status_code=status, headers=headers)
    return JSONResponse(refusal(tus.REASONS[status], text), status, headers)


@dataclass(frozen=True)
class Standing:
    """An upload and the number of its bytes that are here."""

    upload: Upload
    position: int


def find_upload(scope: Scope, upload_id: str) -> Standing | Response:
    """The person's own upload and where it stands, or the answer that ends the request."""
    user = person_of(scope)
    if user is None:
        return answer(401, NOT_SIGNED_IN)
    upload = Upload.objects.visible_to(user).filter(pk=upload_id).first()
    if upload is None:
        return answer(404, "There is no upload here that you can see.")
    path = staging.staging_path(upload.pk)
    position = staging.offset(path)
    if upload.state == Upload.State.RECEIVING and not path.exists():
        upload.refresh_from_db()  # it was completed and taken over, or expired, since the row was read
    if upload.state == Upload.State.EXPIRED or (
        upload.state == Upload.State.RECEIVING and upload.expires_at <= database_now()
    ):
        return answer(410, "This upload has expired. Start it again.")
    return Standing(upload, position if upload.state == Upload.State.RECEIVING else upload.length or 0)


async def create(request: Request) -> Response:
    """Begins an upload from the headers alone; with creation-with-upload the body is its first bytes."""
    begun = await in_thread(_begin, request.scope)
    if isinstance(begun, Response):
        return begun
    if request.headers.get("content-type") == tus.BODY_TYPE and begun.state == Upload.State.RECEIVING:
        written = await _receive(request, begun, 0, None)
        if written.status_code == 429:
            await in_thread(abandon_upload, begun)
        if written.status_code >= 400:
            return written
        await in_thread(begun.refresh_from_db)
    return Response(status_code=201, headers={"Cache-Control": "no-store", **await in_thread(created_headers, begun)})


def _begin(scope: Scope) -> Upload | Response:
    user = person_of(scope)
    if user is None:
        return answer(401, NOT_SIGNED_IN, WWW_Authenticate="Bearer")
    request = HTTPConnection(scope)
    with translation.override(language_of(scope)):
        try:
            return begin_upload(user, request.headers)
        except tus.HeaderError as error:
            return answer(400, str(error))
        except CreationRefusedError as error:
            return answer(error.status, error.words, **error.headers)
        except StepError as error:
            headers = {"Tus-Resumable": tus.VERSION, "Cache-Control": "no-store"}
            return JSONResponse(step_refusal(error), status_of(error), headers)


async def options(request: Request) -> Response:
    return Response(status_code=204, headers=tus.capabilities(settings.UPLOAD_MAX_BYTES))


async def head(request: Request) -> Response:
    standing = await in_thread(find_upload, request.scope, str(request.path_params["id"]))
    if isinstance(standing, Response):
        return standing
    upload = standing.upload
    headers = {"Upload_Offset": str(standing.position), "Upload_Expires": tus.expires(upload.expires_at)}
    if upload.length is not None:
        headers["Upload_Length"] = str(upload.length)
    if metadata := {key: value for key, value in upload.metadata.items() if key in TOLD_METADATA}:
        headers["Upload_Metadata"] = tus.format_metadata(metadata)
    if upload.metadata.get("concat"):
        headers["Upload_Concat"] = upload.metadata["concat"]
    elif upload.kind == Upload.Kind.PARTIAL:
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
    standing = await in_thread(find_upload, request.scope, str(request.path_params["id"]))
    if isinstance(standing, Response):
        return standing
    upload = standing.upload
    if upload.metadata.get("concat"):
        return answer(403, "This upload was put together from its parts; nothing can be added to it.")
    if position != standing.position:
        return answer(409, "Upload-Offset is not where this upload stands. Ask with HEAD.")
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and position + int(declared) > (upload.length or 0):
        return answer(413, "These bytes go beyond Upload-Length.")
    if upload.state != Upload.State.RECEIVING:
        return await _nothing_more(request, position)
    if staging.free_bytes() < settings.UPLOAD_FREE_SPACE_FLOOR:
        return answer(507, "The server's disk is nearly full. Nothing is lost; try again later.")
    return await _receive(request, upload, position, checksum)


async def _nothing_more(request: Request, position: int) -> Response:
    """The answer to a PATCH of a complete upload: well where it brings no bytes (the client missed our answer)."""
    async for piece in paced(request.stream()):
        if piece:
            return answer(413, "These bytes go beyond Upload-Length.")
    return answer(204, Upload_Offset=str(position))


async def _receive(request: Request, upload: Upload, position: int, checksum: tus.Checksum | None) -> Response:
    """Writes the body. The sender may have a bounded number of bodies open, each at a minimal rate."""
    try:
        with _bodies.entered(f"person {upload.owner_id}"), _bodies_of_address.entered(address_of(request.scope)):
            return await (
                _checked(request, upload, position, checksum) if checksum else _direct(request, upload, position)
            )
    except TooManyBodiesError:
        return answer(429, "Too many of your uploads are being sent at once. Wait for one of them to finish.")


async def _direct(request: Request, upload: Upload, position: int) -> Response:
    """Appends the body as it comes; what came before a broken connection stays."""
    path, length = staging.staging_path(upload.pk), upload.length or 0
    buffer = bytearray()
    too_long = False
    try:
        try:
            async for piece in paced(request.stream()):
                if position + len(buffer) + len(piece) > length:
                    too_long = True
                    break
                buffer += piece
                if len(buffer) >= BUFFER:
                    position = await in_thread(staging.append, path, position, bytes(buffer))
                    buffer.clear()
        except (ClientDisconnect, SlowClientError):
            pass  # what came is kept; the client asks with HEAD where to go on
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
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=staging.CHUNK) as aside:
        hasher, size = checksum.hasher(), 0
        try:
            async for piece in paced(request.stream()):
                size += len(piece)
                if position + size > length:
                    return answer(413, "These bytes go beyond Upload-Length.")
                hasher.update(piece)
                aside.write(piece)
        except SlowClientError:
            return answer(408, "The bytes arrived too slowly. Send them again in smaller pieces.")
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
    standing = await in_thread(find_upload, request.scope, str(request.path_params["id"]))
    if isinstance(standing, Response):
        return standing
    if standing.upload.state != Upload.State.RECEIVING:
        return answer(409, COMPLETE)
    try:
        await in_thread(abandon_upload, standing.upload)
    except LostRaceError:
        return answer(409, COMPLETE)
    return answer(204)


_bodies, _bodies_of_address = OpenBodies(BODIES_PER_PERSON), OpenBodies(BODIES_PER_ADDRESS)

routes: list[BaseRoute] = [
    Route("/api/v1/uploads/", create, methods=["POST"]),
    Route("/api/v1/uploads/", options, methods=["OPTIONS"]),
    Route("/api/v1/uploads/{id:uuid}", head, methods=["HEAD"]),
    Route("/api/v1/uploads/{id:uuid}", patch, methods=["PATCH"]),
    Route("/api/v1/uploads/{id:uuid}", delete, methods=["DELETE"]),
]
