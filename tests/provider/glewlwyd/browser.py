"""A browser that keeps its cookies in $HOME and calls what the script of Glewlwyd's page calls:
`browser.py USER PASSWORD URL`."""

import http.cookiejar
import json
import os
import sys
import urllib.parse
import urllib.request

user, password, url = sys.argv[1:]
cookies = http.cookiejar.LWPCookieJar(os.path.join(os.environ["HOME"], "cookies"))
if os.path.exists(cookies.filename):
    cookies.load(ignore_discard=True)


class LoginPage(Exception):
    """The page of which a browser runs the script; it is not fetched."""


class Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, answer, code, message, headers, target):
        if urllib.parse.urlsplit(target).path == "/login.html":
            raise LoginPage(target)
        return super().redirect_request(request, answer, code, message, headers, target)


browser = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(cookies), Redirects
)


def api(method, path, body=None):
    address = urllib.parse.urljoin(page, path)
    data = json.dumps(body).encode() if body is not None else None
    browser.open(urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method), timeout=30)


try:
    browser.open(url, timeout=30)
except LoginPage as reached:
    page = str(reached)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page).query))
    if asked.get("prompt") in ("end_session", "single_logout"):
        api("DELETE", "/api/auth/")
    else:
        api("POST", "/api/auth/", {"username": user, "password": password})
        api("PUT", f"/api/auth/grant/{asked['client_id']}", {"scope": asked["scope"]})
        browser.open(f"{asked['callback_url']}&g_continue", timeout=30)
cookies.save(ignore_discard=True)
