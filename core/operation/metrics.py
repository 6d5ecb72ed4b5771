"""`/metrics`: the site's figures for Prometheus. Without a token and allowed addresses in the settings it does not exist."""

from __future__ import annotations

import hmac
import ipaddress

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from core.operation.figures import process_samples, queue_samples
from core.operation.samples import exposition
from core.registry import call_hook

CACHE_KEY, CACHE_SECONDS = "metrics", 10  # rows are counted so often at most, however many ask


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        raise Http404
    text = cache.get(CACHE_KEY)
    if text is None:
        text = exposition([*queue_samples(), *(sample for group in call_hook("metrics") for sample in group)])
        cache.set(CACHE_KEY, text, CACHE_SECONDS)
    answer = HttpResponse(text + exposition(process_samples()), content_type="text/plain; version=0.0.4; charset=utf-8")
    answer["Cache-Control"] = "no-store"
    return answer


def _may_read(request: HttpRequest) -> bool:
    words = request.headers.get("Authorization", "").split()
    token = settings.METRICS_TOKEN
    if token and len(words) == 2 and words[0].lower() == "bearer":
        return hmac.compare_digest(words[1].encode(), token.encode())
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_ADDRESSES)
