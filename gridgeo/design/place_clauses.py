"""Judge where areas lie: inside their parents, in one piece, over whole estates, buildings and institutions."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridgeo.model.levels import Level
from gridgeo.model.profile import UNLIMITED

from .evidence import PARENTS, Evidence
from .findings import name_list, size_text
from .verdicts import Fault, Verdict, count_faults, unjudged


def judge_nesting(evidence: Evidence, level: str) -> Verdict:
    """Judge whether each area lies in the area that it names as its parent; of beats, whether they cut a grid.

    Returns
    -------
    Verdict
        ``figure``: how many areas do not; of beats, how many grids are cut or lie in no beat.
    """
    outer = Level.GRID if level == Level.BEAT else PARENTS[Level(level)]
    lacking = [each for each in (level, outer) if not evidence.holds(each)]
    if lacking:
        return unjudged("nesting", "no_level", str(lacking[0]), level=level)
    if level == Level.BEAT:
        return _judge_beats(evidence)
    areas, parents = evidence.areas(level), evidence.areas(outer)
    faults = []
    shapes = areas.geometry.to_numpy()
    rests = shapely.difference(shapes, parents.geometry.reindex(areas["parent_id"]).to_numpy())
    for key, above, shape, rest in zip(areas.index, areas["parent_id"], shapes, rests, strict=True):
        if above not in parents.index:
            words = f"{key!r} names {above!r} as its parent, which is no {outer} of the plan"
            faults.append(Fault("no_parent", (str(key),), words, shape))
        elif rest.area > evidence.least_m2:
            words = f"{size_text(rest.area)} of {key!r} lie outside its parent {above!r}"
            faults.append(
                Fault("outside_parent", (str(key), str(above)), words, rest, rest.area, evidence.least_m2, "m2")
            )
    return count_faults("nesting", level, len(areas), faults)


def _judge_beats(evidence: Evidence) -> Verdict:
    """Judge whether each grid lies in one beat."""
    grids, beats = evidence.areas(Level.GRID), evidence.areas(Level.BEAT)
    parts = overlaps(grids, beats)
    beats_of = parts[parts["area_m2"] > evidence.least_m2].groupby("inner")["outer"].agg(sorted)
    faults = []
    for key, shape in grids.geometry.items():
        inside = beats_of.get(key, [])
        rest = shapely.difference(shape, shapely.union_all(beats.geometry.reindex(inside).to_numpy()))
        if len(inside) == 1 and rest.area <= evidence.least_m2:
            continue
        where = f"in beats {name_list(inside)}" if inside else "in no beat"
        where += f" and {size_text(rest.area)} of it in none" if inside and rest.area > evidence.least_m2 else ""
        faults.append(Fault("grid_cut", (str(key), *inside), f"grid {key!r} lies {where}", shape, len(inside), 1.0))
    return count_faults("nesting", Level.BEAT, len(grids), faults)


def overlaps(inner: gpd.GeoDataFrame, outer: gpd.GeoDataFrame) -> pd.DataFrame:
    """Measure what each inner shape shares with each outer one.

    Returns
    -------
    DataFrame
        ``inner, outer`` (keys) and ``area_m2``.
    """
    shapes, others = inner.geometry.to_numpy(), outer.geometry.to_numpy()
    first, second = shapely.STRtree(others).query(shapes, predicate="intersects").reshape(2, -1)
    shared = shapely.area(shapely.intersection(shapes[first], others[second]))
    return pd.DataFrame({"inner": inner.index[first], "outer": outer.index[second], "area_m2": shared})


def judge_one_piece(evidence: Evidence, level: str) -> Verdict:
    """Judge whether each area is in one piece; parts that touch in a point only are two.

    Returns
    -------
    Verdict
        ``figure``: how many areas are in several.
    """
    if not evidence.holds(level):
        return unjudged("one_piece", "no_level", str(level), level=level)
    areas = evidence.areas(level)
    faults = []
    for key, shape in areas.geometry.items():
        sizes = np.sort(shapely.area(shapely.get_parts(shape)))[::-1]
        sizes = sizes[sizes > evidence.least_m2]
        if len(sizes) > 1:
            words = f"{key!r} is in {len(sizes)} pieces: {', '.join(map(size_text, sizes[:4]))}"
            faults.append(Fault("several_parts", (str(key),), words, shape, float(len(sizes)), 1.0, "parts"))
    return count_faults("one_piece", level, len(areas), faults)


def judge_overlap(evidence: Evidence, level: str) -> Verdict:
    """Judge whether no two areas claim the same land.

    Returns
    -------
    Verdict
        ``figure``: square metres that lie in several areas.
    """
    if not evidence.holds(level):
        return unjudged("no_overlap", "no_level", str(level), level=level)
    areas = evidence.areas(level)
    parts = overlaps(areas, areas)
    parts = parts[(parts["inner"] < parts["outer"]) & (parts["area_m2"] > evidence.least_m2)]
    faults = []
    for one, other, size in parts.itertuples(index=False):
        place = shapely.intersection(areas.geometry[one], areas.geometry[other])
        words = f"{one!r} and {other!r} both claim {size_text(size)}"
        faults.append(Fault("overlap", (one, other), words, place, size, evidence.least_m2, "m2"))
    return count_faults("no_overlap", level, len(areas), faults, "pairs of areas")


def judge_units(evidence: Evidence, level: str) -> Verdict:
    """Judge whether no border of a level cuts an estate, a village or another unit."""
    return _judge_whole(evidence, level, "whole_units", "units", evidence.units)


def judge_buildings(evidence: Evidence, level: str) -> Verdict:
    """Judge whether no border cuts a building; where a clause permits it, one above the band may be cut."""
    buildings = evidence.buildings
    if buildings is not None and evidence.holds(level):
        split = _may_be_split(evidence, level, buildings)
        if len(split) and split.all():
            return unjudged("whole_buildings", "nothing", level=level)
        buildings = buildings[~split]
    return _judge_whole(evidence, level, "whole_buildings", "buildings", buildings)


def judge_institutions(evidence: Evidence, level: str) -> Verdict:
    """Judge whether no border cuts the ground of an institution; institutions given as points tell nothing."""
    places = evidence.places
    grounds = None if places is None else places[places.geom_type != "Point"] if len(places) else places
    return _judge_whole(evidence, level, "whole_institutions", "places", grounds)


def _may_be_split(evidence: Evidence, level: str, buildings: gpd.GeoDataFrame) -> np.ndarray:
    """Tell which buildings hold more households than an area of the level may, where the profile lets them be split."""
    limits = evidence.profile.limits.get(level)
    permits = any(each.subject == "splitting" and each.level in ("", level) for each in evidence.profile.clauses)
    if limits is None or limits.measure != "households" or limits.high >= UNLIMITED or not permits:
        return np.zeros(len(buildings), dtype=bool)
    if "households" in buildings:
        held = pd.to_numeric(buildings["households"]).fillna(0).to_numpy()
    elif evidence.households is not None and "building_id" in evidence.households:
        homes = evidence.households
        held = homes.groupby("building_id")["count"].sum().reindex(buildings.index).fillna(0).to_numpy()
    else:
        held = np.zeros(len(buildings))
    return np.asarray(held > limits.high)


def _judge_whole(evidence: Evidence, level: str, point: str, layer: str, wholes: gpd.GeoDataFrame | None) -> Verdict:
    """Judge whether each shape of a layer lies in one area; what lies in no area is not cut."""
    if not evidence.holds(level):
        return unjudged(point, "no_level", str(level), level=level)
    if wholes is None:
        return unjudged(point, "no_input", layer, level=level)
    if not len(wholes):
        return unjudged(point, "empty", layer, level=level)
    parts = overlaps(wholes, evidence.areas(level))
    parts = parts[parts["area_m2"] > evidence.least_m2]
    areas_of = parts.sort_values("outer").groupby("inner")["outer"].agg(list)
    names = wholes["name"].fillna("").astype(str) if "name" in wholes else pd.Series("", index=wholes.index)
    faults = []
    for key, inside in areas_of[areas_of.map(len) > 1].items():
        name = str(names.at[key])
        said = f"{name} ({key})" if name else repr(key)
        words = f"{said} is cut: it lies in {name_list(inside)}"
        faults.append(
            Fault(
                "unit_cut",
                tuple(inside),
                words,
                wholes.geometry[key],
                float(len(inside)),
                1.0,
                "areas",
                name or str(key),
            )
        )
    return count_faults(point, level, len(areas_of), faults, layer)


def judge_alone(evidence: Evidence, level: str) -> Verdict:
    """Judge whether each area that is an institution's own holds one whole institution and no other.

    Returns
    -------
    Verdict
        ``figure``: how many exclusive areas do not.
    """
    if not evidence.holds(level):
        return unjudged("alone", "no_level", str(level), level=level)
    own = evidence.areas(level)[~evidence.ordinary(level)]
    if not len(own):
        return unjudged("alone", "nothing", level=level)
    places = evidence.places
    if places is None:
        return unjudged("alone", "no_input", "places", level=level)
    grounds = places[places.geom_type != "Point"] if len(places) else places
    if not len(grounds):
        return unjudged("alone", "empty", "places", level=level)
    parts = overlaps(own, grounds)
    parts = parts[parts["area_m2"] > evidence.least_m2]
    size = grounds.geometry.area
    faults = []
    for key, shape in own.geometry.items():
        held = parts[parts["inner"] == key].sort_values("outer")
        torn = held[held["area_m2"] < size.reindex(held["outer"]).to_numpy() - evidence.least_m2]
        if len(held) == 1 and not len(torn):
            continue
        told = f"parts of {name_list(torn['outer'])}" if len(torn) else name_list(held["outer"]) or "no institution"
        words = f"exclusive area {key!r} holds {told}; it is for one whole institution"
        faults.append(Fault("not_alone", (str(key),), words, shape, float(len(held)), 1.0, "institutions"))
    return count_faults("alone", level, len(own), faults)


def judge_codes(evidence: Evidence, level: str) -> Verdict:
    """Judge whether codes are there, are not repeated, and begin with the code of the parent.

    Returns
    -------
    Verdict
        ``figure``: how many areas have another code.
    """
    if not evidence.holds(level):
        return unjudged("codes", "no_level", str(level), level=level)
    areas, register = evidence.areas(level), evidence.plan.register
    codes = areas["code"]
    above = register["code"].reindex(areas["parent_id"].to_numpy()).to_numpy(dtype=object)
    twice = codes.duplicated(keep=False)
    faults = []
    for key, code, parent in zip(areas.index, codes, above, strict=True):
        if pd.isna(code) or not str(code):
            words = f"{key!r} has no code"
        elif twice[key]:
            words = f"{key!r} has code {code!r}, which another area of the level has too"
        elif not pd.isna(parent) and not (str(code).startswith(str(parent)) and len(str(code)) > len(str(parent))):
            words = f"{key!r} has code {code!r}, which does not go on from {parent!r}, the code of its parent"
        else:
            continue
        faults.append(Fault("code", (str(key),), words, areas.geometry[key]))
    return count_faults("codes", level, len(areas), faults)
