"""Tell on which floors the households of a crowded atom live, and cut floors into ranges.

An atom that stands in one building, or in one stairwell, cannot be divided on the ground. Its floors can. What is
known of them travels in ``atoms.attrs["floors"]`` as text, one row a floor.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from gridgeo.model.errors import TableError

from .crowded import house_of_home

FLOOR_COLUMNS = ("atom_id", "building_id", "stairwell", "floor", "households", "assumed")
"""Columns of the note: ``building_id`` and ``stairwell`` may be missing; ``assumed`` is 1 where only the number of
floors is known and the dwellings were shared out evenly."""
_TYPES = {"atom_id": "str", "building_id": "str", "stairwell": "Int64"}


def find_floors(
    atoms: gpd.GeoDataFrame,
    homes: gpd.GeoDataFrame,
    houses: gpd.GeoDataFrame | None,
    atom_of_home: np.ndarray,
    high: int,
) -> pd.DataFrame:
    """List the floors of the atoms that hold too many households and stand in one building, stairwell or place.

    The floors are those that the rows name, where they name different ones; else the dwellings of a row are shared
    out evenly over its ``floors``, or those of its building, from the first floor up. Where no number of floors is
    known an atom has no rows.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``.
    homes : GeoDataFrame
        Table ``HOUSEHOLDS``.
    houses : GeoDataFrame, optional
        Table ``BUILDINGS``.
    atom_of_home : array of int
        Position of the atom that each household row counts for.
    high : int, households
        An atom that holds more is listed.

    Returns
    -------
    DataFrame
        Columns ``FLOOR_COLUMNS``; the households of an atom's floors add up to the atom's.
    """
    large = np.flatnonzero(atoms["households"].to_numpy() > high)
    tables = []
    if len(large):
        house = house_of_home(homes, houses)
        order = np.argsort(atom_of_home, kind="stable")
        at = np.searchsorted(atom_of_home[order], np.concatenate([large, large + 1]))
        for atom, first, last in zip(large.tolist(), at[: len(large)], at[len(large) :], strict=True):
            rows = np.sort(order[first:last])
            found = _floors_of(homes.iloc[rows], house[rows], houses)
            if found is not None:
                tables.append(found.assign(atom_id=atoms.index[atom]))
    if not tables:
        return _typed(pd.DataFrame({name: [] for name in FLOOR_COLUMNS}))
    return _typed(pd.concat(tables, ignore_index=True))


def _floors_of(rows: gpd.GeoDataFrame, house: np.ndarray, houses: gpd.GeoDataFrame | None) -> pd.DataFrame | None:
    """List the floors of one atom, None where it is not one stack of floors or nothing is known of them."""
    if not _is_one_stack(rows, house):
        return None
    floors, assumed = _by_name(rows), 0
    if floors is None:
        floors, assumed = _by_number(rows, house, houses), 1
    if floors is None:
        return None
    wells = np.unique(rows["stairwell"]) if "stairwell" in rows else np.zeros(1)
    named = rows["building_id"].iloc[0] if "building_id" in rows else None
    if house[0] >= 0 and houses is not None:
        named = houses.index[house[0]]
    return pd.DataFrame(
        {
            "building_id": named,
            "stairwell": pd.array(
                [int(wells[0]) if len(wells) == 1 and wells[0] > 0 else pd.NA] * len(floors), "Int64"
            ),
            "floor": floors.index,
            "households": floors.to_numpy(),
            "assumed": assumed,
        }
    )


def _is_one_stack(rows: gpd.GeoDataFrame, house: np.ndarray) -> bool:
    """Tell whether rows lie in one building, known by its outline or by its id, or at one place."""
    if (house >= 0).any():
        return bool((house == house[0]).all())
    if "building_id" in rows and rows["building_id"].notna().all():
        named = rows["building_id"].to_numpy(dtype=object)
        if (named == named[0]).all():
            return True
    xy = np.column_stack([rows.geometry.x, rows.geometry.y]).round(2)
    return bool((xy == xy[0]).all())


def _by_name(rows: gpd.GeoDataFrame) -> pd.Series | None:
    """Count households by the floor that the rows name."""
    if "floor" not in rows or rows["floor"].nunique() < 2:
        return None
    return rows["count"].groupby(rows["floor"].astype(np.int64)).sum()


def _by_number(rows: gpd.GeoDataFrame, house: np.ndarray, houses: gpd.GeoDataFrame | None) -> pd.Series | None:
    """Share the dwellings of each row out evenly over its number of floors, from the first one up."""
    if "floors" in rows:
        number = rows["floors"].to_numpy(dtype=np.int64)
    elif houses is not None and "floors" in houses and house[0] >= 0 and int(houses["floors"].iloc[house[0]]) > 0:
        number = np.full(len(rows), int(houses["floors"].iloc[house[0]]), dtype=np.int64)
    else:
        return None
    counts = np.zeros(int(number.max()), dtype=np.int64)
    for floors, held in pd.Series(rows["count"].to_numpy()).groupby(number).sum().items():
        counts[:floors] += held // floors
        counts[: held % floors] += 1
    return pd.Series(counts, index=np.arange(1, len(counts) + 1))


def _typed(floors: pd.DataFrame) -> pd.DataFrame:
    made = floors.reindex(columns=list(FLOOR_COLUMNS)).astype(_TYPES)
    for name in ("floor", "households", "assumed"):
        made[name] = made[name].astype(np.int64)
    made["building_id"] = made["building_id"].where(made["building_id"].notna(), None)
    return made


def write_floors(floors: pd.DataFrame) -> str:
    """Write floors as text, which travels in ``atoms.attrs["floors"]`` unharmed by copies and files.

    Parameters
    ----------
    floors : DataFrame
        Columns ``FLOOR_COLUMNS``.

    Returns
    -------
    str
        CSV with a header.
    """
    return floors[list(FLOOR_COLUMNS)].to_csv(index=False)


def read_floors(atoms: gpd.GeoDataFrame) -> pd.DataFrame:
    """Read the floors that ``make_atoms`` noted down.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``.

    Returns
    -------
    DataFrame
        ``atom_id, building_id, stairwell, floor, households, assumed``, one row a floor; no rows where nothing was
        noted, or its atom is not among ``atoms``.

    Raises
    ------
    TableError
        If the note is not what ``write_floors`` writes.
    """
    note = atoms.attrs.get("floors")
    if note is None:
        return _typed(pd.DataFrame({name: [] for name in FLOOR_COLUMNS}))
    try:
        floors = pd.read_csv(io.StringIO(note), dtype={"atom_id": "str", "building_id": "str", "stairwell": "Int64"})
        missing = set(FLOOR_COLUMNS) - set(floors.columns)
    except (ValueError, TypeError) as error:
        raise TableError(f"atoms: the note of floors cannot be read: {error}") from None
    if missing:
        raise TableError(f"atoms: the note of floors has no column {min(missing)!r}; write_floors writes it")
    return _typed(floors[floors["atom_id"].isin(atoms.index)].reset_index(drop=True))


def cut_floors(counts: Sequence[int] | np.ndarray, low: int, high: int) -> np.ndarray | None:
    """Cut a stack of floors into ranges of neighbouring floors that keep a band.

    A range never holds more than ``high``. Of all ways to cut, those with the fewest ranges below ``low`` are
    best, of these those whose ranges are most even (by their variance), of these the one with the fewest ranges.

    Parameters
    ----------
    counts : array of int, households
        Of each floor, from the lowest up.
    low, high : int, households
        The band of a range; both ends belong to it.

    Returns
    -------
    array of int or None
        The range of each floor, numbered from 0 at the lowest; None if a single floor holds more than ``high``.

    Raises
    ------
    TableError
        If there is no floor, a count is below 0, or the band is none.
    """
    held = np.asarray(counts, dtype=np.int64)
    if held.ndim != 1 or not len(held):
        raise TableError("counts: holds no floor; give the households of each floor from the lowest up")
    if (held < 0).any():
        floor = int(np.flatnonzero(held < 0)[0])
        raise TableError(f"counts: floor {floor} from the lowest holds {held[floor]} households, below 0")
    if not 0 <= low <= high:
        raise TableError(f"low, high: [{low}, {high}] is no band; low must not be below 0 or above high")
    if held.max() > high:
        return None
    upto = np.r_[0, np.cumsum(held)]
    price, cut = _cheapest_cuts(upto, low, high)
    total, n = int(upto[-1]), len(held)
    ways = [
        (bad, (squares * k - total * total) / (k * k), k)
        for k, (bad, squares) in enumerate(price, 1)
        if squares is not None
    ]
    ranges = np.zeros(n, dtype=np.int64)
    last = n
    for k in range(min(ways)[2], 0, -1):
        first = int(cut[k - 1][last])
        ranges[first:last] = k - 1
        last = first
    return ranges


def _cheapest_cuts(upto: np.ndarray, low: int, high: int) -> tuple[list[tuple[int, int | None]], list[np.ndarray]]:
    """Find for each number of ranges the cuts with the fewest ranges below ``low``, then the least squares.

    Returns
    -------
    price : list of (ranges below low, sum of squares)
        For 1, 2 ... ranges; the squares are None where that many ranges cannot be.
    cut : list of arrays of int, shape (floors + 1,)
        Where the last of so many ranges begins that end below each floor.
    """
    n = len(upto) - 1
    weight = upto[None, :] - upto[:, None]
    allowed = (np.arange(n + 1)[:, None] < np.arange(n + 1)[None, :]) & (weight <= high)
    never = np.iinfo(np.int64).max // 4
    bad_price = int(upto[-1]) ** 2 + 1
    cost = np.where(allowed, weight * weight + np.where(weight < low, bad_price, 0), never)
    best = np.full(n + 1, never)
    best[0] = 0
    price: list[tuple[int, int | None]] = []
    cut = []
    for _ in range(n):
        reach = np.minimum(best[:, None] + cost, never)
        cut.append(reach.argmin(axis=0))
        best = reach.min(axis=0)
        lost = int(best[n]) >= never
        price.append((n, None) if lost else divmod(int(best[n]), bad_price))
    return price, cut
