"""The first page: for a visitor the challenges, for everybody else what waits for them and the next step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from anonymization.models import Review
from batches.models import Batch
from challenges.charter import signing_state
from challenges.frame import spec_of
from challenges.models import Centre, Challenge, Membership, Question, Role, Team
from challenges.permissions import may_found
from challenges.timeline import phase_state, phase_title
from core.clock import database_now
from core.models import Work
from core.words import localised
from grading.queues import queues_of
from uploads.included import INCLUDED
from uploads.models import Exam


@dataclass
class Task:
    """One thing a person can do next. `url` empty: nothing to press, only to know."""

    title: str
    note: str = ""
    url: str = ""
    action: str = ""
    icon: str = "chevron-right"
    tone: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Section:
    """What a person is in one challenge."""

    title: str
    challenge: Challenge
    tasks: list[Task]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Sections by role, and the list of challenges below (for visitors: above all)."""
    user = request.user
    sections: list[Section] = []
    if user.is_authenticated:
        sections = [*_organiser(user), *_centres(user), *_reader(user), *_teams(user), *_juror(user)]
    context = {
        "sections": sections,
        "challenges": _listed(user),
        "may_found": may_found(user),
    }
    return render(request, "pages/home.html", context)


def _listed(user: Any) -> list[dict[str, Any]]:
    now, language = database_now(), get_language() or "en"
    rows = (
        Challenge.objects.visible_to(user)
        .annotate(
            centres_count=Count("centres", distinct=True),
            teams_count=Count("teams", filter=Q(teams__state=Team.State.APPROVED), distinct=True),
        )
        .prefetch_related("questions__phases__question")
        .order_by("-created_at")[:50]
    )
    listed = []
    for challenge in rows:
        phases = [phase for question in challenge.questions.all() for phase in question.phases.all()]
        running = [phase for phase in phases if phase_state(phase, now) == "open"]
        ahead = sorted((phase for phase in phases if phase.opens > now), key=lambda phase: phase.opens)
        listed.append(
            {
                "challenge": challenge,
                "summary": localised(challenge.summary, language),
                "questions": [str(question) for question in challenge.questions.all()],
                "running": sorted({phase_title(phase) for phase in running}),
                "next": ahead[0] if ahead and not running else None,
                "next_title": phase_title(ahead[0]) if ahead and not running else "",
            }
        )
    return listed


def _organiser(user: Any) -> list[Section]:
    """Organised challenges by role (a superuser sees all of them in the list below)."""
    challenges = list(
        Challenge.objects.filter(roles__user=user, roles__kind="organiser").distinct().order_by("-created_at")[:10]
    )
    ids = [one.pk for one in challenges]
    reviews = _counted(
        Review.objects.filter(exam__question__challenge__in=ids, state="open"), "exam__question__challenge"
    )
    applied = _counted(Team.objects.filter(challenge__in=ids, state=Team.State.APPLIED), "challenge")
    failed = _counted(Work.objects.filter(challenge_id__in=ids, state=Work.State.FAILED), "challenge_id")
    questions = _counted(Question.objects.filter(challenge__in=ids), "challenge")
    sections = []
    for one in challenges:
        slug = [one.slug]
        tasks = []
        if not questions.get(one.pk):
            tasks.append(
                Task(
                    _("Load the first question"),
                    _("From the catalogue, or a file of your own."),
                    reverse("pages:setup", args=slug),
                    _("Questions"),
                    "file-earmark-text",
                )
            )
        elif one.state == Challenge.State.DRAFT:
            tasks.append(
                Task(
                    _("The challenge is a draft"),
                    _("Only organisers see it. Open it when it is ready."),
                    reverse("pages:console", args=slug),
                    _("Console"),
                    "unlock",
                )
            )
        if n := reviews.get(one.pk, 0):
            note = ngettext("%(n)s exam waits for a look.", "%(n)s exams wait for a look.", n) % {"n": n}
            tasks.append(
                Task(_("Reviews"), note, reverse("anonymization:reviews", args=slug), _("Look"), "eye", "warn")
            )
        if n := applied.get(one.pk, 0):
            note = ngettext("%(n)s team waits for approval.", "%(n)s teams wait for approval.", n) % {"n": n}
            tasks.append(Task(_("Teams"), note, reverse("pages:people", args=slug), _("People"), "people", "warn"))
        if n := failed.get(one.pk, 0):
            note = ngettext("%(n)s piece of work failed.", "%(n)s pieces of work failed.", n) % {"n": n}
            tasks.append(
                Task(_("Failed work"), note, reverse("pages:work", args=slug), _("Look"), "exclamation-triangle", "bad")
            )
        if not tasks:
            tasks.append(
                Task(
                    _("Nothing waits for you"),
                    _("All stages at a glance on the console."),
                    reverse("pages:console", args=slug),
                    _("Console"),
                    "check-circle",
                    "good",
                )
            )
        links = [
            (_("Console"), reverse("pages:console", args=slug)),
            (_("People"), reverse("pages:people", args=slug)),
            (_("Timeline"), reverse("pages:timeline", args=slug)),
        ]
        tasks[0].links = [(label, url) for label, url in links if url != tasks[0].url]
        sections.append(Section(_("Organiser"), one, tasks))
    return sections


