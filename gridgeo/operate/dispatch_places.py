"""Decide in which area an incident is: by its point, else by its address, else among candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgeo.model.datum import from_bd09, from_gcj02

from .dispatch_addresses import Named
from .dispatch_ground import Floats, Ground, Reach
from .dispatch_rules import DispatchRules
from .dispatch_tree import LevelTree
from .doors import from_lonlat, to_lonlat

Shares = list[tuple[str, float]]


@dataclass
class Spot:
    """Where an incident is, how that was found, and what is doubtful about it.

    Parameters
    ----------
    area_id : str or None
    found_by : str
        ``point``, ``address``, ``candidates``, ``override``, or empty.
    x, y : float, metres
        The place that decided.
    border_m, score : float
        To the border of its area; how sure the area is, from 0 to 1.
    candidates : list of (str, float)
        Areas in which it may be, with their shares.
    assist : tuple of str
        Further areas that may be it, where it lies near a border.
    why : str
        Which sentence says how the area was found.
    facts : dict
        What that sentence tells.
    doubt : str
        Why somebody should look; empty where nobody needs to.
    flags : list of str
    """

    area_id: str | None = None
    found_by: str = ""
    x: float = np.nan
    y: float = np.nan
    border_m: float = np.nan
    score: float = 0.0
    candidates: Shares = field(default_factory=list)
    assist: tuple[str, ...] = ()
    why: str = "nowhere"
    facts: dict[str, Any] = field(default_factory=dict)
    doubt: str = ""
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pins:
    """The points of incidents.

    Parameters
    ----------
    x, y, accuracy_m : arrays of float, metres
        NaN where there is no point that can be used.
    flags : list of list of str
        What is wrong with each.
    reach : Reach
        Of the points that can be used, in their order.
    rank : array of int
        Position of each incident in ``reach``, -1 for none.
    """

    x: Floats
    y: Floats
    accuracy_m: Floats
    flags: list[list[str]]
    reach: Reach
    rank: NDArray[np.int64]


def read_pins(shapes: NDArray[np.object_], accuracy: Floats, ground: Ground, rules: DispatchRules) -> Pins:
    """Read the points of incidents, and tell those that cannot be used.

    Parameters
    ----------
    shapes : array of Point or None
        In the CRS of the ground.
    accuracy : array of float, metres
        NaN where it is not known.
    ground : Ground
    rules : DispatchRules

    Returns
    -------
    Pins
    """
    x, y = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    x[there], y[there] = shapely.get_x(shapes[there]), shapely.get_y(shapes[there])
    finite = np.isfinite(x) & np.isfinite(y)
    west, south, east, north = ground.bounds
    # Degrees, turned axes and zeros are told apart only where the areas lie elsewhere.
    inside = (west <= x) & (x <= east) & (south <= y) & (y <= north)
    turned = (west <= y) & (y <= east) & (south <= x) & (x <= north) & ~inside
    radius = np.where(np.isfinite(accuracy) & (accuracy > 0), accuracy, rules.accuracy_m)
    wrongs = {
        "bad_point": there & ~finite,
        "zero_point": (x == 0) & (y == 0) & ~inside,
        "swapped_axes": turned,
        "degrees": finite & (np.abs(x) <= 180) & (np.abs(y) <= 90) & ((x != 0) | (y != 0)) & ~inside,
        "imprecise": finite & (radius > rules.most_accuracy_m),
    }
    flags: list[list[str]] = [[] for _ in shapes]
    for flag, rows in wrongs.items():
        for row in np.flatnonzero(rows):
            flags[row].append(flag)
    usable = np.flatnonzero(finite & ~np.logical_or.reduce(list(wrongs.values())))
    rank = np.full(len(shapes), -1, dtype=np.int64)
    rank[usable] = np.arange(len(usable))
    return Pins(x, y, radius, flags, ground.reach(x[usable], y[usable], radius[usable], count_covers=True), rank)


def find_spots(
    pins: Pins, named: Sequence[Named | None], ground: Ground, tree: LevelTree, rules: DispatchRules
) -> list[Spot]:
    """Decide where each incident is.

    Parameters
    ----------
    pins : Pins
    named : sequence of Named or None
        What the address of each names.
    ground : Ground
    tree : LevelTree
    rules : DispatchRules

    Returns
    -------
    list of Spot
    """
    apart_m = _apart(pins, named)
    shifted = _shifted(pins, named, apart_m, ground.index.crs, rules)
    spots = []
    for row, address in enumerate(named):
        spot = Spot(flags=list(pins.flags[row]))
        at = int(pins.rank[row])
        if at >= 0:
            _try_point(spot, pins, row, at, tree, rules)
        if address is not None:
            is_far = bool(apart_m[row] > rules.apart_m + pins.accuracy_m[row])
            disagrees = is_far and (address.is_door or not _spans(address, spot, tree))
            _try_address(spot, address, disagrees, row in shifted, tree, rules)
        if spot.area_id is None and not spot.doubt:
            _say_nowhere(spot, address, at >= 0)
        spots.append(spot)
    return spots


def _spans(address: Named, spot: Spot, tree: LevelTree) -> bool:
    """Tell whether what an address names reaches into the grid of a point."""
    return tree.grid(spot.area_id) in {tree.grid(area_id) for area_id, _ in address.shares}


def _apart(pins: Pins, named: Sequence[Named | None]) -> Floats:
    """Measure how far each point lies from what the address may mean; NaN where one of them is missing."""
    apart = np.full(len(named), np.nan)
    for row, address in enumerate(named):
        if address is not None and pins.rank[row] >= 0:
            apart[row] = address.apart_m(pins.x[row], pins.y[row])
    return apart


def _shifted(
    pins: Pins, named: Sequence[Named | None], apart_m: Floats, crs: CRS, rules: DispatchRules
) -> frozenset[int]:
    """Find points that lie where the address is once the shift of Chinese web maps is taken out."""
    rows = np.flatnonzero(apart_m > rules.apart_m + np.nan_to_num(pins.accuracy_m))
    if not rows.size:
        return frozenset()
    lon, lat = to_lonlat(crs).transform(pins.x[rows], pins.y[rows])
    on_globe = np.isfinite(lon) & np.isfinite(lat)
    rows, lon, lat = rows[on_globe], lon[on_globe], lat[on_globe]
    found = set()
    for take_out in (from_gcj02, from_bd09):
        for row, x, y in zip(rows.tolist(), *from_lonlat(crs).transform(*take_out(lon, lat)), strict=True):
            address = named[row]
            if address is not None and address.apart_m(x, y) <= rules.apart_m + pins.accuracy_m[row]:
                found.add(row)
    return frozenset(found)


def _try_point(spot: Spot, pins: Pins, row: int, at: int, tree: LevelTree, rules: DispatchRules) -> None:
    """Settle an incident by its point alone."""
    reach = pins.reach
    spot.x, spot.y, spot.border_m = float(pins.x[row]), float(pins.y[row]), float(reach.border_m[at])
    spot.candidates = reach.shares[at]
    owner = reach.owner[at]
    if owner is None:
        spot.flags.append("outside")
    if not spot.candidates:
        return
    spot.facts = {"accuracy_m": float(pins.accuracy_m[row])}
    area_id, share, others = settle(spot.candidates, owner, tree, rules)
    spot.area_id, spot.score, spot.found_by, spot.why = area_id, share, "point", "point"
    if others:
        spot.found_by, spot.why, spot.assist = "candidates", "border", others
        _doubt_border(spot, share, tree, rules)
    if reach.covers[at] > 1:
        spot.flags.append("overlap")
        spot.doubt = "overlap"
    if owner is None:
        spot.doubt = "outside"


def settle(
    shares: Shares, owner: str | None, tree: LevelTree, rules: DispatchRules
) -> tuple[str, float, tuple[str, ...]]:
    """Choose an area among candidates: the finest that is sure, else the likeliest grid with its rivals.

    Parameters
    ----------
    shares : list of (str, float)
        Areas of the index with their shares, the largest first.
    owner : str or None
        The area that holds the point itself.
    tree : LevelTree
    rules : DispatchRules

    Returns
    -------
    area_id : str
    share : float
    others : tuple of str
        Empty where the area is sure.
    """
    first, share = shares[0]
    if share >= rules.sure_share:
        return first, share, ()
    grids: dict[str, float] = {}
    for area_id, part in shares:
        grid = tree.grid(area_id) or area_id
        grids[grid] = grids.get(grid, 0.0) + part
    own = tree.grid(owner) if owner is not None else None
    order = sorted(grids, key=lambda grid: (-round(grids[grid], 6), grid != own, grid))
    best = order[0]
    if grids[best] >= rules.sure_share:
        return best, min(grids[best], 1.0), ()
    others = tuple(grid for grid in order[1:] if grids[grid] >= 1 - rules.sure_share) or tuple(order[1:2])
    return best, grids[best], others


def _try_address(
    spot: Spot, address: Named, disagrees: bool, is_shifted: bool, tree: LevelTree, rules: DispatchRules
) -> None:
    """Hold what the address names against the point, and let the better of the two decide."""
    if not address.is_known:
        return
    by_point = spot.area_id is not None and spot.doubt != "outside"
    if disagrees:
        spot.flags.append("point_address_disagree")
        if is_shifted:
            spot.flags.append("wrong_datum_suspected")
        _take(spot, address, "datum" if is_shifted else "disagree", tree, rules)
        if by_point and not address.is_close and not is_shifted:
            spot.doubt = "contradiction"
    elif not by_point or (address.is_close and not address.is_near):
        _take(spot, address, "address", tree, rules)
    elif address.is_close and spot.found_by == "candidates":
        _weigh(spot, address, tree, rules)


def _take(spot: Spot, address: Named, why: str, tree: LevelTree, rules: DispatchRules) -> None:
    """Let the address decide."""
    area_id, share, others = settle(address.shares, address.area_id, tree, rules)
    spot.facts = {**spot.facts, "point_m": float(np.hypot(spot.x - address.x, spot.y - address.y))}
    spot.area_id, spot.found_by, spot.why, spot.score = area_id, "address", why, min(share, address.score)
    spot.x, spot.y, spot.border_m = address.x, address.y, address.border_m
    spot.candidates, spot.assist, spot.doubt = list(address.shares), others, ""
    if others and address.is_near:
        spot.found_by, spot.why = "candidates", "around" if why == "address" else why
        _doubt_border(spot, share, tree, rules)
    elif others:
        spot.found_by, spot.why, spot.doubt = "candidates", "spans", "spans"
    elif why == "address" and not address.is_close:
        spot.why = "span"
    if address.status != "auto" and (others or address.score < rules.address_score):
        spot.doubt = spot.doubt or "unsure"
        spot.flags.append("address_unsure")


def _weigh(spot: Spot, address: Named, tree: LevelTree, rules: DispatchRules) -> None:
    """Let the place near which a point lies choose among the areas that the point may be in."""
    near: dict[str, float] = dict(address.shares)
    both = [(area_id, share * near[area_id]) for area_id, share in spot.candidates if near.get(area_id)]
    total = sum(share for _, share in both)
    if not total:
        return
    both = sorted(((area_id, share / total) for area_id, share in both), key=lambda row: (-row[1], row[0]))
    before = (spot.area_id, *spot.assist)
    spot.candidates = both
    spot.area_id, spot.score, rivals = settle(both, address.area_id, tree, rules)
    spot.doubt = spot.doubt if spot.doubt == "overlap" else ""
    if rivals:
        spot.assist = rivals
        _doubt_border(spot, spot.score, tree, rules)
    else:
        own = tree.grid(spot.area_id)
        spot.assist = tuple(each for each in before if each is not None and tree.grid(each) != own)
        spot.found_by, spot.why = "address", "near"


def _doubt_border(spot: Spot, share: float, tree: LevelTree, rules: DispatchRules) -> None:
    """Tell that several areas may be it; what is no likelier than the others needs a look."""
    spot.flags.append("near_border")
    if len({tree.community(each) for each in (spot.area_id, *spot.assist)}) > 1:
        spot.flags.append("community_border")
    if share < rules.least_share:
        spot.doubt = spot.doubt or "shares"


def _say_nowhere(spot: Spot, address: Named | None, has_point: bool) -> None:
    """Say why no area was found."""
    spot.doubt = "nowhere"
    if has_point:
        spot.why = "outside" if np.isfinite(spot.border_m) else "far_outside"
    elif spot.flags:
        spot.why = "unusable"
    elif address is not None:
        spot.why = "unknown_address"
        spot.flags.append("address_unknown")
    else:
        spot.flags.append("no_place")
