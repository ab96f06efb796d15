"""Read real maps in metres, and the ground they lie on."""

from functools import cache

import geopandas as gpd
import numpy as np
import shapely
from shared_data import shared

import gridgeo as gg

MESSY = {
    "fairfield_oh": (122, 970.1, 1129.1, 0, 0, 24, 33),
    "lorain_oh": (188, 289_235.7, 289_193.4, 2, 0, 19, 63),
    "yellowstone_mt": (45, 244.4, 279.0, 0, 0, 17, 77),
    "putnam_fl": (35, 1938.0, 2030.5, 1, 0, 27, 45),
    "albany_ny": (322, 556.6, 0.0, 0, 0, 1, 0),
    "mahoning_oh": (278, 499_291.9, 0.0, 1, 2, 2, 0),
    "pasco_fl": (111, 3.3, 5.3, 5, 0, 1, 1),
    "seminole_fl_clean": (80, 0.0, 0.0, 0, 0, 0, 0),
}
"""Messy maps as their README measures them: rows, overlap in m2, enclosed gaps in m2, invalid rows, duplicates, and
how many pairs of parts overlap, and how many gaps are enclosed, by more than 1 m2."""


@cache
def layer(file, name, crs=None):
    """Read a layer in metres."""
    return gg.to_metric(gpd.read_file(shared(file), layer=name), crs)


@cache
def messy(name):
    """Read a messy map in its UTM zone, as its README does; gives its areas, its ground and its audit."""
    areas = gpd.read_file(shared(f"messy_precincts/{name}.gpkg"), layer="precincts")
    areas = areas.to_crs(areas.estimate_utm_crs())
    ground = filled(areas)
    return areas, ground, gg.audit(areas, ground)


def filled(areas):
    """Give the ground on which areas lie, without its holes."""
    union = shapely.union_all(shapely.make_valid(areas.geometry.to_numpy()))
    outer = np.array([shapely.Polygon(part.exterior) for part in shapely.get_parts(union)])
    # An area that stands inside a hole of the others is part of the ground that the hole lies in.
    within = shapely.STRtree(outer).query(outer, predicate="covered_by")
    inner = np.unique(within[0][within[0] != within[1]])
    return shapely.MultiPolygon(np.delete(outer, inner).tolist())
