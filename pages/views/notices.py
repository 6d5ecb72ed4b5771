"""A person's notices, how they arrive, and the link that ends mails of one kind without a sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.models import MailTiming, Notice, NoticePreference
from core.notice_mail import DIGEST, NoticeEntry, entry_of, read_unsubscribe, unsubscribe
from core.notices import choose_delivery, delivery_of, mark_seen
from core.pages import render_page
from core.registry import notice_kinds

PER_PAGE = 30


@dataclass(frozen=True)
class KindChoice:
    """One line of the preferences."""

    name: str
    title: str
    delivery: str
    is_essential: bool


@dataclass(frozen=True)
class NoticesPage:
    page: Page[Notice]
    entries: list[NoticeEntry]


@dataclass(frozen=True)
class NoticePreferencesPage:
    """`deliveries`: each way of delivery with its words."""

    choices: list[KindChoice]
    deliveries: list[tuple[MailTiming, str]]


@dataclass(frozen=True)
class UnsubscribePage:
    """`title` of the kind, empty for the digest."""

    title: str
    done: bool


@login_required
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The newest first; what is new is marked, and stays new until the person says otherwise or opens it."""
    page = Paginator(Notice.objects.filter(user=request.user.pk), PER_PAGE).get_page(request.GET.get("page"))
    entries = [entry_of(notice) for notice in page]
    return render_page(request, "pages/notices.html", NoticesPage(page, entries))


@login_required
@require_GET
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Leads to the page that the notice is about, and marks it as seen."""
    notice = Notice.objects.filter(user=request.user.pk, pk=pk).first()
    if notice is None:
        raise Http404
    mark_seen(notice.user, [notice.pk])
    return redirect(notice.path or "pages:notices")


@login_required
@require_POST
def all_seen(request: HttpRequest) -> HttpResponse:
    mark_seen(request.user)
    return redirect("pages:notices")


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """One choice for each kind: at once, in the digest, on the page alone."""
    user = request.user
    if request.method == "POST":
        for kind in notice_kinds().values():
            delivery = request.POST.get(kind.name, "")
            if not kind.is_essential and delivery in MailTiming.values:
                choose_delivery(user, kind.name, delivery)
        messages.success(request, _("Your choice is saved."))
        return redirect("pages:notice_preferences")
    chosen = dict(NoticePreference.objects.filter(user=user.pk).values_list("kind", "delivery"))
    choices = [
        KindChoice(kind.name, str(kind.title), delivery_of(kind, chosen.get(kind.name)), kind.is_essential)
        for kind in notice_kinds().values()
    ]
    deliveries = [
        (MailTiming.AT_ONCE, _("At once")),
        (MailTiming.DIGEST, _("In the digest")),
        (MailTiming.PAGE, _("No mail")),
    ]
    return render_page(request, "pages/notice_preferences.html", NoticePreferencesPage(choices, deliveries))


@csrf_exempt
@require_http_methods(["GET", "POST"])
def unsubscribe_page(request: HttpRequest, link: str) -> HttpResponse:
    """Mail programs post here by themselves (RFC 8058), so there is no form token; the signed link is the permission."""
    read = read_unsubscribe(link)
    if read is None:
        raise Http404
    user, kind = read
    if request.method == "POST":
        unsubscribe(user, kind)
    title = "" if kind == DIGEST else str(notice_kinds()[kind].title)
    return render_page(request, "pages/unsubscribe.html", UnsubscribePage(title, request.method == "POST"))
