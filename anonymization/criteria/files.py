"""Every declared image is there once, and no file is damaged. Judged for every question."""

from __future__ import annotations

from collections.abc import Iterator

from anonymization.criteria.exam.facts import ExamFacts
from anonymization.criteria.judgement import Judge, Judgement, gettext_noop
from anonymization.criteria.parameter import Parameter

SUMMARY = gettext_noop("All images that the question asks for are there, and every file can be read.")
PARAMETERS: tuple[Parameter, ...] = ()

SOUND = gettext_noop("All %(count)d files can be read.")
DAMAGED = {
    "not_dicom": gettext_noop("%(name)s is not a DICOM file. Export the series as DICOM and send it again."),
    "unreadable_file": gettext_noop("%(name)s cannot be read. Export it again and send the whole series."),
    "no_pixels": gettext_noop("%(name)s holds no image. Leave it out, or export the series again."),
    "too_large": gettext_noop("%(name)s states more pixels than can be right. Export it again."),
    "unsupported_transfer_syntax": gettext_noop(
        "%(name)s has a compression that is not supported. Export it as explicit VR little endian."
    ),
}
CORRUPT = gettext_noop("The pixels of %(name)s are damaged or cut off. Export it again and send the whole series.")
NO_IMAGE = gettext_noop("The image “%(image)s” is missing. Send it with the exam.")
SEVERAL = gettext_noop("“%(image)s” came in %(count)d series. Send only the series that the question asks for.")


def judge(say: Judge, exam: ExamFacts) -> Iterator[Judgement]:
    """Refuse for each damaged file and each missing image; review an image that came in several series.

    `values["detail"]` says in English what was found, for the log; the sentence does not need it.
    """
    damaged = [*exam.damaged, *(one for series in exam.series for one in series.damaged)]
    for one in damaged:
        yield say.refuse(one.reason, one.name, DAMAGED.get(one.reason, CORRUPT), name=one.name, detail=one.what)
    several = False
    for image in exam.images:
        count = sum(1 for _ in exam.of([image]))
        if count == 0:
            yield say.refuse("missing_file", image, NO_IMAGE, image=image)
        elif count > 1:
            yield say.review("criterion_not_met", image, SEVERAL, image=image, count=count)
        several = several or count != 1
    if not damaged and not several:
        files = {one.instance for series in exam.series for one in series.slices}
        yield say.accept("", SOUND, count=len(files))
