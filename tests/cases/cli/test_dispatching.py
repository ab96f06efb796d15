"""``gridgeo dispatch`` writes for each incident its officer, its unit and the reason."""

import pandas as pd
import pytest
from served_town import addresses, duties, incidents, lonlat, officers, plan
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app


@pytest.fixture
def files(tmp_path):
    gg.write_plan(plan(), tmp_path / "plan.gpkg")
    gg.write_layers({"addresses": addresses()}, tmp_path / "addresses.gpkg")
    officers().to_csv(tmp_path / "officers.csv")
    duties().to_csv(tmp_path / "duties.csv")
    lon, lat = lonlat(0.5, 1.5)
    rows = [
        ("I1", "2026-09-02T08:00+08:00", "噪音", lon, lat, None),
        ("I2", "2026-09-02T09:00+08:00", "漏水", None, None, "溪桥路12号1栋1单元101室"),
        ("I3", "2026-09-02T10:00+08:00", "漏水", None, None, None),
    ]
    columns = ["incident_id", "reported_at", "category", "lon", "lat", "address"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "incidents.csv", index=False)
    pd.DataFrame([("R1", "*", "社区办")], columns=["route_id", "category", "unit"]).to_csv(
        tmp_path / "routes.csv", index=False
    )
    return tmp_path


def run(files, *more, source="incidents.csv"):
    out = files / "dispatched.csv"
    command = ["dispatch", files / source, "--areas", files / "plan.gpkg", "--officers", files / "officers.csv",
               "--duties", files / "duties.csv", "--addresses", files / "addresses.gpkg", "--out", out]  # fmt: skip
    result = CliRunner().invoke(app, [*map(str, command), *map(str, more)], env={"COLUMNS": "200"})
    written = pd.read_csv(out, dtype=str).set_index("incident_id") if out.exists() else None
    return result, written


def test_points_and_addresses_get_their_officer_and_the_rest_a_reason(files):
    result, told = run(files, "--routes", files / "routes.csv")
    assert result.exit_code == 0, result.output
    assert told["state"].tolist() == ["auto", "auto", "refused"]
    assert told["to"].tolist()[:2] == ["O2", "O2"]
    assert told["officer"].iloc[0] == "王强"
    assert told["unit"].iloc[0] == "社区办"
    assert told["reason"].notna().all()
    assert told["found_by"].tolist()[:2] == ["point", "address"]


def test_phones_are_written_only_where_they_are_asked_for(files):
    _, told = run(files)
    assert "phone" not in told.columns
    assert "0571-8512" not in (files / "dispatched.csv").read_text("utf-8")
    _, told = run(files, "--phones")
    assert told["phone"].iloc[0] == "0571-8512"


def test_incidents_with_addresses_alone_need_no_coordinates(files):
    pd.read_csv(files / "incidents.csv").drop(columns=["lon", "lat"]).to_csv(files / "texts.csv", index=False)
    result, told = run(files, source="texts.csv")
    assert result.exit_code == 0, result.output
    assert told["state"].tolist() == ["refused", "auto", "refused"]


def test_reasons_can_be_written_in_chinese(files):
    _, told = run(files, "--language", "zh")
    assert told["reason"].iloc[2] == "既无定位点也无地址;无人可派。"


def test_incidents_of_a_file_of_places_keep_their_own(files):
    gg.write_layers({"incidents": incidents()}, files / "incidents.gpkg")
    result, told = run(files, source="incidents.gpkg")
    assert result.exit_code == 0, result.output
    assert len(told) == 24
    assert told["state"].iloc[23] == "refused"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--routes", "nowhere.csv"], "nowhere.csv"),
        (["--now", "yesterday"], "'yesterday'"),
        (["--level", "street"], "'street'"),
        (["--timezone", "Mars"], "'Mars'"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_line(files, more, words):
    result, told = run(files, *more)
    assert result.exit_code == 1
    assert words in result.output
    assert told is None
