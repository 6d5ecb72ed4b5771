"""Every declared image is there once, and no file is damaged. Judged for every question."""

from __future__ import annotations

from collections.abc import Iterator

from concours.formats.fault import plural_noop
from concours.inclusion.exam.facts import ExamFacts
from concours.inclusion.judgement import Judge, Judgement, gettext_noop
from concours.inclusion.parameter import Parameter

TITLE = gettext_noop("Files")
SUMMARY = gettext_noop("All images that the question requires are present, and every file can be read.")
PARAMETERS: tuple[Parameter, ...] = ()

SOUND = plural_noop("The file can be read.", "All %(count)d files can be read.")
DAMAGED = {
    "not_dicom": gettext_noop("%(name)s is not a DICOM file. Export the series as DICOM and send it again."),
    "unreadable_file": gettext_noop("%(name)s cannot be read. Export it again and send the whole series."),
    "no_pixels": gettext_noop("%(name)s contains no image. Leave it out, or export the series again."),
    "too_large": gettext_noop("%(name)s declares an implausible number of pixels. Export it again."),
    "unsupported_transfer_syntax": gettext_noop(
        "%(name)s has a compression that is not supported. Export it as explicit VR little endian."
    ),
}
CORRUPT = gettext_noop("The pixels of %(name)s are damaged or truncated. Export it again and send the whole series.")
NO_IMAGE = gettext_noop("The image “%(image)s” is missing. Send it with the exam.")
SEVERAL = gettext_noop("“%(image)s” arrived in %(count)d series. Send only the series that the question requires.")


def judge(say: Judge, exam: ExamFacts) -> Iterator[Judgement]:
    """Refuse for each damaged file and each missing image; review an image that came in several series.

    `values["detail"]` says in English what was found, for the log; the sentence does not need it.
    """
    damaged = [*exam.damaged, *(damage for series in exam.series for damage in series.damaged)]
    for damage in damaged:
        yield say.refuse(
            damage.reason, damage.name, DAMAGED.get(damage.reason, CORRUPT), name=damage.name, detail=damage.what
        )
    several = False
    for image in exam.images:
        count = sum(1 for _ in exam.of([image]))
        if count == 0:
            yield say.refuse("missing_file", image, NO_IMAGE, image=image)
        elif count > 1 and exam.geometry(image) is None:  # a series UID on each slice of one volume is no second series
            several = True
            yield say.review("criterion_not_met", image, SEVERAL, image=image, count=count)
        several = several or count == 0
    if not damaged and not several:
        files = {piece.instance for series in exam.series for piece in series.slices}
        yield say.accept("", SOUND, count=len(files))
