"""An OpenID provider made of Django and django-oauth-toolkit: `provider.py FOLDER [PORT]`.

It prints one line of JSON when it is ready and ends when its standard input does. What it knows lies in FOLDER;
its signing key does not, so it comes back from a restart with another.
"""

import json
import pathlib
import sys
import threading

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

folder = pathlib.Path(sys.argv[1])
port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
USER, PASSWORD, SECRET = "kari", "a password", "a secret/+:&=%41"
LOGIN_PAGE = '<form method="post">{% csrf_token %}{{ form }}<input name="next" value="{{ next }}" type="hidden"></form>'

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
settings.configure(
    SECRET_KEY="of a test",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    LOGIN_URL="/login",
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": folder / "db.sqlite3",
            "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE"},
        }
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": False,
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE}),
                    "django.template.loaders.app_directories.Loader",
                ],
                "context_processors": ["django.template.context_processors.request"],
            },
        }
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": key.decode(),
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
        "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
        "SCOPES": {"openid": "who you are", "profile": "your name", "offline_access": "while you are away"},
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 (models need the settings)
from django.contrib.auth.views import LoginView  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402

urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("login", LoginView.as_view()),
]


def first_start():
    call_command("migrate", verbosity=0)
    User.objects.create_user(USER, password=PASSWORD)
    for client_id, kind in [("public", "public"), ("confidential", "confidential")]:
        Application.objects.create(
            client_id=client_id,
            client_secret=SECRET if kind == "confidential" else "",
            client_type=kind,
            name=client_id,
            authorization_grant_type="authorization-code",
            algorithm="RS256",
            redirect_uris="http://127.0.0.1/callback",
        )


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if not (folder / "db.sqlite3").exists():
    first_start()
server = ThreadedWSGIServer(("127.0.0.1", port), Quiet)
server.daemon_threads = True
server.set_app(get_wsgi_application())
threading.Thread(target=server.serve_forever, daemon=True).start()
clients = [{"client_id": "public"}, {"client_id": "confidential", "client_secret": SECRET}]
issuer = f"http://127.0.0.1:{server.server_port}/o"
print(json.dumps({"issuer": issuer, "clients": clients, "user": USER, "password": PASSWORD}), flush=True)
sys.stdin.read()
