"""A planner divides a real town with one command, and the files she gets are judged by other means."""

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from shared_data import shared
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app

TOWNS = {
    "cambridge_ma": {
        "file": "cambridge_ma/cambridge.gpkg",
        "communities": "neighborhoods",
        "options": {"--inside": "city_boundary", "--streets": "streets", "--barriers": "rail"},
        "dwellings": 41_864,
    },
    "nanjing_xinjiekou": {
        "file": "nanjing_xinjiekou/nanjing.gpkg",
        "communities": "district_parts",
        "options": {"--streets": "streets", "--buildings": "buildings"},
        "dwellings": 36_744,
    },
}


@pytest.fixture(scope="module", params=TOWNS)
def divided(request, tmp_path_factory):
    """Divide a real town as a planner would; give its name, source file and the folder with what came out."""
    town = TOWNS[request.param]
    source, out = shared(town["file"]), tmp_path_factory.mktemp(request.param)
    options = [part for option, layer in town["options"].items() for part in (option, f"{source}:{layer}")]
    command = ["plan", "--communities", f"{source}:{town['communities']}", *options]
    command += ["--households", f"{source}:household_points", "--profile", "guali-2024"]
    command += ["--out", str(out / "plan.gpkg"), "--map", str(out / "map.html"), "--report", str(out / "audit.html")]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return town, source, out


def layer(out, name):
    return gpd.read_file(out / "plan.gpkg", layer=name)


def test_each_dwelling_lies_in_exactly_one_area_of_each_level(divided):
    town, source, out = divided
    for name in ("grids", "micro_grids"):
        areas = layer(out, name)
        assert areas["households"].sum() == town["dwellings"]
        homes = gpd.read_file(source, layer="household_points").to_crs(areas.crs)
        pairs = gpd.sjoin(homes, areas[["area_id", "geometry"]], predicate="within")
        assert not pairs.index.duplicated().any()
        lost = homes.drop(pairs.index)
        assert lost.distance(areas.union_all()).max() < 10 if len(lost) else True
        counted = pairs.groupby("area_id")["households"].sum().reindex(areas["area_id"], fill_value=0)
        assert (areas.set_index("area_id")["households"] - counted).abs().sum() == lost["households"].sum()


def test_areas_tile_the_town_in_one_piece_inside_their_parents(divided):
    _, _, out = divided
    communities = layer(out, "communities").set_index("area_id")
    territory = communities.union_all()
    parents = communities
    for name in ("grids", "micro_grids"):
        areas = layer(out, name).set_index("area_id")
        assert set(areas.geom_type) == {"Polygon"}
        assert shapely.is_valid(areas.geometry.to_numpy()).all()
        assert areas.area.sum() == pytest.approx(territory.area, abs=0.01)
        assert areas.union_all().symmetric_difference(territory).area < 0.01
        outside = [row.geometry.difference(parents.geometry[row.parent_id]).area for row in areas.itertuples()]
        assert max(outside) < 0.01
        parents = areas


def test_a_grid_outside_the_band_is_certified_and_the_arithmetic_agrees(divided):
    _, _, out = divided
    grids = layer(out, "grids")
    bad = grids[~grids["households"].between(300, 500)]
    told = pyogrio.read_dataframe(out / "plan.gpkg", layer="certificates").query("level == 'grid'")
    assert "not_found" not in set(told["reason"])
    totals = grids.groupby("parent_id")["households"].sum()
    atoms = layer(out, "atoms")
    for _, grid in bad.iterrows():
        reasons = told[told["area_id"] == grid["parent_id"]]
        assert len(reasons), grid["area_id"]
        impossible = not any(300 * k <= totals[grid["parent_id"]] <= 500 * k for k in range(1, 200))
        giant = atoms.loc[atoms["grid"] == grid["area_id"], "households"].max() > 500 if "grid" in atoms else False
        alone = set(reasons["reason"]) & {"atom_over_max", "dead_atom"}
        assert impossible or giant or alone


def test_most_borders_inside_communities_run_on_streets(divided):
    _, source, out = divided
    grids, communities = layer(out, "grids"), layer(out, "communities")
    streets = gpd.read_file(source, layer="streets").to_crs(grids.crs).union_all()
    inner = shapely.union_all(grids.boundary.to_numpy()).difference(communities.boundary.union_all().buffer(0.5))
    assert inner.intersection(streets.buffer(1.0)).length / inner.length >= 0.6


def test_the_audit_of_the_plan_has_nothing_to_tell(divided):
    _, _, out = divided
    assert set(layer(out, "findings")["kind"]) <= {"streets_short"}  # about the streets that went in, not the plan
    grids, communities = gg.read_layer(out / "plan.gpkg", "grids"), gg.read_layer(out / "plan.gpkg", "communities")
    assert gg.certify(grids, communities).holds


def test_the_plan_is_read_back_and_the_pages_ask_no_other_host(divided):
    town, _, out = divided
    plan = gg.read_plan(out / "plan.gpkg")
    assert plan.areas("grid")["households"].sum() == town["dwellings"]
    pd.testing.assert_index_equal(plan.owner("grid").index, plan.atoms.index)
    for page in ("map.html", "audit.html"):
        text = (out / page).read_text(encoding="utf-8")
        assert 'src="http' not in text
        assert "url(http" not in text


def test_data_of_openstreetmap_keeps_its_notice(divided):
    town, _, out = divided
    text = (out / "map.html").read_text(encoding="utf-8")
    assert ("OpenStreetMap contributors" in text) == ("nanjing" in town["file"])
