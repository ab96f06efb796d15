"""Write down how networks nest: a row for each inner area, outer area, piece and move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .nesting_moves import Moves
from .nesting_names import Names
from .nesting_pieces import Network
from .parent_defects import NO_PARENT
from .width import greatest_width


@dataclass(frozen=True, eq=False)
class Verdict:
    """How inner areas lie in one network.

    Parameters
    ----------
    network : Network
    ids : array of str
        Of the inner areas.
    kept : array of int
        The main piece of each inner area; ``NO_PARENT`` where it lies in no outer area.
    moves : Moves
    move : str
        Whose borders move: ``outer`` or ``inner``.
    names : Names
    name_agrees, code_agrees : array of bool or None, or None
        None where nothing is compared.
    """

    network: Network
    ids: np.ndarray
    kept: np.ndarray
    moves: Moves
    move: str
    names: Names
    name_agrees: np.ndarray | None
    code_agrees: np.ndarray | None

    @property
    def main(self) -> np.ndarray:
        """Give the outer area that holds most of each inner area; ``NO_PARENT`` for none."""
        return np.where(self.kept == NO_PARENT, NO_PARENT, np.append(self.network.pieces.outer, NO_PARENT)[self.kept])

    @property
    def outer_areas(self) -> np.ndarray:
        """Count the outer areas in which each inner area lies."""
        pieces = self.network.pieces
        return np.bincount(pieces.inner[pieces.outer != NO_PARENT], minlength=len(self.ids))

    @property
    def states(self) -> np.ndarray:
        """Say how each inner area lies: ``whole``, ``cut``, ``part outside``, ``outside`` or ``empty``."""
        pieces, several = self.network.pieces, self.outer_areas
        beyond = np.bincount(pieces.inner[pieces.outer == NO_PARENT], minlength=len(self.ids)) > 0
        choices = [several + beyond == 0, several == 0, several > 1, beyond]
        return np.select(choices, ["empty", "outside", "cut", "part outside"], "whole").astype(object)

    @property
    def holds(self) -> bool:
        """Tell whether every inner area is whole."""
        return bool((self.states == "whole").all())

    @property
    def unions(self) -> np.ndarray:
        """Tell which outer areas are unions of whole inner areas."""
        whole, cut = self.count_held()
        return (whole > 0) & (cut == 0) & ~self.network.pieces.has_free

    def count_held(self) -> tuple[np.ndarray, np.ndarray]:
        """Count for each outer area the inner areas that it holds whole, and those that it holds in part."""
        pieces = self.network.pieces
        whole = (self.states == "whole")[pieces.inner]
        inside = pieces.outer != NO_PARENT
        counts = [np.bincount(pieces.outer[inside & one], minlength=len(self.network.ids)) for one in (whole, ~whole)]
        return counts[0], counts[1]


def _share(part: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Divide, nan where there is nothing to divide by."""
    return np.divide(part, total, out=np.full(len(part), np.nan), where=total > 0)


