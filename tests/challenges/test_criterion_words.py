"""Inclusion criteria as pages show them: no code of a question file is left, in either language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from challenges.criterion_words import CHOICES, LIMITS, criteria
from concours import inclusion
from concours.formats.fault import REASONS
from concours.known_names import known_names
from concours.questions.schema import load_spec
from core.vocabulary import REFUSALS

CATALOGUE = sorted(Path("concours/questions/catalogue").glob("*.yaml"))
SAID_ALONE = {"allowed", "value", "field", "fields", "images", "min", "max", "below", "of"}


def words_of(slug: str, language: str) -> dict[str, str]:
    text = Path(f"concours/questions/catalogue/{slug}.yaml").read_text("utf-8")
    with override(language):
        return {row.title: row.asks for row in criteria(load_spec(text, known_names()))}


def test_every_code_and_parameter_of_a_criterion_has_a_word() -> None:
    for name in inclusion.names():
        for parameter in inclusion.find(name).parameters:
            assert set(parameter.choices) <= set(CHOICES), name
            assert parameter.name in SAID_ALONE or parameter.name in LIMITS, (name, parameter.name)


def test_sequences_and_phases_are_terms() -> None:
    assert words_of("ms-edss", "en")["MR sequence"] == "3D FLAIR, 2D axial FLAIR"
    assert words_of("ms-edss", "fr")["Séquence d’IRM"] == "FLAIR 3D, FLAIR axiale 2D"
    assert "EDSS at two years: EDSS score" in words_of("ms-edss", "en")["Clinical values"]
    phases = words_of("mtm-hcc", "fr")["Temps après injection"]
    assert "T1 artériel tardif\u00a0: artériel tardif" in phases and "T2 avec saturation de graisse" in phases


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_criterion_of_the_catalogue_shows_a_code(language: str) -> None:
    codes = {code for code in CHOICES if "_" in code}
    for path in CATALOGUE:
        for title, asks in words_of(path.stem, language).items():
            assert not re.search(r"\w_\w", asks), (path.stem, title, asks)
            assert not any(
                code.replace("_", " ") in asks.split(", ") for code in codes - {"late_arterial", "portal_venous"}
            )


def test_a_field_that_is_named_like_a_code_keeps_its_title() -> None:
    text = Path("concours/questions/catalogue/covid.yaml").read_text("utf-8")
    text = re.sub(r"\bcovid\b(?=[:\]},])", "other", text).replace("field: covid", "field: other")
    with override("en"):
        rows = {row.title: row.asks for row in criteria(load_spec(text, known_names()))}
    assert rows["Clinical values"] == "COVID-19"


def test_every_reason_for_a_refused_exam_has_words() -> None:
    of_submissions = (
        "empty_submission one_class organiser_error rle_malformed rle_overlap rle_out_of_bounds not_allowed"
    )
    assert set(REFUSALS) >= REASONS - {*of_submissions.split(), "quota_exceeded", "late_submission"}
