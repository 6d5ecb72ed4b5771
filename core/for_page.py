"""A limited child that a page waits for. A failure of the platform is told in words, with when to ask again."""

from __future__ import annotations

import logging
import time
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_noop

from concours.formats.child import ChildFailedError, ChildLostError, run_limited
from core.errors import StepError, UnavailableError
from core.failures import describe

log = logging.getLogger(__name__)
AGAIN_WITHIN = 20.0  # seconds: a child that was lost later than this is not tried again while its page waits
RETRY_AFTER = 10  # seconds

BUSY = gettext_noop(
    "The server is busy and could not draw the image. It tries again in a few seconds; nothing is lost."
)
DEFECT = gettext_noop(
    "The platform failed to draw the image, and the failure is in its log. Nothing is lost; ask the site's administrator."
)


def run_for_page(function: str, *args: Any, **options: Any) -> Any:
    """As `run_limited`, for a file that the platform accepted before. A child that is lost early is run once more.

    Raises FormatError, which is the file's, and UnavailableError, which is the platform's.
    """
    started = time.monotonic()
    try:
        try:
            return run_limited(function, *args, **options)
        except ChildLostError as error:
            log.warning("a page's child was lost: %s", describe(error))
            if time.monotonic() - started > AGAIN_WITHIN:
                raise
        return run_limited(function, *args, **options)
    except ChildLostError as error:
        log.warning("a page's child was lost: %s", describe(error))
        raise UnavailableError(BUSY, retry_after=RETRY_AFTER) from error
    except ChildFailedError as error:
        log.error("a page's child failed: %s", describe(error))
        raise UnavailableError(DEFECT) from error


def refusal_text(error: StepError) -> HttpResponse:
    """A refusal for a program of a page (the viewer): its words as plain text, 409, or 503 where the platform failed."""
    if isinstance(error, UnavailableError):
        return HttpResponse(
            error.words(), status=503, headers=error.headers(), content_type="text/plain; charset=utf-8"
        )
    return HttpResponse(error.words(), status=409, content_type="text/plain; charset=utf-8")
