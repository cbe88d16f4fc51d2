"""Apps, middleware, templates, language and time."""

from backoffice.settings.environment import BASE_DIR as BASE_DIR
from backoffice.settings.environment import DEBUG as DEBUG
from backoffice.settings.environment import IS_LOCAL as IS_LOCAL
from backoffice.settings.environment import VAR_DIR as VAR_DIR

INSTALLED_APPS = [
    "jazzmin",  # before the admin, whose templates it replaces
    "backoffice.apps.BackofficeAdminConfig",  # the admin, with our sign-in
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",  # operator classes in indexes
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "import_export",
    "django_q",
    "rest_framework",
    "rest_framework.authtoken",
    "djoser",
    "backoffice.apps.TokensConfig",  # django-oauth-toolkit
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",  # recovery codes
    "social_django",
    "backoffice.apps.SignInsConfig",  # django-axes
    "drf_yasg",
    "django_filters",
    "storages",
    "reinsurance.apps.ReinsuranceConfig",
    "importers.apps.ImportersConfig",
    "backoffice.apps.BackofficeConfig",
]

MIDDLEWARE = [
    "backoffice.logs.requests.RequestLine",  # first: it times everything
    "backoffice.headers.EveryAnswer",
    "csp.middleware.CSPMiddleware",
    "backoffice.health.door.Watchers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "backoffice.audit.requests.Audited",
    "backoffice.access.doors.MethodsOfTable",
    "backoffice.signin.sso_errors.SingleSignOnErrors",
    "axes.middleware.AxesMiddleware",  # last: it answers for who is locked out
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Ours before Jazzmin's, which goes before the admin's.
        "DIRS": [BASE_DIR / "backoffice" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

FIXTURE_DIRS = [BASE_DIR / "fixtures"]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = ["backoffice.formats"]
USE_TZ = True
