"""Is the French catalogue complete? Fails on an empty or fuzzy message, on holes that differ, on an old compiled file.

Run: .venv/bin/python locale/check.py; `--compile` writes django.mo from django.po.
"""

import re
import sys
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
# %(name)s and %s for code, {name} for scripts, <b> for markup: a translation keeps them all.
HOLES = re.compile(r"%\(\w+\)[#0\- +]?\d*(?:\.\d+)?[a-zA-Z]|(?<!%)%[sdr]|\{\w*\}|</?[a-z][^>]*>")

# A number, or a text that may be one, and the noun that it counts: "%(count)s exams", "%(n)d of the slices".
NUMBER_AND_NOUN = re.compile(
    r"(?:%\(\w+\)(?:[ds]|\.\d+f)|\{\w+\})[ \u00a0\u202f](?:of the |other |different |public |closed |more |full )?"
    r"(?P<noun>[a-z]+s)\b"
)
# Words in -s that follow a name and count nothing: verbs, and short words.
VERB = re.compile(
    r"is|was|has|does|its|this|as|us|always|accepts|averages|begins|bears|closes|contains|declares|duplicates|holds|identifies"
    r"|leaves|lies|meets|names|requires|sorts|uploads|needs|waits"
)
# Messages whose number is never one: a limit of the platform, or several by the meaning of the message.
NEVER_ONE = frozenset((ROOT / "locale" / "never_one.txt").read_text(encoding="utf-8").splitlines())


def holes(text: str) -> list[str]:
    """The holes of a message in a fixed order. A French sentence may name them in another."""
    return sorted(HOLES.findall(text))


def lacks_plural(message: str) -> bool:
    """Whether a number stands before a noun in the plural, in a message of one form that may be said of one thing."""
    return message.replace("\n", " ") not in NEVER_ONE and any(
        not VERB.fullmatch(match["noun"]) for match in NUMBER_AND_NOUN.finditer(message)
    )


def problems(catalogue: polib.POFile) -> list[str]:
    """What is wrong with each message, as lines for people."""
    lines = []
    for entry in catalogue:
        if entry.obsolete:
            continue
        where = f"{entry.msgid[:70]!r}"
        texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        if not entry.msgid_plural and lacks_plural(entry.msgid):
            lines.append(
                f"number and noun without a plural; use ngettext, plural_noop or a line of never_one.txt: {where}"
            )
        if entry.fuzzy:
            lines.append(f"fuzzy: {where}")
        if not texts or not all(text.strip() for text in texts):
            lines.append(f"empty: {where}")
            continue
        # A plural may leave a number out ("un examen"), so each form is held against the English plural or singular.
        expected = [holes(entry.msgid), *([holes(entry.msgid_plural)] if entry.msgid_plural else [])]
        lines += [f"holes differ: {where} -> {text[:70]!r}" for text in texts if holes(text) not in expected]
    return lines


def compiled_is_current(catalogue: polib.POFile, compiled: Path) -> bool:
    """Whether django.mo holds exactly what django.po says."""
    if not compiled.is_file():
        return False
    return _messages(polib.mofile(str(compiled))) == _messages(
        entry for entry in catalogue if entry.translated() and not entry.obsolete
    )


def compile_catalogue() -> None:
    polib.pofile(str(CATALOGUE)).save_as_mofile(str(CATALOGUE.with_suffix(".mo")))


def _messages(entries: object) -> dict[tuple[str | None, str], object]:
    return {(entry.msgctxt, entry.msgid): dict(entry.msgstr_plural) or entry.msgstr for entry in entries}  # type: ignore[attr-defined]


def main(arguments: list[str]) -> int:
    if arguments == ["--compile"]:
        compile_catalogue()
    catalogue = polib.pofile(str(CATALOGUE))
    lines = problems(catalogue)
    if not compiled_is_current(catalogue, CATALOGUE.with_suffix(".mo")):
        lines.append("django.mo is not what django.po says; run: .venv/bin/python locale/check.py --compile")
    for line in lines:
        print(line)  # noqa: T201
    print(f"French: {len(catalogue)} messages, {len(lines)} to mend")  # noqa: T201
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
