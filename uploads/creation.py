"""tus creation: the Django view that owns permission, CSRF and quota, before the first byte of an upload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from challenges.models import Centre, Question, Team
from challenges.people import team_of
from core.clock import database_now
from core.errors import InvalidInputError, NotAllowedError
from core.refusals import refusal
from formats.fault import gettext_noop
from uploads import staging, tus
from uploads.models import Upload
from uploads.permissions import require_member, require_uploader
from uploads.store import concatenate, create_upload, finish_upload

METADATA_LIMIT = 8000


class RawBody(BaseParser):
    """Leaves the body alone: creation-with-upload streams it to the staging disk."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return {}


def question_named(user: Any, name: str) -> Question:
    """The question that `<challenge>/<question>` names, if the person may see it. Raises InvalidInputError."""
    challenge, _slash, slug = name.partition("/")
    question = Question.objects.visible_to(user).filter(challenge__slug=challenge, slug=slug).first()
    if question is None:
        raise InvalidInputError(
            gettext_noop("There is no question '%(name)s' that you can see. Write it as challenge/question."),
            name=name[:80],
        )
    return question


class CreateUploadView(APIView):
    """`POST /api/v1/uploads/` begins an upload; PATCH and HEAD on its address carry it on (tus 1.0).

    Upload-Metadata: `question` (challenge/question), `kind` (exam or submission), `filename`; for exams `centre`,
    `letter_given` and `refused` (1 or 0), `values` (JSON object of the question's fields), and for loose files `group` and
    `group_size`; for submissions `phase`.
    """

    parser_classes = [RawBody]
    permission_classes = [AllowAny]  # OPTIONS tells what the protocol can do to anybody; POST asks below

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(status=204, headers=tus.capabilities(settings.UPLOAD_MAX_BYTES))

    @extend_schema(
        request=None,
        parameters=[
            OpenApiParameter("Upload-Length", int, OpenApiParameter.HEADER),
            OpenApiParameter("Upload-Metadata", str, OpenApiParameter.HEADER),
        ],
        responses={201: None},
    )
    def post(self, request: Request) -> HttpResponse:
        if not request.user.is_authenticated:
            return refused(401, _("Sign in, or send a token."), {"WWW-Authenticate": "Bearer"})
        if request.headers.get("Tus-Resumable") != tus.VERSION:
            return refused(412, _("Send Tus-Resumable: 1.0.0."), {"Tus-Version": tus.VERSION})
        try:
            return self.create(request)
        except tus.HeaderError as error:
            return refused(400, str(error))

    def create(self, request: Request) -> HttpResponse:
        header = request.headers.get("Upload-Metadata", "")
        if len(header) > METADATA_LIMIT:
            raise tus.HeaderError(f"Upload-Metadata may have {METADATA_LIMIT} characters.")
        metadata = tus.parse_metadata(header)
        concat = request.headers.get("Upload-Concat", "")
        if concat.startswith("final;"):
            return self.create_final(request, metadata, header, concat.removeprefix("final;").split())
        if concat not in ("", "partial"):
            raise tus.HeaderError(tus.CONCAT)
        length = tus.parse_number("Upload-Length", request.headers.get("Upload-Length"))
        if no := no_room(length):
            return no
        upload = self.begin(request, metadata, header, length, partial=concat == "partial")
        if request.content_type == tus.BODY_TYPE:
            receive_body(request, upload)
        return created(request, upload)

    def begin(
        self,
        request: Request,
        metadata: dict[str, str],
        header: str,
        length: int,
        *,
        partial: bool,
        concat: str = "",
    ) -> Upload:
        question = question_named(request.user, metadata.get("question", ""))
        centre, team = sender(request.user, question, metadata)
        return create_upload(
            owner=request.user,
            question=question,
            kind=Upload.Kind.PARTIAL if partial else metadata["kind"],
            length=length,
            centre=centre,
            team=team,
            source_name=metadata.get("filename", ""),
            metadata=kept(metadata, header) | ({"concat": concat} if concat else {}),
        )

    def create_final(
        self, request: Request, metadata: dict[str, str], header: str, addresses: list[str]
    ) -> HttpResponse:
        ids = [address.rstrip("/").rsplit("/", 1)[-1] for address in addresses]
        own = Upload.objects.visible_to(request.user).filter(kind=Upload.Kind.PARTIAL)
        try:
            parts = [own.get(pk=UUID(part)) for part in ids]
        except (Upload.DoesNotExist, ValueError) as error:
            raise InvalidInputError(
                gettext_noop("A part named in Upload-Concat is not yours or does not exist.")
            ) from error
        if not parts or any(part.state != Upload.State.STORED for part in parts):
            raise InvalidInputError(gettext_noop("A part named in Upload-Concat is not complete. Finish it first."))
        length = sum(part.length or 0 for part in parts)
        if no := no_room(length):
            return no
        final = self.begin(request, metadata, header, length, partial=False, concat="final;" + " ".join(addresses))
        concatenate(final, parts)
        return created(request, final)


