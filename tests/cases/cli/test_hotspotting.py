"""``gridgeo hotspots`` writes where incidents are many, and gives no small count away."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from towns import CRS, households_at, town
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij"
DRAWING = "\n".join(LETTERS[row * 6 : row * 6 + 6] for row in range(6))
HOT = "HIJNOPTUV"


@pytest.fixture
def files(tmp_path):
    """Write 36 grids of two communities, their households, and incidents that crowd in four of the grids."""
    random = np.random.default_rng(1)
    grids = town(DRAWING, households=50)
    grids["parent_id"] = np.where(np.arange(36) % 6 < 3, "west", "east")
    spots = np.concatenate([np.repeat(row, 40 if letter in HOT else random.integers(3, 9))
                            for row, letter in enumerate(grids.index)])  # fmt: skip
    middle = grids.geometry.centroid
    east = middle.x.iloc[spots] + random.uniform(-40, 40, len(spots))
    points = gpd.GeoSeries.from_xy(east, middle.y.iloc[spots], crs=CRS)
    lonlat = points.to_crs(4326)
    hour = pd.Timestamp("2026-08-03T08:30") + pd.to_timedelta(random.integers(0, 28, len(spots)), unit="D")
    incidents = pd.DataFrame(
        {"incident_id": [f"I{number}" for number in range(len(spots))], "reported_at": hour.astype(str),
         "category": "noise", "lon": lonlat.x.to_numpy(), "lat": lonlat.y.to_numpy()}
    )  # fmt: skip
    incidents.loc[0, ["lon", "lat"]] = np.nan
    incidents.to_csv(tmp_path / "incidents.csv", index=False)
    homes = households_at([(x + 0.5, y + 0.5) for x in range(6) for y in range(6)], count=20)
    layers = {"grids": grids, "households": homes}
    gg.write_layers(layers, tmp_path / "plan.gpkg")
    return tmp_path


def run(files, *more, out="hotspots.gpkg"):
    fixed = [files / "incidents.csv", "--areas", f"{files / 'plan.gpkg'}:grids", "--out", files / out]
    return CliRunner().invoke(app, ["hotspots", *map(str, fixed), *map(str, more)], env={"COLUMNS": "200"})


def test_the_hot_spots_are_written_and_small_counts_are_not(files):
    told = run(files)
    assert told.exit_code == 0, told.output
    assert "1 incidents have no point; they are not counted" in " ".join(told.output.split())
    made = gpd.read_file(files / "hotspots.gpkg", layer="hotspots").set_index("area_id")
    hot = set(made.index[made["kind"] == "hot"])
    assert "O" in hot
    assert hot <= set(HOT)
    assert made["suppressed"].astype(bool).any()
    hidden = made["suppressed"].astype(bool)
    assert made.loc[hidden, ["count", "rate"]].isna().all(axis=None)
    assert made.loc[~hidden, "count"].min() >= 5
    assert not {"z", "p", "q", "smoothed_rate"} & set(made.columns)
    totals = gpd.read_file(files / "hotspots.gpkg", layer="totals").set_index("parent_id")["count"]
    assert sorted(totals.index) == ["east", "west"]
    assert f"{int(hidden.sum())} counts suppressed" in told.output


def test_the_full_table_is_written_on_request_with_a_warning(files):
    told = run(files, "--full", out="all.csv")
    assert told.exit_code == 0, told.output
    assert "not for publication" in told.output
    made = pd.read_csv(files / "all.csv")
    assert {"z", "p", "q"} <= set(made.columns)
    assert made["count"].between(1, 4).any()
    assert made["rate"].iloc[0] == pytest.approx(made["count"].iloc[0] * 20)


def test_households_of_their_own_file_make_the_rates(files):
    told = run(files, "--households", f"{files / 'plan.gpkg'}:households", "--full", out="all.csv")
    assert told.exit_code == 0, told.output
    made = pd.read_csv(files / "all.csv")
    assert made["rate"].iloc[0] == pytest.approx(made["count"].iloc[0] * 50)


def test_trends_and_local_hours_are_told(files):
    told = run(files, "--time-zone", "Asia/Shanghai", "--trend", "week", out="spots.csv")
    assert told.exit_code == 0, told.output
    assert "taken for local time, Asia/Shanghai" in told.output
    assert "most are reported from 8:00 to 9:00 (100%)" in told.output
    made = pd.read_csv(files / "spots.csv", index_col="area_id", keep_default_na=False)
    assert made.loc["O", ["pattern", "course"]].tolist() == ["persistent", "persistent"]
    assert (files / "spots_totals.csv").exists()


def test_days_and_categories_are_chosen(files):
    told = run(files, "--time-zone", "Asia/Shanghai", "--since", "2026-08-04", "--until", "2026-08-05", "--full",
               "--category", "noise", out="all.csv")  # fmt: skip
    assert told.exit_code == 0, told.output
    day = pd.read_csv(files / "incidents.csv")["reported_at"].str.startswith("2026-08-04").sum()
    assert abs(pd.read_csv(files / "all.csv")["count"].sum() - day) <= 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--trend", "year"], "choose one of day, week, month"),
        (["--category", "fire"], "category 'fire': no incident has it"),
        (["--time-zone", "Asia/Nowhere"], "is not known; name it like Asia/Shanghai"),
        (["--per", "person"], "per is 'person'"),
        (["--since", "2026-08-01"], "not instants with a time zone"),
        (["--trend", "week"], "needs time_zone"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(files, options, words):
    told = run(files, *options)
    assert told.exit_code == 1
    assert words in told.output
    assert "Traceback" not in told.output


def test_another_ending_is_refused(files):
    told = run(files, out="spots.xyz")
    assert told.exit_code == 1
    assert "let the name end in .gpkg or .csv" in told.output
