"""Setting a challenge up: a new one, its question files, its charters."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from challenges.charter import publish_charter
from challenges.frame import create_challenge, load_question, update_challenge
from challenges.importers import read_question_file
from challenges.known import known
from challenges.lookup import organised_challenge
from challenges.models import Challenge, Question
from challenges.permissions import may_found
from challenges.question_files import said_mistakes
from challenges.spec import SpecError, load_spec
from core.attempt import attempt
from core.clock import database_now
from core.errors import StepError
from pages.forms import AUDIENCES, ChallengeEditForm, ChallengeForm, CharterForm, QuestionFileForm

CATALOGUE = Path(__file__).resolve().parents[2] / "challenges" / "catalogue"
MOST_BYTES = 2_000_000


@lru_cache(maxsize=4)
def _catalogue(language: str) -> list[tuple[str, str]]:
    rows = []
    for path in sorted(CATALOGUE.glob("*.yaml")):
        spec = load_spec(path.read_text(encoding="utf-8"), known=known())
        rows.append(
            (path.stem, f"{spec.title.says(language)} ({spec.source})" if spec.source else spec.title.says(language))
        )
    return rows


def catalogue() -> list[tuple[str, str]]:
    """Every question that ships with the platform: file name and title."""
    return _catalogue((get_language() or "en")[:2])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def found(request: HttpRequest) -> HttpResponse:
    """A new challenge; whoever makes it organises it."""
    if not may_found(request.user):
        raise Http404
    form = ChallengeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_challenge(slug=form.cleaned_data["slug"], actor=request.user, **form.words())
        except StepError as error:
            form.add_error("slug", error.words())
        else:
            messages.success(request, _("The challenge is a draft that only organisers see. Load its questions next."))
            return redirect("pages:setup", made.slug)
    return render(request, "pages/found.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_safe
def setup(request: HttpRequest, challenge: str) -> HttpResponse:
    """Questions and charters of a challenge."""
    found = organised_challenge(request.user, challenge)
    wished = found.questions.filter(slug=request.GET.get("question", "")).first()
    return _show(request, found, wished)


def _show(request: HttpRequest, found: Challenge, wished: Question | None = None, **more: Any) -> HttpResponse:
    """`wished`: the question whose file stands in the form, to be changed."""
    questions = found.questions.annotate(revisions_count=Count("revisions"))
    charters: dict[str, Any] = {}
    for charter in found.charters.annotate(signed=Count("signatures")).order_by("version"):
        charters[charter.audience] = charter
    context = {
        "challenge": found,
        "questions": questions,
        "charters": [
            {"name": name, "audience": audience, "charter": charters.get(audience)} for audience, name in AUDIENCES
        ],
        "wished": wished,
        "file_form": QuestionFileForm(
            catalogue=catalogue(), initial={"text": wished.current().source} if wished is not None else {}
        ),
        "charter_form": CharterForm(
            initial={"audience": next((a for a, _n in AUDIENCES if a not in charters), "centre")}
        ),
        "challenge_form": ChallengeEditForm.of(found),
        "mistakes": [],
        "notes": request.session.pop("question_notes", []),
        **more,
    }
    return render(request, "pages/setup.html", context, status=422 if more else 200)


@login_required
@require_POST
def edit(request: HttpRequest, challenge: str) -> HttpResponse:
    """Title, summary and contacts, as everybody reads them on the challenge's page."""
    found = organised_challenge(request.user, challenge)
    form = ChallengeEditForm(request.POST)
    if not form.is_valid():
        return _show(request, found, challenge_form=form)
    with attempt(request, _("The challenge is changed.")):
        update_challenge(
            challenge=found,
            actor=request.user,
            data_protection_officer=form.cleaned_data["data_protection_officer"],
            **form.words(),
        )
    return redirect("pages:setup", found.slug)


@login_required
@require_POST
def question(request: HttpRequest, challenge: str) -> HttpResponse:
    """Creates or updates the question that a file names: all of it, or every mistake with its line."""
    found = organised_challenge(request.user, challenge)
    form = QuestionFileForm(request.POST, request.FILES, catalogue=catalogue())
    if not form.is_valid():
        return _show(request, found, file_form=form)
    try:
        text, notes = _text_of(form)
        made = load_question(challenge=found, text=text, actor=request.user)
    except SpecError as error:
        mistakes = said_mistakes(error)
        return _show(request, found, file_form=form, mistakes=mistakes)
    except UnicodeDecodeError:
        form.add_error("file", _("This file is no text. A question file is YAML in UTF-8."))
        return _show(request, found, file_form=form)
    except StepError as error:
        form.add_error(None, error.words())
        return _show(request, found, file_form=form)
    if notes:
        request.session["question_notes"] = notes
    messages.success(
        request, _("“%(question)s” is loaded, revision %(number)s.") % {"question": made, "number": made.revision}
    )
    if not made.phases.filter(closes__gt=database_now()).exists():
        messages.warning(
            request,
            _(
                "Every window of “%(question)s” is over: nobody can send anything, and its batches come out as soon as "
                "they are built. Change the dates in its file below, and load it again."
            )
            % {"question": made},
        )
    return redirect("pages:setup", found.slug)


def _text_of(form: QuestionFileForm) -> tuple[str, list[str]]:
    """The question file's text, and what an imported configuration could not carry over. Raises SpecError."""
    said = form.cleaned_data
    if said["catalogue"]:
        return (CATALOGUE / f"{said['catalogue']}.yaml").read_text(encoding="utf-8"), []
    if said["text"]:
        return said["text"], []
    given: UploadedFile = said["file"]
    with tempfile.TemporaryDirectory(prefix="concours-question-") as folder:
        ending = ".zip" if str(given.name).lower().endswith(".zip") else ".yaml"
        path = Path(folder) / f"question{ending}"
        path.write_bytes(given.read(MOST_BYTES + 1)[:MOST_BYTES])
        imported = read_question_file(path)
    return imported.text, [str(note) for note in imported.notes]


@login_required
@require_POST
def charter(request: HttpRequest, challenge: str) -> HttpResponse:
    """A new version of a charter, which its people are asked to sign."""
    found = organised_challenge(request.user, challenge)
    form = CharterForm(request.POST)
    if not form.is_valid():
        return _show(request, found, charter_form=form)
    with attempt(request, _("The charter is in force; its people are asked to sign it.")):
        said = form.cleaned_data
        publish_charter(
            challenge=found, audience=said["audience"], text={"en": said["en"], "fr": said["fr"]}, actor=request.user
        )
    return redirect("pages:setup", found.slug)
