"""Lay the quarters out side by side, on a flat plan in metres, before the plan is bent into a landscape.

A quarter is a small town of its own: an old centre, estates around it, works to the east, villages in
fields. A demonstration town of 20,000 households is one quarter; a larger one is several, in rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

HOUSEHOLDS_A_QUARTER = 20_000
LAND_A_HOUSEHOLD_M2 = 305.0
SMALL_TOWN_LAND = 0.36
"""How much more land a household takes where a quarter is small; streets and banks do not shrink with it."""
RIVER_BANK_M = 44.0
RAIL_BANK_M = 30.0
BANK_SHARE_OF_SIDE = 0.017  # in a small town the river is a stream
RAIL_EVERY_ROWS = 3

EDGE_STREAM, NODE_STREAM, QUARTER_STREAM = 11, 12, 13
"""Streams of random numbers; an edge that two quarters share draws the same numbers in both."""


@dataclass(frozen=True)
class Quarter:
    """One quarter of the town.

    Parameters
    ----------
    number : int
        From 0, row by row from the south-west.
    column, row : int
        Its place in the lattice.
    side_m : float
        Side of the lattice's squares.
    households : int
        How many it is to hold.
    neighbours : frozenset of str
        Sides on which another quarter lies: ``"west"``, ``"east"``, ``"south"``, ``"north"``.
    seed : int
        The town's seed.
    """

    number: int
    column: int
    row: int
    side_m: float
    households: int
    neighbours: frozenset[str]
    seed: int

    @property
    def corner(self) -> np.ndarray:
        """Return the south-west corner on the plan, metres."""
        return np.array([self.column, self.row], dtype=float) * self.side_m

    @property
    def centre(self) -> np.ndarray:
        """Return the middle of the old centre on the plan, metres."""
        return self.corner + (CENTRE + self.draw(QUARTER_STREAM, self.number).uniform(-0.015, 0.015, 2)) * self.side_m

    @property
    def has_rail(self) -> bool:
        """Tell whether the line in its north is a railway rather than an expressway."""
        return self.row % RAIL_EVERY_ROWS == 0

    @property
    def river_bank_m(self) -> float:
        """Return the distance from the river's middle to the roads on its banks."""
        return float(min(RIVER_BANK_M, BANK_SHARE_OF_SIDE * self.side_m))

    @property
    def rail_bank_m(self) -> float:
        """Return the distance from the railway to the roads beside it."""
        return float(min(RAIL_BANK_M, BANK_SHARE_OF_SIDE * self.side_m))

    def draw(self, *stream: int) -> np.random.Generator:
        """Open a stream of random numbers of the town's seed."""
        return np.random.default_rng([self.seed, *stream])

    def gate(self, side: str, what: int, spread: float) -> float:
        """Draw how far off its usual place a line crosses a side, as a share of the side.

        Both quarters at a side get the same answer.
        """
        column = self.column + (side == "east")
        row = self.row + (side == "north")
        upright = int(side in ("west", "east"))
        return float(self.draw(EDGE_STREAM, upright, column, row, what).uniform(-spread, spread))


CENTRE = np.array([0.43, 0.52])
"""Middle of the old centre, as shares of the side."""
AXIS_HEIGHT, RIVER_HEIGHT, RAIL_HEIGHT, TRUNK_HEIGHT = 0.52, 0.40, 0.87, 0.14
"""Where lines cross the west and east sides, as shares of the side."""


def lay_quarters(households: int, seed: int) -> list[Quarter]:
    """Share households out to quarters in rows.

    Parameters
    ----------
    households : int
        Of the whole town.
    seed : int

    Returns
    -------
    list of Quarter
        In one piece, at least one.
    """
    count = max(1, round(households / HOUSEHOLDS_A_QUARTER))
    columns = int(np.ceil(np.sqrt(count)))
    small = np.sqrt(HOUSEHOLDS_A_QUARTER * count / households) - 1
    side_m = float(np.sqrt(households / count * LAND_A_HOUSEHOLD_M2 * (1 + SMALL_TOWN_LAND * max(small, 0.0))))
    places = {divmod(number, columns)[::-1] for number in range(count)}
    shares = np.diff(np.linspace(0, households, count + 1).round().astype(int))
    beside = {"west": (-1, 0), "east": (1, 0), "south": (0, -1), "north": (0, 1)}
    quarters = []
    for number in range(count):
        row, column = divmod(number, columns)
        sides = frozenset(side for side, (dx, dy) in beside.items() if (column + dx, row + dy) in places)
        quarters.append(Quarter(number, column, row, side_m, int(shares[number]), sides, seed))
    return quarters


def outline(quarter: Quarter) -> shapely.Polygon:
    """Draw a quarter's limit on the plan: straight to its neighbours, along fields and ditches elsewhere.

    Parameters
    ----------
    quarter : Quarter

    Returns
    -------
    Polygon, metres
    """
    corners = {"south-west": (0, 0), "south-east": (1, 0), "north-east": (1, 1), "north-west": (0, 1)}
    places = {
        name: quarter.corner + _pulled_in(quarter, name, np.array(at)) * quarter.side_m for name, at in corners.items()
    }
    walk = [("south", "south-west", "south-east"), ("east", "south-east", "north-east"),
            ("north", "north-east", "north-west"), ("west", "north-west", "south-west")]  # fmt: skip
    rings = [_edge(quarter, side, places[start], places[end]) for side, start, end in walk]
    return shapely.Polygon(np.vstack([ring[:-1] for ring in rings]))


def _pulled_in(quarter: Quarter, name: str, at: np.ndarray) -> np.ndarray:
    """Cut a corner of the town off; corners shared with another quarter stay."""
    north_south, west_east = name.split("-")
    if north_south in quarter.neighbours or west_east in quarter.neighbours:
        return at.astype(float)
    pull = quarter.draw(NODE_STREAM, quarter.column + at[0], quarter.row + at[1]).uniform(0.03, 0.10, 2)
    return at + np.where(at == 0, pull, -pull)


def _edge(quarter: Quarter, side: str, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Draw one side of the limit, with kinks where no quarter follows."""
    if side in quarter.neighbours:
        return np.array([start, end])
    random = quarter.draw(EDGE_STREAM, ["south", "east", "north", "west"].index(side), quarter.column, quarter.row)
    count = max(6, round(float(np.hypot(*(end - start))) / 110.0))
    share = np.sort(np.r_[0, (np.arange(1, count) + random.uniform(-0.35, 0.35, count - 1)) / count, 1])
    wave = sum(
        random.normal(0, 0.011) * np.sin(np.pi * turns * share + random.uniform(0, np.pi)) for turns in range(1, 6)
    )
    kink = random.normal(0, 0.006, len(share))
    off = (wave + kink - 0.025) * np.minimum(1, 12 * share * (1 - share)) * quarter.side_m
    off[[0, -1]] = 0
    along = end - start
    across = np.array([-along[1], along[0]]) / np.hypot(*along)
    return start + share[:, None] * along + off[:, None] * across
