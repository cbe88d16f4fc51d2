"""Received files and static files: a folder of VAR_DIR, or S3 by environment."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from backoffice.settings.environment import BASE_DIR, DEBUG, VAR_DIR, env

AWS_STORAGE_BUCKET_NAME = env.str("AWS_STORAGE_BUCKET_NAME", default="")
AWS_S3_REGION_NAME = env.str("AWS_S3_REGION_NAME", default="")
AWS_S3_ENDPOINT_URL = env.str("AWS_S3_ENDPOINT_URL", default="")

MEDIA_ROOT = VAR_DIR / "storage"
MEDIA_URL = "media/"  # nothing is served below it: files go out through views
STATIC_ROOT = VAR_DIR / "static"
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]

_ENCRYPTIONS = ("AES256", "aws:kms", "none")
_SHORTEST_LINK, _LONGEST_LINK = 60, 300


def _encryption() -> dict[str, str]:
    """What every upload asks of the bucket; nothing for stores that encrypt alone."""
    kind = env.str("AWS_S3_ENCRYPTION", default="AES256")
    key = env.str("AWS_S3_KMS_KEY_ID", default="")
    if kind not in _ENCRYPTIONS:
        message = f"AWS_S3_ENCRYPTION is one of {', '.join(_ENCRYPTIONS)}."
        raise ImproperlyConfigured(message)
    if key and kind != "aws:kms":
        message = "AWS_S3_KMS_KEY_ID is for AWS_S3_ENCRYPTION=aws:kms."
        raise ImproperlyConfigured(message)
    if kind == "none":
        return {}
    return {"ServerSideEncryption": kind, **({"SSEKMSKeyId": key} if key else {})}


def _link_seconds() -> int:
    """How long a download link is good."""
    seconds = env.int("AWS_S3_DOWNLOAD_SECONDS", default=120)
    if not _SHORTEST_LINK <= seconds <= _LONGEST_LINK:
        message = (
            f"AWS_S3_DOWNLOAD_SECONDS lies between {_SHORTEST_LINK} and "
            f"{_LONGEST_LINK}."
        )
        raise ImproperlyConfigured(message)
    return seconds


def _default_storage() -> dict[str, Any]:
    """The folder, or a bucket when one is named (credentials: boto3's own chain)."""
    if not AWS_STORAGE_BUCKET_NAME:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": MEDIA_ROOT, "base_url": None},
        }
    return {
        "BACKEND": "importers.pipeline.bucket.Bucket",
        "OPTIONS": {
            "bucket_name": AWS_STORAGE_BUCKET_NAME,
            "region_name": AWS_S3_REGION_NAME or None,
            "endpoint_url": AWS_S3_ENDPOINT_URL or None,
            "location": env.str("AWS_LOCATION", default=""),
            "default_acl": env.str("AWS_DEFAULT_ACL", default="") or None,
            "object_parameters": _encryption(),
            "querystring_expire": _link_seconds(),
            "is_direct": env.bool("AWS_S3_DIRECT_DOWNLOADS", default=True),
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

# Folders of inboxes (docs/inboxes.md) lie below this one and nowhere else.
INBOX_ROOT = env.path("INBOX_ROOT", default=str(VAR_DIR / "inbox")).root
# Buckets that inboxes may read with this program's own credentials, as "bucket" or
# "bucket/prefix". Any other bucket needs credentials of its own.
INBOX_BUCKETS = env.list("INBOX_BUCKETS", default=[])

# What one user may hand in within an hour; 0: no limit.
UPLOADS_PER_HOUR = env.int("UPLOADS_PER_HOUR", default=1_000)
UPLOAD_MB_PER_HOUR = env.int("UPLOAD_MB_PER_HOUR", default=10_000)
# Memory that the process which reads a file may use; a file that takes more is refused.
PARSER_MAX_MB = env.int("PARSER_MAX_MB", default=1024)
