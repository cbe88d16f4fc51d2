"""A process that a task and a page fail in, full of what is nobody else's business."""

import sys

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path


def broken(*args: object) -> None:
    """Fail over somebody's data."""
    cell = "Jane Roe, 12 High Street"
    message = f"could not read {cell!r}, 4929-1234\nDETAIL: Key (name)=(Jane Roe)"
    raise ValueError(message)


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
    browser = Client(raise_request_exception=False)
    browser.post(
        "/broken/Jane?name=Jane",
        {"name": "Jane"},
        headers={"Cookie": "a=Jane", "X-Mine": "Jane"},
    )


if __name__ == "__main__":
    main()
