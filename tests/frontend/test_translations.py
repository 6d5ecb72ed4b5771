"""The check of the French catalogue finds what it is there to find."""

import importlib.util
from pathlib import Path
from types import ModuleType

import polib
import pytest

FILE = Path(__file__).resolve().parents[2] / "locale" / "check.py"


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translation_check", FILE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def catalogue(*entries: polib.POEntry) -> polib.POFile:
    created = polib.POFile()
    created.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": "nplurals=2; plural=(n > 1);"}
    created.extend(entries)
    return created


def test_a_complete_message_passes(check: ModuleType) -> None:
    good = polib.POEntry(msgid="Exam %(n)s of {all}", msgstr="{all} : examen %(n)s")
    assert check.problems(catalogue(good)) == []


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (polib.POEntry(msgid="Exam", msgstr=""), "empty"),
        (polib.POEntry(msgid="Exam", msgstr="Examen", flags=["fuzzy"]), "fuzzy"),
        (polib.POEntry(msgid="Exam %(n)s", msgstr="Examen %(m)s"), "holes"),
        (polib.POEntry(msgid="Exam %(n)s", msgstr="Examen %(n)d"), "holes"),
        (polib.POEntry(msgid="{n} left", msgstr="reste"), "holes"),
        (polib.POEntry(msgid="%(n)s", msgid_plural="%(n)ss", msgstr_plural={0: "%(n)s", 1: ""}), "empty"),
    ],
)
def test_a_faulty_message_is_named(check: ModuleType, entry: polib.POEntry, word: str) -> None:
    assert [line.split(":")[0].split()[0] for line in check.problems(catalogue(entry))] == [word]


@pytest.mark.parametrize(
    ("message", "lacks"),
    [
        ("About %(count)d slices are missing.", True),
        ("%(n)s of the exams wait", True),
        ("{n} files sent", True),
        ("At least %(share).1f mm of %(n)s full slices", True),
        ("%(name)s contains no image.", False),
        ("%(batch)s is open", False),
        ("Slices: %(count)d; at least %(min)d required.", False),
        ("The folder contains more than %(limit)s files. Send fewer files.", False),  # in never_one.txt
    ],
)
def test_a_number_before_a_plural_noun_needs_two_forms(check: ModuleType, message: str, lacks: bool) -> None:
    assert check.lacks_plural(message) is lacks
    named = [
        line for line in check.problems(catalogue(polib.POEntry(msgid=message, msgstr=message))) if "plural" in line
    ]
    assert bool(named) is lacks


def test_every_exception_of_the_plural_check_is_in_use(check: ModuleType) -> None:
    used = {entry.msgid.replace("\n", " ") for entry in polib.pofile(str(check.CATALOGUE)) if not entry.obsolete}
    assert check.NEVER_ONE - {""} <= used


def test_a_singular_may_leave_its_number_out(check: ModuleType) -> None:
    entry = polib.POEntry(
        msgid="One exam", msgid_plural="%(n)s exams", msgstr_plural={0: "Un examen", 1: "%(n)s examens"}
    )
    assert check.problems(catalogue(entry)) == []


def test_an_old_compiled_file_is_found(check: ModuleType, tmp_path: Path) -> None:
    compiled = tmp_path / "django.mo"
    before = catalogue(polib.POEntry(msgid="Exam", msgstr="Examen"))
    before.save_as_mofile(str(compiled))
    assert check.compiled_is_current(before, compiled)
    after = catalogue(polib.POEntry(msgid="Exam", msgstr="Examen d'imagerie"))
    assert not check.compiled_is_current(after, compiled)
    assert not check.compiled_is_current(after, tmp_path / "none.mo")
