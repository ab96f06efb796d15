"""Coordinates are held against the CRS they are said to be in."""

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from towns import CRS, communities, households_at

from gridgeo.model.datum import to_bd09, to_gcj02
from gridgeo.model.errors import CrsError
from gridgeo.storage.files import datum_hint, read_layer, write_table

TWO = communities("""
    AB
    AB
""")


def saved(tmp_path, frame, crs="keep", name="communities.parquet"):
    """Write a frame under whatever CRS is claimed."""
    path = tmp_path / name
    claimed = frame if crs == "keep" else frame.set_crs(crs, allow_override=True)
    claimed.reset_index().to_parquet(path)
    return path


def moved(frame, change):
    return frame.set_geometry(shapely.transform(frame.geometry.to_numpy(), change), crs=frame.crs)


def test_a_metric_crs_is_kept(tmp_path):
    assert read_layer(saved(tmp_path, TWO)).crs == "EPSG:4547"


def test_degrees_in_china_come_in_their_gauss_krueger_zone(tmp_path):
    assert read_layer(saved(tmp_path, TWO.to_crs(4326))).crs == "EPSG:4547"


def test_web_mercator_metres_are_no_metres(tmp_path):
    read = read_layer(saved(tmp_path, TWO.to_crs(3857)))
    assert read.crs == "EPSG:4547"
    assert read.geometry.area.round(1).tolist() == [20_000.0, 20_000.0]


def test_feet_are_converted_and_told(tmp_path):
    east = gpd.GeoSeries([shapely.box(-105, 39.7, -104.99, 39.71)], crs=4326).to_crs(2232)
    path = tmp_path / "areas.parquet"
    gpd.GeoDataFrame({"area_id": ["A"]}, geometry=east).to_parquet(path)
    read = read_layer(path)
    assert read.crs.axis_info[0].unit_name == "metre"
    assert read.attrs["source"]["notes"][0] == "converted from US survey foot to metres"
    assert 0.9e6 < read.geometry.area.iloc[0] < 1.0e6


def test_a_missing_crs_is_refused_with_the_way_out(tmp_path):
    path = saved(tmp_path, TWO, None)
    with pytest.raises(CrsError, match=r"communities.parquet: has no CRS; say which one it is with crs="):
        read_layer(path)
    assert read_layer(path, crs="EPSG:4547").crs == "EPSG:4547"


def test_a_crs_of_a_name_that_nobody_knows_is_refused(tmp_path):
    with pytest.raises(CrsError, match="'EPSG:1' is not known"):
        read_layer(saved(tmp_path, TWO), crs="EPSG:1")


def test_degrees_declared_as_metres_are_refused(tmp_path):
    path = saved(tmp_path, TWO.to_crs(4326), "EPSG:4547")
    with pytest.raises(CrsError, match=r"look like degrees, though CGCS2000.*read with crs='EPSG:4326'"):
        read_layer(path)
    assert read_layer(path, crs="EPSG:4326").crs == "EPSG:4547"


def test_metres_declared_as_degrees_are_refused(tmp_path):
    path = saved(tmp_path, TWO, "EPSG:4326")
    with pytest.raises(CrsError, match=r"500100, 3400100 are not degrees, though WGS 84 is declared"):
        read_layer(path)
    assert read_layer(path, crs="EPSG:4547").crs == "EPSG:4547"


def test_geojson_in_metres_without_a_crs_is_refused(tmp_path):
    path = tmp_path / "communities.geojson"
    path.write_text(json.dumps(json.loads(TWO.to_json(to_wgs84=False)) | {"crs": None}))
    with pytest.raises(CrsError, match="has no CRS"):
        read_layer(path)
    content = json.loads(path.read_text())
    del content["crs"]
    path.write_text(json.dumps(content))
    with pytest.raises(CrsError, match="are not degrees"):
        read_layer(path)


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(114.3, 30.6), (-71.1, 42.4), (103.8, 1.3), (-87.6, 41.9)],
    ids=["Wuhan", "Cambridge", "Singapore", "Chicago"],
)
def test_swapped_degrees_are_refused_and_can_be_read(tmp_path, lon, lat):
    places = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.box(lat, lon, lat + 0.01, lon + 0.01)], crs=4326)
    path = saved(tmp_path, places)
    with pytest.raises(CrsError, match=r"look swapped, longitude comes first; read with swapped=True"):
        read_layer(path)
    read = read_layer(path, swapped=True)
    assert read.to_crs(4326).total_bounds[:2] == pytest.approx([lon, lat])


def test_swapped_degrees_on_the_globe_are_found_where_the_town_is_known(tmp_path):
    places = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.box(48.1, 11.5, 48.2, 11.6)], crs=4326)
    path = saved(tmp_path, places)
    with pytest.raises(CrsError, match="look swapped"):
        read_layer(path, to="EPSG:25832")


def test_swapped_northing_and_easting_are_refused(tmp_path):
    path = saved(tmp_path, moved(TWO, lambda xy: xy[:, ::-1]))
    with pytest.raises(CrsError, match=r"look swapped, easting comes first in CGCS2000"):
        read_layer(path)


