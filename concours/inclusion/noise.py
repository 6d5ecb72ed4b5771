"""Noise and motion indices: outliers go to a person, nothing is refused by them."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import OF, Parameter

TITLE = gettext_noop("Noise")
SUMMARY = gettext_noop("The image is neither very noisy nor degraded by motion.")
PARAMETERS = (
    Parameter("noise", "number", "largest noise of a CT in soft tissue", unit="HU", default=80),
    Parameter("signal_to_noise", "number", "smallest ratio of signal to noise of any other image", default=5),
    Parameter("ghosting", "number", "largest ghost-to-signal ratio of an MR", default=0.15),
    Parameter(
        "jump", "number", "how much a slice may stand out from both its neighbours, in correlation", default=0.15
    ),
    OF,
)
OF_SLICES = True

MET = gettext_noop("Noise and motion are in the usual range.")
NOISY = gettext_noop("The noise is %(found)d HU, more than %(limit)d. Check that the image can be used.")
WEAK = gettext_noop("The signal is only %(found)s times the noise. Check that the image can be used.")
GHOSTS = gettext_noop("There may be ghosts from motion (index %(found)s). Check that the image can be used.")
JUMPS = gettext_noop(
    "%(name)s does not match its neighbouring slices. Check for motion or a slice from another series."
)
UNKNOWN = gettext_noop("Noise and motion could not be measured. Check the image.")


def judge(
    say: Judge, exam: ExamFacts, noise: float, signal_to_noise: float, ghosting: float, jump: float,
    of: list[str] | None,
) -> Iterator[Judgement]:  # fmt: skip
    """Compare the median noise, the median ghosting and each jump with their limits."""
    for series in exam.of(of):
        where = exam.where(series)
        measured = [(piece.instance, piece.pixels) for piece in series.slices if piece.pixels is not None]
        noises = [(p.noise, p.signal) for _, p in measured if p.noise is not None and p.signal is not None]
        if not noises:
            yield say.review("missing_value", where, UNKNOWN)
            continue
        faults = []
        level, signal = median([value for value, _ in noises]), median([value for _, value in noises])
        if series.text("Modality") == "CT":
            if level > noise:
                faults.append(say.review("out_of_range", where, NOISY, found=round(level), limit=noise))
        elif level > 0 and signal / level < signal_to_noise:
            faults.append(say.review("out_of_range", where, WEAK, found=f"{signal / level:.1f}"))
        ghosts = [p.ghosting for _, p in measured if p.ghosting is not None]
        if ghosts and median(ghosts) > ghosting:
            faults.append(say.review("out_of_range", where, GHOSTS, found=f"{median(ghosts):.2f}"))
        faults += [
            say.review("out_of_range", name, JUMPS, name=name)
            for name, p in measured
            if p.jump is not None and p.jump > jump
        ]
        yield from faults
        if not faults:
            yield say.accept(where, MET)
