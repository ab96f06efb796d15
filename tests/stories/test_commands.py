"""People type commands, some of them wrong: one line says what, and the way out."""

import signal
import subprocess
import sys
import time

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from towns import communities, households_at, street_lines, town
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def files(tmp_path):
    """Write a small town as the files that a user would bring."""
    places = [(x + i / 4, y + j / 4) for x in range(4) for y in range(2) for i in (1, 2, 3) for j in (1, 2, 3)]
    lines = [[(x, 0), (x, 2)] for x in range(5)] + [[(0, y), (4, y)] for y in range(3)]
    gg.write_layers(
        {
            "communities": communities("CCDD\nCCDD"),
            "streets": street_lines(lines),
            "households": households_at(places, count=10),
        },
        tmp_path / "town.gpkg",
    )
    return tmp_path


def plan_command(folder, **changes):
    options = {name: f"{folder / 'town.gpkg'}:{name}" for name in ("communities", "streets", "households")}
    options |= {"out": folder / "plan.gpkg", **changes}
    return ["plan", *[part for name, value in options.items() for part in (f"--{name}", value)]]


def test_a_town_of_files_becomes_a_plan(files):
    result = run(*plan_command(files, map=files / "map.html", report=files / "audit.html"))
    assert result.exit_code == 0, result.output
    assert "audit: no gap, no overlap, every household in exactly one area of each level" in result.output
    grids = gpd.read_file(files / "plan.gpkg", layer="grids")
    assert grids["households"].tolist() == [360, 360]
    assert (files / "map.html").stat().st_size > 10_000


def test_the_same_seed_writes_the_same_plan(files):
    owners = []
    for name in ("a.gpkg", "b.gpkg"):
        assert run(*plan_command(files, out=files / name)).exit_code == 0
        owners.append(gg.read_plan(files / name).owner("micro"))
    pd.testing.assert_series_equal(*owners)


def test_a_planner_asks_for_so_many_grids_and_what_stays_as_it_is(files):
    assert run(*plan_command(files, **{"number-of-areas": "C=1"}, out=files / "first.gpkg")).exit_code == 0
    first = gpd.read_file(files / "first.gpkg", layer="grids")
    assert first.groupby("parent_id").size()["C"] == 1
    locked = {"locked": f"{files / 'first.gpkg'}:grids", "exclusive-level": "grid", "not-crossed": "rail"}
    assert run(*plan_command(files, **locked)).exit_code == 0
    second = gpd.read_file(files / "plan.gpkg", layer="grids")
    assert second["area_id"].tolist() == first["area_id"].tolist()
    asked = gg.read_plan(files / "plan.gpkg").manifest["asked"]
    assert asked["exclusive_level"] == "grid"
    assert asked["not_crossed"] == ["rail"]


def test_seeds_lie_in_a_grid_each(files):
    seeds = households_at([(0.5, 0.5), (1.5, 1.5), (2.5, 0.5)])[["geometry"]]
    gg.write_layers({"seeds": seeds}, files / "seeds.gpkg")
    assert run(*plan_command(files, seeds=f"{files / 'seeds.gpkg'}:seeds")).exit_code == 0
    grids = gpd.read_file(files / "plan.gpkg", layer="grids")
    held = gpd.sjoin(seeds, grids, predicate="within")["area_id"]
    assert held.is_unique
    assert set(held) == set(grids["area_id"])


def test_a_street_that_is_not_crossed_parts_the_grids(files):
    homes = gg.read_layer(files / "town.gpkg", "households").assign(count=20)
    gg.write_layers({"households": homes}, files / "more.gpkg")
    options = {"not-crossed": "S001", "households": f"{files / 'more.gpkg'}:households"}
    assert run(*plan_command(files, **options)).exit_code == 0
    grids = gpd.read_file(files / "plan.gpkg", layer="grids")
    street = gpd.read_file(files / "town.gpkg", layer="streets").set_index("street_id").geometry["S001"]
    assert not grids.buffer(-1).intersects(street).any()
    assert grids["households"].tolist() == [360] * 4


def test_a_bridge_joins_what_a_line_parted(files):
    line = shapely.affinity.translate(shapely.LineString([(50, 50), (150, 50)]), 500_000, 3_400_000)
    gg.write_layers({"bridges": gpd.GeoDataFrame(geometry=[line], crs="EPSG:4547")}, files / "b.gpkg")
    options = {"not-crossed": "S001", "bridges": f"{files / 'b.gpkg'}:bridges"}
    assert run(*plan_command(files, **options)).exit_code == 0
    grids = gpd.read_file(files / "plan.gpkg", layer="grids")
    assert grids["households"].tolist() == [360, 360]


