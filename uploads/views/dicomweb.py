"""QIDO-RS and WADO-RS over de-identified exams (PS3.18, 10.4 and 10.6), by token or session."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from concours.formats.fault import FormatError
from concours.formats.json import JsonObject
from core.actors import Reader
from core.authentication import user_of_token
from core.refusals import refusal
from uploads.dicomweb import (
    INSTANCE,
    SERIES,
    STUDY,
    FoundInstance,
    exams_shown,
    frames_of_instance,
    instances_of,
    metadata_of,
    rendered,
)
from uploads.models import Exam

DICOM, DICOM_JSON, OCTETS = "application/dicom", "application/dicom+json", "application/octet-stream"
MOST_STUDIES = 50  # of one page of a search
CHUNK = 1 << 20
View = Callable[..., HttpResponseBase]  # type: ignore[explicit-any]  # names of the address differ


class NotHereError(Exception):
    """The address names nothing that the reader may see."""


def _refuse(status: int, reason: str, text: str) -> JsonResponse:
    response = JsonResponse(refusal(reason, text), status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def _reader(request: HttpRequest) -> Reader | None:
    words = request.headers.get("Authorization", "").split()
    if len(words) == 2 and words[0].lower() in ("bearer", "token"):
        return user_of_token(words[1], request.method or "GET", request.path)
    return request.user if request.user.is_authenticated else None


def dicomweb(view: View) -> View:
    """Knows the reader, answers what is not there with 404 and what cannot be read with 409; nothing stays in a cache."""

    @require_safe
    @functools.wraps(view)
    def answered(request: HttpRequest, **names: str) -> HttpResponseBase:
        reader = _reader(request)
        if reader is None:
            return _refuse(401, "not_authenticated", "Send a token with the scope 'read', or sign in.")
        exams = exams_shown(reader, names.pop("challenge"), names.pop("question"))
        try:
            response = view(request, exams, **names)
        except NotHereError:
            return _refuse(404, "not_found", "Nothing here that you can see.")
        except FormatError as error:
            return _refuse(409, error.faults[0].reason, error.faults[0].message)
        response["Cache-Control"] = "no-store"
        return response

    return answered


def _exam(exams: QuerySet[Exam], study: str) -> Exam:
    exam = exams.filter(study_uid=study).first()
    if exam is None:
        raise NotHereError
    return exam


def _named(exam: Exam, held: ExitStack, series: str = "", instance: str = "") -> list[FoundInstance]:
    instances = instances_of(exam, held, series, instance)
    if not instances:
        raise NotHereError
    return instances


def _json(documents: Sequence[JsonObject]) -> HttpResponse:
    if not documents:
        return HttpResponse(status=204)
    return JsonResponse(list(documents), safe=False, content_type=DICOM_JSON)


def _number(request: HttpRequest, name: str, usual: int) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else usual


@dicomweb
def studies(request: HttpRequest, exams: QuerySet[Exam]) -> HttpResponseBase:
    """`GET …/studies`: matched by StudyInstanceUID and PatientID (a pseudonym), by keyword or tag."""
    rows = exams
    for column, names in (
        ("study_uid", ("StudyInstanceUID", "0020000D")),
        ("patient__pseudonym", ("PatientID", "00100020")),
    ):
        if value := next((request.GET[name] for name in names if name in request.GET), ""):
            rows = rows.filter(**{column: value})
    begin, count = _number(request, "offset", 0), min(_number(request, "limit", MOST_STUDIES), MOST_STUDIES)
    page = list(rows.prefetch_related("series")[begin : begin + count])
    with ExitStack() as held:
        firsts = [instances_of(exam, held)[0] for exam in page]
        documents = metadata_of(firsts, (*STUDY, "Modality"))
    for exam, document in zip(page, documents, strict=True):
        document["00080061"] = {"vr": "CS", "Value": document.pop("00080060", {}).get("Value", [])}
        document["00201206"] = {"vr": "IS", "Value": [len(exam.series.all())]}
        document["00201208"] = {"vr": "IS", "Value": [sum(series.instance_count for series in exam.series.all())]}
        _add_address(document, request, f"studies/{exam.study_uid}")
    return _json(documents)


@dicomweb
def series_list(request: HttpRequest, exams: QuerySet[Exam], study: str) -> HttpResponseBase:
    """`GET …/studies/<study>/series`."""
    exam = _exam(exams, study)
    with ExitStack() as held:
        by_series: dict[str, list[FoundInstance]] = {}
        for entry in _named(exam, held):
            by_series.setdefault(entry.series, []).append(entry)
        documents = metadata_of([own[0] for own in by_series.values()], SERIES)
    for (uid, own), document in zip(by_series.items(), documents, strict=True):
        document["00201209"] = {"vr": "IS", "Value": [len(own)]}
        _add_address(document, request, f"studies/{study}/series/{uid}")
    return _json(documents)


@dicomweb
def instance_list(request: HttpRequest, exams: QuerySet[Exam], study: str, series: str = "") -> HttpResponseBase:
    """`GET …/studies/<study>/instances` and `…/series/<series>/instances`."""
    exam = _exam(exams, study)
    with ExitStack() as held:
        instances = _named(exam, held, series)
        documents = metadata_of(instances, INSTANCE)
    for entry, document in zip(instances, documents, strict=True):
        _add_address(document, request, f"studies/{study}/series/{entry.series}/instances/{entry.instance}")
    return _json(documents)


def _add_address(document: JsonObject, request: HttpRequest, below: str) -> None:
    base = request.path.partition("/studies")[0]
    document["00081190"] = {"vr": "UR", "Value": [request.build_absolute_uri(f"{base}/{below}")]}


@dicomweb
def metadata(
    request: HttpRequest, exams: QuerySet[Exam], study: str, series: str = "", instance: str = ""
) -> HttpResponseBase:
    """`GET …/metadata` of a study, a series or an instance."""
    with ExitStack() as held:
        return _json(metadata_of(_named(_exam(exams, study), held, series, instance)))


@dicomweb
def retrieve(
    request: HttpRequest, exams: QuerySet[Exam], study: str, series: str = "", instance: str = ""
) -> HttpResponseBase:
    """The instances themselves, as multipart/related; a single one as application/dicom where the client asks for it."""
    exam = _exam(exams, study)
    held = ExitStack()
    try:
        instances = _named(exam, held, series, instance)
    except NotHereError:
        held.close()
        raise
    if instance and request.headers.get("Accept", "").partition(";")[0].strip() == DICOM:
        return StreamingHttpResponse(_pieces([instances[0]], "", held), content_type=DICOM)
    boundary = uuid.uuid4().hex
    kind = f'multipart/related; type="{DICOM}"; boundary={boundary}'
    return StreamingHttpResponse(_pieces(instances, boundary, held), content_type=kind)


def _pieces(instances: Sequence[FoundInstance], boundary: str, held: ExitStack) -> Iterator[bytes]:
    """Streams the bytes where they lie; the bundle is let go at the end, or when the client has gone."""
    with held:
        for entry in instances:
            if boundary:
                yield f"--{boundary}\r\nContent-Type: {DICOM}\r\n\r\n".encode()
            with entry.place.open() as content:
                while piece := content.read(CHUNK):
                    yield piece
            if boundary:
                yield b"\r\n"
        if boundary:
            yield f"--{boundary}--\r\n".encode()


@dicomweb
def frames(
    request: HttpRequest, exams: QuerySet[Exam], study: str, series: str, instance: str, numbers: str
) -> HttpResponseBase:
    """`GET …/frames/1,2`: the frames as they are stored."""
    if not all(number.isascii() and number.isdigit() and len(number) < 6 for number in numbers.split(",")):
        raise NotHereError
    with ExitStack() as held:
        place = _named(_exam(exams, study), held, series, instance)[0].place
        syntax, contents = frames_of_instance(place, [int(number) for number in numbers.split(",")])
    boundary = uuid.uuid4().hex
    head = f"--{boundary}\r\nContent-Type: {OCTETS}; transfer-syntax={syntax}\r\n\r\n".encode()
    body = b"".join(head + content + b"\r\n" for content in contents) + f"--{boundary}--\r\n".encode()
    return HttpResponse(body, content_type=f'multipart/related; type="{OCTETS}"; boundary={boundary}')


@dicomweb
def render(
    request: HttpRequest, exams: QuerySet[Exam], study: str, series: str, instance: str, number: int = 1
) -> HttpResponseBase:
    """`GET …/rendered` of an instance or a frame: JPEG, or PNG where the client asks for it."""
    form = "PNG" if "image/png" in request.headers.get("Accept", "") else "JPEG"
    with ExitStack() as held:
        place = _named(_exam(exams, study), held, series, instance)[0].place
        return HttpResponse(rendered(place, number, form), content_type=f"image/{form.lower()}")
