"""Two real plans of one city: what became of each area adds up to the city, from either side."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shared_data import shared

import gridgeo as gg


def chicago(year):
    """Read the precincts of a year in metres; the pieces of a key that stands twice are one area."""
    path = shared("chicago_precinct_plans/precinct_plans.gpkg")
    rows = gpd.read_file(path, layer=f"precincts_{year}").to_crs(26971)
    number = rows["ward"].astype(int).map("{:02d}".format) + "-" + rows["precinct"].astype(int).map("{:03d}".format)
    return rows.assign(area_id=number).dissolve("area_id")[["geometry"]]


def denver(version):
    path = shared("denver_precincts/denver.gpkg")
    rows = gpd.read_file(path, layer=f"precincts_2016_{version}").to_crs(26954)
    return rows.assign(area_id=rows["name"].astype(str)).set_index("area_id")[["geometry"]]


@pytest.fixture(scope="module")
def city():
    before, after = chicago(2010), chicago(2012)
    return before, after, gg.lineage(before, after)


def test_both_directions_add_up_to_the_city(city):
    before, after, rows = city
    for side, areas in (("before", before), ("after", after)):
        found = rows.groupby(f"{side}_id")["area_m2"].sum().reindex(areas.index)
        np.testing.assert_allclose(found, areas.area, rtol=1e-6)
        assert found.sum() == pytest.approx(areas.area.sum(), rel=1e-9)


def test_the_land_in_common_is_what_geos_finds_between_the_two_cities(city):
    before, after, rows = city
    whole = [shapely.union_all(areas.geometry.to_numpy()) for areas in (before, after)]
    both = rows.dropna(subset=["before_id", "after_id"])["area_m2"].sum()
    assert both == pytest.approx(shapely.intersection(*whole).area, rel=1e-7)
    assert rows.loc[rows["after_id"].isna(), "area_m2"].sum() == pytest.approx(shapely.difference(*whole).area, abs=1.0)


def test_a_fifth_of_the_precincts_went_by_merging(city):
    before, after, rows = city
    assert (len(before), len(after)) == (2574, 2069)
    counts = rows["change"].value_counts()
    assert counts["merged"] > 2 * counts["split"]
    merged = rows[rows["change"] == "merged"]
    assert merged["after_id"].nunique() < merged["before_id"].nunique()
    slivers = rows[rows["change"] == "sliver"]
    assert slivers["area_m2"].max() <= 100.0
    assert slivers["area_m2"].sum() < 2e-4 * rows["area_m2"].sum()


def test_a_sample_of_rows_is_what_two_shapes_have_in_common(city):
    before, after, rows = city
    both = rows.dropna(subset=["before_id", "after_id"]).sample(300, random_state=0)
    shapes = [
        areas.geometry.loc[both[f"{side}_id"]].to_numpy() for side, areas in (("before", before), ("after", after))
    ]
    found = [one.difference(one.difference(two)).area for one, two in zip(*shapes, strict=True)]
    np.testing.assert_allclose(found, both["area_m2"], rtol=1e-6, atol=1e-3)


def test_the_concordance_of_the_city_carries_every_count(city):
    _, _, rows = city
    table = gg.concordance(rows)
    np.testing.assert_allclose(table.groupby("before_id")["weight"].sum(), 1.0)


def test_denver_repaired_is_denver_but_for_its_edge():
    before, after = denver("original"), denver("repaired")
    rows = gg.lineage(before, after)
    kept = rows[rows["change"] == "kept"]
    assert len(kept) == len(before) == 346
    assert (kept["before_id"] == kept["after_id"]).all()
    assert set(rows["change"]) == {"kept", "added", "gone", "sliver"}
    for side, areas in (("before", before), ("after", after)):
        found = rows.groupby(f"{side}_id")["area_m2"].sum().reindex(areas.index)
        np.testing.assert_allclose(found, areas.area, rtol=1e-6)
    # What the territory lacked and had too much is known from its own documentation, in square metres.
    small = {side: rows.loc[rows[f"{side}_id"].isna(), "area_m2"].sum() for side in ("before", "after")}
    assert small["before"] == pytest.approx(1_744_726, abs=5)
    assert small["after"] == pytest.approx(2_275_959, abs=5)
