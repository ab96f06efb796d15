"""Real files of towns are read without a word from the caller beyond the layer and the table."""

import pytest
from shared_data import shared

from gridgeo.model.tables import BUILDINGS, COMMUNITIES, HOUSEHOLDS, INCIDENTS, STREETS, check
from gridgeo.storage.files import list_layers, read_layer


@pytest.mark.parametrize(
    "name",
    [
        "cambridge_ma/cambridge.gpkg",
        "nanjing_xinjiekou/nanjing.gpkg",
        "messy_precincts/putnam_fl.gpkg",
        "denver_precincts/denver.gpkg",
    ],
)
def test_every_layer_of_a_town_comes_in_metres(name):
    path = shared(name)
    for layer in list_layers(path):
        frame = read_layer(path, layer)
        assert frame.crs.axis_info[0].unit_name == "metre"
        assert len(frame) > 0


def test_nanjing_is_ready_to_be_divided():
    path = shared("nanjing_xinjiekou/nanjing.gpkg")
    communities = read_layer(path, "district_parts", table="communities")
    check(communities, COMMUNITIES)
    assert sorted(communities.index) == ["玄武区", "秦淮区", "鼓楼区"]
    streets = read_layer(path, "streets", to=communities.crs)
    check(streets, STREETS)
    assert streets.attrs["source"]["dropped"] == {"footways, tunnels and other lines that limit nothing": 121}
    assert streets["rank"].value_counts().to_dict() == {5: 90, 6: 90, 3: 28, 2: 23, 4: 19}
    homes = read_layer(path, "household_points", table="households", to=communities.crs)
    check(homes, HOUSEHOLDS)
    assert homes["count"].sum() == 36_744
    check(read_layer(path, "buildings"), BUILDINGS)
    barriers = read_layer(path, "water_rail_lines", table="streets")
    assert barriers["kind"].tolist() == ["river"] * 4


def test_cambridge_is_ready_to_be_divided():
    path = shared("cambridge_ma/cambridge.gpkg")
    communities = read_layer(path, "neighborhoods", columns={"nhood_id": "area_id"})
    check(communities, COMMUNITIES)
    assert communities.loc["4", "name"] == "The Port"
    homes = read_layer(path, "household_points")
    check(homes, HOUSEHOLDS)
    assert homes["count"].sum() == 41_864
    assert homes.index.name == "household_id"
    streets = read_layer(path, "streets")
    check(streets, STREETS)
    assert streets.loc[streets["name"] == "Massachusetts Ave", "rank"].mode().tolist() == [2]
    rail, water = (read_layer(path, layer, table="streets") for layer in ("rail", "water"))
    assert set(rail["kind"]) == {"rail"}
    assert set(water["kind"]) == {"river"}


def test_a_table_of_public_housing_blocks_is_read_though_a_geocoder_put_some_abroad():
    homes = read_layer(shared("singapore_hdb/blocks.csv.gz"), table="households")
    assert homes["count"].sum() == 133_823
    assert homes.crs == "EPSG:32648"
    assert "29 rows lie far from the others" in homes.attrs["source"]["notes"][1]


def test_a_year_of_incidents_is_read():
    incidents = read_layer(shared("chicago_incidents/incidents_with_beat.csv.gz"), table="incidents")
    check(incidents, INCIDENTS)
    assert incidents["reported_at"].notna().all()
