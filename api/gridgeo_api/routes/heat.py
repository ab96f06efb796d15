"""Answer with heat tiles of the incidents, by time and category."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gridgeo.publish.tile_grid import check_tile
from gridgeo_api.headers import KEEP
from gridgeo_api.queries import HeatQuery, described, read_query
from gridgeo_api.routes.common import answer_kept, answers, keeper_of
from gridgeo_api.routes.tiles import Column, Row, Zoom

router = APIRouter(tags=["maps"])
PNG = "image/png"


@router.get(
    "/v1/heat/{z}/{x}/{y}.png",
    summary="Heat of incidents",
    openapi_extra=described(HeatQuery),
    **answers(PNG, "A picture of 256 by 256 pixels"),
)
async def heat_tile(request: Request, z: Zoom, x: Column, y: Row) -> Response:
    """Draw one tile of the density of incidents, 256 by 256 pixels, transparent where there are none.

    All tiles of one zoom and one choice share their colours. With ``v``, the version that ``/v1/stats`` names, a
    browser keeps the tile.
    """
    query = read_query(request, HeatQuery)
    check_tile(z, x, y)
    keeper = keeper_of(request)
    live = keeper.live
    asked = (query.since, query.until, query.category)
    key = ("heat", asked, z, x, y)
    cache = KEEP if query.v == live.incidents.key else "no-cache"
    draw = lambda: live.tiles.give(key, lambda: live.incidents.heat(*asked).tile(z, x, y))  # noqa: E731
    return await answer_kept(request, live.incidents.key, draw, PNG, cache)
