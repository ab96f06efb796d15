"""Make the demonstration town: a fictional town in eastern China, the same one every time from the same seed."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

from .addresses import write_addresses
from .bend import Bend
from .blocks import QuarterPlan, plan_quarter
from .buildings import build
from .communities import join_communities
from .divisions import in_order, write_boundary, write_communities
from .ground import lay_quarters
from .households import move_in, share_out, write_buildings
from .incidents import report_incidents
from .mesh import Mesh, build_mesh
from .names import Names
from .parcels import cut_parcels
from .sites import name_blocks, write_sites
from .streets import name_lines, write_streets
from .styles import USES
from .uses import choose_uses
from .water import draw_rivers, write_water

LEAST_HOUSEHOLDS = 2_000
MOST_HOUSEHOLDS = 3_600_000


@dataclass(frozen=True, eq=False)
class Town:
    """The tables of a town; CRS EPSG:4549 (CGCS2000, 3-degree zone at 120 E), metres.

    Parameters
    ----------
    name : str
    boundary : GeoDataFrame
        Table ``COMMUNITIES`` with one row, the territory.
    communities : GeoDataFrame
        Table ``COMMUNITIES``, with ``character`` (old, town, works, rural); an exact coverage of the boundary.
    streets : GeoDataFrame
        Table ``STREETS``, with ``bridge`` (bool): streets, rivers and railways.
    buildings : GeoDataFrame
        Table ``BUILDINGS``, with ``address`` and ``community_id``.
    households : GeoDataFrame
        Table ``HOUSEHOLDS``, one row a dwelling.
    sites : GeoDataFrame
        Index ``site_id``; ``name``, ``kind`` (estate, village, school, hospital, commercial, office, market, park,
        factory, station), ``geometry``: areas to keep whole or to make exclusive.
    water : GeoDataFrame
        Index ``water_id``; ``kind`` (river, pond, lake), ``geometry``.
    incidents : GeoDataFrame
        Table ``INCIDENTS``: 60 days.
    """

    name: str
    boundary: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    households: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    incidents: gpd.GeoDataFrame


def make_town(households: int = 20_000, seed: int = 0) -> Town:
    """Make the demonstration town.

    An old centre with lanes on a river, estates around it, an industrial park in the east, a railway, villages in
    fields. Place, names, addresses and codes are fictional.

    Parameters
    ----------
    households : int
        Dwellings lived in, 2,000 or more. Up to 30,000 make one quarter with an old centre of its own; more
        make several quarters side by side.
    seed : int
        0 or more; another seed is another town. The same numbers give the same tables every time.

    Returns
    -------
    Town

    Raises
    ------
    TableError
        If ``households`` or ``seed`` is not a whole number within its limits.
    """
    _check_whole("households", households, LEAST_HOUSEHOLDS, MOST_HOUSEHOLDS)
    _check_whole("seed", seed, 0, 2**63 - 1)
    quarters = lay_quarters(int(households), int(seed))
    bend = Bend.of(quarters)
    plans = [plan_quarter(quarter) for quarter in quarters]
    mesh = build_mesh(plans, bend)
    parcels = cut_parcels(mesh)
    uses = choose_uses(mesh.blocks, parcels, quarters, bend)
    built = build(mesh, parcels, uses, int(households), int(seed))
    uses = _without_empty(uses, built)
    return _write(mesh, plans, parcels, uses, built, draw_rivers(plans, bend), int(households), int(seed))


def _without_empty(uses: np.ndarray, built: pd.DataFrame) -> np.ndarray:
    """Turn blocks that proved too narrow to build on into greens."""
    is_built = np.isin(np.arange(len(uses)), built["block"])
    return np.where(np.isin(uses, list(USES)) & (uses != "hamlet") & ~is_built, "green", uses)


def _write(
    mesh: Mesh,
    plans: list[QuarterPlan],
    parcels: np.ndarray,
    uses: np.ndarray,
    built: pd.DataFrame,
    rivers: np.ndarray,
    households: int,
    seed: int,
) -> Town:
    """Name what was built, and write the tables."""
    names = Names(seed)
    title = names.give(("镇",) if len(plans) == 1 else ("市",))
    capacity = np.bincount(built["block"], built["capacity"], minlength=len(mesh.blocks)).astype(int)
    community, facts = in_order(mesh, join_communities(mesh, capacity, [plan.quarter for plan in plans]), capacity)
    communities = write_communities(mesh, community, facts, names)
    line_names = name_lines(mesh, names)
    streets = write_streets(mesh, line_names, rivers)
    named = name_blocks(mesh, uses, names)
    villages = communities["name"].to_numpy(dtype=object)[community]
    built = built.join(write_addresses(mesh, line_names, built, named, villages, seed))
    home = community[built["block"].to_numpy()]
    shares = share_out(facts["capacity"].to_numpy(), (facts["character"] == "rural").to_numpy(), households)
    dwellings = move_in(built, home, shares, seed)
    buildings = write_buildings(built, communities.index[home], dwellings)
    sites = write_sites(mesh, parcels, uses, named, built)
    boundary = write_boundary(communities, title)
    return Town(
        name=title,
        boundary=boundary,
        communities=communities,
        streets=streets,
        buildings=buildings,
        households=dwellings,
        sites=sites,
        water=write_water(rivers, boundary.geometry.iloc[0], parcels, uses, seed),
        incidents=report_incidents(dwellings, buildings, streets, sites, seed),
    )


def _check_whole(name: str, value: int, low: int, high: int) -> None:
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not is_whole or not low <= value <= high:
        raise TableError(f"town: {name} is {value!r}, not a whole number from {low} to {high}")
