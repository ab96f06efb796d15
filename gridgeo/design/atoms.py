"""Make atoms, the smallest areas that are never split, from streets, buildings and household points."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import TableError
from gridgeo.model.levels import AtomKind
from gridgeo.model.profile import Profile
from gridgeo.model.tables import BUILDINGS, COMMUNITIES, HOUSEHOLDS, STREETS, conform

from .adjacency import border_table, shared_segments, write_border_note
from .caps import caps_of, check_sums, upper_end
from .dividing import divide_crowded
from .ground import Ground, absorb, merge
from .homes import EDGE_M, Settled, settle_households
from .noding import GRID_M, NEAR_M, covering, inside_points, node_faces
from .proof import certify
from .sites import conform_villages, gather_wholes, write_site_note
from .stacks import find_floors, write_floors
from .streets import GAP_M, dividing_lines
from .villages import follow_villages

SLIVER_WIDTH_M = 12.0
"""A face without households that is narrower than this (2 x area / perimeter) joins a neighbour, metres:
the strip between two carriageways, a traffic island."""

SLIP_M = 1.0
"""A piece of what stays whole that is narrower, beside a larger one, is a slip of the pen along a border, metres."""

PROVED_M = 0.001
"""Metres: atoms are proved to cover their communities exactly once, hairlines beside vertices apart."""
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
    villages: gpd.GeoDataFrame | None = None,
    sums: Sequence[str] = (),
    cap: int | None = None,
    cap_m2: float | None = None,
    sliver_width_m: float = SLIVER_WIDTH_M,
    gap_m: float = GAP_M,
    edge_m: float = EDGE_M,
) -> gpd.GeoDataFrame:
    """Divide communities into atoms.

    Streets, barriers and community borders are noded once and bound the blocks. A block that holds more households
    than an atom may is divided among its buildings (else its household points), and a building that holds more among
    its stairwells, where the households say which they use (``assume_stairwells`` declares a rule where they do not).
    A village is one atom with the fields that follow it. Land without households belongs to atoms too.

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
        Polygons (estates) that streets do not cut and that become one atom a community each.
    exclusive : GeoDataFrame, optional
        Polygons of institutions, kept whole too and marked ``exclusive`` in ``keep_with``; columns ``kind`` and
        ``name`` are noted.
    profile : Profile, optional
        Sets the cap: high - low of the innermost level in households.
    villages : GeoDataFrame, optional
        Table ``VILLAGES``: natural villages or villager groups, as they are known or as ``find_villages`` finds them.
        In a community that has one, a village becomes one atom with the fields that follow it; nothing cuts it.
    sums : sequence of str
        Further columns of ``households`` (a workload) to sum into atoms, rounded to whole numbers.
    cap : int, households, optional
        Most households an atom should hold; goes before the profile's. Without either, 200.
    cap_m2 : float, optional
        Largest ground an atom should have, about; larger blocks are divided. Goes before the profile's, which sets one
        where it measures its areas in m2 alone.
    sliver_width_m : float, metres
        A face without households that is narrower joins a neighbour.
    gap_m : float, metres
        How far a street may end before the line it was meant to reach.
    edge_m : float, metres
        How far outside the territory a household may lie and still count, at the edge.

    Returns
    -------
    GeoDataFrame
        Table ``ATOMS``, ids ``A00001`` ... from west to east, each in one piece. ``attrs`` carries ``borders`` (the
        streets under borders, as text), ``left_out`` and ``moved`` (household rows outside the territory, and at its
        edge), ``left_out_households``, ``moved_households``, ``sites`` (JSON: kind and name of each institution by
        ``keep_with``, and its communities where it reaches over several) and ``floors`` (what ``read_floors`` reads:
        the floors of atoms that hold more than the innermost band allows and stand in one building).

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract, the CRS differ, communities, institutions, estates or villages overlap, an
        institution lies outside the territory, or most households do, or what comes out is not proved to cover the
        communities exactly once.
    """
    communities = conform(communities, COMMUNITIES)
    lines = _lines(streets, barriers)
    homes = None if households is None else conform(households, HOUSEHOLDS)
    houses = None if buildings is None else conform(buildings, BUILDINGS)
    hamlets = None if villages is None else conform_villages(villages)
    check_same_crs(("communities", communities), ("streets", lines), ("households", homes), ("buildings", houses),
                   ("keep_whole", keep_whole), ("exclusive", exclusive), ("villages", hamlets))  # fmt: skip
    if not len(communities):
        raise TableError("communities: the table has no rows; a territory needs at least one")
    amounts = [] if homes is None else check_sums(homes, sums, "households")
    cap, cap_m2 = caps_of(profile, cap, cap_m2, homes)
    wholes = gather_wholes(exclusive, keep_whole, hamlets, communities)
    ground = _blocks(communities, lines, wholes, gap_m)
    settled = None if homes is None or not len(homes) else settle_households(homes, communities, edge_m=edge_m)
    homes = None if settled is None else settled.homes
    ground = _give_fields(ground, wholes, lines, homes)
    ground = _join_slivers(ground, homes, sliver_width_m)
    ground, fine = divide_crowded(ground, homes, houses, cap, cap_m2=cap_m2)
    atoms, atom_of_home = _table(ground, fine, communities, lines, homes, wholes, amounts)
    _prove(atoms, communities)
    note_left_out(atoms, settled)
    atoms.attrs["sites"] = write_site_note(exclusive, atoms)
    if homes is not None:
        floors = find_floors(atoms, homes, houses, atom_of_home, upper_end(profile, cap))
        atoms.attrs["floors"] = write_floors(floors)
    return atoms


def _prove(atoms: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> None:
    """Refuse to hand out atoms that do not cover the communities exactly once."""
    certificate = certify(atoms, communities, tolerance_m=PROVED_M)
    if not certificate.holds:
        raise TableError(
            f"communities: could not be divided into atoms that cover them exactly once ({certificate.reason}); "
            "their borders do not fit together: mend them with gridgeo repair"
        )


def _lines(streets: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    streets = conform(streets, STREETS)
    if barriers is None:
        return streets
    barriers = conform(barriers, STREETS)
    check_same_crs(("streets", streets), ("barriers", barriers))
    barriers = barriers.set_index(("barrier " + barriers.index).rename("street_id"))
    both = pd.concat([streets[["rank", "kind", "geometry"]], barriers[["rank", "kind", "geometry"]]])
    return gpd.GeoDataFrame(both, geometry="geometry", crs=streets.crs if len(streets) else barriers.crs)


def _blocks(
    communities: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, wholes: gpd.GeoDataFrame | None, gap_m: float
) -> Ground:
    """Cut the territory into faces along streets, barriers and community borders."""
    grounds = communities.geometry.to_numpy()
    borders = shapely.get_parts(shapely.boundary(grounds))
    territory = shapely.union_all(grounds, grid_size=GRID_M)
    _refuse_overlaps(communities, territory)
    outlines = np.array([], dtype=object)
    if wholes is not None:
        outlines = shapely.get_parts(shapely.boundary(wholes.geometry.to_numpy()))
    cuts = dividing_lines(lines, borders, territory, gap_m=gap_m, anchors=outlines)
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
    ground = Ground(faces, community, whole, np.arange(len(faces)))
    return _without_slips(merge(ground, _pieces_of_wholes(ground)))


def _pieces_of_wholes(ground: Ground) -> np.ndarray:
    """Label the faces of each piece of what stays whole alike, with the first of them; other faces by themselves."""
    first, second, _ = shared_segments(ground.shapes)
    same = (ground.whole[first] >= 0) & (ground.whole[first] == ground.whole[second])
    same &= ground.community[first] == ground.community[second]
    n = len(ground.shapes)
    graph = coo_array((np.ones(int(same.sum()), dtype=np.int8), (first[same], second[same])), shape=(n, n))
    piece = connected_components(graph, directed=False)[1]
    return np.unique(piece, return_index=True)[1][piece]


def _without_slips(ground: Ground) -> Ground:
    """Let go of the narrow pieces that reach over a border by a slip of the pen."""
    area = shapely.area(ground.shapes)
    thin = (ground.whole >= 0) & (2 * area < SLIP_M * shapely.length(ground.shapes))
    if not thin.any():
        return ground
    firm = np.isin(ground.whole, ground.whole[~thin])
    return replace(ground, whole=np.where(thin & firm, -1, ground.whole))


def _give_fields(
    ground: Ground, wholes: gpd.GeoDataFrame | None, lines: gpd.GeoDataFrame, homes: gpd.GeoDataFrame | None
) -> Ground:
    """Give the fields of communities with villages to these."""
    if wholes is None or not wholes["is_village"].any():
        return ground
    places = np.empty(0, dtype=object) if homes is None else homes.geometry.to_numpy()
    return follow_villages(ground, wholes["is_village"].to_numpy(dtype=bool), lines, places)


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
    sums: Sequence[str],
) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Name the atoms from west to east, count their households and note the streets under their borders.

    Returns
    -------
    atoms : GeoDataFrame
    atom_of_home : array of int
        Position of the atom that each household row counts for.
    """
    place = shapely.get_coordinates(shapely.centroid(ground.shapes))
    order = np.lexsort((-place[:, 1], place[:, 0], ground.community))
    shapes = ground.shapes[order]
    width = max(5, len(str(len(shapes))))
    names = pd.Index([f"A{number:0{width}d}" for number in range(1, len(shapes) + 1)], name="atom_id")
    whole = ground.whole[order]
    label = np.array([None] if wholes is None else [*wholes["label"], None], dtype=object)
    village = np.array([False] if wholes is None else [*wholes["is_village"], False], dtype=bool)
    atom_of_home, counts = count_homes(shapes, homes, sums)
    data: dict[str, Any] = {
        "community_id": communities.index.to_numpy()[ground.community[order]],
        "kind": [str(word) for word in np.where(village[whole], AtomKind.VILLAGE, kind[order])],
        "block_id": [f"B{number:0{width}d}" for number in ground.block[order]],
        "keep_with": list(label[whole]),
        **counts,
        "area_m2": shapely.area(shapes),
    }
    atoms = gpd.GeoDataFrame(data, geometry=gpd.GeoSeries(shapes, index=names, crs=communities.crs), index=names)
    borders = border_table(names.to_numpy(), *shared_segments(shapes), lines)
    atoms.attrs["borders"] = write_border_note(borders)
    note_names(atoms, communities)
    return atoms, atom_of_home


