"""Find natural villages among scattered houses, and give every village the fields that follow it."""

from __future__ import annotations

import heapq
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, QhullError, Voronoi

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import TableError
from gridgeo.model.tables import COMMUNITIES, HOUSEHOLDS, VILLAGES, conform, empty

from .adjacency import border_table, shared_segments
from .ground import Ground, merge
from .noding import NEAR_M, covering, inside_points, node_faces

GAP_M = 60.0
"""Houses nearer to each other than this belong to one village, metres."""
YARD_M = 15.0
"""How far the ground of a found village reaches round its houses, metres."""
LEAST_HOUSEHOLDS = 5
"""Fewer households than this are scattered houses, not a village."""
HULL_RATIO = 0.3
"""How closely the outline of a found village follows its houses: 0 as closely as can be, 1 their convex hull."""
SPACING_M = 10.0
"""Distance between the points that stand for a village's outline where fields are divided, metres."""
PASSING_SHARE = 0.05
"""A border shorter than this share of both outlines is a touch in passing, which makes no field follow a village."""
SMOOTH_M = 5.0
"""How far a border between two villages' fields may be straightened, metres."""
LEAST_SHARE = 0.1
"""Smallest share of a village's ground that makes a community its own; less is a slip of the pen along the border."""


def find_villages(
    households: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    *,
    gap_m: float = GAP_M,
    yard_m: float = YARD_M,
    least: int = LEAST_HOUSEHOLDS,
) -> gpd.GeoDataFrame:
    """Gather the houses of each community into natural villages.

    Houses belong together if steps of at most ``gap_m`` from house to house lead from one to the other. A group of
    fewer than ``least`` households is no village, unless its community has no larger one.

    Parameters
    ----------
    households : GeoDataFrame
        Table ``HOUSEHOLDS``. Rows outside all communities are left out.
    communities : GeoDataFrame
        Table ``COMMUNITIES``; pass those that are rural.
    gap_m : float, metres
        Widest gap between neighbouring houses of one village.
    yard_m : float, metres
        How far the ground of a village reaches round its houses.
    least : int, households
        Least that make a village.

    Returns
    -------
    GeoDataFrame
        Table ``VILLAGES``: ids ``<community>/V01`` ... from west to east, ``community_id``, ``households``, and the
        ground round the houses, inside the community and apart from that of every other village.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract, the CRS differ, or a number is not above 0.
    """
    homes, grounds = conform(households, HOUSEHOLDS), conform(communities, COMMUNITIES)
    check_same_crs(("communities", grounds), ("households", homes))
    for name, value in (("gap_m", gap_m), ("yard_m", yard_m), ("least", least)):
        if not value > 0:
            raise TableError(f"{name}: is {value}, not above 0")
    at = covering(homes.geometry.to_numpy(), grounds.geometry.to_numpy())
    xy, count = shapely.get_coordinates(homes.geometry.to_numpy()), homes["count"].to_numpy()
    found = []
    for place in np.argsort(grounds.index.to_numpy(dtype=str), kind="stable").tolist():
        rows = np.flatnonzero(at == place)
        if len(rows):
            ground, name = grounds.geometry.iloc[place], str(grounds.index[place])
            found.append(_villages_of(xy[rows], count[rows], ground, name, gap_m, yard_m, least))
    if not found:
        return gpd.GeoDataFrame(empty(VILLAGES, grounds.crs))
    table = pd.concat(found)
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(table["geometry"], crs=grounds.crs), crs=grounds.crs)


def _villages_of(
    xy: np.ndarray, count: np.ndarray, ground: shapely.Geometry, name: str, gap_m: float, yard_m: float, least: int
) -> pd.DataFrame:
    """Gather the houses of one community."""
    group = _linked(xy, gap_m)
    held = np.bincount(group, count).astype(np.int64)
    villages = np.flatnonzero(held >= min(least, held.max()))
    order = np.argsort(group, kind="stable")
    members = np.split(xy[order], np.cumsum(np.bincount(group))[:-1])
    houses = [np.unique(members[village], axis=0) for village in villages.tolist()]
    shapes = np.array([_ground_round(each, yard_m) for each in houses], dtype=object)
    shapes = _common(_kept_apart(shapes, houses), ground)
    place = np.array([each.mean(axis=0) for each in houses])
    order = np.lexsort((-place[:, 1], place[:, 0]))
    width = max(2, len(str(len(order))))
    return pd.DataFrame(
        {"community_id": name, "households": held[villages][order], "geometry": shapes[order]},
        index=pd.Index([f"{name}/V{at:0{width}d}" for at in range(1, len(order) + 1)], name="village_id"),
    )


