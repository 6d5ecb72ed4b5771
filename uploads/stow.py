"""STOW-RS: a PACS pushes instances into a question (PS3.18, 10.5). Raw ASGI routes: the body goes to the disk as it comes.

The same gate as the browser's: the person uploads for the centre, has signed the charter, and inclusion is open.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

from django.conf import settings
from django.utils import translation
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from challenges.frame import spec_of
from concours.formats.child import ChildLimits, run_limited
from concours.formats.fault import FormatError
from concours.formats.json import JsonObject
from concours.formats.stored import Stored
from concours.study.pushed import PushedInstance
from core.errors import QuotaError, StepError
from core.middleware import status_of
from core.raw_requests import in_thread, language_of, person_of
from core.refusals import refusal, step_refusal
from core.slow_bodies import OpenBodies, SlowClientError, TooManyBodiesError, address_of, paced
from uploads import staging
from uploads.creation import question_named, sender
from uploads.models import Upload
from uploads.multipart import BodyPart, MultipartError, MultipartReader, boundary_of
from uploads.stow_groups import StowSender, complete_study, keep_instances

LETTER = "x-information-letter"
NO_LETTER = (
    "Send the header 'X-Information-Letter: given' once every patient that you push has received the information letter "
    "and did not object."
)
BUFFER = 1 << 20
BODIES_PER_PERSON = 8
READ_LIMITS = ChildLimits(memory_bytes=2 << 30, cpu_seconds=600)
# Failure reasons of PS3.18 table 10.5.1-1 and PS3.4 annex B, by our codes.
CANNOT_UNDERSTAND, WRONG_STUDY, OUT_OF_RESOURCES, DISCARDED = 0xC000, 0xC409, 0xA700, 0xB006
DICOM_JSON = "application/dicom+json"

_bodies, _bodies_of_address = OpenBodies(BODIES_PER_PERSON), OpenBodies(64)


def _refuse(status: int, reason: str, text: str) -> Response:
    return JSONResponse(refusal(reason, text), status, {"Cache-Control": "no-store"})


def _sender(scope: Scope) -> StowSender | Response:
    """Who pushes, permitted to, or the answer that ends the request."""
    user = person_of(scope)
    if user is None:
        answer = _refuse(401, "not_authenticated", "Send a token with the scope 'upload': Authorization: Bearer con_…")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    request = Request(scope)
    name = f"{request.path_params['challenge']}/{request.path_params['question']}"
    with translation.override(language_of(scope)):
        try:
            question = question_named(user, name)
            metadata = {"kind": Upload.Kind.EXAM, "centre": request.query_params.get("centre", "")}
            centre, _team = sender(user, question, metadata)
        except StepError as error:
            return JSONResponse(step_refusal(error), status_of(error), {"Cache-Control": "no-store"})
    assert centre is not None
    if request.headers.get(LETTER) != "given":
        return _refuse(403, "consent_missing", NO_LETTER)
    if not spec_of(question).data.images:
        return _refuse(409, "unsupported_object", "This question has no images. Send its table on its page.")
    return StowSender(user, question, centre)


async def store(request: Request) -> Response:
    """`POST …/studies` and `…/studies/<study>`: multipart/related or one application/dicom. Answers with 00081199."""
    answer = await in_thread(_sender, request.scope)
    if isinstance(answer, Response):
        return answer
    content_type = request.headers.get("content-type", "")
    try:
        boundary = boundary_of(content_type)
    except MultipartError as error:
        return _refuse(400, "header", str(error))
    if not boundary and not content_type.startswith("application/dicom"):
        return _refuse(
            415, "unsupported_media_type", 'Send multipart/related; type="application/dicom", or application/dicom.'
        )
    if staging.free_bytes() < settings.UPLOAD_FREE_SPACE_FLOOR:
        return _refuse(507, "disk_full", "The server's disk is nearly full. Send these instances again later.")
    try:
        with (
            _bodies.entered(f"person {answer.user.pk}"),
            _bodies_of_address.entered(address_of(request.scope)),
            tempfile.NamedTemporaryFile(dir=_folder(), suffix=staging.CHUNK) as body,
        ):
            parts = await _written(request, boundary, cast(BinaryIO, body))
            places = [Stored(Path(body.name), f"{n:06d}.dcm", part.offset, part.size) for n, part in enumerate(parts)]
            return await in_thread(_keep, answer, places, request.path_params.get("study", ""))
    except TooManyBodiesError:
        return _refuse(
            429, "too_many", "Too many of your requests are being sent at once. Wait for one of them to finish."
        )
    except SlowClientError:
        return _refuse(408, "too_slow", "The bytes arrived too slowly. Send fewer instances in one request.")
    except (ClientDisconnect, MultipartError) as error:
        return _refuse(400, "header", str(error) or "The connection broke. Nothing of this request was kept.")


def _folder() -> Path:
    folder = Path(settings.STAGING_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _written(request: Request, boundary: bytes, body: BinaryIO) -> Sequence[BodyPart]:
    """The parts as they lie in the file. Raises MultipartError, also for a request that is too long."""
    reader = MultipartReader(boundary, body) if boundary else None
    size, buffer = 0, bytearray()
    write = reader.feed if reader is not None else body.write
    async for piece in paced(request.stream()):
        size += len(piece)
        if size > settings.UPLOAD_MAX_BYTES:
            raise MultipartError(f"A request may have {settings.UPLOAD_MAX_BYTES} bytes.")
        buffer += piece
        if len(buffer) >= BUFFER:
            await in_thread(write, bytes(buffer))
            buffer.clear()
    await in_thread(write, bytes(buffer))
    body.flush()
    if reader is None:
        return [BodyPart(0, size)]
    reader.close()
    return reader.parts


def _keep(sender: StowSender, places: Sequence[Stored], study: str) -> Response:
    """Headers are read in a limited child; what belongs to a study is kept; each instance has its own answer."""
    modalities = sorted(
        {name.upper() for image in spec_of(sender.question).data.images.values() for name in image.modality}
    )
    try:
        documents = run_limited(
            "concours.study.pushed:read_instances",
            [place.to_json() for place in places],
            modalities,
            limits=READ_LIMITS,
            read=[places[0].path] if places else [],
        )
    except FormatError as error:
        return _refuse(409, error.faults[0].reason, error.faults[0].message)
    instances = [PushedInstance.from_json(document) for document in documents]
    failed: list[tuple[PushedInstance, int, str]] = []
    by_study: dict[str, list[tuple[PushedInstance, Stored]]] = {}
    for instance, place in zip(instances, places, strict=True):
        if instance.failure:
            failed.append((instance, CANNOT_UNDERSTAND, instance.message))
        elif study and instance.study != study:
            failed.append((instance, WRONG_STUDY, "The instance is of another study than the address."))
        elif not instance.aside:
            by_study.setdefault(instance.study, []).append((instance, place))
    stored = [(instance, DISCARDED) for instance in instances if instance.aside and not instance.failure]
    for uid, pairs in by_study.items():
        try:
            keep_instances(sender, uid, [place for _instance, place in pairs])
            stored += [(instance, 0) for instance, _place in pairs]
        except QuotaError as error:
            failed += [(instance, OUT_OF_RESOURCES, str(error)) for instance, _place in pairs]
    return _answer(stored, failed)


def _answer(
    stored: Sequence[tuple[PushedInstance, int]], failed: Sequence[tuple[PushedInstance, int, str]]
) -> Response:
    """PS3.18 table 10.5.3-1: 00081199 for what was stored, with warnings, and 00081198 for what failed, with reasons."""
    document: JsonObject = {}
    if stored:
        document["00081199"] = {"vr": "SQ", "Value": [_item(instance, "00081196", code) for instance, code in stored]}
    if failed:
        document["00081198"] = {
            "vr": "SQ",
            "Value": [_item(instance, "00081197", code, words) for instance, code, words in failed],
        }
    status = 409 if not stored else 202 if failed or any(code for _instance, code in stored) else 200
    return Response(json.dumps(document), status, {"Cache-Control": "no-store"}, media_type=DICOM_JSON)


def _item(instance: PushedInstance, tag: str, code: int, words: str = "") -> JsonObject:
    item: JsonObject = {
        "00081150": {"vr": "UI", "Value": [instance.sop_class]},
        "00081155": {"vr": "UI", "Value": [instance.instance]},
    }
    if code:
        item[tag] = {"vr": "US", "Value": [code]}
    if words:
        item["00000902"] = {"vr": "LO", "Value": [words[:64]]}
    return item


async def complete(request: Request) -> Response:
    """`POST …/studies/<study>/complete`: the study is whole and is received now, without the quiet time."""
    answer = await in_thread(_sender, request.scope)
    if isinstance(answer, Response):
        return answer
    if not await in_thread(complete_study, answer, request.path_params["study"]):
        return _refuse(404, "not_found", "No instance of this study is waiting.")
    return Response(status_code=202, headers={"Cache-Control": "no-store"})


STUDIES = "/dicomweb/{challenge}/{question}/studies"
routes: list[BaseRoute] = [
    Route(STUDIES, store, methods=["POST"]),
    Route(STUDIES + "/{study}", store, methods=["POST"]),
    Route(STUDIES + "/{study}/complete", complete, methods=["POST"]),
]
