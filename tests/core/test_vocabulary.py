"""What the audit trail and the queue say has a word for people, in every language of the site."""

from __future__ import annotations

import ast

import pytest
from django.apps import apps
from django.utils import translation

from core.registry import stages
from core.vocabulary import DEEDS, STEPS, SUBJECTS, deed_word, stage_word
from tests.architecture.source import APPS, modules, parsed


def recorded_verbs() -> set[str]:
    """Every literal `verb=` of a call of `record` in the apps."""
    calls = (
        node
        for path in modules(*APPS)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record"
    )
    words = (word for call in calls for word in call.keywords if word.arg == "verb")
    return {str(word.value.value) for word in words if isinstance(word.value, ast.Constant)}


def test_every_deed_that_is_recorded_has_a_word_and_no_word_is_idle() -> None:
    assert recorded_verbs() == DEEDS


def named_stages() -> set[str]:
    """Every literal `stage=` of a call in the apps: of progress, reviews and refusals."""
    calls = (node for path in modules(*APPS) for node in ast.walk(parsed(path)) if isinstance(node, ast.Call))
    words = (word for call in calls for word in call.keywords if word.arg == "stage")
    return {str(word.value.value) for word in words if isinstance(word.value, ast.Constant)}


def test_every_stage_that_is_named_has_a_title_and_no_title_is_idle() -> None:
    assert named_stages() <= set(stages()) | set(STEPS)
    assert set(STEPS) <= named_stages()
    assert not set(STEPS) & set(stages())
    with translation.override("fr"):
        assert all(stage_word(name) != name.replace("_", " ") for name in (*stages(), *STEPS))


@pytest.mark.parametrize("verb", sorted(DEEDS))
def test_a_deed_is_said_in_french(verb: str) -> None:
    with translation.override("fr"):
        assert deed_word(verb, "") != verb


def test_a_change_of_state_is_said_by_subject_and_state() -> None:
    with translation.override("en"):
        assert deed_word("exam accepted", "exam") == "exam: accepted"
    with translation.override("fr"):
        assert deed_word("exam accepted", "exam").startswith("examen")


def test_what_has_no_word_keeps_its_own_name() -> None:
    assert deed_word("something new", "exam") == "something new"
    assert stage_word("some_stage") == "some stage"


@pytest.mark.parametrize("kind", sorted(SUBJECTS))
def test_a_subject_is_a_model(kind: str) -> None:
    assert kind in {model._meta.model_name for model in apps.get_models()}
