"""Ask the service for drafts: open, edit, undo, compare, publish; and ask it badly."""

import pytest
from fastapi.testclient import TestClient
from gridgeo_api.main import create_app
from planned_town import fill
from served_town import settings_for
from stores import new_store

import gridgeo as gg

MOVE = gg.write_edit(gg.Move(["b", "j"], "G2"))
DAY = "2099-10-01"


@pytest.fixture
def place(tmp_path):
    with new_store(tmp_path) as store:
        fill(store)
    return tmp_path / "town.db"


@pytest.fixture
def service(place):
    with TestClient(create_app(settings_for(place, editing=True)), raise_server_exceptions=False) as started:
        yield started


@pytest.fixture
def draft(service):
    made = service.post("/v1/plans", json={"name": "October", "by": "Li Min"})
    assert made.status_code == 201, made.text
    assert made.headers["location"].endswith("/v1/plans/draft-1")
    return made


def edit(service, *edits, match='"draft-1-0"', by="Li Min", **more):
    headers = {} if match is None else {"If-Match": match}
    return service.post("/v1/plans/draft-1/edits", json={"edits": list(edits), "by": by, **more}, headers=headers)


def publish(service, match='"draft-1-0"', **more):
    headers = {} if match is None else {"If-Match": match}
    return service.post("/v1/plans/draft-1/publish", json={"valid_from": DAY, "by": "Li Min", **more}, headers=headers)


def refused(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["detail"]


def test_a_draft_is_opened_of_the_plan_in_force(service, draft):
    told = draft.json()
    assert (told["id"], told["state"], told["base_version"], told["revision"]) == ("draft-1", "open", 1, 0)
    assert told["levels"]["grid"] == {"areas": 4, "households": 1600}
    assert draft.headers["etag"] == '"draft-1-0"'
    again = service.get("/v1/plans/draft-1")
    assert again.json() == told
    assert service.get("/v1/plans/draft-1", headers={"If-None-Match": again.headers["etag"]}).status_code == 304


def test_drafts_are_listed_beside_the_versions(service, draft):
    told = service.get("/v1/plans").json()
    assert [row["version"] for row in told["plans"]] == [1]
    assert [(row["id"], row["name"], row["changed_by"]) for row in told["drafts"]] == [("draft-1", "October", "Li Min")]


def test_a_version_is_described(service):
    told = service.get("/v1/plans/1").json()
    assert (told["version"], told["valid_from"], told["valid_to"], told["state"]) == (1, "2026-01-01", None, "in force")
    assert "no version 7" in refused(service.get("/v1/plans/7"), 404)


def test_an_edit_tells_the_counts_and_the_next_etag(service, draft):
    made = edit(service, MOVE, why="new tower")
    assert made.status_code == 200, made.text
    (stroke,) = made.json()["strokes"]
    assert {row["area_id"]: (row["households_before"], row["households"]) for row in stroke["areas"]} == {
        "G1": (400, 200), "G2": (400, 600)}  # fmt: skip
    assert {row["kind"] for row in stroke["findings"]} >= {"band"}
    assert made.headers["etag"] == '"draft-1-1"'
    listed = service.get("/v1/plans/draft-1/edits")
    assert listed.headers["etag"] == '"draft-1-1"'
    assert listed.json()["edits"] == [MOVE]
    assert [(row["actor"], row["action"], row["why"]) for row in listed.json()["journal"]][-1] == (
        "Li Min", "edit", "new tower")  # fmt: skip


def test_a_stale_etag_is_refused_and_says_who_wrote(service, draft):
    edit(service, MOVE, by="Wang Wei")
    said = refused(edit(service, gg.write_edit(gg.Rename("G4", "x"))), 412)
    assert 'ETag "draft-1-1"' in said
    assert "Wang Wei wrote last" in said
    assert service.get("/v1/plans/draft-1").json()["revision"] == 1


def test_a_change_without_its_revision_is_refused(service, draft):
    assert "If-Match" in refused(edit(service, MOVE, match=None), 428)
    assert "If-Match" in refused(service.delete("/v1/plans/draft-1/edits/last?by=Li"), 428)
    assert "If-Match" in refused(publish(service, match=None), 428)


@pytest.mark.parametrize("match", ['W/"draft-1-0"', '"other", "draft-1-0"', "*"])
def test_an_etag_may_be_weakened_listed_or_left_open(service, draft, match):
    assert edit(service, MOVE, match=match).status_code == 200


def test_a_hard_rule_refuses_an_edit(service, draft):
    said = refused(edit(service, gg.write_edit(gg.Move(["a"], "G4"))), 422)
    assert "community" in said or "one_piece" in said
    assert service.get("/v1/plans/draft-1").json()["revision"] == 0
    assert edit(service, MOVE).status_code == 200


def test_the_last_step_is_undone(service, draft):
    edit(service, MOVE)
    made = service.delete("/v1/plans/draft-1/edits/last?by=Li%20Min", headers={"If-Match": '"draft-1-1"'})
    assert made.status_code == 200, made.text
    assert made.headers["etag"] == '"draft-1-2"'
    assert service.get("/v1/plans/draft-1/edits").json()["edits"] == []
    said = refused(service.delete("/v1/plans/draft-1/edits/last?by=Li", headers={"If-Match": '"draft-1-2"'}), 422)
    assert "nothing to undo" in said


def test_a_colleague_at_another_door_is_seen(service, draft, place):
    with gg.open_store(place) as store:
        gg.Workbench(store, 1).apply(gg.Move(["f", "n"], "G4"), by="Wang Wei")
    assert service.get("/v1/plans/draft-1").headers["etag"] == '"draft-1-1"'
    refused(edit(service, MOVE), 412)
    assert edit(service, MOVE, match='"draft-1-1"').json()["revision"] == 2


def test_a_draft_is_compared_and_replayed(service, draft):
    edit(service, MOVE)
    told = service.get("/v1/plans/draft-1/diff").json()
    assert told["summary"]["households_moved"] == 200
    assert [(row["before_id"], row["after_id"], row["households"]) for row in told["lineage"]] == [("G1", "G2", 200)]
    assert [row["area_id"] for row in told["areas"]] == ["G1", "G2"]
    assert told["replay"] is None
    told = service.get("/v1/plans/draft-1/diff?days=366").json()
    assert told["replay"]["areas"] == 4
    refused(service.get("/v1/plans/draft-1/diff?days=0"), 422)
    refused(service.get("/v1/plans/draft-1/diff?level=moon"), 422)


def test_a_draft_is_published_and_live_at_once(service, draft):
    edit(service, gg.write_edit(gg.Rename("G1", "东苑")))
    made = publish(service, match='"draft-1-1"')
    assert made.status_code == 200, made.text
    assert (made.json()["version"], made.json()["before_version"], made.json()["errors"]) == (2, 1, 0)
    assert [row["version"] for row in service.get("/v1/plans").json()["plans"]] == [1, 2]
    assert service.get(f"/v1/areas/G1?at={DAY}").json()["properties"]["name"] == "东苑"
    assert service.get("/v1/areas/G1?at=2026-09-13").json()["properties"]["name"] == "G1号"
    assert "published" in refused(edit(service, MOVE, match="*"), 409)


def test_errors_refuse_a_publishing_and_a_reason_overrides_them(service, draft):
    edit(service, MOVE)
    assert "findings are errors" in refused(publish(service, match='"draft-1-1"'), 422)
    tried = publish(service, match='"draft-1-1"', dry_run=True).json()
    assert (tried["version"], tried["errors"]) == (None, 2)
    assert publish(service, match='"draft-1-1"', override_reason="wanted").json()["version"] == 2


def test_a_day_that_is_past_is_refused(service, draft):
    assert "is past" in refused(publish(service, valid_from="2020-01-01"), 422)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"by": "Li"}, "/name"),
        ({"name": " ", "by": "Li"}, "/name"),
        ({"name": "x"}, "/by"),
        ({"name": "x", "by": "Li", "base": "1"}, "/base"),
        ({"name": "x", "by": "Li", "bass": 1}, "/bass"),
        ({"name": "x" * 201, "by": "Li"}, "/name"),
        ([], "/"),
    ],
)
def test_a_bad_draft_is_refused_naming_the_key(service, body, pointer):
    answer = service.post("/v1/plans", json=body)
    refused(answer, 422)
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([], "/edits"),
        ([{"edit": "fly"}], "fly"),
        ([MOVE, {"edit": "rename", "area_id": "G1"}], "'name' is missing"),
        ([{"edit": "move", "atom_ids": "b", "area_id": "G2"}], "atom_ids"),
        ([{"edit": "split", "area_id": "G1", "line": "LINESTRING (0 0, nan 1)"}], "line"),
        ([7], "/edits/0"),
    ],
)
def test_bad_edits_are_refused_whole(service, draft, edits, said):
    assert said in refused(edit(service, *edits), 422)
    assert service.get("/v1/plans/draft-1").json()["revision"] == 0


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1,2]", b'{"edits": NaN}'])
def test_a_body_that_is_no_json_is_refused(service, draft, content):
    headers = {"If-Match": "*", "Content-Type": "application/json"}
    refused(service.post("/v1/plans/draft-1/edits", content=content, headers=headers), 422)


