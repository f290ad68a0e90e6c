"""A browser that keeps its cookies in $HOME and fills in django-oauth-toolkit's forms: `browser.py USER PASSWORD URL`."""

import html.parser
import http.cookiejar
import os
import sys
import urllib.parse
import urllib.request


class Form(html.parser.HTMLParser):
    """The first form of a page: its fields with what they hold, and its buttons."""

    def __init__(self, page):
        super().__init__()
        self.fields, self.buttons = {}, {}
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        field = dict(attributes)
        if tag == "input" and "name" in field:
            kept = self.buttons if field.get("type") == "submit" else self.fields
            kept[field["name"]] = field.get("value") or ""


user, password, url = sys.argv[1:]
cookies = http.cookiejar.LWPCookieJar(os.path.join(os.environ["HOME"], "cookies"))
if os.path.exists(cookies.filename):
    cookies.load(ignore_discard=True)
browser = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(cookies)
)


def opened(*request):
    with browser.open(*request, timeout=30) as answer:
        return answer.url, Form(answer.read().decode())


url, form = opened(url)
if "password" in form.fields:
    form.fields |= {"username": user, "password": password}
    url, form = opened(url, urllib.parse.urlencode(form.fields).encode())
if "allow" in form.buttons:
    opened(url, urllib.parse.urlencode(form.fields | {"allow": form.buttons["allow"]}).encode())
cookies.save(ignore_discard=True)
