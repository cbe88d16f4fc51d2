"""Schedules of Django-Q: visible, editable and runnable, but no way to run code.

The task is a choice of the registered ones and its argument a feed; nothing else of a
schedule can be written here.  Of the housekeeping only the times are changed.
"""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_q.models import Schedule

from backoffice.schedule_forms import ScheduleForm, TimesForm, feed_of, keeps_house
from importers import queue
from importers.admin import feed_page, times
from importers.admin.feed_page import Standing
from importers.admin.page import user_of
from importers.admin.words import badge, colour_of_sync, moment
from importers.exceptions import ImporterError
from importers.models import Feed
from importers.services import permissions, schedules
from reinsurance.admin.base import ONE_WAY_TO_SAVE, PlainAdmin
from reinsurance.visibility import cedants_of, seen_by


@dataclass(frozen=True, slots=True)
class Line:
    """The feed of a schedule in the list, and where it stands."""

    feed: Feed | None = None
    stands: Standing | None = None


WHEN: tuple[str, Any] = ("When", {"fields": ("minutes", "cron", "next_run")})


@admin.register(Schedule)
class ScheduleAdmin(PlainAdmin):
    """What runs when."""

    form = ScheduleForm
    list_display = ("what", "feed_name", "when", "next", "last")
    list_display_links = ("what", "feed_name")
    ordering = ("next_run",)
    fieldsets = (
        ("What runs", {"fields": ("func", "feed")}),
        WHEN,
    )
    actions = ("run_now",)

    # ---------------------------------------------------------------------- list
    def get_queryset(self, request: HttpRequest) -> QuerySet[Schedule]:
        """Schedules of the feeds that the user may see."""
        rows = super().get_queryset(request)
        if cedants_of(request.user) is None:
            return rows
        feeds = seen_by(Feed.objects.all(), request.user).values_list("pk", flat=True)
        return rows.filter(func__in=schedules.TASKS, args__in=[str(pk) for pk in feeds])

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list, each schedule with its feed."""
        found = super().get_changelist_instance(request)
        rows: list[Any] = list(found.result_list)
        keys = {key for schedule in rows if (key := feed_of(schedule)) is not None}
        feeds = {
            f.pk: f for f in Feed.objects.select_related("service") if f.pk in keys
        }
        known = feed_page.standings(feeds.values())
        for schedule in rows:
            key = feed_of(schedule)
            schedule.line = Line(feeds.get(key), known.get(key))  # type: ignore[arg-type]
        found.result_list = rows
        return found

    @admin.display(description="task", ordering="func")
    def what(self, schedule: Schedule) -> str:
        """What the task does."""
        known = {**schedules.TASKS, **schedules.housekeeping()}
        return known.get(schedule.func, "Not known here; it is not run")

    @admin.display(description="feed")
    def feed_name(self, schedule: Any) -> str:
        """Which feed it is for."""
        if keeps_house(schedule):
            return "All of the back office"
        return schedule.line.feed.name if schedule.line.feed else "None"

    @admin.display(description="when")
    def when(self, schedule: Schedule) -> str:
        """The times in words."""
        is_cron = schedule.schedule_type == Schedule.CRON
        cron = schedule.cron or "" if is_cron else ""
        return times.in_words(cron, schedule.minutes)

    @admin.display(description="next run", ordering="next_run")
    def next(self, schedule: Any) -> str:
        """When it runs next, or why it does not."""
        if not schedule.repeats:
            return "Switched off"
        stands = schedule.line.stands
        if stands is not None and stands.state in {"off", "paused"}:
            return f"Not while the feed is {stands.label.lower()}"
        return moment(schedule.next_run)

    @admin.display(description="last sync")
    def last(self, schedule: Any) -> SafeString | str:
        """How the newest sync of its feed ended."""
        if keeps_house(schedule):
            return ""
        stands = schedule.line.stands
        if stands is None or stands.last is None:
            return "Never"
        sync = stands.last
        return format_html(
            '<a href="{}">{}</a> {}',
            reverse("admin:importers_sync_change", args=[sync.pk]),
            moment(sync.ended_at or sync.asked_at),
            badge(sync.get_status_display(), colour_of_sync(sync.status)),
        )

    # ---------------------------------------------------------------------- form
    def get_form(
        self,
        request: HttpRequest,
        obj: Schedule | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> type[forms.ModelForm]:
        """Of the housekeeping the times alone."""
        if keeps_house(obj):
            kwargs["form"] = TimesForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Schedule | None = None) -> Any:
        """Of the housekeeping the times alone."""
        return [WHEN] if keeps_house(obj) else self.fieldsets

    def has_delete_permission(
        self, request: HttpRequest, obj: Schedule | None = None
    ) -> bool:
        """The house is always kept."""
        return not keeps_house(obj) and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Also where many are chosen at once."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        kept = [schedule.name for schedule in objs if keeps_house(schedule)]
        return deleted, counts, missing, [*protected, *kept]

    # ------------------------------------------------------------------- answers
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form with one way to save it."""
        extra = {**ONE_WAY_TO_SAVE, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, extra)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Say when it runs, in words, and go back to the list."""
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Say when it runs, in words, and go back to the list."""
        messages.success(request, f"{obj.name}: {self.when(obj)} (UTC).")
        return redirect("admin:django_q_schedule_changelist")

    # ------------------------------------------------------------------- running
    def has_run_permission(self, request: HttpRequest) -> bool:
        """Whether the user may have feeds synced."""
        return permissions.may_sync(user_of(request))

    @admin.action(description="Run now", permissions=["run"])
    def run_now(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Have the chosen schedules run at the next tick."""
        for schedule in queryset:
            self._run(request, schedule)

    def _run(self, request: HttpRequest, schedule: Schedule) -> None:
        try:
            is_ours = keeps_house(schedule) or feed_of(schedule) is not None
            if not is_ours or not schedule.repeats:
                raise schedules.BadSchedule("This schedule is switched off.")
            schedules.run_now(schedule.pk, user=user_of(request))
        except ImporterError as problem:
            messages.error(request, problem.message)
        else:
            unless = "" if keeps_house(schedule) else " if its feed may"
            messages.success(
                request, f"“{schedule.name}” runs within half a minute{unless}."
            )

    def get_urls(self) -> list[URLPattern]:
        """The button's address before Django's own."""
        view = self.admin_site.admin_view(self.run_view)
        name = "django_q_schedule_run"
        return [path("<int:pk>/run/", view, name=name), *super().get_urls()]

    def run_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The button of a schedule's page."""
        schedule = self.get_object(request, str(pk))
        may_see = self.has_view_permission(request, schedule)
        if not may_see or not self.has_run_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if schedule is None:
            messages.warning(request, "This schedule is gone.")
        else:
            self._run(request, schedule)
        return redirect("admin:django_q_schedule_changelist")

    # -------------------------------------------------------------------- saving
    def save_model(
        self, request: HttpRequest, obj: Schedule, form: Any, change: bool
    ) -> None:
        """Write what was chosen, and nothing else that Django-Q would act on."""
        data = form.cleaned_data
        if feed := data.get("feed"):
            obj.name = f"Sync {feed.code}"[:100]
            obj.args = str(feed.pk)
        obj.kwargs = obj.hook = obj.intended_date_kwarg = None
        obj.cluster = queue.cluster_of(obj.func)
        obj.schedule_type = Schedule.CRON if data["cron"] else Schedule.MINUTES
        obj.cron = data["cron"] or None
        obj.repeats = -1
        is_moved = not change or {"cron", "minutes"} & set(form.changed_data)
        if "next_run" not in form.changed_data or not data["next_run"]:
            # Not what the form was opened with: the scheduler may have moved on.
            obj.next_run = form.initial.get("next_run")
            if is_moved or not data["next_run"]:
                obj.next_run = queue.first_run(data["cron"], data["minutes"])
        obj.save()
