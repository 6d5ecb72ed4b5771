"""The page on which a team submits: what is expected, what remains, and what became of the newest files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from challenges import question_words as words
from challenges.charter import has_signed
from challenges.frame import spec_of
from challenges.lookup import visible_question
from challenges.models import Challenge, Charter, Phase, Question, Team
from challenges.question_words import ColumnWords
from challenges.timeline import phase_state, phase_title
from core.attachments import attachment
from core.clock import database_now
from core.pages import render_page
from core.words import say
from scoring.declared import resources_of
from scoring.known_cases import kit_for, sample_for
from scoring.models import Submission
from scoring.permissions import entered_team
from scoring.quota import Remaining, remaining
from scoring.results import SubmissionRow, submission_rows
from scoring.submit import submissions_phases
from uploads.models import Upload
from uploads.reasons import UploadFault

LATEST = 5


@dataclass(frozen=True)
class PhaseRow:
    """A phase that takes submissions, and what remains of the team's attempts in it."""

    phase: Phase
    title: str
    state: str
    remaining: Remaining


@dataclass(frozen=True)
class FigureField:
    """A figure that the question asks of the method."""

    name: str
    title: str


@dataclass(frozen=True)
class SubmitPage:
    """`current` is the phase that is open, `next` the one that opens next; `excluded` says why the team is excluded."""

    challenge: Challenge
    question: Question
    name: str
    entered: bool
    team: Team
    phases: Sequence[PhaseRow]
    current: PhaseRow | None
    next: PhaseRow | None
    signed: bool
    excluded: str
    submission: Sequence[str]
    columns: Sequence[ColumnWords]
    limits: Sequence[str]
    figures: Sequence[FigureField]
    declarations: Sequence[str]


def _team_question(request: HttpRequest, challenge: str, question: str) -> tuple[Question, Team]:
    """The question and the person's team in it; who has none gets a 404."""
    row = visible_question(request.user, f"{challenge}/{question}")
    team = entered_team(request.user, row)
    if team is None:
        raise Http404
    return row, team


@login_required
@require_safe
def submit_page(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """What is expected, what remains, until when, and the field to drop the file on."""
    row, team = _team_question(request, challenge, question)
    spec, now = spec_of(row), database_now()
    phases = [_phase_row(team, phase, now) for phase in submissions_phases(row)]
    opened = [phase for phase in phases if phase.state == "open"]
    page = SubmitPage(
        challenge=row.challenge,
        question=row,
        name=f"{row.challenge.slug}/{row.slug}",
        entered=True,
        team=team,
        phases=phases,
        current=opened[-1] if opened else None,
        next=next((phase for phase in phases if phase.state == "upcoming"), None),
        signed=has_signed(request.user, row.challenge, Charter.Audience.TEAM),
        excluded=team.entries.get(question=row).excluded_reason,
        submission=words.submission(spec),
        columns=words.columns(spec),
        limits=words.limits(spec),
        figures=[FigureField(resource.name, say(resource.title)) for resource in resources_of(spec)],
        declarations=[text.says(get_language() or "en") for text in spec.rules.declarations],
    )
    return render_page(request, "scoring/submit.html", page)


def _phase_row(team: Team, phase: Phase, now: datetime) -> PhaseRow:
    left = remaining(team=team, phase=phase, now=now)
    return PhaseRow(phase, phase_title(phase), phase_state(phase, now), left)


@dataclass(frozen=True)
class TeamUpload:
    """An upload that has not become a submission: it waits to be accepted, or was refused for these reasons."""

    upload: Upload
    waits: bool
    reasons: Sequence[UploadFault]


@dataclass(frozen=True)
class Verdicts:
    rows: Sequence[SubmissionRow]
    uploads: Sequence[TeamUpload]


@login_required
@require_safe
def verdicts(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """A fragment: the newest submissions of the team, and the own uploads that became none, with every reason."""
    row, team = _team_question(request, challenge, question)
    own = Submission.objects.filter(team=team, phase__question=row).select_related("phase__question", "upload")
    refused = Upload.objects.visible_to(request.user).filter(
        question=row, kind=Upload.Kind.SUBMISSION, state__in=[Upload.State.REFUSED, Upload.State.STORED]
    )
    uploads = [
        TeamUpload(
            upload=upload,
            waits=upload.state == Upload.State.STORED,
            reasons=[
                UploadFault(fault["reason"], "", say(fault["template"], fault["values"])) for fault in upload.faults
            ],
        )
        for upload in refused[:LATEST]
    ]
    return render_page(request, "scoring/verdicts.html", Verdicts(submission_rows(own[:LATEST]), uploads))


@require_safe
def sample(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """A sample submission; with the cases' own ids and grids for those who may see the batch that is answered."""
    return attachment(*sample_for(request.user, visible_question(request.user, f"{challenge}/{question}")))


@require_safe
def kit(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """The starter kit: data dictionary, terms, sample submission, baseline as script and notebook."""
    return attachment(*kit_for(request.user, visible_question(request.user, f"{challenge}/{question}")))
