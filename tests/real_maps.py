"""Read real maps in metres, and the ground they lie on."""

from functools import cache

import geopandas as gpd
import shapely
from shared_data import shared

import gridgeo as gg

MESSY = {
    "fairfield_oh": (122, 970.1, 1129.1, 0, 0),
    "lorain_oh": (188, 289_235.7, 289_193.4, 2, 0),
    "yellowstone_mt": (45, 244.4, 279.0, 0, 0),
    "putnam_fl": (35, 1938.0, 2030.5, 1, 0),
    "albany_ny": (322, 556.6, 0.0, 0, 0),
    "mahoning_oh": (278, 499_291.9, 0.0, 1, 2),
    "pasco_fl": (111, 3.3, 5.3, 5, 0),
    "seminole_fl_clean": (80, 0.0, 0.0, 0, 0),
}
"""Messy maps as their README measures them: rows, overlap in m2, enclosed gaps in m2, invalid rows, duplicates."""


@cache
def layer(file, name, crs=None):
    """Read a layer in metres."""
    return gg.to_metric(gpd.read_file(shared(file), layer=name), crs)


@cache
def messy(name):
    """Read a messy map; gives its areas, its ground and its audit."""
    areas = layer(f"messy_precincts/{name}.gpkg", "precincts")
    ground = filled(areas)
    return areas, ground, gg.audit(areas, ground)


def filled(areas):
    """Give the ground on which areas lie, without its holes."""
    union = shapely.union_all(shapely.make_valid(areas.geometry.to_numpy()))
    return shapely.MultiPolygon([shapely.Polygon(part.exterior) for part in shapely.get_parts(union)])
