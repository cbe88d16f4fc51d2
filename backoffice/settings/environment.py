"""What the environment says that more than one topic needs to know.

BASE_DIR is the checkout; VAR_DIR holds everything this instance writes (embedded
database, stored files, logs, benchmark results), so that two instances with two
VAR_DIRs run side by side. IS_LOCAL: no DATABASE_URL, hence a machine of one's own.
"""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env.str("VAR_DIR", default="") or BASE_DIR / "var").absolute()
IS_LOCAL = not env.str("DATABASE_URL", default="")
DEBUG = env.bool("DEBUG", default=False)