def _linked(xy: np.ndarray, gap_m: float) -> np.ndarray:
    """Number the groups of points that steps of at most a gap join.

    The shortest steps that join a group are edges of the Delaunay triangulation, of which a point has few; its
    neighbours within the gap may be thousands.
    """
    places, at = np.unique(np.round(xy, 2), axis=0, return_inverse=True)
    try:
        made = Delaunay(places - places.mean(axis=0))
        corners = made.simplices
        pairs = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]], made.coplanar[:, [0, 2]]])
    except (QhullError, ValueError):
        # Fewer than three places, or all of them on one line.
        centred = places - places.mean(axis=0)
        order = np.argsort(centred @ np.linalg.svd(centred, full_matrices=False)[2][0], kind="stable")
        pairs = np.column_stack([order[:-1], order[1:]])
    pairs = pairs[np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T) <= gap_m]
    graph = coo_array(
        (np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(places), len(places))
    )
    return connected_components(graph, directed=False)[1][at.reshape(-1)]


def _ground_round(xy: np.ndarray, yard_m: float) -> Any:
    """Draw the ground round houses: their hull, following them, and a yard about it; in one piece."""
    points = shapely.multipoints(xy)
    hull = shapely.concave_hull(points, ratio=HULL_RATIO) if len(xy) > 3 else shapely.convex_hull(points)
    return shapely.simplify(shapely.buffer(hull, yard_m, quad_segs=4), yard_m / 20)


def _kept_apart(shapes: np.ndarray, houses: list[np.ndarray]) -> np.ndarray:
    """Cut grounds that overlap halfway between their houses."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    crowded = np.unique(first[first != second])
    if not len(crowded):
        return shapes
    label = np.repeat(crowded, [len(houses[at]) for at in crowded.tolist()])
    field = shapely.convex_hull(shapely.union_all(shapes[crowded]))
    lines = _halfway(field, np.concatenate([houses[at] for at in crowded.tolist()]), label)
    cells = node_faces(np.concatenate([lines, np.array([shapely.boundary(field)], dtype=object)]))
    made = shapes.copy()
    for at in crowded.tolist():
        own = shapely.STRtree(cells).query(shapely.multipoints(houses[at]), predicate="intersects")
        made[at] = _common(shapes[[at]], shapely.union_all(cells[own]))[0]
    return made


def _halfway(field: shapely.Geometry, xy: np.ndarray, label: np.ndarray, smooth_m: float = 0.0) -> np.ndarray:
    """Draw the lines in a field that lie halfway between points of different labels."""
    _, kept = np.unique(np.round(xy, 2), axis=0, return_index=True)
    middle = np.asarray(shapely.get_coordinates(shapely.centroid(field)))[0]
    places, label = xy[kept] - middle, label[kept]
    # Four points far off close the cells of all others.
    far = 10 * (np.abs(places).max() + np.abs(np.array(shapely.bounds(field)).reshape(2, 2) - middle).max())
    corners = far * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
    made = Voronoi(np.concatenate([places, corners]))
    label = np.append(label, [-1] * 4)
    between = label[made.ridge_points]
    ends = np.array(made.ridge_vertices)
    apart = (between[:, 0] != between[:, 1]) & (between >= 0).all(axis=1) & (ends >= 0).all(axis=1)
    ridges = shapely.multilinestrings(shapely.linestrings(made.vertices[ends[apart]] + middle))
    lines = shapely.simplify(shapely.line_merge(ridges), smooth_m)
    parts = shapely.get_parts(shapely.intersection(lines, field))
    return np.asarray(parts[shapely.get_dimensions(parts) == 1])


def _common(shapes: np.ndarray, grounds: shapely.Geometry | np.ndarray) -> np.ndarray:
    """Give the ground that polygons share, without the lines and points in which they only touch."""
    shared = shapely.intersection(shapes, grounds)
    mixed = np.flatnonzero(shapely.get_type_id(shared) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for at in mixed.tolist():
        parts = shapely.get_parts(shared[at])
        shared[at] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return shared


def village_grounds(villages: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut villages along community borders, one row a village and community.

    Parameters
    ----------
    villages : GeoDataFrame
        Table ``VILLAGES``.
    communities : GeoDataFrame
        Table ``COMMUNITIES``.

    Returns
    -------
    GeoDataFrame
        Columns ``label`` (``village:<id>``), ``community`` (position) and the ground. A community that holds less than
        ``LEAST_SHARE`` of a village has none of it, and a village that lies in no community has no row.
    """
    shapes, grounds = villages.geometry.to_numpy(), communities.geometry.to_numpy()
    village, community = shapely.STRtree(grounds).query(shapes, predicate="intersects")
    parts = _common(shapes[village], grounds[community])
    own = shapely.area(parts) >= LEAST_SHARE * shapely.area(shapes)[village]
    order = np.lexsort((community[own], villages.index.to_numpy(dtype=str)[village[own]]))
    village, community, parts = (values[own][order] for values in (village, community, parts))
    data = {"label": [f"village:{key}" for key in villages.index[village]], "community": community}
    return gpd.GeoDataFrame(data, geometry=list(parts), crs=villages.crs)


