"""Strata are told in words, whatever they are made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import translation

from concours.known_names import known_names
from concours.questions.schema import load_spec
from pages.strata import StratumWords
from tests.pages.edition import Edition

pytestmark = pytest.mark.django_db
NODULES = Path("concours/questions/catalogue/nodules.yaml")
MS = Path("concours/questions/catalogue/ms-edss.yaml")


@pytest.mark.parametrize(
    ("file", "stratify", "written", "language", "words"),
    [
        (NODULES, ("centre", "abnormal"), "bichat / 1", "en", "Bichat · Abnormal exam: yes"),
        (NODULES, ("centre", "abnormal"), "bichat / False", "en", "Bichat · Abnormal exam: no"),
        (NODULES, ("centre", "abnormal"), "gone / none", "en", "gone · Abnormal exam: missing"),
        (NODULES, ("abnormal",), "1", "fr", "Examen anormal\u00a0: oui"),
        (MS, ("grade", "edss"), "A / 2.5", "en", "grade: A · EDSS at two years: 2.5"),
        (MS, ("age",), "q3", "en", "Age: quarter 3 of 4"),
        (MS, ("sex",), "F", "en", "Sex: F"),
        (NODULES, (), "all", "en", "all exams"),
    ],
)
def test_a_stratum_in_words(
    edition: Edition, file: Path, stratify: tuple[str, ...], written: str, language: str, words: str
) -> None:
    spec = load_spec(file.read_text("utf-8"), known_names())
    spec = replace(spec, split=replace(spec.split, stratify=stratify))
    with translation.override(language):
        assert StratumWords(edition.question, spec).stratum(written) == words
