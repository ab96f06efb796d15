"""Cut the areas that own a defect, and the limits they should keep, into faces with one answer each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .arrangement import Edges, Faces, enclose, node_segments
from .chain import TERRITORY, Matching, Segments, boundary_segments
from .covers import Places
from .intake import Survey
from .parent_defects import NO_PARENT, Parentage, lies_in


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Faces that areas are put together from.

    Parameters
    ----------
    edges, faces : Edges, Faces
    inside : (f,) array of bool
        Whether the territory holds the face.
    covers : (f,) list of tuple of int
        The touched areas that lie over it.
    foreign : (f,) array of bool
        Whether it belongs to areas that are not touched.
    parent : (f,) array of int
        The parent that holds it, ``NO_PARENT`` for none.
    is_seam : (e,) array of bool
        Edges along which land was cut on purpose.
    segments : Segments
        The outlines that the edges were made from; edges from later sources are seams.
    rigid : array of bool
        Segments that others share, which must not move.
    group : array of int
        Group of each segment in the matching of the whole chain.
    """

    edges: Edges
    faces: Faces
    inside: np.ndarray
    covers: list[tuple[int, ...]]
    foreign: np.ndarray
    parent: np.ndarray
    is_seam: np.ndarray
    segments: Segments
    rigid: np.ndarray
    group: np.ndarray


def make_mosaic(
    survey: Survey,
    territory: shapely.Geometry,
    chain: tuple[Segments, Matching],
    touched: np.ndarray,
    cuts: np.ndarray,
    parentage: Parentage | None,
    snap_m: float,
) -> Mosaic:
    """Node the outlines of touched areas with the limits they should keep, and find the faces.

    Nothing that touched areas share with others or with the territory moves.

    Parameters
    ----------
    survey, territory : Survey, Polygon or MultiPolygon
    chain : (Segments, Matching)
        Of all areas and the territory.
    touched : array of int
    cuts : (n, 4) array of float
        Further lines to cut along.
    parentage : Parentage, optional
    snap_m : float, metres
        Points so near to each other, or to a line, are brought together.

    Returns
    -------
    Mosaic
    """
    segments, rigid, group = _linework(chain, touched)
    ends = np.vstack([segments.ends, cuts])
    edges = node_segments(ends, snap_m=snap_m, rigid=np.append(rigid, np.zeros(len(cuts), dtype=bool)))
    faces = enclose(edges)
    points = shapely.point_on_surface(faces.shapes)
    shapely.prepare(territory)
    inside = shapely.contains(territory, points)
    at, area = survey.tree.query(points, predicate="within")
    is_touched = np.zeros(len(survey), dtype=bool)
    is_touched[touched] = True
    own = is_touched[area]
    foreign = np.zeros(len(faces), dtype=bool)
    foreign[at[~own]] = True
    order = np.lexsort((area[own], at[own]))
    groups = np.split(area[own][order], np.searchsorted(at[own][order], np.arange(1, len(faces))))
    covers = [tuple(group.tolist()) for group in groups] if len(faces) else []
    parent = np.full(len(faces), NO_PARENT) if parentage is None else lies_in(faces.shapes, parentage.parents)
    foreign &= np.array([not cover for cover in covers], dtype=bool)
    is_seam = np.zeros(len(edges.ends), dtype=bool)
    is_seam[edges.edge[edges.source >= len(segments)]] = True
    return Mosaic(edges, faces, inside, covers, foreign, parent, is_seam, segments, rigid, group)


def _linework(chain: tuple[Segments, Matching], touched: np.ndarray) -> tuple[Segments, np.ndarray, np.ndarray]:
    """Collect the segments of touched areas and the unmatched ones of the territory.

    Returns
    -------
    segments : Segments
    rigid : array of bool
        Those that must not move.
    group : array of int
    """
    segments, matching = chain
    is_touched = np.zeros(int(max(segments.owner.max(initial=0), 0)) + 2, dtype=bool)
    is_touched[touched] = True
    free = is_touched[segments.owner] & (segments.owner != TERRITORY)
    group = np.empty(len(segments), dtype=np.int64)
    group[matching.order] = np.repeat(np.arange(len(matching.starts)), matching.sizes)
    held = np.zeros(len(matching.starts), dtype=bool)
    held[group[~free]] = True
    unmatched = np.zeros(len(segments), dtype=bool)
    unmatched[matching.unmatched()] = True
    kept = free | (unmatched & (segments.owner == TERRITORY))
    return segments.take(kept), held[group[kept]], group[kept]


def unsettled_owners(places: Places) -> np.ndarray:
    """Name the areas whose outline must be drawn anew for what it does not match.

    An area all of whose unmatched segments run along the territory's limit, uncut, has every vertex it needs: only
    the territory lacks the vertices at which areas meet on its limit.

    Parameters
    ----------
    places : Places

    Returns
    -------
    array of int
        Positions of areas.
    """
    edge, source = places.edges.edge, places.edges.source
    owner = places.segments.owner[source]
    count = len(places.edges.ends)
    of_limit = np.bincount(edge[owner == TERRITORY], minlength=count)
    along = (np.bincount(edge, minlength=count) == 2) & (of_limit == 1)
    is_cut = np.bincount(source, minlength=len(places.segments)) > 1
    return np.unique(owner[(owner != TERRITORY) & (~along[edge] | is_cut[source])])


def lines_through(parents: Survey, shapes: np.ndarray) -> np.ndarray:
    """Give the segments of parents' outlines that run through some shapes, as an (n, 4) array."""
    if not len(shapes):
        return np.empty((0, 4))
    segments = boundary_segments(parents.shapes[np.unique(parents.tree.query(shapes)[1])])
    through = np.unique(shapely.STRtree(segments.lines()).query(shapes, predicate="intersects")[1])
    return segments.ends[through]
