"""Answer which area holds a point, with the area's card; for one point, or for thousands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from gridgeo.model.errors import UnknownAreaError
from gridgeo_api.bodies import LocateBody, as_columns, described_body, read_body, read_locate_body
from gridgeo_api.cards import Day
from gridgeo_api.geojson import to_json
from gridgeo_api.queries import LocateQuery, NoQuery, described, read_query
from gridgeo_api.routes.common import JSON, answers, day_of, settings_of

router = APIRouter(tags=["locate"])


@router.get(
    "/v1/locate",
    summary="Which area holds this point?",
    openapi_extra=described(LocateQuery),
    **answers(JSON, "The area that holds the point, with its card"),
)
async def locate(request: Request) -> Response:
    """Tell the area that holds a point on a day, with its card.

    A point on a shared border has one owner, always the same one. Where other borders run close by, ``ambiguous`` is
    true and ``candidates`` names the areas that a point of limited accuracy may belong to.
    """
    query = read_query(request, LocateQuery)
    day = await day_of(request, query.at)
    if not day.edition.has_index(query.level):
        await run_in_threadpool(day.edition.index, query.level)
    area_id = day.edition.index(query.level).area_at(query.lon, query.lat)
    if area_id is None:
        raise UnknownAreaError(_nowhere(day, query))
    if not day.has_card(area_id):
        await run_in_threadpool(day.card, area_id)
    candidates = candidates_at(day, query.level, query.lon, query.lat, settings_of(request).near_border_m)
    head = to_json({
        "lon": query.lon,
        "lat": query.lat,
        "at": day.day.isoformat(),
        "level": query.level,
        "ambiguous": bool(candidates),
        "candidates": candidates,
    })  # fmt: skip
    return Response(head[:-1] + b',"area":' + day.card(area_id) + b"}", media_type=JSON)


def candidates_at(day: Day, level: str, lon: float, lat: float, near_border_m: float) -> list[dict[str, Any]]:
    """Name the areas that a point may belong to if it is a little off; none where no other area is close.

    Parameters
    ----------
    day : Day
    level : str
    lon, lat : float, degrees
    near_border_m : float, metres
        How far off.

    Returns
    -------
    list of dict
        Nearest first, with ``distance_m``; empty unless there are two or more.
    """
    x, y = day.edition.to_metric.transform(lon, lat)
    near = day.edition.areas_near(level, x, y, near_border_m)
    if len(near) < 2:
        return []
    return [{**day.brief(area_id), "distance_m": round(metres, 1)} for area_id, metres in near]


def _nowhere(day: Day, query: LocateQuery) -> str:
    """Say that a point lies in no area, and whether it would with its axes swapped."""
    said = f"lon={query.lon:g}, lat={query.lat:g} lies in no {query.level} on {day.day}"
    if abs(query.lon) <= 90 and day.edition.index(query.level).area_at(query.lat, query.lon) is not None:
        return f"{said}; with the axes swapped it does, write lon={query.lat:g}, lat={query.lon:g}"
    return said


@router.post(
    "/v1/locate",
    summary="Which areas hold these points?",
    openapi_extra=described_body(LocateBody, {"points": [[114.3, 30.5], [114.31, 30.52]], "level": "grid"}),
    **answers(JSON, "The areas of the points", 413),
)
async def locate_many(request: Request) -> Response:
    """Tell the areas of many points: ``area_ids`` in the order of the points, null where no area holds one."""
    read_query(request, NoQuery)
    settings = settings_of(request)
    body = await read_body(request, settings.body_bytes)
    asked = await run_in_threadpool(read_locate_body, body, settings.batch_points)
    day = await day_of(request, asked.at)
    return Response(await run_in_threadpool(_locate_all, day, asked), media_type=JSON)


def _locate_all(day: Day, asked: LocateBody) -> bytes:
    lon, lat = as_columns(asked.points)
    index = day.edition.index(asked.level)
    x, y = (np.asarray(axis) for axis in day.edition.to_metric.transform(lon, lat))
    is_far = ~(np.isfinite(x) & np.isfinite(y))  # the other side of the globe has no place in the town's metres
    owners: pd.Series = index.locate(np.where(is_far, np.nan, x), np.where(is_far, np.nan, y))
    found = owners.to_numpy(dtype=object)
    area_ids = [None if missing else str(area_id) for area_id, missing in zip(found, pd.isna(found), strict=True)]
    areas = {area_id: day.brief(area_id) for area_id in sorted({name for name in area_ids if name is not None})}
    located = len(area_ids) - area_ids.count(None)
    head = {"at": day.day.isoformat(), "level": asked.level, "points": len(area_ids), "located": located}
    return to_json({**head, "area_ids": area_ids, "areas": areas})
