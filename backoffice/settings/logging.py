"""Plain lines on stderr; stdout belongs to the output of commands."""

from backoffice.settings.environment import env

_LEVEL = env.str("LOG_LEVEL", default="INFO")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "format": "%(asctime)s %(levelname)-8s %(name)s: %(message)s",
            "datefmt": "%Y-%m-%d %H:%M:%S",
        },
    },
    "filters": {
        # One such line for each task, from whoever hands it over.
        "not_enqueued": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: not str(record.msg).startswith("Enqueued"),
        },
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["not_enqueued"],
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
    },
}
