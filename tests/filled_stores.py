"""Fill a store with something of everything, and ask two stores the same questions."""

from datetime import UTC, date, datetime

import geopandas as gpd
import numpy as np
import pandas as pd
from drawn_plans import drawn_plan
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from towns import CRS, EAST_M, NORTH_M, households_at, street_lines, town

DAYS = [date(2026, 1, 1), date(2026, 6, 1), date(2026, 10, 1)]
_ATOMS = "ABC\nDEF"
PLANS = [
    drawn_plan(_ATOMS, grid="112112", micro="123123"),
    drawn_plan(_ATOMS, grid="133133", micro="123123"),
    drawn_plan(_ATOMS, grid="112112"),
]


def officers(phone="13800138000"):
    made = {"name": ["王一", "李二"], "role": ["grid officer", "police"], "phone": [phone, None]}
    return pd.DataFrame(made, index=pd.Index(["O1", "O2"], name="officer_id"))


def _duties():
    made = {"officer_id": ["O1", "O2"], "area_id": ["G1", "C1"], "role": "in charge"}
    made |= {"valid_from": [DAYS[0], None], "valid_to": [None, DAYS[2]]}
    return pd.DataFrame(made, index=pd.Index(["D1", "D2"], name="duty_id"))


def _addresses():
    made = households_at([(0.5, 0.5), (1.5, 0.25), (2.125, 1.75)])
    words = {"address": ["溪桥路1号", "溪桥路2号", None], "floor": [1, -1, 7], "odd": [[1, 2], None, {"a": np.inf}]}
    return made.assign(**words, share=[np.inf, np.nan, -0.0], kind=pd.Categorical(["b", "a", "b"]))


def incidents(*names, status="open"):
    index = pd.Index(names, name="incident_id")
    points = gpd.points_from_xy(EAST_M + np.arange(len(names)) / 3, [NORTH_M] * len(names))
    made = {
        "reported_at": [datetime(2026, 8, 1, 8, 30, 0, 123456, tzinfo=UTC)] * len(names),
        "status": status,
        "category": "noise",
    }
    return gpd.GeoDataFrame(made | {"note": "x\0y"}, geometry=gpd.GeoSeries(points, crs=CRS, index=index), index=index)


def fill(store):
    """Publish three plans, the last in the middle, and two lots of incidents."""
    sites = town("S..").rename_axis("site_id")[["name", "geometry"]].assign(kind="school", households=[None])
    sites.geometry = [sites.geometry.iloc[0].union(sites.geometry.iloc[0].centroid.buffer(500, 3))]
    more = {"streets": street_lines([[(0, 0), (3, 0)], [(0, 1), (1, 1), (3, 1)]]), "sites": sites}
    store.publish(PLANS[0], valid_from=DAYS[0], officers=officers(), duties=_duties(), addresses=_addresses(), **more)
    store.publish(PLANS[2], valid_from=DAYS[2], officers=officers("13900139000"))
    store.publish(PLANS[1], valid_from=DAYS[1], incidents=incidents("I3", "I1"))
    store.save_incidents(incidents("I2", "I1", status="closed").assign(weight=[0.1, np.nan]))


def same_answers(one, other):
    """Hold two stores to the same answers: types, order, every coordinate."""
    assert_frame_equal(one.plans(), other.plans())
    for day in DAYS:
        assert one.version_key(day) == other.version_key(day)
        mine, its = one.plan(day), other.plan(day)
        assert (mine.revision, mine.manifest, mine.profile) == (its.revision, its.manifest, its.profile)
        assert_frame_equal(mine.register, its.register)
        assert_frame_equal(mine.borders, its.borders)
        same_table(mine.atoms, its.atoms)
        for level in mine.levels:
            same_table(one.areas(level, day), other.areas(level, day))
            assert_series_equal(one.owner(level, day), other.owner(level, day))
        for name in ("officers", "duties"):
            assert_frame_equal(getattr(one, name)(day), getattr(other, name)(day))
        for name in ("addresses", "streets", "buildings", "sites", "findings"):
            same_table(getattr(one, name)(day), getattr(other, name)(day))
        for x, y in ((EAST_M + 50, NORTH_M + 50), (EAST_M + 150, NORTH_M + 50), (EAST_M - 1, NORTH_M)):
            assert one.area_ids_at(x, y, day) == other.area_ids_at(x, y, day)
    same_table(one.incidents(), other.incidents())


def same_table(mine, its):
    assert_geodataframe_equal(mine, its)
    assert [shape and shape.wkb for shape in mine.geometry] == [shape and shape.wkb for shape in its.geometry]
