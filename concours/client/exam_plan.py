"""What a centre's call will send, known before the first byte leaves: exams with verdicts, from its folders and its values."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concours.client.http import Client
from concours.deid.identity import DERIVATION, CentreKey
from concours.deid.values.rows import read_rows
from concours.formats.fault import FormatError
from concours.known_names import known_names
from concours.questions.schema import QuestionSpec, SpecError, load_spec
from concours.study.grouping import GroupedExam, Grouping
from concours.study.preparing import PreparedExam, PreparedReason, find_exams, prepare_exam
from concours.study.values_table import ValuesTable


class PlanError(Exception):
    """The call cannot be planned; the message says what to do."""


@dataclass(frozen=True)
class UploadPlan:
    """The exams of one call, what was set aside, and which exams are sent."""

    question: str
    centre: str
    exams: Sequence[PreparedExam]
    grouping: Grouping
    with_unclear: bool
    unused_rows: Sequence[int] = ()

    def is_sent(self, exam: PreparedExam) -> bool:
        """Refused exams are never sent; those that a person must clean only where the centre allows it."""
        return exam.archive is not None and (self.with_unclear or not exam.unclear)

    @property
    def sent(self) -> list[PreparedExam]:
        return [exam for exam in self.exams if self.is_sent(exam)]


def plan_upload(
    site: Client,
    folders: Sequence[Path],
    question: str,
    work: Path,
    *,
    centre: str | None,
    values: Path | None,
    with_unclear: bool,
    checked: Callable[[int, int], None],
) -> UploadPlan:
    """Prepares every exam of `folders` in `work`. Raises PlanError, FormatError and SiteRefusedError.

    The site is asked for the question and the centre's key; nothing of the exams is told to it.
    """
    spec = _spec(site, question)
    if not spec.data.images:
        raise PlanError("This question has no images. Send its table or texts on its page of the site.")
    slug, key = _centre(site, question.partition("/")[0], centre)
    table = _table(values, spec)
    grouping = find_exams(folders, work, spec)
    exams = []
    for number, draft in enumerate(grouping.drafts, 1):
        row = table.row_of(draft.folder(), draft.patient) if table else {}
        exams.append(_prepared(draft, row, key, spec, work / f"{number:05d}"))
        checked(number, len(grouping.drafts))
    return UploadPlan(question, slug, exams, grouping, with_unclear, table.unused if table else ())


def _spec(site: Client, question: str) -> QuestionSpec:
    try:
        return load_spec(site.get(f"questions/{question}/")["text"], known_names())
    except SpecError as error:
        raise PlanError(
            "This release does not know the question's file. Install the site's release of concours."
        ) from error


def _centre(site: Client, challenge: str, slug: str | None) -> tuple[str, CentreKey]:
    """The person's centre and its key, which stays in memory."""
    query = {"challenge": challenge, **({"slug": slug} if slug else {})}
    centres = site.every("centres/", **query)
    if not centres:
        raise PlanError(
            "The token's owner uploads for no such centre of this challenge. Ask an organiser for an invitation."
        )
    if len(centres) > 1:
        raise PlanError(f"Name the centre with --centre: {', '.join(str(entry['slug']) for entry in centres)}.")
    handed = site.post(f"centres/{centres[0]['id']}/key/", repeatable=True)
    if handed["derivation"] != DERIVATION:
        raise PlanError("The site derives identities in another way. Install the site's release of concours.")
    try:
        return str(centres[0]["slug"]), CentreKey(base64.b64decode(handed["key"], validate=True))
    except (binascii.Error, ValueError) as error:
        raise PlanError("The site handed out a key that is damaged. Tell its organisers.") from error


def _table(path: Path | None, spec: QuestionSpec) -> ValuesTable | None:
    if path is None:
        return None
    try:
        return ValuesTable(read_rows(path.read_bytes(), path.name), spec.data.patient, list(spec.data.fields))
    except ValueError as error:
        raise PlanError(str(error)) from error


def _prepared(
    draft: GroupedExam, row: dict[str, Any], key: CentreKey, spec: QuestionSpec, folder: Path
) -> PreparedExam:
    folder.mkdir()
    try:
        return prepare_exam(draft, row, key, spec, folder)
    except FormatError as error:
        listed = tuple(PreparedReason(fault.reason, fault.where, fault.message) for fault in error.faults)
        return PreparedExam(draft.folder() or ".", draft.patient, "refuse", listed)
