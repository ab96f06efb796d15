"""Hold communities against their territory, and repair them where they do not cover it."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from gridgeo.design.coverage import certify
from gridgeo.design.repair import repair
from gridgeo.model.errors import GridgeoError

from .screen import Steps, show_table

SLIT_M = 5.0
"""A hole between communities that is narrower than this is a slip of the drawing and is closed, metres."""

LEAST_M2 = 0.01
"""Land below this is not listed on the screen, square metres."""


def sound_communities(
    areas: gpd.GeoDataFrame, inside: gpd.GeoDataFrame | None, show: Steps
) -> tuple[gpd.GeoDataFrame, shapely.Geometry, dict[str, pd.DataFrame]]:
    """Repair communities that overlap or leave gaps, and say what moved.

    Parameters
    ----------
    areas : GeoDataFrame
        Communities as they were drawn.
    inside : GeoDataFrame, optional
        The territory; without it, what the communities cover, slits between them closed.
    show : Steps

    Returns
    -------
    communities : GeoDataFrame
        A valid coverage of the territory.
    territory : Polygon or MultiPolygon
    extra : dict of DataFrame
        What a repair did, as the layer ``repairs``.
    """
    territory = (
        covered_land(areas) if inside is None else shapely.union_all(shapely.make_valid(inside.geometry.to_numpy()))
    )
    with show.step("checking communities"):
        if certify(areas, territory).holds:
            return areas, territory, {}
        mended = repair(areas, territory, fill="all")
    if not mended.certificate.holds:
        raise GridgeoError(
            f"communities: could not be made to cover the territory ({mended.certificate.reason});"
            " see where with gridgeo audit --report audit.html"
        )
    show_actions(mended.actions, "communities were repaired before they were divided", "repairs")
    return mended.areas, territory, {"repairs": mended.actions}


def covered_land(areas: gpd.GeoDataFrame, *, slit_m: float = SLIT_M) -> shapely.Geometry:
    """Join areas into the land they cover, narrow slits between them closed, real holes kept."""
    joined = shapely.union_all(shapely.make_valid(areas.geometry.to_numpy()))
    parts = []
    for part in shapely.get_parts(joined):
        if part.geom_type != "Polygon":
            continue
        rings = [shapely.Polygon(ring) for ring in part.interiors]
        kept = [ring.exterior for ring in rings if 2 * ring.area > slit_m * ring.length]
        parts.append(shapely.Polygon(part.exterior, kept))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def show_actions(actions: pd.DataFrame, title: str, layer: str, most: int = 10) -> None:
    """Print what a repair did, the largest first; land that did not move is only counted."""
    moved = actions[actions["area_m2"] >= LEAST_M2].sort_values("area_m2", ascending=False, kind="stable")
    rows = [
        [row["action"], row["area_id"], float(row["area_m2"]), row["message"]] for _, row in moved.head(most).iterrows()
    ]
    left = len(actions) - len(rows)
    if left:
        rest = float(actions["area_m2"].sum() - moved["area_m2"].head(most).sum())
        rows.append(["...", f"{left} more", rest, f"the layer {layer!r} holds them"])
    show_table(title, ["action", "area", "m2", "what"], rows)
