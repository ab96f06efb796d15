import geopandas as gpd
import pandas as pd
import pytest
import shapely
from real_maps import layer
from towns import CRS, communities, households_at, street_lines, town

import gridgeo as gg
from gridgeo.design.map_atoms import atoms_from_map
from gridgeo.model.tables import ATOMS, check

MAP = town(
    """
    AAB
    CCB
""",
    households=40,
)
WARDS = communities("""
    WWE
    WWE
""")
PEOPLE_IN_A_HOUSEHOLD = 2.2


def test_areas_become_atoms_that_keep_their_ids():
    atoms = atoms_from_map(MAP)
    check(atoms, ATOMS)
    assert atoms.index.tolist() == ["A", "B", "C"]
    assert atoms["households"].tolist() == [40, 40, 40]
    assert atoms["community_id"].tolist() == ["1", "1", "1"]
    assert atoms["area_m2"].tolist() == [20_000.0, 20_000.0, 20_000.0]
    assert atoms.geometry.geom_equals(MAP.geometry.rename_axis("atom_id")).all()


def test_areas_belong_to_the_community_that_holds_a_point_of_them():
    atoms = atoms_from_map(MAP, WARDS)
    assert atoms["community_id"].to_dict() == {"A": "W", "B": "E", "C": "W"}


@pytest.mark.parametrize("values", [["w", "e", "w"], [2.0, 1.0, 2.0], [2, 1, 2]])
def test_a_column_may_name_the_communities(values):
    atoms = atoms_from_map(MAP.assign(ward=values), "ward")
    assert atoms["community_id"].tolist() == [str(value).removesuffix(".0") for value in values]


def test_household_points_go_before_the_counts_of_the_areas():
    homes = households_at([(0.5, 0.5), (2.5, 0.5), (2.5, 1.5)], count=7).assign(persons=20)
    atoms = atoms_from_map(MAP, households=homes)
    assert atoms["households"].to_dict() == {"A": 0, "B": 14, "C": 7}
    assert atoms["persons"].sum() == 60


def test_households_beside_the_map_are_told():
    homes = households_at([(0.5, 0.5)] * 40 + [(0.5, -0.05), (9, 9)])
    atoms = atoms_from_map(MAP, households=homes)
    assert (atoms.attrs["moved"], atoms.attrs["left_out"], atoms["households"].sum()) == (1, 1, 41)


def test_persons_alone_are_counts_too():
    atoms = atoms_from_map(MAP.drop(columns="households").assign(persons=9))
    assert (atoms["persons"].sum(), atoms["households"].sum()) == (27, 0)


def test_named_columns_become_amounts_of_the_atoms():
    assert atoms_from_map(MAP.assign(visits=[1.0, 2.6, 3.0]), sums=["visits"])["visits"].tolist() == [1, 3, 3]


def test_borders_count_as_streets_of_rank_4():
    borders = gg.find_borders(atoms_from_map(MAP))
    assert borders["rank"].tolist() == [4, 4, 4]


def test_streets_rank_the_borders_that_run_on_them():
    atoms = atoms_from_map(MAP, streets=street_lines([[(0, 1), (2, 1)]], rank=2))
    borders = gg.find_borders(atoms).set_index(["atom_a", "atom_b"])
    assert borders["rank"].to_dict() == {("A", "B"): 0, ("A", "C"): 2, ("B", "C"): 0}


def test_parts_that_share_no_border_become_atoms_of_their_own():
    parts = town("AA.A\nB.A.", households=30)
    atoms = atoms_from_map(parts)
    assert atoms.index.tolist() == ["A", "A#2", "A#3", "B"]
    assert atoms["households"].tolist() == [30, 0, 0, 30]
    assert atoms["block_id"].tolist() == ["A", "A", "A", "B"]
    assert set(atoms.geom_type) == {"Polygon"}


def test_household_points_count_in_the_part_where_they_lie():
    atoms = atoms_from_map(town("AA.A"), households=households_at([(0.5, 0.5), (3.5, 0.5)], count=5))
    assert atoms["households"].to_dict() == {"A": 5, "A#2": 5}


def test_atoms_do_not_depend_on_the_order_of_rows():
    pd.testing.assert_frame_equal(pd.DataFrame(atoms_from_map(MAP)), pd.DataFrame(atoms_from_map(MAP.iloc[::-1])))


def test_atoms_of_a_plan_are_areas_like_others():
    again = atoms_from_map(atoms_from_map(MAP), "community_id")
    assert again.index.tolist() == ["A", "B", "C"]


def test_names_of_communities_are_noted():
    plan = gg.partition(atoms_from_map(MAP, WARDS.assign(name=["East", "West"])), gg.load_profile("sichuan"))
    assert plan.register.loc[["E", "W"], "name"].tolist() == ["East", "West"]


