"""Name the styles of building: how large, how far apart, how many floors and dwellings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """How a parcel of one use is built up in rows; lengths in metres.

    Parameters
    ----------
    use : str
        Column ``use`` of table ``BUILDINGS``.
    setback_m : float
        From the parcel's limit to the buildings.
    depth_m, unit_m : float
        Depth of a building; width of one of its units, which in homes is a stairwell.
    units_low, units_high : int
        Units of one building.
    end_gap_m, row_gap_m : float
        Between buildings of a row; between rows.
    floors_low, floors_high : int
    flats : int
        Dwellings on one floor of one stairwell; 0 where nobody lives.
    kept : float
        Share of the places in rows that are built on.
    from_share, to_share : float
        Which part of the parcel's depth is used, from south to north.
    """

    use: str
    setback_m: float
    depth_m: float
    unit_m: float
    units_low: int
    units_high: int
    end_gap_m: float
    row_gap_m: float
    floors_low: int
    floors_high: int
    flats: int = 0
    kept: float = 1.0
    from_share: float = 0.0
    to_share: float = 1.0


@dataclass(frozen=True)
class LotStyle:
    """How ground is cut into lots and built on; lengths in metres.

    Parameters
    ----------
    use : str
        Column ``use`` of table ``BUILDINGS``.
    lot_m2 : float
    gap_m : float
        Around each building.
    smallest_m2 : float
        Of a building.
    kept : float
        Share of the lots that are built on.
    built_low : float
        Smallest share of a lot's length that is built on; the rest is its yard.
    floors_low, floors_high : int
    flat_m2 : float
        Ground that one dwelling takes on a floor; 0 where nobody lives.
    """

    use: str
    lot_m2: float
    gap_m: float
    smallest_m2: float
    kept: float
    built_low: float
    floors_low: int
    floors_high: int
    flat_m2: float = 0.0


STYLES = {
    "walkup": Style("residential", 4.0, 10.5, 13.0, 2, 5, 8.0, 15.5, 5, 6, 2, 0.97),
    "midrise": Style("residential", 6.0, 12.5, 15.0, 2, 3, 13.0, 27.0, 9, 11, 2),
    "highrise": Style("residential", 7.0, 14.0, 17.0, 1, 3, 18.0, 36.0, 15, 18, 2),
    "tower": Style("residential", 8.0, 19.0, 25.0, 1, 2, 20.0, 34.0, 24, 33, 2),
    "hamlet": Style("residential", 2.5, 9.5, 10.5, 1, 1, 5.5, 8.5, 2, 3, 1, 0.86),
    "school": Style("school", 8.0, 12.0, 13.0, 3, 5, 12.0, 18.0, 3, 5, from_share=0.46),
    "hospital": Style("hospital", 9.0, 20.0, 18.0, 2, 4, 16.0, 22.0, 4, 14, kept=0.9),
    "shops": Style("commercial", 5.0, 34.0, 16.0, 2, 4, 12.0, 14.0, 3, 6, kept=0.9),
    "office": Style("office", 8.0, 24.0, 26.0, 1, 2, 22.0, 30.0, 8, 22, kept=0.85),
    "market": Style("commercial", 4.0, 14.0, 8.0, 4, 8, 6.0, 8.0, 1, 2),
    "factory": Style("industrial", 9.0, 40.0, 24.0, 2, 5, 14.0, 16.0, 1, 3, kept=0.88),
    "station": Style("station", 10.0, 30.0, 24.0, 2, 5, 20.0, 200.0, 1, 2, from_share=0.55),
}
"""Use of a block -> style of the buildings that stand there in rows."""
LOT_STYLES = {
    "houses": LotStyle("residential", 175.0, 0.7, 36.0, 0.93, 0.55, 1, 3, 85.0),
    "front": LotStyle("commercial", 330.0, 1.2, 60.0, 0.94, 1.0, 2, 3),
}
"""Style -> buildings on lots: old houses; shops along a street, in front of homes."""
FLOOR_LIMITS = {"walkup": (4, 7), "midrise": (7, 14), "highrise": (12, 24), "tower": (20, 33)}
"""How far the floors of flats may go, to hold the households wanted."""
USES = {name: style.use for name, style in (STYLES | LOT_STYLES).items()}
"""Style -> column ``use`` of table ``BUILDINGS``."""
