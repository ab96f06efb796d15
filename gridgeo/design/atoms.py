"""Make atoms, the smallest areas that are never split, from streets, buildings and household points."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import TableError
from gridgeo.model.profile import Profile
from gridgeo.model.tables import BUILDINGS, COMMUNITIES, HOUSEHOLDS, STREETS, conform

from .adjacency import border_table, shared_segments, write_border_note
from .dividing import divide_crowded
from .ground import Ground, absorb, merge
from .homes import EDGE_M, Settled, settle_households
from .noding import GRID_M, NEAR_M, covering, inside_points, node_faces
from .streets import GAP_M, dividing_lines

SLIVER_WIDTH_M = 12.0
"""A face without households that is narrower than this (2 x area / perimeter) joins a neighbour, metres:
the strip between two carriageways, a traffic island."""

OVERLAP_M = 0.001
"""Mean width of overlaps along all community borders that still counts as rounding, metres."""


def make_atoms(  # noqa: PLR0913 - one argument a layer
    communities: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    households: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    barriers: gpd.GeoDataFrame | None = None,
    keep_whole: gpd.GeoDataFrame | None = None,
    exclusive: gpd.GeoDataFrame | None = None,
    profile: Profile | None = None,
    *,
    cap: int | None = None,
    sliver_width_m: float = SLIVER_WIDTH_M,
    gap_m: float = GAP_M,
    edge_m: float = EDGE_M,
) -> gpd.GeoDataFrame:
    """Divide communities into atoms.

    Streets, barriers and community borders are noded once and bound the blocks. A block that holds more households
    than an atom may is divided among its buildings (else its household points), and a building that holds more among
    its
    stairwells, where the households say which they use. Land without households belongs to atoms too.

    Parameters
    ----------
    communities : GeoDataFrame
        Table ``COMMUNITIES``; a valid coverage of the territory (``gridgeo.repair`` makes one).
    streets : GeoDataFrame
        Table ``STREETS``; may run on beyond the territory.
    households : GeoDataFrame, optional
        Table ``HOUSEHOLDS``. Rows far outside the territory are left out and told in ``atoms.attrs``.
    buildings : GeoDataFrame, optional
        Table ``BUILDINGS``.
    barriers : GeoDataFrame, optional
        Table ``STREETS`` again: rivers, rail, walls.
    keep_whole : GeoDataFrame, optional
        Polygons (estates, villages) that streets do not cut and that become one atom a community each.
    exclusive : GeoDataFrame, optional
        Polygons of institutions, kept whole too and marked ``exclusive`` in ``keep_with``.
    profile : Profile, optional
        Sets the cap: high - low of the innermost level.
    cap : int, households, optional
        Most households an atom should hold; goes before the profile's. Without either, 200.
    sliver_width_m : float, metres
        A face without households that is narrower joins a neighbour.
    gap_m : float, metres
        How far a street may end before the line it was meant to reach.
    edge_m : float, metres
        How far outside the territory a household may lie and still count, at the edge.

    Returns
    -------
    GeoDataFrame
        Table ``ATOMS``, ids ``A00001`` ... from west to east. ``attrs`` carries ``borders`` (the streets under
        borders, as text), ``left_out`` and ``moved`` (household rows outside the territory, and at its edge),
        and ``left_out_households``, ``moved_households``.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract, the CRS differ, communities overlap, or most households lie outside.
    """
    communities = conform(communities, COMMUNITIES)
    lines = _lines(streets, barriers)
    homes = None if households is None else conform(households, HOUSEHOLDS)
    houses = None if buildings is None else conform(buildings, BUILDINGS)
    wholes = _wholes(keep_whole, exclusive)
    check_same_crs(("communities", communities), ("streets", lines), ("households", homes), ("buildings", houses),
                   ("keep_whole", wholes))  # fmt: skip
    if not len(communities):
        raise TableError("communities: the table has no rows; a territory needs at least one")
    cap = _cap(profile, cap)
    ground = _blocks(communities, lines, wholes, gap_m)
    settled = None if homes is None or not len(homes) else settle_households(homes, communities, edge_m=edge_m)
    homes = None if settled is None else settled.homes
    ground = _join_slivers(ground, homes, sliver_width_m)
    ground, fine = divide_crowded(ground, homes, houses, cap)
    return _table(ground, fine, communities, lines, homes, wholes, settled)


def _cap(profile: Profile | None, cap: int | None) -> int:
    if cap is not None:
        if cap < 1:
            raise TableError(f"cap: is {cap}, below 1")
        return cap
    if profile is None:
        return 200
    limits = profile.limits[profile.levels[-1]]
    return max(limits.high - limits.low, 1)


def _lines(streets: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    streets = conform(streets, STREETS)
    if barriers is None:
        return streets
    barriers = conform(barriers, STREETS)
    check_same_crs(("streets", streets), ("barriers", barriers))
    barriers = barriers.set_index(("barrier " + barriers.index).rename("street_id"))
    both = pd.concat([streets[["rank", "kind", "geometry"]], barriers[["rank", "kind", "geometry"]]])
    return gpd.GeoDataFrame(both, geometry="geometry", crs=streets.crs if len(streets) else barriers.crs)


def _wholes(keep_whole: gpd.GeoDataFrame | None, exclusive: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Gather what stays whole: an exclusive site goes before an estate that it overlaps."""
    given = [(exclusive, "exclusive"), (keep_whole, "whole")]
    rows = [
        gpd.GeoDataFrame(
            {"label": [f"{word}:{key}" for key in frame.index.astype(str)]},
            geometry=frame.geometry.to_numpy(),
            crs=frame.crs,
        )
        for frame, word in given
        if frame is not None and len(frame)
    ]
    if not rows:
        return None
    table = gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), geometry="geometry", crs=rows[0].crs)
    if not table.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        raise TableError(
            "keep_whole: holds geometries that are not polygons; pass the grounds of estates and institutions"
        )
    return table


