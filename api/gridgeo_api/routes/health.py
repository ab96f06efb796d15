"""Tell whether the service lives, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gridgeo import __version__
from gridgeo_api.geojson import to_json
from gridgeo_api.queries import PROBLEM, NoQuery, read_query
from gridgeo_api.routes.common import JSON, keeper_of

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Does the service live?")
async def is_alive(request: Request) -> Response:
    """Answer 200 as long as the process answers at all."""
    read_query(request, NoQuery)
    return Response(to_json({"status": "alive", "version": __version__}), media_type=JSON)


@router.get(
    "/readyz", summary="Can the service answer?", responses={503: {"description": "Not yet, or not now", **PROBLEM}}
)
async def is_ready(request: Request) -> Response:
    """Answer 200 once a plan is live; ``fault`` tells why the store cannot be read now, where it cannot."""
    read_query(request, NoQuery)
    keeper = keeper_of(request)
    plans = keeper.live.plans
    fault = None if keeper.fault is None else str(keeper.fault)
    return Response(to_json({"status": "ready", "plans": len(plans), "fault": fault}), media_type=JSON)