@pytest.mark.parametrize("name", ["draft-x", "draft-", "x", "draft-1-0", "-1", "draft-9999999999"])
def test_an_id_that_is_none_is_refused(service, name):
    refused(service.get(f"/v1/plans/{name}"), 422)


def test_a_draft_that_is_not_there(service):
    assert "no draft 9" in refused(service.get("/v1/plans/draft-9"), 404)
    refused(service.post("/v1/plans", json={"name": "x", "by": "y", "base": 8}), 404)


def test_a_version_takes_no_edits(service):
    answer = service.post("/v1/plans/1/edits", json={"edits": [MOVE], "by": "Li"}, headers={"If-Match": "*"})
    assert "stays as it is" in refused(answer, 409)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/plans"), ("GET", "/v1/plans/draft-1"), ("GET", "/v1/plans/draft-1/edits"),
        ("POST", "/v1/plans/draft-1/edits"), ("DELETE", "/v1/plans/draft-1/edits/last"),
        ("GET", "/v1/plans/draft-1/diff"), ("POST", "/v1/plans/draft-1/publish"),
    ],
)  # fmt: skip
def test_drafts_are_closed_where_editing_is_not_switched_on(client, method, path):
    assert "GRIDGEO_EDITING=1" in refused(client.request(method, path), 403)


def test_no_drafts_are_listed_where_editing_is_not_switched_on(client):
    assert set(client.get("/v1/plans").json()) == {"plans"}


def test_the_routes_describe_themselves(service):
    paths = service.get("/openapi.json").json()["paths"]
    post = paths["/v1/plans/{plan_id}/edits"]["post"]
    assert {"403", "409", "412", "422", "428"} <= set(post["responses"])
    assert {entry["name"] for entry in post["parameters"]} == {"plan_id", "If-Match"}
    body = post["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["required"]) == {"edits", "by"}
    assert "201" in paths["/v1/plans"]["post"]["responses"]
    assert {"get", "post"} <= set(paths["/v1/plans"])
    assert set(paths["/v1/plans/{plan_id}/edits/last"]) == {"delete"}
