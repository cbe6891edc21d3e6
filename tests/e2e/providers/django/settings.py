"""A company's Django project that signs people in for others, by django-oauth-toolkit.

What docs/providers/django-oauth-toolkit.md tells administrators to set is set here, too.
Environment: PROVIDER_DIRECTORY, where the database is; PROVIDER_KEY, the signing key in PEM form.
"""

import os
from pathlib import Path

HERE = Path(__file__).parent

SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
USE_TZ = True
TIME_ZONE = "UTC"
# Addresses hold what only browsers should see.
LOGGING = {"version": 1, "loggers": {"django.server": {"level": "ERROR"}}}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["PROVIDER_DIRECTORY"]) / "django.db",
        # Several browsers sign in at once: writers wait for each other instead of failing.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Fast, as Django recommends for tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "/accounts/login/"

OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": os.environ.get("PROVIDER_KEY", ""),
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    # Otherwise signing out in one browser takes the refresh tokens of all of the person's sessions.
    "OIDC_RP_INITIATED_LOGOUT_DELETE_TOKENS": False,
    # A refresh token whose replacement was lost on the way can be used again.
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 120,
    "OAUTH2_VALIDATOR_CLASS": "validator.Validator",
    "SCOPES": {"openid": "Who you are", "email": "Your address", "profile": "Your name and groups"},
}
