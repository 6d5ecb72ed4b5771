"""Every refusal of the API has one shape, whoever refuses: a step, a serializer, the framework."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from django.db import OperationalError
from rest_framework import exceptions, serializers
from rest_framework.test import APIClient

from core.api_errors import answer_error
from tests.factories.people import person

pytestmark = pytest.mark.django_db
SHAPE = {"reason", "detail", "errors"}


class Row(serializers.Serializer[Any]):
    score = serializers.IntegerField(max_value=5)


class Draft(serializers.Serializer[Any]):
    name = serializers.CharField()
    rows = Row(many=True)

    def validate(self, draft: dict[str, Any]) -> dict[str, Any]:
        raise serializers.ValidationError("Not like this.")


def body_of(error: Exception) -> dict[str, Any]:
    answer = answer_error(error, {})
    assert answer is not None and set(answer.data) == SHAPE
    return dict(answer.data)


def faults_of(draft: dict[str, Any]) -> set[tuple[str, str]]:
    with pytest.raises(serializers.ValidationError) as refused:
        Draft(data=draft).is_valid(raise_exception=True)
    answer = body_of(refused.value)
    assert answer["reason"] == "invalid" and all(error["message"] for error in answer["errors"])
    return {(error["reason"], error["where"]) for error in answer["errors"]}


def test_a_serializers_faults_are_listed_with_their_places() -> None:
    assert faults_of({"rows": [{"score": 2}, {"score": 9}]}) == {("required", "name"), ("max_value", "rows[1].score")}
    assert faults_of({"name": "a", "rows": []}) == {("invalid", "")}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (exceptions.PermissionDenied(), "permission_denied"),
        (exceptions.NotAuthenticated(), "not_authenticated"),
        (exceptions.AuthenticationFailed(), "authentication_failed"),
        (exceptions.Throttled(wait=3), "throttled"),
        (exceptions.MethodNotAllowed("PUT"), "method_not_allowed"),
        (exceptions.ParseError(), "parse_error"),
        (exceptions.UnsupportedMediaType("text/x"), "unsupported_media_type"),
    ],
)
def test_the_frameworks_refusals_are_named_and_keep_their_status(error: exceptions.APIException, reason: str) -> None:
    answer = answer_error(error, {})
    assert answer is not None and answer.status_code == error.status_code
    assert body_of(error) == {"reason": reason, "detail": str(error.detail), "errors": []}


def test_real_addresses_answer_so() -> None:
    visitor, sam = APIClient(), APIClient()
    sam.force_login(person("sam"))
    answers = [
        (401, "not_authenticated", visitor.get("/api/v1/tokens/")),
        (401, "authentication_failed", visitor.get("/api/v1/tokens/", headers={"authorization": "Bearer con_no"})),
        (405, "method_not_allowed", sam.put("/api/v1/tokens/")),
        (404, "not_found", sam.get("/api/v1/teams/999/")),
        (404, "not_found", sam.get("/api/v1/none/")),
        (400, "parse_error", sam.post("/api/v1/teams/", "{", content_type="application/json")),
        (400, "invalid", sam.post("/api/v1/teams/", {}, format="json")),
        (415, "unsupported_media_type", sam.post("/api/v1/teams/", "x", content_type="text/x")),
        (401, "not_authenticated", visitor.post("/api/v1/uploads/")),
        (412, "tus_version", sam.post("/api/v1/uploads/")),
    ]
    for status, reason, answer in answers:
        body = answer.json()
        assert (answer.status_code, body["reason"], set(body)) == (status, reason, SHAPE)
        assert body["detail"]


@pytest.mark.parametrize("error", [OperationalError("gone"), OSError(errno.ENOSPC, "full"), MemoryError()])
def test_an_outage_is_told_as_one_and_may_be_asked_again(error: Exception) -> None:
    answer = answer_error(error, {})
    assert answer is not None and set(answer.data) == SHAPE
    assert (answer.status_code, answer.data["reason"], answer.headers["Retry-After"]) == (503, "unavailable", "5")
    assert "gone" not in str(answer.data)


def test_a_defect_stays_a_defect() -> None:
    assert answer_error(ValueError("defect"), {}) is None
