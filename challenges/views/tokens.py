"""One's access tokens for scripts: made here, shown once, revoked here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from challenges.forms import TokenForm
from challenges.tokens import issue_token, revoke_token
from core.clock import database_now
from core.models import AccessToken
from core.pages import render_page


@dataclass(frozen=True)
class TokensPage:
    """`secret`: of the token that was issued with this answer, else empty."""

    form: TokenForm
    secret: str
    tokens: QuerySet[AccessToken]
    now: datetime


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The answer to the form is the only page that ever shows the secret: it is neither stored nor redirected to."""
    form, secret = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        _token, secret = issue_token(user=request.user, **form.cleaned_data)
        form = TokenForm()
    page = TokensPage(
        form=form,
        secret=secret,
        tokens=AccessToken.objects.filter(user=request.user.pk).order_by("-created_at"),
        now=database_now(),
    )
    return render_page(request, "challenges/tokens.html", page, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke(request: HttpRequest, token: int) -> HttpResponse:
    row = get_object_or_404(AccessToken, pk=token, user=request.user.pk)
    revoke_token(token=row)
    messages.success(request, _("The token “%(name)s” has been revoked.") % {"name": row.name})
    return redirect("challenges:tokens")
