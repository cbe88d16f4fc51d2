"""Buttons of a feed's page: each is one call of a service."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from importers.admin import times
from importers.admin.buttons import DOOR, Button, reason_of
from importers.admin.feed_forms import TimesForm
from importers.admin.page import user_of
from importers.models import Feed
from importers.services import schedules, syncs


def sync(request: HttpRequest, feed: Feed) -> HttpResponse:
    """Have it synced now, and follow that."""
    asked = syncs.request(feed.pk, door=DOOR, user=user_of(request))
    messages.success(request, "Asked for. The pages are fetched as soon as may be.")
    return redirect("admin:importers_sync_change", asked.pk)


def pause(request: HttpRequest, feed: Feed) -> None:
    """Keep its schedule from running it."""
    syncs.pause(feed.pk, user=user_of(request), reason=reason_of(request))
    messages.success(request, "Paused. It is synced only when somebody asks for it.")


def resume(request: HttpRequest, feed: Feed) -> None:
    """Let its schedule run it again."""
    syncs.resume(feed.pk, user=user_of(request))
    messages.success(request, "Its schedule runs it again.")


def set_times(request: HttpRequest, feed: Feed) -> None:
    """Give it a schedule."""
    form = TimesForm(request.POST)
    if not form.is_valid():
        raise schedules.BadSchedule("The minutes are a number, such as 60.")
    cron, minutes = form.cleaned_data["cron"], form.cleaned_data["minutes"]
    schedules.set_times(feed.pk, user=user_of(request), cron=cron, minutes=minutes)
    said = times.in_words(cron, minutes)
    messages.success(request, f"Scheduled. {said} (UTC).")


def clear_times(request: HttpRequest, feed: Feed) -> None:
    """Take its schedule away."""
    schedules.clear_times(feed.pk, user=user_of(request))
    messages.success(request, "It has no schedule any more.")


BUTTONS: dict[str, Button] = {
    "sync": sync,
    "pause": pause,
    "resume": resume,
    "schedule": set_times,
    "unschedule": clear_times,
}
