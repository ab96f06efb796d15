"""Take back vertices that a repair put on straight edges and does not need, so that neighbours stay as they were."""

from __future__ import annotations

import numpy as np
import shapely

from .arrangement import find_vertices
from .chain import TERRITORY, Matching, Segments
from .settle import NOBODY, Settlement

_FOREIGN = -3


def spare_points(made: Settlement) -> np.ndarray:
    """Find vertices on edges of areas that neither gained nor lost land, at which nothing branches off any more.

    Parameters
    ----------
    made : Settlement

    Returns
    -------
    (n, 2) array of float, metres
        Sorted by x, then y.
    """
    edges, segments = made.mosaic.edges, made.mosaic.segments
    still = _unchanged(made)
    is_border = _borders(made)
    degree = np.bincount(edges.ends[is_border].ravel(), minlength=len(edges.xy))
    known = edges.source < len(segments)
    edge, source = edges.edge[known], edges.source[known]
    held = is_border[edge] & still[segments.owner[source]]
    edge, source = edge[held], source[held]
    passed = np.column_stack([edges.ends[edge].ravel(), np.repeat(source, 2)])
    passed, times = np.unique(passed, axis=0, return_counts=True)
    inner = np.zeros(len(edges.xy), dtype=bool)
    inner[passed[times == 2, 0]] = True
    needed = np.zeros(len(edges.xy), dtype=bool)
    fixed = segments.ends[still[segments.owner] | made.mosaic.rigid].reshape(-1, 2)
    at = np.minimum(find_vertices(edges.xy, fixed), len(edges.xy) - 1)
    needed[at[(edges.xy[at] == fixed).all(axis=1)]] = True
    return edges.xy[inner & (degree == 2) & ~needed]


def crowded_areas(made: Settlement, chain: tuple[Segments, Matching]) -> np.ndarray:
    """Find areas that were not touched but need a vertex where a border of others now ends on their edge.

    Parameters
    ----------
    made : Settlement
    chain : (Segments, Matching)
        Of all areas and the territory.

    Returns
    -------
    array of int
    """
    edges, mosaic = made.mosaic.edges, made.mosaic
    branches = np.bincount(edges.ends[_borders(made)].ravel(), minlength=len(edges.xy)) > 2
    known = edges.source < len(mosaic.segments)
    known[known] = mosaic.rigid[edges.source[known]]
    passed = np.column_stack([np.repeat(edges.source[known], 2), edges.ends[edges.edge[known]].ravel()])
    passed, times = np.unique(passed, axis=0, return_counts=True)
    sources = np.unique(passed[(times == 2) & branches[passed[:, 1]], 0])
    if not len(sources):
        return np.empty(0, dtype=np.int64)
    segments, matching = chain
    groups = np.zeros(len(matching.starts), dtype=bool)
    groups[mosaic.group[sources]] = True
    owners = segments.owner[matching.members(groups)]
    return np.unique(owners[owners != TERRITORY])


def _unchanged(made: Settlement) -> np.ndarray:
    """Tell which areas hold exactly the faces that they held before; the last element is the territory."""
    still = np.ones(len(made.area_m2) + 1, dtype=bool)
    for cover, owner in zip(made.mosaic.covers, made.owner.tolist(), strict=True):
        if owner != NOBODY and owner not in cover:
            still[owner] = False
        for area in cover:
            if area != owner:
                still[area] = False
    still[TERRITORY] = True
    return still


def _borders(made: Settlement) -> np.ndarray:
    """Tell which edges have different owners on their two sides."""
    faces = made.mosaic.faces
    label = np.where(made.mosaic.foreign, _FOREIGN, made.owner)
    one, two, edge = faces.neighbours()
    is_border = np.zeros(len(made.mosaic.edges.ends), dtype=bool)
    # An edge with one face has nobody on its other side.
    sides = np.bincount(faces.edge, minlength=len(is_border))
    lone = sides[faces.edge] == 1
    is_border[faces.edge[lone]] = label[faces.face[lone]] != NOBODY
    is_border[edge] = label[one] != label[two]
    return is_border


def drop_points(shapes: dict[int, shapely.Geometry], points: np.ndarray) -> dict[int, shapely.Geometry]:
    """Draw polygons without some of their vertices.

    Parameters
    ----------
    shapes : dict of int to Polygon or MultiPolygon
    points : (n, 2) array of float
        Sorted by x, then y.

    Returns
    -------
    dict of int to Polygon or MultiPolygon
    """
    if not len(points):
        return shapes
    xy, of = shapely.get_coordinates(np.array(list(shapes.values()), dtype=object), return_index=True)
    at = np.minimum(find_vertices(points, xy), len(points) - 1)
    hit = np.unique(of[(points[at] == xy).all(axis=1)])
    spare = {tuple(point) for point in points.tolist()}
    names = list(shapes)
    return shapes | {names[position]: _without(shapes[names[position]], spare) for position in hit.tolist()}


def _without(shape: shapely.Geometry, spare: set[tuple[float, ...]]) -> shapely.Geometry:
    """Draw one area without some vertices; rings that would have fewer than three keep all of theirs."""

    def thin(ring: shapely.Geometry) -> np.ndarray:
        xy = shapely.get_coordinates(ring)[:-1]
        kept = np.array([tuple(point) not in spare for point in xy.tolist()], dtype=bool)
        return xy[kept] if kept.sum() >= 3 else xy

    parts = []
    for part in shapely.get_parts(shape):
        rings = shapely.get_rings(part)
        parts.append(shapely.Polygon(thin(rings[0]), [thin(ring) for ring in rings[1:]]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
