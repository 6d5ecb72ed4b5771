"""What the questions' rules still ask of a team, and what of it an organiser's waiver can cover."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from challenges.conflicts import conflicts_of
from challenges.frame import spec_of
from challenges.models import Membership, Question, Team
from challenges.question_words import professions
from concours.formats.fault import plural_noop
from concours.questions.schema import RulesSpec
from core.errors import InvalidInputError

# Addresses that everybody can have: behind one of these no institution is known.
_PRIVATE = """
    gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr live.com live.fr msn.com yahoo.com yahoo.fr
    ymail.com icloud.com me.com aol.com proton.me protonmail.com gmx.com gmx.net gmx.de gmx.fr web.de mail.com zoho.com
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr"""
PRIVATE_MAIL = frozenset(_PRIVATE.split())
NOT_WAIVABLE = gettext_noop("The team does not meet these rules, and the question does not allow a waiver.")
WRONG_DOMAIN = gettext_noop("Members must register with an e-mail address of one of these domains: %(domains)s.")
CONFLICT_RULES = {
    "refuse": gettext_noop("%(person)s has another part in this challenge (%(role)s), which this question excludes."),
    "declare": gettext_noop(
        "%(person)s has another part in this challenge (%(role)s) and has not declared this conflict of interest yet."
    ),
}
NOT_WAIVED = gettext_noop("The team does not meet these rules. Change the team, or ask an organiser for a waiver.")


class TeamRuleError(InvalidInputError):
    reason = "team_rule"


@dataclass(frozen=True, slots=True)
class UnmetRule:
    """One rule that a team does not meet; `where` is the question, `values` are in the reader's language."""

    where: str
    template: str
    values: dict[str, Any] = field(default_factory=dict)
    waivable: bool = False
    reason: str = "team_rule"


def unmet_in(team: Team, question: Question) -> list[UnmetRule]:
    """What this question's rules still ask of the team."""
    rules = spec_of(question).rules
    members = list(team.memberships.all())
    unmet: list[tuple[str, dict[str, Any]]] = []
    if rules.team_min and len(members) < rules.team_min:
        unmet.append(
            (
                plural_noop("At least %(count)s member is required.", "At least %(count)s members are required."),
                {"count": rules.team_min},
            )
        )
    if rules.team_max and len(members) > rules.team_max:
        unmet.append(
            (
                plural_noop("At most %(count)s member is allowed.", "At most %(count)s members are allowed."),
                {"count": rules.team_max},
            )
        )
    for need in rules.needs:
        if sum(member.profession in need.any_of for member in members) < need.count:
            values = {"count": need.count, "professions": professions(need.any_of)}
            unmet.append(
                (
                    plural_noop(
                        "At least %(count)s member with one of these professions is required: %(professions)s.",
                        "At least %(count)s members with one of these professions are required: %(professions)s.",
                    ),
                    values,
                )
            )
    if rules.one_word_name and re.search(r"\s", team.name):
        unmet.append((gettext_noop("The team name is one word without spaces."), {}))
    if rules.institution_email:
        private = sum(member.user.email.rpartition("@")[2].lower() in PRIVATE_MAIL for member in members)
        if private:
            template = gettext_noop(
                "Members must register with the e-mail address of their institution; private addresses: %(count)s."
            )
            unmet.append((template, {"count": private}))
    unmet += [(WRONG_DOMAIN, {"domains": ", ".join(rules.email_domains)})] if _wrong_domain(rules, members) else []
    unmet += _conflicts(team, question, rules.conflicts)
    return [UnmetRule(question.slug, template, values, rules.waivable) for template, values in unmet]


def _wrong_domain(rules: RulesSpec, members: Sequence[Membership]) -> bool:
    """Whether the address of a member lies outside the domains that the question names; a domain includes its subdomains."""
    if not rules.email_domains:
        return False
    hosts = [member.user.email.rpartition("@")[2].lower() for member in members]
    return any(not f".{host}".endswith(tuple(f".{domain}" for domain in rules.email_domains)) for host in hosts)


def _conflicts(team: Team, question: Question, rule: str) -> list[tuple[str, dict[str, Any]]]:
    """Members with another part in the challenge, where the question excludes them or they have not declared it."""
    if rule not in CONFLICT_RULES:
        return []
    conflicts = conflicts_of([team], question)[team.pk]
    pending = [conflict for conflict in conflicts if rule == "refuse" or not conflict.declared]
    return [(CONFLICT_RULES[rule], {"person": conflict.person, "role": conflict.role}) for conflict in pending]


def _asked(team: Team) -> tuple[list[Question], bool]:
    """The questions that the team entered (and True); before any, all of the challenge."""
    entered = [entry.question for entry in team.entries.all()]
    return (entered, True) if entered else (list(team.challenge.questions.all()), False)


def unmet_rules(team: Team) -> list[UnmetRule]:
    """What the rules of the entered questions (or, before any, of all questions) still ask of the team, each once.

    What an organiser has waived is no longer asked.
    """
    return [rule for rule in _unmet(team, _asked(team)[0]) if not (rule.waivable and team.waiver)]


def still_waivable(team: Team) -> list[UnmetRule]:
    """What an organiser can still waive for a team that is in, so that it can enter every question."""
    if team.state != Team.State.APPROVED or team.waiver:
        return []
    return [rule for rule in _unmet(team, team.challenge.questions.all()) if rule.waivable]


def _unmet(team: Team, questions: Iterable[Question]) -> list[UnmetRule]:
    seen: dict[tuple[str, str], UnmetRule] = {}
    for question in questions:
        for rule in unmet_in(team, question):
            seen.setdefault((rule.template, str(rule.values)), rule)
    return list(seen.values())


def check_approval(team: Team, waiver: str) -> None:
    """Refuses a team that falls short: a waiver covers what the question files let an organiser waive.

    A team that has entered nothing yet is stopped by rules that cannot be waived only where they leave it no question;
    it meets them again when it enters.
    """
    requested, entered = _asked(team)
    unmet = [unmet_in(team, question) for question in requested]
    barred = [rules for rules in unmet if any(not rule.waivable for rule in rules)]
    if barred and (entered or len(barred) == len(unmet)):
        _refuse([rule for rules in barred for rule in rules])
    if not waiver:
        _refuse([rule for rules in unmet if rules not in barred for rule in rules])


def check_entry(team: Team, question: Question) -> None:
    """Refuses an approved team that this question's rules keep out; the team's waiver covers what can be waived."""
    _refuse([rule for rule in unmet_in(team, question) if not (rule.waivable and team.waiver)])


def _refuse(unmet: Sequence[UnmetRule]) -> None:
    if unmet:
        fixed = any(not rule.waivable for rule in unmet)
        raise TeamRuleError(NOT_WAIVABLE if fixed else NOT_WAIVED, faults=unmet)
