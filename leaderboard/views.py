"""The board, for everybody who may see the challenge; organisers look ahead, also through others' eyes."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from challenges.lookup import visible_challenge, visible_question
from challenges.models import Challenge, Question, Role, Team
from challenges.permissions import has_role, require_organiser
from challenges.question_words import number
from challenges.timeline import phase_title
from concours.formats.values import inert_cell
from core.attachments import attachment
from core.clock import database_now
from core.models import User
from core.pages import render_page
from core.visitor_pages import kept_for_visitors
from core.words import labelled
from leaderboard.board import board as board_data
from leaderboard.board import number_in
from leaderboard.certificates import KINDS, certificates_for, own_kinds
from leaderboard.edition_files import TYPES, write_tables
from leaderboard.edition_parts import EditionTable
from leaderboard.edition_tables import edition_tables
from leaderboard.methods import methods_draft
from leaderboard.models import Announcement, Ranking
from leaderboard.page import fragment, podium
from leaderboard.pdf.certificates import certificates_pdf
from scoring.permissions import entered_team, is_organiser
from scoring.results import part_words

CERTIFICATE_TITLES = {
    "teams": gettext_lazy("Certificates of teams"),
    "centres": gettext_lazy("Certificates of centres"),
    "readers": gettext_lazy("Certificates of readers"),
    "jurors": gettext_lazy("Certificates of jurors"),
}


@dataclass(frozen=True)
class CertificateLink:
    """A file of certificates that the reader can fetch."""

    title: Promise
    kind: str


@dataclass(frozen=True)
class EditionPage:
    """`preview`: only organisers can see the tables yet; `kinds` of files they can be downloaded as."""

    challenge: Challenge
    tables: list[EditionTable]
    preview: bool
    kinds: list[str]
    certificates: list[CertificateLink]
    organises: bool


@dataclass(frozen=True)
class PodiumStep:
    """A winner as the component `podium` shows it; `score` with its name."""

    place: int
    team: str
    score: str | None


@dataclass(frozen=True)
class BoardTab:
    label: str
    url: str
    active: bool


@dataclass(frozen=True)
class BoardPage:
    """`board` is the document of `leaderboard.board`, `table` its lines as HTML; `downloads` and `same_board` are queries of
    addresses. `seen_as`: whose eyes an organiser looks through.
    """

    challenge: Challenge
    question: Question
    entered: bool
    organises: bool
    seen_as: str
    board: dict[str, Any]
    table: SafeString
    tabs: list[BoardTab]
    part_words: str
    podium: list[PodiumStep]
    announcement: Announcement | None
    announced: bool
    downloads: str
    same_board: str
    teams: Iterable[Team]


@require_safe
@kept_for_visitors()
def edition(request: HttpRequest, challenge: str) -> HttpResponse:
    """The tables of the edition, as they are published and printed."""
    challenge_row = visible_challenge(request.user, challenge)
    tables = edition_tables(challenge_row, request.user)
    announced = Announcement.objects.visible_to(AnonymousUser()).filter(question__challenge=challenge_row).exists()
    page = EditionPage(
        challenge=challenge_row,
        tables=tables,
        preview=bool(tables) and not announced,
        kinds=list(TYPES),
        certificates=[
            CertificateLink(CERTIFICATE_TITLES[kind], kind) for kind in own_kinds(challenge_row, request.user)
        ],
        organises=has_role(request.user, challenge_row, Role.Kind.ORGANISER),
    )
    return render_page(request, "leaderboard/edition.html", page)


@require_safe
def edition_file(request: HttpRequest, challenge: str, kind: str) -> HttpResponse:
    """The same tables as one file."""
    challenge_row = visible_challenge(request.user, challenge)
    tables = edition_tables(challenge_row, request.user)
    if kind not in TYPES or not tables:
        raise Http404
    return attachment(f"{challenge_row.slug}-results.{kind}", write_tables(tables, kind, results_title(challenge_row)))


@login_required
@require_safe
def certificates(request: HttpRequest, challenge: str, kind: str) -> HttpResponse:
    """One's own certificates of a kind; for organisers all of them, one a page."""
    challenge_row = visible_challenge(request.user, challenge)
    granted = certificates_for(challenge_row, request.user, kind) if kind in KINDS else []
    if not granted:
        raise Http404
    return attachment(f"{challenge_row.slug}-{kind}.pdf", certificates_pdf(str(challenge_row), granted))


