"""What docs/security.md says of the source and of every answer, where no single feature's test says it."""

from __future__ import annotations

import ast
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth import hashers
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.test import Client

from core.models import User
from tests.architecture.source import APPS, ROOT, imported_packages, modules, name_of, parsed
from tests.core.test_environment import ADDRESS, PRODUCTION
from tests.processes import environment, manage

PAGE = ROOT / "docs" / "security.md"
SITE = (*APPS, "config")
PASSWORD = "correct horse battery"
DANGEROUS = {"eval", "exec", "compile", "__import__"}


def calls(*folders: str) -> Iterator[tuple[str, str, ast.Call]]:
    """Where, what is called, and the call."""
    for path in modules(*folders):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                yield f"{name_of(path)}:{node.lineno}", ast.unparse(node.func), node


def keyword(call: ast.Call, name: str) -> Any:
    return next((ast.unparse(entry.value) for entry in call.keywords if entry.arg == name), None)


# --- the page ---------------------------------------------------------------------------------------------------------


def test_every_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`", PAGE.read_text())
    assert len(named) > 40
    for path, function in named:
        file = ROOT / path
        assert file.exists(), path
        if function:
            assert re.search(rf"^def {function}\(", file.read_text(), re.MULTILINE), f"{path}::{function}"


def test_each_of_the_48_items_has_a_state_and_a_test_or_is_not_promised() -> None:
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if re.match(r"\| \d+\.\d+\.\d+", line)]
    assert len(rows) == 48
    for row in rows:
        item, state, proof = (cell.strip() for cell in row[1:4])
        assert state.startswith(("holds", "partly", "not promised")), item
        assert state == "not promised" or "`tests/" in proof, f"{item}: no test is named"


# --- the source -------------------------------------------------------------------------------------------------------


def test_no_query_is_put_together_from_text() -> None:
    for where, called, call in calls(*SITE):
        if called.endswith((".execute", ".raw", ".extra", "RawSQL")) and call.args:
            assert not isinstance(call.args[0], ast.JoinedStr | ast.BinOp), where
        assert not called.endswith((".extra", "RawSQL")), where


def test_no_command_goes_through_a_shell() -> None:
    for where, called, call in calls(*SITE, "concours"):
        assert called not in ("os.system", "os.popen", "subprocess.getoutput"), where
        assert keyword(call, "shell") in (None, "False"), where


def test_nothing_is_evaluated_or_unpickled() -> None:
    assert not imported_packages(*SITE, "concours") & {"pickle", "marshal", "shelve", "dill"}
    for where, called, call in calls(*SITE, "concours"):
        assert called not in DANGEROUS, where
        assert called not in ("yaml.load", "yaml.unsafe_load", "yaml.full_load"), where
        if called == "np.load":
            assert keyword(call, "allow_pickle") == "False", where


def test_no_template_switches_escaping_off_and_markdown_is_rendered_in_two_places() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\|\s*safe\b|autoescape off", text), path
    users = [
        name_of(path) for path in modules(*SITE) if re.search(r"^import markdown$", path.read_text(), re.MULTILINE)
    ]
    # The files of docs/, and what organisers write, whose HTML is escaped first (tests/core/test_prose.py).
    assert set(users) == {"pages/views/help.py", "core/prose.py"}
    assert not imported_packages(*SITE) & {"bleach", "nh3", "mistune"}


def test_the_site_sends_no_request_to_addresses_that_people_give() -> None:
    assert not imported_packages(*SITE) & {"requests", "httpx", "aiohttp", "urllib3"}
    for path in modules(*SITE):
        assert "urllib.request" not in path.read_text(), path


def test_secrets_come_from_the_systems_generator_and_hashes_are_strong() -> None:
    for where, called, _call in calls("core", "challenges", "config"):
        assert not called.startswith("random."), where
        assert called not in ("hashlib.md5", "hashlib.sha1"), where
    assert hashers.PBKDF2PasswordHasher().iterations >= 600_000
    assert len(secrets.token_urlsafe(32)) >= 43


# --- production's settings --------------------------------------------------------------------------------------------


