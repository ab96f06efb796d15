"""Points that fall into their communities clearly better under another datum are told, others are left in peace."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shared_data import shared
from towns import communities, households_at

import gridgeo as gg
from gridgeo.model.datum_check import compare_datums

SQUARES = communities("\n".join(["AAAAABBBBB"] * 10))
HOMES = households_at([(x + 0.5, y + 0.5) for x in range(10) for y in range(10)])


def moved(frame, convert):
    lonlat = frame.to_crs("OGC:CRS84")
    shapes = shapely.transform(
        lonlat.geometry.to_numpy(), lambda xy: np.column_stack(convert(*xy.T)) if len(xy) else xy
    )
    return lonlat.set_geometry(gpd.GeoSeries(shapes, lonlat.index, crs=lonlat.crs))


def inside(areas, each, seed=0):
    """Put points inside areas, each with the id of its own."""
    random = np.random.default_rng(seed)
    points, own = [], []
    for area_id, shape in areas.geometry.items():
        west, south, east, north = shape.bounds
        xy = np.column_stack([random.uniform(west, east, each * 8), random.uniform(south, north, each * 8)])
        xy = xy[shapely.contains_xy(shape, *xy.T)][:each]
        points += shapely.points(xy).tolist()
        own += [area_id] * len(xy)
    return gpd.GeoDataFrame({"community_id": own}, geometry=points, crs=areas.crs)


@pytest.fixture(scope="module")
def nanjing():
    """Give the three real districts of Nanjing, which are in WGS 84."""
    districts = gpd.read_file(shared("china_divisions/districts_selected.gpkg"))
    return districts.set_index("code").rename_axis("area_id").loc[["320102", "320104", "320106"]]


@pytest.mark.parametrize(("datum", "shift"), [("gcj02", gg.to_gcj02), ("bd09", gg.to_bd09)])
def test_shifted_points_of_nanjing_are_told_by_their_labels_with_the_shares(nanjing, datum, shift):
    points = moved(inside(nanjing, 400), shift)
    hint = gg.datum_hint(points, nanjing)
    assert f"0 if the points are in {datum}" in hint
    assert "outside their own community" in hint
    assert "100.0% then" in hint
    assert hint.endswith(f"read the points with datum='{datum}'")


def test_shifted_points_of_nanjing_are_told_without_labels_too(nanjing):
    points = moved(inside(nanjing, 400), gg.to_gcj02)
    hint = gg.datum_hint(points.geometry, nanjing)
    assert "points lie outside the communities, 0 if the points are in gcj02" in hint


def test_shifted_districts_of_nanjing_are_told_apart_from_shifted_points(nanjing):
    assert "0 if the communities are in gcj02" in gg.datum_hint(inside(nanjing, 400), moved(nanjing, gg.to_gcj02))


def test_true_points_of_nanjing_give_no_hint(nanjing):
    points = inside(nanjing, 400)
    assert gg.datum_hint(points, nanjing) is None
    assert gg.datum_hint(points.geometry, nanjing) is None


def test_a_shift_of_nanjing_is_that_of_the_published_comparison(nanjing):
    points = inside(nanjing, 200).to_crs(4549)
    web = moved(points, gg.to_gcj02).to_crs(4549)
    east = web.geometry.x.mean() - points.geometry.x.mean()
    south = points.geometry.y.mean() - web.geometry.y.mean()
    assert east == pytest.approx(491, abs=20)
    assert south == pytest.approx(227, abs=20)


def test_the_towns_incidents_give_no_hint_and_its_shifted_ones_do():
    town = gg.make_town(households=6_000, seed=1)
    true = gpd.sjoin(town.incidents, town.communities[["geometry"]], predicate="within")[town.incidents.columns]
    assert gg.datum_hint(town.incidents, town.communities) is None
    assert "are in gcj02" in gg.datum_hint(moved(true, gg.to_gcj02), town.communities)
    strays = town.incidents[~town.incidents.index.isin(true.index) & town.incidents.geometry.notna()]
    back = moved(strays, gg.from_gcj02).to_crs(town.communities.crs)
    web = strays[back.within(town.communities.union_all()).to_numpy()]
    assert len(web) >= 5  # those the town shifted by itself, as web maps do
    assert "0 if the points are in gcj02" in gg.datum_hint(web, town.communities)


def test_labels_tell_a_shift_that_stays_inside_the_territory():
    labelled = inside(SQUARES, 300)
    middle = labelled[labelled.within(SQUARES.union_all().buffer(-1))]
    other = labelled.assign(community_id=labelled["community_id"].map({"A": "B", "B": "A"}))
    now = compare_datums(middle, SQUARES).iloc[0]
    assert (now["labelled"], now["share"]) == (True, 1.0)
    wrong = compare_datums(other, SQUARES).iloc[0]
    assert (wrong["labelled"], wrong["inside"]) == (True, 0)
    assert compare_datums(other.geometry, SQUARES).iloc[0][["labelled", "share"]].tolist() == [False, 1.0]


def test_labels_that_name_other_areas_are_not_used_unless_asked_for():
    homes = HOMES.assign(area_id="G1", beat="A")
    assert not compare_datums(homes, SQUARES)["labelled"].any()
    assert compare_datums(homes, SQUARES, label="beat").iloc[0]["inside"] == 50
    with pytest.raises(gg.TableError, match="no value of 'area_id' is the id of a community"):
        compare_datums(homes, SQUARES, label="area_id")
    with pytest.raises(gg.TableError, match="no column 'ward'"):
        gg.datum_hint(homes, SQUARES, label="ward")


def test_every_trial_is_counted():
    trials = compare_datums(HOMES, SQUARES)
    assert trials[["layer", "datum"]].apply(tuple, axis=1).tolist() == [
        ("", "wgs84"), ("points", "gcj02"), ("points", "bd09"), ("communities", "gcj02"), ("communities", "bd09"),
    ]  # fmt: skip
    assert (trials["inside"] + trials["outside"] == 100).all()
    assert trials.iloc[0]["share"] == 1.0


def test_the_hint_does_not_depend_on_the_order_of_many_rows():
    random = np.random.default_rng(3)
    xy = random.uniform(0, 1, (30_000, 2)) * 1200 + [500_000, 3_400_000]
    points = gpd.GeoSeries.from_xy(*xy.T, crs=SQUARES.crs)
    shuffled = points.iloc[random.permutation(len(points))]
    pd.testing.assert_frame_equal(compare_datums(points, SQUARES), compare_datums(shuffled, SQUARES))
    assert compare_datums(points, SQUARES).iloc[0]["points"] <= 20_000


def test_missing_points_and_points_at_the_pole_do_no_harm():
    odd = gpd.GeoSeries([None, shapely.Point(), shapely.Point(0, 90), shapely.Point(0, 0)], crs="OGC:CRS84")
    assert compare_datums(odd, SQUARES).iloc[0]["points"] == 1
    assert gg.datum_hint(odd, SQUARES) is None
    assert gg.datum_hint(odd, SQUARES.iloc[:0]) is None


def test_points_without_crs_are_refused():
    with pytest.raises(gg.CrsError, match="points: has no CRS"):
        gg.datum_hint(gpd.GeoSeries([shapely.Point(118, 32)]), SQUARES)


def test_ordinary_data_of_chicago_give_no_hint():
    reports = pd.read_csv(shared("chicago_incidents/incidents_2018.csv.gz"), dtype={"community_area": str})
    areas = gpd.read_file(shared("chicago_incidents/chicago_areas.gpkg"), layer="community_areas")
    areas = areas.assign(community_area=areas["community_area"].astype(str)).set_index("community_area")
    shapes = gpd.points_from_xy(reports["lon"], reports["lat"])
    points = gpd.GeoDataFrame({"community_id": reports["community_area"]}, geometry=shapes, crs=4326)
    assert compare_datums(points, areas).iloc[0]["labelled"]
    assert gg.datum_hint(points, areas) is None
    assert gg.datum_hint(points.geometry, areas) is None


def test_ordinary_data_of_cambridge_give_no_hint():
    city = shared("cambridge_ma/cambridge.gpkg")
    homes, hoods = gpd.read_file(city, layer="household_points"), gpd.read_file(city, layer="neighborhoods")
    assert gg.datum_hint(homes, hoods) is None


@pytest.mark.parametrize(("lon", "lat"), [(114.17, 22.30), (121.56, 25.04), (126.98, 37.57), (-87.63, 41.88)])
def test_a_declared_datum_is_taken_out_wherever_the_point_lies_and_an_undeclared_one_nowhere(tmp_path, lon, lat):
    path = tmp_path / "points.geojson"
    gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(lon, lat)], crs=4326).to_file(path)
    plain, declared = (gg.read_layer(path, datum=datum).to_crs(4326).geometry.iloc[0] for datum in (None, "gcj02"))
    assert plain.distance(shapely.Point(lon, lat)) < 1e-9
    assert declared.distance(shapely.Point(*map(float, gg.from_gcj02(lon, lat)))) < 1e-9
    assert plain.distance(declared) > 1e-4


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        (32.0, 118.8, "not on the globe; longitude comes first"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "not numbers of one shape"),
        ("east", 1.0, "not numbers of one shape"),
        (np.inf, 1.0, "not finite"),
        (0.0, 89.9, "no way back so near a pole"),
    ],
)
def test_what_has_no_way_back_is_refused(lon, lat, words):
    with pytest.raises(gg.CrsError, match=words):
        gg.from_gcj02(lon, lat)
