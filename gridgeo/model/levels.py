"""Name the levels and kinds that areas, atoms and streets may have."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How high an area stands in the tree; an area's parent is of the next level above.

    A beat stands beside the tree: it is a union of whole grids and may reach over communities.
    """

    TERRITORY = "territory"
    BEAT = "beat"
    COMMUNITY = "community"
    GRID = "grid"
    MICRO = "micro"


class AreaKind(StrEnum):
    """What an area is for: an ordinary one, or one institution's own."""

    BASE = "base"
    EXCLUSIVE = "exclusive"


class AtomKind(StrEnum):
    """What an atom was made from."""

    BLOCK = "block"
    """A whole face between streets, barriers and community borders."""
    CELL = "cell"
    """The part of a block that lies nearest to one building or household point."""
    STAIRWELL = "stairwell"
    """A strip of a building's cell: one stairwell, or several side by side."""
    WHOLE = "whole"
    """An estate or an institution that was asked to stay whole."""
    VILLAGE = "village"
    """A natural village, or a villager group, with the fields that follow it."""


class StreetKind(StrEnum):
    """What a line of table STREETS is on the ground."""

    STREET = "street"
    RIVER = "river"
    RAIL = "rail"
    WALL = "wall"


RANK_NAMES = {
    1: ("trunk road", "快速路"),
    2: ("primary road", "主干路"),
    3: ("secondary road", "次干路"),
    4: ("tertiary road", "支路"),
    5: ("residential street", "街坊路"),
    6: ("lane", "巷"),
}
"""Street ranks of table STREETS: rank -> (English, Chinese)."""
