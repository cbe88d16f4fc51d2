"""One set of settings: the environment chooses, each module holds one topic.

Without any variable the project runs on this machine alone (embedded PostgreSQL,
local storage, random secret key). `.env.example` lists every variable.
"""

from backoffice.settings.base import *
from backoffice.settings.database import *
from backoffice.settings.caching import *
from backoffice.settings.storage import *
from backoffice.settings.backups import *
from backoffice.settings.queue import *
from backoffice.settings.api import *
from backoffice.settings.admin import *
from backoffice.settings.security import *
from backoffice.settings.headers import *
from backoffice.settings.signin import *
from backoffice.settings.webservices import *
from backoffice.settings.webhooks import *
from backoffice.settings.retention import *
from backoffice.settings.logging import *
from backoffice.settings.health import *
