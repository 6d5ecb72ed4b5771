"""Signing in: attempts counted by account and address, everything on record; a new password ends every access token."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.crypto import get_random_string
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import get_language

from core.audit import record
from core.languages import keep_language
from core.models import AccessToken, User
from core.signed_sessions import note_session

log = logging.getLogger(__name__)


class Accounts(DefaultAccountAdapter):
    """What this site adds to allauth."""

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By account and address: wrong passwords sent from elsewhere do not keep the account's owner out."""
        key = super()._get_login_attempts_cache_key(request, **credentials)
        return f"{key}:{self.get_client_ip(request)}"

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Attempts on an account are on its record; those on addresses that nobody has are in the log, without the address."""
        email = str(credentials.get("email", ""))
        user = User.objects.filter(email__iexact=email).first() if email else None
        if user is not None:
            record(verb="sign-in refused", subject=user, detail={"from": self.get_client_ip(request)})
        else:
            log.warning("sign-in refused: no such account, from %s", self.get_client_ip(request))

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.full_name, user.language = form.cleaned_data["full_name"], get_language() or "en"
        return super().save_user(request, user, form, commit)

    def render_mail(self, template_prefix: str, email: Any, context: dict[str, Any], headers: Any = None) -> Any:
        """Mails address the person by name, where an account tells it."""
        user = context.get("user") or User.objects.filter(email__iexact=str(email)).first()
        return super().render_mail(template_prefix, email, {**context, "name": user.full_name if user else ""}, headers)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """The link carries the page that was wanted, so that it is found from another browser too."""
        url = str(super().get_email_confirmation_url(request, emailconfirmation))
        target = request.POST.get("next") or request.GET.get("next") or ""
        safe = target and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
        return f"{url}?{urlencode({'next': target})}" if safe else url

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        if self.request.user.is_authenticated:
            return str(self.get_login_redirect_url(self.request))
        return resolve_url("account_login")

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        address = self.get_client_ip(request)
        keep_language(user, get_language())
        record(verb="signed in", subject=user, actor=user, detail={"from": address})
        note_session(request, user, address)
        return super().post_login(request, user, **options)

    def send_account_already_exists_mail(self, email: str) -> None:
        """Hashes a password as a new account would, so that the time of the answer tells nothing of who has an account."""
        make_password(get_random_string(20))
        super().send_account_already_exists_mail(email)

    def set_password(self, user: Any, password: str) -> None:
        """Whoever changes a password wants others out: sessions end by Django's hash, tokens here."""
        with transaction.atomic():
            super().set_password(user, password)
            ended, _rows = AccessToken.objects.filter(user=user).delete()
            record(verb="password changed", subject=user, actor=user, detail={"tokens_ended": ended})
