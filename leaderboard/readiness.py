"""What a publication or an announcement would show too early, or wrongly."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_noop

from challenges.frame import spec_of
from challenges.models import Phase, Question, Team
from concours.evaluation.parts import FINAL, winning_parts
from core.clock import database_now, zoned
from core.readiness import Obstacle, ObstacleSubject
from leaderboard.models import Ranking
from leaderboard.models.ranking import PUBLIC
from scoring.models import Submission
from scoring.rescore import is_being_rescored

TEAM = gettext_noop("%(team)s")
UNSCORED = (Submission.State.RECEIVED, Submission.State.VALID)


def publish_obstacles(ranking: Ranking, at: datetime | None = None) -> list[Obstacle]:
    """Before a ranking is published at this moment (now, where none is given)."""
    moment, phase = max(at or database_now(), database_now()), ranking.phase
    obstacles = _of_ranking(ranking)
    if ranking.part != PUBLIC and moment < phase.closes:
        template = gettext_noop(
            "The phase '%(phase)s' accepts submissions until %(closes)s. Publish its scores on hidden cases after "
            "that: before, they would help teams that still submit."
        )
        values = {"phase": phase.name, "closes": zoned(phase.closes)}
        obstacles.append(Obstacle("phase_open", True, template, values))
    obstacles += _unscored(phase, blocks=False)
    return obstacles


def announce_obstacles(question: Question, ranking: Ranking) -> list[Obstacle]:
    """Before its winners are announced."""
    spec, phase = spec_of(question), ranking.phase
    obstacles = _of_ranking(ranking)
    if ranking.question_id != question.pk or not phase.decides or ranking.part not in winning_parts(spec):
        template = gettext_noop("Only the ranking of the deciding phase, on all hidden cases, can be announced.")
        obstacles.append(Obstacle("not_deciding", True, template))
    elif spec.final is not None and ranking.part != FINAL:
        template = gettext_noop("The question has a final; this ranking is the one before it.")
        obstacles.append(Obstacle("final_pending", False, template))
    if phase.closes > database_now():
        template = gettext_noop("The deciding phase is open until %(closes)s.")
        obstacles.append(Obstacle("phase_open", True, template, {"closes": zoned(phase.closes)}))
    first = [placing.team for placing in ranking.placings.filter(place=1).select_related("team")]
    if not first:
        obstacles.append(Obstacle("nobody_ranked", True, gettext_noop("No team is ranked.")))
    elif len(first) > 1:
        template = gettext_noop("The rule cannot separate these teams; all of them win.")
        obstacles.append(Obstacle("tie", False, template, {}, _teams(first)))
    return obstacles + _unscored(phase, blocks=True)


def _of_ranking(ranking: Ranking) -> list[Obstacle]:
    """What is wrong with the ranking itself."""
    obstacles = []
    if ranking.snapshot.get("awaits_jury"):
        template = gettext_noop("The jury has not finished; the ranking does not include its marks.")
        obstacles.append(Obstacle("provisional", True, template))
    if is_being_rescored(ranking.phase):
        template = gettext_noop("Submissions are being scored again; the ranking mixes old and new scores.")
        obstacles.append(Obstacle("being_rescored", True, template))
    newer = ranking.phase.rankings.filter(part=ranking.part, number__gt=ranking.number).order_by("-number").first()
    if newer is not None:
        template = gettext_noop("Ranking %(number)s is newer than this one.")
        obstacles.append(Obstacle("outdated", False, template, {"number": newer.number}))
    return obstacles


def _unscored(phase: Phase, *, blocks: bool) -> list[Obstacle]:
    """Teams whose submissions are not decided, and teams whose last one the platform could not score."""
    obstacles = []
    sent = phase.submissions.filter(evaluations=None)
    waiting = Team.objects.filter(submissions__in=sent.filter(state__in=UNSCORED)).distinct().order_by("name")
    if waiting:
        template = gettext_noop("Submissions of these teams are not scored yet.")
        obstacles.append(Obstacle("unscored", blocks, template, {}, _teams(waiting)))
    scored = phase.submissions.filter(state=Submission.State.SCORED)
    failed = phase.submissions.filter(state=Submission.State.FAILED)
    lost = Team.objects.filter(submissions__in=failed).exclude(submissions__in=scored).distinct().order_by("name")
    if lost:
        template = gettext_noop("No submission of these teams could be scored, through no fault of theirs.")
        obstacles.append(Obstacle("failed", False, template, {}, _teams(lost)))
    return obstacles


def _teams(teams: object) -> list[ObstacleSubject]:
    return [ObstacleSubject("team", team.slug, TEAM, {"team": team.name}) for team in teams]  # type: ignore[attr-defined]
