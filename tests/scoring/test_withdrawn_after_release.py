"""An exam that is withdrawn after its release: teams that still send it are told that it is not used, and are scored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from batches.models import Batch, BatchItem
from scoring.models import Submission, Truth
from tests.factories.contests import Contest, contest
from tests.factories.exams import work_all
from tests.factories.people import member_of, team_in
from tests.factories.submissions import masks_zip, stored_upload

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def withdrawn_case(made: Contest, released: bool = True) -> str:
    """The public id of a case whose exam the organiser withdraws over HTTP, after (or before) its batch is out."""
    moment = timezone.now() + timedelta(days=-1 if released else 1)
    Batch.objects.filter(pk=made.batch.pk).update(released_at=moment)
    item = BatchItem.objects.filter(batch=made.batch).order_by("position")[1]
    answer = signed_in(made.question.challenge.created_by).post(
        f"/api/v1/exams/{item.exam_id}/withdraw/", {"reason": "the patient asked for it"}, format="json"
    )
    assert answer.status_code == 200, answer.content
    work_all()
    return item.public_id


def sent_over_http(made: Contest, name: str, content: bytes) -> dict[str, Any]:
    team = team_in(made.question, name)
    client = signed_in(member_of(team))
    upload = stored_upload(made.question, team, content)
    answer = client.post("/api/v1/submissions/", {"upload": str(upload.pk)}, format="json")
    assert answer.status_code == 201
    work_all()
    told: dict[str, Any] = client.get(f"/api/v1/submissions/{answer.json()['id']}/").json()
    return told


def test_who_still_sends_it_is_scored_like_who_does_not() -> None:
    made = contest()
    gone = withdrawn_case(made)
    with_it = sent_over_http(made, "Owls", made.entry(wear=1))
    left = {case: mask for case, mask in made.masks.items() if case != gone}
    without = Contest(made.question, made.batch, made.phase, left)
    without_it = sent_over_http(made, "Cats", without.entry(wear=1))
    assert [one["state"] for one in (with_it, without_it)] == ["scored", "scored"], with_it["errors"]
    scored = [
        {row.name: row.value for row in Submission.objects.get(pk=one["id"]).evaluations.get().scores.all()}
        for one in (with_it, without_it)
    ]
    assert scored[0] == scored[1] and scored[0]
    cases = Submission.objects.get(pk=with_it["id"]).evaluations.get().case_scores
    assert {row.public_id for row in cases.all()} == set(left)
    assert with_it["errors"] == [] and len(with_it["notes"]) == 1 and without_it["notes"] == []
    assert "withdrawn" in with_it["notes"][0]["message"] and "1" in with_it["notes"][0]["message"]
    page = signed_in(member_of(made.question.challenge.teams.get(name="Owls"))).get(f"/submissions/{with_it['id']}/")
    assert with_it["notes"][0]["message"] in page.content.decode()


def test_whatever_is_wrong_with_it_does_not_count() -> None:
    """Neither its mask nor its row is looked at: not their grid, not their numbers, not how often they come."""
    made = contest()
    gone = withdrawn_case(made)
    masks = {**made.masks, gone: np.zeros((3, 5), np.uint8)}
    assert sent_over_http(made, "Owls", masks_zip(masks, {**made.surfaces, gone: float("nan")}))["state"] == "scored"


def test_a_case_that_never_was_is_still_extra() -> None:
    made = contest()
    withdrawn_case(made)
    masks = {**made.masks, "case-0000000000": made.masks[next(iter(made.masks))]}
    told = sent_over_http(made, "Owls", masks_zip(masks, {**made.surfaces, "case-0000000000": 1.0}))
    assert told["state"] == "rejected"
    assert {one["reason"] for one in told["errors"]} == {"extra_file", "extra_id"}


def test_what_left_before_the_release_was_never_anybodys() -> None:
    made = contest()
    gone = withdrawn_case(made, released=False)
    newest = Truth.objects.filter(batch=made.batch).latest("version")
    assert gone not in newest.public_manifest["ids"] and newest.public_manifest["ignored_ids"] == []
    assert sent_over_http(made, "Owls", made.entry())["state"] == "rejected"


def test_the_public_manifest_names_it() -> None:
    made = contest()
    gone = withdrawn_case(made)
    manifest = Truth.objects.filter(batch=made.batch).latest("version").public_manifest
    assert manifest["ignored_ids"] == [gone] and sorted(manifest["ids"]) == sorted(set(made.masks) - {gone})
