"""A map drawn elsewhere becomes a plan: its areas stay what they are, to the last vertex."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from real_maps import MESSY, layer, messy
from scipy.spatial import cKDTree
from towns import CRS, communities, households_at, street_lines, town
from typer.testing import CliRunner

import gridgeo as gg
from gridgeo.cli.main import app
from gridgeo.model.tables import AREAS, ATOMS, check

MAP = town("""
    AAAABBBB
    AAAABBBB
    CCCCCCCC
    CCCCCCCC
""").drop(columns=["households", "persons"])
WARDS = communities("""
    WWWWEEEE
    WWWWEEEE
    SSSSSSSS
    SSSSSSSS
""")
BESIDE = street_lines([[(0, 2.1), (8, 2.1)], [(4.08, 0), (4.08, 4)], [(2, 0), (2, 4)], [(6, 0), (6, 4)]])
"""A street 10 m north of the border between north and south, one 8 m east of that between A and B, two that cross."""


def vertices(frame):
    """Collect the vertices of a map."""
    return {tuple(xy) for xy in shapely.get_coordinates(frame.geometry.to_numpy()).tolist()}


def hold_against(plan, areas, level="grid", *, exact=True):
    """Judge by shapely alone that the atoms of each area are the area, and that its vertices stayed."""
    atoms, owner = plan.atoms, plan.owner(level)
    check(atoms, ATOMS)
    check(plan.areas(level), AREAS)
    assert owner.index.equals(atoms.index)
    assert sorted(set(owner)) == sorted(areas.index.astype(str))
    for key, shape in zip(areas.index.astype(str), areas.geometry, strict=True):
        parts = atoms.geometry[owner == key].to_numpy()
        assert shapely.area(parts).sum() == pytest.approx(shape.area, abs=1e-6 * shape.length)
        assert shapely.union_all(parts).symmetric_difference(shape).area < 1e-6 * shape.length
    assert shapely.coverage_is_valid(atoms.geometry.to_numpy())
    assert set(atoms.geom_type) == {"Polygon"}
    before, after = (np.array(sorted(vertices(each))) for each in (areas, plan.areas(level)))
    moved = cKDTree(after).query(before)[0].max()
    assert moved < 1e-6
    assert plan.manifest["adopted"]["vertices_kept"] == (moved == 0)
    assert moved == 0 or not exact
    assert gg.certify(plan.areas(level), areas).holds


def widths(atoms):
    """Measure mean widths, metres."""
    return 2 * atoms.area / atoms.length


def test_areas_are_atoms_of_their_own_without_streets():
    plan = gg.adopt(MAP)
    hold_against(plan, MAP)
    assert plan.atoms.index.tolist() == ["A", "B", "C"]
    assert gg.certify(plan.areas(), MAP, strict=True).holds


def test_each_part_of_an_area_is_an_atom():
    parts = town("AA.A\nB.A.")
    plan = gg.adopt(parts)
    hold_against(plan, parts)
    assert plan.owner().to_dict() == {"A": "A", "A#2": "A", "A#3": "A", "B": "B"}


def test_streets_divide_areas_into_blocks():
    streets = street_lines([[(2, 0), (2, 4)], [(6, 0), (6, 4)], [(0, 1), (8, 1)]])
    plan = gg.adopt(MAP, streets=streets)
    hold_against(plan, MAP)
    assert plan.owner().value_counts().to_dict() == {"A": 2, "B": 2, "C": 6}


def test_a_street_beside_a_border_is_one_line_with_it():
    plan = gg.adopt(MAP, streets=BESIDE)
    hold_against(plan, MAP)
    # The border's own lines and the two crossing streets cut the ground; the streets beside borders cut nothing,
    # but south of the border the street between A and B goes on.
    assert plan.owner().value_counts().to_dict() == {"A": 2, "B": 2, "C": 4}
    assert widths(plan.atoms).min() > 50


def test_a_street_beside_a_border_ranks_it():
    borders = gg.adopt(MAP, streets=BESIDE.assign(rank=[1, 2, 5, 5])).borders
    of = borders.groupby("street_id")["length_m"].sum()
    assert of["S000"] == pytest.approx(800, abs=20)
    assert of["S001"] == pytest.approx(400, abs=20)
    assert set(borders["rank"]) == {1, 2, 5}


def test_a_street_farther_from_the_border_than_the_tolerance_stays():
    far = street_lines([[(0, 2.3), (8, 2.3)]])
    assert gg.adopt(MAP, streets=far).owner().value_counts().to_dict() == {"A": 2, "B": 2, "C": 1}
    assert gg.adopt(MAP, streets=far, snap_m=40).owner().value_counts().to_dict() == {"A": 1, "B": 1, "C": 1}


def test_a_side_street_is_led_on_to_the_border():
    streets = street_lines([[(0, 2.1), (8, 2.1)], [(1, 2.1), (1, 4)]])
    plan = gg.adopt(MAP, streets=streets)
    hold_against(plan, MAP)
    assert plan.owner().value_counts().to_dict() == {"A": 2, "B": 1, "C": 1}
    assert plan.atoms["area_m2"].round().tolist()[:2] == [20_000, 60_000]


def test_a_street_that_winds_about_the_border_leaves_no_slivers():
    x = np.linspace(0, 8, 81)
    winding = street_lines([list(zip(x, 2 + 0.08 * np.sin(3 * x), strict=True))])
    plan = gg.adopt(MAP, streets=winding)
    hold_against(plan, MAP)
    assert len(plan.atoms) == 3


def test_a_street_that_leaves_the_border_slowly_leaves_no_thin_end():
    leaving = street_lines([[(0, 2.0), (8, 3.6)]])
    plan = gg.adopt(MAP, streets=leaving)
    hold_against(plan, MAP)
    for atom in plan.atoms.geometry:
        assert (atom.area - atom.buffer(-5).buffer(5.2).intersection(atom).area) < 0.02 * atom.area


def test_households_count_once_where_they_lie():
    homes = households_at([(1, 3), (4, 3), (3, 2), (2, 2), (7, 1), (8.05, 1), (50, 50)] + [(1, 1)] * 40, count=3)
    plan = gg.adopt(MAP, streets=BESIDE, households=homes)
    assert plan.areas()["households"].sum() == 46 * 3
    assert plan.areas().loc["C", "households"] >= 42 * 3
    assert plan.manifest["moved_households"] == 3
    assert plan.manifest["left_out_households"] == 3
    assert plan.manifest["adopted"]["counted_by"] == "points"


def test_counts_of_the_map_are_shared_out_to_the_last_one():
    counted = MAP.assign(households=[101, 7, 3], persons=[300, 20, 8])
    plan = gg.adopt(counted, streets=BESIDE)
    assert plan.areas()["households"].to_dict() == {"A": 101, "B": 7, "C": 3}
    assert plan.areas()["persons"].to_dict() == {"A": 300, "B": 20, "C": 8}
    assert sorted(plan.atoms["households"][plan.owner() == "A"]) == [50, 51]


def test_crowded_blocks_are_divided_for_the_profile():
    homes = households_at([(0.5 + (k % 7), 0.3 + 0.5 * (k // 7)) for k in range(49)], count=30)
    plan = gg.adopt(MAP, streets=BESIDE, households=homes, profile=gg.load_profile("sichuan"))
    hold_against(plan, MAP)
    assert plan.atoms["households"].max() <= 200
    assert plan.atoms["households"].sum() == 49 * 30


def test_ids_names_codes_and_attributes_are_the_maps():
    said = MAP.assign(code=["01", None, "03"], name=["Ash", "Birch", None], captain=[7, 8, 9], since=["x", None, "y"])
    plan = gg.adopt(said, WARDS, streets=BESIDE)
    areas = plan.areas()
    assert areas["code"].to_dict() == {"A": "01", "B": "B", "C": "03"}
    assert areas["name"].to_dict() == {"A": "Ash", "B": "Birch", "C": "C"}
    assert areas["parent_id"].to_dict() == {"A": "W", "B": "E", "C": "S"}
    assert plan.register.loc[["A", "B", "C"], "captain"].tolist() == [7, 8, 9]
    assert plan.register.loc["C", "since"] == "y"


@pytest.mark.parametrize("by", ["frame", "column", "parent_id"])
def test_communities_are_parents(by):
    given = MAP.assign(**{"ward" if by == "column" else "parent_id": ["W", "E", "S"]})
    plan = gg.adopt(given, {"frame": WARDS, "column": "ward", "parent_id": None}[by])
    assert plan.owner("community").to_dict() == {"A": "W", "B": "E", "C": "S"}
    assert plan.levels == ["community", "grid"]


def test_areas_without_communities_are_of_one():
    assert set(gg.adopt(MAP).owner("community")) == {"1"}
    assert set(gg.adopt(MAP.rename({"A": "1"})).owner("community")) == {"all"}


@pytest.mark.parametrize("level", ["community", "micro", "beat"])
def test_a_map_is_adopted_at_any_level(level):
    plan = gg.adopt(MAP, streets=BESIDE, level=level)
    hold_against(plan, MAP, level)
    assert plan.quality(level)["areas"] == 3


def test_the_order_of_rows_changes_nothing():
    one, other = gg.adopt(MAP, streets=BESIDE), gg.adopt(MAP.iloc[::-1], streets=BESIDE.iloc[::-1])
    assert one.atoms.geometry.geom_equals_exact(other.atoms.geometry, 0).all()
    pd.testing.assert_frame_equal(one.register, other.register)
    pd.testing.assert_frame_equal(one.borders, other.borders)


def test_the_map_stays_as_it_was():
    before = MAP.copy()
    gg.adopt(MAP, WARDS, streets=BESIDE)
    assert before.geometry.geom_equals_exact(MAP.geometry, 0).all()
    assert before.columns.equals(MAP.columns)


def test_an_adopted_plan_is_kept_measured_published_and_divided_again(tmp_path):
    homes = households_at([(0.25 + 0.5 * (k % 15), 0.25 + 0.5 * (k // 15)) for k in range(105)], count=10)
    profile = gg.load_profile("sichuan")
    plan = gg.adopt(MAP.assign(captain=[1, 2, 3]), WARDS, streets=BESIDE, households=homes, profile=profile)
    assert plan.quality()["street_share"] != 0
    assert plan.area_measures()["households"].sum() == 1050
    gg.write_plan(plan, tmp_path / "plan.gpkg")
    again = gg.read_plan(tmp_path / "plan.gpkg")
    assert again.areas().geometry.geom_equals_exact(plan.areas().geometry, 0).all()
    pd.testing.assert_frame_equal(again.register, plan.register)
    with gg.open_store(tmp_path / "town.db") as store:
        store.publish(plan, valid_from=date(2026, 10, 1))
        kept = store.areas("grid", at=date(2026, 11, 1))
    assert kept["name"].tolist() == ["A", "B", "C"]
    south = plan.atoms[plan.atoms["community_id"] == "S"]
    drawn = gg.partition(south, profile, effort="fast").areas("grid")
    assert drawn["households"].sum() == south["households"].sum()


# Bad input


def test_a_map_that_overlaps_is_an_error_that_names_the_way_out():
    wide = MAP.copy()
    wide.loc["C", "geometry"] = shapely.affinity.translate(MAP.geometry["C"], 0, 50)
    with pytest.raises(gg.TableError, match=r"ours: 'A' and 'C' overlap .* gridgeo repair"):
        gg.adopt(wide, streets=BESIDE, name="ours")


def test_a_border_with_other_vertices_is_an_error():
    bent = MAP.copy()
    bent.loc["A", "geometry"] = shapely.segmentize(MAP.geometry["A"], 40)
    with pytest.raises(gg.TableError, match=r"other vertices than its neighbour's .* gridgeo repair"):
        gg.adopt(bent)


def test_an_invalid_ring_is_an_error():
    x, y = shapely.get_coordinates(MAP.geometry["A"])[0]
    tie = MAP.copy()
    tie.loc["A", "geometry"] = shapely.Polygon([(x, y), (x + 9, y + 9), (x + 9, y), (x, y + 9)])
    with pytest.raises(gg.TableError, match=r"geometry of 'A' is invalid .* gridgeo repair"):
        gg.adopt(tie)


def test_doubled_ids_are_an_error():
    with pytest.raises(gg.TableError, match="areas: area_id 'A' stands more than once"):
        gg.adopt(MAP.rename({"B": "A"}))


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_missing_ids_are_an_error(nothing):
    with pytest.raises(gg.TableError, match="areas: area_id is missing in row 1"):
        gg.adopt(MAP.reset_index(drop=True).assign(area_id=["A", nothing, "C"]))


def test_areas_that_cross_their_community_are_named():
    wards = communities("WWWWWEEE\nWWWWWEEE\nSSSSSSSS\nSSSSSSSS")
    with pytest.raises(gg.TableError, match=r"areas: 'B' cross.* 2e\+04 m2 outside 'E'.* gridgeo repair --parents"):
        gg.adopt(MAP, wards)


def test_areas_in_no_community_are_named():
    with pytest.raises(gg.TableError, match="areas: 'A', 'C' lie in no community"):
        gg.adopt(MAP, WARDS.loc[["E"]])


def test_an_id_of_an_area_and_a_community_is_an_error():
    with pytest.raises(gg.TableError, match="areas: 'S' is the id of an area and of a community"):
        gg.adopt(MAP.rename({"C": "S"}), WARDS)


@pytest.mark.parametrize("what", ["streets", "households", "communities"])
def test_layers_in_another_crs_are_errors(what):
    layers = {"streets": BESIDE, "households": households_at([(1, 1)]), "communities": WARDS}
    with pytest.raises(gg.CrsError, match=f"{what}: is in "):
        gg.adopt(MAP, **{what: layers[what].to_crs("EPSG:32650")})


def test_a_map_in_degrees_is_an_error():
    with pytest.raises(gg.CrsError, match=r"areas: .* is in degrees"):
        gg.adopt(MAP.to_crs("EPSG:4326"))


def test_streets_elsewhere_are_an_error():
    away = BESIDE.set_geometry(BESIDE.translate(50_000, 0))
    with pytest.raises(gg.TableError, match="streets: none of 4 lies in the map; check the CRS"):
        gg.adopt(MAP, streets=away)


def test_households_elsewhere_are_an_error():
    with pytest.raises(gg.TableError, match=r"households: 2 of 2 rows .* lie outside"):
        gg.adopt(MAP, households=households_at([(90, 90), (91, 91)]))


def test_wrong_counts_of_the_map_are_an_error():
    with pytest.raises(gg.TableError, match="areas: households of 'A' is -1, below 0"):
        gg.adopt(MAP.assign(households=-1))


def test_a_profile_without_the_level_is_an_error():
    with pytest.raises(gg.ProfileError, match="profile 'sichuan' knows no areas of level 'beat'"):
        gg.adopt(MAP, profile=gg.load_profile("sichuan"), level="beat")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"level": "ward"}, "level 'ward' is unknown; choose one of community, grid, micro, beat"),
        ({"level": "community", "communities": WARDS}, "areas are communities themselves"),
        ({"buildings": gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=CRS)}, "give streets too"),
        ({"communities": "ward"}, "column 'ward' is missing"),
        ({"snap_m": -1.0}, "snap_m"),
    ],
)
def test_wrong_options_are_errors(change, words):
    with pytest.raises(gg.TableError, match=words):
        gg.adopt(MAP, **change)


def test_a_map_without_areas_is_an_error():
    with pytest.raises(gg.TableError, match="areas: the table has no rows"):
        gg.adopt(MAP.iloc[:0])


# The command


def test_the_command_writes_a_plan_and_a_map(tmp_path):
    homes = households_at([(1, 1), (5, 3), (30, 30)] + [(2.5, 2.5)] * 40)
    gg.write_layers({"areas": MAP, "wards": WARDS, "streets": BESIDE, "homes": homes}, tmp_path / "town.gpkg")
    town_file, out, page = tmp_path / "town.gpkg", tmp_path / "plan.gpkg", tmp_path / "map.html"
    options = ["--communities", f"{town_file}:wards", "--streets", f"{town_file}:streets", "--out", str(out)]
    options += ["--households", f"{town_file}:homes", "--profile", "sichuan", "--map", str(page)]
    told = CliRunner().invoke(app, ["adopt", f"{town_file}:areas", *options])
    assert told.exit_code == 0, told.output
    assert "3 areas of level grid" in told.output
    assert "1 household rows" in told.output
    plan = gg.read_plan(out)
    assert plan.areas()["parent_id"].to_dict() == {"A": "W", "B": "E", "C": "S"}
    assert plan.areas()["households"].sum() == 42
    assert page.stat().st_size > 10_000


def test_the_command_refuses_a_map_that_is_no_coverage(tmp_path):
    wide = MAP.copy()
    wide.loc["C", "geometry"] = shapely.affinity.translate(MAP.geometry["C"], 0, 50)
    gg.write_layers({"areas": wide}, tmp_path / "town.gpkg")
    told = CliRunner().invoke(app, ["adopt", f"{tmp_path}/town.gpkg:areas", "--out", f"{tmp_path}/plan.gpkg"])
    assert told.exit_code != 0
    assert "gridgeo repair" in told.output
    assert not (tmp_path / "plan.gpkg").exists()


# Real maps


def adoptable(areas):
    """Give areas ids that are text."""
    return areas.set_index(areas.index.astype(str).rename("area_id"))


def cambridge_streets():
    """Read the streets of Cambridge, a row a segment."""
    streets = layer("cambridge_ma/cambridge.gpkg", "streets")
    return streets.drop_duplicates("segment_id").set_index("segment_id").rename_axis("street_id")[["geometry"]]


@pytest.mark.parametrize("name", MESSY)
def test_a_messy_map_is_adopted_when_it_is_repaired(name):
    areas, ground, _ = messy(name)
    mended = adoptable(gg.repair(areas, ground).areas)
    hold_against(gg.adopt(mended[["geometry"]]), mended)


def test_neighborhoods_are_divided_by_their_streets():
    file = "cambridge_ma/cambridge.gpkg"
    streets = cambridge_streets()
    city = layer(file, "city_boundary", streets.crs)
    areas = layer(file, "neighborhoods", streets.crs).set_index("nhood_id")
    mended = adoptable(gg.repair(areas, city).areas)
    homes = layer(file, "household_points", streets.crs).rename(columns={"households": "count"})[["count", "geometry"]]
    plan = gg.adopt(mended, streets=streets, households=homes)
    hold_against(plan, mended)
    assert len(plan.atoms) > 600
    assert widths(plan.atoms[plan.atoms["kind"] == "block"]).min() >= 12
    assert plan.areas()["households"].sum() == homes["count"].sum() - plan.manifest["left_out_households"]


@pytest.mark.parametrize(
    ("name", "key"), [("police_car_routes", "car_route"), ("police_response_districts", "reporting_area")]
)
def test_police_areas_are_divided_by_the_streets_on_their_borders(name, key):
    streets = cambridge_streets()
    areas = adoptable(layer("cambridge_ma/cambridge.gpkg", name, streets.crs).set_index(key))
    plan = gg.adopt(areas, streets=streets)
    hold_against(plan, areas)
    assert widths(plan.atoms).min() >= 12
    # The police drew most borders along streets; each of them is told as one.
    assert plan.quality()["street_share"] > 0.6


@pytest.mark.parametrize(
    ("file", "name"),
    [("providence_ri/providence.gpkg", "precincts"), ("denver_precincts/denver.gpkg", "precincts_2016_repaired")],
)
def test_precincts_are_adopted_with_the_edges_of_census_blocks_for_streets(file, name):
    precincts = layer(file, name)
    ground = shapely.union_all(shapely.make_valid(precincts.geometry.to_numpy()))
    mended = adoptable(gg.repair(precincts, gpd.GeoSeries([ground], crs=precincts.crs)).areas)[["geometry"]]
    some = mended.iloc[:60] if len(mended) > 100 else mended
    blocks = layer(file, "blocks_2010" if "providence" in file else "blocks_2020", precincts.crs)
    near = blocks[blocks.intersects(shapely.box(*some.total_bounds))]
    lines = gpd.GeoDataFrame(geometry=near.boundary.to_numpy(), crs=precincts.crs)
    lines.index = lines.index.astype(str).rename("street_id")
    plan = gg.adopt(some, streets=lines)
    hold_against(plan, some, exact=False)
    assert len(plan.atoms) > 5 * len(some)
