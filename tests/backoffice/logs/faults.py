"""A process that a task and a page fail in, full of what is nobody else's business."""

import io
import sys
from typing import Any
from wsgiref.util import setup_testing_defaults

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


def broken(*args: object) -> None:
    """Fail over somebody's data."""
    cell = "Jane Roe, 12 High Street"
    message = f"could not read {cell!r}, 4929-1234\nDETAIL: Key (name)=(Jane Roe)"
    raise ValueError(message)


@csrf_exempt
def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page that fails."""
    broken(request)
    return HttpResponse()


urlpatterns = [path("broken/<str:name>", page, name="broken")]


def main() -> None:
    """One fault of each kind."""
    django.setup()
    from importers import tasks  # noqa: PLC0415 after the set-up

    settings.ROOT_URLCONF = "tests.backoffice.logs.faults"
    tasks.work.check = broken
    try:
        tasks.check(7)
    except ValueError:
        sys.stderr.write("The task failed.\n")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/broken/Jane",
        "QUERY_STRING": "name=Jane",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": "9",
        "HTTP_COOKIE": "a=Jane",
        "HTTP_X_MINE": "Jane",
        "wsgi.input": io.BytesIO(b"name=Jane"),
    }
    setup_testing_defaults(environ)
    list(get_wsgi_application()(environ, lambda *_: None))


if __name__ == "__main__":
    main()
