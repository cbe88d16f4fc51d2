"""Web services of partners: hosts that may be asked, keys of the secrets, patience."""

import base64
import secrets

from backoffice.settings.environment import DEBUG, IS_LOCAL, VAR_DIR, env
from backoffice.settings.security import kept_key

# "*": every public host, by https. A host named in full may be private or this very
# machine; "http://host" allows it without encryption (development and tests).
WEB_SERVICE_HOSTS = env.list("WEB_SERVICE_HOSTS", default=["*"])
# Certificates of authorities that partners use beside the public ones (PEM).
WEB_SERVICE_CA_FILE = env.str("WEB_SERVICE_CA_FILE", default="")

# Keys of the secrets at rest, the newest first; every one of them still decrypts.
# With DATABASE_URL no key is made up, and without one no secret can be entered.
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[])
if not FIELD_ENCRYPTION_KEYS and (IS_LOCAL or DEBUG):
    FIELD_ENCRYPTION_KEYS = [
        kept_key(
            VAR_DIR / "encryption_key",
            lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        )
    ]

# Fetched pages are kept for the next attempt when so many seconds have passed or so
# many bytes have come.
SYNC_KEEP_SECONDS = env.float("SYNC_KEEP_SECONDS", default=2.0)
SYNC_KEEP_BYTES = 16 << 20
# A failed sync is taken up again within so many hours; after that it begins anew.
SYNC_RESUME_HOURS = env.int("SYNC_RESUME_HOURS", default=24)
