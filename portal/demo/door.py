"""The portal's own doors, as a person's browser uses them: sign in, send forms, call the API, send files.

The demo brings its people's visits and images in through here, so that nothing of it has a way in of its own.
"""

import json
from collections.abc import Mapping, Sequence
from email.message import Message
from http.cookiejar import CookieJar
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

TIMEOUT_S = 120
MOVED = frozenset({301, 302, 303})


class Refusal(Exception):
    """A door answered with an error; the text says which door and what it said."""


class StayHere(HTTPRedirectHandler):
    """Follows no redirect: that a form was taken is enough, nobody looks at the page after it."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request | None:
        return None


class Door:
    """One signed-in person of the demo at the portal's address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._cookies = CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self._cookies), StayHere())

    def sign_in(self, user_pk: object) -> None:
        """Become one of the demo's people."""
        self.get("demo/sign-in/")
        self.form("demo/sign-in/", {"person": str(user_pk)})

    def get(self, path: str) -> bytes:
        """Return what a page or a file answers."""
        return self._open(Request(urljoin(self.url, path)))

    def form(self, path: str, values: Mapping[str, str | Sequence[str]]) -> bytes:
        """Send a form. Raises Refusal where the page came back with errors."""
        return self._send("POST", path, urlencode(values, doseq=True).encode(), "application/x-www-form-urlencoded")

    def call(self, method: str, path: str, values: Any = None) -> Any:
        """Call the API with JSON and return its answer."""
        body = json.dumps(values).encode() if values is not None else b""
        answer = self._send(method, path, body, "application/json")
        return json.loads(answer) if answer else None

    def put(self, path: str, content: bytes) -> Any:
        """Send a file as it is and return the API's answer."""
        return json.loads(self._send("PUT", path, content, "application/octet-stream"))

    def _send(self, method: str, path: str, body: bytes, kind: str) -> bytes:
        token = next((one.value for one in self._cookies if one.name.endswith("csrftoken")), "") or ""
        headers = {"Content-Type": kind, "Accept": "application/json", "X-CSRFToken": token}
        headers["Referer"] = self.url
        return self._open(Request(urljoin(self.url, path), data=body, headers=headers, method=method))

    def _open(self, request: Request) -> bytes:
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return bytes(answer.read())
        except HTTPError as error:
            if error.code in MOVED:
                return b""
            said = error.read().decode("utf-8", "replace")
            raise Refusal(f"{request.get_method()} {request.full_url} answered {error.code}: {said[:800]}") from None