def test_an_existing_map_is_divided_by_its_own_areas(files):
    blocks = town("ABCDEFGH\nIJKLMNOP").assign(households=45, ward=["W1", "W2"] * 8).drop(columns="parent_id")
    gg.write_layers({"blocks": blocks}, files / "map.gpkg")
    options = ["--map-atoms", f"{files / 'map.gpkg'}:blocks", "--out", files / "m.gpkg"]
    assert run("plan", *options).exit_code == 0
    plan = gg.read_plan(files / "m.gpkg")
    assert plan.atoms.index.tolist() == list("ABCDEFGHIJKLMNOP")
    assert plan.areas("grid")["households"].tolist() == [360, 360]
    assert run("plan", *options, "--community-column", "ward").exit_code == 0
    assert gg.read_plan(files / "m.gpkg").areas("community").index.tolist() == ["W1", "W2"]


def test_a_map_that_counts_nothing_is_told(files):
    gg.write_layers({"blocks": town("AB")[["geometry"]]}, files / "map.gpkg")
    told = run("plan", "--map-atoms", f"{files / 'map.gpkg'}:blocks", "--out", files / "m.gpkg")
    assert told.exit_code == 1
    assert "--map-atoms: counts no households" in " ".join(told.output.split())


def test_villages_are_found_where_they_are_looked_for(files):
    places = [(x + i / 40, y + j / 40) for x, y in ((0.2, 0.2), (0.3, 1.5)) for i in range(4) for j in range(4)]
    places += [(2 + x / 8, y / 8) for x in range(1, 16) for y in range(1, 16)]
    gg.write_layers({"households": households_at(places, count=3)}, files / "rural.gpkg")
    options = {"villages": "auto", "rural": "C", "households": f"{files / 'rural.gpkg'}:households"}
    assert run(*plan_command(files, **options)).exit_code == 0
    kinds = gg.read_plan(files / "plan.gpkg").atoms.groupby("community_id")["kind"].agg(set)
    assert kinds["C"] == {"village"}
    assert "village" not in kinds["D"]


def test_a_tower_known_as_a_point_is_shared_out_among_stairwells(files):
    homes = households_at([(x + 0.5, y + 0.5) for x in range(4) for y in range(2)], count=120)
    gg.write_layers({"households": homes.assign(rent=1)}, files / "towers.gpkg")
    towers = {"households": f"{files / 'towers.gpkg'}:households", "sum": "rent"}
    shares = []
    for options in ({}, {"assume-stairwells": 40}):
        assert run(*plan_command(files, **towers, **options)).exit_code == 0
        shares.append(gpd.read_file(files / "plan.gpkg", layer="micro_grids")["households"].between(50, 80).mean())
        assert gg.read_plan(files / "plan.gpkg").atoms["households"].sum() == 960
    assert shares[0] == 0
    assert shares[1] > 0.5


def test_points_are_located_and_a_plan_is_drawn_and_exported(files):
    run(*plan_command(files))
    points = pd.DataFrame({"lon": [114.0005, 0.0], "lat": [30.72, 0.0]})
    areas = gpd.read_file(files / "plan.gpkg", layer="grids").to_crs(4326)
    points.loc[0, ["lon", "lat"]] = areas.geometry[0].representative_point().coords[0]
    points.to_csv(files / "points.csv", index=False)
    options = [
        "--areas",
        f"{files / 'plan.gpkg'}:grids",
        "--lon",
        "lon",
        "--lat",
        "lat",
        "--out",
        files / "located.csv",
    ]
    told = run("locate", files / "points.csv", *options)
    assert told.exit_code == 0, told.output
    located = pd.read_csv(files / "located.csv")
    assert located["area_id"].fillna("").tolist() == [areas["area_id"][0], ""]
    for command in (["map", files / "plan.gpkg", "--out", files / "m.html"],
                    ["export", files / "plan.gpkg", "--out", files / "g.geojson"]):  # fmt: skip
        result = run(*command)
        assert result.exit_code == 0, result.output
    assert len(gpd.read_file(files / "g.geojson")) == 2


