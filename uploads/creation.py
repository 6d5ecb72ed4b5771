"""tus creation: who may begin an upload, for what, of which size. Decided from the headers, before the first byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from challenges.frame import spec_of
from challenges.models import Centre, Question, Team
from challenges.permissions import team_of
from concours.formats.fault import gettext_noop
from core.actors import Reader
from core.clock import database_now
from core.errors import InvalidInputError, NotAllowedError
from uploads import staging, tus
from uploads.models import Upload
from uploads.permissions import require_member, require_uploader
from uploads.store import METADATA, concatenate, create_upload, part_ids, upload_of_parts

METADATA_LIMIT = 8000
CONFIRMED = ("1", "on", "true")  # a ticked box, as forms and scripts send it
MOST_PARTS = 100  # of one concatenation; tus-js-client sends as many as it has parallel requests


class CreationRefusedError(Exception):
    """A refusal of the protocol: its HTTP status, the sentence for the client, and headers of the answer."""

    def __init__(self, status: int, words: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.words, self.headers = status, words, dict(headers or {})
        super().__init__(words)


def begin_upload(user: Reader, headers: Mapping[str, str]) -> Upload:
    """The row and the empty file of an upload, or the whole upload where the headers name its parts.

    Upload-Metadata: `question` (challenge/question), `kind` (exam or submission), `filename`; for exams `centre`,
    `letter_given` and `refused` (1 or 0), `values` (JSON object of the question's fields), for loose files `group` and
    `group_size`, and `prepared`, the proof that the exam was de-identified with the centre's key; for submissions `phase`,
    `description`, `idempotency_key`, `declares` (1) and declared figures. Nothing else is kept. A part of a concatenation
    (`Upload-Concat: partial`) needs no metadata.
    Raises tus.HeaderError, CreationRefusedError and the errors of the steps.
    """
    if headers.get("tus-resumable") != tus.VERSION:
        raise CreationRefusedError(412, _("Send Tus-Resumable: 1.0.0."), {"Tus-Version": tus.VERSION})
    header = headers.get("upload-metadata", "")
    if len(header) > METADATA_LIMIT:
        raise tus.HeaderError(f"Upload-Metadata may have {METADATA_LIMIT} characters.")
    metadata = tus.parse_metadata(header)
    concat = headers.get("upload-concat", "")
    if concat.startswith("final;"):
        return _put_together(user, metadata, concat)
    if concat not in ("", "partial"):
        raise tus.HeaderError(tus.CONCAT)
    length = tus.parse_number("Upload-Length", headers.get("upload-length"))
    require_room(length)
    if concat == "partial":
        return create_upload(owner=user, question=None, kind=Upload.Kind.PARTIAL, length=length)
    return _begin(user, metadata, length)


def _begin(user: Reader, metadata: Mapping[str, str], length: int, parts: Sequence[Upload] = (), **more: str) -> Upload:
    question = question_named(user, metadata.get("question", ""))
    centre, team = sender(user, question, metadata)
    if team is not None:
        _require_size(question, length)
    return create_upload(
        owner=user,
        question=question,
        kind=metadata["kind"],
        length=length,
        centre=centre,
        team=team,
        source_name=metadata.get("filename", ""),
        metadata={key: value for key, value in metadata.items() if key in METADATA} | more,
        parts=parts,
    )


def _require_declarations(question: Question, metadata: Mapping[str, str]) -> None:
    """A team confirms what the question makes it declare before it sends a byte, on the page and by the API alike."""
    declarations = spec_of(question).rules.declarations
    if declarations and metadata.get("declares") not in CONFIRMED:
        raise InvalidInputError(
            gettext_noop(
                "Confirm the declarations of this question (declares: 1 in Upload-Metadata). They are: %(words)s"
            ),
            words=" ".join(words.says(get_language() or "en") for words in declarations),
        )


def _require_size(question: Question, length: int) -> None:
    most = spec_of(question).limits.bytes
    if most and length > most:
        raise CreationRefusedError(
            413,
            _("A submission to this question may have %(bytes)s bytes.") % {"bytes": most},
            {"Tus-Max-Size": str(most)},
        )


def _put_together(user: Reader, metadata: Mapping[str, str], concat: str) -> Upload:
    """The upload made of complete parts, each used once. Asked for again, at the same time too, it is the same upload."""
    parts = _parts(user, concat)
    final = upload_of_parts(parts)
    if final is None:
        length = sum(part.length or 0 for part in parts)
        require_room(length)
        final = _begin(user, metadata, length, parts, concat=concat)
    if final.state == Upload.State.RECEIVING:
        concatenate(final, parts)
    return final


def _parts(user: Reader, concat: str) -> list[Upload]:
    unknown = gettext_noop("A part named in Upload-Concat does not exist or is not yours.")
    try:
        ids = part_ids(concat)
    except ValueError as error:
        raise InvalidInputError(unknown) from error
    if len(set(ids)) != len(ids) or len(ids) > MOST_PARTS:
        raise InvalidInputError(
            gettext_noop("Upload-Concat must name each part once, and at most %(most)s parts."), most=MOST_PARTS
        )
    own = Upload.objects.visible_to(user).filter(kind=Upload.Kind.PARTIAL).in_bulk(ids)
    if len(own) != len(ids):
        raise InvalidInputError(unknown)
    parts = [own[part_id] for part_id in ids]
    if not parts or any(part.state != Upload.State.STORED for part in parts):
        raise InvalidInputError(gettext_noop("A part named in Upload-Concat is not complete. Finish it first."))
    return parts


def created_headers(upload: Upload) -> dict[str, str]:
    """The headers of the answer 201."""
    receiving = upload.state == Upload.State.RECEIVING
    position = staging.offset(staging.staging_path(upload.pk)) if receiving else upload.length
    return {
        "Location": reverse("upload-address", args=[upload.pk]),
        "Tus-Resumable": tus.VERSION,
        "Upload-Offset": str(position),
        "Upload-Expires": tus.expires(upload.expires_at),
    }


def question_named(user: Reader, name: str) -> Question:
    """The question that `<challenge>/<question>` names, if the person may see it. Raises InvalidInputError."""
    challenge, _slash, slug = name.partition("/")
    question = Question.objects.visible_to(user).filter(challenge__slug=challenge, slug=slug).first()
    if question is None:
        raise InvalidInputError(
            gettext_noop("There is no question '%(name)s' that you can see. Write it as challenge/question."),
            name=name[:80],
        )
    return question


def require_room(length: int) -> None:
    """Raises CreationRefusedError for an upload that is too long for the site, or for its disk now."""
    if length > settings.UPLOAD_MAX_BYTES:
        most = {"Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES)}
        raise CreationRefusedError(
            413, _("An upload may have at most %(bytes)s bytes.") % {"bytes": settings.UPLOAD_MAX_BYTES}, most
        )
    if staging.free_bytes() - length < settings.UPLOAD_FREE_SPACE_FLOOR:
        raise CreationRefusedError(507, _("The server's disk is nearly full; try again later."))


def sender(user: Reader, question: Question, metadata: Mapping[str, str]) -> tuple[Centre | None, Team | None]:
    """Who sends: a centre or a team, permitted to. Raises NotAllowedError, ClosedError or InvalidInputError."""
    kind = metadata.get("kind", "")
    if kind == Upload.Kind.EXAM:
        centres = Centre.objects.filter(challenge=question.challenge, memberships__user=user.pk)
        named = centres.filter(slug=metadata["centre"]).first() if metadata.get("centre") else centres.first()
        if named is None:
            raise NotAllowedError(
                gettext_noop("You are not an uploader of this centre. Ask an organiser to invite you.")
            )
        require_uploader(user, question, named, database_now())
        return named, None
    if kind == Upload.Kind.SUBMISSION:
        team = team_of(user, question.challenge)
        if team is None:
            raise NotAllowedError(gettext_noop("You are not in an approved team of this challenge."))
        require_member(user, question, team)
        _require_declarations(question, metadata)
        return None, team
    raise InvalidInputError(gettext_noop("Upload-Metadata must state the kind of upload: exam or submission."))