def refused(status: int, words: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A refusal of the protocol, in the shape of every refusal."""
    answer = JsonResponse(refusal(tus.REASONS[status], words), status=status)
    for name, value in {"Tus-Resumable": tus.VERSION, **(headers or {})}.items():
        answer[name] = value
    return answer


def no_room(length: int) -> HttpResponse | None:
    """The refusal of an upload that is too long for the site or for its disk now."""
    if length > settings.UPLOAD_MAX_BYTES:
        most = {"Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES)}
        return refused(413, _("An upload may have %(bytes)s bytes.") % {"bytes": settings.UPLOAD_MAX_BYTES}, most)
    if staging.free_bytes() - length < settings.UPLOAD_FREE_SPACE_FLOOR:
        return refused(507, _("The server's disk is nearly full; try again later."))
    return None


def kept(metadata: dict[str, str], header: str) -> dict[str, str]:
    """What the row remembers of the client's words; the file's name stands in its own column, to be erased."""
    dropped = ("filename", "filetype", "name", "type", "header", "concat")
    remembered = {key: value for key, value in metadata.items() if key not in dropped}
    pairs = [pair for pair in header.split(",") if not pair.strip().startswith(("filename ", "name "))]
    return {**remembered, "header": ",".join(pairs)}


def sender(user: Any, question: Question, metadata: dict[str, str]) -> tuple[Centre | None, Team | None]:
    """Who sends: a centre or a team, permitted to. Raises NotAllowedError, ClosedError or InvalidInputError."""
    kind = metadata.get("kind", "")
    if kind == Upload.Kind.EXAM:
        centres = Centre.objects.filter(challenge=question.challenge, memberships__user=user)
        named = centres.filter(slug=metadata["centre"]).first() if metadata.get("centre") else centres.first()
        if named is None:
            raise NotAllowedError(gettext_noop("You do not upload for this centre. Ask an organiser to invite you."))
        require_uploader(user, question, named, database_now())
        return named, None
    if kind == Upload.Kind.SUBMISSION:
        team = team_of(user, question.challenge)
        if team is None:
            raise NotAllowedError(gettext_noop("You are not in an approved team of this challenge."))
        require_member(user, question, team)
        return None, team
    raise InvalidInputError(gettext_noop("Upload-Metadata must say what is sent: kind is exam or submission."))


def receive_body(request: Request, upload: Upload) -> None:
    """creation-with-upload: the request's body is the upload's first bytes."""
    path, position = staging.staging_path(upload.pk), 0
    stream = request._request
    while position < (upload.length or 0) and (piece := stream.read(min(1 << 20, (upload.length or 0) - position))):
        position = staging.append(path, position, piece)
    staging.sync(path)
    if position and position == upload.length:
        finish_upload(upload, stored_at=database_now())


def created(request: Request, upload: Upload) -> HttpResponse:
    position = (
        upload.length if upload.state != Upload.State.RECEIVING else staging.offset(staging.staging_path(upload.pk))
    )
    return HttpResponse(
        status=201,
        headers={
            "Location": reverse("upload-address", args=[upload.pk]),
            "Tus-Resumable": tus.VERSION,
            "Upload-Offset": str(position),
            "Upload-Expires": tus.expires(upload.expires_at),
        },
    )
