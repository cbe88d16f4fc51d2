"""Those who watch: the token of the figures, patience of the checks, Sentry."""

from importlib import import_module

from backoffice.settings.environment import IS_LOCAL, env

# Whoever shows it reads /metrics and the details of /readyz; without one nobody does.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
# Seconds until a check without an answer has failed.
READINESS_SECONDS = env.float("READINESS_SECONDS", default=3.0)
# Whether a web process is not ready while no worker is at work.
READINESS_NEEDS_WORKER = env.bool("READINESS_NEEDS_WORKER", default=False)

SENTRY_DSN = env.str("SENTRY_DSN", default="")
if SENTRY_DSN:
    # Imported only where faults are reported.
    import_module("backoffice.logs.sentry").start(
        SENTRY_DSN,
        environment=env.str(
            "SENTRY_ENVIRONMENT", default="local" if IS_LOCAL else "production"
        ),
        release=env.str("RELEASE", default=""),
    )
