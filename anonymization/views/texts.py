"""The pages of free text: the rare words of a question decided at once, and texts that a person reads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from anonymization.models import ExamText
from anonymization.rare_words import RareWord, rare_words
from anonymization.texts import STEP, WordChoice, decide_words, mark_text, pieces_of
from challenges.charter import has_signed
from challenges.frame import spec_of
from challenges.lookup import organised_question, visible_question
from challenges.models import Challenge, Charter, Question
from challenges.unsigned import render_unsigned
from concours.deid.values import WordRun, word_runs
from core.attempt import attempt
from core.pages import render_page

PAGE_OF_WORDS = 500


@dataclass(frozen=True)
class TextsPage:
    """`words` wait for a decision, and `more` of them are not listed; `to_read`, `first` and `done` are texts."""

    challenge: Challenge
    question: Question
    organises: bool
    steps: Collection[str]
    words: Sequence[RareWord]
    more: int
    to_read: int
    first: ExamText | None
    done: int


@login_required
@require_safe
def texts(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """For organisers the remaining words with their contexts; for them and for readers, the texts to read."""
    row = visible_question(request.user, f"{challenge}/{question}")
    organises = Challenge.objects.organised_by(request.user).filter(pk=row.challenge_id).exists()
    to_read = _to_read(request, row)
    if not organises and not to_read.exists():
        raise Http404
    words = rare_words(row) if organises else []
    page = TextsPage(
        challenge=row.challenge,
        question=row,
        organises=organises,
        steps=spec_of(row).deidentification.text_steps,
        words=words[:PAGE_OF_WORDS],
        more=max(0, len(words) - PAGE_OF_WORDS),
        to_read=to_read.count(),
        first=to_read.first(),
        done=ExamText.objects.filter(exam__question=row, step=STEP.DONE).count(),
    )
    return render_page(request, "anonymization/texts.html", page)


def _to_read(request: HttpRequest, question: Question) -> QuerySet[ExamText]:
    return ExamText.objects.visible_to(request.user).waiting().filter(exam__question=question, step=STEP.ANNOTATORS)


@login_required
@require_POST
def decide(request: HttpRequest, challenge: str, question: str) -> HttpResponse:
    """What the person chose for each word; a word without a choice waits."""
    row = organised_question(request.user, f"{challenge}/{question}")
    choices = _choices(request)
    done = ngettext("%(n)s word is decided.", "%(n)s words are decided.", len(choices)) % {"n": len(choices)}
    with attempt(request, done):
        decide_words(question=row, choices=choices, actor=request.user)
    return redirect("anonymization:texts", challenge, question)


def _choices(request: HttpRequest) -> list[WordChoice]:
    """Inputs `word.<n>`, `choice.<n>` (stays, goes, or nothing) and `replacement.<n>`."""
    choices = []
    for name, word in request.POST.items():
        group, _dot, number = name.partition(".")
        choice = request.POST.get(f"choice.{number}", "")
        if group == "word" and choice in ("stays", "goes"):
            replacement = request.POST.get(f"replacement.{number}", "").strip() if choice == "goes" else ""
            choices.append(WordChoice(str(word), choice == "stays", replacement))
    return choices


@dataclass(frozen=True)
class TextPage:
    challenge: Challenge
    question: Question
    row: ExamText
    title: str
    runs: Sequence[WordRun]
    left: int


@login_required
@require_safe
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """One text, each word of which can be marked; nothing says where it comes from."""
    row = _own_text(request, pk)
    question = row.exam.question
    if not _may_read(request, question):
        return render_unsigned(request, question.challenge)
    field = spec_of(question).data.fields.get(row.place.partition(".")[0])
    page = TextPage(
        challenge=question.challenge,
        question=question,
        row=row,
        title=field.title.says(get_language() or "en") if field else row.place,
        runs=word_runs(pieces_of(row)),
        left=_to_read(request, question).exclude(pk=row.pk).count(),
    )
    return render_page(request, "anonymization/text.html", page)


def _own_text(request: HttpRequest, pk: int) -> ExamText:
    rows = ExamText.objects.visible_to(request.user).select_related("exam__question__challenge")
    return get_object_or_404(rows.filter(step=STEP.ANNOTATORS), pk=pk)


def _may_read(request: HttpRequest, question: Question) -> bool:
    organises = Challenge.objects.organised_by(request.user).filter(pk=question.challenge_id).exists()
    return organises or has_signed(request.user, question.challenge, Charter.Audience.READER)


@login_required
@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """The marked words are removed; the next text opens."""
    row = _own_text(request, pk)
    question = row.exam.question
    if not _may_read(request, question):
        return render_unsigned(request, question.challenge, status=403)
    places = {int(place) for place in request.POST.getlist("place") if place.isascii() and place.isdigit()}
    with attempt(request, _("The text is done.")):
        mark_text(text=row, places=places, actor=request.user)
    after = _to_read(request, question).first()
    if after is not None:
        return redirect("anonymization:text", after.pk)
    organises = Challenge.objects.organised_by(request.user).filter(pk=question.challenge_id).exists()
    return (
        redirect("anonymization:texts", question.challenge.slug, question.slug)
        if organises
        else redirect("grading:queue")
    )
