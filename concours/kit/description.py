"""The texts that go with data: what lies where, under which terms, and how to cite them. The same in a batch and in a kit."""

from __future__ import annotations

from concours.kit.dictionary import dictionary_csv
from concours.questions.schema import QuestionSpec

IMAGES = {
    "dicom": "`{image}/<case>/0000.dcm …`: one folder per case, slices in order",
    "nifti": "`{image}/<case>.nii.gz`: NIfTI-1, values in the image's unit",
    "numpy": "`{image}/<case>.npy`: rows and columns of a slice, or i, j, k of a volume, as in NIfTI",
}
CHARTER = "The charter of the challenge says what the data may be used for. Nothing else is permitted."


def description_files(spec: QuestionSpec, where: str, *, is_evaluation: bool) -> dict[str, str]:
    """README, data dictionary, licence and citation by file name; `where` says what they describe."""
    return {
        "README.md": readme(spec, where, is_evaluation=is_evaluation),
        "dictionary.csv": dictionary_csv(spec),
        "LICENCE.txt": licence(spec),
        "CITATION.txt": citation(spec),
    }


def readme(spec: QuestionSpec, where: str, *, is_evaluation: bool) -> str:
    """What the archive holds, file by file, in English."""
    table = "cases.csv" if is_evaluation else "truth.csv"
    lines = [f"# {spec.title.en}: {where}", "", spec.summary.en, "", "## Files"]
    lines += [f"- {line}" for line in _layout(spec, table, is_evaluation)]
    lines += [
        "- `dictionary.csv`: every image, field and column with type, unit and allowed values",
        "- `manifest.json`: every case and file with its SHA-256",
        "- `SHA256SUMS`: the same for `sha256sum --check SHA256SUMS`",
        "- `LICENCE.txt`, `CITATION.txt`: terms of use, and how to cite",
        "",
        "## Terms",
        licence(spec).strip(),
        "",
        "## Citation",
        citation(spec).strip(),
        "",
        "Case ids are random and say nothing about the centre or the order. Do not try to identify a person.",
        "",
    ]
    return "\n".join(lines)


def licence(spec: QuestionSpec) -> str:
    """The terms that the question file states, and the charter, which every member has signed."""
    return "\n".join([*([spec.data.licence] if spec.data.licence else []), CHARTER, ""])


def citation(spec: QuestionSpec) -> str:
    """The citation of the question file, else one made from its title and source."""
    if spec.data.citation:
        return spec.data.citation + "\n"
    return f"{spec.title.en}. Data of a data challenge{', ' + spec.source if spec.source else ''}.\n"


def _layout(spec: QuestionSpec, table: str, is_evaluation: bool) -> list[str]:
    deliver = spec.data.deliver
    names = deliver.evaluation if is_evaluation else deliver.training
    fields = [spec.data.fields[name] for name in names]
    lines = [
        f"{IMAGES[deliver.format].format(image=image)} ({'/'.join(declared.modality)})"
        for image, declared in spec.data.images.items()
        if deliver.format in IMAGES
    ]
    lines += [
        f"`{field.name}/<case>.*`: mask on the grid of {field.of or 'its image'}"
        for field in fields
        if field.type == "mask"
    ]
    lines += [f"`{field.name}/<case>.csv`: {', '.join(field.columns)}" for field in fields if field.type == "table"]
    if deliver.format == "text":
        lines += [f"`{field.name}/<case>.txt`: {field.title.en}" for field in fields if field.type == "text"]
    apart = ("mask", "table", "text") if deliver.format == "text" else ("mask", "table")
    scalars = [field.name for field in fields if field.type not in apart]
    lines.append(
        f"`{table}`: `{spec.submission.id_column}`{', ' if scalars else ''}{', '.join(scalars)}; one row per case"
    )
    return lines