def _blocks(
    communities: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, wholes: gpd.GeoDataFrame | None, gap_m: float
) -> Ground:
    """Cut the territory into faces along streets, barriers and community borders."""
    grounds = communities.geometry.to_numpy()
    borders = shapely.get_parts(shapely.boundary(grounds))
    territory = shapely.union_all(grounds, grid_size=GRID_M)
    _refuse_overlaps(communities, territory)
    cuts = dividing_lines(lines, borders, territory, gap_m=gap_m)
    if wholes is not None:
        shapes = wholes.geometry.to_numpy()
        cuts = shapely.difference(cuts, shapely.union_all(shapes))
        edges = shapely.intersection(shapely.boundary(shapes), territory)
        cuts = np.concatenate([cuts[~shapely.is_empty(cuts)], edges])
    faces = node_faces(np.concatenate([borders, cuts]))
    places = inside_points(faces)
    community = covering(places, grounds)
    whole = np.full(len(faces), -1) if wholes is None else covering(places, wholes.geometry.to_numpy())
    inside = community >= 0
    faces, community, whole = faces[inside], community[inside], whole[inside]
    label = np.arange(len(faces))
    for key in set(zip(whole[whole >= 0], community[whole >= 0], strict=True)):
        members = np.flatnonzero((whole == key[0]) & (community == key[1]))
        label[members] = members[0]
    return merge(Ground(faces, community, whole, np.arange(len(faces))), label)


