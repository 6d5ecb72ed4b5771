"""A question made step by step on the organiser's pages, and by the API: begun, changed, shown, tried, loaded, deleted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from challenges.models import Challenge, Question, QuestionDraft
from concours.questions.editing import plain_values
from core.models import AuditRecord
from pages.drafting.steps import STEPS, StepForms, find_step
from tests.pages.edition import Edition
from tests.pages.posted import as_posted

pytestmark = pytest.mark.django_db
As = Callable[[str], Client]
ANSWERS = {
    "task": "classify",
    "title_en": "Adrenal nodules",
    "title_fr": "Nodules surrénaliens",
    "modality": ["CT"],
    "dimensions": "3",
    "target_en": "Malignant nodule",
    "first": "2030-02-01",
}


def page(name: str, *more: object) -> str:
    return reverse(f"pages:{name}", args=["jfr-2019", *more])


def begun(client: Client) -> QuestionDraft:
    answer = client.post(page("begin_draft"), ANSWERS)
    draft = QuestionDraft.objects.get()
    assert answer["Location"] == page("draft_step", draft.pk, "words")
    return draft


def post_step(client: Client, draft: QuestionDraft, name: str, version: int | None = None, **fields: str):
    draft.refresh_from_db()
    step = find_step(name)
    assert step is not None
    posted = as_posted(StepForms(step, plain_values(draft.text)))
    posted["version"] = str(draft.version if version is None else version)
    posted.update(fields)
    return client.post(page("draft_step", draft.pk, name), posted.urlencode(), "application/x-www-form-urlencoded")


def test_from_answers_to_a_question_without_yaml(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    draft = begun(client)
    for step in STEPS:
        assert client.get(page("draft_step", draft.pk, step.name)).status_code == 200
    assert post_step(client, draft, "words", summary_en="Say whether the nodule is malignant.").status_code == 302
    assert post_step(client, draft, "scores", digits="2", next="1")["Location"] == page("draft_step", draft.pk, "teams")
    preview = client.get(page("draft_preview", draft.pk)).content.decode()
    for words in ("Say whether the nodule is malignant.", "12 invented exams", "Malignant nodule", "predictions.csv"):
        assert words in preview
    assert client.post(page("load_draft", draft.pk))["Location"] == page("setup")
    question = Question.objects.get(slug="adrenal-nodules")
    assert str(question) == "Adrenal nodules" and question.phases.count() == 2
    assert not QuestionDraft.objects.exists()
    verbs = set(AuditRecord.objects.values_list("verb", flat=True))
    assert {"draft begun", "question loaded"} <= verbs


def test_a_question_is_edited_as_its_next_revision(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    question = Question.objects.get(slug="sarcopenia", challenge__slug="jfr-2019")
    before = question.revision
    client.post(page("draft_from"), {"question": "sarcopenia"})
    draft = QuestionDraft.objects.get()
    assert draft.question == question and draft.text == question.current().source
    post_step(client, draft, "words", source="SFR 2030")
    client.post(page("load_draft", draft.pk))
    question.refresh_from_db()
    assert question.revision == before + 1 and "source: SFR 2030" in question.current().source


def test_the_catalogue_opens_as_a_draft(edition: Edition, as_: As) -> None:
    as_("olivia").post(page("draft_from"), {"catalogue": "nodules"})
    assert QuestionDraft.objects.get().title == "Pulmonary nodules"


def test_mistakes_name_the_page_where_they_are_mended_and_keep_it_from_loading(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    draft = begun(client)
    text = draft.text.replace("decides: true", "decides: true, batch: other").replace("digits: 3", "digits: many")
    client.post(page("draft_file", draft.pk), {"text": text, "version": draft.version})
    shown = client.get(page("draft_preview", draft.pk)).content.decode()
    assert page("draft_step", draft.pk, "dates") in shown and page("draft_step", draft.pk, "scores") in shown
    assert "still to be settled" in shown
    assert client.post(page("load_draft", draft.pk))["Location"] == page("draft_preview", draft.pk)
    assert QuestionDraft.objects.exists() and not Question.objects.filter(slug="adrenal-nodules").exists()


def test_a_text_that_cannot_be_read_leads_to_the_file(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    draft = begun(client)
    client.post(page("draft_file", draft.pk), {"text": "title: [", "version": draft.version})
    assert client.get(page("draft_step", draft.pk, "words"))["Location"] == page("draft_file", draft.pk)
    assert client.get(page("draft_file", draft.pk)).status_code == 200
    assert client.get(page("setup")).status_code == 200


def test_of_two_who_write_at_once_the_second_is_told(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    draft = begun(client)
    post_step(client, draft, "words", source="First")
    answer = post_step(client, draft, "words", version=1, source="Second")
    assert answer.status_code == 422 and "Someone else changed this draft" in answer.content.decode()
    draft.refresh_from_db()
    assert "source: First" in draft.text and "Second" not in draft.text


@pytest.mark.parametrize("who", ["stefan", "claire", "rita", "tom"])
def test_a_draft_is_the_organisers_alone(edition: Edition, as_: As, who: str) -> None:
    draft = begun(as_("olivia"))
    client = as_(who)
    for address in (page("begin_draft"), page("draft_step", draft.pk, "words"), page("draft_preview", draft.pk)):
        assert client.get(address).status_code == 403
    assert client.post(page("load_draft", draft.pk)).status_code == 403
    assert client.get(f"/api/v1/drafts/{draft.pk}/").status_code == 404


def test_a_draft_of_another_challenge_does_not_exist_here(edition: Edition, as_: As) -> None:
    draft = begun(as_("olivia"))
    other = Challenge.objects.create(slug="other", title={"en": "Other"}, created_by=draft.challenge.created_by)
    other.roles.create(user=draft.challenge.created_by, kind="organiser")
    assert as_("olivia").get(reverse("pages:draft_file", args=["other", draft.pk])).status_code == 404


def test_the_same_by_the_api(edition: Edition, as_: As) -> None:
    client = as_("olivia")
    body = {
        "challenge": "jfr-2019",
        "task": "segment",
        "slug": "liver",
        "title_en": "Liver",
        "modalities": ["MR"],
        "first_opening": "2030-02-01",
    }
    draft = client.post("/api/v1/drafts/begin/", body, content_type="application/json")
    assert draft.status_code == 201 and draft.json()["mistakes"] == []
    address = f"/api/v1/drafts/{draft.json()['id']}/"
    broken = {"text": draft.json()["text"].replace("kind: masks", "kind: runs"), "version": draft.json()["version"]}
    written = client.put(address, broken, content_type="application/json").json()
    assert written["version"] == 2 and "requires the section runs" in written["mistakes"][0]["message"]
    assert client.post(f"{address}load/").status_code == 400
    stale = client.put(address, broken, content_type="application/json")
    assert stale.status_code == 400 and stale.json()["reason"] == "draft_changed"
    client.put(address, {"text": draft.json()["text"], "version": 2}, content_type="application/json")
    assert client.post(f"{address}load/").json()["slug"] == "liver"
    again = client.post(
        "/api/v1/drafts/", {"challenge": "jfr-2019", "text": "?", "question": "liver"}, content_type="application/json"
    )
    assert client.delete(f"/api/v1/drafts/{again.json()['id']}/").status_code == 204
    assert not QuestionDraft.objects.exists()