def _names(ids: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Name areas; None for none."""
    return np.append(ids.astype(object), np.array([None], dtype=object))[
        np.where(positions == NO_PARENT, len(ids), positions)
    ]


def _join(verdicts: list[Verdict], rows: Callable[[Verdict], pd.DataFrame]) -> pd.DataFrame:
    """Put the rows of all networks into one table."""
    frames = [rows(verdict) for verdict in verdicts]
    filled = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(filled, ignore_index=True)


def _place(frame: pd.DataFrame, crs: Any) -> gpd.GeoDataFrame:
    """Make the column ``geometry`` the place of each row."""
    shapes = gpd.GeoSeries(frame["geometry"].to_numpy(dtype=object), index=frame.index, crs=crs)
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes)


def count_network(verdict: Verdict) -> dict[str, Any]:
    """Count what one network comes to."""
    pieces, moves, states = verdict.network.pieces, verdict.moves, verdict.states
    count = {state.replace(" ", "_"): int((states == state).sum()) for state in ("whole", "cut", "part outside")}
    lost = pieces.sites.inner == NO_PARENT
    known = len(pieces.sites.households) > 0
    return {
        "network": verdict.network.name,
        "holds": verdict.holds,
        "inner_areas": len(verdict.ids),
        "outer_areas": len(verdict.network.ids),
        **count,
        "outside": int((states == "outside").sum()),
        "empty": int((states == "empty").sum()),
        "unions": int(verdict.unions.sum()),
        "hairlines": int(pieces.hairlines.sum()),
        "hairline_m2": float(pieces.hairline_m2.sum()),
        "moves": len(moves.area),
        "undecided": int((moves.notes != "").sum()),
        "moved_m2": float(moves.area_m2.sum()),
        "moved_households": float(moves.households.sum()) if known else np.nan,
        "moved_atoms": float(moves.atoms.sum()) if pieces.by_atoms else np.nan,
        "names_compared": verdict.name_agrees is not None,
        "codes_compared": verdict.code_agrees is not None,
        "households_in_none": float(pieces.sites.households[lost].sum()) if known else np.nan,
    }


def list_inner(verdicts: list[Verdict]) -> pd.DataFrame:
    """List the inner areas in each network."""

    def rows(verdict: Verdict) -> pd.DataFrame:
        pieces, total = verdict.network.pieces, len(verdict.ids)
        nothing = np.full(total, None, dtype=object)
        frame: dict[str, Any] = {
            "area_id": verdict.ids,
            "network": verdict.network.name,
            "outer_id": _names(verdict.network.ids, verdict.main),
            "state": verdict.states,
        }
        measured = {}
        beyond = pieces.outer == NO_PARENT
        for weight, name in (("area", "area"), ("households", "household"), ("atoms", "atom")):
            measured[weight] = pieces.totals(weight)
            held = np.append(pieces.weights(weight), 0.0)[np.where(verdict.kept == NO_PARENT, -1, verdict.kept)]
            frame[f"{name}_share"] = _share(held, measured[weight])
        weight = "atoms" if pieces.by_atoms else "area"
        outside = np.bincount(pieces.inner[beyond], pieces.weights(weight)[beyond], minlength=total)
        named = verdict.names.parent
        return pd.DataFrame(
            {
                **frame,
                "outside_share": _share(outside, measured[weight]),
                "outer_areas": verdict.outer_areas,
                "area_m2": measured["area"],
                "households": measured["households"],
                "atoms": measured["atoms"],
                "hairlines": pieces.hairlines,
                "named_id": nothing if named is None else np.where(named == "", nothing, named),
                "name_agrees": nothing if verdict.name_agrees is None else verdict.name_agrees,
                "code_agrees": nothing if verdict.code_agrees is None else verdict.code_agrees,
                "after": verdict.moves.after if verdict.move == "inner" else "",
            }
        )

    return _join(verdicts, rows)


def list_outer(verdicts: list[Verdict], crs: Any) -> gpd.GeoDataFrame:
    """List the outer areas of each network; their geometry is the land in no inner area."""

    def rows(verdict: Verdict) -> pd.DataFrame:
        network, moves = verdict.network, verdict.moves
        whole, cut = verdict.count_held()
        moving = verdict.move == "outer"
        zeros = np.zeros(len(network.ids), dtype=np.int64)
        free = network.pieces.free.copy()
        free[shapely.is_empty(free)] = None
        return pd.DataFrame(
            {
                "area_id": network.ids,
                "network": network.name,
                "whole": whole,
                "cut": cut,
                "is_union": verdict.unions,
                "free_m2": network.pieces.free_m2,
                "area_m2": network.area_m2,
                "after": moves.after if moving else "",
                "parts": moves.parts if moving else zeros,
                "parts_after": moves.parts_after if moving else zeros,
                "geometry": free,
            }
        )

    return _place(_join(verdicts, rows), crs)


def list_cuts(verdicts: list[Verdict], crs: Any) -> gpd.GeoDataFrame:
    """List the pieces of the inner areas that are not whole."""

    def rows(verdict: Verdict) -> pd.DataFrame:
        pieces = verdict.network.pieces
        at = np.flatnonzero((verdict.states != "whole")[pieces.inner])
        area = pieces.inner[at]
        largest = verdict.kept[area] == at
        shapes = pieces.shapes[at]
        width = np.full(len(at), np.nan)
        measured = np.flatnonzero(~largest & ~shapely.is_missing(shapes))
        width[measured] = greatest_width(shapes[measured])
        return pd.DataFrame(
            {
                "area_id": verdict.ids[area],
                "network": verdict.network.name,
                "outer_id": _names(verdict.network.ids, pieces.outer[at]),
                "is_largest": largest,
                "area_m2": pieces.area_m2[at],
                "area_share": _share(pieces.area_m2[at], pieces.totals("area")[area]),
                "households": pieces.households[at],
                "household_share": _share(pieces.households[at], pieces.totals("households")[area]),
                "atoms": pieces.atoms[at],
                "atom_share": _share(pieces.atoms[at], pieces.totals("atoms")[area]),
                "width_m": width,
                "geometry": shapes,
            }
        )

    return _place(_join(verdicts, rows), crs)


def list_moves(verdicts: list[Verdict], crs: Any) -> gpd.GeoDataFrame:
    """List what has to move, network by network, in order of the inner areas."""

    def rows(verdict: Verdict) -> pd.DataFrame:
        moves, network = verdict.moves, verdict.network
        side = network.ids if verdict.move == "outer" else verdict.ids
        return pd.DataFrame(
            {
                "network": network.name,
                "area_id": verdict.ids[moves.area],
                "outer_id": _names(network.ids, moves.outer),
                "from_id": _names(side, moves.giver),
                "to_id": _names(side, moves.taker),
                "area_m2": moves.area_m2,
                "households": moves.households,
                "atoms": moves.atoms,
                "note": moves.notes,
                "geometry": moves.shapes,
            }
        )

    return _place(_join(verdicts, rows), crs)