def _refuse_overlaps(communities: gpd.GeoDataFrame, territory: shapely.Geometry) -> None:
    """Refuse communities that lie over one another, beyond what rounding does."""
    grounds = communities.geometry.to_numpy()
    twice = float(shapely.area(grounds).sum()) - float(shapely.area(territory))
    if twice <= OVERLAP_M * float(shapely.length(grounds).sum()):
        return
    a, b = shapely.STRtree(grounds).query(grounds, predicate="overlaps")
    names = communities.index[[a[0], b[0]]].tolist() if len(a) else communities.index[:2].tolist()
    raise TableError(
        f"communities: overlap by {twice:.1f} m2 in all, {names[0]!r} with {names[1]!r} among them; "
        "mend them with gridgeo repair"
    )


def _join_slivers(ground: Ground, homes: gpd.GeoDataFrame | None, width_m: float) -> Ground:
    """Join narrow faces without households to the neighbour of their community with the longest common border."""
    area, perimeter = shapely.area(ground.shapes), shapely.length(ground.shapes)
    narrow = (2 * area < width_m * perimeter) & (ground.whole < 0)
    narrow &= ~_inhabited(ground.shapes, homes)
    if not narrow.any():
        return ground
    return merge(ground, absorb(ground.shapes, narrow, ground.community, avoid=ground.whole >= 0))


def _inhabited(shapes: np.ndarray, homes: gpd.GeoDataFrame | None) -> np.ndarray:
    held = np.zeros(len(shapes), dtype=bool)
    if homes is not None and len(homes):
        face = covering(homes.geometry.to_numpy(), shapes, near_m=NEAR_M)
        held[face[face >= 0]] = True
    return held


def _table(
    ground: Ground,
    kind: np.ndarray,
    communities: gpd.GeoDataFrame,
    lines: gpd.GeoDataFrame,
    homes: gpd.GeoDataFrame | None,
    wholes: gpd.GeoDataFrame | None,
    settled: Settled | None,
) -> gpd.GeoDataFrame:
    """Name the atoms from west to east, count their households and note the streets under their borders."""
    place = shapely.get_coordinates(shapely.centroid(ground.shapes))
    order = np.lexsort((-place[:, 1], place[:, 0], ground.community))
    shapes = ground.shapes[order]
    width = max(5, len(str(len(shapes))))
    names = pd.Index([f"A{number:0{width}d}" for number in range(1, len(shapes) + 1)], name="atom_id")
    counts, persons = _counts(shapes, homes)
    whole = ground.whole[order]
    data: dict[str, Any] = {
        "community_id": communities.index.to_numpy()[ground.community[order]],
        "kind": [str(word) for word in kind[order]],
        "block_id": [f"B{number:0{width}d}" for number in ground.block[order]],
        "keep_with": [None if at < 0 or wholes is None else wholes["label"].iloc[at] for at in whole],
        "households": counts,
        "persons": persons,
        "area_m2": shapely.area(shapes),
    }
    atoms = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes, index=names, crs=communities.crs), index=names)
    borders = border_table(names.to_numpy(), *shared_segments(shapes), lines)
    atoms.attrs["borders"] = write_border_note(borders)
    if "name" in communities:
        atoms.attrs["communities"] = json.dumps(communities["name"].dropna().to_dict(), ensure_ascii=False)
    for name in ("moved", "left_out"):
        rows = None if settled is None else getattr(settled, name)
        atoms.attrs[name] = 0 if rows is None else len(rows)
        atoms.attrs[f"{name}_households"] = 0 if rows is None else int(rows["count"].sum())
    return atoms


def _counts(shapes: np.ndarray, homes: gpd.GeoDataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    """Count households and persons by atom; a point on a border counts for the first of its atoms."""
    if homes is None or not len(homes):
        return np.zeros(len(shapes), dtype=np.int64), np.zeros(len(shapes), dtype=np.int64)
    atom = covering(homes.geometry.to_numpy(), shapes, near_m=NEAR_M)
    persons = homes["persons"] if "persons" in homes else pd.Series(0, index=homes.index)
    return (
        np.bincount(atom, homes["count"], minlength=len(shapes)).astype(np.int64),
        np.bincount(atom, persons, minlength=len(shapes)).astype(np.int64),
    )
