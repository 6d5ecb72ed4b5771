"""Who can see truth or identities signs in with a second factor, and again before what cannot be taken back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allauth.account import app_settings as account_settings
from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_noop

from challenges.models import Role
from core.errors import NotAllowedError
from core.refusals import step_refusal

FREE = ("/accounts/", "/i18n/", "/static/", "/healthz", "/readyz")  # where a second factor is set up
PRIVILEGED = (Role.Kind.ORGANISER, Role.Kind.PROTECTION_OFFICER)
# Roles, keys, release, reveal and publication: a stolen session alone must not be enough for them.
CONFIRMED = {
    *("pages:invite", "pages:revoke_role", "pages:revoke_membership", "pages:freeze_split", "pages:release_batch"),
    *("pages:revoke_batch", "pages:publish", "pages:announce", "challenges:tokens"),
    *("role-list", "role-revoke", "invitation-list", "split-freeze", "batch-reschedule", "batch-revoke"),
    *("ranking-publish", "announcement-list", "token-list", "centre-key"),
}


class SecondFactorRequiredError(NotAllowedError):
    reason = "second_factor"


class SignInAgainError(NotAllowedError):
    reason = "sign_in_again"


class SecondFactorMiddleware:
    """For sessions; a token was made by a person who had signed in in this way, and its scopes limit it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, words: Any, named: Any) -> HttpResponse | None:
        """An answer instead of the view's where a factor or a fresh sign-in is missing."""
        if not settings.SECOND_FACTOR or not request.user.is_authenticated or request.path.startswith(FREE):
            return None
        if lacks_second_factor(request.user):
            error = SecondFactorRequiredError(
                gettext_noop("Your role requires a second factor. Set one up on your account page and sign in again.")
            )
            return _refused(request, error) or redirect("mfa_index")
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name not in CONFIRMED or request.method in ("GET", "HEAD", "OPTIONS") or signed_in_recently(request):
            return None
        again = SignInAgainError(gettext_noop("Enter your password again on your account page, then repeat this."))
        return _refused(request, again) or suspend_request(request, reverse("account_reauthenticate"))


def lacks_second_factor(user: Any) -> bool:
    """Site staff, organisers and data protection officers need one."""
    privileged = user.is_staff or Role.objects.filter(user=user, kind__in=PRIVILEGED).exists()
    return privileged and not is_mfa_enabled(user)


def signed_in_recently(request: HttpRequest) -> bool:
    """By password or key in this session, no longer ago than allauth's own limit."""
    moments = [method["at"] for method in request.session.get("account_authentication_methods", [])]
    return time.time() - max(moments, default=0) < account_settings.REAUTHENTICATION_TIMEOUT


def _refused(request: HttpRequest, error: NotAllowedError) -> HttpResponse | None:
    """For scripts an answer of the API; None for a page, which leads to where the person can do it."""
    return JsonResponse(step_refusal(error), status=403) if request.path.startswith("/api/") else None
