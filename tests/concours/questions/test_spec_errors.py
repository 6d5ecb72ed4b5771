"""A question file with errors: all of them at once, each with its line and what was likely meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from concours.questions.schema import KnownNames, QuestionSpec, SpecError, load_spec
from concours.questions.schema.addresses import PAGE_WORDS

SARCOPENIA = Path("concours/questions/catalogue/sarcopenia.yaml")
KNOWN = KnownNames(
    kinds={"masks", "table"},
    metrics={"dice": {"label"}, "mse": set()},
    criteria=(
        *("modality", "dimensions", "slice_count", "slice_thickness", "kernel"),
        *("orientation", "contrast", "hounsfield", "pixels", "mask"),
    ),
)


@pytest.fixture
def text() -> str:
    return SARCOPENIA.read_text(encoding="utf-8")


def line_of(text: str, part: str) -> int:
    """The line (from 1) that holds `part`."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def mistakes(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(SpecError) as caught:
        load_spec(text, KNOWN)
    return [(mistake.line, mistake.where, mistake.message) for mistake in caught.value.mistakes]


def test_the_example_reads(text: str) -> None:
    spec = load_spec(text, KNOWN)
    assert isinstance(spec, QuestionSpec)
    assert spec.split.sets == {"training": 513, "validation": 512, "test": 500}
    assert spec.ranking.tie_break == ("dice", "submitted_at")
    assert spec.phases["final"].closes.isoformat() == "2019-10-13T10:00:00+02:00"
    assert spec.target is not None
    assert spec.target.with_margin == 1100


def test_all_errors_come_at_once_with_their_lines(text: str) -> None:
    broken = (
        text.replace("rank_sum                 #", "rank_sun #")
        .replace("seed: 2019", "sed: 2019")
        .replace("metric: mse", "metric: mse2")
        .replace("  modality:", "  modalty:")
        .replace("kept: [A, B, C]", "kept: [A, B, E]")
        .replace('"2019-10-13T10:00:00+02:00"', '"2019-10-13T10:00:00"')
    )
    mistakes_result = mistakes(broken)
    assert [line for line, _, _ in mistakes_result] == sorted(line for line, _, _ in mistakes_result)
    for part, where, words in [
        ("rank_sun", "ranking.rule", "did you mean rank_sum?"),
        ("sed: 2019", "split.sed", "did you mean seed?"),
        ("mse2", "metrics.surface_mse.metric", "did you mean mse?"),
        ("modalty", "inclusion.modalty", "did you mean modality?"),
        ("[A, B, E]", "grading.kept[2]", "allowed: A, B, C, D"),
        ('T10:00:00"', "phases.final.closes", "no UTC offset"),
    ]:
        assert any(
            line == line_of(broken, part) and at == where and words in message for line, at, message in mistakes_result
        ), (
            part,
            mistakes_result,
        )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("concours: 1", "concours: 2", "format 2"),
        ("kind: masks ", "kind: maks ", "did you mean masks?"),
        ("slug: sarcopenia", "slug: Sarcopénie", "slug"),
        ("slug: sarcopenia", "slug: sarcopenia\nslug: again", "already on line"),
        ("{en: Sarcopenia, fr: Sarcopénie}", "{en: Sarcopenia}", "fr is missing"),
        ("of: image", "of: picture", "which image"),
        ("measured_from: mask", "measured_from: surface", "not a mask of this question"),
        ("field: surface, over: set", "field: surfaces, over: set", "did you mean surface?"),
        ("over: set", "over: set, aggregate: mean", "nothing to aggregate"),
        ("metric: dice,", "metric: dice, direction: lower,", "the metric itself"),
        ("metric: dice,", "metric: dice, params: {lable: 1},", "did you mean label?"),
        ("by: [dice, surface_mse]", "by: [dice, dice]", "twice"),
        ("by: [dice, surface_mse]", "by: []", "at least one score"),
        ("rule: rank_sum", "rule: best_score", "ranks by one score"),
        ("rule: rank_sum", "rule: weighted", "one weight for each"),
        ("[dice, submitted_at]", "[dice, submited_at]", "did you mean submitted_at?"),
        ("public_share: 0,", "public_share: 1.2,", "between 0 and 1"),
        ("per_day: 3,", "per_day: true,", "an integer is required"),
        ("margin: 0.1", "margin: .nan", "number"),
        ("evaluation: [test] ", "evaluation: [tests] ", "did you mean test?"),
        ("evaluation: [test] ", "evaluation: [] ", "scored on"),
        ("training: 513, validation: 512", "training: 0.5, validation: 512", "all numbers of exams or all shares"),
        ("name: batch-2", "name: batch-1", "two batches"),
        ("set: validation", "set: validations", "did you mean validation?"),
        ("T10:00:00+02:00", "T08:00:00+02:00", "close after it opens"),
        ("accepts: exams", "accepts: exam", "did you mean exams?"),
        ("limits: {per_day", "limits: {per_dya", "did you mean per_day?"),
    ],
)
def test_each_error_says_what_to_do(text: str, old: str, new: str, words: str) -> None:
    assert old in text
    mistakes_result = mistakes(text.replace(old, new, 1))
    assert any(words in message for _, _, message in mistakes_result), mistakes_result


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a: [", "not YAML"),
        ("a: &x [*x]", "aliases"),
        ("[" * 50 + "]" * 50, "nested"),
        ("- 1", "mapping"),
        ("a: !!python/object/apply:os.system [ls]", "not allowed"),
        ("a: !!python/name:os.system x", "not allowed"),
        ("? {a: 1}\n: 2", "one word"),
    ],
)
def test_what_is_no_question_at_all_is_refused(text: str, words: str) -> None:
    assert any(line == 1 and words in message for line, _, message in mistakes(text))


def test_words_are_words_and_not_what_yaml_1_1_makes_of_them(text: str) -> None:
    spec = load_spec(
        text.replace("name: batch-1", "name: yes").replace("allowed: [soft]", "allowed: [no, 12:30]"), KNOWN
    )
    assert spec.batches[0].name == "yes"
    kernel = next(criterion for criterion in spec.inclusion if criterion.name == "kernel")
    assert kernel.params == {"allowed": ["no", "12:30"]}


@pytest.mark.parametrize("slug", sorted(PAGE_WORDS))
def test_a_slug_that_is_a_page_of_the_challenge_is_refused_with_its_line(text: str, slug: str) -> None:
    ((line, where, words),) = mistakes(text.replace("slug: sarcopenia", f"slug: {slug}"))
    assert (line, where) == (line_of(text, "slug:"), "slug")
    assert f"'{slug}' is the address of a page" in words
    load_spec(text.replace("slug: sarcopenia", f"slug: {slug}-ct"), KNOWN)
