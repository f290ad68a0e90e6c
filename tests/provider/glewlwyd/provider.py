"""Glewlwyd, an OpenID provider in C, with an SQLite database of its own: `provider.py GLEWLWYD FOLDER [PORT]`.

It prints one line of JSON when it is ready and ends when its standard input does. What it knows lies in FOLDER;
its signing key does not, so it comes back from a restart with another.
"""

import ctypes
import http.client
import json
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import time

here = pathlib.Path(__file__).parent
program, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
installed = program.parent.parent  # /usr, or where the package was unpacked
USER, PASSWORD, SECRET = "kari", "a password", "a-secret"
SCOPES = {"profile": "your name", "offline_access": "while you are away"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


port = int(sys.argv[3]) if len(sys.argv) > 3 else free_port()
issuer = f"http://127.0.0.1:{port}/api/oidc"


def die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def output(*command, given=None):
    return subprocess.run(command, input=given, capture_output=True, check=True, text=True).stdout


def call(method, path, body=None, cookie=""):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Content-Type": "application/json", "Cookie": cookie}
    connection.request(method, f"/api/{path}", json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        sys.exit(f"{method} {path}: {answer.status} {text}")
    return text, answer.getheader("Set-Cookie", "").split(";")[0]


def database():
    tables = installed / "share/dbconfig-common/data/glewlwyd/install/sqlite3"
    with sqlite3.connect(folder / "db.sqlite3") as made:
        made.executescript(tables.read_text())


def first_start(admin, parameters, redirect_uri):
    scopes = ["openid", *SCOPES]
    for name, text in SCOPES.items():
        scope = {"name": name, "display_name": name, "description": text, "password_required": False, "scheme": {}}
        call("POST", "scope/", scope, admin)
    user = {"username": USER, "name": "Kari", "password": PASSWORD, "enabled": True, "scope": ["g_profile", *scopes]}
    call("POST", "user/", user, admin)
    for client_id, secret in [("public", None), ("confidential", SECRET)]:
        client = {
            "client_id": client_id,
            "name": client_id,
            "enabled": True,
            "confidential": secret is not None,
            "scope": [],
            "redirect_uri": [redirect_uri],
            "authorization_type": ["code", "refresh_token"],
        }
        if secret:
            client |= {"password": secret, "client_secret": secret, "token_endpoint_auth_method": ["client_secret_basic"]}
        call("POST", "client/", client, admin)
    plugin = {"module": "oidc", "name": "oidc", "display_name": "OpenID", "parameters": parameters}
    call("POST", "mod/plugin/", plugin, admin)


def wait_until_it_listens(server):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline or server.poll() is not None:
                sys.exit("glewlwyd does not listen")
            time.sleep(0.01)


if not (settings := folder / "settings.json").exists():
    database()
    # It knows no loopback address with any port (RFC 8252): the client has one, fixed.
    settings.write_text(json.dumps({"redirect_uri": f"http://127.0.0.1:{free_port()}/callback"}))
    is_new = True
else:
    is_new = False
redirect_uri = json.loads(settings.read_text())["redirect_uri"]
configuration = (here / "glewlwyd.conf").read_text()
for name, value in [("PORT", port), ("FOLDER", folder), ("LIBRARY", installed / "lib/glewlwyd")]:
    configuration = configuration.replace(f"@{name}@", str(value))
(folder / "glewlwyd.conf").write_text(configuration)
key = output("openssl", "genrsa", "2048")
parameters = json.loads((here / "plugin.json").read_text())
parameters |= {"iss": issuer, "key": key, "cert": output("openssl", "rsa", "-pubout", given=key)}
server = subprocess.Popen(
    [program, "--config-file", folder / "glewlwyd.conf"], stdout=sys.stderr, preexec_fn=die_with_parent
)
try:
    wait_until_it_listens(server)
    _, admin = call("POST", "auth/", {"username": "admin", "password": "password"})
    if is_new:
        first_start(admin, parameters, redirect_uri)
    else:
        call("PUT", "mod/plugin/oidc", {"display_name": "OpenID", "parameters": parameters}, admin)
        call("PUT", "mod/plugin/oidc/reset", None, admin)
    clients = [{"client_id": "public"}, {"client_id": "confidential", "client_secret": SECRET}]
    clients = [client | {"redirect_uri": redirect_uri} for client in clients]
    print(json.dumps({"issuer": issuer, "clients": clients, "user": USER, "password": PASSWORD}), flush=True)
    sys.stdin.read()
finally:
    server.kill()
