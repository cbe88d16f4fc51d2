"""Backups and restore drills in the admin: a list to look at, and one button."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from backoffice.backups import words
from backoffice.backups.models import Backup, Drill
from backoffice.queue_admin import QueueAdmin
from importers import queue
from importers.admin.words import badge, moment

BACKUP = "backoffice.backups.tasks.backup"


@admin.register(Backup)
class BackupAdmin(QueueAdmin):
    """What can be restored, and what could not be backed up."""

    list_display = ("key", "state", "age", "how_large", "took", "proved")
    fields = (
        "key", "state", "at", "how_large", "sha256", "took", "server", "proved",
        "problem", "contents",
    )  # fmt: skip
    readonly_fields = fields
    change_list_template = "backoffice/backups.html"

    @admin.display(description="state")
    def state(self, backup: Backup) -> SafeString:
        """Whether it is one."""
        if backup.problem:
            return badge("Failed", "rejected")
        return badge("Good", "created")

    @admin.display(description="age", ordering="at")
    def age(self, backup: Backup) -> str:
        """How old it is."""
        return words.age(backup.at)

    @admin.display(description="size", ordering="size")
    def how_large(self, backup: Backup) -> str:
        """The dump's size."""
        return words.size(backup.size) if backup.size else ""

    @admin.display(description="took", ordering="seconds")
    def took(self, backup: Backup) -> str:
        """How long it took to make."""
        return f"{backup.seconds:.1f} s"

    @admin.display(description="proved by restoring", ordering="verified_at")
    def proved(self, backup: Backup) -> str:
        """When it was last restored and compared."""
        return moment(backup.verified_at) if backup.verified_at else "Not yet"

    @admin.display(description="rows")
    def contents(self, backup: Backup) -> SafeString:
        """Rows of each table."""
        rows = ((name, f"{count:,}") for name, count in sorted(backup.tables.items()))
        return format_html_join("", "{}: {}<br>", rows)

    def has_make_permission(self, request: HttpRequest) -> bool:
        """Whether the user may ask for a backup."""
        return request.user.has_perm("backoffice.make_backup")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with the button for who may press it."""
        extra = {"may_make": self.has_make_permission(request), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def get_urls(self) -> list[URLPattern]:
        """The button's address before Django's own."""
        view = self.admin_site.admin_view(self.now_view)
        return [path("now/", view, name="backoffice_backup_now"), *super().get_urls()]

    def now_view(self, request: HttpRequest) -> HttpResponse:
        """Have the cluster make a backup; raises PermissionDenied."""
        if not self.has_make_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        queue.enqueue(BACKUP, name="backup now")
        messages.success(
            request, "A backup is on its way. It stands in this list when it is made."
        )
        return redirect("admin:backoffice_backup_changelist")


@admin.register(Drill)
class DrillAdmin(QueueAdmin):
    """Backups that were restored to see whether they can be."""

    list_display = ("key", "state", "at", "restoring", "rows", "files")
    fields = (
        "key", "state", "at", "restoring", "took", "rows", "files", "said", "problem",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="state")
    def state(self, drill: Drill) -> SafeString:
        """How it ended."""
        if drill.problem:
            return badge("Failed", "rejected")
        return badge("Good", "created")

    @admin.display(description="restoring took", ordering="restore_seconds")
    def restoring(self, drill: Drill) -> str:
        """How long a restore takes."""
        return f"{drill.restore_seconds:.1f} s" if drill.restore_seconds else ""

    @admin.display(description="whole drill", ordering="seconds")
    def took(self, drill: Drill) -> str:
        """How long all of it took."""
        return f"{drill.seconds:.1f} s"

    @admin.display(description="notes")
    def said(self, drill: Drill) -> str:
        """What is worth knowing."""
        return " ".join(drill.notes)
