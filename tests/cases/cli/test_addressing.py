"""``gridgeo addresses`` finds what a table of addresses means, and audits a register of them."""

import pandas as pd
import pytest
from towns import communities, households_at
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app

KNOWN = {
    "和平路12号锦澜苑3栋2单元401室": (0.5, 0.5),
    "和平路12号锦澜苑3栋2单元402室": (0.5, 0.5),
    "和平路12号锦澜苑4栋1单元101室": (1.5, 0.5),
    "和平路12号锦澜苑4栋1单元102室": (1.5, 0.5),
    "长江路8号": (2.5, 0.5),
}


def run(*words):
    return CliRunner().invoke(app, ["addresses", *map(str, words)], env={"COLUMNS": "200"})


@pytest.fixture
def files(tmp_path):
    """Write known addresses, areas, and what people typed."""
    known = households_at(list(KNOWN.values())).assign(address=list(KNOWN))
    gg.write_table(known, tmp_path / "known.csv.gz")
    gg.write_layers({"areas": communities("AAB")}, tmp_path / "areas.gpkg")
    typed = ["锦澜苑3-2-401", "江海花园9栋101室", "和平路１２号锦瀾苑４幢1单元102", None, "长江路8号"]
    pd.DataFrame({"call": range(1, 6), "address": typed}).to_csv(tmp_path / "calls.csv", index=False)
    return tmp_path


def find(files, *more, table="calls.csv", known="known.csv.gz", out="found.csv"):
    return run("find", files / table, "--known", files / known, "--out", files / out, *more)


def test_each_address_is_found_with_its_area_or_says_that_it_is_not(files):
    told = find(files, "--areas", f"{files / 'areas.gpkg'}:areas")
    assert told.exit_code == 0, told.output
    found = pd.read_csv(files / "found.csv", dtype={"found_address_id": str})
    assert found["call"].tolist() == [1, 2, 3, 4, 5]
    assert found["found_address"].fillna("").tolist()[::4] == ["和平路12号锦澜苑3栋2单元401室", "长江路8号"]
    assert found.loc[2, "found_address"] == "和平路12号锦澜苑4栋1单元102室"
    assert found.loc[[1, 3], "found_status"].tolist() == ["reject", "reject"]
    assert found.loc[[0, 4], "found_area_id"].tolist() == ["A", "B"]
    assert found.loc[[1, 3], "found_area_id"].isna().all()
    assert "not found" in told.output


def test_the_ids_of_the_known_addresses_are_kept_though_some_stand_twice(files):
    known = gg.read_table(files / "known.csv.gz").rename(columns={"household_id": "address_id", "address": "text"})
    known["address_id"] = [7, 7, 8, 9, 10]
    known.to_csv(files / "other.csv", index=False)
    told = find(files, "--known-column", "text", known="other.csv")
    assert told.exit_code == 0, told.output
    found = pd.read_csv(files / "found.csv")
    assert found["found_address_id"].tolist()[::4] == [7, 10]
    assert "found_area_id" not in found


def test_many_addresses_are_looked_up_in_pieces(files, monkeypatch):
    assert find(files, out="whole.csv").exit_code == 0
    monkeypatch.setattr("gridgeo.cli.addressing.CHUNK_ROWS", 2)
    assert find(files, out="pieces.csv").exit_code == 0
    pd.testing.assert_frame_equal(pd.read_csv(files / "whole.csv"), pd.read_csv(files / "pieces.csv"))


def test_a_table_that_was_answered_before_is_answered_anew(files):
    assert find(files).exit_code == 0
    assert find(files, table="found.csv", out="again.csv").exit_code == 0
    pd.testing.assert_frame_equal(pd.read_csv(files / "found.csv"), pd.read_csv(files / "again.csv"))


def test_a_table_without_rows_is_named(files):
    (files / "none.csv").write_text("address\n")
    told = find(files, table="none.csv")
    assert told.exit_code == 1
    assert "none.csv: layer 'none' is empty" in told.output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--column", "where"], "--column 'where'"),
        (["--known-column", "where"], "--known-column 'where'"),
        (["--areas", "nowhere.gpkg"], "nowhere.gpkg"),
    ],
)
def test_what_is_not_there_is_named(files, more, words):
    told = find(files, *more)
    assert told.exit_code == 1
    assert words in told.output
    assert not (files / "found.csv").exists()


def register(files, **columns):
    """Write a register: the known addresses, some columns changed or added."""
    frame = gg.read_table(files / "known.csv.gz").assign(**columns)
    frame.to_csv(files / "register.csv", index=False)
    return files / "register.csv"


def audit(files, path, *more):
    return run("audit", path, "--known", files / "known.csv.gz", "--out", files / "findings.csv", *more)


def test_a_clean_register_has_nothing_found(files):
    told = audit(files, register(files, area_id=list("AAAAB")), "--areas", files / "areas.gpkg", "--fail-on", "note")
    assert told.exit_code == 0, told.output
    assert "nothing found" in told.output
    assert pd.read_csv(files / "findings.csv").empty


def test_findings_are_written_and_a_pipeline_can_stop_at_them(files):
    texts = [*list(KNOWN)[:4], "长江路9号"]
    path = register(files, address=texts, area_id=list("AABAB"), household_id=list("vwxyz"))
    told = audit(files, path, "--areas", files / "areas.gpkg", "--fail-on", "error")
    assert told.exit_code == 3, told.output
    found = pd.read_csv(files / "findings.csv")
    assert found[["kind", "register_id"]].to_numpy().tolist() == [["unknown_number", "z"], ["wrong_area", "x"]]
    assert "wrong_area" in told.output


def test_a_register_without_points_is_audited_by_its_texts(files):
    frame = pd.DataFrame({"text": ["和平路12号锦澜苑9栋1单元101室", "长江路8号", "长江路8号"]})
    frame.to_csv(files / "plain.csv", index=False)
    told = audit(files, files / "plain.csv", "--column", "text")
    assert told.exit_code == 0, told.output
    found = pd.read_csv(files / "findings.csv", dtype=str)
    assert found[["kind", "register_id"]].to_numpy().tolist() == [["unknown_building", "1"], ["duplicate", "2"]]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--column", "where"], "--column 'where'"),
        (["--id", "key"], "--id 'key'"),
        (["--fail-on", "anything"], "--fail-on 'anything'"),
    ],
)
def test_options_that_do_not_fit_are_named(files, more, words):
    told = audit(files, register(files), *more)
    assert told.exit_code == 1
    assert words in told.output


def test_areas_that_the_register_does_not_name_are_asked_for(files):
    told = audit(files, register(files), "--areas", files / "areas.gpkg", "--area-column", "grid")
    assert told.exit_code == 1
    assert "column 'grid' is missing" in told.output
