"""Lines on stderr, plain or JSON; stdout belongs to the output of commands."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from backoffice.settings.environment import DEBUG, IS_LOCAL, env

LOG_FORMAT = env.str("LOG_FORMAT", default="plain" if IS_LOCAL or DEBUG else "json")
if LOG_FORMAT not in ("plain", "json"):
    message = "LOG_FORMAT is either plain or json."
    raise ImproperlyConfigured(message)
_LEVEL = env.str("LOG_LEVEL", default="INFO")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "backoffice.logs.lines.Plain"},
        "json": {"()": "backoffice.logs.lines.Json"},
    },
    "filters": {
        "wanted": {
            "()": "django.utils.log.CallbackFilter",
            "callback": "ext://backoffice.logs.lines.is_wanted",
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["wanted"],
        },
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "backoffice": {"level": _LEVEL},
        "reinsurance": {"level": _LEVEL},
        "importers": {"level": _LEVEL},
        # Its debug lines show addresses with the keys in them.
        "urllib3": {"level": "WARNING"},
        # The watchdog reads this log: never above INFO.
        "django-q": {"level": "INFO"},
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # What was refused stands in the line of its request.
        "django.request": {"level": "ERROR"},
        "gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True},
    },
}
