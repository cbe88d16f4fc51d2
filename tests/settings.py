"""The project's settings for the test run: its own database server and fast hashes.

The embedded server lies in VAR_DIR/test-pg, so `make run` and `make test` do not meet;
a crash of the machine may cost its data, never the real ones.
"""

import os

os.environ.setdefault("EMBEDDED_POSTGRES", "test-pg")
os.environ.setdefault("EMBEDDED_POSTGRES_DURABLE", "False")

from backoffice.settings import *  # noqa: E402

# One database per run: several runs may use the server at the same time.
DATABASES["default"]["TEST"] = {"NAME": f"test_{os.getpid()}"}
DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
WHITENOISE_AUTOREFRESH = True  # no collectstatic before the tests
