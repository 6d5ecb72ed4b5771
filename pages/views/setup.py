"""Setting a challenge up: a new one, its question files, its charters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from challenges.charter import publish_charter
from challenges.editions import EditionNames, next_edition
from challenges.frame import create_challenge, load_question, update_challenge
from challenges.lookup import organised_challenge
from challenges.models import Challenge, Charter, Question, QuestionDraft
from challenges.permissions import may_create_challenge
from challenges.question_files import MovedDate, QuestionMistake, moved_to, question_mistakes
from concours.known_names import known_names
from concours.questions.importers import read_question_file
from concours.questions.schema import SpecError, load_spec
from core.attempt import attempt
from core.clock import database_now
from core.errors import StepError
from core.pages import render_page
from core.temporary import lease_folder
from pages.forms import AUDIENCES, ChallengeEditForm, ChallengeForm, CharterForm, NextEditionForm, QuestionFileForm

CATALOGUE = Path(__file__).resolve().parents[2] / "concours" / "questions" / "catalogue"
MOST_BYTES = 2_000_000


@dataclass(frozen=True)
class NewChallengePage:
    form: ChallengeForm


@dataclass(frozen=True)
class AudienceCharter:
    """The newest charter of an audience, if there is one."""

    name: Promise
    audience: str
    charter: Charter | None


@dataclass(frozen=True)
class SetupPage:
    """`wished`: the question whose file stands in the form, to be changed."""

    challenge: Challenge
    questions: QuerySet[Question]
    drafts: QuerySet[QuestionDraft]
    charters: list[AudienceCharter]
    wished: Question | None
    file_form: QuestionFileForm
    charter_form: CharterForm
    challenge_form: ChallengeEditForm
    edition_form: NextEditionForm
    notes: list[str]
    mistakes: Sequence[QuestionMistake] = ()
    moved_dates: Sequence[MovedDate] = ()


@lru_cache(maxsize=4)
def _catalogue(language: str) -> list[tuple[str, str]]:
    rows = []
    for path in sorted(CATALOGUE.glob("*.yaml")):
        spec = load_spec(path.read_text(encoding="utf-8"), known_names=known_names())
        rows.append(
            (path.stem, f"{spec.title.says(language)} ({spec.source})" if spec.source else spec.title.says(language))
        )
    return rows


def catalogue() -> list[tuple[str, str]]:
    """Every question that ships with the platform: file name and title."""
    return _catalogue((get_language() or "en")[:2])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_challenge(request: HttpRequest) -> HttpResponse:
    """A new challenge; whoever makes it organises it."""
    if not may_create_challenge(request.user):
        raise Http404
    form = ChallengeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            created = create_challenge(slug=form.cleaned_data["slug"], actor=request.user, **form.words())
        except StepError as error:
            form.add_error("slug", error.words())
        else:
            messages.success(
                request, _("The challenge is a draft that only organisers can see. Now load its questions.")
            )
            return redirect("pages:setup", created.slug)
    return render_page(request, "pages/new_challenge.html", NewChallengePage(form), status=422 if form.errors else 200)


@login_required
@require_safe
def setup(request: HttpRequest, challenge: str) -> HttpResponse:
    """Questions and charters of a challenge."""
    organised = organised_challenge(request.user, challenge)
    wished = organised.questions.filter(slug=request.GET.get("question", "")).first()
    return render_page(request, "pages/setup.html", _page(request, organised, wished))


def _page(request: HttpRequest, challenge: Challenge, wished: Question | None = None) -> SetupPage:
    questions = challenge.questions.annotate(revisions_count=Count("revisions"))
    charters: dict[str, Charter] = {}
    for charter in challenge.charters.annotate(signed=Count("signatures")).order_by("version"):
        charters[charter.audience] = charter
    return SetupPage(
        challenge=challenge,
        questions=questions,
        drafts=challenge.drafts.select_related("changed_by").defer("text"),
        charters=[AudienceCharter(name, audience, charters.get(audience)) for audience, name in AUDIENCES],
        wished=wished,
        file_form=QuestionFileForm(
            catalogue=catalogue(), initial={"text": wished.current().source} if wished is not None else {}
        ),
        charter_form=CharterForm(initial={"audience": next((a for a, _n in AUDIENCES if a not in charters), "centre")}),
        challenge_form=ChallengeEditForm.of(challenge),
        edition_form=NextEditionForm(prefix="edition"),
        notes=request.session.pop("question_notes", []),
    )


def _show_again(request: HttpRequest, challenge: Challenge, **changes: Any) -> HttpResponse:
    """The page with what was sent and what is wrong with it."""
    page = replace(_page(request, challenge), **changes)
    return render_page(request, "pages/setup.html", page, status=422)


@login_required
@require_POST
def edit(request: HttpRequest, challenge: str) -> HttpResponse:
    """Title, summary and contacts, as everybody reads them on the challenge's page."""
    challenge_row = organised_challenge(request.user, challenge)
    form = ChallengeEditForm(request.POST)
    if not form.is_valid():
        return _show_again(request, challenge_row, challenge_form=form)
    with attempt(request, _("The challenge has been changed.")):
        update_challenge(
            challenge=challenge_row,
            actor=request.user,
            data_protection_officer=form.cleaned_data["data_protection_officer"],
            **form.words(),
        )
    return redirect("pages:setup", challenge_row.slug)


