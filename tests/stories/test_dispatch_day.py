"""A day of the demonstration town: every incident is sent or refused with a reason, and one whose pin moves goes on."""

import geopandas as gpd
import pandas as pd
import pytest

import gridgeo as gg


@pytest.fixture(scope="module")
def town():
    return gg.make_town(2_000)


@pytest.fixture(scope="module")
def ready(town):
    profile = gg.load_profile("guali-2024")
    atoms = gg.make_atoms(town.communities, town.streets, town.households, town.buildings, profile=profile)
    plan = gg.partition(atoms, profile, effort="fast", seed=0)
    levels = [plan.areas(level) for level in ("community", "grid", "micro")]
    officers, duties = gg.make_officers(pd.concat(levels[1:]))
    options = {"officers": officers, "areas": pd.concat(levels), "book": gg.AddressBook(town.households)}
    return gg.AreaIndex.from_areas(levels[2]), duties, gg.load_routes("demonstration-town"), options


def test_a_day_is_dispatched_and_a_moved_pin_is_dispatched_again(town, ready):
    index, duties, routes, options = ready
    day = town.incidents
    answer = gg.dispatch(day, index, duties, routes, **options)
    assert answer.index.equals(day.index)
    assert (answer["reason"].str.len() > 20).all()
    assert (answer["state"] == "auto").mean() > 0.9
    assert answer["unit"].notna().sum() == answer["area_id"].notna().sum()

    placed = day.geometry.notna()
    homes = town.households.set_index("address").geometry
    known = day.index[~placed & day["address"].isin(homes.index)]
    assert (answer.loc[known, "state"] == "auto").all()
    where = index.locate(gpd.GeoSeries(homes[day.loc[known, "address"]].to_numpy(), index=known, crs=day.crs))
    assert answer.loc[known, "area_id"].tolist() == where.tolist()

    first = answer.index[(answer["found_by"] == "point") & (answer["state"] == "auto")][0]
    other = next(area for area in index.area_ids if area[:-3] != answer.at[first, "area_id"][:-3])
    moved = day.loc[[first]].assign(address=None)
    middle = options["areas"].geometry[other].representative_point()
    moved = moved.set_geometry(gpd.GeoSeries([middle], index=moved.index, crs=day.crs)).assign(accuracy_m=1.0)
    log = gg.redispatch(answer, moved, index, duties, routes, **options)
    assert len(log) == len(answer) + 1
    last = log.iloc[-1]
    assert (last["area_id"], last["earlier_to"], last["turn"]) == (other, answer.at[first, "to"], 2)
    assert f"the area is {other} instead of {answer.at[first, 'area_id']}" in last["change"]
