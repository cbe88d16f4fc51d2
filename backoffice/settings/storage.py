"""Received files and static files: a folder of VAR_DIR, or S3 by environment."""

from typing import Any

from backoffice.settings.environment import BASE_DIR, DEBUG, VAR_DIR, env

AWS_STORAGE_BUCKET_NAME = env.str("AWS_STORAGE_BUCKET_NAME", default="")

MEDIA_ROOT = VAR_DIR / "storage"
MEDIA_URL = "media/"  # nothing is served below it: files go out through views
STATIC_ROOT = VAR_DIR / "static"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]


def _default_storage() -> dict[str, Any]:
    """The folder, or a bucket when one is named (credentials: boto3's own chain)."""
    if not AWS_STORAGE_BUCKET_NAME:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": MEDIA_ROOT, "base_url": None},
        }
    # Imported here only when S3 is chosen: botocore costs 0.2 s of every start.
    from botocore.config import Config  # noqa: PLC0415

    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": AWS_STORAGE_BUCKET_NAME,
            "region_name": env.str("AWS_S3_REGION_NAME", default="") or None,
            "endpoint_url": env.str("AWS_S3_ENDPOINT_URL", default="") or None,
            "location": env.str("AWS_LOCATION", default=""),
            "default_acl": None,
            "file_overwrite": False,  # the default silently replaces
            "querystring_auth": True,
            "max_memory_size": 10 * 1024 * 1024,  # the default reads all into RAM
            "client_config": Config(
                signature_version="s3v4",
                retries={"mode": "standard", "max_attempts": 5},
                connect_timeout=3,
                read_timeout=10,
            ),
        },
    }


STORAGES = {
    "default": _default_storage(),
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        ),
    },
}

WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
# Third-party style sheets may name a map or an image that is not shipped.
WHITENOISE_MANIFEST_STRICT = False

MAX_UPLOAD_MB = env.int("MAX_UPLOAD_MB", default=400)
# What one user may hand in within an hour; 0: no limit.
UPLOADS_PER_HOUR = env.int("UPLOADS_PER_HOUR", default=1_000)
UPLOAD_MB_PER_HOUR = env.int("UPLOAD_MB_PER_HOUR", default=10_000)
# Memory that the process which reads a file may use; a file that takes more is refused.
PARSER_MAX_MB = env.int("PARSER_MAX_MB", default=1024)
