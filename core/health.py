"""Probes: is the process alive, and can it serve (database, storage, backlog of work)?"""

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from core.clock import database_now
from core.models import Work
from core.storage import store

LATE = timedelta(minutes=10)


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database and stores answer; the backlog is told, and late work makes it 503."""
    answer: dict[str, object] = {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        answer["database"] = "ok"
        late = Work.objects.filter(state=Work.State.WAITING, run_at__lt=database_now() - LATE).count()
        answer["late_work"] = late
        answer["failed_work"] = Work.objects.filter(state=Work.State.FAILED).count()
    except DatabaseError:
        return JsonResponse({"database": "does not answer"}, status=503)
    try:
        for name in settings.STORES:
            store(name).exists("probe")
        answer["storage"] = "ok"
    except Exception:  # whatever the store's client raises, this process cannot serve
        return JsonResponse({**answer, "storage": "does not answer"}, status=503)
    return JsonResponse(answer, status=503 if late else 200)
