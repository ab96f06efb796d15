"""Tell what a repair did, area by area, and what it leaves to a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from .findings import Finding, size_text
from .household_defects import Dwellings
from .intake import Survey
from .row_faults import row_faults
from .settle import NOBODY, Settlement, is_large, lonely_groups

ACTIONS = ("dropped", "mended", "clipped", "cut", "moved", "filled", "placeholder", "noded")
"""What a repair does: a row is ``dropped``; a ring ``mended``; land outside the territory ``clipped``; land under two
areas ``cut`` from one; land of another parent, and crumbs, ``moved``; a gap ``filled``, or made a ``placeholder``;
vertices matched (``noded``)."""

_LEAST_M2 = 1e-6

_LEAST_KEPT = 0.5
"""An area that keeps less than this share of its land is a question."""


def list_moves(made: Settlement) -> dict[tuple[str, int, int], list[int]]:
    """Compare who holds each face with who held it.

    Returns
    -------
    dict of (action, area, other area) to list of int
        The faces concerned.
    """
    moves: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    mosaic = made.mosaic
    for face, (cover, inside, owner) in enumerate(zip(mosaic.covers, mosaic.inside, made.owner.tolist(), strict=True)):
        if not inside:
            for area in cover:
                moves["clipped", area, NOBODY].append(face)
        elif owner in cover:
            for area in cover:
                if area != owner:
                    moves["cut", area, owner].append(face)
        elif owner != NOBODY and not cover:
            moves["filled", owner, NOBODY].append(face)
        elif owner != NOBODY:
            for area in cover:
                moves["moved", owner, area].append(face)
    return moves


class Journal:
    """Collects the rows of the table of actions."""

    def __init__(self, survey: Survey, dwellings: Dwellings | None) -> None:
        self.survey = survey
        self.dwellings = dwellings
        self.rows: list[dict[str, Any]] = []
        self.shapes: list[shapely.Geometry | None] = []

    def note(
        self, action: str, area_id: str, other_id: str, message: str, shape: shapely.Geometry | None = None
    ) -> None:
        """Add one row."""
        area = float(shapely.area(shape)) if shape is not None else 0.0
        self.rows.append(
            {"action": action, "area_id": area_id, "other_id": other_id, "area_m2": area, "message": message}
        )
        self.shapes.append(shape)

    def note_moves(self, made: Settlement) -> None:
        """Add what was cut, clipped, moved and filled."""
        label, faces = self.survey.label, made.mosaic.faces.shapes
        words = {
            "clipped": "{0} gives up {2} outside the territory",
            "cut": "{0} gives up {2} that {1} keeps",
            "moved": "{0} takes {2} from {1}",
            "filled": "{0} takes {2} that no area held",
        }
        for (action, area, other), members in sorted(list_moves(made).items()):
            shape = shapely.union_all(faces[members]) if len(members) > 1 else faces[members[0]]
            if shape.area < _LEAST_M2:
                continue
            other_id = "" if other == NOBODY else label(other)
            message = words[action].format(label(area), other_id, size_text(shape.area))
            self.note(action, label(area), other_id, message, shape)

    def table(self, crs: Any) -> gpd.GeoDataFrame:
        """Make the table of actions, in order of action and area."""
        columns = ["action", "area_id", "other_id", "area_m2", "households", "message"]
        frame = pd.DataFrame(self.rows, columns=[name for name in columns if name != "households"])
        solid = [at for at, shape in enumerate(self.shapes) if shape is not None]
        households = np.full(len(frame), np.nan)
        if self.dwellings is not None:
            households[:] = 0.0
            if solid:
                households[solid] = self.dwellings.total_in(np.array([self.shapes[at] for at in solid], dtype=object))
        frame["households"] = households
        shapes = gpd.GeoSeries(self.shapes, index=frame.index, crs=crs)
        table = gpd.GeoDataFrame(frame[columns], geometry=shapes, crs=crs)
        order = table.assign(rank=table["action"].map(list(ACTIONS).index)).sort_values(
            ["rank", "area_id", "other_id"], kind="stable"
        )
        return table.loc[order.index].reset_index(drop=True)


def open_questions(
    survey: Survey, made: Settlement, apart: list[tuple[int, int]], lost: list[int], added: list[str]
) -> Iterator[Finding]:
    """List what a person must decide.

    Parameters
    ----------
    survey : Survey
    made : Settlement
    apart : list of (int, int)
        Areas that fell into several parts, and how many.
    lost : list of int
        Areas of which nothing is left.
    added : list of str
        Ids of the placeholders, in order of place.

    Yields
    ------
    Finding
    """
    for finding in row_faults(survey, sliver_share=0.0, one_piece=False):
        if finding.kind in ("missing_id", "duplicate_id", "empty_geometry"):
            yield finding
    moves = list_moves(made) if lost else {}
    for area in lost:
        message = f"nothing is left of {survey.label(area)}: its land lies outside the territory or in other areas"
        outside = ("clipped", area, NOBODY) in moves
        kind = "outside_territory" if outside else "contained"
        yield Finding(kind, [area], message, survey.shapes[area], float(survey.area_m2[area]), 0.0, "m2")
    for area, parts in apart:
        message = f"{survey.label(area)} falls into {parts} parts when its overlaps are cut; decide who gets them"
        shape = shapely.union_all(made.mosaic.faces.shapes[made.owner == area])
        yield Finding("several_parts", [area], message, shape, float(parts), 1.0, "parts")
    for members, name in zip_longest(lonely_groups(made), added, fillvalue=""):
        yield _missing(survey, made, np.asarray(members), f"became {name}" if name else "stays open")
    for members in made.groups:
        owner = int(made.owner[members[0]])
        if owner != NOBODY and not made.cover(members) and is_large(made, members):
            yield _missing(survey, made, members, f"was given to {survey.label(owner)}", owner)


def _missing(survey: Survey, made: Settlement, members: np.ndarray, fate: str, *heirs: int) -> Finding:
    """Ask whether an area is missing."""
    shape = shapely.union_all(made.mosaic.faces.shapes[members])
    size = float(shapely.area(shape))
    message = f"{size_text(size)} in no area {fate}: is an area missing?"
    return Finding("missing_area", heirs, message, shape, size, made.large(members), "m2", size, gap_m2=size)


def lost_most(survey: Survey, made: Settlement, drawn: dict[int, shapely.Geometry]) -> Iterator[Finding]:
    """List the areas that keep less than half of their land: a repair shows what is wrong, but a person must decide.

    Parameters
    ----------
    survey : Survey
    made : Settlement
    drawn : dict of int to Polygon or MultiPolygon
        The areas that were drawn anew.

    Yields
    ------
    Finding
    """
    areas = [area for area in sorted(drawn) if shapely.area(drawn[area]) < _LEAST_KEPT * survey.area_m2[area]]
    moves = list_moves(made) if areas else {}
    for area in areas:
        lost: dict[int, list[int]] = {}
        for (action, one, other), faces in moves.items():
            if (action in ("cut", "clipped") and one == area) or (action == "moved" and other == area):
                lost.setdefault(other if action == "cut" else one if action == "moved" else NOBODY, []).extend(faces)
        sizes = {heir: float(made.size_m2[faces].sum()) for heir, faces in lost.items()}
        if not sizes:
            continue
        heir = max(sizes, key=lambda one: (sizes[one], -one))
        shape = shapely.union_all(made.mosaic.faces.shapes[sorted(at for faces in lost.values() for at in faces)])
        size, kept = float(shape.area), float(shapely.area(drawn[area])) / survey.area_m2[area]
        where = "outside the territory" if heir == NOBODY else f"in {survey.label(heir)}"
        message = f"{survey.label(area)} keeps {kept:.0%} of its land: {size_text(sizes[heir])} of it lies {where}"
        kind, both = ("outside_territory", [area]) if heir == NOBODY else ("overlap", [area, heir])
        yield Finding(kind, both, message, shape, size, 0.0, "m2", size)
