"""What a data protection officer reads of a challenge: the same tables for the page, the API and the register as CSV.

The facts are those of docs/privacy.md with this challenge's own numbers. Nothing here names a patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min, Q
from django.http import Http404
from django.utils.translation import gettext as _

from anonymization.models import Review
from anonymization.retention import NAMES_DAYS
from batches.models import Batch, DeletionRequest, Download
from batches.permissions import sees_deletions
from challenges.models import Challenge, Charter
from core.models import AuditRecord
from scoring.models import Truth
from uploads.models import Exam, Upload
from uploads.withdraw import REASONS, withdrawal_of

Cell = str | int | datetime | None
SHOWN = 100  # rows of a long table on the page; the register has all of them


@dataclass(frozen=True)
class ProtectionTable:
    """One table of the page. `rows` hold a cell for each column: text, a number, a moment, or None for what is not there."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    @property
    def titled_rows(self) -> list[list[tuple[str, Cell]]]:
        """Each cell under its column's title, as the page draws it."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


def protected_challenge(user: Any, slug: str) -> Challenge:
    """For its data protection officers and organisers, drafts too. Raises Http404 for everybody else."""
    challenge = sees_deletions(user).filter(slug=slug).distinct().first() if user.is_authenticated else None
    if challenge is None:
        raise Http404
    return challenge


def protection_tables(challenge: Challenge, *, limit: int | None = SHOWN) -> Iterator[ProtectionTable]:
    """Every table in the order of the page; `limit` rows of those that grow, None for all."""
    yield _flow(challenge)
    yield _retention(challenge)
    yield _charters(challenge)
    yield _withdrawals(challenge, limit)
    yield _deletions(challenge, limit)
    yield _batches(challenge)
    yield _downloads(challenge, limit)
    yield _keys(challenge, limit)
    yield _record(challenge)
    yield _documents()


def _exams(challenge: Challenge) -> Any:
    return Exam.objects.filter(question__challenge=challenge)


def _flow(challenge: Challenge) -> ProtectionTable:
    exams, graded = _exams(challenge), (Exam.State.KEPT, Exam.State.DROPPED)
    released = Batch.objects.filter(question__challenge=challenge, state=Batch.State.BUILT)
    reviews = Review.objects.filter(exam__question__challenge=challenge, state=Review.State.OPEN)
    sealed = Truth.objects.filter(batch__question__challenge=challenge)
    rows = (
        (_("Upload"), _("images and values with identifiers"), _("no one: a confined process"), exams.count()),
        (_("Manual review"), _("pseudonymised images with doubtful places framed"), _("organisers"), reviews.count()),
        (
            _("Grading"),
            _("images and masks, without centre or patient"),
            _("readers"),
            exams.filter(state__in=graded).count(),
        ),
        (
            _("Release"),
            _("the declared fields only, under random ids"),
            _("teams that signed the charter"),
            released.count(),
        ),
        (
            _("Evaluation"),
            _("sealed labels"),
            _("the scoring process"),
            sealed.values("batch").distinct().count(),
        ),
    )
    columns = (_("Step"), _("Data"), _("Seen by"), _("Number now"))
    return ProtectionTable("flow", _("Data flow"), columns, rows)


def _retention(challenge: Challenge) -> ProtectionTable:
    exams = _exams(challenge)
    originals = exams.exclude(quarantine_key="")
    named = exams.exclude(sent_folder="")
    # By the questions' own ids: across a join the database cannot know that this challenge has few of a site's uploads.
    questions = list(challenge.questions.values_list("pk", flat=True))
    unfinished = Upload.objects.filter(question__in=questions, state=Upload.State.RECEIVING)
    held = exams.exclude(bundle_key="")
    records = AuditRecord.objects.filter(challenge_id=challenge.pk)
    until = {
        "originals": _("acceptance or refusal; days added: %(days)s; days where nobody decides: %(most)s")
        % {"days": settings.QUARANTINE_DAYS, "most": settings.UNDECIDED_DAYS},
        "names": _("days after the decision: %(days)s; visible to the sender only") % {"days": NAMES_DAYS},
        "unfinished": _("hours after the start: %(hours)s") % {"hours": settings.UPLOAD_EXPIRES_HOURS},
    }
    rows = (
        (_("Originals (quarantine)"), until["originals"], *_held(originals, "received_at")),
        (_("Names of uploaded files and folders"), until["names"], *_held(named, "received_at")),
        (_("Unfinished uploads"), until["unfinished"], *_held(unfinished, "created_at")),
        (
            _("Pseudonymised exams"),
            _("decision of the controller; deleted with the challenge"),
            *_held(held, "received_at"),
        ),
        (_("Audit trail"), _("life of the site"), *_held(records, "at")),
    )
    return ProtectionTable(
        "retention", _("Retention"), (_("Data"), _("Kept until"), _("Number now"), _("Oldest")), rows
    )


def _held(rows: Any, moment: str) -> tuple[int, datetime | None]:
    totals = rows.order_by().aggregate(n=Count("pk"), oldest=Min(moment))
    return int(totals["n"]), totals["oldest"]


def _charters(challenge: Challenge) -> ProtectionTable:
    audiences: dict[str, str] = {
        Charter.Audience.CENTRE: _("Centres"),
        Charter.Audience.TEAM: _("Teams"),
        Charter.Audience.READER: _("Readers"),
        Charter.Audience.JUROR: _("Jurors"),
    }
    versions = challenge.charters.annotate(signed=Count("signatures")).order_by("audience", "-version")
    rows = tuple(
        (audiences[charter.audience], charter.version, charter.created_at, charter.signed) for charter in versions
    )
    return ProtectionTable(
        "charters", _("Charters"), (_("For"), _("Version"), _("In force since"), _("Signatures")), rows
    )


def _withdrawals(challenge: Challenge, limit: int | None) -> ProtectionTable:
    exams = _exams(challenge).filter(state=Exam.State.WITHDRAWN).select_related("question", "centre")
    rows = tuple(_withdrawal(exam) for exam in exams.order_by("-decided_at", "pk")[:limit])
    columns = (
        *(_("Question"), _("Centre"), _("Exam"), _("Withdrawn"), _("Reason"), _("Erased from this site")),
        *(_("Batches made again"), _("Asked to delete"), _("Attested")),
    )
    return ProtectionTable("withdrawals", _("Withdrawals"), columns, rows)


def _withdrawal(exam: Exam) -> tuple[Cell, ...]:
    withdrawal = withdrawal_of(exam, by_batch=False)
    assert withdrawal is not None
    return (
        *(str(exam.question), str(exam.centre), exam.number, exam.decided_at),
        str(REASONS.get(exam.reason, exam.reason)),
        _("yes") if withdrawal.erased else _("under way"),
        f"{withdrawal.ready} / {withdrawal.batches}",
        withdrawal.requests,
        withdrawal.attested,
    )


def _deletions(challenge: Challenge, limit: int | None) -> ProtectionTable:
    requests = DeletionRequest.objects.filter(item__batch__question__challenge=challenge)
    shown = requests.select_related("item__batch", "user", "team").order_by("attested_at", "-requested_at")[:limit]
    rows = tuple(
        (
            *(request.item.batch.name, request.item.public_id, str(request.user), str(request.team or "")),
            *(request.requested_at, request.mailed_at, request.attested_at),
        )
        for request in shown
    )
    columns = (_("Batch"), _("Case"), _("Person"), _("Team"), _("Asked"), _("Mail sent"), _("Attested"))
    return ProtectionTable("deletions", _("Requests to delete downloaded copies"), columns, rows)


def _batches(challenge: Challenge) -> ProtectionTable:
    counted = (
        Batch.objects.filter(question__challenge=challenge)
        .select_related("question")
        .annotate(
            n=Count("downloads"),
            people=Count("downloads__user", distinct=True),
            first=Min("downloads__started_at"),
            last=Max("downloads__started_at"),
        )
        .order_by("question__position", "name")
    )
    rows = tuple(
        (str(batch.question), batch.name, batch.version, batch.n, batch.people, batch.first, batch.last)
        for batch in counted
    )
    columns = (_("Question"), _("Batch"), _("Version"), _("Downloads"), _("People"), _("First"), _("Last"))
    return ProtectionTable("batches", _("Downloads by batch"), columns, rows)


def _downloads(challenge: Challenge, limit: int | None) -> ProtectionTable:
    receipts = Download.objects.filter(batch__question__challenge=challenge)
    shown = receipts.select_related("batch", "user", "team").order_by("-started_at", "-pk")[:limit]
    rows = tuple(
        (
            receipt.batch.name,
            receipt.version,
            str(receipt.user),
            str(receipt.team or ""),
            receipt.started_at,
            receipt.address or "",
        )
        for receipt in shown
    )
    columns = (_("Batch"), _("Version"), _("Person"), _("Team"), _("When"), _("Address"))
    return ProtectionTable("downloads", _("Receipts of downloads"), columns, rows)


def _keys(challenge: Challenge, limit: int | None) -> ProtectionTable:
    centres = {str(centre.pk): str(centre) for centre in challenge.centres.all()}
    records = AuditRecord.objects.filter(Q(verb="centre key handed out"), challenge_id=challenge.pk)
    shown = records.select_related("actor").order_by("-at", "-pk")[:limit]
    rows = tuple((centres.get(record.subject_id, ""), str(record.actor or ""), record.at) for record in shown)
    note = _("A centre's key recomputes the pseudonyms of that centre's own patients, and of nobody else's.")
    return ProtectionTable(
        "keys", _("Keys handed to centres"), (_("Centre"), _("Person"), _("When")), rows, note if rows else ""
    )


def _record(challenge: Challenge) -> ProtectionTable:
    officer = challenge.data_protection_officer or "…"
    rows: tuple[tuple[Cell, ...], ...] = (
        (_("Name"), str(challenge)),
        (_("Controller, DPO"), f"…, {officer}"),
        (
            _("Purpose"),
            _("Comparison of methods on a clinical question; education; research during and after the challenge"),
        ),
        (_("Persons"), _("Patients of the centres; participants")),
        (
            _("Data"),
            _("Pseudonymised images, masks, declared clinical values; names, addresses and roles of participants"),
        ),
        (_("Recipients"), _("Readers, jury, teams (by charter)")),
        (_("Transfers outside the EU"), "…"),
        (_("Retention"), "…"),
        (_("Security"), _("TLS, pseudonymisation, second check, sealed reference data, roles, audit trail")),
    )
    note = _("A template: what only the controller knows is left open (…).")
    return ProtectionTable("record", _("Record of processing"), (_("Field"), _("Content")), rows, note)


def _documents() -> ProtectionTable:
    rows: tuple[tuple[Cell, ...], ...] = (
        (
            _("Impact assessment"),
            _("controller, with the advice of the data protection officer"),
            _("before the first exam"),
        ),
        (_("Agreement on the transmission of exams"), _("society and each centre"), _("before its first exam")),
        (_("Contract of the processor (GDPR art. 28)"), _("society and operator of the site"), _("before the start")),
        (
            _("Information letter of the patients and procedure of objection"),
            _("each centre"),
            _("before its first exam"),
        ),
        (_("Charter of the teams"), _("every member, on this site"), _("before the first download")),
        (_("Record of processing"), _("controller"), _("before the start; kept up to date")),
    )
    note = _("Signed outside this site, except the charters. The legal decisions are those of the parties.")
    return ProtectionTable("documents", _("What has to be signed"), (_("Document"), _("By"), _("When")), rows, note)
