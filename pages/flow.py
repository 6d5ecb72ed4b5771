"""What every stage of every question has done and what waits there: a handful of aggregate queries for a whole challenge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from anonymization.models import Review
from batches.models import Batch, Split
from challenges.models import Challenge, Question
from core.clock import database_now
from core.models import Work
from grading.models import Reading
from leaderboard.models import Announcement, Ranking
from leaderboard.models.ranking import OUT
from pages.queue import stuck
from scoring.models import Submission
from uploads.included import INCLUDED
from uploads.models import Exam, Upload

Counts = dict[int, dict[str, int]]


@dataclass
class StageLine:
    """One stage of one question: how many have come through, and what is to be said of the rest."""

    name: str
    count: int | str
    note: str = ""
    tone: str = ""
    url: str = ""


@dataclass
class Tally:
    """All counts of a challenge, by question."""

    exams: Counts
    uploads: Counts
    readings: Counts
    reviews: Counts
    splits: dict[int, tuple[str, int]] = field(default_factory=dict)
    batches: Counts = field(default_factory=dict)
    submissions: Counts = field(default_factory=dict)
    rankings: dict[int, tuple[int, bool]] = field(default_factory=dict)
    announcements: dict[int, bool] = field(default_factory=dict)


def _by_state(rows: QuerySet[Any], question: str) -> Counts:
    counts: Counts = defaultdict(lambda: defaultdict(int))
    for row in rows.order_by().values(question, "state").annotate(n=Count("pk")):
        counts[row[question]][row["state"]] = row["n"]
    return counts


def tally(challenge: Challenge) -> Tally:
    """Ten queries, whatever the number of questions and exams. By the ids of the questions, so that the database's planner knows
    how few of a large site's rows are counted.
    """
    now = database_now()
    questions = list(challenge.questions.order_by().values_list("pk", flat=True))
    exams = Exam.objects.filter(question__in=questions)
    clean = exams.exclude(bundle_key="").order_by().values("question").annotate(n=Count("pk"))
    counts = Tally(
        exams=_by_state(exams, "question"),
        uploads=_by_state(
            Upload.objects.filter(question__in=questions, kind=Upload.Kind.EXAM, state__in=["stored", "refused"]),
            "question",
        ),
        readings=_by_state(Reading.objects.filter(exam__question__in=questions), "exam__question"),
        reviews=_by_state(
            Review.objects.filter(exam__question__in=questions, state=Review.State.OPEN), "exam__question"
        ),
    )
    for row in clean:
        counts.exams[row["question"]]["clean"] = row["n"]
    for split in (
        Split.objects.filter(question__challenge=challenge).exclude(state="replaced").annotate(n=Count("items"))
    ):
        counts.splits[split.question_id] = (split.state, split.n)
    batches = Batch.objects.filter(question__challenge=challenge)
    counts.batches = _by_state(batches, "question")
    for row in (
        batches.filter(state=Batch.State.BUILT, released_at__lte=now)
        .order_by()
        .values("question")
        .annotate(n=Count("pk"))
    ):
        counts.batches[row["question"]]["out"] = row["n"]
    counts.submissions = _by_state(Submission.objects.filter(phase__question__challenge=challenge), "phase__question")
    newest = Ranking.objects.filter(question__challenge=challenge).order_by().values("question")
    for row in newest.annotate(n=Count("pk"), out=Count("pk", filter=OUT)):
        counts.rankings[row["question"]] = (row["n"], row["out"] > 0)
    for decided in Announcement.objects.filter(question__challenge=challenge).values("question_id", "announced_at"):
        counts.announcements[decided["question_id"]] = decided["announced_at"] <= now
    return counts


def lines_of(question: Question, counts: Tally, links: dict[int, str]) -> list[StageLine]:
    """The ten stages of one question, in the order of the pipeline; `links` gives a page for a stage's number."""
    line_by_step = {
        1: _receive, 2: _deidentify, 3: _quality, 4: _grade, 5: _split,
        6: _release, 7: _submit, 8: _score, 9: _rank, 10: _announce,
    }  # fmt: skip
    lines = []
    for step in settings.PIPELINE:
        line = line_by_step[step.number](question.pk, counts)
        line.name = _(step.title)
        line.url = links.get(step.number, "")
        lines.append(line)
    return lines


def _of(counts: Counts, question: int, states: Iterable[str]) -> int:
    by_state = counts.get(question, {})
    return sum(by_state.get(str(state), 0) for state in states)


