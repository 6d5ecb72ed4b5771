"""A file that the browser saves under its name."""

from pathlib import PurePosixPath

from django.http import HttpResponse

KINDS = {
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".pdf": "application/pdf",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}


def attachment(name: str, content: bytes | str) -> HttpResponse:
    """The file `name`, which holds ASCII letters, digits, dots, hyphens and underscores only."""
    kind = KINDS[PurePosixPath(name).suffix]
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
