"""Publish a small drawn town: two communities, four grids, eight micro grids, officers, addresses and incidents."""

from datetime import date

import geopandas as gpd
import pandas as pd
import shapely
from drawn_plans import drawn_plan
from gridgeo_api.settings import Settings
from towns import CRS, EAST_M, NORTH_M, SIDE_M, street_lines

from gridgeo.storage.store import open_store

ATOMS = """
    abcdefgh
    ijklmnop
"""
COMMUNITIES = """
    11112222
    11112222
"""
GRIDS = """
    11223344
    11223344
"""
GRIDS_LATER = """
    11122344
    11122344
"""
MICROS = """
    12345678
    12345678
"""
FIRST_DAY, SECOND_DAY = date(2026, 1, 1), date(2026, 9, 1)


def place(x, y):
    """Give the point at x, y squares from the south-west corner of the town."""
    return shapely.Point(EAST_M + x * SIDE_M, NORTH_M + y * SIDE_M)


def lonlat(x, y):
    """Give the longitude and latitude of that point."""
    point = gpd.GeoSeries([place(x, y)], crs=CRS).to_crs("OGC:CRS84").iloc[0]
    return round(point.x, 7), round(point.y, 7)


def _points(places, index):
    return gpd.GeoSeries([place(*one) for one in places], crs=CRS, index=index)


def officers():
    rows = [
        ("O1", "李敏", "grid_chief", "13812345678"),
        ("O2", "王强", "officer", "0571-8512"),
        ("O3", "赵丽", "cadre", None),
    ]
    return pd.DataFrame(rows, columns=["officer_id", "name", "role", "phone"]).set_index("officer_id")


def duties():
    rows = [
        ("D1", "O1", "G1", "grid_chief", None, None),
        ("D2", "O2", "G1", "officer", date(2026, 9, 1), None),
        ("D3", "O2", "G2", "officer", None, date(2026, 9, 1)),
        ("D4", "O3", "C2", "cadre", None, None),
    ]
    columns = ["duty_id", "officer_id", "area_id", "role", "valid_from", "valid_to"]
    return pd.DataFrame(rows, columns=columns).set_index("duty_id")


def addresses():
    texts = [
        f"溪桥路{number}号{building}栋{unit}单元{floor}01室"
        for number, building in ((12, 1), (12, 2), (34, 1))
        for unit in (1, 2)
        for floor in (1, 2)
    ]
    spots = [(0.4 + 0.3 * number, 0.5) for number in range(len(texts))]
    index = pd.Index([f"H{number:03d}" for number in range(len(texts))], name="household_id")
    columns = {"address": texts, "building_id": [f"B{number // 4}" for number in range(len(texts))], "count": 1}
    return gpd.GeoDataFrame(columns, geometry=_points(spots, index), index=index)


def incidents():
    index = pd.Index([f"I{number:03d}" for number in range(24)], name="incident_id")
    when = pd.date_range("2026-09-01T08:00", periods=24, freq="12h", tz="Asia/Shanghai")
    columns = {"reported_at": when, "category": ["噪音", "占道", "噪音", "漏水"] * 6, "status": "closed"}
    shapes = _points([(0.5 + (number % 8), 1.2) for number in range(24)], index)
    shapes.iloc[23] = None
    return gpd.GeoDataFrame(columns, geometry=shapes, index=index)


def buildings():
    index = pd.Index(["B0", "B1"], name="building_id")
    shapes = [place(1.3, 0.5).buffer(20, cap_style="square"), place(3.6, 0.5).buffer(20, cap_style="square")]
    return gpd.GeoDataFrame({"floors": [6, 11]}, geometry=gpd.GeoSeries(shapes, crs=CRS, index=index), index=index)


def plan(grids=GRIDS, **fields):
    return drawn_plan(ATOMS, community=COMMUNITIES, grid=grids, micro=MICROS, **fields)


def streets():
    lines = street_lines([[(0, 1), (8, 1)], [(2, 0), (2, 2)], [(4, 0), (4, 2)]])
    return lines.assign(name=["溪桥路", "北苑街", "和平路"], rank=[2, 4, 5])


def publish_town(path):
    """Write the town's store: one plan from New Year, another from September."""
    with open_store(path) as store:
        layers = {
            "officers": officers(),
            "duties": duties(),
            "addresses": addresses(),
            "streets": streets(),
            "buildings": buildings(),
        }
        store.publish(plan(), valid_from=FIRST_DAY, **layers)
        store.publish(plan(GRIDS_LATER), valid_from=SECOND_DAY, incidents=incidents())
    return path


def settings_for(path, **changes):
    """Set the service up for the store of the town."""
    return Settings(**{"store": str(path), "timezone": "Asia/Shanghai", "title": "溪桥镇", **changes})
