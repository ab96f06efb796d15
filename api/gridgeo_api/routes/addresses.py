"""Answer where an address is, and which area it belongs to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from gridgeo.operate.addresses import AddressBook
from gridgeo_api.cards import Day
from gridgeo_api.geojson import MEDIA_TYPE, plain, to_json
from gridgeo_api.queries import SearchQuery, described, read_query
from gridgeo_api.routes.common import answer_kept, answers, day_of, settings_of
from gridgeo_api.routes.locate import candidates_at

router = APIRouter(tags=["addresses"])


@router.get(
    "/v1/addresses/search",
    summary="Find an address",
    openapi_extra=described(SearchQuery),
    **answers(MEDIA_TYPE, "The addresses, best first"),
)
async def search_addresses(request: Request) -> Response:
    """Find the addresses that a text may mean, best first, as GeocodeJSON, each with the area it lies in.

    ``status`` says how far an answer is to be trusted: ``auto`` (sure), ``review`` (someone should look), or
    ``suggestion`` (how the text may go on, with ``autocomplete``). An address that is not known is not invented: the
    answer is then empty, or names the road or the estate only.
    """
    query = read_query(request, SearchQuery)
    day = await day_of(request, query.at)
    near_border_m = settings_of(request).near_border_m
    return await answer_kept(request, day.key, lambda: _search(day, query, near_border_m), MEDIA_TYPE)


def _search(day: Day, query: SearchQuery, near_border_m: float) -> bytes:
    book = day.edition.book
    hits = [] if book is None else _hits(book, query)
    features = [_feature(day, query.level, hit, near_border_m) for hit in hits]
    geocoding = {"version": "0.1.0", "query": query.q}
    return to_json({"type": "FeatureCollection", "geocoding": geocoding, "features": features})


def _hits(book: AddressBook, query: SearchQuery) -> list[Mapping[Any, Any]]:
    """Collect what the text means, then how it may go on; nothing twice, nothing that was rejected."""
    found = [hit for hit in book.find(query.q, limit=query.limit).to_dict("records") if hit["status"] != "reject"]
    if query.autocomplete:
        found += [
            {**hit, "status": "suggestion"} for hit in book.suggest(query.q, limit=query.limit).to_dict("records")
        ]
    first = {hit["address"]: hit for hit in reversed(found)}
    return [hit for hit in found if first[hit["address"]] is hit][: query.limit]


def _feature(day: Day, level: str, hit: Mapping[Any, Any], near_border_m: float) -> dict[str, Any]:
    """Write one hit: ``geocoding`` as GeocodeJSON has it, the area beside it; without geometry if it has no place."""
    lon, lat = round(float(hit["lon"]), 7), round(float(hit["lat"]), 7)
    is_placed = math.isfinite(lon) and math.isfinite(lat)
    area_id = day.edition.index(level).area_at(lon, lat) if is_placed else None
    names = ("score", "status", "matched", "unmatched")
    properties = {
        "geocoding": {
            "type": str(hit["level"]),
            "label": str(hit["address"]),
            **{name: plain(hit.get(name)) for name in names},
        },
        "area": None if area_id is None else day.brief(area_id),
        "candidates": [] if area_id is None else candidates_at(day, level, lon, lat, near_border_m),
    }
    geometry = {"type": "Point", "coordinates": [lon, lat]} if is_placed else None
    return {"type": "Feature", "geometry": geometry, "properties": properties}
