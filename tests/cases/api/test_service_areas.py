"""Ask the service for areas, plans and figures."""

import json

import pyogrio
import pytest
import shapely
from served_town import lonlat, plan
from shapely.geometry import shape


def features(client, **query):
    answer = client.get("/v1/areas", params=query)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    return answer.json()


def test_areas_are_features_in_longitude_and_latitude(client):
    listed = features(client)
    assert [feature["id"] for feature in listed["features"]] == ["G1", "G2", "G3", "G4"]
    assert (listed["numberMatched"], listed["numberReturned"]) == (4, 4)
    first = listed["features"][0]
    assert shape(first["geometry"]).exterior.is_ccw
    assert first["bbox"] == list(shape(first["geometry"]).bounds)
    assert first["properties"]["households"] == 600


def test_neighbouring_areas_share_their_border_to_the_last_digit(client):
    shapes = [shape(feature["geometry"]) for feature in features(client, level="micro")["features"]]
    assert shapely.coverage_is_valid(shapes)


def test_gdal_reads_the_areas_as_they_were_published(client, tmp_path):
    path = tmp_path / "areas.geojson"
    path.write_bytes(client.get("/v1/areas", params={"level": "micro"}).content)
    read = pyogrio.read_dataframe(path)
    drawn = plan().areas("micro")
    assert read["area_id"].tolist() == drawn.index.tolist()
    assert read["households"].tolist() == drawn["households"].tolist()
    shapes = read.to_crs(drawn.crs).geometry.to_numpy()
    moved_m2 = shapely.area(shapely.symmetric_difference(shapes, drawn.geometry.to_numpy()))
    assert moved_m2.max() < 5  # seven digits of a degree are a centimetre


def test_pages_lead_to_each_other_and_hold_every_area_once(client):
    seen, path, pages = [], "/v1/areas?level=micro&limit=3", 0
    while path:
        page = client.get(path).json()
        seen += [feature["id"] for feature in page["features"]]
        links = {link["rel"]: link["href"] for link in page["links"]}
        path, pages = links.get("next"), pages + 1
    assert seen == [f"M{number}" for number in range(1, 9)]
    assert pages == 3
    assert "offset=3" in links["prev"]


def test_a_box_chooses_the_areas_that_reach_into_it(client):
    (west, south), (east, north) = lonlat(0.2, 0.2), lonlat(1.8, 0.8)
    listed = features(client, level="micro", bbox=f"{west},{south},{east},{north}", limit=1)
    assert listed["numberMatched"] == 2
    assert "bbox=" in next(link["href"] for link in listed["links"] if link["rel"] == "next")
    assert features(client, bbox="1,1,2,2")["features"] == []
    assert features(client, bbox="170,-90,-170,90")["numberMatched"] == 0


def test_areas_can_be_asked_as_points_inside_them(client):
    for area, point in zip(features(client)["features"], features(client, shape="point")["features"], strict=True):
        assert shape(area["geometry"]).contains(shape(point["geometry"]))


def test_neighbouring_grids_of_a_community_differ_in_shade_and_communities_in_hue(client):
    looks = {f["id"]: (f["properties"]["hue"], f["properties"]["shade"]) for f in features(client)["features"]}
    assert looks["G1"][0] == looks["G2"][0] != looks["G3"][0]
    assert looks["G1"] != looks["G2"]
    assert looks["G3"] != looks["G4"]


def test_an_area_is_described_with_its_polygon_and_its_card(client):
    answer = client.get("/v1/areas/G1", params={"at": "2026-03-01"}).json()
    assert answer["properties"]["area_id"] == "G1"
    assert answer["properties"]["households"] == 400
    assert answer["properties"]["valid_to"] == "2026-09-01"
    assert shape(answer["geometry"]).area > 0
    assert [one["name"] for one in answer["properties"]["officers"]] == ["李敏"]


