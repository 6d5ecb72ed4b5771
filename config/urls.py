"""The URL table: pages of each app, the API under /api/v1/, health probes."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.cache import cache_page
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from core.health import healthz, readyz
from core.languages import choose_language
from core.operation.metrics import metrics

api: list[URLPattern | URLResolver] = [
    path("schema/", cache_page(24 * 3600, key_prefix="schema")(SpectacularAPIView.as_view()), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("", include("challenges.api_urls")),
    path("", include("uploads.api_urls")),
    path("", include("anonymization.api_urls")),
    path("", include("grading.api_urls")),
    path("", include("batches.api_urls")),
    path("", include("scoring.api_urls")),
    path("", include("leaderboard.api_urls")),
    path("", include("pages.api_urls")),
]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("i18n/setlang/", choose_language, name="set_language"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("api/v1/", include(api)),
    path("", include("pages.urls")),
    path("", include("leaderboard.urls")),
    path("", include("scoring.urls")),
    path("", include("batches.urls")),
    path("", include("grading.urls")),
    path("", include("anonymization.urls")),
    path("", include("uploads.urls")),
    path("", include("challenges.urls")),
]

handler404 = "core.api_errors.not_found"
