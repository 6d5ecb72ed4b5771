"""The tables of an edition about its exams: criteria, centres, received and kept, sets."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count
from django.utils.translation import gettext

from batches.models import Split, SplitItem
from challenges.criterion_words import criteria
from challenges.frame import spec_of
from challenges.models import Question
from challenges.question_words import number
from core.vocabulary import refusal_word
from core.words import labelled
from leaderboard.edition_parts import Cell, EditionTable, edition_table, pandas, percent
from uploads.models import Exam


def inclusion_criteria(questions: Sequence[Question]) -> EditionTable:
    rows = [
        (str(question), criterion.title, criterion.asks)
        for question in questions
        for criterion in criteria(spec_of(question))
    ]
    return EditionTable(
        "inclusion-criteria",
        gettext("Inclusion criteria"),
        (gettext("Question"), gettext("Criterion"), gettext("Required")),
        tuple(rows),
    )


def exams_by_centre(questions: Sequence[Question]) -> EditionTable:
    """Exams received, by centre and question; most first."""
    counted = (
        Exam.objects.filter(question__in=questions)
        .order_by()
        .values_list("centre__name", "question")
        .annotate(n=Count("id"))
    )
    titles = {question.pk: str(question) for question in questions}
    frame = pandas().DataFrame(list(counted), columns=["centre", "question", "n"])
    if frame.empty:
        return edition_table(
            "centres", gettext("Exams by centre"), [gettext("Centre"), *titles.values()], [], numeric=True
        )
    table = (
        frame.pivot(index="centre", columns="question", values="n").reindex(columns=list(titles)).fillna(0).astype(int)
    )
    table["total"] = table.sum(axis=1)
    table = table.sort_values(["total"], ascending=False, kind="stable")
    rows: list[tuple[Cell, ...]] = [
        (str(centre), *(int(value) for value in values)) for centre, *values in table.itertuples()
    ]
    total: tuple[Cell, ...] = (gettext("Total"), *(int(value) for value in table.sum(axis=0)))
    columns = [gettext("Centre"), *titles.values(), gettext("Total")]
    return edition_table("centres", gettext("Exams by centre"), columns, [*rows, total], numeric=True)


def received_and_kept(questions: Sequence[Question]) -> EditionTable:
    """Received, kept after quality control and grading, refused, withdrawn; the share kept in percent."""
    rows: list[tuple[Cell, ...]] = []
    sums = [0, 0, 0, 0, 0]
    for question in questions:
        states = dict(Exam.objects.filter(question=question).order_by().values_list("state").annotate(n=Count("id")))
        received = sum(states.values())
        included = states.get(Exam.State.KEPT, 0)
        counts = [
            received,
            included,
            states.get(Exam.State.REFUSED, 0),
            states.get(Exam.State.DROPPED, 0),
            states.get(Exam.State.WITHDRAWN, 0),
        ]
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
        rows.append((str(question), *counts, percent(included, received)))
    rows.append((gettext("Total"), *sums, percent(sums[1], sums[0])))
    columns = [
        gettext("Question"),
        gettext("Received"),
        gettext("Kept"),
        gettext("Refused"),
        gettext("Graded, excluded"),
        gettext("Withdrawn"),
        gettext("Percentage kept"),
    ]
    return edition_table(
        "received-and-kept", gettext("Exams received and kept"), columns, rows, note=_refusals(questions), numeric=True
    )


def _refusals(questions: Sequence[Question]) -> str:
    """The reasons of refusals with their numbers, most frequent first."""
    refused = Exam.objects.filter(question__in=questions, state=Exam.State.REFUSED)
    counts = refused.order_by().values_list("reason").annotate(n=Count("id")).order_by("-n", "reason")
    listed = [labelled(refusal_word(reason), number(count)) for reason, count in counts]
    return gettext("Reasons of refusal: %(reasons)s.") % {"reasons": ", ".join(listed)} if listed else ""


def exams_by_set(questions: Sequence[Question]) -> EditionTable:
    """The frozen sets. Questions may name different sets."""
    items = SplitItem.objects.filter(split__question__in=questions, split__state=Split.State.FROZEN)
    counts = items.order_by().values_list("split__question", "set_name").annotate(n=Count("id"))
    frame = pandas().DataFrame(list(counts), columns=["question", "set", "n"])
    names = list(dict.fromkeys(name for question in questions for name in _sets(question)))
    rows = []
    for question in questions:
        own = frame[frame["question"] == question.pk].set_index("set")["n"]
        cells = [int(own[name]) if name in own.index else None for name in names]
        rows.append((str(question), *cells, int(own.sum())))
    columns = [gettext("Question"), *(set_title(name) for name in names), gettext("Total")]
    return edition_table("sets", gettext("Exams by set"), columns, rows, numeric=True)


def _sets(question: Question) -> list[str]:
    split = spec_of(question).split
    return list({**split.sets, **split.shares}) if split else []


def set_title(name: str) -> str:
    """The usual sets in the reader's language; any other as the question file names it."""
    titles = {"training": gettext("training"), "validation": gettext("validation"), "test": gettext("test")}
    return titles.get(name, name.replace("_", " ").replace("-", " "))
