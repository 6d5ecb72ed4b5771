"""The next edition of a challenge: what goes along, what does not, and nothing by half."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from challenges.centres import add_centre
from challenges.charter import publish_charter
from challenges.editions import EditionNames, next_edition
from challenges.frame import SlugTakenError, load_question, plan_milestone, spec_of
from challenges.models import Challenge
from concours.questions.dates import first_opening
from concours.questions.schema import SpecError
from tests.factories.questions import question
from tests.pages.edition import question_text

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
NAMES = EditionNames("next", {"en": "Next", "fr": "Suivante"})


@pytest.fixture
def edition() -> Challenge:
    challenge = question().challenge
    load_question(challenge=challenge, text=question_text("nodules"), actor=challenge.created_by)
    organiser = challenge.created_by
    publish_charter(challenge=challenge, audience="team", text={"en": "Old", "fr": "Ancien"}, actor=organiser)
    publish_charter(challenge=challenge, audience="team", text={"en": "New", "fr": "Nouveau"}, actor=organiser)
    add_centre(challenge=challenge, name="Bichat", actor=organiser)
    gone = add_centre(challenge=challenge, name="Gone", actor=organiser)
    gone.__class__.objects.filter(pk=gone.pk).update(withdrawn_at=datetime.now(PARIS))
    moment = datetime(2019, 10, 12, 10, tzinfo=PARIS)
    plan_milestone(challenge=challenge, key="party", title={"en": "Party"}, run_at=moment)
    return challenge


def repeated(challenge: Challenge, first: date = date(2029, 3, 1), *, with_centres: bool = True) -> Challenge:
    return next_edition(
        challenge=challenge, names=NAMES, first=first, with_centres=with_centres, actor=challenge.created_by
    )


def test_every_date_moves_by_the_same_days_and_keeps_its_hour(edition: Challenge) -> None:
    openings = [first_opening(spec_of(row)) for row in edition.questions.all()]
    days = date(2029, 3, 1) - min(opening.date() for opening in openings if opening)
    following = repeated(edition)
    for before, after in zip(edition.questions.all(), following.questions.all(), strict=True):
        assert before.slug == after.slug
        for old, new in zip(before.phases.order_by("name"), after.phases.order_by("name"), strict=True):
            wall = old.opens.astimezone(PARIS).replace(tzinfo=None) + days
            assert new.opens.astimezone(PARIS).replace(tzinfo=None) == wall
    assert min(phase.opens for row in following.questions.all() for phase in row.phases.all()).date() <= date(
        2029, 3, 1
    )
    party = following.milestones.get(key="party")
    assert party.run_at.astimezone(PARIS).hour == 10
    assert party.run_at.astimezone(PARIS).date() == date(2019, 10, 12) + timedelta(days=days.days)


def test_charters_in_force_and_centres_that_are_left_go_along_and_people_do_not(edition: Challenge) -> None:
    following = repeated(edition)
    assert [charter.text["en"] for charter in following.charters.filter(audience="team")] == ["New"]
    assert [centre.name for centre in following.centres.all()] == ["Bichat"]
    assert following.state == "draft"
    assert [role.kind for role in following.roles.all()] == ["organiser"]
    assert not following.teams.exists() and not following.invitations.exists()


def test_centres_stay_behind_where_they_are_not_wanted(edition: Challenge) -> None:
    assert not repeated(edition, with_centres=False).centres.exists()


def test_nothing_is_made_by_half(edition: Challenge) -> None:
    revision = edition.questions.first().current()
    revision.__class__.objects.filter(pk=revision.pk).update(source=revision.source.replace("kind:", "sort:"))
    with pytest.raises(SpecError):
        repeated(edition)
    assert not Challenge.objects.filter(slug="next").exists()


def test_a_name_that_is_taken_is_refused(edition: Challenge) -> None:
    repeated(edition)
    with pytest.raises(SlugTakenError):
        repeated(edition)


def test_the_page_and_the_api_do_it_for_organisers_alone(edition: Challenge, client: Client) -> None:
    form = {
        "edition-title_en": "JFR",
        "edition-slug": "jfr",
        "edition-first": "2029-03-01",
        "edition-with_centres": "on",
    }
    address = reverse("pages:new_edition", args=[edition.slug])
    client.force_login(edition.created_by)
    assert client.post(address, form | {"edition-first": "soon"}).status_code == 422
    assert client.post(address, form)["Location"] == reverse("pages:setup", args=["jfr"])
    body = {"slug": "api", "title": {"en": "By API"}, "first_opening": "2030-03-01", "with_centres": False}
    api = reverse("challenge-next-edition", args=[edition.slug])
    assert client.post(api, body, content_type="application/json").status_code == 201
    assert Challenge.objects.get(slug="api").questions.count() == edition.questions.count()
