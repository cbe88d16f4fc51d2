"""Backups: where they are kept, how many, and when one counts as too old."""

from typing import Any

from backoffice.settings.environment import VAR_DIR, env
from backoffice.settings.storage import STORAGES

AWS_BACKUP_BUCKET_NAME = env.str("AWS_BACKUP_BUCKET_NAME", default="")


def _backup_storage() -> dict[str, Any]:
    """A folder, or a bucket when one is named; every installation needs its own."""
    if not AWS_BACKUP_BUCKET_NAME:
        folder = env.str("BACKUP_DIR", default="") or VAR_DIR / "backups"
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": folder,
                "base_url": None,
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    # Imported here only when S3 is chosen: boto3 costs 0.3 s of every start.
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    # "AES256", or "aws:kms" with the key's id: encrypted by S3 where it lies.
    encryption = {
        "ServerSideEncryption": env.str("AWS_BACKUP_SSE", default=""),
        "SSEKMSKeyId": env.str("AWS_BACKUP_SSE_KMS_KEY_ID", default=""),
    }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": AWS_BACKUP_BUCKET_NAME,
            "region_name": env.str("AWS_S3_REGION_NAME", default="") or None,
            "endpoint_url": env.str("AWS_S3_ENDPOINT_URL", default="") or None,
            "location": env.str("AWS_BACKUP_LOCATION", default="backups"),
            "default_acl": None,
            "file_overwrite": True,  # names are never used twice
            "querystring_auth": True,
            "max_memory_size": 10 * 1024 * 1024,
            "object_parameters": {
                name: value for name, value in encryption.items() if value
            },
            # A dump's length is not known before its end: 10,000 parts of 32 MB.
            "transfer_config": TransferConfig(
                multipart_chunksize=32 * 1024 * 1024, max_concurrency=2
            ),
            "client_config": Config(
                signature_version="s3v4",
                retries={"mode": "standard", "max_attempts": 5},
                connect_timeout=3,
                read_timeout=30,
            ),
        },
    }


STORAGES["backups"] = _backup_storage()

# Kept: the newest of each of so many days, weeks and months that have any.
BACKUP_KEEP_DAYS = env.int("BACKUP_KEEP_DAYS", default=7)
BACKUP_KEEP_WEEKS = env.int("BACKUP_KEEP_WEEKS", default=4)
BACKUP_KEEP_MONTHS = env.int("BACKUP_KEEP_MONTHS", default=12)
# Older than this, the last good backup (or restore drill) is a warning everywhere.
BACKUP_MAX_AGE_HOURS = env.int("BACKUP_MAX_AGE_HOURS", default=26)
DRILL_MAX_AGE_DAYS = env.int("DRILL_MAX_AGE_DAYS", default=8)
# Where pg_dump and pg_restore of the server's version are; without it they are
# looked for.
PG_BIN_DIR = env.str("PG_BIN_DIR", default="")
# A server where a drill may make and drop a database; without it, the server itself.
DRILL_DATABASE_URL = env.str("DRILL_DATABASE_URL", default="")
