import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from towns import communities, households_at, street_lines, town

from gridgeo.model.errors import CrsError, TableError
from gridgeo.model.tables import AREAS, COMMUNITIES, HOUSEHOLDS, INCIDENTS, STREETS, TABLES, check, conform, empty

HOMES = households_at([(0, 0), (1, 1)], count=3)


def test_drawn_towns_keep_their_contracts():
    check(town("AAB\nA.B"), AREAS)
    check(communities("CC"), COMMUNITIES)
    check(HOMES, HOUSEHOLDS)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_an_empty_table_keeps_its_contract(table):
    check(empty(table, "EPSG:4547"), table)


def test_a_missing_column_is_named_with_the_way_out():
    with pytest.raises(TableError, match=r"households: column 'count' is missing; map it with columns="):
        check(HOMES.drop(columns="count"), HOUSEHOLDS)


def test_text_where_numbers_belong_is_named():
    with pytest.raises(TableError, match="households: count of 'H0000' is '3', not a whole number"):
        check(HOMES.assign(count=["3", "4"]), HOUSEHOLDS)


def test_a_rank_beyond_six_is_named_with_its_limit():
    with pytest.raises(TableError, match="streets: rank of 'S000' is 7, above 6"):
        check(street_lines([[(0, 0), (1, 1)]], rank=7), STREETS)


def test_an_unknown_kind_of_street_is_named():
    with pytest.raises(TableError, match="streets: kind of 'S000' is 'canal', not one of"):
        check(street_lines([[(0, 0), (1, 1)]]).assign(kind="canal"), STREETS)


def test_a_key_that_is_not_text_is_named():
    with pytest.raises(TableError, match="household_id 0 is not text"):
        check(HOMES.reset_index(drop=True).rename_axis("household_id"), HOUSEHOLDS)


def test_an_index_of_another_name_is_named():
    with pytest.raises(TableError, match=r"the index is named 'x', not 'household_id'; use set_index"):
        check(HOMES.rename_axis("x"), HOUSEHOLDS)


def test_a_table_without_geometry_is_refused():
    with pytest.raises(TableError, match="households: has no geometry"):
        check(pd.DataFrame(HOMES.drop(columns="geometry")), HOUSEHOLDS)


def test_points_where_areas_belong_are_refused():
    points = HOMES.rename_axis("area_id")
    with pytest.raises(TableError, match="geometry of 'H0000' is a Point, not a Polygon or MultiPolygon"):
        check(points, COMMUNITIES)


def test_a_missing_geometry_is_refused_but_for_incidents():
    homes = HOMES.copy()
    homes.geometry = [None, homes.geometry.iloc[1]]
    with pytest.raises(TableError, match="geometry of 'H0000' is missing or empty"):
        check(homes, HOUSEHOLDS)
    check(
        homes.rename_axis("incident_id").assign(reported_at=pd.Timestamp("2026-01-01", tz="UTC"), category="noise"),
        INCIDENTS,
    )


def test_coordinates_that_are_not_finite_are_refused():
    homes = HOMES.set_geometry(
        gpd.GeoSeries([shapely.Point(np.inf, 0), shapely.Point(0, 0)], index=HOMES.index, crs=HOMES.crs)
    )
    with pytest.raises(TableError, match="geometry of 'H0000' has coordinates that are not finite"):
        check(homes, HOUSEHOLDS)


@pytest.mark.parametrize(
    ("crs", "words"), [("EPSG:4326", "in degrees"), ("EPSG:2232", "in US survey foot"), (None, "has no CRS")]
)
def test_coordinates_that_are_not_metric_are_refused_with_the_way_out(crs, words):
    with pytest.raises(CrsError, match=f"households: .*{words}"):
        check(HOMES.set_crs(crs, allow_override=True), HOUSEHOLDS)


def test_conform_takes_the_key_from_its_column():
    made = conform(HOMES.reset_index(), HOUSEHOLDS)
    pd.testing.assert_frame_equal(made, HOMES)


def test_conform_fills_in_what_needs_no_guess():
    made = conform(HOMES.drop(columns="count").reset_index(drop=True), HOUSEHOLDS)
    assert made["count"].tolist() == [1, 1]
    assert made.index.tolist() == ["0", "1"]
    lines = conform(street_lines([[(0, 0), (1, 1)]]).drop(columns=["rank", "kind"]), STREETS)
    assert (lines["rank"].iloc[0], lines["kind"].iloc[0]) == (4, "street")


def test_conform_refuses_the_rows_of_another_table():
    with pytest.raises(TableError, match="these look like the rows of another table"):
        conform(HOMES, STREETS)
