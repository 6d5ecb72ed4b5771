"""The one server: raw routes for bytes in and out, everything else is Django in a bounded pool of threads.

Django's own ASGI handler spools a whole body before the view sees it and gives each request a thread and a connection; here a
upload is streamed to the disk, a download is sent by Starlette (or nginx), and Django runs in eight threads that keep
their database connection and get a request only once its body is there. Measured in docs/decisions/0006-serving.md.
"""

import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")

from django.core.wsgi import get_wsgi_application

django_application = get_wsgi_application()

from a2wsgi import WSGIMiddleware  # noqa: E402  (apps must be ready before the raw routes import models)
from starlette.applications import Starlette  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.routing import Mount  # noqa: E402

from batches.sending import routes as sending_routes  # noqa: E402
from core.errors import StepError  # noqa: E402
from core.operation.requests import CountedRequests  # noqa: E402
from core.raw_headers import RawHeaders, answer_refusal  # noqa: E402
from core.slow_bodies import BufferedBodies  # noqa: E402
from uploads.intake import routes as intake_routes  # noqa: E402
from uploads.stow import routes as stow_routes  # noqa: E402

THREADS = int(os.environ.get("CONCOURS_THREADS", "8"))

application = Starlette(
    routes=[
        *intake_routes,
        *stow_routes,
        *sending_routes,
        Mount("/", BufferedBodies(cast(Any, WSGIMiddleware(cast(Any, django_application), workers=THREADS)))),
    ],
    middleware=[Middleware(CountedRequests), Middleware(RawHeaders)],
    exception_handlers={StepError: answer_refusal},
)
