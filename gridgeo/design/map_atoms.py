"""Take the areas of an existing map as atoms: census blocks, parcels that tile, a map in force."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa
import shapely

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import TableError
from gridgeo.model.levels import AtomKind
from gridgeo.model.tables import ATOMS, COMMUNITIES, HOUSEHOLDS, STREETS, Table, check, conform

from .adjacency import border_table, shared_segments, write_border_note
from .atoms import count_homes, note_left_out, note_names
from .caps import check_sums
from .homes import settle_households
from .noding import covering, inside_points

ONE_COMMUNITY = "1"
"""Id of the community where none are given."""
_COUNTS = ("households", "persons")


def atoms_from_map(
    areas: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame | str | None = None,
    *,
    households: gpd.GeoDataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
    sums: Sequence[str] = (),
    name: str = "areas",
) -> gpd.GeoDataFrame:
    """Make atoms of areas that are drawn already and share their borders vertex by vertex.

    An area keeps its id. Of an area in several parts that share no border, each part becomes an atom: the largest
    keeps the id and, without household points, the counts; the others are ``<id>#2``, ``<id>#3`` ... by size, and all
    carry the area's id as ``block_id``.

    Parameters
    ----------
    areas : GeoDataFrame
        Polygons in metres, keyed by ``area_id`` or by their index: a valid coverage, which may have gaps and holes.
    communities : GeoDataFrame or str, optional
        Table ``COMMUNITIES``: an area belongs to the one that holds a point inside the area. Or the column of
        ``areas`` that names the community of each. Without it all areas are of one community, ``"1"``.
    households : GeoDataFrame, optional
        Table ``HOUSEHOLDS``: counted where they lie. Without it ``areas`` has a column ``households``, ``persons`` or
        one of ``sums``.
    streets : GeoDataFrame, optional
        Table ``STREETS``: they rank the borders that run on them. Without it every border counts as a street of
        rank 4.
    sums : sequence of str
        Further columns, of ``households`` or else of ``areas``, that become whole numbers of the atoms.
    name : str
        What to call the areas in messages.

    Returns
    -------
    GeoDataFrame
        Table ``ATOMS`` in order of the ids; ``attrs`` as ``make_atoms`` sets them.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract, areas overlap or do not share their vertices, counts are missing, or an area
        lies outside all communities.
    """
    areas = conform_map(areas, name)
    wards = conform(communities, COMMUNITIES) if isinstance(communities, gpd.GeoDataFrame) else None
    homes = None if households is None else conform(households, HOUSEHOLDS)
    lines = None if streets is None else conform(streets, STREETS)
    check_same_crs((name, areas), ("communities", wards), ("households", homes), ("streets", lines))
    refuse_no_coverage(areas, name)
    counts = _own_counts(areas, sums, name) if homes is None else {}
    amounts = check_sums(homes, sums, "households") if homes is not None else []
    community = _communities_of(areas, wards, communities, name)
    settled = None if homes is None or not len(homes) else settle_households(homes, areas)
    shapes, area, ids, largest = parts_of(areas)
    if homes is None:
        held = {column: np.where(largest, values[area], 0) for column, values in counts.items()}
    else:
        held = count_homes(shapes, None if settled is None else settled.homes, amounts)[1]
    index = pd.Index(ids, name="atom_id")
    data: dict[str, Any] = {
        "community_id": community[area],
        "kind": str(AtomKind.BLOCK),
        "block_id": areas.index.to_numpy(dtype=object)[area],
        "keep_with": None,
        **held,
        "area_m2": shapely.area(shapes),
    }
    atoms = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes, index=index, crs=areas.crs), index=index)
    check(atoms, ATOMS)
    if lines is not None:
        atoms.attrs["borders"] = write_border_note(border_table(np.array(ids), *shared_segments(shapes), lines))
    if wards is not None:
        note_names(atoms, wards)
    note_left_out(atoms, settled)
    atoms.attrs["sites"] = json.dumps({})
    return atoms


_ANY_AREAS = Table("areas", "area_id", pa.DataFrameSchema({}, strict=False), "area")


def conform_map(areas: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Bring the areas of any map into form, in order of their ids.

    Parameters
    ----------
    areas : GeoDataFrame
    name : str
        What to call the areas in messages.

    Returns
    -------
    GeoDataFrame
        Index ``area_id``, all other columns as they are.

    Raises
    ------
    TableError, CrsError
        If there are no rows, ids are missing or repeated, or geometries are not valid polygons in metres.
    """
    if not isinstance(areas, gpd.GeoDataFrame):
        raise TableError(f"{name}: is a {type(areas).__name__}, not a GeoDataFrame")
    if areas.index.name == "atom_id":
        areas = areas.rename_axis("area_id")
    named = areas.index.name != "area_id" and "area_id" in areas.columns
    keys = areas["area_id"] if named else areas.index.to_series()
    missing = (keys.isna() | (keys.astype(str).str.strip() == "")).to_numpy()
    if missing.any():
        more = f" (and {int(missing.sum()) - 1} more)" if missing.sum() > 1 else ""
        raise TableError(f"{name}: area_id is missing in row {int(np.flatnonzero(missing)[0])}{more}; name every area")
    areas = conform(areas, replace(_ANY_AREAS, name=name)).sort_index()
    if not len(areas):
        raise TableError(f"{name}: the table has no rows; a map needs at least one area")
    return areas


