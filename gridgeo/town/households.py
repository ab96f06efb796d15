"""Move households in: one row a dwelling, with its stairwell, floor, address and place inside its building."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .columns import CRS, numbered, text
from .names import ESTATE_ENDS
from .styles import USES

MOVE_STREAM = 61
INFEASIBLE_HOUSEHOLDS = 560
"""Total of one village, which no number of grids of 300 to 500 can divide; a planner meets such places."""
INFEASIBLE_FROM = 6
"""Communities that a town must have before one of them is made infeasible."""
PERSONS = np.arange(1, 7)
PERSON_SHARES = {
    "old": (0.30, 0.36, 0.19, 0.10, 0.03, 0.02),
    "flats": (0.17, 0.28, 0.30, 0.16, 0.06, 0.03),
    "village": (0.16, 0.26, 0.20, 0.19, 0.12, 0.07),
}
"""Shares of dwellings with 1 to 6 persons."""
FLAT_OFFSET = 0.24
"""How far a flat's point lies from the middle of its stairwell, as a share of the stairwell's width."""


def share_out(capacity: np.ndarray, is_village: np.ndarray, households: int) -> np.ndarray:
    """Tell how many households each community has.

    Parameters
    ----------
    capacity : array of int
        Dwellings of each community.
    is_village : array of bool
    households : int
        Of the whole town, at most all dwellings.

    Returns
    -------
    array of int
        Their sum is ``households``. In a town of some size one village has 560.
    """
    fixed = np.full(len(capacity), -1)
    fits = is_village & (capacity >= INFEASIBLE_HOUSEHOLDS) & (len(capacity) >= INFEASIBLE_FROM)
    rest = np.where(fits, capacity, np.iinfo(int).max)
    if fits.any() and capacity.sum() - rest.min() >= households - INFEASIBLE_HOUSEHOLDS:
        fixed[rest.argmin()] = INFEASIBLE_HOUSEHOLDS
    is_open = fixed < 0
    wanted = households - fixed[~is_open].sum()
    exact = capacity[is_open] * (wanted / capacity[is_open].sum())
    shares = np.floor(exact).astype(int)
    late = np.argsort(shares - exact, kind="stable")[: wanted - shares.sum()]
    shares[late] += 1
    fixed[is_open] = shares
    return fixed


def move_in(built: pd.DataFrame, community: np.ndarray, shares: np.ndarray, seed: int) -> gpd.GeoDataFrame:
    """Write the dwellings that are lived in.

    Parameters
    ----------
    built : DataFrame
        As ``build`` gives it, with ``address``.
    community : array of int
        Of each building.
    shares : array of int
        Households of each community.
    seed : int

    Returns
    -------
    GeoDataFrame
        Table ``HOUSEHOLDS``.
    """
    random = np.random.default_rng([seed, MOVE_STREAM])
    capacity = built["capacity"].to_numpy()
    building = np.repeat(np.arange(len(built)), capacity)
    place = np.arange(len(building)) - np.repeat(np.cumsum(capacity) - capacity, capacity)
    lived_in = _lived_in(community[building], shares, random)
    building, place = building[lived_in], place[lived_in]
    flats, floors = built["flats"].to_numpy()[building], built["floors"].to_numpy()[building]
    style = built["style"].to_numpy()[building]
    floors = np.where(style == "hamlet", 1, floors)
    stairwell, on_stairwell = np.divmod(place, floors * flats)
    floor, flat = np.divmod(on_stairwell, flats)
    table = {
        "building_id": _building_ids(built)[building],
        "stairwell": stairwell + 1,
        "floor": floor + 1,
        "address": text(_addresses(built, building, stairwell + 1, floor + 1, flat + 1, style)),
        "count": 1,
        "persons": _persons(style, random),
    }
    points = _points(built, building, stairwell, flat)
    index = numbered("H", len(building), 7, "household_id")
    return gpd.GeoDataFrame(table, index=index, geometry=points, crs=CRS)


def write_buildings(built: pd.DataFrame, community_ids: pd.Index, dwellings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Write the buildings up, with the households and persons that live there.

    Parameters
    ----------
    built : DataFrame
        As ``build`` gives it, with ``address`` and ``name``.
    community_ids : Index of str
        Community of each building.
    dwellings : GeoDataFrame
        Table ``HOUSEHOLDS``.

    Returns
    -------
    GeoDataFrame
        Table ``BUILDINGS``, with ``address`` and ``community_id``.
    """
    ids = _building_ids(built)
    lived_in = dwellings.groupby("building_id").agg(households=("count", "sum"), persons=("persons", "sum"))
    counts = lived_in.reindex(ids, fill_value=0)
    return gpd.GeoDataFrame(
        {
            "name": built["name"].array,
            "use": text(built["style"].map(USES)),
            "floors": built["floors"].to_numpy(),
            "stairwells": np.where(built["capacity"] > 0, built["stairwells"], 0),
            "households": counts["households"].to_numpy(),
            "persons": counts["persons"].to_numpy(),
            "address": built["address"].array,
            "community_id": community_ids.array,
        },
        index=ids,
        geometry=built["geometry"].to_numpy(),
        crs=CRS,
    )


