"""Read a charter and sign it with one's full name."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from challenges.charter import charter_in_force, sign_charter
from challenges.forms import SignatureForm
from challenges.lookup import visible_challenge
from challenges.models import Challenge, Charter, CharterSignature
from core.errors import StepError
from core.pages import render_page
from core.prose import render_prose
from core.words import localised


@dataclass(frozen=True)
class CharterPage:
    """`signature` of the version in force; `older`: the newest version that the person signed."""

    challenge: Challenge
    audience: str
    charter: Charter | None
    text: str
    form: SignatureForm
    signature: CharterSignature | None
    older: CharterSignature | None


@require_http_methods(["GET", "HEAD", "POST"])
def charter(request: HttpRequest, challenge: str, audience: str) -> HttpResponse:
    """The version in force; whoever signed an older one is asked again."""
    challenge_row = visible_challenge(request.user, challenge)
    if audience not in Charter.Audience.values:
        raise Http404
    current = charter_in_force(challenge_row, audience)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    form = SignatureForm(request.POST or None, initial={"name": getattr(request.user, "full_name", "")})
    if request.method == "POST" and current is not None and form.is_valid():
        try:
            sign_charter(
                charter=Charter.objects.select_related("challenge").get(pk=request.POST.get("version") or current.pk),
                user=request.user,
                name=form.cleaned_data["name"],
                address=request.META.get("REMOTE_ADDR") or None,
            )
        except (StepError, Charter.DoesNotExist, ValueError) as error:
            form.add_error(None, error.words() if isinstance(error, StepError) else _("This charter does not exist."))
        else:
            messages.success(request, _("You have signed the charter."))
            return redirect(_next(request) or "home")  # whose tasks go on with what needed the signature
    signed = (
        list(
            CharterSignature.objects.filter(
                user=request.user, charter__challenge=challenge_row, charter__audience=audience
            )
            .select_related("charter")
            .order_by("-charter__version")
        )
        if request.user.is_authenticated
        else []
    )
    page = CharterPage(
        challenge=challenge_row,
        audience=audience,
        charter=current,
        text=render_prose(localised(current.text, get_language() or "en")) if current else "",
        form=form,
        signature=next((signature for signature in signed if current and signature.charter_id == current.pk), None),
        older=signed[0] if signed else None,
    )
    return render_page(request, "challenges/charter.html", page, status=422 if form.errors else 200)


def _next(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of this site."""
    target = request.GET.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else ""
