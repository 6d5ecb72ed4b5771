"""Who may form a team, in words."""

from __future__ import annotations

from django.utils.translation import get_language, gettext, gettext_noop

from challenges.models import Membership
from challenges.question_words.parts import one_of_words, range_words
from concours.questions.schema import NeedSpec, QuestionSpec
from core.clock import zoned

CONFLICT_WORDS = {
    "declare": gettext_noop(
        "Members who are also of a centre, readers, jurors or organisers of the challenge declare it."
    ),
    "refuse": gettext_noop("People of a centre, readers, jurors and organisers of the challenge cannot be members."),
}


def professions(names: tuple[str, ...] | list[str]) -> str:
    professions = dict(Membership.Profession.choices)
    shown = tuple(str(professions.get(name, name)) for name in names)
    return one_of_words(shown)


def team_rules(spec: QuestionSpec) -> list[str]:
    """Who may form a team, in words."""
    rules, sentences = spec.rules, []
    if rules.team_min or rules.team_max:
        sentences.append(
            gettext("Team size: %(size)s.") % {"size": range_words(rules.team_min, rules.team_max, None, "")}
        )
    sentences += [_need(need) for need in rules.needs]
    if rules.one_word_name:
        sentences.append(gettext("The team name is one word without spaces."))
    if rules.institution_email:
        sentences.append(gettext("Members register with the e-mail address of their institution."))
    if rules.email_domains:
        sentences.append(
            gettext("Members register with an e-mail address of one of these domains: %(domains)s.")
            % {"domains": ", ".join(rules.email_domains)}
        )
    if rules.conflicts in CONFLICT_WORDS:
        sentences.append(gettext(CONFLICT_WORDS[rules.conflicts]))
    if sentences and rules.waivable:
        sentences.append(gettext("An organiser can waive these rules, with a reason."))
    if rules.changes_until is not None:
        sentences.append(gettext("Members can join and leave until %(at)s.") % {"at": zoned(rules.changes_until)})
    language = get_language() or "en"
    sentences += [words.says(language) for words in rules.declarations]
    return sentences


def _need(need: NeedSpec) -> str:
    return gettext("At least %(count)s: %(professions)s.") % {
        "count": need.count,
        "professions": professions(need.any_of),
    }
