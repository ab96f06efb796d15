import dataclasses
import subprocess
import sys

import geopandas as gpd
import numpy as np
import pytest

from gridgeo.model.errors import GridgeoError, TableError
from gridgeo.model.tables import BUILDINGS, COMMUNITIES, HOUSEHOLDS, INCIDENTS, STREETS, check
from gridgeo.town.town import make_town

TABLES = {
    "boundary": COMMUNITIES,
    "communities": COMMUNITIES,
    "streets": STREETS,
    "buildings": BUILDINGS,
    "households": HOUSEHOLDS,
    "incidents": INCIDENTS,
}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_keeps_its_contract(demo_town, name):
    check(getattr(demo_town, name), TABLES[name])


def test_every_table_is_in_metres_of_the_same_zone(demo_town):
    frames = [getattr(demo_town, field.name) for field in dataclasses.fields(demo_town)]
    assert {str(frame.crs) for frame in frames if isinstance(frame, gpd.GeoDataFrame)} == {"EPSG:4549"}


def test_a_town_cannot_be_changed_by_assignment(small_town):
    with pytest.raises(dataclasses.FrozenInstanceError):
        small_town.name = "another"


def test_it_holds_exactly_the_households_asked_for(demo_town):
    assert len(demo_town.households) == 20_000
    assert demo_town.households["count"].eq(1).all()


@pytest.mark.parametrize("households", [2_000, 2_001, 4_999])
def test_odd_sizes_are_kept_to_the_household(households):
    assert len(make_town(households=households, seed=5).households) == households


def test_it_has_about_twelve_communities_most_of_them_divisible(demo_town):
    totals = demo_town.buildings.groupby("community_id")["households"].sum()
    assert 10 <= len(totals) <= 14
    divisible = [any(300 * k <= total <= 500 * k for k in range(1, 20)) for total in totals]
    assert totals[~np.array(divisible)].tolist() == [560]
    assert totals.min() >= 300


def test_community_codes_are_well_formed_and_belong_to_no_county(demo_town):
    ids = demo_town.communities.index
    assert ids.str.fullmatch(r"3399\d{8}").all()
    assert (ids.str[:9] == demo_town.communities["parent_id"]).all()
    assert ids.is_monotonic_increasing


def test_community_names_are_different_and_say_what_they_are(demo_town):
    communities = demo_town.communities
    assert communities["name"].is_unique
    is_village = communities["character"] == "rural"
    assert communities.loc[is_village, "name"].str.endswith("村").all()
    assert communities.loc[~is_village, "name"].str.endswith("社区").all()
    assert set(communities["character"]) == {"old", "town", "works", "rural"}


def test_buildings_add_up_to_their_households_and_persons(demo_town):
    rows = demo_town.households.groupby("building_id")
    assert demo_town.buildings["households"].sum() == 20_000
    counted = rows.size().reindex(demo_town.buildings.index, fill_value=0)
    assert (counted == demo_town.buildings["households"]).all()
    assert demo_town.buildings["persons"].sum() == demo_town.households["persons"].sum()


def test_a_household_has_between_one_and_six_persons(demo_town):
    persons = demo_town.households["persons"]
    assert set(persons) == {1, 2, 3, 4, 5, 6}
    assert 2.3 < persons.mean() < 3.2


def test_stairwells_are_small_enough_for_micro_grids(demo_town):
    stairwells = demo_town.households.groupby(["building_id", "stairwell"]).size()
    assert stairwells.max() <= 66
    assert (stairwells <= 40).mean() > 0.9


def test_floors_and_stairwells_lie_within_their_building(demo_town):
    homes = demo_town.buildings.loc[demo_town.households["building_id"]]
    assert demo_town.households["floor"].between(1, homes["floors"].to_numpy()).all()
    assert demo_town.households["stairwell"].between(1, homes["stairwells"].to_numpy()).all()


def test_there_are_houses_slabs_and_towers(demo_town):
    floors = demo_town.buildings.loc[demo_town.buildings["households"] > 0, "floors"]
    assert (floors <= 3).sum() > 500
    assert floors.between(4, 14).sum() > 150
    assert (floors >= 20).sum() > 10


def test_streets_have_six_ranks_a_river_a_railway_and_bridges(demo_town):
    streets = demo_town.streets
    assert set(streets["rank"]) == {1, 2, 3, 4, 5, 6}
    assert {"river", "rail", "street"} == set(streets["kind"])
    assert streets.loc[streets["rank"] <= 4, "name"].notna().all()
    assert streets["bridge"].sum() >= 4


@pytest.mark.parametrize("kind", ["estate", "village", "school", "hospital", "factory", "park", "market", "station"])
def test_there_is_a_site_of_every_kind(demo_town, kind):
    assert (demo_town.sites["kind"] == kind).any()


def test_site_names_are_different(demo_town):
    assert demo_town.sites["name"].is_unique
    assert demo_town.sites["name"].notna().all()


@pytest.mark.parametrize("households", [1_999, 0, -5, 2_500.5, "3000", True, None, 10**9])
def test_a_size_that_is_no_town_is_refused(households):
    with pytest.raises(TableError, match=r"town: households is .*whole number from 2000 to"):
        make_town(households=households)


@pytest.mark.parametrize("seed", [-1, 0.5, "x", None])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(TableError, match="town: seed is"):
        make_town(households=2_000, seed=seed)


def test_refusals_are_gridgeo_errors_and_value_errors():
    with pytest.raises(GridgeoError):
        make_town(households=1)
    with pytest.raises(ValueError, match="households"):
        make_town(households=1)


def test_numpy_numbers_are_whole_numbers_too():
    assert len(make_town(households=np.int64(2_000), seed=np.int32(2)).households) == 2_000


def test_importing_the_town_loads_no_map_or_service_library():
    code = "import sys, gridgeo.town.town, gridgeo.town.officers; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"folium", "fastapi", "sqlalchemy", "matplotlib", "typer"} & set(loaded)
