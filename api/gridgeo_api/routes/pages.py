"""Serve the map page and the documentation page, and nothing that is not in the package."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import ClassVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles

from gridgeo_api.routes.common import keeper_of

router = APIRouter(include_in_schema=False)
FOLDER = Path(__file__).parents[1] / "pages"


class PageFiles(StaticFiles):
    """Serve the pages' files with the types that browsers insist on, whatever the machine's own list says."""

    _TYPES: ClassVar = {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".css": "text/css",
        ".svg": "image/svg+xml",
    }

    def file_response(self, full_path: str | Path, *args: object, **kwargs: object) -> Response:  # type: ignore[override]
        """Answer with a file; a browser asks again each time whether it changed."""
        response = super().file_response(full_path, *args, **kwargs)  # type: ignore[arg-type]
        kind = self._TYPES.get(Path(full_path).suffix)
        if kind and "content-type" in response.headers:
            response.headers["content-type"] = f"{kind}; charset=utf-8"
        response.headers["cache-control"] = "no-cache"
        return response


@router.get("/")
async def map_page(request: Request) -> Response:
    """Show the map; without a plan, show what to do to have one."""
    keeper = keeper_of(request)
    if not keeper.is_ready:
        page = (FOLDER / "starting.html").read_text(encoding="utf-8")
        return HTMLResponse(page.replace("{fault}", escape(str(keeper.fault or ""))), 503, {"Retry-After": "5"})
    settings = keeper.settings
    page = (FOLDER / "index.html").read_text(encoding="utf-8")
    for name in ("language", "title", "attribution"):
        default = "auto" if name == "language" else ""
        value = escape(getattr(settings, name), quote=True)
        page = page.replace(f'data-{name}="{default}"', f'data-{name}="{value}"', 1)
    return HTMLResponse(page, headers={"Cache-Control": "no-cache"})


@router.get("/docs")
async def docs_page() -> Response:
    """Show what the service answers, drawn by Swagger UI from files of this package."""
    return FileResponse(FOLDER / "docs.html", media_type="text/html", headers={"Cache-Control": "no-cache"})


@router.get("/favicon.ico")
async def icon() -> Response:
    """Show the mark for browsers that ask without being told."""
    return FileResponse(FOLDER / "mark.svg", media_type="image/svg+xml")
