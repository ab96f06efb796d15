"""Adopt a map that was drawn elsewhere: its areas become a plan of atoms and owners, ready for edits."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import GridgeoError, ProfileError, TableError
from gridgeo.model.levels import AreaKind, Level
from gridgeo.model.plan import Plan, draw_areas
from gridgeo.model.profile import Profile
from gridgeo.model.tables import ATOMS, BUILDINGS, COMMUNITIES, HOUSEHOLDS, STREETS, Table, check, conform

from .adjacency import find_borders
from .atoms import SLIVER_WIDTH_M
from .caps import caps_of
from .homes import settle_households
from .intake import check_numbers
from .map_atoms import ONE_COMMUNITY, conform_map, parents_by_column, refuse_no_coverage
from .map_blocks import MapLayers, divide_map
from .partition import manifest_of
from .proof import ROUNDING_M
from .street_snapping import SNAP_M

LEVELS = (Level.COMMUNITY, Level.GRID, Level.MICRO, Level.BEAT)
"""Levels that a map may be adopted at."""

CROSSING_M = 0.001
"""Mean width of what an area may have outside its community and still lie in it, metres."""

_SAID = ("code", "name", "kind", "level", "parent_id", "households", "persons", "area_m2", "valid_from", "valid_to")


def adopt(  # noqa: PLR0913 - one argument a layer
    areas: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame | str | None = None,
    *,
    streets: gpd.GeoDataFrame | None = None,
    households: gpd.GeoDataFrame | None = None,
    buildings: gpd.GeoDataFrame | None = None,
    profile: Profile | None = None,
    level: str = Level.GRID,
    snap_m: float = SNAP_M,
    sliver_width_m: float = SLIVER_WIDTH_M,
    name: str = "areas",
) -> Plan:
    """Take a map that covers its territory exactly as a plan: atoms, and the area that owns each of them.

    Without streets each part of an area is an atom. With streets an area is divided into the blocks between them; a
    street that runs along a border of the map gives way to it: the two become one line, and the border stays. Blocks
    that hold more households than an atom may are divided among buildings or household points, as ``make_atoms`` does.
    No atom crosses a border of the map, and the atoms of an area are proved to be the area.

    Parameters
    ----------
    areas : GeoDataFrame
        Polygons in metres, keyed by ``area_id`` or by their index: a valid coverage, as ``gridgeo.repair`` makes one.
        Columns ``code``, ``name`` and ``kind`` are those of the plan's areas; columns that no table has are kept in
        ``plan.register``.
    communities : GeoDataFrame or str, optional
        Table ``COMMUNITIES``, each area inside one of them, or the column of ``areas`` that names the community of
        each. Without it the map's own ``parent_id`` counts, else all areas are of one community.
    streets : GeoDataFrame, optional
        Table ``STREETS``; may run on beyond the map.
    households : GeoDataFrame, optional
        Table ``HOUSEHOLDS``: each row counts once, where it lies; rows outside are told in ``plan.manifest``. Without
        it the map's own columns ``households`` and ``persons`` are shared out among the atoms of an area by their
        land; where they are not there, nothing is counted.
    buildings : GeoDataFrame, optional
        Table ``BUILDINGS``; only with streets.
    profile : Profile, optional
        The rules to hold the plan against from now on, which also say how much an atom may hold. Without it, rules
        that state nothing.
    level : str
        What the areas are: ``"community"``, ``"grid"``, ``"micro"`` or ``"beat"``.
    snap_m : float, metres
        How far beside a border a street may run and become one line with it; also how far before a line it may end.
    sliver_width_m : float, metres
        A block that is narrower (2 x area / perimeter) joins a neighbour inside its area.
    name : str
        What to call the map in messages.

    Returns
    -------
    Plan
        Levels ``community`` and ``level``. The map's vertices stay where they are, and where a street meets a border,
        both sides of it get one more vertex, within ``ROUNDING_M`` of the line. Where lines touch borders in ways that
        must be noded on the precision grid, vertices move by less than that grid's cell, a tenth of a micrometre.
        ``manifest["adopted"]`` tells what was taken in, and whether all ``vertices_kept`` their place.

    Raises
    ------
    TableError
        If a table breaks its contract, the map is no coverage, ids are missing or repeated, areas cross their
        communities or lie in none, or the streets or most households lie elsewhere.
    CrsError
        If coordinates are not in metres, or not all in the same system.
    ProfileError
        If the profile knows no areas of the level.
    """
    check_numbers(snap_m=snap_m, sliver_width_m=sliver_width_m)
    level = _known_level(level, profile)
    areas = conform_map(areas, name)
    wards = conform(communities, COMMUNITIES) if isinstance(communities, gpd.GeoDataFrame) else None
    layers = _read_layers(areas, wards, streets, households, buildings, profile, (snap_m, sliver_width_m), name)
    _check_counts(areas, name)
    refuse_no_coverage(areas, name)
    parents = _parents(areas, wards, communities, level, name)
    atoms, owner = divide_map(areas, layers)
    atoms["community_id"] = parents.loc[owner].to_numpy(dtype=object)
    register = _register(areas, parents, wards, level)
    above = register.loc[register["level"] == Level.COMMUNITY, "name"]
    atoms.attrs["communities"] = json.dumps(above.to_dict(), ensure_ascii=False)
    _prove(areas, atoms, owner)
    rules = Profile("as-adopted", "the map as it was adopted", {}) if profile is None else profile
    told = {
        "level": level,
        "areas": len(areas),
        "divided_by": "streets" if streets is not None else "parts",
        "counted_by": _counted_by(areas, layers),
        "snap_m": snap_m,
        "proved_to_m": ROUNDING_M,
        "vertices_kept": _keeps_vertices(areas, atoms),
    }
    return Plan(
        atoms=atoms,
        owners={str(Level.COMMUNITY): atoms["community_id"].rename("area_id"), level: owner},
        register=register,
        profile=rules,
        borders=find_borders(atoms),
        manifest=manifest_of(atoms, rules, "adopt", "none", 0) | {"adopted": told},
    )


def _known_level(level: str, profile: Profile | None) -> str:
    """Refuse a level that plans do not have, or that the profile says nothing of."""
    if level not in LEVELS:
        raise TableError(f"level {level!r} is unknown; choose one of {', '.join(LEVELS)}")
    if profile is not None and level != Level.COMMUNITY and level not in {*profile.limits, *profile.unstated}:
        raise ProfileError(
            f"profile {profile.name!r} knows no areas of level {str(level)!r}; its levels are "
            f"{', '.join(profile.levels) or 'none'}: choose one with level=..., or another profile"
        )
    return str(level)


def _read_layers(
    areas: gpd.GeoDataFrame,
    wards: gpd.GeoDataFrame | None,
    streets: gpd.GeoDataFrame | None,
    households: gpd.GeoDataFrame | None,
    buildings: gpd.GeoDataFrame | None,
    profile: Profile | None,
    widths: tuple[float, float],
    name: str,
) -> MapLayers:
    """Check the layers beside the map."""
    lines = None if streets is None else conform(streets, STREETS)
    homes = None if households is None else conform(households, HOUSEHOLDS)
    houses = None if buildings is None else conform(buildings, BUILDINGS)
    check_same_crs((name, areas), ("communities", wards), ("streets", lines), ("households", homes),
                   ("buildings", houses))  # fmt: skip
    if houses is not None and lines is None:
        raise TableError("buildings: only divide the blocks between streets; give streets too, or leave them out")
    settled = None if homes is None or not len(homes) else settle_households(homes, areas)
    return MapLayers(lines, houses, settled, *caps_of(profile, None, None, homes), *widths)


def _check_counts(areas: gpd.GeoDataFrame, name: str) -> None:
    """Refuse counts of the map itself that are no counts."""
    whole = {column: ATOMS.schema.columns[column] for column in ("households", "persons") if column in areas}
    check(areas, Table(name, "area_id", pa.DataFrameSchema(whole, strict=False), "area"))


def _counted_by(areas: gpd.GeoDataFrame, layers: MapLayers) -> str:
    if layers.homes is not None:
        return "points"
    return "the map" if {"households", "persons"} & set(areas.columns) else "nothing"


def _parents(
    areas: gpd.GeoDataFrame,
    wards: gpd.GeoDataFrame | None,
    given: gpd.GeoDataFrame | str | None,
    level: str,
    name: str,
) -> pd.Series:
    """Name the community of each area."""
    if level == Level.COMMUNITY:
        if given is not None:
            raise TableError(f"communities: {name} are communities themselves; leave one of the two out")
        return pd.Series(areas.index.to_numpy(dtype=object), index=areas.index)
    if wards is not None:
        found = _parents_by_land(areas, wards, name)
    elif isinstance(given, str):
        found = parents_by_column(areas, given, name)
    elif "parent_id" in areas and areas["parent_id"].notna().any():
        found = parents_by_column(areas, "parent_id", name)
    else:
        taken = set(areas.index)
        free = (
            each for each in (ONE_COMMUNITY, "all", *(f"all-{at}" for at in range(len(taken)))) if each not in taken
        )
        found = np.full(len(areas), next(free), dtype=object)
    both = sorted(set(areas.index) & set(found))
    if both:
        raise TableError(
            f"{name}: {both[0]!r} is the id of an area and of a community; ids are unique in a plan, rename one of them"
        )
    return pd.Series(found, index=areas.index)


def _parents_by_land(areas: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, name: str) -> np.ndarray:
    """Find the community that holds each area; refuse areas that cross one, or lie in none."""
    shapes, grounds = areas.geometry.to_numpy(), wards.geometry.to_numpy()
    at, ward = shapely.STRtree(grounds).query(shapes, predicate="intersects")
    land = shapely.area(shapely.intersection(shapes[at], grounds[ward]))
    order = np.lexsort((ward, -land, at))
    order = order[land[order] > 0]
    first = order[np.unique(at[order], return_index=True)[1]]
    chosen, held = np.full(len(shapes), -1), np.zeros(len(shapes))
    chosen[at[first]], held[at[first]] = ward[first], land[first]
    _name_first(name, areas.index[chosen < 0], "lie in no community; leave them out, or complete the communities")
    beyond = shapely.area(shapes) - held > CROSSING_M * shapely.length(shapes)
    if beyond.any():
        worst = int(np.flatnonzero(beyond)[0])
        _name_first(
            name,
            areas.index[beyond],
            f"cross their community ({areas.index[worst]!r} has {shapely.area(shapes[worst]) - held[worst]:.4g} m2 "
            f"outside {wards.index[chosen[worst]]!r}); cut them with gridgeo repair --parents, or name the parents "
            "in a column of the map",
        )
    return wards.index.to_numpy(dtype=object)[chosen]


def _name_first(name: str, ids: pd.Index, words: str) -> None:
    """Raise an error that names the first of these areas, if there are any."""
    if len(ids):
        more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
        raise TableError(f"{name}: {', '.join(repr(key) for key in ids[:3])}{more} {words}")


def _register(areas: gpd.GeoDataFrame, parents: pd.Series, wards: gpd.GeoDataFrame | None, level: str) -> pd.DataFrame:
    """Say what is known of every area; what the map says beyond the columns of a plan stands beside it."""
    rows = _rows(areas, level, None if level == Level.COMMUNITY else parents)
    more = areas.drop(columns=[areas.active_geometry_name, *(set(_SAID) & set(areas.columns))])
    for column in more:
        rows[str(column)] = more[column].astype(object).where(more[column].notna())
    if level == Level.COMMUNITY:
        return rows
    ids = pd.Index(sorted(set(parents)), name="area_id")
    above = pd.DataFrame(index=ids) if wards is None else pd.DataFrame(wards).loc[ids]
    return pd.concat([_rows(above, Level.COMMUNITY, None).reindex(columns=rows.columns), rows])


def _rows(table: pd.DataFrame, level: str, parents: pd.Series | None) -> pd.DataFrame:
    """Read code, name and kind of areas; where the map does not say, the id, the id and ``base``."""
    ids = table.index.to_series().astype(str)
    said: dict[str, Any] = {}
    for column, default in (("code", ids), ("name", ids), ("kind", pd.Series(str(AreaKind.BASE), index=table.index))):
        there = table[column] if column in table else pd.Series(None, index=table.index, dtype=object)
        said[column] = [
            str(value) if known else other for value, known, other in zip(there, there.notna(), default, strict=True)
        ]
    return pd.DataFrame(
        {
            "code": said["code"],
            "name": said["name"],
            "level": str(level),
            "kind": said["kind"],
            "parent_id": None if parents is None else parents.to_numpy(dtype=object),
        },
        index=pd.Index(table.index.to_numpy(dtype=object), name="area_id"),
    )


def _keeps_vertices(areas: gpd.GeoDataFrame, atoms: gpd.GeoDataFrame) -> bool:
    """Tell whether every vertex of the map is a vertex of the atoms, to the last digit."""
    given, made = (shapely.get_coordinates(each.geometry.to_numpy()) for each in (areas, atoms))
    return bool(np.isin(given[:, 0] + 1j * given[:, 1], made[:, 0] + 1j * made[:, 1]).all())


def _prove(areas: gpd.GeoDataFrame, atoms: gpd.GeoDataFrame, owner: pd.Series) -> None:
    """Hold the atoms against the map: valid, one coverage, and together each area again."""
    shapes = atoms.geometry.to_numpy()
    if not (shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)):
        raise GridgeoError("adopt: the atoms are no valid coverage; mend the streets, or adopt the map without them")
    drawn, given = draw_areas(atoms, owner).geometry.to_numpy(), areas.geometry.to_numpy()
    apart = shapely.area(shapely.symmetric_difference(drawn, given)) > ROUNDING_M * shapely.length(given)
    if apart.any():
        raise GridgeoError(
            f"adopt: the atoms of {areas.index[apart][0]!r} are not the area itself; adopt the map without streets"
        )
