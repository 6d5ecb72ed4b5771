"""A question made step by step: begun from what is asked, changed page by page or as a file, shown, tried, loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.timezone import get_default_timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from challenges import question_words
from challenges.drafts import (
    change_draft,
    delete_draft,
    load_draft,
    spec_or_mistakes,
    start_draft,
    write_draft,
)
from challenges.lookup import organised_challenge
from challenges.models import Challenge, Phase, QuestionDraft
from challenges.question_facts import QuestionFacts, question_facts
from challenges.question_files import QuestionMistake, question_mistakes
from challenges.timeline import phase_title
from concours.evaluation.probing import ProbingBound, probing_bound
from concours.evaluation.trial import try_question
from concours.evaluation.truth_table import TruthError
from concours.formats.fault import FormatError
from concours.known_names import known_names
from concours.questions.editing import plain_values
from concours.questions.schema import QuestionSpec, SpecError
from concours.questions.schema.tree import MAX_CHARACTERS
from concours.questions.starting import start_file
from core.attempt import attempt
from core.errors import StepError
from core.pages import render_page
from core.words import say
from pages.drafting.begin import BeginForm
from pages.drafting.steps import STEPS, DraftStep, StepForms, find_step, step_of
from pages.forms import QuestionFileForm
from pages.views.setup import catalogue, text_of


@dataclass(frozen=True)
class BeginPage:
    challenge: Challenge
    form: BeginForm


@dataclass(frozen=True)
class DraftTab:
    label: str
    url: str
    active: bool


@dataclass(frozen=True)
class DraftMistake:
    """A mistake and the page of the draft on which it can be corrected."""

    mistake: QuestionMistake
    url: str
    page: str


@dataclass(frozen=True)
class DraftHead:
    """What every page of a draft shows: its steps, and what still keeps it from being loaded."""

    challenge: Challenge
    draft: QuestionDraft
    tabs: list[DraftTab]
    mistakes: list[DraftMistake]


@dataclass(frozen=True)
class StepPage:
    """`probing`: what the public scores can tell, where the limits are chosen."""

    head: DraftHead
    step: DraftStep
    forms: StepForms
    probing: ProbingBound | None


@dataclass(frozen=True)
class FilePage:
    head: DraftHead
    lines: range
    text: str


@dataclass(frozen=True)
class PreviewPhase:
    title: str
    phase: Phase


@dataclass(frozen=True)
class TrialScore:
    title: str
    value: str


@dataclass(frozen=True)
class PreviewPage:
    """`facts` is None while the draft has mistakes. `failure`: why the question could not be scored on invented exams."""

    head: DraftHead
    title: str
    summary: str
    facts: QuestionFacts | None
    phases: Sequence[PreviewPhase]
    file: str
    cases: int
    scores: Sequence[TrialScore]
    failure: str


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: HttpRequest, challenge: str) -> HttpResponse:
    """What is asked, on which images, with which truth: enough for a draft that can already be tried."""
    organised = organised_challenge(request.user, challenge)
    form = BeginForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        text = start_file(form.start(), known_names(), form.cleaned_data["first"], get_default_timezone())
        try:
            draft = start_draft(challenge=organised, text=text, actor=request.user)
        except StepError as error:
            form.add_error(None, error.words())
        else:
            messages.success(request, _("The draft is saved. Go through its steps, then load it."))
            return redirect("pages:draft_step", organised.slug, draft.pk, STEPS[0].name)
    return render_page(
        request, "pages/draft_begin.html", BeginPage(organised, form), status=422 if form.errors else 200
    )


@login_required
@require_POST
def draft_from(request: HttpRequest, challenge: str) -> HttpResponse:
    """A draft from a question that is there, from the catalogue, a file or a text."""
    organised = organised_challenge(request.user, challenge)
    question = organised.questions.filter(slug=request.POST.get("question", "")).first()
    if question is not None:
        text = question.current().source
    else:
        form = QuestionFileForm(request.POST, request.FILES, catalogue=catalogue())
        if not form.is_valid():
            messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
            return redirect("pages:setup", organised.slug)
        try:
            text, _notes = text_of(form)
        except SpecError as error:
            messages.error(request, question_mistakes(error)[0].message)
            return redirect("pages:setup", organised.slug)
    try:
        draft = start_draft(challenge=organised, text=text, actor=request.user, question=question)
    except StepError as error:
        messages.error(request, error.words())
        return redirect("pages:setup", organised.slug)
    return redirect("pages:draft_step", organised.slug, draft.pk, STEPS[0].name)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, challenge: str, pk: int, step: str) -> HttpResponse:
    """One step: its values as the file has them, and what was changed written into the file."""
    draft = _draft(request, challenge, pk)
    shown = find_step(step)
    if shown is None:
        raise Http404
    try:
        values = plain_values(draft.text)
    except SpecError:
        messages.error(request, _("The text of this draft cannot be read. Correct it here first."))
        return redirect("pages:draft_file", challenge, draft.pk)
    step_forms = StepForms(shown, values, request.POST if request.method == "POST" else None)
    saved = request.method == "POST" and _save(request, draft, step_forms)
    if saved:
        return redirect("pages:draft_step", challenge, draft.pk, _next(shown) if "next" in request.POST else shown.name)
    spec, _mistakes = spec_or_mistakes(draft.text)
    bound = probing_bound(spec) if spec is not None and shown.name == "scores" else None
    page = StepPage(_head(draft, shown.name), shown, step_forms, bound)
    return render_page(request, "pages/draft_step.html", page, status=422 if request.method == "POST" else 200)


def _save(request: HttpRequest, draft: QuestionDraft, step_forms: StepForms) -> bool:
    if not step_forms.is_valid():
        return False
    try:
        change_draft(draft=draft, changes=step_forms.changes(), version=_version(request), actor=request.user)
    except StepError as error:
        messages.error(request, error.words())
        return False
    return True


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _next(step: DraftStep) -> str:
    place = STEPS.index(step)
    return STEPS[min(place + 1, len(STEPS) - 1)].name


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """The file itself, with the numbers of its lines. It may have mistakes: the page lists them."""
    draft = _draft(request, challenge, pk)
    text, status = draft.text, 200
    if request.method == "POST":
        text, status = request.POST.get("text", "").replace("\r\n", "\n"), 422
        if len(text) > MAX_CHARACTERS:
            messages.error(request, _("This text is longer than a question file may be."))
        else:
            with attempt(request, _("The draft is saved.")):
                draft = write_draft(draft=draft, text=text, version=_version(request), actor=request.user)
                return redirect("pages:draft_file", challenge, draft.pk)
    page = FilePage(_head(draft, "file"), range(1, text.count("\n") + 2), text)
    return render_page(request, "pages/draft_file.html", page, status=status)


@login_required
@require_safe
def preview(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """The page that everybody will read, and the scores of a sample submission on invented exams."""
    draft = _draft(request, challenge, pk)
    spec, _mistakes = spec_or_mistakes(draft.text)
    language = get_language() or "en"
    head = _head(draft, "preview")
    if spec is None:
        return render_page(request, "pages/draft_preview.html", PreviewPage(head, "", "", None, (), "", 0, (), ""))
    name, cases, scores, failure = _trial(spec)
    page = PreviewPage(
        head=head,
        title=spec.title.says(language),
        summary=spec.summary.says(language),
        facts=question_facts(spec, language),
        phases=[_preview_phase(spec, name) for name in spec.phases],
        file=name,
        cases=cases,
        scores=scores,
        failure=failure,
    )
    return render_page(request, "pages/draft_preview.html", page)


def _preview_phase(spec: QuestionSpec, name: str) -> PreviewPhase:
    declared = spec.phases[name]
    title = {"en": declared.title.en, "fr": declared.title.fr} if declared.title is not None else {}
    phase = Phase(name=name, title=title, opens=declared.opens, closes=declared.closes, decides=declared.decides)
    return PreviewPhase(phase_title(phase), phase)


def _trial(spec: QuestionSpec) -> tuple[str, int, list[TrialScore], str]:
    try:
        trial = try_question(spec)
    except (TruthError, FormatError) as error:
        return "", 0, [], " ".join(say(fault.template, fault.values) for fault in error.faults)
    scores = [
        TrialScore(
            question_words.score_title(spec, name), _("undefined") if value is None else question_words.number(value)
        )
        for name, value in trial.scores.items()
    ]
    return trial.file, trial.cases, scores, ""


@login_required
@require_POST
def load(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """The draft becomes the question, or its next revision."""
    draft = _draft(request, challenge, pk)
    try:
        question = load_draft(draft=draft, actor=request.user)
    except SpecError:
        messages.error(request, _("The draft still has mistakes. Correct them, then load it."))
        return redirect("pages:draft_preview", challenge, draft.pk)
    except StepError as error:
        messages.error(request, error.words())
        return redirect("pages:draft_preview", challenge, draft.pk)
    messages.success(
        request,
        _("“%(question)s” has been loaded, revision %(number)s.") % {"question": question, "number": question.revision},
    )
    return redirect("pages:setup", challenge)


@login_required
@require_POST
def delete(request: HttpRequest, challenge: str, pk: int) -> HttpResponse:
    """The draft goes; a question that was made from it stays."""
    draft = _draft(request, challenge, pk)
    with attempt(request, _("The draft has been deleted.")):
        delete_draft(draft=draft, actor=request.user)
    return redirect("pages:setup", challenge)


def _draft(request: HttpRequest, challenge: str, pk: int) -> QuestionDraft:
    organised = organised_challenge(request.user, challenge)
    return get_object_or_404(QuestionDraft.objects.select_related("challenge", "question"), pk=pk, challenge=organised)


def _head(draft: QuestionDraft, active: str) -> DraftHead:
    slug = draft.challenge.slug
    tabs = [
        DraftTab(str(step.title), reverse("pages:draft_step", args=[slug, draft.pk, step.name]), step.name == active)
        for step in STEPS
    ]
    tabs.append(DraftTab(_("File"), reverse("pages:draft_file", args=[slug, draft.pk]), active == "file"))
    tabs.append(DraftTab(_("Preview"), reverse("pages:draft_preview", args=[slug, draft.pk]), active == "preview"))
    _spec, mistakes = spec_or_mistakes(draft.text)
    return DraftHead(draft.challenge, draft, tabs, [_placed(draft, mistake) for mistake in mistakes])


def _placed(draft: QuestionDraft, mistake: QuestionMistake) -> DraftMistake:
    step = find_step(step_of(mistake.where))
    slug = draft.challenge.slug
    if step is None:
        return DraftMistake(mistake, reverse("pages:draft_file", args=[slug, draft.pk]), _("File"))
    return DraftMistake(mistake, reverse("pages:draft_step", args=[slug, draft.pk, step.name]), str(step.title))