def test_areas_that_overlap_are_an_error_that_names_the_first():
    wide = MAP.copy()
    wide.loc["C", "geometry"] = shapely.affinity.translate(MAP.geometry["C"], 50, 0)
    with pytest.raises(gg.TableError, match=r"ours: 'B' and 'C' overlap by 5000 m2; mend the map with gridgeo repair"):
        atoms_from_map(wide, name="ours")


def test_borders_with_other_vertices_are_an_error():
    shapes = [shapely.box(0, 0, 10, 10), shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (10, 5)])]
    bent = gpd.GeoDataFrame({"households": 1}, geometry=shapes, crs=CRS, index=pd.Index(["a", "b"], name="area_id"))
    with pytest.raises(gg.TableError, match=r"areas: the border of 'a' has other vertices .* gridgeo repair"):
        atoms_from_map(bent)


def test_areas_outside_all_communities_are_an_error_that_names_them():
    with pytest.raises(gg.TableError, match=r"areas: 'A', 'C' lie in no community"):
        atoms_from_map(MAP, WARDS.loc[["E"]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"households": -1}, "areas: households of 'A' is -1, below 0"),
        ({"households": 1.5}, "areas: households of 'A' is 1.5, not a whole number"),
        ({"ward": None}, "areas: ward of 'A' is missing; every area needs a community"),
    ],
)
def test_wrong_values_are_errors_that_name_the_row(change, words):
    with pytest.raises(gg.TableError, match=words):
        atoms_from_map(MAP.assign(**{"ward": "w", **change}), "ward")


def test_areas_without_counts_are_an_error():
    with pytest.raises(gg.TableError, match=r"areas: column 'households' is missing.* or give household points"):
        atoms_from_map(MAP[["name", "geometry"]])


def test_a_column_of_communities_that_is_not_there_is_an_error():
    with pytest.raises(gg.TableError, match="areas: column 'ward' is missing; it should name the community"):
        atoms_from_map(MAP, "ward")


def test_a_map_without_areas_is_an_error():
    with pytest.raises(gg.TableError, match="areas: the table has no rows"):
        atoms_from_map(MAP.iloc[:0])


@pytest.mark.parametrize("what", ["streets", "households", "communities"])
def test_layers_in_another_crs_are_errors(what):
    layers = {"streets": street_lines([[(0, 1), (2, 1)]]), "households": households_at([(1, 1)]), "communities": WARDS}
    with pytest.raises(gg.CrsError, match=f"{what}: is in "):
        atoms_from_map(MAP, **{what: layers[what].to_crs("EPSG:32650")})


def test_a_map_in_feet_is_an_error():
    with pytest.raises(gg.CrsError, match=r"areas: .* is in US survey foot"):
        atoms_from_map(MAP.to_crs("EPSG:2232"))


# Real maps


def test_census_blocks_are_divided_ward_by_ward():
    blocks = layer("providence_ri/providence.gpkg", "blocks_2010").set_index("geoid10")
    blocks = blocks.assign(households=(blocks["pop10"] / PEOPLE_IN_A_HOUSEHOLD).round().astype(int))
    atoms = atoms_from_map(blocks, "ward")
    assert atoms["households"].sum() == blocks["households"].sum()
    assert sorted(set(atoms["community_id"])) == sorted(set(blocks["ward"].astype(str)))
    assert atoms["area_m2"].sum() == pytest.approx(blocks.area.sum())
    plan = gg.partition(atoms, gg.load_profile("sichuan"), effort="fast")
    grids = plan.areas("grid")
    assert grids["households"].sum() == blocks["households"].sum()
    assert (grids["households"].between(300, 500)).mean() > 0.95


def test_ten_thousand_census_blocks_in_feet_become_atoms_of_precincts():
    blocks = layer("denver_precincts/denver.gpkg", "blocks_2020").set_index("geoid20")
    blocks = blocks.assign(households=(blocks["pop20"] / PEOPLE_IN_A_HOUSEHOLD).round().astype(int))
    precincts = layer("denver_precincts/denver.gpkg", "precincts_2016_repaired", blocks.crs)
    atoms = atoms_from_map(blocks, precincts.set_index("name").rename_axis("area_id"))
    assert len(atoms) == 10_149
    assert atoms["community_id"].nunique() > 300
    assert atoms["households"].sum() == blocks["households"].sum()
    some = atoms[atoms["community_id"].isin(sorted(set(atoms["community_id"]))[:20])]
    plan = gg.partition(some, gg.load_profile("sichuan"), effort="fast")
    assert plan.areas("grid")["households"].sum() == some["households"].sum()