def test_productions_cookies_headers_and_debug(tmp_path: Path) -> None:
    names = (
        *(
            "DEBUG",
            "SESSION_COOKIE_NAME",
            "SESSION_COOKIE_SECURE",
            "SESSION_COOKIE_HTTPONLY",
            "SESSION_COOKIE_SAMESITE",
        ),
        *("CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_SAMESITE", "SECURE_HSTS_SECONDS", "SECOND_FACTOR"),
    )
    code = f"from django.conf import settings; print([getattr(settings, name) for name in {names!r}])"
    env = {**environment(tmp_path, ADDRESS), **PRODUCTION}
    assert ast.literal_eval(manage(env, "shell", "--no-imports", "-c", code)) == [
        *(False, "__Host-session", True, True, "Lax"),
        *("__Host-csrf", True, "Lax", 31_536_000, True),
    ]


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def paul(db: None) -> User:
    cache.clear()
    user = User.objects.create_user("paul@example.org", PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": "paul@example.org", "password": password})


@pytest.mark.django_db
def test_pages_and_api_carry_the_headers_of_a_browsers_defences(client: Client) -> None:
    for path in ("/accounts/login/", "/api/v1/challenges/", "/none-such"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_answers_say_what_they_are_and_errors_of_the_api_are_json(client: Client) -> None:
    assert client.get("/accounts/login/").headers["Content-Type"] == "text/html; charset=utf-8"
    for path in ("/api/v1/none-such/", "/api/v1/teams/"):
        assert client.get(path).headers["Content-Type"].startswith("application/json")


@pytest.mark.django_db
def test_a_change_without_the_forms_secret_is_refused(paul: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(paul)
    assert client.post("/account/tokens/", {"name": "x", "days": 3}).status_code == 403
    assert client.post("/api/v1/tokens/", {"name": "x"}, content_type="application/json").status_code == 403


@pytest.mark.django_db
def test_private_pages_are_kept_by_no_cache(paul: User, client: Client) -> None:
    client.force_login(paul)
    assert client.get("/account/tokens/").headers["Cache-Control"] == "no-store, private"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/.git/config", "/.env", "/static/", "/static/../config/settings/base.py", "/manage.py"]
)
def test_nothing_of_the_deployment_is_served(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    assert (
        client.generic("TRACE", "/healthz").status_code != 200 or b"TRACE" not in client.generic("TRACE", "/").content
    )


@pytest.mark.django_db
def test_an_error_of_the_server_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_request: HttpRequest, *_arguments: Any, **_named: Any) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("core.middleware.PrivatePagesMiddleware.__call__", lambda self, request: fails(request))
    answer = Client(raise_request_exception=False).get("/accounts/login/")
    assert answer.status_code == 500
    assert "swordfish" not in answer.content.decode() and "Traceback" not in answer.content.decode()


@pytest.mark.django_db
def test_a_new_site_has_no_account() -> None:
    assert not User.objects.exists()


# --- signing in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["elevenchars", "password1234"])
def test_short_and_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)
    validate_password(PASSWORD)


def test_a_sign_in_changes_the_session(paul: User, client: Client) -> None:
    client.get("/accounts/login/")
    session = client.session
    session["kept"] = 1
    session.save()
    before = session.session_key
    assert sign_in(client).status_code == 302
    assert client.session.session_key != before


def test_a_known_address_costs_a_sign_up_the_same_hash_as_a_new_one(
    paul: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    counts = []
    for email in ("paul@example.org", "new@example.org"):
        cache.clear()
        hashed.clear()
        form = {"email": email, "full_name": "Nia Noor", "password1": PASSWORD, "password2": PASSWORD}
        answer = Client().post("/accounts/signup/", form)
        counts.append((answer.status_code, answer.headers.get("Location"), len(hashed)))
    assert counts[0] == counts[1]
    assert counts[0][2] == 1


@pytest.fixture
def secret(paul: User, monkeypatch: pytest.MonkeyPatch) -> str:
    """Paul's secret for one-time codes; their clock stands still, so that no test runs over the end of a code."""
    monkeypatch.setattr(totp, "yield_hotp_counters_from_time", lambda: iter([59_000_000]))
    created = totp.generate_totp_secret()
    totp.TOTP.activate(paul, created)
    return created


def test_the_second_factor_is_asked_and_a_code_counts_once(secret: str) -> None:
    code = totp.format_hotp_value(totp.hotp_value(secret, 59_000_000))
    first, second = Client(), Client()
    for client, status in ((first, 302), (second, 200)):
        assert "2fa/authenticate" in sign_in(client).headers["Location"]
        assert client.get("/account/tokens/").status_code == 302, "not signed in yet"
        assert client.post("/accounts/2fa/authenticate/", {"code": code}).status_code == status
    assert first.get("/account/tokens/").status_code == 200
    assert second.get("/account/tokens/").status_code == 302


@pytest.mark.usefixtures("secret")
def test_a_recovery_code_signs_in_once(paul: User) -> None:
    code = RecoveryCodes.activate(paul).get_unused_codes()[0]
    for status in (302, 200):
        cache.clear()
        client = Client()
        sign_in(client)
        assert client.post("/accounts/2fa/authenticate/", {"code": code}).status_code == status
    assert Authenticator.objects.filter(user=paul, type="recovery_codes").exists()


@pytest.mark.usefixtures("secret")
def test_a_new_password_does_not_pass_the_second_factor(mailoutbox: list[Any]) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": "paul@example.org"})
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", mailoutbox[-1].body)
    assert link is not None
    form = client.get(link.group(1), follow=True)
    new = "another horse battery"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert client.get("/account/tokens/").status_code == 302
    assert "2fa/authenticate" in sign_in(client, new).headers["Location"]


def test_security_keys_are_offered_and_their_challenge_is_new_each_time(paul: User, client: Client) -> None:
    sign_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answers = [client.get("/accounts/2fa/webauthn/add/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].headers
    pages = [answer.content.decode() for answer in answers]
    challenges = [re.search(r'"challenge": "([^"]+)"', page) for page in pages]
    assert all(challenges)
    assert challenges[0].group(1) != challenges[1].group(1)  # type: ignore[union-attr]
