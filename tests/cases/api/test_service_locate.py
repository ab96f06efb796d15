"""Ask the service which area holds a point."""

import pytest
from served_town import lonlat


def ask(client, x, y, **more):
    lon, lat = lonlat(x, y)
    return client.get("/v1/locate", params={"lon": lon, "lat": lat, **more})


def test_a_point_is_answered_with_the_card_of_its_grid(client):
    answer = ask(client, 0.5, 0.5)
    assert answer.status_code == 200
    card = answer.json()["area"]
    assert (card["area_id"], card["code"], card["level"]) == ("G1", "G1", "grid")
    assert (card["households"], card["persons"], card["area_m2"]) == (600, 1200, 60_000.0)
    assert card["band"] == {"low": 300, "high": 500, "state": "above"}
    assert [parent["area_id"] for parent in card["parents"]] == ["C1"]
    assert [(other["area_id"], other["shared_m"]) for other in card["neighbours"]] == [("G2", 200.0)]
    assert card["children"] == [{"level": "micro", "areas": 3}]


def test_the_officers_of_the_day_answer_with_a_masked_phone(client):
    officers = ask(client, 0.5, 0.5).json()["area"]["officers"]
    assert [(one["name"], one["role"], one["phone"]) for one in officers] == [
        ("李敏", "grid_chief", "138****5678"),
        ("王强", "officer", "****-**12"),
    ]


def test_an_area_without_officers_names_those_of_the_area_around_it(client):
    (officer,) = ask(client, 7.5, 0.5, level="micro").json()["area"]["officers"]
    assert (officer["name"], officer["area_id"], officer["phone"]) == ("赵丽", "C2", None)


def test_an_earlier_day_is_answered_by_the_plan_and_the_officers_of_that_day(client):
    assert ask(client, 2.5, 0.5).json()["area"]["area_id"] == "G1"
    then = ask(client, 2.5, 0.5, at="2026-03-01").json()
    assert (then["at"], then["area"]["area_id"]) == ("2026-03-01", "G2")
    assert (then["area"]["valid_from"], then["area"]["valid_to"]) == ("2026-01-01", "2026-09-01")
    assert [one["name"] for one in then["area"]["officers"]] == ["王强"]


@pytest.mark.parametrize(("level", "area_id"), [("community", "C1"), ("grid", "G1"), ("micro", "M1")])
def test_every_level_can_be_asked(client, level, area_id):
    assert ask(client, 0.5, 0.5, level=level).json()["area"]["area_id"] == area_id


def test_a_point_close_to_a_border_names_the_candidates(client):
    near = ask(client, 2.97, 0.5).json()
    assert near["area"]["area_id"] == "G1"
    assert near["ambiguous"]
    assert [one["area_id"] for one in near["candidates"]] == ["G1", "G2"]
    assert [one["distance_m"] for one in near["candidates"]] == [0.0, 3.0]


def test_a_point_far_from_borders_or_at_the_outer_edge_is_not_ambiguous(client):
    assert not ask(client, 0.5, 0.5).json()["ambiguous"]
    assert ask(client, 0.03, 0.5).json()["candidates"] == []


def test_a_point_in_no_area_is_a_problem_that_says_so(client):
    answer = client.get("/v1/locate", params={"lon": 10, "lat": 50})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "lies in no grid" in answer.json()["detail"]


def test_a_day_without_a_plan_says_when_the_first_begins(client):
    answer = ask(client, 0.5, 0.5, at="2020-01-01")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no plan is in force on 2020-01-01: the first is in force from 2026-01-01"


def test_every_place_on_the_globe_is_answered(client):
    for lon, lat in ((-156.7, -89.99999999999999), (180, 90), (-180, -90), (-66, 0), (24, 0), (0, 0)):
        answer = client.get("/v1/locate", params={"lon": lon, "lat": lat})
        assert (answer.status_code, answer.json()["status"]) == (404, 404)
        assert post(client, points=[[lon, lat]]).json()["area_ids"] == [None]


# Many points at once


def post(client, **body):
    return client.post("/v1/locate", json=body)


def test_many_points_are_answered_in_their_order(client):
    points = [lonlat(0.5, 0.5), (0, 0), lonlat(7.5, 0.5), lonlat(0.6, 0.5)]
    answer = post(client, points=points).json()
    assert answer["area_ids"] == ["G1", None, "G4", "G1"]
    assert (answer["points"], answer["located"]) == (4, 3)
    assert sorted(answer["areas"]) == ["G1", "G4"]


def test_many_points_can_be_asked_for_a_day_and_a_level(client):
    answer = post(client, points=[lonlat(2.5, 0.5)], at="2026-03-01", level="community").json()
    assert (answer["at"], answer["area_ids"]) == ("2026-03-01", ["C1"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"points": [[NaN, 1]]}', "finite"),
        (b'{"points": [[1e400, 1]]}', "finite"),
        (b'{"points": [["1", 1]]}', "/points/0/0"),
        (b'{"points": [[1, 2, 3]]}', "/points/0"),
        (b'{"points": []}', "at least 1"),
        (b'{"points": [[1, 2]], "when": 3}', "/when"),
        (b'{"points": [[1, 2]], "level": "street"}', "/level"),
        (b'{"points": [[1, 2]], "at": "yesterday"}', "is not a day"),
        (b'{"points": [[1, 2], [30, 114]]}', "points[1]: lon=30, lat=114 is not on the globe; the axes are swapped"),
        (b'{"points": [[1, 91]]}', "not on the globe"),
        (b"[" * 5_000, "recursion"),
        (b"\xff\xfe", "JSON"),
        (b"", "JSON"),
    ],
)
def test_a_batch_that_cannot_be_read_says_which_point_and_why(client, body, said):
    answer = client.post("/v1/locate", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_batch_above_the_limit_is_refused(client):
    answer = post(client, points=[[1, 2]] * 10_001)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "10,001 points are more than 10,000; send them in several requests"


def test_a_body_above_the_limit_is_refused_unread(client):
    answer = client.post("/v1/locate", content=b" " * 2_000_001, headers={"content-type": "application/json"})
    assert answer.status_code == 413

    def pieces():
        for _ in range(300):
            yield b" " * 10_000

    answer = client.post("/v1/locate", content=pieces(), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert "larger than 2,000,000 bytes" in answer.json()["detail"]


def test_a_body_of_another_type_is_refused(client):
    answer = client.post("/v1/locate", content=b"points", headers={"content-type": "text/plain"})
    assert answer.status_code == 422
    assert "send application/json" in answer.json()["detail"]
