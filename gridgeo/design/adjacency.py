"""Find which atoms share a border, how long it is, and along which street it runs."""

from __future__ import annotations

import io

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.tables import ATOMS, STREETS, check, conform

from .noding import segment_keys

ON_STREET_M = 0.05
"""How far a border may lie from a street line and still run on it, metres; noding moves lines far less."""


def shared_segments(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair the boundary segments that two polygons of a coverage share.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        A valid coverage: shared borders have identical vertices.

    Returns
    -------
    first, second : arrays of int
        Positions of the two polygons of each shared segment, ``first < second``.
    segments : array of float, shape (n, 4)
        ``x1, y1, x2, y2`` of each shared segment, metres.
    """
    rings, ring_of = shapely.get_rings(shapes, return_index=True)
    xy, at = shapely.get_coordinates(rings, return_index=True)
    along = np.flatnonzero(at[1:] == at[:-1])
    owner = ring_of[at[along]]
    key = segment_keys(xy[along], xy[along + 1])
    order = np.argsort(key, kind="stable")
    twin = np.flatnonzero(key[order[1:]] == key[order[:-1]])
    one, other = order[twin], order[twin + 1]
    start, end = xy[along[one]], xy[along[one] + 1]
    same = _same_ends(start, end, xy[along[other]], xy[along[other] + 1]) & (owner[one] != owner[other])
    one, other, start, end = one[same], other[same], start[same], end[same]
    swap = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    start[swap], end[swap] = end[swap], start[swap]
    pairs = np.sort(np.column_stack([owner[one], owner[other]]), axis=1)
    return pairs[:, 0], pairs[:, 1], np.hstack([start, end])


def _same_ends(start: np.ndarray, end: np.ndarray, other_start: np.ndarray, other_end: np.ndarray) -> np.ndarray:
    along = (start == other_start).all(axis=1) & (end == other_end).all(axis=1)
    return along | ((start == other_end).all(axis=1) & (end == other_start).all(axis=1))


def find_borders(atoms: gpd.GeoDataFrame, streets: gpd.GeoDataFrame | None = None) -> pd.DataFrame:
    """List the borders between atoms.

    Parameters
    ----------
    atoms : GeoDataFrame
        Table ``ATOMS``; a valid coverage.
    streets : GeoDataFrame, optional
        Table ``STREETS``. Without it, what ``make_atoms`` noted down in ``atoms.attrs`` is used; where nothing was
        noted,
        a border between two blocks counts as a street of rank 4.

    Returns
    -------
    DataFrame
        Table ``BORDERS``: ``atom_a < atom_b, length_m, street_id, rank, kind``; rank 0 and a missing street where
        less than
        half of the border runs on a street. Atoms that only meet in a point share no border.

    Raises
    ------
    TableError, CrsError
        If a table breaks its contract.
    """
    check(atoms, ATOMS)
    ids = atoms.index.to_numpy()
    first, second, segments = shared_segments(atoms.geometry.to_numpy())
    if streets is not None:
        return border_table(ids, first, second, segments, conform(streets, STREETS))
    borders = border_table(ids, first, second, segments, None)
    noted = atoms.attrs.get("borders")
    if noted is None:
        block = atoms["block_id"]
        apart = block.reindex(borders["atom_a"]).to_numpy() != block.reindex(borders["atom_b"]).to_numpy()
        return borders.assign(rank=np.where(apart, 4, 0))
    streets_of = read_border_note(noted)
    # The rows may stand in another order than when the note was made: it is read both ways round.
    streets_of = pd.concat([streets_of, streets_of.rename(columns={"atom_a": "atom_b", "atom_b": "atom_a"})])
    found = borders[["atom_a", "atom_b", "length_m"]].merge(streets_of, on=["atom_a", "atom_b"], how="left")
    return found.assign(rank=found["rank"].fillna(0).astype(int))


def border_table(
    ids: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    segments: np.ndarray,
    streets: gpd.GeoDataFrame | None,
) -> pd.DataFrame:
    """Sum shared segments up to one row a pair of atoms; arguments as ``shared_segments`` returns them."""
    length = np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1])
    pair = first * np.int64(len(ids)) + second
    keys, row = np.unique(pair, return_inverse=True)
    table = pd.DataFrame(
        {
            "atom_a": ids[keys // max(len(ids), 1)],
            "atom_b": ids[keys % max(len(ids), 1)],
            "length_m": np.bincount(row, length, minlength=len(keys)),
            "street_id": pd.Series(None, index=range(len(keys)), dtype="str"),
            "rank": np.zeros(len(keys), dtype=np.int64),
            "kind": pd.Series(None, index=range(len(keys)), dtype="str"),
        }
    )
    if streets is None or not len(streets) or not len(keys):
        return table
    street = _street_of(segments, streets)
    on = street >= 0
    runs = pd.DataFrame({"row": row[on], "street": street[on], "length_m": length[on]})
    on_m = runs.groupby("row")["length_m"].sum()
    longest = runs.groupby(["row", "street"])["length_m"].sum().reset_index()
    longest = longest.sort_values(["row", "length_m", "street"], ascending=[True, False, True]).drop_duplicates("row")
    longest = longest[on_m.loc[longest["row"]].to_numpy() >= 0.5 * table["length_m"].to_numpy()[longest["row"]]]
    rows, found = longest["row"].to_numpy(), streets.iloc[longest["street"].to_numpy()]
    table.loc[rows, "street_id"] = found.index.to_numpy()
    table.loc[rows, "rank"] = found["rank"].to_numpy()
    table.loc[rows, "kind"] = found["kind"].to_numpy()
    return table


def _street_of(segments: np.ndarray, streets: gpd.GeoDataFrame) -> np.ndarray:
    """Find the street under each segment's midpoint: position, or -1; of several the one of the highest class."""
    order = np.argsort(streets["rank"].to_numpy(), kind="stable")
    # Straight pieces have small boxes, so that few of them come into question for a midpoint.
    lines, line = shapely.get_parts(streets.geometry.to_numpy()[order], return_index=True)
    xy, part = shapely.get_coordinates(lines, return_index=True)
    along = np.flatnonzero(part[1:] == part[:-1])
    pieces = np.asarray(shapely.linestrings(np.stack([xy[along], xy[along + 1]], axis=1)))
    middle = shapely.points((segments[:, :2] + segments[:, 2:]) / 2)
    at, piece = shapely.STRtree(pieces).query(middle, predicate="dwithin", distance=ON_STREET_M)
    best = np.full(len(segments), len(streets))
    np.minimum.at(best, at, line[part[along[piece]]])
    return np.where(best < len(streets), order[np.minimum(best, len(streets) - 1)], -1)


def write_border_note(borders: pd.DataFrame) -> str:
    """Write the streets under borders as text, which travels in ``atoms.attrs`` unharmed by copies and files."""
    return borders.loc[borders["rank"] > 0, ["atom_a", "atom_b", "street_id", "rank", "kind"]].to_csv(index=False)


def read_border_note(note: str) -> pd.DataFrame:
    """Read what ``write_border_note`` wrote."""
    return pd.read_csv(io.StringIO(note), dtype={"atom_a": "str", "atom_b": "str", "street_id": "str", "kind": "str"})
