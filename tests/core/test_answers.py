"""Answers of the whole site: refusals as pages and as JSON, private pages in no cache, strict headers, probes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import FileSystemStorage
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from concours.formats.fault import Fault
from core.api_errors import answer_error
from core.errors import (
    ClosedError,
    InvalidInputError,
    LostRaceError,
    MoveNotAllowedError,
    NotAllowedError,
    QuotaError,
    StepError,
)
from core.middleware import PrivatePagesMiddleware, StepErrorMiddleware
from core.models import User, Work

STATUSES = [
    (NotAllowedError, 403),
    (MoveNotAllowedError, 409),
    (LostRaceError, 409),
    (ClosedError, 409),
    (QuotaError, 429),
    (InvalidInputError, 400),
]


def ask(user: Any) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.mark.parametrize(("kind", "status"), STATUSES)
def test_the_api_says_a_refusal_with_its_status_and_reason(kind: type[StepError], status: int) -> None:
    answer = answer_error(kind("The window closed at %(at)s.", at="noon"), {})
    assert answer is not None
    assert answer.status_code == status
    assert answer.data["detail"] == "The window closed at noon."
    assert answer.data["reason"] == kind.reason


def test_the_api_lists_every_fault() -> None:
    faults = [Fault("missing_id", "row 2", "'%(id)s' is missing.", {"id": "007"}), Fault("extra_id", "row 3", "Extra.")]
    answer = answer_error(InvalidInputError("The table has faults.", faults), {})
    assert answer is not None
    assert answer.data["errors"] == [
        {"reason": "missing_id", "where": "row 2", "message": "'007' is missing."},
        {"reason": "extra_id", "where": "row 3", "message": "Extra."},
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "status"), STATUSES)
def test_a_page_says_a_refusal_in_words(kind: type[StepError], status: int) -> None:
    middleware = StepErrorMiddleware(lambda request: HttpResponse())
    error = kind("Team '%(name)s' has <b>signed</b> nothing.", name="<script>")
    answer = middleware.process_exception(ask(AnonymousUser()), error)
    assert answer is not None
    assert answer.status_code == status
    text = answer.content.decode()
    assert "&lt;script&gt;" in text
    assert "<script>&#x27;" not in text


def test_other_errors_are_not_hidden() -> None:
    middleware = StepErrorMiddleware(lambda request: HttpResponse())
    assert middleware.process_exception(ask(AnonymousUser()), ZeroDivisionError()) is None
    assert answer_error(ZeroDivisionError(), {}) is None


def test_pages_of_a_signed_in_person_are_kept_by_no_cache() -> None:
    middleware = PrivatePagesMiddleware(lambda request: HttpResponse())
    assert "no-store" in middleware(ask(User(email="rita@example.org")))["Cache-Control"]
    assert not middleware(ask(AnonymousUser())).has_header("Cache-Control")
    chosen = PrivatePagesMiddleware(lambda request: HttpResponse(headers={"Cache-Control": "private, max-age=9"}))
    assert chosen(ask(User(email="rita@example.org")))["Cache-Control"] == "private, max-age=9"


@pytest.mark.django_db
def test_every_answer_carries_the_strict_content_policy() -> None:
    answer = Client().get("/accounts/login/")
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
class TestProbes:
    def test_the_process_lives(self) -> None:
        assert Client().get("/healthz").json() == {"status": "ok"}

    def test_a_site_without_backlog_is_ready(self) -> None:
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["database"], answer.json()["storage"]) == (200, "ok", "ok")

    def test_work_that_waits_too_long_makes_it_unready(self) -> None:
        Work.objects.create(stage="receive", subject_id="1", run_at=timezone.now() - timedelta(hours=1))
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["late_work"]) == (503, 1)

    def test_a_store_that_does_not_answer_makes_it_unready(self, monkeypatch: pytest.MonkeyPatch) -> None:
        exists = FileSystemStorage.exists

        def gone(self: FileSystemStorage, name: str) -> bool:
            if name == "probe":
                raise ConnectionError("no such server")
            return exists(self, name)

        monkeypatch.setattr(FileSystemStorage, "exists", gone)
        answer = Client().get("/readyz")
        assert (answer.status_code, answer.json()["storage"]) == (503, "does not answer")
