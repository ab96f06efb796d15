"""Decide what each block is used for: homes of which style, schools, a hospital, works, fields ..."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from .bend import Bend
from .ground import CENTRE, HOUSEHOLDS_A_QUARTER, QUARTER_STREAM, RAIL_HEIGHT, Quarter

HOME_STYLES = ("walkup", "midrise", "highrise", "tower")
STYLE_SHARES = (0.36, 0.64, 0.85)
"""Up to which share of the blocks, from the old centre outwards, each style reaches."""


@dataclass(frozen=True)
class Wish:
    """A use that a quarter of full size wants for some blocks.

    Parameters
    ----------
    use : str
    zone : str
    count : float
        Blocks in a quarter of 20,000 households; smaller quarters want fewer.
    low_m2, high_m2 : float
        Size of parcels that suit it.
    away : float
        Distance from the centre that suits it, as a share of the side.
    """

    use: str
    zone: str
    count: float
    low_m2: float
    high_m2: float
    away: float


WISHES = (
    Wish("hospital", "modern", 1, 9_000, 22_000, 0.22),
    Wish("school", "modern", 3, 9_000, 20_000, 0.26),
    Wish("shops", "modern", 2, 6_000, 14_000, 0.17),
    Wish("office", "modern", 2, 6_000, 14_000, 0.22),
    Wish("park", "modern", 3, 6_000, 20_000, 0.24),
    Wish("market", "old", 2, 3_000, 9_000, 0.09),
    Wish("school", "old", 1, 4_500, 12_000, 0.11),
    Wish("park", "old", 1, 3_000, 9_000, 0.08),
    Wish("shops", "old", 2, 3_000, 9_000, 0.04),
    Wish("walkup", "old", 6, 4_000, 14_000, 0.13),
    Wish("midrise", "housing", 2, 4_000, 60_000, 0.34),
    Wish("school", "housing", 1, 6_000, 30_000, 0.36),
    Wish("school", "hamlet", 1, 5_000, 20_000, 0.42),
)
WISH_COMPACT, WISH_SPREAD = 0.58, 0.12
"""Compactness (Polsby-Popper) that schools and the like need, and how far off their place they may come to lie."""
MOST_SHARE = 0.12
"""Of a zone's blocks, what one wish may take."""
SURE_FROM = 3
"""Even the smallest quarter has one of what a full one has so many of."""
GREEN_COMPACT = 0.32
"""Blocks less compact than this are not built on."""
STYLE_SPREAD = 0.05
STATION_PLACE, STATION_M2 = np.array([CENTRE[0] + 0.02, RAIL_HEIGHT - 0.035]), (6_000.0, 60_000.0)
SMALLEST_M2 = {
    "old": 350.0,
    "modern": 3_500.0,
    "housing": 3_000.0,
    "works": 6_000.0,
    "hamlet": 2_500.0,
    "rural": 0.0,
    "strip": 0.0,
}
ORDINARY = {
    "old": "houses",
    "housing": "walkup",
    "works": "factory",
    "hamlet": "hamlet",
    "rural": "fields",
    "strip": "bank",
}


def choose_uses(blocks: pd.DataFrame, parcels: np.ndarray, quarters: list[Quarter], bend: Bend) -> np.ndarray:
    """Choose the use of every block.

    Parameters
    ----------
    blocks : DataFrame
        ``Mesh.blocks``.
    parcels : array of Polygon
        Their ground to build on.
    quarters : list of Quarter
    bend : Bend

    Returns
    -------
    array of str
        Like ``blocks``.
    """
    centres = bend.points(np.array([quarter.centre for quarter in quarters]))
    middle = shapely.get_coordinates(shapely.centroid(blocks["geometry"].to_numpy()))
    number = blocks["quarter"].to_numpy()
    facts = pd.DataFrame(
        {
            "zone": blocks["zone"].to_numpy(),
            "area_m2": shapely.area(parcels),
            "compact": 4 * np.pi * shapely.area(parcels) / np.maximum(shapely.length(parcels), 1) ** 2,
            "away": np.hypot(*(middle - centres[number]).T) / bend.side_m,
        }
    )
    uses = np.full(len(blocks), "", dtype=object)
    for quarter in quarters:
        rows = np.flatnonzero(number == quarter.number)
        uses[rows] = _uses_of(facts.iloc[rows].reset_index(drop=True), quarter)
    for quarter in quarters:
        if quarter.has_rail:
            _place_station(uses, facts.assign(x=middle[:, 0], y=middle[:, 1], quarter=number), quarter, bend)
    return uses


def _place_station(uses: np.ndarray, facts: pd.DataFrame, quarter: Quarter, bend: Bend) -> None:
    """Put the station on the fields beside the railway, where the main street from the centre meets it."""
    x, y = bend.points((quarter.corner + STATION_PLACE * quarter.side_m)[None, :])[0]
    fits = (
        (facts["quarter"] == quarter.number)
        & facts["zone"].isin(["rural", "hamlet"])
        & facts["area_m2"].between(*STATION_M2)
    )
    gap = np.hypot(facts["x"] - x, facts["y"] - y)[fits]
    if len(gap):
        uses[gap.idxmin()] = "station"


def _uses_of(facts: pd.DataFrame, quarter: Quarter) -> np.ndarray:
    """Leave small blocks green, fulfil the wishes, then fill the rest with what is ordinary in each zone."""
    random = quarter.draw(QUARTER_STREAM, quarter.number, 3)
    zone, area_m2, away = facts["zone"], facts["area_m2"], facts["away"]
    uses = np.full(len(facts), "", dtype=object)
    is_odd = (area_m2 < zone.map(SMALLEST_M2)) | (facts["compact"] < GREEN_COMPACT)
    uses[is_odd & ~zone.isin(["strip", "rural"])] = "green"
    size = quarter.households / HOUSEHOLDS_A_QUARTER
    for wish in WISHES:
        fits = (uses == "") & (zone == wish.zone) & area_m2.between(wish.low_m2, wish.high_m2)
        fits &= facts["compact"] > WISH_COMPACT
        least, most = int(wish.count >= SURE_FROM), int((zone == wish.zone).sum() * MOST_SHARE) + 1
        misfit = (away - wish.away).abs() + random.uniform(0, WISH_SPREAD, len(facts))
        best = misfit[fits].sort_values(kind="stable").index
        uses[best[: min(max(round(wish.count * size), least), most)]] = wish.use
    homes = np.flatnonzero((uses == "") & (zone == "modern"))
    reach = away.to_numpy()[homes] + random.normal(0, STYLE_SPREAD, len(homes))
    share = reach.argsort(kind="stable").argsort(kind="stable") / max(len(homes), 1)
    uses[homes] = np.array(HOME_STYLES, dtype=object)[np.searchsorted(STYLE_SHARES, share, side="right")]
    return np.where(uses == "", zone.map(ORDINARY), uses)
