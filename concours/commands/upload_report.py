"""What `concours upload` prints: the table of exams before anything is sent, and the report afterwards, in words and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from concours.study.preparing import PreparedExam

if TYPE_CHECKING:
    from concours.client.exam_plan import UploadPlan
    from concours.client.exam_uploads import SiteVerdict

VERDICTS = {"accept": "good", "review": "review", "refuse": "refused"}
SHOWN = 20  # rows of a values table that are listed


def table(plan: UploadPlan) -> str:
    """One block per exam, then what was set aside."""
    lines: list[str] = []
    for number, exam in enumerate(plan.exams, 1):
        verdict = VERDICTS[exam.outcome] + ("" if plan.is_sent(exam) else ", not sent")
        lines.append(f"{number}. {exam.folder} (patient {exam.patient or 'without a number'}): {verdict}")
        lines += [f"     series  {_series(exam, n)}" for n in range(len(exam.series))]
        lines += [f"     reason  {reason.message}" for reason in exam.reasons]
        if exam.missing:
            lines.append(f"     missing {', '.join(exam.missing)}")
        removed = ", ".join(f"{count} {action}" for action, count in exam.removed.items())
        lines.append(f"     attributes changed: {removed or 'none'}")
        if exam.unclear and not plan.is_sent(exam):
            lines.append("     Use --with-unclear to send it for cleaning on the site, if your hospital allows this.")
    for note in plan.grouping.aside:
        lines.append(f"Set aside: {note.count} x {note.kind.replace('_', ' ')}")
    lines += [f"Problem: {fault.message}" for fault in plan.grouping.faults]
    if plan.unused_rows:
        shown = ", ".join(map(str, plan.unused_rows[:SHOWN])) + (" …" if len(plan.unused_rows) > SHOWN else "")
        lines.append(f"Rows of the values table that match no exam: {shown}")
    lines.append(f"{len(plan.exams)} exams, {len(plan.sent)} to be sent to {plan.question} for {plan.centre}.")
    return "\n".join(lines) + "\n"


def _series(exam: PreparedExam, number: int) -> str:
    entry = exam.series[number]
    images = f"{entry.images} image{'' if entry.images == 1 else 's'}"
    return f"{entry.name}, {images}: {VERDICTS[entry.outcome]}{'' if entry.sent else ', left out'}"


def report(plan: UploadPlan, verdicts: Sequence[Sequence[SiteVerdict]]) -> str:
    """What became of each exam that was sent."""
    lines = []
    for exam, verdicts_of_exam in zip(plan.sent, verdicts, strict=True):
        for entry in verdicts_of_exam:
            name = f"exam {entry.number}" if entry.number else "the upload"
            lines.append(f"{exam.folder}: {name} {entry.state}")
            lines += [f"     {reason}" for reason in entry.reasons]
    states = [entry.state for verdicts_of_exam in verdicts for entry in verdicts_of_exam]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    lines.append(f"{len(plan.sent)} sent: {counts or 'none'}. {len(plan.exams) - len(plan.sent)} not sent.")
    return "\n".join(lines) + "\n"


def document(plan: UploadPlan, verdicts: Sequence[Sequence[SiteVerdict]] | None) -> Mapping[str, Any]:
    """All of it as one JSON document. It holds folders and patients' numbers: it is for the centre."""
    verdicts_of_exam = dict(zip((id(exam) for exam in plan.sent), verdicts or (), strict=False))
    return {
        "question": plan.question,
        "centre": plan.centre,
        "exams": [_exam(plan, exam, verdicts_of_exam.get(id(exam), ())) for exam in plan.exams],
        "set_aside": [note.to_json() for note in plan.grouping.aside],
        "faults": [fault.to_json() for fault in plan.grouping.faults],
        "unused_rows": list(plan.unused_rows),
    }


def _exam(plan: UploadPlan, exam: PreparedExam, verdicts: Sequence[SiteVerdict]) -> Mapping[str, Any]:
    return {
        "folder": exam.folder,
        "patient": exam.patient,
        "verdict": exam.outcome,
        "reasons": [{"reason": entry.code, "where": entry.where, "message": entry.message} for entry in exam.reasons],
        "series": [vars(entry) for entry in exam.series],
        "missing": list(exam.missing),
        "removed": dict(exam.removed),
        "sent": plan.is_sent(exam),
        "exams": [
            {"exam": entry.exam, "number": entry.number, "state": entry.state, "reasons": list(entry.reasons)}
            for entry in verdicts
        ],
    }