@login_required
@require_POST
def question(request: HttpRequest, challenge: str) -> HttpResponse:
    """Creates or updates the question that a file names: all of it, or every mistake with its line."""
    challenge_row = organised_challenge(request.user, challenge)
    form = QuestionFileForm(request.POST, request.FILES, catalogue=catalogue())
    if not form.is_valid():
        return _show_again(request, challenge_row, file_form=form)
    try:
        text, notes = text_of(form)
        first = form.cleaned_data["first_opening"]
        if first is None and "preview" in request.POST:
            form.add_error("first_opening", _("Choose the day on which the first window opens."))
            return _show_again(request, challenge_row, file_form=form)
        if first is not None:
            moved = moved_to(text, first)
            if "preview" in request.POST:
                ready = QuestionFileForm(catalogue=catalogue(), initial={"text": moved.text})
                page = replace(_page(request, challenge_row), file_form=ready, moved_dates=moved.dates)
                return render_page(request, "pages/setup.html", page)
            text = moved.text
        loaded = load_question(challenge=challenge_row, text=text, actor=request.user)
    except SpecError as error:
        mistakes = question_mistakes(error)
        return _show_again(request, challenge_row, file_form=form, mistakes=mistakes)
    except UnicodeDecodeError:
        form.add_error("file", _("This file is not text. A question file is YAML in UTF-8."))
        return _show_again(request, challenge_row, file_form=form)
    except StepError as error:
        form.add_error(None, error.words())
        return _show_again(request, challenge_row, file_form=form)
    if notes:
        request.session["question_notes"] = notes
    messages.success(
        request,
        _("“%(question)s” has been loaded, revision %(number)s.") % {"question": loaded, "number": loaded.revision},
    )
    if not loaded.phases.filter(closes__gt=database_now()).exists():
        messages.warning(
            request,
            _(
                "All windows of “%(question)s” are over: nothing can be submitted, and its batches are released "
                "as soon as they are built. Load it again with a new day for the first window."
            )
            % {"question": loaded},
        )
    return redirect("pages:setup", challenge_row.slug)


def text_of(form: QuestionFileForm) -> tuple[str, list[str]]:
    """The question file's text, and what an imported configuration could not carry over. Raises SpecError."""
    cleaned = form.cleaned_data
    if cleaned["catalogue"]:
        return (CATALOGUE / f"{cleaned['catalogue']}.yaml").read_text(encoding="utf-8"), []
    if cleaned["text"]:
        return cleaned["text"], []
    file: UploadedFile = cleaned["file"]
    with lease_folder("question") as folder:
        ending = ".zip" if str(file.name).lower().endswith(".zip") else ".yaml"
        path = folder / f"question{ending}"
        path.write_bytes(file.read(MOST_BYTES + 1)[:MOST_BYTES])
        imported = read_question_file(path)
    return imported.text, [str(note) for note in imported.notes]


@login_required
@require_POST
def charter(request: HttpRequest, challenge: str) -> HttpResponse:
    """A new version of a charter, which its people are asked to sign."""
    challenge_row = organised_challenge(request.user, challenge)
    form = CharterForm(request.POST)
    if not form.is_valid():
        return _show_again(request, challenge_row, charter_form=form)
    with attempt(request, _("The charter is in force; its signatories are now asked to sign it.")):
        cleaned = form.cleaned_data
        publish_charter(
            challenge=challenge_row,
            audience=cleaned["audience"],
            text={"en": cleaned["en"], "fr": cleaned["fr"]},
            actor=request.user,
        )
    return redirect("pages:setup", challenge_row.slug)


@login_required
@require_POST
def new_edition(request: HttpRequest, challenge: str) -> HttpResponse:
    """The challenge again, with other dates: a draft that only organisers see."""
    organised = organised_challenge(request.user, challenge)
    form = NextEditionForm(request.POST, prefix="edition")
    if not form.is_valid():
        return _show_again(request, organised, edition_form=form)
    words = form.cleaned_data
    names = EditionNames(words["slug"], {"en": words["title_en"], "fr": words["title_fr"] or words["title_en"]})
    try:
        edition = next_edition(
            challenge=organised,
            names=names,
            first=words["first"],
            with_centres=words["with_centres"],
            actor=request.user,
        )
    except SpecError as error:
        return _show_again(request, organised, edition_form=form, mistakes=question_mistakes(error))
    except StepError as error:
        form.add_error("slug", error.words())
        return _show_again(request, organised, edition_form=form)
    done = _("The new edition is a draft with the questions, charters and centres of “%(challenge)s”.")
    messages.success(request, done % {"challenge": organised})
    return redirect("pages:setup", edition.slug)