def note_names(atoms: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> None:
    """Note the names of communities in ``atoms.attrs``."""
    if "name" in communities:
        atoms.attrs["communities"] = json.dumps(communities["name"].dropna().to_dict(), ensure_ascii=False)


def note_left_out(atoms: gpd.GeoDataFrame, settled: Settled | None) -> None:
    """Note in ``atoms.attrs`` how many household rows lie outside the territory, or were put at its edge."""
    for name in ("moved", "left_out"):
        rows = None if settled is None else getattr(settled, name)
        atoms.attrs[name] = 0 if rows is None else len(rows)
        atoms.attrs[f"{name}_households"] = 0 if rows is None else int(rows["count"].sum())


def count_homes(
    shapes: np.ndarray, homes: gpd.GeoDataFrame | None, sums: Sequence[str] = ()
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Count households, persons and other amounts by atom; a point on a border counts for the first of its atoms.

    Parameters
    ----------
    shapes : array of Polygon
        A valid coverage.
    homes : GeoDataFrame, optional
        Table ``HOUSEHOLDS``; every row lies in a shape.
    sums : sequence of str
        Columns of ``homes``.

    Returns
    -------
    atom_of_home : array of int
    counts : dict of arrays of int, shape (n,)
        ``households``, ``persons``, and one for each of ``sums``, rounded to whole numbers.
    """
    columns = {"households": "count", "persons": "persons", **{name: name for name in sums}}
    if homes is None or not len(homes):
        return np.empty(0, dtype=int), {name: np.zeros(len(shapes), dtype=np.int64) for name in columns}
    atom = covering(homes.geometry.to_numpy(), shapes, near_m=NEAR_M)
    counts = {}
    for name, column in columns.items():
        amount = homes[column].to_numpy(dtype=float) if column in homes else np.zeros(len(homes))
        counts[name] = np.rint(np.bincount(atom, amount, minlength=len(shapes))).astype(np.int64)
    return atom, counts
