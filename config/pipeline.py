"""The whole flow on one screen: the stages in order, the work each one asks for, and the file to read.

The order is for people (console, progress bars) and for the test that every stage named here is declared by its app.
"""

from dataclasses import dataclass

from concours.formats.fault import gettext_noop  # Django's own reads the settings, which read this file


@dataclass(frozen=True)
class Step:
    """A stage of the flow: its number, its title, where it lives, and the names of its work in the queue."""

    number: int
    title: str
    file: str
    work: tuple[str, ...] = ()


PIPELINE = (
    Step(1, gettext_noop("Receive"), "uploads/receive.py", ("receive", "withdraw_centre")),
    Step(2, gettext_noop("De-identify"), "anonymization/deidentify.py", ("deidentify", "apply_words")),
    Step(3, gettext_noop("Control quality"), "anonymization/quality.py", ("check_quality",)),
    Step(4, gettext_noop("Grade"), "grading/grade.py", ("assign_readings",)),
    Step(5, gettext_noop("Split"), "batches/split.py"),
    Step(
        6,
        gettext_noop("Release"),
        "batches/release.py",
        ("seal_labels", "build_batch", "seal_truth", "mail_correction", "mail_deletion", "tell_release"),
    ),
    Step(7, gettext_noop("Submit"), "scoring/submit.py", ("tell_window", "accept_submission", "validate_submission")),
    Step(
        8,
        gettext_noop("Score"),
        "scoring/score.py",
        ("choose_jury_cases", "score_submission", "copy_case_scores", "rescore_phase"),
    ),
    Step(9, gettext_noop("Rank"), "leaderboard/rank.py", ("rank_phase",)),
    Step(10, gettext_noop("Announce"), "leaderboard/announce.py", ("tell_announcement", "mail_notice", "mail_digest")),
)
