"""The admin as a whole: its home page, its name, and the pages of the queue."""

from django.contrib import admin

from backoffice import queue_admin, schedule_admin

__all__ = ["queue_admin", "schedule_admin"]

admin.site.index_template = "backoffice/home.html"
admin.site.site_header = "Reinsurance back office"
admin.site.empty_value_display = ""
