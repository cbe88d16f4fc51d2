"""The admin as a whole: its home page, its name, and the pages of the machine."""

from django.contrib import admin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from oauth2_provider.models import Grant, IDToken, RefreshToken
from rest_framework.authtoken.models import TokenProxy
from social_django.models import Association, Nonce, UserSocialAuth

from backoffice import queue_admin, schedule_admin
from backoffice.audit import pages as audit
from backoffice.backups import admin as backups
from backoffice.signin import attempts, clients, users

__all__ = [
    "attempts", "audit", "backups", "clients", "queue_admin", "schedule_admin", "users",
]  # fmt: skip

# Their libraries' pages show secrets, or let them be made past our rules.
for _model in (
    Grant, IDToken, RefreshToken, TokenProxy, TOTPDevice, StaticDevice, Association,
    Nonce, UserSocialAuth,
):  # fmt: skip
    admin.site.unregister(_model)

admin.site.index_template = "backoffice/home.html"
admin.site.site_header = "Reinsurance back office"
admin.site.empty_value_display = ""
