"""Webhooks: how long what was delivered is kept, and where receivers find us."""

from backoffice.settings.environment import env

# Delivered messages leave the log after so many days.
WEBHOOK_KEEP_DAYS = env.int("WEBHOOK_KEEP_DAYS", default=30)
# Scheme and host of this back office, put before the paths that receivers are told;
# without it they are told paths.
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
