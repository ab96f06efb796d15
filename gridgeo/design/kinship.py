"""Join findings that have one cause."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from .findings import Finding
from .intake import Survey

SAME_FORM = 1e-6
"""How far, as a share, areas and perimeters of one form may differ."""

_ELSEWHERE_KINDS = ("outside_territory", "overlap", "contained")


def join_copied_ids(survey: Survey, found: list[Finding]) -> list[Finding]:
    """Tell of a row that was copied with its id once: as a duplicate.

    Parameters
    ----------
    survey : Survey
    found : list of Finding

    Returns
    -------
    list of Finding
        Without the doubled ids of rows that are all copies of each other.
    """
    copies = {at: set(one.areas) for at, one in enumerate(found) if one.kind == "duplicate"}
    joined, kept = dict(enumerate(found)), []
    for at, one in enumerate(found):
        if one.kind != "duplicate_id":
            continue
        name = survey.ids[one.areas[0]]
        rows = set(np.flatnonzero(survey.ids == name).tolist())
        copy = next((copy for copy, areas in copies.items() if rows <= areas), None)
        if copy is not None:
            del joined[at]
            kept.append((copy, f"; {len(rows)} rows carry the id {str(name)!r}"))
    for copy, said in kept:
        joined[copy] = replace(joined[copy], message=joined[copy].message + said)
    return list(joined.values())


def find_displaced(survey: Survey, found: list[Finding]) -> list[Finding]:
    """Recognise areas that were drawn in another place by the form of the land that they leave open.

    Parameters
    ----------
    survey : Survey
    found : list of Finding

    Returns
    -------
    list of Finding
        In the same order. The finding of the missing area names the displaced one first; what that area overlaps
        where it was drawn follows from it.
    """
    astray = sorted({int(area) for one in found if one.kind in _ELSEWHERE_KINDS for area in one.areas})
    open_ = [at for at, one in enumerate(found) if one.kind == "missing_area" and one.geometry is not None]
    if not astray or not open_:
        return found
    told = list(found)
    size, length = survey.area_m2[astray], shapely.length(survey.shapes[astray])
    for at in open_:
        one, land = told[at], told[at].geometry
        fits = np.isclose(size, one.area_m2, rtol=SAME_FORM, atol=0)
        fits &= np.isclose(length, shapely.length(land), rtol=SAME_FORM, atol=0)
        if fits.sum() != 1:
            continue
        area = astray[int(np.flatnonzero(fits)[0])]
        step = shapely.distance(shapely.centroid(survey.shapes[area]), shapely.centroid(land))
        told[at] = replace(
            one, areas=(area, *(other for other in one.areas if other != area)), cause="drawn_elsewhere",
            message=f"{one.message}; {survey.label(area)} has this form and lies {float(step):,.0f} m away",
        )  # fmt: skip
        for other, follower in enumerate(found):
            if follower.kind in _ELSEWHERE_KINDS and area in follower.areas:
                told[other] = replace(told[other], because=at, cause="drawn_elsewhere")
    return told