def _receive(pk: int, counts: Tally) -> StageLine:
    total = _of(counts.exams, pk, Exam.State.values)
    waiting, refused = (_of(counts.uploads, pk, [state]) for state in ("stored", "refused"))
    if waiting:
        return StageLine(
            "", total, ngettext("%(n)s upload waiting", "%(n)s uploads waiting", waiting) % {"n": waiting}, "info"
        )
    note = ngettext("%(n)s upload refused", "%(n)s uploads refused", refused) % {"n": refused} if refused else ""
    return StageLine("", total, note)


def _deidentify(pk: int, counts: Tally) -> StageLine:
    waiting = _of(counts.exams, pk, ["received"])
    note = ngettext("%(n)s waiting", "%(n)s waiting", waiting) % {"n": waiting} if waiting else ""
    return StageLine("", _of(counts.exams, pk, ["clean"]), note, "info" if waiting else "")


def _quality(pk: int, counts: Tally) -> StageLine:
    included = _of(counts.exams, pk, INCLUDED)
    looks, refused = _of(counts.reviews, pk, ["open"]), _of(counts.exams, pk, ["refused"])
    if looks:
        return StageLine("", included, ngettext("%(n)s to review", "%(n)s to review", looks) % {"n": looks}, "warn")
    return StageLine(
        "", included, ngettext("%(n)s refused", "%(n)s refused", refused) % {"n": refused} if refused else ""
    )


def _grade(pk: int, counts: Tally) -> StageLine:
    included, dropped = (_of(counts.exams, pk, [state]) for state in ("kept", "dropped"))
    waiting = _of(counts.readings, pk, ["waiting"])
    if waiting:
        note = ngettext("%(n)s reading waiting", "%(n)s readings waiting", waiting) % {"n": waiting}
        return StageLine("", included + dropped, note, "info")
    accepted = _of(counts.exams, pk, ["accepted"])
    if accepted:
        note = ngettext("%(n)s without a grade", "%(n)s without a grade", accepted) % {"n": accepted}
        return StageLine("", included + dropped, note, "warn")
    return StageLine(
        "",
        included + dropped,
        ngettext("%(n)s included", "%(n)s included", included) % {"n": included} if included else "",
    )


def _split(pk: int, counts: Tally) -> StageLine:
    state, items = counts.splits.get(pk, ("", 0))
    if state == Split.State.FROZEN:
        return StageLine("", items, _("frozen"), "good")
    return StageLine("", items, _("draft") if state else "", "info" if state else "")


def _release(pk: int, counts: Tally) -> StageLine:
    out, planned = _of(counts.batches, pk, ["out"]), _of(counts.batches, pk, ["planned"])
    total = _of(counts.batches, pk, ["planned", "built"])
    if planned:
        return StageLine(
            "", out, ngettext("%(n)s being prepared", "%(n)s being prepared", planned) % {"n": planned}, "info"
        )
    return StageLine("", out, _("of %(n)s") % {"n": total} if total else "")


def _submit(pk: int, counts: Tally) -> StageLine:
    total, rejected = _of(counts.submissions, pk, Submission.State.values), _of(counts.submissions, pk, ["rejected"])
    return StageLine(
        "", total, ngettext("%(n)s rejected", "%(n)s rejected", rejected) % {"n": rejected} if rejected else ""
    )


def _score(pk: int, counts: Tally) -> StageLine:
    failed = _of(counts.submissions, pk, ["failed"])
    waiting = _of(counts.submissions, pk, ["received", "valid"])
    scored = _of(counts.submissions, pk, ["scored"])
    if failed:
        return StageLine("", scored, ngettext("%(n)s failed", "%(n)s failed", failed) % {"n": failed}, "bad")
    note = ngettext("%(n)s waiting", "%(n)s waiting", waiting) % {"n": waiting} if waiting else ""
    return StageLine("", scored, note, "info" if waiting else "")


def _rank(pk: int, counts: Tally) -> StageLine:
    number, out = counts.rankings.get(pk, (0, False))
    return StageLine(
        "", number, (_("published") if out else _("not published")) if number else "", "good" if out else ""
    )


def _announce(pk: int, counts: Tally) -> StageLine:
    if pk not in counts.announcements:
        return StageLine("", "–")
    out = counts.announcements[pk]
    return StageLine("", 1, _("announced") if out else _("planned"), "good" if out else "info")


def work_counts(challenge: Challenge) -> dict[str, int]:
    """Waiting, running, failed and stuck pieces of work of a challenge: one query."""
    rows = Work.objects.filter(challenge_id=challenge.pk)
    counts: dict[str, int] = rows.aggregate(
        waiting=Count("pk", filter=Q(state=Work.State.WAITING)),
        running=Count("pk", filter=Q(state=Work.State.RUNNING)),
        failed=Count("pk", filter=Q(state=Work.State.FAILED)),
        stuck=Count("pk", filter=stuck()),
    )
    return counts
