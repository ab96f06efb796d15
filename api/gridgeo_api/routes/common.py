"""Share what every route does: find the day's plan, write JSON, keep answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from gridgeo_api.cards import Day
from gridgeo_api.headers import ASK_FIRST, etag_of, kept, unchanged
from gridgeo_api.live import Keeper
from gridgeo_api.queries import PROBLEM
from gridgeo_api.settings import Settings

REFUSALS: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such thing, or no plan in force on that day", **PROBLEM},
    422: {"description": "The request cannot be answered as it stands", **PROBLEM},
    503: {"description": "The store cannot be read now", **PROBLEM},
}
JSON = "application/json"


def answers(media_type: str, description: str, *more: int) -> dict[str, Any]:
    """Describe what a route answers: one media type, and problem documents.

    Parameters
    ----------
    media_type, description : str
        Of the answer 200.
    *more : int
        Further statuses that a problem document explains.

    Returns
    -------
    dict
        Keywords of a route.
    """
    responses: dict[int | str, dict[str, Any]] = {200: {"description": description, "content": {media_type: {}}}}
    responses |= REFUSALS
    responses |= {status: {"description": HTTPStatus(status).phrase, **PROBLEM} for status in more}
    return {"response_class": Response, "responses": responses}


def keeper_of(request: Request) -> Keeper:
    """Give the keeper of the live plans."""
    keeper: Keeper = request.app.state.keeper
    return keeper


def settings_of(request: Request) -> Settings:
    """Give the settings."""
    return keeper_of(request).settings


async def day_of(request: Request, at: date | None) -> Day:
    """Open the day that a request asks about, without holding up others.

    Parameters
    ----------
    request : Request
    at : date or None
        None is today.

    Returns
    -------
    Day

    Raises
    ------
    UnknownAreaError
        If no plan is in force on that day.
    StorageError
        If the store cannot be read.
    """
    keeper = keeper_of(request)
    known = keeper.known(at)
    return await run_in_threadpool(keeper.day, at) if known is None else known


async def answer_kept(
    request: Request, key: str, make: Callable[[], bytes], media_type: str = JSON, cache: str = ASK_FIRST
) -> Response:
    """Answer with what ``make`` writes in a thread, or with 304 where the caller holds it already.

    Parameters
    ----------
    request : Request
    key : str
        Names the state that the answer depends on, beside the address.
    make : function
        Writes the body.
    media_type, cache : str
        Headers of the answer.

    Returns
    -------
    Response
    """
    etag = etag_of(key, request.url.path, request.url.query)
    if held := unchanged(request, etag, cache):
        return held
    body = await run_in_threadpool(make)
    return Response(body, media_type=media_type, headers=kept(etag, cache))


def path_of(request: Request) -> str:
    """Give the address at which the caller reached the service, without a slash at its end."""
    return str(request.base_url).rstrip("/")