def test_incidents_are_counted_in_the_area_that_holds_them(client):
    counts = [client.get(f"/v1/areas/G{number}").json()["properties"]["incidents"] for number in (1, 2, 3, 4)]
    assert sum(counts) == 23  # one of the 24 has no place
    assert counts == [9, 6, 3, 5]


@pytest.mark.parametrize("area_id", ["none", "G1%00", "..%2F..%2Fetc", "%F0%9F%9A%A9"])
def test_an_area_that_is_not_there_is_a_problem(client, area_id):
    answer = client.get(f"/v1/areas/{area_id}")
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_plans_are_listed_with_their_days(client):
    plans = client.get("/v1/plans").json()["plans"]
    assert [(one["version"], one["valid_from"], one["valid_to"]) for one in plans] == [
        (1, "2026-01-01", "2026-09-01"),
        (2, "2026-09-01", None),
    ]
    assert {one["profile"] for one in plans} == {"guali-2024"}


def test_figures_add_up_and_name_what_the_map_can_show(client):
    figures = client.get("/v1/stats").json()
    assert figures["title"] == "溪桥镇"
    households = {level: of["households"] for level, of in figures["levels"].items()}
    assert households == {"community": 1600, "grid": 1600, "micro": 1600}
    assert (figures["levels"]["grid"]["areas"], figures["levels"]["grid"]["in_band"]) == (4, 0.5)
    assert figures["levels"]["grid"]["band"] == {"low": 300, "high": 500, "target": 400}
    assert figures["tiles"] == ["community", "grid", "micro", "streets", "buildings"]
    west, south, east, north = figures["bounds"]
    assert west < lonlat(4, 1)[0] < east
    assert south < lonlat(4, 1)[1] < north


def test_figures_count_incidents_by_day_of_the_town_and_by_category(client):
    incidents = client.get("/v1/stats").json()["incidents"]
    assert (incidents["count"], incidents["placed"]) == (24, 23)
    assert (incidents["first"], incidents["days"]) == ("2026-09-01", 12)
    assert incidents["by_day"] == [2] * 12
    assert incidents["categories"][0] == {"category": "噪音", "incidents": 12}
    summed = [sum(day) for day in zip(*incidents["by_day_and_category"].values(), strict=True)]
    assert summed == incidents["by_day"]


# Addresses


def search(client, text, **query):
    answer = client.get("/v1/addresses/search", params={"q": text, **query})
    assert answer.status_code == 200
    return answer.json()


def test_an_address_is_found_with_the_grid_it_lies_in(client):
    answer = search(client, "溪桥路12号2幢一单元201")
    assert answer["geocoding"] == {"version": "0.1.0", "query": "溪桥路12号2幢一单元201"}
    first = answer["features"][0]
    assert first["properties"]["geocoding"]["label"] == "溪桥路12号2栋1单元201室"
    assert first["properties"]["geocoding"]["status"] == "auto"
    assert first["properties"]["area"]["area_id"] == "G1"
    assert first["geometry"]["coordinates"] == pytest.approx(lonlat(1.9, 0.5), abs=1e-6)


def test_the_beginning_of_an_address_is_completed_where_asked_for(client):
    labels = [hit["properties"]["geocoding"]["label"] for hit in search(client, "溪桥", autocomplete=True)["features"]]
    assert labels
    assert len(labels) == len(set(labels))
    assert all(label.startswith("溪桥路") for label in labels)


def test_an_unknown_address_is_not_invented(client):
    for hit in search(client, "滨江大道88号9栋")["features"]:
        assert hit["properties"]["geocoding"]["status"] != "auto"


@pytest.mark.parametrize("text", ["'; drop table plans; --", "\u0000", "　", "%", "🚩", "栋" * 200])
def test_any_text_is_answered(client, text):
    assert search(client, text)["features"] == []


def test_geojson_is_written_without_numbers_that_json_has_not(client):
    def refuse(name):
        raise AssertionError(name)

    for path in ("/v1/areas", "/v1/areas/C1", "/v1/stats", "/v1/plans"):
        json.loads(client.get(path).content, parse_constant=refuse)
