"""PostgreSQL: the server of DATABASE_URL, or else the embedded one in VAR_DIR.

With DATABASE_URL the embedded server is never touched. Without it the engine
`backoffice.embedded` starts the server when a connection finds it down, so commands
that need no database (help, collectstatic, mypy's plugin) start nothing.
"""

from typing import Any

from backoffice.postgres import Server
from backoffice.settings.environment import IS_LOCAL, VAR_DIR, env

EMBEDDED_SERVER = Server(
    VAR_DIR,
    name=env.str("EMBEDDED_POSTGRES", default="pg"),
    durable=env.bool("EMBEDDED_POSTGRES_DURABLE", default=True),
)

DATABASE: dict[str, Any]
if IS_LOCAL:
    DATABASE = {
        "ENGINE": "backoffice.embedded",
        "NAME": EMBEDDED_SERVER.database,
        "USER": EMBEDDED_SERVER.user,
        "HOST": str(EMBEDDED_SERVER.socket_dir),
        "OPTIONS": {},
    }
else:
    DATABASE = dict(env.db_url("DATABASE_URL"))
    DATABASE.setdefault("OPTIONS", {})

# A query whose client was killed is given up within two seconds, and its locks with
# it. (PostgreSQL 14+; a pooler that refuses start-up options: set it empty.)
_options = env.str(
    "DATABASE_OPTIONS", default="-c client_connection_check_interval=2000"
)
if _options:
    DATABASE["OPTIONS"].setdefault("options", _options)

DATABASE["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
DATABASE["CONN_HEALTH_CHECKS"] = True

DATABASES = {"default": DATABASE}