def _building_ids(built: pd.DataFrame) -> pd.Index:
    return numbered("B", len(built), 6, "building_id")


def _lived_in(community: np.ndarray, shares: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Leave so many dwellings of each community empty that its share remains."""
    order = np.lexsort((random.uniform(size=len(community)), community))
    sizes = np.bincount(community, minlength=len(shares))
    rank = np.arange(len(community)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    kept = np.zeros(len(community), dtype=bool)
    kept[order] = rank < shares[community[order]]
    return kept


def _addresses(
    built: pd.DataFrame,
    building: np.ndarray,
    stairwell: np.ndarray,
    floor: np.ndarray,
    flat: np.ndarray,
    style: np.ndarray,
) -> list[str]:
    doors = built["address"].to_numpy(dtype=object)[building].tolist()
    rooms = (100 * floor + flat).tolist()
    is_flat = np.isin(style, list(ESTATE_ENDS)).tolist()
    alone = (built["capacity"].to_numpy()[building] == 1).tolist()
    return [
        f"{door}{stair}单元{room}室" if flats else door if lone else f"{door}{room}室"
        for door, stair, room, flats, lone in zip(doors, stairwell.tolist(), rooms, is_flat, alone, strict=True)
    ]


def _persons(style: np.ndarray, random: np.random.Generator) -> np.ndarray:
    kind = np.where(style == "hamlet", "village", np.where(style == "houses", "old", "flats"))
    draw = random.uniform(size=len(style))
    persons = np.empty(len(style), dtype=int)
    for name, shares in PERSON_SHARES.items():
        rows = kind == name
        persons[rows] = PERSONS[np.searchsorted(np.cumsum(shares)[:-1], draw[rows], side="right")]
    return persons


def _points(built: pd.DataFrame, building: np.ndarray, stairwell: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """Place each dwelling in its building: beside the others of its floor, above those below."""
    shapes = built["geometry"].to_numpy()
    width, angle = built["width"].to_numpy(), built["angle"].to_numpy()
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    odd = width == 0
    middle[odd] = shapely.get_coordinates(shapely.point_on_surface(shapes[odd]))
    unit = (width / built["stairwells"].to_numpy())[building]
    off = (stairwell + 0.5) * unit - width[building] / 2
    off += FLAT_OFFSET * unit * (2 * flat - (built["flats"].to_numpy()[building] - 1))
    x = middle[building, 0] + off * np.cos(angle[building])
    y = middle[building, 1] + off * np.sin(angle[building])
    return np.asarray(shapely.points(np.round(np.column_stack([x, y]), 3)))