def test_a_broken_map_is_audited_repaired_and_proved(tmp_path):
    broken = town("AAB\nAAB").assign(households=0)
    broken.loc["B", "geometry"] = shapely.affinity.translate(broken.geometry["B"], 5, 0)
    gg.write_layers({"areas": broken, "inside": town("AAA\nAAA")}, tmp_path / "map.gpkg")
    source = tmp_path / "map.gpkg"
    options = ["--out", tmp_path / "f.gpkg", "--report", tmp_path / "audit.html", "--fail-on", "error"]
    told = run("audit", f"{source}:areas", "--inside", f"{source}:inside", *options)
    assert told.exit_code == 3
    assert gpd.read_file(tmp_path / "f.gpkg")["kind"].tolist()
    mended = run("repair", f"{source}:areas", "--inside", f"{source}:inside", "--out", tmp_path / "r.gpkg")
    assert mended.exit_code == 0, mended.output
    assert "proved: the 2 areas cover the territory exactly once" in mended.output
    again = run("audit", f"{tmp_path / 'r.gpkg'}:areas", "--inside", f"{source}:inside", "--fail-on", "note")
    assert again.exit_code == 0, again.output


def test_profiles_are_listed_and_shown():
    assert "guali-2024" in run("profiles").output
    shown = run("profiles", "show", "guali-2024")
    assert "micro-split" in shown.output
    assert "grid: 300-500 households" in shown.output


@pytest.mark.parametrize("command", ["demo", "plan", "audit", "repair", "locate", "map", "export", "serve"])
def test_help_gives_an_example(command):
    told = run(command, "--help")
    assert told.exit_code == 0
    assert f"Example: gridgeo {command}" in " ".join(told.output.split())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"profile": "nowhere"}, "ProfileError there is no profile 'nowhere'; choose one of"),
        ({"effort": "all"}, "effort 'all' is unknown; choose one of fast, normal, best"),
        ({"streets": "town.gpkg:roads"}, "StorageError"),
        ({"out": "/proc/none/plan.gpkg"}, "StorageError"),
        ({"columns": "households"}, "is not TABLE:THEIRS=OURS"),
        ({"number-of-areas": "many"}, "'many' is neither N nor LOW..HIGH"),
        ({"number-of-areas": "X=2"}, "there is no community 'X'"),
        ({"exclusive-level": "beat"}, "exclusive: level 'beat' is none of the profile's"),
        ({"not-crossed": "7"}, "'7' is no kind"),
        ({"rural": "C"}, "--rural: says where --villages auto looks"),
        ({"villages": "auto", "rural": "X"}, "there is no community 'X'"),
        ({"community-column": "ward"}, "names a column of --map-atoms"),
        ({"assume-stairwells": 0}, "most: is 0, below 1"),
        ({"sum": "rent"}, "column 'rent' is missing"),
        ({"map-atoms": "town.gpkg:communities", "villages": "auto"}, "--map-atoms: takes no --villages"),
    ],
)
def test_a_wrong_request_is_told_in_one_line(files, changes, words):
    told = run(*plan_command(files, **changes))
    assert told.exit_code == 1
    assert words in " ".join(told.output.split())
    assert "Traceback" not in told.output
    assert not (files / "plan.gpkg").exists()


def test_nothing_is_left_where_the_work_breaks_off(files):
    homes = households_at([(0.5, 0.5)], count=3).assign(count=-3)
    gg.write_layers({"households": homes}, files / "bad.gpkg")
    told = run(*plan_command(files, households=f"{files / 'bad.gpkg'}:households"))
    assert told.exit_code == 1
    assert "count" in told.output
    assert "-3" in told.output
    assert sorted(path.name for path in files.iterdir()) == ["bad.gpkg", "town.gpkg"]


def test_an_interrupted_run_leaves_a_whole_plan(files):
    assert run(*plan_command(files)).exit_code == 0
    before = gg.read_plan(files / "plan.gpkg")
    code = "import sys; sys.argv[0] = 'gridgeo'; from gridgeo.cli import main; main()"
    words = [str(word) for word in plan_command(files)]
    process = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    for looked in (True, False):  # until the command has looked whether it may write there, the first thing it does
        while process.poll() is None and any(files.glob(".gridgeo-*")) != looked:
            time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=60)[1].decode()
    assert process.returncode == 130, told
    assert "interrupted" in told
    pd.testing.assert_series_equal(gg.read_plan(files / "plan.gpkg").owner("micro"), before.owner("micro"))
    assert not list(files.glob(".gridgeo-*"))
