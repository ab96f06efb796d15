"""Draw one line for the carriageways of a street.

``make_atoms`` does not need this: it joins the narrow faces between carriageways to a neighbour, and borders then run
along one of the carriageways. Measured on a Chinese inner city (250 streets, 887 inhabited buildings) atoms of the
fitted streets are 900 instead of 903, in a town of 2,643 street segments 1,596 instead of 1,634, and the share of
borders on streets is the same (51 % and 79 %). Who wants borders on the middle line, and junctions without islands as
on a printed map, runs ``fit_streets`` before, on libraries of the extra ``gridgeo[streets]``.

What it does in the two: faces narrower than 20 m fall from 19 to 10 and from 65 to 19; 99 % of the street length stays
within 6 m and 18 m of where it was, the farthest 35 m and 62 m, at a roundabout and an interchange; 10 and 81 ids go,
of 0.7 % and 2.5 % of the length, among them real lanes round small blocks: pass ``keep``, then those with households
stay. It takes about 4 ms a segment.
"""

from __future__ import annotations

import warnings
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridgeo.model.crs import check_same_crs
from gridgeo.model.errors import GridgeoError
from gridgeo.model.levels import StreetKind
from gridgeo.model.tables import COMMUNITIES, STREETS, conform

from .dead_ends import sound_lines

ARTIFACT_INDEX = 7.0
"""neatnet's face artifact index, ln(area x share of the smallest circle around it); faces below it are no blocks. At 7
these are strips narrower than 29 m and squares below 1,700 m2."""

FEWEST_FACES = 2
"""neatnet compares faces with one another."""

MARGIN_M = 100.0
"""How far outside the territory streets are fitted too, metres: a junction at the edge keeps its other half."""

ON_LINE_M = 0.05
"""How far a fitted line may lie from the street it was and still be the same, metres."""


ALIKE = 0.8
"""Shares of a line, and distances to it, that are alike: the smaller is at least this part of the larger."""


def fit_streets(
    streets: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame | None = None,
    *,
    keep: gpd.GeoDataFrame | None = None,
    artifact_index: float = ARTIFACT_INDEX,
) -> gpd.GeoDataFrame:
    """Collapse carriageways and junctions to one line each.

    The fitted streets are those that ``make_atoms`` and ``find_borders`` take, so that borders lie on them.

    Parameters
    ----------
    streets : GeoDataFrame
        Table ``STREETS``. Rivers, rail and walls stay as they are.
    communities : GeoDataFrame, optional
        Table ``COMMUNITIES``: streets far outside stay as they are. Without it, all are fitted.
    keep : GeoDataFrame, optional
        Households or buildings: a face that holds one is a block, whatever its shape.
    artifact_index : float
        Faces with a lower index of neatnet's are no blocks; larger numbers collapse more.

    Returns
    -------
    GeoDataFrame
        Table ``STREETS`` with the columns and the order of ``streets``, an id at most once; of carriageways drawn as
        one, the street that lies under most of the new line lends its id, the others are gone.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract, or the CRS differ.
    GridgeoError
        If neatnet is not installed, or cannot fit these streets.
    """
    streets = conform(streets, STREETS)
    communities = None if communities is None else conform(communities, COMMUNITIES)
    check_same_crs(("streets", streets), ("communities", communities), ("keep", keep))
    chosen = np.array(streets["kind"] == StreetKind.STREET)
    if communities is not None:
        territory = shapely.union_all(communities.geometry.to_numpy())
        shapely.prepare(territory)
        chosen &= shapely.dwithin(territory, streets.geometry.to_numpy(), MARGIN_M)
    old = streets[chosen].sort_index()
    fitted = _neat_lines(sound_lines(old.geometry.to_numpy()), streets.crs, keep, artifact_index)
    if fitted is None:
        return streets
    segments, owner = _owners(fitted, old)
    order = np.argsort(owner, kind="stable")
    kept, row = np.unique(owner[order], return_inverse=True)
    lines = np.asarray(shapely.linestrings(segments[order]), dtype=object)
    merged = np.asarray(shapely.line_merge(shapely.multilinestrings(lines, indices=row)), dtype=object)
    shapes = streets.geometry.copy()
    shapes.loc[old.index[kept]] = gpd.GeoSeries(merged, index=old.index[kept], crs=streets.crs)
    gone = np.zeros(len(streets), dtype=bool)
    gone[chosen] = ~streets.index[chosen].isin(old.index[kept])
    return streets.set_geometry(shapes)[~gone]


