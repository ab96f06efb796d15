"""Ask the service badly, and look at what goes with its answers."""

import re

import pytest
from fastapi.testclient import TestClient
from gridgeo_api.errors import problem_type
from gridgeo_api.main import create_app
from gridgeo_api.routes.pages import FOLDER
from served_town import settings_for

JSON_PATHS = [
    *("/v1/locate", "/v1/areas", "/v1/areas/G1", "/v1/addresses/search"),
    *("/v1/plans", "/v1/stats", "/healthz", "/readyz"),
]
NO_NUMBERS = [
    *("nan", "NaN", "inf", "-inf", "Infinity", "1e400", "-1e400"),
    *("0x10", "1_0", "", " ", "abc", "1,5", "١", "1" * 400),
]
NO_BOXES = ["1,2,3", "1,2,3,4,5", "a,b,c,d", "nan,0,1,1", "0,0,1e999,1", "0,10,1,5", "30,114,31,115", "0,0,181,1"]
NO_PAGES = ["limit=0", "limit=-1", "limit=1.5", "limit=10001", "offset=-1", "offset=99999999999999999999", "shape=line"]
KEPT_PATHS = [
    *("/v1/areas", "/v1/areas/G1", "/v1/stats", "/v1/addresses/search?q=溪桥路"),
    *("/v1/tiles/grid.json", "/v1/tiles/grid/3/6/3.mvt"),
]


def refused(answer, status=422):
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    return problem["detail"]


@pytest.mark.parametrize("name", ["lon", "lat"])
@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_number_that_is_not_finite_or_not_plain_is_refused(client, name, value):
    assert name in refused(client.get("/v1/locate", params={"lon": "114", "lat": "30", name: value}))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("lon=30&lat=114", "lon=30, lat=114 is not on the globe; the axes are swapped, write lon=114, lat=30"),
        ("lon=181&lat=0", "lon=181, lat=0 is not on the globe; lon runs from -180 to 180, lat from -90 to 90"),
        ("lon=0&lat=90.1", "not on the globe"),
        ("lon=1", "parameter 'lat' is missing"),
        ("lon=1&lat=2&lon=1", "parameter 'lon' stands more than once; give it once"),
        ("lon=1&lat=2&zoom=3", "parameter 'zoom' is not known here; known are lon, lat, at, level"),
        ("lon=1&lat=2&level=street", "level: Input should be 'community', 'grid', 'micro' or 'beat'"),
        ("lon=1&lat=2&at=2026-02-30", "at: "),
        ("lon=1&lat=2&at=01.10.2026", "at: '01.10.2026' is not a day; write it like 2026-10-01"),
        ("lon=1&lat=2&at=1790812800", "is not a day"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why_and_the_way_out(client, query, said):
    assert said in refused(client.get(f"/v1/locate?{query}"))


def test_axes_that_fit_the_globe_either_way_are_named_where_the_town_tells(client):
    answer = client.get("/v1/locate", params={"lon": 30.7210685, "lat": 89.9})
    assert "lies in no grid" in refused(answer, 404)


@pytest.mark.parametrize("bbox", NO_BOXES)
def test_a_box_that_is_none_is_refused(client, bbox):
    assert "bbox" in refused(client.get("/v1/areas", params={"bbox": bbox}))


@pytest.mark.parametrize("query", NO_PAGES)
def test_a_page_that_cannot_be_is_refused(client, query):
    refused(client.get(f"/v1/areas?{query}"))


@pytest.mark.parametrize("path", JSON_PATHS)
def test_unknown_and_repeated_parameters_are_refused_everywhere(client, path):
    assert "not known here" in refused(client.get(f"{path}?surprise=1"))
    assert "more than once" in refused(client.get(f"{path}?at=2026-01-01&at=2026-01-01"))


def test_a_fault_does_not_echo_long_input(client):
    assert len(client.get("/v1/locate", params={"lon": "x" * 5_000, "lat": 1}).content) < 1_000
    assert len(client.get(f"/v1/locate?{'y' * 5_000}=1").content) < 12_000


def test_what_is_not_served_is_a_problem_too(client):
    assert refused(client.get("/v1/nothing"), 404) == "nothing answers at /v1/nothing"
    assert refused(client.delete("/v1/areas"), 405) == "DELETE is not served at /v1/areas"
    assert client.delete("/v1/locate").headers["allow"] == "GET, POST"
    assert client.post("/v1/areas/G1").headers["allow"] == "GET"
    refused(client.get("/pages/../settings.py"), 404)
    refused(client.get("/pages/%2e%2e/settings.py"), 404)


def test_kinds_of_problems_are_named_after_their_errors():
    assert problem_type("UnknownAreaError") == "urn:gridgeo:problem:unknown-area"
    assert problem_type("") == "about:blank"


# Headers


@pytest.mark.parametrize("path", ["/", "/docs", "/v1/stats", "/v1/nothing", "/pages/js/main.js"])
def test_every_answer_carries_a_strict_policy(client, path):
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"


def test_other_origins_are_not_let_in(client):
    answer = client.get("/v1/stats", headers={"origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", KEPT_PATHS)
def test_an_answer_that_the_caller_holds_already_is_not_sent_again(client, path):
    first = client.get(path)
    again = client.get(path, headers={"if-none-match": f'"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_large_answers_are_compressed(client):
    answer = client.get("/v1/areas?level=micro", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


# Pages and description


def test_no_page_loads_anything_from_elsewhere(client):
    for path in ("/", "/docs"):
        page = client.get(path)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert addresses
        for address in addresses:
            assert address.startswith(("/", "#"))
            if address.startswith("/"):
                assert client.get(address).status_code == 200


def test_no_page_holds_scripts_or_styles_that_the_policy_forbids():
    for path in FOLDER.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text), path.name


def test_scripts_are_sent_with_the_type_that_browsers_ask_for(client):
    for name in ("js/main.js", "vendor/maplibre/maplibre-gl.mjs", "vendor/maplibre/maplibre-gl-worker.mjs"):
        assert client.get(f"/pages/{name}").headers["content-type"] == "text/javascript; charset=utf-8"


def test_the_page_carries_the_settings_as_text(town_db):

    settings = settings_for(town_db, title='<b>"溪桥"</b>', language="zh", attribution="© A & B")
    with TestClient(create_app(settings)) as other:
        page = other.get("/").text
    assert 'data-language="zh"' in page
    assert 'data-title="&lt;b&gt;&quot;溪桥&quot;&lt;/b&gt;"' in page
    assert 'data-attribution="© A &amp; B"' in page


def test_the_description_lists_every_route_with_its_parameters(client):
    described = client.get("/openapi.json").json()
    assert {"/v1/locate", "/v1/areas", "/v1/areas/{area_id}", "/v1/heat/{z}/{x}/{y}.png"} <= set(described["paths"])
    locate = described["paths"]["/v1/locate"]["get"]
    assert [one["name"] for one in locate["parameters"]] == ["lon", "lat", "at", "level"]
    problem = locate["responses"]["422"]["content"]["application/problem+json"]
    assert problem == {"schema": {"$ref": "#/components/schemas/Problem"}}
    assert "HTTPValidationError" not in described["components"]["schemas"]
    body = described["paths"]["/v1/locate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"points", "level", "at"}