def refuse_no_coverage(areas: gpd.GeoDataFrame, name: str) -> None:
    """Refuse areas that overlap, or whose common borders differ in their vertices.

    Raises
    ------
    TableError
        Naming the first, and the way out.
    """
    shapes = areas.geometry.to_numpy()
    if shapely.coverage_is_valid(shapes):
        return
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    first, second = first[first < second], second[first < second]
    area = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    over = np.flatnonzero(area > 0)
    way_out = "mend the map with gridgeo repair"
    if len(over):
        one, other = areas.index[first[over[0]]], areas.index[second[over[0]]]
        more = f" (and {len(over) - 1} more pairs)" if len(over) > 1 else ""
        raise TableError(f"{name}: {one!r} and {other!r} overlap by {area[over[0]]:.4g} m2{more}; {way_out}")
    wrong = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
    raise TableError(
        f"{name}: the border of {areas.index[wrong][0]!r} has other vertices than its neighbour's "
        f"({int(wrong.sum())} areas so); {way_out}"
    )


def _own_counts(areas: gpd.GeoDataFrame, sums: Sequence[str], name: str) -> dict[str, np.ndarray]:
    """Read the counts that the areas carry themselves."""
    there = [column for column in _COUNTS if column in areas]
    further = check_sums(areas, sums, name)
    if not there and not further:
        raise TableError(
            f"{name}: column 'households' is missing; map it with columns={{...}}, or give household points"
        )
    counts = {column: np.zeros(len(areas), dtype=np.int64) for column in _COUNTS}
    whole = {column: ATOMS.schema.columns[column] for column in there}
    check(areas, Table(name, "area_id", pa.DataFrameSchema(whole, strict=False), "area"))
    for column in [*there, *further]:
        counts[column] = np.rint(areas[column].to_numpy(dtype=float)).astype(np.int64)
    return counts


def _communities_of(
    areas: gpd.GeoDataFrame, wards: gpd.GeoDataFrame | None, given: gpd.GeoDataFrame | str | None, name: str
) -> np.ndarray:
    """Find the id of each area's community."""
    if isinstance(given, str):
        return parents_by_column(areas, given, name)
    if wards is None:
        return np.full(len(areas), ONE_COMMUNITY, dtype=object)
    at = covering(inside_points(areas.geometry.to_numpy()), wards.geometry.to_numpy())
    lost = np.flatnonzero(at < 0)
    if len(lost):
        first = ", ".join(repr(key) for key in areas.index[lost[:3]])
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        raise TableError(f"{name}: {first}{more} lie in no community; leave them out, or complete the communities")
    return wards.index.to_numpy(dtype=object)[at]


def parents_by_column(areas: gpd.GeoDataFrame, column: str, name: str) -> np.ndarray:
    """Read the community of each area from a column; whole numbers lose their decimals.

    Raises
    ------
    TableError
        If the column is not there, or a value is missing.
    """
    if column not in areas:
        raise TableError(f"{name}: column {column!r} is missing; it should name the community of each area")
    values = areas[column]
    missing = values.isna()
    if missing.any():
        raise TableError(f"{name}: {column} of {areas.index[missing][0]!r} is missing; every area needs a community")
    if pd.api.types.is_float_dtype(values.dtype) and bool((values == np.floor(values)).all()):
        values = values.astype(np.int64)
    return values.astype(str).to_numpy(dtype=object)


def parts_of(areas: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray, list[str], np.ndarray]:
    """Take areas apart.

    Parameters
    ----------
    areas : GeoDataFrame
        In order of their ids.

    Returns
    -------
    shapes : array of Polygon
        By area, the largest part of each first.
    area : array of int
        Position of the area of each.
    ids : list of str
        ``<id>``, ``<id>#2`` ...
    largest : array of bool
        Whether each is its area's largest part.
    """
    shapes, at = shapely.get_parts(areas.geometry.to_numpy(), return_index=True)
    bounds = shapely.bounds(shapes)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], -shapely.area(shapes), at))
    shapes, at = shapes[order], at[order]
    start = np.searchsorted(at, at)
    number = np.arange(len(at)) - start + 1
    keys = areas.index.to_numpy(dtype=object)[at]
    ids = [str(key) if part == 1 else f"{key}#{part}" for key, part in zip(keys, number.tolist(), strict=True)]
    return shapes, at, ids, number == 1
