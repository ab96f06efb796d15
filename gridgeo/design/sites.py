"""Gather what stays whole - institutions, estates, natural villages - and refuse what contradicts itself."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.errors import TableError
from gridgeo.model.tables import VILLAGES, conform

from .villages import village_grounds

TWICE_M2 = 1.0
"""Overlap of two areas of one layer that still counts as a slip of the pen, m2."""


def gather_wholes(
    exclusive: gpd.GeoDataFrame | None,
    keep_whole: gpd.GeoDataFrame | None,
    villages: gpd.GeoDataFrame | None,
    communities: gpd.GeoDataFrame,
) -> gpd.GeoDataFrame | None:
    """Gather what stays whole; where layers overlap, an institution goes before an estate, an estate before a village.

    Parameters
    ----------
    exclusive, keep_whole : GeoDataFrame, optional
        Polygons of institutions and of estates.
    villages : GeoDataFrame, optional
        Table ``VILLAGES``.
    communities : GeoDataFrame
        Table ``COMMUNITIES``.

    Returns
    -------
    GeoDataFrame or None
        Columns ``label`` (``exclusive:<id>``, ``whole:<id>``, ``village:<id>``) and ``is_village``; None if there are
        none.

    Raises
    ------
    TableError
        If a layer holds something else than valid polygons, areas of one layer overlap, or an institution lies
        outside the territory.
    """
    tables = []
    for frame, name, word in ((exclusive, "exclusive", "exclusive"), (keep_whole, "keep_whole", "whole")):
        if frame is None or not len(frame):
            continue
        _check_polygons(frame, name)
        _refuse_overlaps(frame, name)
        if name == "exclusive":
            _refuse_outside(frame, communities)
        labels = [f"{word}:{key}" for key in frame.index.astype(str)]
        tables.append(_labelled(labels, frame.geometry.to_numpy(), frame, is_village=False))
    if villages is not None and len(villages):
        grounds = village_grounds(villages, communities)
        tables.append(_labelled(grounds["label"].tolist(), grounds.geometry.to_numpy(), grounds, is_village=True))
    tables = [table for table in tables if len(table)]
    if not tables:
        return None
    joined = pd.concat(tables, ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=tables[0].crs)


def _labelled(labels: list[str], shapes: np.ndarray, frame: gpd.GeoDataFrame, *, is_village: bool) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"label": labels, "is_village": is_village}, geometry=list(shapes), crs=frame.crs)


def conform_villages(villages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Bring villages into the form of their table, whatever the polygons were keyed as, and refuse overlaps.

    Raises
    ------
    TableError, CrsError
        If they break their contract or overlap.
    """
    named = villages if "village_id" in villages else villages.rename_axis("village_id")
    if named.index.name == "village_id":
        named = named.set_axis(named.index.astype(str).rename("village_id"))
    made = conform(named, VILLAGES)
    _refuse_overlaps(made, "villages")
    return made


def _check_polygons(frame: gpd.GeoDataFrame, name: str) -> None:
    twice = frame.index[frame.index.duplicated()]
    if len(twice):
        raise TableError(f"{name}: id {twice[0]!r} stands more than once; ids must be unique")
    wrong = ~frame.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy() | frame.geometry.is_empty.to_numpy()
    if wrong.any():
        raise TableError(
            f"{name}: holds geometries that are not polygons, first {frame.index[wrong][0]!r}; "
            "pass the grounds of estates and institutions"
        )
    broken = ~frame.geometry.is_valid.to_numpy()
    if broken.any():
        reason = shapely.is_valid_reason(frame.geometry.to_numpy()[broken][0])
        raise TableError(
            f"{name}: geometry of {frame.index[broken][0]!r} is invalid ({reason}); mend it with gridgeo repair"
        )


def _refuse_overlaps(frame: gpd.GeoDataFrame, name: str) -> None:
    """Refuse areas of one layer that lie over one another by more than a slip of the pen."""
    shapes = frame.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    area = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    wide = np.flatnonzero(area > TWICE_M2)
    if not len(wide):
        return
    keys = frame.index.astype(str)
    pairs = sorted((*sorted((keys[first[at]], keys[second[at]])), float(area[at])) for at in wide.tolist())
    more = f" (and {len(pairs) - 1} more pairs)" if len(pairs) > 1 else ""
    one, other, twice = pairs[0]
    raise TableError(
        f"{name}: {one!r} and {other!r} overlap by {twice:.1f} m2, limit {TWICE_M2:g} m2{more}; "
        "mend them with gridgeo repair"
    )


def _refuse_outside(frame: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> None:
    """Refuse institutions of which no ground lies in the territory."""
    shapes, grounds = frame.geometry.to_numpy(), communities.geometry.to_numpy()
    site, ground = shapely.STRtree(grounds).query(shapes, predicate="intersects")
    inside = np.bincount(site, shapely.area(shapely.intersection(shapes[site], grounds[ground])), minlength=len(shapes))
    lost = np.flatnonzero(inside <= 0)
    if len(lost):
        away = float(shapely.distance(grounds, shapes[lost[0]]).min())
        more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
        raise TableError(
            f"exclusive: {str(frame.index[lost[0]])!r} lies outside the territory, {away:.0f} m away{more}; "
            "leave it out, or check its CRS"
        )


def write_site_note(exclusive: gpd.GeoDataFrame | None, atoms: gpd.GeoDataFrame) -> str:
    """Write down the kind and the name of each institution, as text that travels in ``atoms.attrs["sites"]``.

    Parameters
    ----------
    exclusive : GeoDataFrame, optional
        Polygons with the optional columns ``kind`` and ``name``.
    atoms : GeoDataFrame
        Table ``ATOMS``.

    Returns
    -------
    str
        JSON: ``{"exclusive:<id>": {"kind": ..., "name": ...}}``, null where it is not known; ``communities`` lists the
        communities of a site that reaches over several, with an atom in each.
    """
    note: dict[str, dict[str, str | list[str] | None]] = {}
    if exclusive is not None and len(exclusive):
        marked = atoms.loc[atoms["keep_with"].notna(), ["keep_with", "community_id"]].drop_duplicates()
        reach = marked.groupby("keep_with")["community_id"].agg(lambda ids: sorted(map(str, ids))).to_dict()
        for at, key in enumerate(exclusive.index.astype(str)):
            label = f"exclusive:{key}"
            told: dict[str, str | list[str] | None] = {}
            for column in ("kind", "name"):
                value = exclusive[column].iloc[at] if column in exclusive else None
                told[column] = None if pd.isna(value) else str(value)
            if len(reach.get(label, [])) > 1:
                told["communities"] = reach[label]
            note[label] = told
    return json.dumps(note, ensure_ascii=False)