def _counted(rows: Any, by: str) -> dict[int, int]:
    return {row[by]: row["n"] for row in rows.order_by().values(by).annotate(n=Count("pk"))}


def _how_many(sent: dict[str, int]) -> str:
    """ "12 sent, 1 included, 1 refused": each with its own number."""
    total, included, refused = sent["total"], sent["included"], sent["refused"]
    parts = [
        ngettext("%(n)s sent", "%(n)s sent", total) % {"n": total},
        ngettext("%(n)s included", "%(n)s included", included) % {"n": included},
        ngettext("%(n)s refused", "%(n)s refused", refused) % {"n": refused},
    ]
    return f"{', '.join(parts)}."


def _centres(user: Any) -> list[Section]:
    """For each question of the person's centres: exams so far, refused ones, and the way to send more."""
    centres = list(
        Centre.objects.filter(memberships__user=user).select_related("challenge").order_by("-challenge__created_at")
    )
    visible = set(Challenge.objects.visible_to(user).filter(centres__in=centres).values_list("pk", flat=True))
    counts: dict[tuple[int, int], dict[str, int]] = {}
    rows = Exam.objects.filter(centre__in=centres).order_by().values("centre", "question")
    for row in rows.annotate(
        included=Count("pk", filter=Q(state__in=INCLUDED)),
        refused=Count("pk", filter=Q(state="refused")),
        total=Count("pk"),
    ):
        counts[row["centre"], row["question"]] = {key: row[key] for key in ("included", "refused", "total")}
    now = database_now()
    sections = []
    for centre in centres:
        if centre.challenge_id not in visible:
            continue
        tasks = _unsigned(user, centre.challenge, "centre")
        for question in centre.challenge.questions.prefetch_related("phases"):
            spec = spec_of(question)
            accepting = [
                phase
                for phase in question.phases.all()
                if phase.name in spec.phases and spec.phases[phase.name].accepts == "exams"
            ]
            open_ = not accepting or any(phase.is_open(now) for phase in accepting)
            sent = counts.get((centre.pk, question.pk), {"total": 0, "included": 0, "refused": 0})
            note = _how_many(sent)
            both = [centre.challenge.slug, question.slug]
            links = [(_("My exams"), reverse("uploads:exams", args=both))]
            url = reverse("uploads:upload", args=both) if open_ else reverse("uploads:exams", args=both)
            tasks.append(
                Task(
                    str(question),
                    note,
                    url,
                    _("Send exams") if open_ else _("My exams"),
                    "upload",
                    links=links if open_ else [],
                )
            )
        sections.append(Section(str(centre), centre.challenge, tasks))
    return sections


