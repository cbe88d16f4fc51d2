"""The three addresses for machines that watch: alive, ready, figures."""

import hmac
import os

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import CollectorRegistry

from backoffice.health.figures import Figures
from backoffice.health.readiness import results


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether work can be done: 200 or 503, with each check's state.

    Whoever has the token reads what each check found, and how long it took.
    """
    found = results()
    is_ready = all(result.state != "failed" for result in found.values())
    told: dict[str, object] = {name: result.state for name, result in found.items()}
    if _has_token(request):
        told = {
            name: {
                "state": result.state,
                "milliseconds": result.milliseconds,
                "detail": result.detail,
            }
            for name, result in found.items()
        }
    word = "ready" if is_ready else "not ready"
    return JsonResponse(
        {"status": word, "checks": told}, status=200 if is_ready else 503
    )


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus; closed without METRICS_TOKEN."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("Set METRICS_TOKEN.\n", "text/plain", status=403)
    if not _has_token(request):
        answer = HttpResponse("This takes the token.\n", "text/plain", status=401)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    figures = CollectorRegistry()
    figures.register(Figures())
    counts = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counts = CollectorRegistry()
        MultiProcessCollector(counts)
    told = generate_latest(figures) + generate_latest(counts)
    return HttpResponse(told, content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    is_it = hmac.compare_digest(given.encode(), wanted.encode())
    return bool(settings.METRICS_TOKEN) and is_it


urlpatterns: list[URLPattern] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
