"""The board, for everybody who may see the challenge; organisers look ahead, also through others' eyes."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.lookup import visible_question
from challenges.models import Question, Team
from challenges.question_words import number
from challenges.timeline import phase_title
from core.clock import database_now
from core.models import User
from leaderboard.board import board as board_data
from leaderboard.models import Announcement, Ranking
from leaderboard.page import fragment, podium
from scoring.permissions import entered_team, is_organiser
from scoring.results import part_words


@require_safe
def board(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The table with everything behind it, the winners once they are announced."""
    found = visible_question(request.user, f"{challenge}/{question}")
    organises = is_organiser(request.user, found)
    viewer, seen_as = _viewer(request, found, organises)
    phase, part = request.GET.get("phase", ""), request.GET.get("part", "")
    shown, lines = fragment(viewer, found, phase, part)
    if shown is None:
        raise Http404
    announcement = _announcement(viewer, found)
    context = {
        "challenge": found.challenge,
        "question": found,
        "entered": entered_team(request.user, found) is not None,
        "organises": organises,
        "seen_as": seen_as,
        "board": shown,
        "table": lines,
        "tabs": _tabs(viewer, found, shown, seen_as),
        "part_words": part_words(shown["part"]) if shown["part"] else "",
        "podium": _podium(shown) if shown["out"] and _decides(found, shown) else [],
        "announcement": announcement,
        "announced": announcement is not None and announcement.announced_at <= database_now(),
        "downloads": f"?phase={shown['phase']}&part={shown['part']}" if shown["phase"] else "",
        "teams": Team.objects.filter(entries__question=found).order_by("name") if organises else [],
    }
    return render(request, "leaderboard/board.html", context)


def _viewer(request: HttpRequest, question: Question, organises: bool) -> tuple[Any, str]:
    """Whose eyes: the reader's own, or for organisers a visitor's (`as=visitor`) or a team's (`as=<slug>`)."""
    wished = request.GET.get("as", "")
    if not wished or not organises:
        return request.user, ""
    if wished == "visitor":
        return AnonymousUser(), wished
    member = (
        question.entries.filter(team__slug=wished, team__state=Team.State.APPROVED)
        .values_list("team__memberships__user", flat=True)
        .first()
    )
    person = None if member is None else User.objects.filter(pk=member).first()
    if person is None:
        raise Http404
    return person, wished


def _announcement(viewer: Any, question: Question) -> Announcement | None:
    visible = Announcement.objects.visible_to(viewer).filter(question=question)
    return visible.select_related("best_centre").prefetch_related("winners").first()


def _decides(question: Question, shown: dict[str, Any]) -> bool:
    return question.phases.filter(name=shown["phase"], decides=True).exists() and shown["part"] != "public"


def _podium(shown: dict[str, Any]) -> list[dict[str, Any]]:
    titles = {"rank_sum": _("Sum of ranks"), "rank_mean": _("Mean of ranks")}
    return [
        {
            "place": row["place"],
            "team": row["team"],
            "score": None
            if row["value"] is None
            else f"{row['title'] or titles.get(shown['rule'].get('rule'), _('Total'))} {number(row['value'])}",
        }
        for row in podium(shown)
    ]


def _tabs(viewer: Any, question: Question, shown: dict[str, Any], seen_as: str) -> list[dict[str, Any]]:
    """A tab for each phase and part that has a ranking this person may see; none where there is one alone."""
    visible = Ranking.objects.visible_to(viewer).filter(question=question).select_related("phase__question")
    found: dict[tuple[str, str], str] = {}
    for ranking in visible.defer("snapshot", "statistics").order_by("phase__opens", "part"):
        words = part_words(ranking.part) if ranking.part != "all" else ""
        title = phase_title(ranking.phase)
        found[ranking.phase.name, ranking.part] = f"{title}, {words}" if words else title
    if len(found) < 2:
        return []
    also = f"&as={seen_as}" if seen_as else ""
    return [
        {
            "label": label,
            "url": f"?phase={phase}&part={part}{also}",
            "active": (phase, part) == (shown["phase"], shown["part"]),
        }
        for (phase, part), label in found.items()
    ]


@require_safe
def board_csv(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The board as a table: rounded as it is shown, nothing that the page does not say."""
    found = visible_question(request.user, f"{challenge}/{question}")
    shown = board_data(request.user, found, phase=request.GET.get("phase", ""), part=request.GET.get("part", ""))
    if shown is None:
        raise Http404
    name = f"{found.challenge.slug}-{found.slug}-board.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    names = [column["name"] for column in shown["columns"]]
    writer = csv.writer(response, lineterminator="\n")
    writer.writerow(["place", "team", "status", *names, "total", "place_low", "place_high", "reason"])
    for line in shown["lines"]:
        writer.writerow(
            [
                line["place"],
                _inert(line["team"]),
                line["status"],
                *(line["scores"].get(name) for name in names),
                line["total"],
                *(line["places"] or (None, None)),
                _inert(line["reason"]),
            ]
        )
    return response


def _inert(text: str) -> str:
    """A name that a spreadsheet would take for a formula is made a text."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
