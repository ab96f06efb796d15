"""Bend the flat plan into a landscape: one smooth map of the plane, so that what meets on the plan still meets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from .ground import CENTRE, RAIL_HEIGHT, TRUNK_HEIGHT, Quarter

ORIGIN_M = np.array([527_300.0, 3_431_800.0])
"""Easting and northing of the plan's corner in EPSG:4549: in eastern China, where no such town stands."""

BEND_STREAM = 21
_LONG_WAVES_M = (1300.0, 1700.0, 2300.0, 3100.0, 4300.0)
_STEEPNESS = 0.11  # of each long wave; their sum stays far below 1, so that the map cannot fold
_LANE_WAVES_M = (120.0, 170.0, 240.0)
_LANE_STEEPNESS = 0.12
_FIELD_WAVES_M = (260.0, 390.0)
_FIELD_STEEPNESS = 0.07
_FULL_SIDE_M = 2000.0  # the landscape of a smaller quarter is smaller, too
_LANES_WITHIN, _FIELDS_BEYOND, _STRAIGHT_WITHIN, _EASE_WIDTH = 0.17, 0.36, 0.024, 0.06
"""Shares of the side: lanes are crooked so near to the centre, country roads so far from it; railway and trunk road
are not."""


@dataclass(frozen=True)
class Waves:
    """Sine waves that shift points: direction, phase and reach of each."""

    wave: np.ndarray
    phase: np.ndarray
    reach: np.ndarray

    def shift(self, points: np.ndarray) -> np.ndarray:
        """Compute the shift of points, metres."""
        return np.sin(points @ self.wave.T + self.phase) @ self.reach


def _draw_waves(random: np.random.Generator, lengths_m: tuple[float, ...], steepness: float) -> Waves:
    turn = random.uniform(0, 2 * np.pi, len(lengths_m))
    number = 2 * np.pi / np.array(lengths_m)
    wave = number[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    way = turn + np.pi / 2 + random.uniform(-0.6, 0.6, len(turn))
    reach = (steepness / number)[:, None] * np.column_stack([np.cos(way), np.sin(way)])
    return Waves(wave, random.uniform(0, 2 * np.pi, len(turn)), reach)


def _ease(share: np.ndarray) -> np.ndarray:
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)


@dataclass(frozen=True)
class Bend:
    """The map from the plan to the ground of one town.

    Parameters
    ----------
    seed : int
    side_m : float
        Side of a quarter.
    """

    seed: int
    side_m: float

    @classmethod
    def of(cls, quarters: list[Quarter]) -> Bend:
        """Choose the bend of a town."""
        return cls(quarters[0].seed, quarters[0].side_m)

    def points(self, points: np.ndarray) -> np.ndarray:
        """Move points of the plan to the ground.

        Parameters
        ----------
        points : array of shape (n, 2)
            Metres on the plan.

        Returns
        -------
        array of shape (n, 2)
            Metres in EPSG:4549, on a grid of 1 mm.
        """
        random = np.random.default_rng([self.seed, BEND_STREAM])
        small = min(1.0, self.side_m / _FULL_SIDE_M)
        landscape = _draw_waves(random, tuple(small * wave for wave in _LONG_WAVES_M), _STEEPNESS)
        lanes = _draw_waves(random, _LANE_WAVES_M, _LANE_STEEPNESS)
        fields = _draw_waves(random, _FIELD_WAVES_M, _FIELD_STEEPNESS)
        away, height = self._place(points)
        in_lanes = _ease((_LANES_WITHIN - away) / _EASE_WIDTH)
        in_fields = _ease((away - _FIELDS_BEYOND) / _EASE_WIDTH)
        for straight in (RAIL_HEIGHT, TRUNK_HEIGHT):
            in_fields *= _ease((np.abs(height - straight) - _STRAIGHT_WITHIN) / _EASE_WIDTH)
        moved = points + landscape.shift(points)
        moved += in_lanes[:, None] * lanes.shift(points) + in_fields[:, None] * fields.shift(points)
        return np.round(moved + ORIGIN_M, 3)

    def shapes(self, shapes: np.ndarray, step_m: float = 14.0) -> np.ndarray:
        """Move lines or polygons of the plan to the ground.

        Parameters
        ----------
        shapes : array of Geometry
        step_m : float
            A straight run is given a vertex at least so often, to bend with the plan.

        Returns
        -------
        array of Geometry
        """
        return shapely.transform(shapely.segmentize(shapes, step_m), self.points)

    def _place(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tell how far each point is from its quarter's centre, and how far north in it, as shares of the side."""
        inside = points / self.side_m - np.floor(points / self.side_m)
        return np.hypot(*(inside - CENTRE).T), inside[:, 1]
