"""Who may ask the local server for what: a browser on this machine that was given the token.

A page of another site can make a browser send requests to 127.0.0.1, and a name that it controls
can be made to lead there (DNS rebinding). So nothing is served without the token, which only the
address that was printed holds, nor under another host's name, nor to another site's page.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 1 << 20  # bytes of a request
MAX_PATH = 200  # characters: the longest that is asked for has half as many
MAX_DIGITS = 12  # of a number
TOKEN_BYTES = 24  # of chance in the address
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
NO_STORE = "no-store"


def new_token() -> str:
    """A token that cannot be guessed."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def whole(text: str) -> int | None:
    """The number that a text is, if it is none of another script or out of all reason."""
    return int(text) if re.fullmatch(rf"[0-9]{{1,{MAX_DIGITS}}}", text) else None


class Guard:
    """Lets through what may come, under the token as the first part of the path; adds headers.

    Parameters
    ----------
    app : ASGI application
        Sees paths without the token.
    token : str
    hosts : sequence of str
        What the header Host may be, such as "127.0.0.1:8000".
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Sequence[str]) -> None:
        self.app, self.token = app, token
        self.hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refused = self._refused(scope)
        if refused is not None:
            status, reason = refused
            response = PlainTextResponse(reason, status)
            await response(scope, receive, _with_headers(send))
            return
        path = "/" + scope["path"].split("/", 2)[2]
        inner = dict(scope, path=path, raw_path=path.encode(), root_path="")
        await self.app(inner, _limited(receive), _with_headers(send))

    def _refused(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason of a request that may not come in; None if it may."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host not in self.hosts:
            return 403, "This address is not the one that ocr review printed."
        origin = headers.get("origin")
        if origin is not None and origin not in (f"http://{name}" for name in self.hosts):
            return 403, "Requests of other sites are refused."
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return 403, "Requests of other sites are refused."
        if len(scope["path"]) > MAX_PATH:
            return 414, "too long"
        parts = scope["path"].split("/", 2)
        if len(parts) < 3 or not secrets.compare_digest(
            parts[1].encode("utf-8", "replace"), self.token.encode()
        ):
            return 404, "Open the address that ocr review printed."
        if scope["method"] == "POST":
            kind = headers.get("content-type", "").split(";")[0].strip()
            if kind != "application/json":
                return 415, "JSON is expected."
            length = whole(headers.get("content-length", "0"))
            if length is None or length > MAX_BODY:
                return 413, "too large"
        elif scope["method"] not in ("GET", "HEAD"):
            return 405, "not known here"
        return None


def _limited(receive: Receive) -> Receive:
    """The same messages; refused once they hold too much."""
    seen = 0

    async def checked() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise HTTPException(413, "too large")
        return message

    return checked


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("cache-control", NO_STORE)
        await send(message)

    return sent