def _unsigned(user: Any, challenge: Challenge, audience: str) -> list[Task]:
    if signing_state(user, challenge).get(audience, True):
        return []
    return [
        Task(
            _("Sign the charter"),
            _("Everything else opens once it is signed."),
            reverse("challenges:charter", args=[challenge.slug, audience]),
            _("Read and sign"),
            "pen",
            "warn",
        )
    ]


def _reader(user: Any) -> list[Section]:
    by_challenge: dict[Challenge, list[Task]] = {}
    for queue in queues_of(user):
        tasks = by_challenge.setdefault(queue.question.challenge, [])
        if not queue.signed and not tasks:
            tasks += _unsigned(user, queue.question.challenge, "reader")
        if queue.waiting:
            note = ngettext("%(n)s exam waits for your grade.", "%(n)s exams wait for your grade.", queue.waiting) % {
                "n": queue.waiting
            }
            tasks.append(Task(str(queue.question), note, reverse("grading:queue"), _("Read"), "eye", "accent"))
        else:
            tasks.append(Task(str(queue.question), _("No exam waits for you."), icon="check-circle", tone="good"))
    return [Section(_("Reader"), challenge, tasks) for challenge, tasks in by_challenge.items()]


def _teams(user: Any) -> list[Section]:
    memberships = Membership.objects.filter(user=user).exclude(team__state=Team.State.WITHDRAWN)
    sections = []
    now = database_now()
    visible = Challenge.objects.visible_to(user)
    for one in (
        memberships.filter(team__challenge__in=visible)
        .select_related("team__challenge")
        .order_by("-team__challenge__created_at")
    ):
        team, challenge = one.team, one.team.challenge
        own = reverse("challenges:team", args=[challenge.slug])
        if team.state != Team.State.APPROVED:
            note = {
                "applied": _("An organiser looks at your registration."),
                "rejected": _("Your registration was rejected."),
            }
            sections.append(
                Section(
                    str(team),
                    challenge,
                    [Task(str(team), note.get(team.state, ""), own, _("My team"), "people", "warn")],
                )
            )
            continue
        tasks = _unsigned(user, challenge, "team")
        entered = list(Question.objects.filter(entries__team=team).prefetch_related("phases").order_by("position"))
        out = _counted(Batch.objects.visible_to(user).filter(question__in=entered, released_at__lte=now), "question")
        for question in entered:
            both = [challenge.slug, question.slug]
            running = [phase for phase in question.phases.all() if phase.batch and phase.is_open(now)]
            n = out.get(question.pk, 0)
            batches = ngettext("%(n)s batch to download.", "%(n)s batches to download.", n) % {"n": n}
            links = [
                (_("Data"), reverse("batches:data", args=both)),
                (_("Board"), reverse("leaderboard:board", args=both)),
            ]
            if running:
                tasks.append(
                    Task(
                        str(question),
                        _("Submissions are open. %(batches)s") % {"batches": batches},
                        reverse("scoring:submit", args=both),
                        _("Submit"),
                        "send",
                        "accent",
                        links,
                    )
                )
            else:
                tasks.append(
                    Task(
                        str(question),
                        batches,
                        reverse("batches:data", args=both),
                        _("Data"),
                        "download",
                        links=links[1:],
                    )
                )
        if not entered:
            tasks.append(
                Task(_("Enter a question"), _("Your team takes part in none yet."), own, _("My team"), "flag", "warn")
            )
        sections.append(Section(str(team), challenge, tasks))
    return sections


def _juror(user: Any) -> list[Section]:
    roles = Role.objects.filter(user=user, kind=Role.Kind.JUROR, challenge__in=Challenge.objects.visible_to(user))
    sections = []
    for role in roles.select_related("challenge", "question"):
        tasks = _unsigned(user, role.challenge, "juror")
        questions = [role.question] if role.question else list(role.challenge.questions.all())
        for question in questions:
            if spec_of(question).jury is not None:
                url = reverse("scoring:jury", args=[role.challenge.slug, question.slug])
                tasks.append(
                    Task(str(question), _("Mark the generated cases, blind."), url, _("Jury"), "star", "accent")
                )
        if tasks:
            sections.append(Section(_("Juror"), role.challenge, tasks))
    return sections
