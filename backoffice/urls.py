"""Where the addresses of the site lead."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from backoffice import api, dashboard
from backoffice.health import pages
from backoffice.signin import urls as account

admin.autodiscover()

urlpatterns = [
    path(
        "",
        RedirectView.as_view(
            pattern_name="admin:index", http_method_names=["get", "head"]
        ),
        name="home",
    ),
    # Before the site's own.
    path("admin/", admin.site.admin_view(dashboard.home), name="admin-home"),
    path("admin/", admin.site.urls),
    path("account/sso/", include(account.sso_urlpatterns)),
    path("account/", include("backoffice.signin.urls")),
    path("oauth/", include("backoffice.signin.oauth")),
    *api.urlpatterns,
    *pages.urlpatterns,
]

handler400 = "backoffice.errors.bad_request"
handler403 = "backoffice.errors.not_allowed"
handler404 = "backoffice.errors.not_found"
handler500 = "backoffice.errors.server_error"
