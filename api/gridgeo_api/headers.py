"""Send headers that keep a page to this service alone, and let browsers keep what did not change."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# MapLibre draws from blob: pictures; its style sheet and Swagger UI's hold small data: pictures.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
ASK_FIRST = "no-cache"
KEEP = "public, max-age=31536000, immutable"


class SafeHeaders:
    """Add the headers of ``SAFE`` to every answer.

    Parameters
    ----------
    app : ASGIApp
        The application to wrap.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and mark its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_marked)


def etag_of(*parts: object) -> str:
    """Name a state of the answer: equal parts, equal name.

    Parameters
    ----------
    *parts : object
        What the answer depends on beside its address.

    Returns
    -------
    str
        A weak entity tag, for answers are compressed on the way.
    """
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=9)
    return f'W/"{digest.hexdigest()}"'


def unchanged(request: Request, etag: str, cache: str = ASK_FIRST) -> Response | None:
    """Answer 304 when the caller holds this state already.

    Parameters
    ----------
    request : Request
    etag : str
    cache : str
        ``Cache-Control`` of the answer.

    Returns
    -------
    Response or None
    """
    held = request.headers.get("if-none-match")
    if held is None or (held.strip() != "*" and etag not in (part.strip() for part in held.split(","))):
        return None
    return Response(status_code=304, headers=kept(etag, cache))


def kept(etag: str, cache: str = ASK_FIRST) -> Mapping[str, str]:
    """Write the headers by which an answer can be kept."""
    return {"ETag": etag, "Cache-Control": cache}
