"""The starter kit of a question: everything that a team needs to send a first submission, as files."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files

from concours.evaluation.answer_files import answers_name
from concours.evaluation.sample import SampleTooLargeError, example_manifest, sample_submission
from concours.formats.manifest import Manifest
from concours.kit.description import citation, licence
from concours.kit.dictionary import dictionary_csv
from concours.kit.notebook import notebook
from concours.questions.schema import QuestionSpec

LAST_CELL = """from pathlib import Path

run(Path("question.yaml"), Path("training"), Path("evaluation"), Path("submission.json"), Path("{name}"))"""


def kit_files(
    spec: QuestionSpec, manifest: Manifest | None = None, name: str = "CHALLENGE/QUESTION"
) -> dict[str, bytes]:
    """The files by name. `manifest` is that of the released cases, where they are known; `name` is the question's on its site.

    Masks that are too large for a sample are left to `concours sample`.
    """
    script = files("concours.kit").joinpath("baseline.py").read_text(encoding="utf-8")
    last = LAST_CELL.format(name=answers_name(manifest or example_manifest(spec), "baseline"))
    texts = {
        "README.md": kit_readme(spec, manifest, name),
        "question.yaml": spec.text,
        "dictionary.csv": dictionary_csv(spec),
        "LICENCE.txt": licence(spec),
        "CITATION.txt": citation(spec),
        "baseline.py": script,
        "baseline.ipynb": notebook(script, last),
    }
    content = {key: text.encode() for key, text in texts.items()}
    if manifest is not None:
        content["submission.json"] = json.dumps(manifest.to_json()).encode()
    try:
        sample, sent = sample_submission(spec, manifest)
        content[f"sample/{sample}"] = sent
    except SampleTooLargeError:
        pass
    return {**content, "SHA256SUMS": checksums(content)}


def checksums(content: dict[str, bytes]) -> bytes:
    """What `sha256sum --check` reads."""
    return "".join(f"{hashlib.sha256(body).hexdigest()}  {key}\n" for key, body in sorted(content.items())).encode()


def kit_readme(spec: QuestionSpec, manifest: Manifest | None, name: str) -> str:
    """The way from nothing to a first submission, as commands."""
    generated, runs = spec.submission.generated is not None, spec.submission.runs is not None
    sent = answers_name(manifest or example_manifest(spec), "baseline")
    paths = "--training training" + ("" if generated else " --evaluation evaluation --manifest submission.json")
    commands = [
        "pip install 'concours[client]'",
        "concours login https://ADDRESS-OF-THE-SITE",
        f"concours data {name} --into . --unpack",
        f"concours baseline question.yaml {paths} --out {sent}",
        *([] if generated else [f"concours check {sent} --kind {sent.rpartition('.')[2]} --manifest submission.json"]),
        f"concours submit {name} {sent} --description baseline",
    ]
    lines = [
        f"# {spec.title.en}: starter kit",
        "",
        spec.summary.en,
        "",
        "## A first submission",
        "```sh",
        *commands,
        "```",
    ]
    lines += [
        "",
        "Replace `training` and `evaluation` with the folders that `concours data` names, if they have other names.",
        "`baseline.py` and `baseline.ipynb` hold the code of `concours baseline`: copy one and improve it.",
        "",
        "## Score yourself",
        "Keep some training cases apart, or answer all of them, and compare with their labels:",
        "```sh",
        "concours score question.yaml --truth training --submission MY-FILE --per-case",
        "```",
    ]
    if runs:
        lines += [
            "",
            "## Masks as run lengths",
            "One NIfTI file per case, named `<case>.nii.gz`, becomes the table of this question:",
            "```sh",
            "concours runs question.yaml MASKS --manifest submission.json --out masks.csv",
            "```",
        ]
    lines += ["", "## Files", *(f"- {line}" for line in _kit_lines(manifest)), ""]
    return "\n".join(lines)


def _kit_lines(manifest: Manifest | None) -> list[str]:
    cases = "the released cases" if manifest is not None else "invented cases, until the batch is released to you"
    return [
        "`question.yaml`: the question as the site runs it, with its scores and ranking",
        "`dictionary.csv`: every image, field and column with type, unit and allowed values",
        *(["`submission.json`: the cases, columns and grids that a submission is checked against"] if manifest else []),
        f"`sample/`: a submission that is accepted as it is, for {cases}",
        "`baseline.py`, `baseline.ipynb`: a small model, as script and as notebook",
        "`LICENCE.txt`, `CITATION.txt`, `SHA256SUMS`: terms of use, how to cite, checksums",
    ]