def test_a_zone_number_in_the_easting_is_told_with_the_crs_that_has_it(tmp_path):
    path = saved(tmp_path, moved(TWO, lambda xy: xy + np.array([38_000_000, 0])))
    with pytest.raises(CrsError, match=r"carry zone number 38; read with crs='EPSG:4526'"):
        read_layer(path)
    assert shapely.get_coordinates(read_layer(path, crs="EPSG:4526").geometry.to_numpy())[:, 0].min() > 38e6


def test_feet_declared_as_metres_are_refused(tmp_path):
    illinois = gpd.GeoSeries([shapely.box(-87.7, 41.8, -87.6, 41.9)], crs=4326).to_crs(3435)
    path = tmp_path / "parts.parquet"
    gpd.GeoDataFrame({"name": ["x"]}, geometry=illinois.set_crs(26971, allow_override=True)).to_parquet(path)
    with pytest.raises(CrsError, match="look like feet, though NAD83 / Illinois East is in metres"):
        read_layer(path)


def test_coordinates_that_are_not_finite_are_refused_with_their_row(tmp_path):
    points = households_at([(0, 0), (1, 0)])
    path = saved(
        tmp_path,
        points.set_geometry([points.geometry.iloc[0], shapely.Point(np.inf, 1)], crs=CRS),
        name="households.parquet",
    )
    with pytest.raises(CrsError, match=r"coordinates inf, 1.0 of 'H0001' are not finite"):
        read_layer(path)
    read = read_layer(path, broken=True)
    assert read.geometry.isna().tolist() == [False, True]


def test_one_row_that_is_not_on_the_globe_is_refused_by_name(tmp_path):
    path = tmp_path / "households.csv"
    path.write_text("household_id,count,lon,lat\na,1,114.3,30.6\nb,1,114.3,306\nc,1,114.31,30.6\n")
    with pytest.raises(CrsError, match=r"coordinates 114.3, 306.0 of 'b' are not on the globe"):
        read_layer(path)


def test_strays_do_not_choose_the_zone_and_are_told(tmp_path):
    path = tmp_path / "places.csv"
    rows = ["id,lon,lat", *[f"{number},114.3,30.6" for number in range(30)], "30,-71.1,42.4", "31,-71.1,42.4"]
    path.write_text("\n".join(rows))
    read = read_layer(path)
    assert read.crs == "EPSG:4547"
    assert "2 rows lie far from the others, first '30'" in read.attrs["source"]["notes"]


@pytest.mark.parametrize(("datum", "shift"), [("gcj02", to_gcj02), ("bd09", to_bd09)])
def test_a_declared_datum_is_taken_out_of_every_vertex(tmp_path, datum, shift):
    web = moved(TWO.to_crs(4326), lambda xy: np.column_stack(shift(xy[:, 0], xy[:, 1])))
    read = read_layer(saved(tmp_path, web), datum=datum, to=CRS)
    assert shapely.equals_exact(read.geometry.to_numpy(), TWO.geometry.to_numpy(), tolerance=1e-4).all()
    assert read.attrs["source"]["datum"] == datum


def test_a_projected_layer_may_carry_a_shifted_datum(tmp_path):
    web = moved(TWO.to_crs(4326), lambda xy: np.column_stack(to_gcj02(xy[:, 0], xy[:, 1]))).to_crs(CRS)
    read = read_layer(saved(tmp_path, web), datum="gcj02", to=CRS)
    assert shapely.equals_exact(read.geometry.to_numpy(), TWO.geometry.to_numpy(), tolerance=1e-3).all()


def test_an_unknown_datum_is_refused(tmp_path):
    with pytest.raises(CrsError, match="datum 'mars' is not known; it is one of wgs84, gcj02, bd09"):
        read_layer(saved(tmp_path, TWO), datum="mars")


GROUNDS = communities("\n".join(["A" * 10] * 10))
PEOPLE = households_at([(x + 0.5, y + 0.5) for x in range(10) for y in range(10)])


def test_points_in_a_shifted_datum_are_noticed_and_left_as_they_are():
    web = moved(PEOPLE.to_crs(4326), lambda xy: np.column_stack(to_gcj02(xy[:, 0], xy[:, 1])))
    hint = datum_hint(web, GROUNDS)
    assert "0 if the points are in gcj02" in hint
    assert "datum='gcj02'" in hint


def test_communities_in_a_shifted_datum_are_noticed_too():
    web = moved(GROUNDS.to_crs(4326), lambda xy: np.column_stack(to_bd09(xy[:, 0], xy[:, 1])))
    assert "if the communities are in bd09" in datum_hint(PEOPLE, web)


def test_points_that_lie_well_give_no_hint():
    assert datum_hint(PEOPLE, GROUNDS) is None
    assert datum_hint(PEOPLE.iloc[:0], GROUNDS) is None


def test_points_elsewhere_give_no_hint_of_a_datum():
    away = moved(PEOPLE, lambda xy: xy + np.array([50_000, 0]))
    assert datum_hint(away, GROUNDS) is None


def test_a_column_of_coordinates_is_exact(tmp_path):
    path = tmp_path / "households.csv"
    write_table(PEOPLE, path)
    read = read_layer(path, to=CRS)
    assert shapely.distance(read.geometry.to_numpy(), PEOPLE.geometry.to_numpy()).max() < 0.01
