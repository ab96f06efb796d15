"""Answer with vector tiles of the plan and of the ground, and with the TileJSON that describes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from gridgeo.model.errors import UnknownAreaError
from gridgeo.publish.tile_grid import MOST_ZOOM, check_tile
from gridgeo_api.cards import Day
from gridgeo_api.geojson import to_json
from gridgeo_api.headers import ASK_FIRST, KEEP
from gridgeo_api.layer_tiles import ZOOMS
from gridgeo_api.queries import OnDay, TileQuery, described, read_query
from gridgeo_api.routes.common import JSON, answer_kept, answers, day_of, keeper_of, path_of, settings_of

router = APIRouter(tags=["maps"])
MVT = "application/vnd.mapbox-vector-tile"
LAYER_HELP = "community, grid, micro, or what lies beneath: streets, buildings, sites, places"
LayerName = Annotated[str, Path(pattern="^[a-z]{1,20}$", description=LAYER_HELP)]
Zoom = Annotated[int, Path(ge=0, le=MOST_ZOOM, description="zoom")]
Column = Annotated[int, Path(ge=0, lt=2**MOST_ZOOM, description="column from the west")]
Row = Annotated[int, Path(ge=0, lt=2**MOST_ZOOM, description="row from the north")]


@router.get(
    "/v1/tiles/{layer}/{z}/{x}/{y}.mvt",
    summary="Vector tile",
    openapi_extra=described(TileQuery),
    **answers(MVT, "The tile"),
)
async def vector_tile(request: Request, layer: LayerName, z: Zoom, x: Column, y: Row) -> Response:
    """Draw one vector tile of a layer; empty where the layer has nothing.

    With ``v``, the version that ``/v1/stats`` and TileJSON name, a browser keeps the tile.
    """
    query = read_query(request, TileQuery)
    check_tile(z, x, y)
    day = await day_of(request, query.at)
    _check_layer(day, layer)
    book = keeper_of(request).live.tiles
    key = (layer, day.edition.version, z, x, y)
    cache = KEEP if query.v == day.tile_version else ASK_FIRST
    return await answer_kept(
        request, day.tile_version, lambda: book.give(key, lambda: day.edition.tiles(layer).tile(z, x, y)), MVT, cache
    )


@router.get(
    "/v1/tiles/{layer}.json",
    summary="TileJSON of a layer",
    openapi_extra=described(OnDay),
    **answers(JSON, "TileJSON 3.0.0"),
)
async def tile_json(request: Request, layer: LayerName) -> Response:
    """Describe a layer's tiles (TileJSON 3.0.0), for MapLibre, QGIS and GDAL."""
    query = read_query(request, OnDay)
    day = await day_of(request, query.at)
    _check_layer(day, layer)
    place, attribution = path_of(request), settings_of(request).attribution
    key = f"{day.tile_version}.{place}.{attribution}"
    return await answer_kept(request, key, lambda: _describe(day, layer, place, attribution))


def _describe(day: Day, layer: str, place: str, attribution: str) -> bytes:
    tiles = day.edition.tiles(layer)
    at = f"at={day.day.isoformat()}&" if day.valid_to is not None else ""
    west, south, east, north = day.edition.bounds
    return to_json(
        {
            "tilejson": "3.0.0",
            "name": layer,
            "tiles": [f"{place}/v1/tiles/{layer}/{{z}}/{{x}}/{{y}}.mvt?{at}v={day.tile_version}"],
            "vector_layers": [{"id": layer, "fields": tiles.fields, "minzoom": tiles.least_zoom, "maxzoom": ZOOMS[1]}],
            "minzoom": tiles.least_zoom,
            "maxzoom": ZOOMS[1],
            "bounds": [west, south, east, north],
            "center": [round((west + east) / 2, 6), round((south + north) / 2, 6), 13],
            **({"attribution": attribution} if attribution else {}),
        }
    )


def _check_layer(day: Day, layer: str) -> None:
    known = day.edition.tile_layers
    if layer not in known:
        raise UnknownAreaError(f"there is no layer {layer!r} on {day.day}; its layers are {', '.join(known)}")