def follow_villages(ground: Ground, is_village: np.ndarray, lines: gpd.GeoDataFrame, places: np.ndarray) -> Ground:
    """Give the fields of rural communities to their villages, so that each village is one face with its fields.

    A field that borders on one village, by more than a touch in passing, goes to it; one that borders on several,
    without a street between, is divided among them by what is nearest; of villages beyond a street the one with the
    longest border takes it whole. Other fields go to the nearest village that they touch, or that fields already
    given join them to; a field with houses that are nearest to different villages is divided among these too. A field
    that nothing joins to a village stays a block of its own.

    Parameters
    ----------
    ground : Ground
        Faces, the villages among them.
    is_village : array of bool
        For each position that ``ground.whole`` names: whether it is a village.
    lines : GeoDataFrame
        Table ``STREETS``.
    places : array of Point
        Household points: a field lies where its houses are, else at its own middle.

    Returns
    -------
    Ground
    """
    core = (ground.whole >= 0) & is_village[ground.whole]
    rural = np.isin(ground.community, ground.community[core])
    field = rural & (ground.whole < 0)
    if not field.any():
        return ground
    ground, core, field = _divide_fields(ground, core, field, lines, places)
    owner = _spread(ground, core, field, places)
    return _gather(ground, owner)


def _borders(ground: Ground, lines: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """List the borders between faces of one community, with the rank of the street under each."""
    names = np.arange(len(ground.shapes))
    borders = border_table(names, *shared_segments(ground.shapes), lines)
    a, b = borders["atom_a"].to_numpy(dtype=int), borders["atom_b"].to_numpy(dtype=int)
    return borders.assign(a=a, b=b)[ground.community[a] == ground.community[b]]


def _is_lasting(ground: Ground, borders: pd.DataFrame) -> np.ndarray:
    """Tell which borders are more than a touch in passing."""
    outline = shapely.length(ground.shapes)
    shorter = np.minimum(outline[borders["a"]], outline[borders["b"]])
    return np.asarray(borders["length_m"].to_numpy() >= PASSING_SHARE * shorter)


def _divide_fields(
    ground: Ground, core: np.ndarray, field: np.ndarray, lines: gpd.GeoDataFrame, places: np.ndarray
) -> tuple[Ground, np.ndarray, np.ndarray]:
    """Divide the fields that lie about several villages, or whose houses are nearest to different ones, among them."""
    borders = _borders(ground, lines)
    open_ = borders[(borders["rank"] == 0) & _is_lasting(ground, borders)]
    pairs = pd.concat([open_[["a", "b"]], open_[["b", "a"]].set_axis(["a", "b"], axis=1)])
    pairs = pairs[field[pairs["a"]] & core[pairs["b"]]]
    pairs = pd.concat([pairs, _nearest_to_houses(ground, core, field, places)]).drop_duplicates()
    pairs = pairs.assign(village=ground.whole[pairs["b"]])
    shared = pairs.groupby("a")["village"].nunique()
    crowded = shared.index[shared > 1]
    if not len(crowded):
        return ground, core, field
    cuts = []
    for face, rows in pairs[pairs["a"].isin(crowded)].groupby("a"):
        outlines = shapely.segmentize(ground.shapes[rows["b"]], SPACING_M)
        xy, at = shapely.get_coordinates(outlines, return_index=True)
        cuts.append(_halfway(ground.shapes[face], xy, rows["village"].to_numpy()[at], SMOOTH_M))
    pieces = node_faces(np.concatenate([shapely.get_parts(shapely.boundary(ground.shapes)), *cuts]))
    at = covering(inside_points(pieces), ground.shapes)
    pieces, at = pieces[at >= 0], at[at >= 0]
    divided = Ground(pieces, ground.community[at], ground.whole[at], at)
    # Only what was divided stays in pieces; all other faces are put together again.
    label = np.arange(len(pieces))
    keep = ~np.isin(at, crowded)
    _, first = np.unique(at, return_index=True)
    whole_of = np.zeros(len(ground.shapes), dtype=int)
    whole_of[at[first]] = first
    label[keep] = whole_of[at[keep]]
    kept = np.unique(label)
    return merge(divided, label), core[at[kept]], field[at[kept]]


def _nearest_to_houses(ground: Ground, core: np.ndarray, field: np.ndarray, places: np.ndarray) -> pd.DataFrame:
    """Pair each field with scattered houses with the village faces of its community that they are nearest to."""
    face = covering(places, ground.shapes, near_m=NEAR_M)
    scattered = np.flatnonzero((face >= 0) & field[face])
    found = [pd.DataFrame({"a": np.empty(0, dtype=int), "b": np.empty(0, dtype=int)})]
    community = ground.community[face[scattered]]
    for at in np.unique(community).tolist():
        homes = scattered[community == at]
        cores = np.flatnonzero(core & (ground.community == at))
        home, village = shapely.STRtree(ground.shapes[cores]).query_nearest(places[homes], all_matches=True)
        first = np.unique(home, return_index=True)[1]
        found.append(pd.DataFrame({"a": face[homes[home[first]]], "b": cores[village[first]]}))
    return pd.concat(found, ignore_index=True)


def _spread(ground: Ground, core: np.ndarray, field: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Give each field a village: by border where it borders on one, else by distance, joined to it by fields.

    Returns
    -------
    array of int
        Position in what ``ground.whole`` names, -1 for a face that no village takes.
    """
    borders = _borders(ground, None)
    neighbours: dict[int, dict[int, tuple[float, bool]]] = {}
    ends = borders["a"].tolist(), borders["b"].tolist()
    for a, b, metres, lasts in zip(*ends, borders["length_m"].tolist(), _is_lasting(ground, borders), strict=True):
        neighbours.setdefault(a, {})[b] = neighbours.setdefault(b, {})[a] = (metres, bool(lasts))
    owner = np.where(core, ground.whole, -1)
    middle, grounds = _middles(ground, field, places), _grounds_of(ground, core)
    queue: list[tuple[int, float, float, int, int]] = []

    def offer(face: int, village: int, metres: float, *, borders_on: bool) -> None:
        away = float(shapely.distance(middle[face], grounds[village, int(ground.community[face])]))
        entry = (0, -metres, away, face, village) if borders_on else (1, away, -metres, face, village)
        heapq.heappush(queue, entry)

    for face in np.flatnonzero(field).tolist():
        by_village: dict[int, tuple[float, bool]] = {}
        for other, (metres, lasts) in neighbours.get(face, {}).items():
            if core[other]:
                so_far = by_village.get(int(ground.whole[other]), (0.0, False))
                by_village[int(ground.whole[other])] = (so_far[0] + metres, so_far[1] or lasts)
        for village, (metres, lasts) in by_village.items():
            offer(face, village, metres, borders_on=lasts)
    while queue:
        *_, face, village = heapq.heappop(queue)
        if owner[face] >= 0:
            continue
        owner[face] = village
        for other, (metres, _) in neighbours.get(face, {}).items():
            if field[other] and owner[other] < 0:
                offer(other, village, metres, borders_on=False)
    return owner


def _grounds_of(ground: Ground, core: np.ndarray) -> dict[tuple[int, int], Any]:
    """Give the ground of each village in each community, by the positions of both."""
    faces = np.flatnonzero(core)
    faces = faces[np.lexsort((ground.community[faces], ground.whole[faces]))]
    key = np.column_stack([ground.whole[faces], ground.community[faces]])
    groups = np.split(faces, np.flatnonzero((np.diff(key, axis=0) != 0).any(axis=1)) + 1)
    return {
        (int(ground.whole[each[0]]), int(ground.community[each[0]])): shapely.coverage_union_all(ground.shapes[each])
        for each in groups
    }


def _middles(ground: Ground, field: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Give the place of each face: in the midst of its houses, else a point inside it."""
    middle = inside_points(ground.shapes)
    if len(places):
        face = covering(places, ground.shapes, near_m=NEAR_M)
        held = (face >= 0) & field[face]
        xy = pd.DataFrame(shapely.get_coordinates(places[held])).groupby(face[held]).mean()
        middle[xy.index.to_numpy()] = shapely.points(xy.to_numpy())
    return middle


def _gather(ground: Ground, owner: np.ndarray) -> Ground:
    """Join each village with its fields; parts of a village that no field joins stay apart, each in one piece."""
    borders = _borders(ground, None)
    rural = owner >= 0
    a, b = borders["a"].to_numpy(), borders["b"].to_numpy()
    same = rural[a] & (owner[a] == owner[b])
    n = len(ground.shapes)
    graph = coo_array((np.ones(int(same.sum()), dtype=np.int8), (a[same], b[same])), shape=(n, n))
    piece = connected_components(graph, directed=False)[1]
    first = np.full(piece.max() + 1, n)
    np.minimum.at(first, piece, np.arange(n))
    return merge(replace(ground, whole=np.where(rural, owner, ground.whole)), first[piece])