def _neat_lines(lines: np.ndarray, crs: Any, keep: gpd.GeoDataFrame | None, artifact_index: float) -> np.ndarray | None:
    """Let neatnet simplify lines; None where there is nothing to simplify."""
    try:
        import neatnet
    except ImportError:
        raise GridgeoError(
            "fit_streets needs neatnet, which is not installed; pip install 'gridgeo[streets]'"
        ) from None
    if len(shapely.get_parts(shapely.polygonize([shapely.union_all(lines)]))) < FEWEST_FACES:
        return None
    mask = None if keep is None or not len(keep) else keep.geometry.reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = neatnet.neatify(
                gpd.GeoDataFrame(geometry=lines, crs=crs), exclusion_mask=mask, artifact_threshold=artifact_index
            )
        except np.linalg.LinAlgError:  # all faces have the same index: a drawn lattice, not a junction
            return None
        except Exception as error:  # whatever its many steps stumble over
            raise GridgeoError(
                f"neatnet cannot fit these {len(lines)} streets ({error}); "
                "go on without fit_streets, make_atoms joins narrow faces to a neighbour"
            ) from error
    return sound_lines(fitted.geometry.to_numpy()) if len(fitted) else None


def _owners(fitted: np.ndarray, old: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give each segment of fitted lines to a street of old: the one it lies on, else one for the whole stretch.

    Returns the segments, shape (n, 2, 2), and the position of their street in ``old``.
    """
    xy, line = shapely.get_coordinates(fitted, return_index=True)
    joined = line[1:] == line[:-1]
    segments, line = np.stack([xy[:-1][joined], xy[1:][joined]], axis=1), line[:-1][joined]
    at, street, away = _near(old.geometry.to_numpy(), np.asarray(shapely.points(segments.mean(axis=1))))
    starts = np.append(True, (line[1:] != line[:-1]) | (away[1:] != away[:-1]) | ~away[1:])
    stretch = np.cumsum(starts) - 1
    length = np.hypot(*(segments[:, 1] - segments[:, 0]).T)
    pair, inverse = np.unique(np.column_stack([stretch[at], street]), axis=0, return_inverse=True)
    metres = np.bincount(inverse.reshape(-1), length[at], minlength=len(pair))
    most = np.zeros(stretch[-1] + 1)
    np.maximum.at(most, pair[:, 0], metres)
    # Of two carriageways on either side of their new line neither is nearer in earnest: the rank decides, then the id.
    fit = metres >= ALIKE * most[pair[:, 0]]
    pair = pair[fit]
    order = np.lexsort((pair[:, 1], old["rank"].to_numpy()[pair[:, 1]], pair[:, 0]))
    _, first = np.unique(pair[order, 0], return_index=True)
    return segments, pair[order, 1][first][stretch]


def _near(streets: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Find the streets on which points lie; for a point on none those that are nearest, or hardly farther.

    Returns pairs of positions of points and streets, and for each point whether it lies on none.
    """
    tree = shapely.STRtree(streets)
    (_, _), distance = tree.query_nearest(points, return_distance=True, all_matches=False)
    at, street = tree.query(points, predicate="dwithin", distance=np.maximum(distance / ALIKE, ON_LINE_M))
    return at, street, distance > ON_LINE_M