@login_required
@require_safe
def methods(request: HttpRequest, challenge: str) -> HttpResponse:
    """A draft of the methods section, for organisers."""
    challenge_row = visible_challenge(request.user, challenge)
    require_organiser(request.user, challenge_row)
    questions = list(challenge_row.questions.select_related("challenge"))
    return attachment(f"{challenge_row.slug}-methods.md", methods_draft(challenge_row, questions))


def results_title(challenge: Challenge) -> str:
    """What the printed tables are headed with."""
    return labelled(challenge, _("Results"))


@require_safe
@kept_for_visitors("phase", "part", "number")
def board(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The table with everything behind it, the winners once they are announced."""
    question_row = visible_question(request.user, f"{challenge}/{question}")
    organises = is_organiser(request.user, question_row)
    viewer, seen_as = _viewer(request, question_row, organises)
    phase, part = request.GET.get("phase", ""), request.GET.get("part", "")
    shown, lines = fragment(viewer, question_row, phase, part, number_in(request.GET.get("number", "")))
    if shown is None:
        raise Http404
    announcement = _announcement(viewer, question_row)
    same_board = f"?phase={shown['phase']}&part={shown['part']}" if shown["phase"] else ""
    page = BoardPage(
        challenge=question_row.challenge,
        question=question_row,
        entered=entered_team(request.user, question_row) is not None,
        organises=organises,
        seen_as=seen_as,
        board=shown,
        table=lines,
        tabs=_tabs(viewer, question_row, shown, seen_as),
        part_words=part_words(shown["part"]) if shown["part"] else "",
        podium=_podium(shown) if shown["out"] and not shown["replaced_by"] and _decides(question_row, shown) else [],
        announcement=announcement,
        announced=announcement is not None and announcement.announced_at <= database_now(),
        downloads=f"{same_board}&number={shown['number']}" if same_board else "",
        same_board=same_board,
        teams=Team.objects.filter(entries__question=question_row).order_by("name") if organises else [],
    )
    return render_page(request, "leaderboard/board.html", page)


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


def _podium(shown: dict[str, Any]) -> list[PodiumStep]:
    titles = {"rank_sum": _("Sum of ranks"), "rank_mean": _("Mean of ranks")}
    total = titles.get(shown["rule"].get("rule"), _("Total"))
    return [
        PodiumStep(
            place=row.place,
            team=row.team,
            score=None if row.value is None else f"{row.title or total} {number(row.value)}",
        )
        for row in podium(shown)
    ]


def _tabs(viewer: Any, question: Question, shown: dict[str, Any], seen_as: str) -> list[BoardTab]:
    """A tab for each phase and part that has a ranking this person may see; none where there is one alone."""
    visible = Ranking.objects.visible_to(viewer).filter(question=question).select_related("phase__question")
    labels: dict[tuple[str, str], str] = {}
    for ranking in visible.defer("snapshot", "statistics").order_by("phase__opens", "part"):
        words = part_words(ranking.part) if ranking.part != "all" else ""
        title = phase_title(ranking.phase)
        labels[ranking.phase.name, ranking.part] = f"{title}, {words}" if words else title
    if len(labels) < 2:
        return []
    also = f"&as={seen_as}" if seen_as else ""
    return [
        BoardTab(
            label=label,
            url=f"?phase={phase}&part={part}{also}",
            active=(phase, part) == (shown["phase"], shown["part"]),
        )
        for (phase, part), label in labels.items()
    ]


@require_safe
def board_csv(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The board as a table: rounded as it is shown, nothing that the page does not say."""
    question_row = visible_question(request.user, f"{challenge}/{question}")
    wished = {name: request.GET.get(name, "") for name in ("phase", "part")}
    shown = board_data(request.user, question_row, **wished, number=number_in(request.GET.get("number", "")))
    if shown is None:
        raise Http404
    name = f"{question_row.challenge.slug}-{question_row.slug}-board.csv"
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
                inert_cell(line["team"]),
                line["status"],
                *(line["scores"].get(name) for name in names),
                line["total"],
                *(line["places"] or (None, None)),
                inert_cell(line["reason"]),
            ]
        )
    return response
