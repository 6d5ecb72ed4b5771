"""Browser security on answers that Django's middleware does not see: uploads, downloads and their refusals."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from core.errors import StepError
from core.middleware import status_of
from core.refusals import step_refusal

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


class RawHeaders:
    """Adds what an answer does not set itself."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
                if seconds := getattr(settings, "SECURE_HSTS_SECONDS", 0):
                    headers.setdefault("Strict-Transport-Security", f"max-age={seconds}; includeSubDomains")
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def answer_refusal(_request: Request, error: Exception) -> Response:
    """A step's refusal that a raw route let through, such as a token without the scope."""
    assert isinstance(error, StepError)
    return JSONResponse(step_refusal(error), status_of(error))
