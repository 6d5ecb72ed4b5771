"""The ranking rule of a question in words, and what holds in its final."""

from __future__ import annotations

from django.utils.translation import gettext

from challenges.question_words.parts import number
from challenges.question_words.scores import score_title
from concours.questions.schema import QuestionSpec, RankingSpec
from concours.questions.schema.rules import RANK_RULES
from core.words import separated


def ranking(spec: QuestionSpec, rule: RankingSpec | None = None) -> list[str]:
    """The rule, how ties are placed and the chain that breaks them, a sentence each."""
    rule = rule or spec.ranking
    titles = [_derived_title(spec, rule, name) for name in rule.by]
    sentences = [_rule(rule, titles)]
    sentences += [_derived(spec, rule, name) for name in rule.derived]
    if rule.tie_break:
        chain = [
            gettext("the earlier submission") if name == "submitted_at" else _derived_title(spec, rule, name)
            for name in rule.tie_break
        ]
        sentences.append(gettext("Ties are broken by, in order: %(chain)s.") % {"chain": separated(chain)})
    sentences.append(
        {
            "min": gettext("Remaining ties share the better rank (1, 1, 3)."),
            "max": gettext("Remaining ties share the worse rank (2, 2, 3)."),
            "average": gettext("Remaining ties share the mean of their ranks (1.5, 1.5, 3)."),
            "dense": gettext("Remaining ties share a rank, and no rank is skipped (1, 1, 2)."),
        }.get(rule.ties, "")
    )
    sentences.append(
        gettext("Teams whose score is undefined share the worst rank in that score.")
        if rule.rule in RANK_RULES
        else gettext("Teams that lack a score that the ranking needs share the last place.")
    )
    sentences.append(
        gettext(
            "A team that entered and submitted nothing in time is shown as N.S. Baselines are shown but not ranked."
        )
    )
    return [sentence for sentence in sentences if sentence]


def _rule(rule: RankingSpec, titles: list[str]) -> str:
    named = " + ".join(titles)
    if rule.rule == "best_score":
        return gettext("Teams are ranked by %(scores)s.") % {"scores": titles[0]}
    if rule.rule == "rank_sum":
        return gettext("Each team is ranked in every score; the lowest sum of ranks wins: %(scores)s.") % {
            "scores": named
        }
    if rule.rule == "rank_mean":
        return gettext("Each team is ranked in every score; the lowest mean rank wins: %(scores)s.") % {"scores": named}
    if rule.rule == "weighted":
        weighed = " + ".join(
            f"{number(rule.weights.get(name, 1))} × {title}" for name, title in zip(rule.by, titles, strict=True)
        )
        return gettext("Teams are ranked by a weighted sum: %(scores)s.") % {"scores": weighed}
    return gettext("Teams are ranked by the mean of these scores: %(scores)s.") % {"scores": ", ".join(titles)}


def _derived_title(spec: QuestionSpec, rule: RankingSpec, name: str) -> str:
    return name.replace("_", " ").capitalize() if name in rule.derived else score_title(spec, name)


def _derived(spec: QuestionSpec, rule: RankingSpec, name: str) -> str:
    score = rule.derived[name]
    of = [_derived_title(spec, rule, part) for part in score.of]
    how = {
        "one_minus_over_worst": f"1 - {of[0]} / max({of[0]})",
        "one_minus": f"1 - {of[0]}",
        "divide": f"{of[0]} / {number(score.by)}",
        "mean": gettext("mean of %(scores)s") % {"scores": ", ".join(of)},
    }.get(score.how, score.how)
    return f"{_derived_title(spec, rule, name)} = {how}."


def final_rules(spec: QuestionSpec) -> list[str]:
    """What holds between the deciding ranking and the final."""
    final = spec.final
    if final is None:
        return []
    sentences = [
        gettext("The next team takes the place of a finalist who is excluded.")
        if final.steps_up
        else gettext("The place of a finalist who is excluded stays empty.")
    ]
    if final.tolerance is not None:
        sentences.append(
            gettext("A re-run confirms a score when it differs by at most %(percent)s %%.")
            % {"percent": number(100 * final.tolerance)}
        )
    return sentences
