"""Answer what areas there are, and what is known about one, as GeoJSON."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Path, Request, Response

from gridgeo_api.cards import Day
from gridgeo_api.errors import RequestError
from gridgeo_api.geojson import MEDIA_TYPE, rows_in_box
from gridgeo_api.queries import AreasQuery, OnDay, described, read_query
from gridgeo_api.routes.common import answer_kept, answers, day_of, path_of, settings_of

router = APIRouter(tags=["areas"])
AreaId = Annotated[str, Path(description="an area's id", max_length=200)]


@router.get(
    "/v1/areas", summary="List areas", openapi_extra=described(AreasQuery), **answers(MEDIA_TYPE, "A page of areas")
)
async def list_areas(request: Request) -> Response:
    """List the areas of a level as a FeatureCollection in longitude and latitude (RFC 7946).

    ``numberMatched`` counts all that fit; the link ``next`` leads to the rest.
    """
    query = read_query(request, AreasQuery)
    most = settings_of(request).page_rows
    if query.limit > most:
        raise RequestError(f"limit is {query.limit:,}, above {most:,}; follow the link next for more")
    day = await day_of(request, query.at)
    return await answer_kept(request, day.key, lambda: _list(request, day, query), MEDIA_TYPE)


def _list(request: Request, day: Day, query: AreasQuery) -> bytes:
    matched: np.ndarray = rows_in_box(day.edition.shown(query.level), query.bbox)
    rows = matched[query.offset : query.offset + query.limit]
    members = {
        "numberMatched": len(matched),
        "numberReturned": len(rows),
        "at": day.day.isoformat(),
        "links": _links(request, query, len(matched)),
    }
    return day.edition.features(query.level).collection(rows, query.shape, members)


def _links(request: Request, query: AreasQuery, matched: int) -> list[dict[str, str]]:
    """Lead to the pages beside this one."""
    given = dict(request.query_params)

    def to(rel: str, offset: int) -> dict[str, str]:
        text = urlencode({**given, "limit": query.limit, "offset": offset})
        return {"rel": rel, "type": MEDIA_TYPE, "href": f"{path_of(request)}/v1/areas?{text}"}

    links = [to("self", query.offset)]
    if query.offset + query.limit < matched:
        links.append(to("next", query.offset + query.limit))
    if query.offset > 0:
        links.append(to("prev", max(query.offset - query.limit, 0)))
    return links


@router.get(
    "/v1/areas/{area_id}",
    summary="Describe an area",
    openapi_extra=described(OnDay),
    **answers(MEDIA_TYPE, "The area, with its card as properties"),
)
async def describe_area(request: Request, area_id: AreaId) -> Response:
    """Describe an area on a day: its polygon, its parents, its neighbours, who answers for it."""
    query = read_query(request, OnDay)
    day = await day_of(request, query.at)
    day.edition.level_of(area_id)
    return await answer_kept(request, day.key, lambda: _describe(day, area_id), MEDIA_TYPE)


def _describe(day: Day, area_id: str) -> bytes:
    level = day.edition.level_of(area_id)
    row = day.edition.shown(level).places[area_id]
    return day.edition.features(level).feature(row, card=day.card(area_id).decode()).encode()
