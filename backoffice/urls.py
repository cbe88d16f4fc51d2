"""Where the addresses of the site lead."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from backoffice import dashboard

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.admin_view(dashboard.home)),  # before the site's own
    path("admin/", admin.site.urls),
]
