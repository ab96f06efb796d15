"""Answer every error as a problem document (RFC 9457), in one form."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from gridgeo.model.errors import GridgeoError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
log = logging.getLogger("gridgeo_api")


PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 problem document",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object", "additionalProperties": {"type": "string"}}},
    },
}


class RequestError(GridgeoError, ValueError):
    """A request that cannot be answered as it stands.

    Parameters
    ----------
    message : str
        One line with the way out.
    errors : iterable of mapping
        Each fault with ``parameter`` or ``pointer``, and ``detail``.
    """

    http_status = 422

    def __init__(self, message: str, errors: Iterable[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.errors = list(errors)


class BodyTooLargeError(RequestError):
    """A request body above the limit."""

    http_status = 413


def problem(
    status: int,
    kind: str,
    detail: str,
    errors: Iterable[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Write a problem document.

    Parameters
    ----------
    status : int
        HTTP status.
    kind : str
        Class name of the error, or ``""`` where the status says it all.
    detail : str
        One line with the way out.
    errors : iterable of mapping
        The single faults.
    headers : mapping, optional
        More headers.

    Returns
    -------
    Response
    """
    phrase = HTTPStatus(status).phrase
    content: dict[str, Any] = {"type": problem_type(kind), "title": phrase, "status": status, "detail": detail}
    if listed := list(errors):
        content["errors"] = listed
    named = dict(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        named["Retry-After"] = str(RETRY_AFTER_S)
    body = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status, headers=named, media_type=MEDIA_TYPE)


def problem_type(kind: str) -> str:
    """Name the type of a problem: ``UnknownAreaError`` is ``urn:gridgeo:problem:unknown-area``."""
    if not kind:
        return "about:blank"
    words = re.findall(r"[A-Z][a-z]+", kind.removesuffix("Error"))
    return "urn:gridgeo:problem:" + "-".join(words).lower()


def faults(error: ValidationError | RequestValidationError) -> list[dict[str, str]]:
    """List the faults of a validation: where, and what; the value itself is not echoed.

    Parameters
    ----------
    error : ValidationError

    Returns
    -------
    list of dict
        ``pointer`` and ``detail`` of each.
    """
    listed = []
    for fault in error.errors():
        place = [str(part) for part in fault["loc"] if part not in ("body", "query")]
        detail = str(fault["msg"]).removeprefix("Value error, ")
        listed.append({"pointer": "/" + "/".join(place), "detail": detail})
    return listed[:20]


async def _answer_own(request: Request, error: Exception) -> Response:
    status = getattr(error, "http_status", 500)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s %s: %s", request.method, request.url.path, error)
    return problem(status, type(error).__name__, str(error), getattr(error, "errors", ()))


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    listed = faults(error)
    return problem(
        422, "RequestError", "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in listed[:3]), listed
    )


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_at(request.app, path)) or headers.get("Allow", "GET")
    details = {404: f"nothing answers at {path}", 405: f"{request.method} is not served at {path}"}
    return problem(error.status_code, "", details.get(error.status_code, str(error.detail)), headers=headers)


def _methods_at(app: FastAPI, path: str) -> list[str]:
    """List the methods that are served at a path, over all its routes."""
    for template, operations in app.openapi()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            return sorted(method.upper() for method in operations)
    return []


async def _answer_unforeseen(request: Request, error: Exception) -> Response:
    log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "", "the service failed on this request; its log says more")


_ANSWERS = {
    GridgeoError: _answer_own,
    RequestValidationError: _answer_invalid,
    HTTPException: _answer_http,
    Exception: _answer_unforeseen,
}


def register(app: FastAPI) -> None:
    """Teach an application to answer every error as a problem document."""
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)
