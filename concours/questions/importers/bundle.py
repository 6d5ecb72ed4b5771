"""Opens what an organiser exported elsewhere: a YAML file, a folder or a zip, and finds its configuration."""

from __future__ import annotations

from pathlib import Path

from concours.formats.archive import Archive, open_archive
from concours.formats.fault import FormatError, gettext_noop
from concours.formats.manifest import SubmissionLimits
from concours.formats.zip_directory import ArchiveMember
from concours.questions.schema.mistakes import Mistake, SpecError

CONFIGURATIONS = ("competition.yaml", "competition.yml", "challenge_config.yaml", "challenge_config.yml")
MAX_CONFIGURATION = 1_000_000


def read_configuration(path: Path) -> tuple[str, str]:
    """Name and text of the configuration in a file, folder or zip. Raises SpecError when there is none or several."""
    try:
        if path.is_dir():
            return _from_folder(path)
        with path.open("rb") as handle:
            zipped = handle.read(4) == b"PK\x03\x04"
        return _from_zip(path) if zipped else (path.name, _decode(_head(path)))
    except FormatError as error:
        raise SpecError(
            [Mistake(1, fault.where, fault.template, dict(fault.values)) for fault in error.faults]
        ) from error
    except OSError as error:
        template = gettext_noop("%(name)s cannot be read: %(why)s")
        raise SpecError([Mistake(1, "", template, {"name": path.name, "why": error.strerror or "?"})]) from error


def _head(path: Path) -> bytes:
    with path.open("rb") as handle:
        return handle.read(MAX_CONFIGURATION + 1)


def _from_folder(path: Path) -> tuple[str, str]:
    files = [path / name for name in CONFIGURATIONS if (path / name).is_file()]
    chosen = _only([str(file) for file in files])
    return Path(chosen).name, _decode(_head(Path(chosen)))


def _from_zip(path: Path) -> tuple[str, str]:
    # Programs and data inside the bundle are archives themselves: they stay closed, only the configuration is read.
    with open_archive(path, SubmissionLimits(entries=20_000)) as archive:
        named = {member.name: member for member in archive.members if _is_configuration(member.name)}
        member = named[_only(list(named))]
        return member.name.rpartition("/")[2], _decode(_content(archive, member))


def _content(archive: Archive, member: ArchiveMember) -> bytes:
    if member.size > MAX_CONFIGURATION:
        raise SpecError([Mistake(1, "", gettext_noop("the configuration is longer than allowed"))])
    return b"".join(archive.chunks(member))


def _is_configuration(name: str) -> bool:
    """At the top, or in the one folder that zipping a folder makes."""
    folder, _, file = name.rpartition("/")
    return file in CONFIGURATIONS and "/" not in folder


def _only(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    if not names:
        template = gettext_noop("there is no configuration; it must be named %(names)s")
        raise SpecError([Mistake(1, "", template, {"names": ", ".join(CONFIGURATIONS)})])
    template = gettext_noop("there are several configurations: %(names)s; keep one")
    raise SpecError([Mistake(1, "", template, {"names": ", ".join(sorted(names))})])


def _decode(content: bytes) -> str:
    if len(content) > MAX_CONFIGURATION:
        raise SpecError([Mistake(1, "", gettext_noop("the configuration is longer than allowed"))])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SpecError([Mistake(line, "", gettext_noop("this is not UTF-8 text"))]) from error
