"""From an invitation, or from any page that needs an account, to the page that was wanted, without a detour."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client

from challenges.invitations import invite
from challenges.models import Challenge
from core.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "violet-tram-lantern-41"


@pytest.fixture(autouse=True)
def no_limit() -> None:
    """The limits of mails per address are kept in the cache, longer than a test."""
    cache.clear()


@pytest.fixture
def challenge() -> Challenge:
    return Challenge.objects.create(slug="jfr-2019", title={"en": "JFR 2019"}, state=Challenge.State.OPENED)


@pytest.fixture
def olga() -> User:
    return User.objects.create_user("olga@example.org", PASSWORD, full_name="Olga Ott")


@pytest.fixture
def secret(challenge: Challenge, olga: User) -> str:
    return invite(challenge=challenge, email="Rita@Example.org", what="reader", actor=olga)[1]


def sign_up(client: Client, email: str, following: str, **more: str) -> str:
    form = {"email": email, "full_name": "Rita Roux", "password1": PASSWORD, "password2": PASSWORD, "next": following}
    answer = client.post("/accounts/signup/", {**form, **more})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


def test_the_link_of_an_invitation_verifies_its_address(secret: str) -> None:
    client, invitation = Client(), f"/invitations/{secret}/"
    client.get(invitation)
    page = client.get(f"/accounts/signup/?next={invitation}").content.decode()
    assert 'value="rita@example.org"' in page
    assert sign_up(client, "rita@example.org", invitation) == invitation
    rita = User.objects.get(email="rita@example.org")
    assert rita.full_name == "Rita Roux"
    assert EmailAddress.objects.get(user=rita).verified
    assert mail.outbox == []  # the invitation's own mail goes after commit, and nothing else is mailed
    client.post(invitation)
    assert rita.roles.filter(kind="reader").exists()


def test_another_address_has_to_be_confirmed(secret: str) -> None:
    client, invitation = Client(), f"/invitations/{secret}/"
    client.get(invitation)
    sign_up(client, "rob@example.org", invitation)
    assert not EmailAddress.objects.get(email="rob@example.org").verified


@pytest.mark.parametrize("same_browser", [True, False])
def test_the_wanted_page_follows_the_confirmation(challenge: Challenge, same_browser: bool) -> None:
    """In the browser of the sign-up at once; in another one, after the sign-in."""
    client, expected = Client(), "/c/jfr-2019/team/"
    sign_up(client, "tom@example.org", expected)
    link = re.search(r"http://\S+(/accounts/confirm-email/\S+)", str(mail.outbox[0].body))
    assert link is not None
    browser = client if same_browser else Client()
    page = browser.get(link[1])
    form = page.content.decode().split('action="/accounts/confirm-email/')[1]
    following = re.search(r'name="next"\s+value="([^"]*)"', form)
    assert following is not None
    answer = browser.post(link[1].partition("?")[0], {"next": following[1]}, follow=True)
    if same_browser:
        assert answer.redirect_chain[-1][0] == expected
    else:
        assert answer.redirect_chain[-1][0] == "/accounts/login/?next=/c/jfr-2019/team/"


def test_a_pending_invitation_is_shown_and_accepted_at_home(secret: str, challenge: Challenge) -> None:
    rita = User.objects.create_user("rita@example.org", PASSWORD)
    EmailAddress.objects.create(user=rita, email=rita.email, verified=True, primary=True)
    client = Client()
    client.force_login(rita)
    page = client.get("/").content.decode()
    assert "JFR 2019" in page
    assert "do not take part" not in page
    action = re.search(r'action="(/invitations/\d+/accept/)"', page)
    assert action is not None
    assert client.post(action[1]).status_code == 302
    assert rita.roles.filter(kind="reader").exists()
    assert "/accept/" not in client.get("/").content.decode()


@pytest.mark.parametrize("verified", [True, False])
def test_nobody_accepts_the_invitation_of_another_address(secret: str, challenge: Challenge, verified: bool) -> None:
    """Nor the own one with an address that was never confirmed."""
    email = "rob@example.org" if verified else "rita@example.org"
    rob = User.objects.create_user(email, PASSWORD)
    EmailAddress.objects.create(user=rob, email=email, verified=verified, primary=True)
    client = Client()
    client.force_login(rob)
    assert "/accept/" not in client.get("/").content.decode()
    pk = challenge.invitations.get().pk
    assert client.post(f"/invitations/{pk}/accept/").status_code == 404
    assert not rob.roles.exists()


def test_mails_are_in_the_language_of_the_person(challenge: Challenge) -> None:
    client = Client(headers={"accept-language": "fr"})
    sign_up(client, "tom@example.org", "/")
    assert User.objects.get(email="tom@example.org").language == "fr"
    confirmation = mail.outbox[0]
    assert confirmation.subject == "Confirmez votre adresse e-mail"
    assert "127.0.0.1!" not in confirmation.body
    assert "Rita Roux" in confirmation.body


def test_the_chosen_language_is_kept_with_the_person(olga: User) -> None:
    EmailAddress.objects.create(user=olga, email=olga.email, verified=True, primary=True)
    client = Client(headers={"accept-language": "fr"})
    client.post("/accounts/login/", {"login": olga.email, "password": PASSWORD})
    assert User.objects.get(pk=olga.pk).language == "fr"
    client.post("/i18n/setlang/", {"language": "en", "next": "/"})
    assert User.objects.get(pk=olga.pk).language == "en"


def test_a_person_corrects_the_own_name(olga: User) -> None:
    client = Client()
    client.force_login(olga)
    assert 'value="Olga Ott"' in client.get("/account/name/").content.decode()
    assert client.post("/account/name/", {"full_name": "Olga Otto"}).status_code == 302
    assert User.objects.get(pk=olga.pk).full_name == "Olga Otto"
    assert client.post("/account/name/", {"full_name": " "}).status_code == 422


OURS = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/confirm-email/"]


@pytest.mark.parametrize("path", OURS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_account_pages_speak_as_the_rest_of_the_site(path: str, language: str) -> None:
    page = Client(headers={"accept-language": language}).get(path).content.decode()
    foreign = ["Sign In", "Sign Up", "Remember", "Se souvenir", "Email address", "Courriel"]
    assert [word for word in foreign if word in page.replace("E-mail address", "")] == []


def test_mails_of_the_account_are_ours(olga: User) -> None:
    for path, email in (("password/reset/", olga.email), ("password/reset/", "nobody@example.org")):
        Client(headers={"accept-language": "fr"}).post(f"/accounts/{path}", {"email": email})
    Client(headers={"accept-language": "fr"}).post(
        "/accounts/signup/",
        {"email": olga.email, "full_name": "Olga", "password1": PASSWORD, "password2": PASSWORD},
    )
    assert [letter.subject for letter in mail.outbox] == [
        "Choisissez un nouveau mot de passe",
        "Aucun compte à cette adresse",
        "Vous avez déjà un compte",
    ]
    assert all("Bonjour" in letter.body and "Hello from" not in letter.body for letter in mail.outbox)
