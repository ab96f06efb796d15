"""Name the lines of the mesh, and write them up as table STREETS."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from .columns import CRS, numbered, text
from .mesh import Mesh
from .names import SIDES, STREET_ENDS, Names

_SIDE_ENDS = ("北路", "西路", "南路", "东路", "中路")
_FAMILIES = {
    "ring inner": ("inner ring", _SIDE_ENDS),
    "ring outer": ("outer ring", _SIDE_ENDS),
    "bank": ("bank", _SIDE_ENDS),
    "beside": ("beside rail", _SIDE_ENDS),
    "river": ("river", ("河",)),
    "rail": ("rail", ("铁路",)),
    "expressway": ("rail", ("快速路",)),
}
"""Lines whose names belong together: start of their role -> family, endings."""
_FIRST_QUARTER = {"inner ring": "环城", "outer ring": "外环", "bank": "滨河", "beside rail": "铁路"}
"""The first quarter's families have the names that such roads have in most towns."""
_UNNAMED = ("split modern", "split housing", "split rural", "split hamlet")
BARRIER_RANK = 1
"""Rank of rivers and railways in table STREETS: nobody crosses them elsewhere than on a bridge."""


def name_lines(mesh: Mesh, names: Names) -> list[str | None]:
    """Name every line; lanes inside estates and hamlets have no name.

    Parameters
    ----------
    mesh : Mesh
    names : Names

    Returns
    -------
    list of str or None
        Like ``mesh.lines``.
    """
    stems: dict[tuple[int, str], str] = {}
    named: list[str | None] = []
    for rank, kind, role, quarter in mesh.lines[["rank", "kind", "role", "quarter"]].itertuples(index=False):
        family, ends = _family_of(role)
        if kind == "limit" or (rank == 6 and role in _UNNAMED):
            named.append(None)
        elif family:
            if (quarter, family) not in stems:
                preset = _FIRST_QUARTER.get(family) if quarter == 0 else None
                stems[quarter, family] = preset or names.family(ends)
            named.append(stems[quarter, family] + _end_of(role, ends))
        else:
            named.append(names.give(STREET_ENDS[rank]))
    return named


def _family_of(role: str) -> tuple[str, tuple[str, ...]]:
    if role.startswith("axis"):
        return ("upright axis" if role.endswith(("south", "north")) else "level axis"), _SIDE_ENDS
    for start, family in _FAMILIES.items():
        if role.startswith(start):
            return family
    return "", ()


def _end_of(role: str, ends: tuple[str, ...]) -> str:
    if ends is not _SIDE_ENDS:
        return ends[0]
    return "中路" if "middle" in role else SIDES[role.rsplit(maxsplit=1)[-1]] + "路"


def whole_lines(mesh: Mesh) -> np.ndarray:
    """Put every line together on the ground, from its pieces.

    Parameters
    ----------
    mesh : Mesh

    Returns
    -------
    array of LineString
        Like ``mesh.lines``.
    """
    return _merged(mesh.pieces["geometry"].to_numpy(), mesh.pieces["line"].to_numpy(), len(mesh.lines))


def _merged(pieces: np.ndarray, group: np.ndarray, count: int) -> np.ndarray:
    order = np.argsort(group, kind="stable")
    gathered = shapely.multilinestrings(pieces[order], indices=group[order], out=np.empty(count, dtype=object))
    return np.asarray(shapely.line_merge(gathered))


def write_streets(mesh: Mesh, line_names: list[str | None], rivers: np.ndarray) -> gpd.GeoDataFrame:
    """Write the streets, rivers and railways up.

    Parameters
    ----------
    mesh : Mesh
    line_names : list of str or None
    rivers : array of Polygon
        Where streets run on bridges.

    Returns
    -------
    GeoDataFrame
        Table ``STREETS``, with ``bridge`` (bool). A street is one row, or three where a bridge interrupts it.
    """
    pieces = mesh.pieces[mesh.pieces["kind"] != "limit"]
    zone = mesh.blocks["zone"].to_numpy()
    is_inside = (pieces["left"] >= 0) & (pieces["right"] >= 0)
    in_strip = (is_inside & (zone[pieces["left"]] == "strip") & (zone[pieces["right"]] == "strip")).to_numpy()
    shapes = pieces["geometry"].to_numpy()
    is_wet = np.zeros(len(pieces), dtype=bool)
    is_wet[shapely.STRtree(shapes).query(rivers, predicate="intersects")[1]] = True
    is_bridge = in_strip & is_wet & (pieces["kind"] != "river").to_numpy()
    groups = pieces.assign(bridge=is_bridge).groupby(["line", "bridge"], sort=True)
    whole = _merged(shapes, groups.ngroup().to_numpy(), groups.ngroups)
    parts, group = shapely.get_parts(whole, return_index=True)
    keys = groups[["line"]].first().reset_index(level="bridge").iloc[group]
    line = keys["line"].to_numpy()
    kind = mesh.lines["kind"].to_numpy()[line]
    return gpd.GeoDataFrame(
        {
            "name": text(line_names[at] for at in line),
            "rank": np.where(kind == "street", mesh.lines["rank"].to_numpy()[line], BARRIER_RANK),
            "kind": text(kind),
            "bridge": keys["bridge"].to_numpy(),
        },
        index=numbered("S", len(parts), 5, "street_id"),
        geometry=parts,
        crs=CRS,
    )
