"""Writes docs/quality-control.md from the declared criteria: `python -m concours.inclusion.describe`."""

from __future__ import annotations

import inspect
import sys

from concours.inclusion.exam import budget, perceptual
from concours.inclusion.exam.kernels import rows
from concours.inclusion.examine import ALWAYS, Criterion, find, names
from concours.inclusion.parameter import Parameter

INTRODUCTION = """# Quality control

After de-identification every exam is judged against the inclusion criteria of its question. Each criterion is one file
in `concours/inclusion/` and says **accept**, **review** (manual review needed) or **refuse**, with a reason code and
a sentence that tells the centre what to do. All reasons are given at once. What the files do not say is never guessed:
it goes to review. The exam's outcome is its worst judgement. `files` and `usable` are judged for every question.

A question file names its criteria under `inclusion`, each with the parameters below; what it leaves out takes the
default. This page is generated: `python -m concours.inclusion.describe > docs/quality-control.md`.

"""


def describe() -> str:
    """Return the whole page as Markdown."""
    parts = [INTRODUCTION, "## Criteria\n"]
    parts += [_criterion(find(name)) for name in sorted(names(), key=lambda name: (name not in ALWAYS, name))]
    parts += [_reading(), _duplicates(), _kernels()]
    return "\n".join(parts)


def _criterion(criterion: Criterion) -> str:
    how = (inspect.getdoc(criterion.judge) or "").replace("\n\n", "\n")
    lines = [f"### {criterion.name}\n", f"{criterion.summary} {' '.join(how.split())}\n"]
    if criterion.parameters:
        lines += ["| parameter | type | unit | default | meaning |", "|---|---|---|---|---|"]
        lines += [_parameter(parameter) for parameter in criterion.parameters]
        lines.append("")
    return "\n".join(lines)


def _parameter(parameter: Parameter) -> str:
    default = "required" if parameter.required else "–" if parameter.default is None else _default(parameter)
    kind = f"{parameter.type}: {', '.join(parameter.choices)}" if parameter.choices else parameter.type
    return f"| `{parameter.name}` | {kind} | {parameter.unit or '–'} | {default} | {parameter.help} |"


def _default(parameter: Parameter) -> str:
    return parameter.default if isinstance(parameter.default, str) else f"{parameter.default:g}"


def _reading() -> str:
    return f"""## Reading without trust

Exams are read in a disposable child process with limits. Before any pixel is decoded, what the header claims is
compared with what is there: at most {budget.MOST_BYTES:,} bytes decoded a file, {budget.MOST_FRAME_BYTES:,} a frame,
{budget.MOST_SIDE:,} pixels a side, {budget.MOST_FRAMES:,} frames. An uncompressed element must be as long as the header
says; a compressed frame's own header (JPEG, JPEG-LS, JPEG 2000) must state the same size. A file that fails is named
under its own new name, and the others are still judged.
"""


def _duplicates() -> str:
    return f"""## Near duplicates

Each series has a perceptual hash of {perceptual.BITS} bits that does not change with gain, offset, mild noise or
resampling. Two exams whose hashes differ in {perceptual.NEAR} bits or fewer are shown to a person as a likely duplicate,
across centres too.
"""


def _kernels() -> str:
    lines = [
        "## Kernels\n",
        (
            "A name that no row matches is unknown, and unknown is review. `basis` says how far a row was checked: "
            "**standard** (a defined term of DICOM) or **read** (the row says what the source's text says). Where sources "
            "disagree (Philips D, YA, YB) or none was found (FC04, Br50) there is no row.\n"
        ),
        "| vendor | names (pattern) | class | basis | source |",
        "|---|---|---|---|---|",
    ]
    for row in rows():
        pattern = row.pattern.replace("|", "\\|")
        lines.append(f"| {row.vendor} | `{pattern}` | {row.kind} | {row.basis} | {row.source} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(describe())
