"""Put the service together: settings, store, routes, errors, pages.

``create_app`` is a factory for uvicorn: ``uvicorn gridgeo_api.main:create_app --factory``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from gridgeo import __version__
from gridgeo_api import errors
from gridgeo_api.desks import Desks
from gridgeo_api.headers import SafeHeaders
from gridgeo_api.live import Keeper
from gridgeo_api.routes import addresses, areas, drafts, health, heat, locate, pages, plans, tiles
from gridgeo_api.settings import Settings

log = logging.getLogger("gridgeo_api")
_COMPRESS_FROM_BYTES = 2_000
_DESCRIPTION = """Which responsibility area an address or a point belongs to, and who answers for it.

Coordinates are longitude and latitude in degrees (CRS84), in this order. Every answer may be asked for a day, with
`at=2026-10-01`; without it, it is today's. Errors are problem documents (RFC 9457). The [map](/) is drawn from the same
addresses."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the service.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment where not given.

    Returns
    -------
    FastAPI
        It starts without a store too, says how to make one, and answers as soon as there is one.
    """
    settings = settings or Settings()
    app = FastAPI(
        title="gridgeo",
        version=__version__,
        summary="Responsibility areas of a town",
        description=_DESCRIPTION,
        lifespan=_keep_live,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.keeper = Keeper(settings)
    app.state.desks = Desks()
    errors.register(app)
    for routes in (locate, areas, addresses, heat, tiles, plans, drafts, health, pages):
        app.include_router(routes.router)
    app.mount("/pages", pages.PageFiles(directory=pages.FOLDER), name="pages")
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESS_FROM_BYTES, compresslevel=5)
    app.add_middleware(SafeHeaders)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _keep_live(app: FastAPI) -> AsyncIterator[None]:
    """Open the store before the first request, look after it while the service runs, close it at the end."""
    keeper: Keeper = app.state.keeper
    await run_in_threadpool(keeper.refresh)
    watch = asyncio.create_task(_watch(keeper))
    yield
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    await run_in_threadpool(keeper.close)


async def _watch(keeper: Keeper) -> None:
    """Open the address book once, then ask the store again and again whether it published."""
    while True:
        try:
            await run_in_threadpool(keeper.open_book)
            await asyncio.sleep(keeper.settings.refresh_s)
            await run_in_threadpool(keeper.refresh)
        except Exception:  # whatever happens, what is live answers on, and the store is looked at again
            log.exception("looking after the store failed")
            await asyncio.sleep(keeper.settings.refresh_s)


def _describe(app: FastAPI) -> dict[str, Any]:
    """Write the OpenAPI document once: problem documents are its only error form."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
        )
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        schemas["Problem"] = errors.PROBLEM_SCHEMA
        app.openapi_schema = made
    return app.openapi_schema
