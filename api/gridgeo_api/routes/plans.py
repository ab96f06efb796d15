"""Answer which plans there are, and the figures of the one in force."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from gridgeo.model.bands import WITHIN, highest, lowest, say_band
from gridgeo.model.profile import Limits
from gridgeo.publish.colours import HEAT, size_classes
from gridgeo.storage.store import Store
from gridgeo_api.cards import Day
from gridgeo_api.edition import Edition
from gridgeo_api.geojson import plain, to_json
from gridgeo_api.layer_tiles import ZOOMS
from gridgeo_api.queries import NoQuery, OnDay, described, read_query
from gridgeo_api.routes.common import JSON, answer_kept, answers, day_of, keeper_of, settings_of
from gridgeo_api.shown import Shown

router = APIRouter(tags=["plans"])


@router.get(
    "/v1/plans",
    summary="List the plans",
    openapi_extra=described(NoQuery),
    **answers(JSON, "The plans, the oldest first"),
)
async def list_plans(request: Request) -> Response:
    """List the published plans, the oldest first, each with the days on which it is in force (half-open).

    Where editing is switched on, ``drafts`` lists those, too.
    """
    read_query(request, NoQuery)
    plans = keeper_of(request).live.plans
    entries = [
        {
            "version": version,
            "valid_from": plain(row["valid_from"]),
            "valid_to": plain(row["valid_to"]),
            "revision": int(row["revision"]),
            "published_at": row["published_at"].isoformat(),
            "profile": str(row["profile"]),
        }
        for version, row in zip(plans.index.tolist(), plans.to_dict("records"), strict=True)
    ]
    listed: dict[str, Any] = {"plans": entries}
    if settings_of(request).editing:
        listed["drafts"] = await run_in_threadpool(_drafts, keeper_of(request).store)
    return Response(to_json(listed), media_type=JSON)


def _drafts(store: Store) -> list[dict[str, Any]]:
    """List the drafts, the oldest first."""
    drafts = store.drafts()
    return [
        {
            "id": f"draft-{draft_id}",
            "name": row["name"],
            "state": row["state"],
            "base_version": int(row["base_version"]),
            "revision": int(row["revision"]),
            "changed_by": plain(row["changed_by"]),
            "changed_at": row["changed_at"].isoformat(),
            "published_version": plain(row["published_version"]),
        }
        for draft_id, row in zip(drafts.index.tolist(), drafts.to_dict("records"), strict=True)
    ]


@router.get("/v1/stats", summary="Figures of the town", openapi_extra=described(OnDay), **answers(JSON, "The figures"))
async def show_figures(request: Request) -> Response:
    """Tell the figures of a day's plan: areas, households and the share within the band by level, and the incidents."""
    query = read_query(request, OnDay)
    day = await day_of(request, query.at)
    title = keeper_of(request).settings.title
    return await answer_kept(request, f"{day.key}.{title}", lambda: to_json(_figures(day, title)))


def _figures(day: Day, title: str) -> dict[str, Any]:
    edition = day.edition
    manifest = edition.plan.manifest
    return {
        "title": title or str(manifest.get("title") or manifest.get("territory") or ""),
        "at": day.day.isoformat(),
        "version": day.tile_version,
        "plan": {
            "version": edition.version,
            "valid_from": plain(edition.plan.valid_from),
            "valid_to": plain(day.valid_to),
            "profile": edition.plan.profile.name,
        },
        "bounds": edition.bounds,
        "levels": {level: _level_figures(edition, level) for level in (*edition.plan.levels, *edition.plan.overlays)},
        "incidents": {**day.incidents.summary, "version": day.incidents.key},
        "heat_ramp": list(HEAT),
        "tiles": edition.tile_layers,
        "tile_zooms": ZOOMS,
        "kinds": sorted({*_kinds(edition, "streets"), *_kinds(edition, "sites")}),
    }


def _kinds(edition: Edition, name: str) -> set[str]:
    """List what kinds of lines or sites a layer of the ground holds."""
    layer = edition.layer(name)
    return set(layer["kind"].dropna().astype(str)) if "kind" in layer else set()


def _sizes(band: Limits) -> dict[str, Any]:
    """Say which sizes are shown in which colour, the smallest first."""
    classes = size_classes(band)
    return {
        "measure": band.measure,
        "lows": list(classes.lows),
        "colours": list(classes.colours),
        "below": classes.below,
        "above": classes.above,
    }


def _level_figures(edition: Edition, level: str) -> dict[str, Any]:
    shown = edition.shown(level)
    return {
        "areas": len(shown.areas),
        "households": int(shown.areas["households"].sum()),
        "persons": int(shown.areas["persons"].sum()),
        "area_m2": round(float(shown.areas["area_m2"].sum()), 1),
        **_band_figures(shown),
    }


def _band_figures(shown: Shown) -> dict[str, Any]:
    """Tell the band of a level, and the share of the areas that it judges which keep it."""
    band = shown.band
    if band is None:
        return {"in_band": None, "band": None, "measure": None, "band_words": None, "sizes": None}
    judged = [side for side in shown.sides if side is not None]
    return {
        "in_band": round(judged.count(WITHIN) / len(judged), 4) if judged else None,
        "band": {"low": lowest(band), "high": highest(band), "target": band.target},
        "measure": band.measure,
        "band_words": {language: say_band(band, language, dash="–") for language in ("en", "zh")},
        # A page colours by what its tiles carry.
        "sizes": _sizes(band) if band.measure in ("households", "persons") else None,
    }
