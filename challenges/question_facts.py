"""Everything that a question's file says, in words: what the question's page shows, and the preview of a draft."""

from __future__ import annotations

from dataclasses import dataclass

from challenges import question_words as words
from challenges.criterion_words import CriterionWords, criteria
from challenges.question_words import ColumnWords, ScoreWords
from concours.questions.schema import QuestionSpec


@dataclass(frozen=True)
class FieldWords:
    """A field of the data as the page names it."""

    title: str
    type: str
    unit: str
    name: str
    labels: str


@dataclass(frozen=True)
class ImageWords:
    """An image of the data as the page names it."""

    title: str
    modality: str
    required: bool
    dimensions: str


@dataclass(frozen=True)
class Prize:
    place: str
    amount: str
    currency: str


@dataclass(frozen=True)
class QuestionFacts:
    """`finalists`: how many teams are run again at the end, 0 where there is no final."""

    source: str
    fields: list[FieldWords]
    images: list[ImageWords]
    criteria: list[CriterionWords]
    submission: list[str]
    columns: list[ColumnWords]
    limits: list[str]
    scores: list[ScoreWords]
    ranking: list[str]
    finalists: int
    final: list[str]
    final_rules: list[str]
    shows_part: bool
    team_rules: list[str]
    prizes: list[Prize]


def question_facts(spec: QuestionSpec, language: str) -> QuestionFacts:
    """The facts of a question in the active language."""
    return QuestionFacts(
        source=spec.source,
        fields=[
            FieldWords(
                field.title.says(language), field.type, words.unit_words(field.unit), field.name, words.labels(field)
            )
            for field in spec.data.fields.values()
        ],
        images=[
            ImageWords(
                title=image.title.says(language),
                modality=", ".join(image.modality),
                required=image.required,
                dimensions=" / ".join(f"{count}D" for count in image.dimensions),
            )
            for image in spec.data.images.values()
        ],
        criteria=criteria(spec),
        submission=words.submission(spec),
        columns=words.columns(spec),
        limits=words.limits(spec),
        scores=words.scores(spec),
        ranking=words.ranking(spec),
        finalists=spec.final.finalists if spec.final else 0,
        final=words.ranking(spec, spec.final.ranking) if spec.final else [],
        final_rules=words.final_rules(spec),
        shows_part=bool(spec.leaderboard.public_share),
        team_rules=words.team_rules(spec),
        prizes=[
            Prize(prize.place, words.number(prize.amount), prize.currency)
            for prize in spec.rules.prizes
            if prize.amount
        ],
    )
