import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_atoms import assert_sound, drawn_atoms, held_by, neighbours_of, pieces_of
from towns import CRS, EAST_M, NORTH_M, SIDE_M, communities, households_at, street_lines

import gridgeo as gg

SICHUAN = gg.load_profile("sichuan")
GUALI = gg.load_profile("guali-2024")
WIDE = "CCCCCC\nCCCCCC\nCCCCCC\nCCCCCC"


def divided(atoms, profile=SICHUAN, **options):
    plan = gg.partition(atoms, profile, **{"effort": "fast", **options})
    assert_sound(plan)
    return plan


def reasons(plan, level="grid"):
    return plan.certificates.query("level == @level")["reason"].tolist()


def places(columns, rows):
    return [(x + i / 4, y + j / 4) for x in range(columns) for y in range(rows) for i in (1, 2, 3) for j in (1, 2, 3)]


def block_atoms(columns, rows, count, *, kinds=None, profile=None, **layers):
    """Make atoms of a community of square blocks; ``kinds`` names what runs at a height, instead of a street."""
    across = [[(0, y), (columns, y)] for y in range(rows + 1)]
    up = [[(x, 0), (x, rows)] for x in range(columns + 1)]
    streets = street_lines(across + up)
    for street_id, kind in (kinds or {}).items():
        streets.loc[street_id, ["kind", "rank"]] = kind
    homes = households_at(places(columns, rows), count=count)
    ground = communities("\n".join("C" * columns for _ in range(rows)))
    return gg.make_atoms(ground, streets, homes, profile=profile, cap=None if profile else 100, **layers)


def box(west, south, east, north):
    return shapely.box(
        EAST_M + west * SIDE_M, NORTH_M + south * SIDE_M, EAST_M + east * SIDE_M, NORTH_M + north * SIDE_M
    )


def table_of(shapes, **columns):
    index = pd.Index([f"E{number}" for number in range(1, len(shapes) + 1)])
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapes, crs=CRS, index=index), index=index)


# Kept together


def test_a_group_stays_in_one_area_at_every_level():
    atoms = drawn_atoms(WIDE, 20)
    group = ["A002", "A003", "A004", "A005"]
    free = divided(atoms, GUALI)
    plan = divided(atoms, GUALI, keep_together=[group])
    assert len(set(free.owner("micro")[group])) > 1, "the town is drawn so that the group is cut unless asked for"
    for level in plan.levels:
        assert len(set(plan.owner(level)[group])) == 1
    assert (pieces_of(plan, "micro") == 1).all()


def test_groups_as_a_series_say_the_same_as_lists():
    atoms = drawn_atoms(WIDE, 60)
    series = pd.Series({"A001": "x", "A002": "x", "A009": "y", "A010": "y", "A011": "y", "A005": None})
    lists = [["A001", "A002"], ["A009", "A010", "A011"]]
    found = divided(atoms, keep_together=series).owner("grid")
    assert found.equals(divided(atoms, keep_together=lists).owner("grid"))


def test_groups_that_share_an_atom_are_one():
    atoms = drawn_atoms(WIDE, 60)
    plan = divided(atoms, keep_together=[["A003", "A004"], ["A004", "A005"]])
    assert len(set(plan.owner("grid")[["A003", "A004", "A005"]])) == 1


def test_a_group_above_the_band_is_one_area_and_certified():
    atoms = drawn_atoms(WIDE, 60)
    group = [f"A{number:03d}" for number in range(1, 10)]
    plan = divided(atoms, keep_together=[group])
    assert len(set(plan.owner("grid")[group])) == 1
    assert "atom_over_max" in reasons(plan)


@pytest.mark.parametrize(
    ("groups", "word"),
    [
        ([["A001", "A999"]], "keep_together: group '1': there is no atom 'A999'"),
        ([["A001", "A007"]], "communities 'K' and 'L'"),
        ([["A001", "A003"]], "is in 2 pieces, 'A001' does not reach 'A003'"),
        ([[]], "group '1': is empty"),
        (["A001", "A002"], "is not a list of lists"),
        (pd.Series({"A999": "x"}), "there is no atom 'A999'"),
    ],
)
def test_a_group_that_cannot_be_is_refused(groups, word):
    with pytest.raises(gg.TableError, match=word):
        divided(drawn_atoms("KKK\nKKK\nLLL", 60), keep_together=groups)


def test_a_bridge_makes_a_group_of_both_banks_one_piece():
    atoms = drawn_atoms("CC.CC\nCC.CC", 60)
    with pytest.raises(gg.TableError, match="is in 2 pieces"):
        divided(atoms, keep_together=[["A002", "A003"]])
    plan = divided(atoms, keep_together=[["A002", "A003"]], bridges=[("A002", "A003")])
    assert len(set(plan.owner("grid")[["A002", "A003"]])) == 1


def test_a_group_across_a_barrier_contradicts_it():
    atoms = block_atoms(4, 4, 3, kinds={"S002": ("river", 4)})
    south = atoms.index[atoms.centroid.y < NORTH_M + 200]
    north = atoms.index[atoms.centroid.y > NORTH_M + 200]
    graph = neighbours_of(atoms)
    pair = next([a, b] for a, b in graph.edges if (a in south) != (b in south))
    assert set(pair) & set(north)
    with pytest.raises(gg.TableError, match="is in 2 pieces"):
        divided(atoms, keep_together=[pair], barriers=["river"])


# Institutions


def school(**columns):
    return table_of([box(1, 1, 2, 2)], **{"name": "First School", "kind": "school", **columns})


def test_an_institution_is_a_micro_grid_of_its_own_unless_said_otherwise():
    atoms = block_atoms(4, 4, 6, profile=GUALI, exclusive=school())
    plan = divided(atoms, GUALI)
    own = plan.register.query("kind == 'exclusive'")
    assert (own["level"].tolist(), own["name"].tolist()) == (["micro"], ["First School"])
    drawn = plan.areas("micro").loc[own.index[0]]
    assert drawn.geometry.symmetric_difference(box(1, 1, 2, 2)).area < 1.0
    assert plan.atoms["keep_with"].notna().sum() == 1


def test_an_institution_is_a_grid_of_its_own_where_that_is_asked_for():
    atoms = block_atoms(6, 6, 4, profile=GUALI, exclusive=school())
    plan = divided(atoms, GUALI, exclusive="grid")
    own = plan.register.query("kind == 'exclusive' and level == 'grid'")
    assert own["name"].tolist() == ["First School"]
    assert plan.areas("grid").loc[own.index[0]].geometry.symmetric_difference(box(1, 1, 2, 2)).area < 1.0
    others = plan.areas("grid").drop(own.index)
    assert others["households"].between(300, 500).all()
    assert not len(plan.certificates.query("level == 'grid'"))
    # Its only micro grid is the institution again: no band of dwellings is held against it.
    inner = plan.register.query("parent_id == @own.index[0]")
    assert (inner["kind"].tolist(), inner["name"].tolist()) == (["exclusive"], ["First School"])
    assert own.index[0] not in plan.certificates["area_id"].tolist()


def test_an_institution_is_ordinary_ground_where_none_is_asked_for():
    atoms = block_atoms(4, 4, 6, profile=GUALI, exclusive=school())
    plan = divided(atoms, GUALI, exclusive="none")
    assert set(plan.register["kind"]) == {"base"}


def test_the_rest_is_checked_for_pieces_once_an_institution_is_taken_out():
    wall = table_of([box(2, 0, 3, 4)], name="Works", kind="factory")
    atoms = block_atoms(6, 4, 6, exclusive=wall)
    plan = divided(atoms, exclusive="grid")
    assert (pieces_of(plan) == 1).all()
    others = plan.areas("grid").query("kind == 'base'")
    assert not others.geometry.map(
        lambda shape: shape.intersects(box(0, 0, 1, 4)) and shape.intersects(box(4, 0, 6, 4))
    ).any()
    assert others["households"].between(300, 500).all()


def test_a_piece_cut_off_by_an_institution_is_joined_and_told():
    wall = table_of([box(1, 0, 2, 3)], name="Works", kind="factory")
    atoms = block_atoms(5, 3, 6, exclusive=wall)
    plan = divided(atoms, exclusive="grid")
    told = plan.certificates.query("reason == 'component'").iloc[0]
    assert told["households"] == 3 * 9 * 6
    assert "does not touch the rest" in told["message"]


@pytest.mark.parametrize(("persons", "misses"), [(250, False), (350, True), (120, True)])
def test_an_institution_that_misses_the_band_of_its_kind_is_certified(persons, misses):
    atoms = block_atoms(4, 4, 6, profile=GUALI, exclusive=school(kind="office", name="Tower"))
    atoms["persons"] = np.where(atoms["keep_with"].notna(), persons, 100)
    plan = divided(atoms, GUALI)
    told = plan.certificates.query("reason == 'exclusive'")
    assert len(told) == misses
    if misses:
        assert told["households"].tolist() == [persons]
        assert f"Tower, as an area of its own, holds {persons} persons" in told["message"].iloc[0]
        assert told["relaxation"].tolist() == [f"low={persons}" if persons < 200 else f"high={persons}"]


def test_an_institution_at_a_level_that_the_profile_does_not_have_is_refused():
    atoms = block_atoms(4, 4, 6, exclusive=school())
    with pytest.raises(gg.GridgeoError, match="exclusive: level 'micro' is none of the profile's; choose grid or none"):
        divided(atoms, exclusive="micro")


def test_institutions_that_overlap_are_an_error_of_the_atoms():
    with pytest.raises(gg.TableError, match="exclusive: 'E1' and 'E2' overlap"):
        block_atoms(4, 4, 6, exclusive=table_of([box(1, 1, 2, 2), box(1, 1, 3, 2)]))


def test_a_group_with_an_institution_in_it_contradicts_its_own_area():
    atoms = block_atoms(4, 4, 6, exclusive=school())
    site = atoms.index[atoms["keep_with"].notna()][0]
    other = next(iter(neighbours_of(atoms)[site]))
    with pytest.raises(gg.TableError, match=r"keep_together: group of '.*' holds a part of institution 'exclusive:E1'"):
        divided(atoms, keep_together=[[site, other]])
    plan = divided(atoms, keep_together=[[site, other]], exclusive="none")
    assert len(set(plan.owner("grid")[[site, other]])) == 1


# Locked


def locked_and_before(atoms, profile=SICHUAN, take=1, **options):
    before = divided(atoms, profile, **options)
    return before, sorted(before.owner("grid").unique())[:take]


@pytest.mark.parametrize("form", ["series", "areas"])
def test_locked_grids_keep_their_ids_and_atoms_while_the_rest_changes(form):
    atoms = drawn_atoms(WIDE, 60)
    before, ids = locked_and_before(atoms, take=2)
    grown = atoms.assign(households=60)
    mine = before.owner("grid").isin(ids)
    grown.loc[~mine, "households"] = 75
    locked = before.owner("grid")[mine] if form == "series" else before.areas("grid").loc[ids]
    plan = divided(grown, locked=locked, seed=3)
    assert plan.owner("grid")[mine].equals(before.owner("grid")[mine])
    assert not plan.owner("grid")[~mine].isin(ids).any()
    assert plan.register.index.is_unique
    assert held_by(plan).between(300, 500).all()


def test_an_id_of_ones_own_is_kept():
    atoms = drawn_atoms(WIDE, 60)
    before, ids = locked_and_before(atoms)
    mine = before.owner("grid").isin(ids)
    plan = divided(atoms, locked=pd.Series("OLD TOWN", index=atoms.index[mine]))
    assert (plan.owner("grid")[mine] == "OLD TOWN").all()
    assert (plan.owner("grid") == "OLD TOWN").sum() == mine.sum()


def test_an_id_locked_in_another_community_is_not_given_twice():
    atoms = drawn_atoms("KKKKKK\nKKKKKK\nLLLLLL\nLLLLLL", 60)
    moved = pd.Series("K-01", index=atoms.index[12:18])
    plan = divided(atoms, locked=moved)
    assert (plan.owner("grid") == "K-01").sum() == 6
    assert plan.register.index.is_unique


def test_a_locked_area_outside_its_band_is_told_and_kept():
    atoms = drawn_atoms(WIDE, 60)
    plan = divided(atoms, locked=pd.Series("C-07", index=["A001", "A002"]))
    told = plan.certificates.query("reason == 'locked'").iloc[0]
    assert (told["households"], told["relaxation"]) == (120, "unlock")
    assert "area 'C-07' was to stay as it is and holds 120 households" in told["message"]
    assert plan.owner("grid").eq("C-07").sum() == 2


def test_everything_locked_is_the_same_plan():
    atoms = drawn_atoms(WIDE, 20)
    before = divided(atoms, GUALI)
    plan = divided(atoms, GUALI, locked=before.areas("grid"), seed=8)
    assert plan.owner("grid").equals(before.owner("grid"))
    both = pd.concat([before.areas("grid"), before.areas("micro")])
    plan = divided(atoms, GUALI, locked=both, seed=8)
    assert plan.owner("micro").equals(before.owner("micro"))


def test_locked_micro_grids_stay_whole_though_their_grid_is_drawn_anew():
    atoms = drawn_atoms("\n".join("C" * 8 for _ in range(8)), 20)
    before = divided(atoms, GUALI)
    ids = sorted(before.owner("micro").unique())[::3]
    changed = atoms.assign(households=lambda table: np.where(before.owner("micro").isin(ids), 20, 26))
    plan = divided(changed, GUALI, locked=before.areas("micro").loc[ids], seed=5)
    mine = before.owner("micro").isin(ids)
    assert plan.owner("micro")[mine].equals(before.owner("micro")[mine])
    assert not plan.owner("micro")[~mine].isin(ids).any()


def test_a_locked_area_that_cuts_atoms_is_refused():
    atoms = drawn_atoms(WIDE, 60)
    areas = divided(atoms).areas("grid").iloc[[0]]
    areas["geometry"] = areas.buffer(30.0)
    with pytest.raises(gg.TableError, match="locked: area 'C-01' is not made of whole atoms"):
        divided(atoms, locked=areas)


def test_locked_areas_that_cannot_be_are_refused():
    atoms = drawn_atoms("KKKKKK\nKKKKKK\nLLLLLL\nLLLLLL", 60)
    with pytest.raises(gg.TableError, match="locked: area 'X' lies in several communities"):
        divided(atoms, locked=pd.Series("X", index=["A007", "A013"]))
    with pytest.raises(gg.TableError, match="locked: there is no atom 'A999'"):
        divided(atoms, locked=pd.Series("X", index=["A999"]))
    with pytest.raises(gg.TableError, match="locked: atom 'A001' stands twice"):
        divided(atoms, locked=pd.Series(["X", "Y"], index=["A001", "A001"]))
    far = divided(atoms).areas("grid").iloc[[0]].translate(9000)
    with pytest.raises(gg.TableError, match="holds no atom; does it lie in this territory"):
        divided(atoms, locked=gpd.GeoDataFrame(geometry=far))
    with pytest.raises(gg.CrsError, match="locked"):
        divided(atoms, locked=divided(atoms).areas("grid").to_crs(4326))
    with pytest.raises(gg.TableError, match="locked: level 'micro' is none of the profile's"):
        divided(atoms, locked=divided(atoms).areas("grid").assign(level="micro"))


@pytest.mark.parametrize("nothing", [pd.Series(dtype="str"), pd.Series([None], index=["A001"])])
def test_nothing_locked_changes_nothing(nothing):
    atoms = drawn_atoms(WIDE, 60)
    assert divided(atoms, locked=nothing).owner("grid").equals(divided(atoms).owner("grid"))


def test_a_group_half_in_a_locked_area_contradicts_it():
    atoms = drawn_atoms(WIDE, 60)
    with pytest.raises(gg.TableError, match=r"keep_together: group of 'A002' holds a part of locked area 'X'"):
        divided(atoms, locked=pd.Series("X", index=["A001", "A002"]), keep_together=[["A002", "A003"]])


# Barriers


@pytest.mark.parametrize(
    ("line", "barrier"), [(("river", 4), "river"), (("rail", 4), "rail"), (("street", 1), 1), (("street", 4), "S001")]
)
def test_no_area_crosses_a_barrier(line, barrier):
    atoms = block_atoms(6, 4, 7, kinds={"S001": line})
    free = divided(atoms)
    river = shapely.LineString([(EAST_M, NORTH_M + 100), (EAST_M + 600, NORTH_M + 100)])
    assert free.areas("grid").crosses(river).any(), "the town is drawn so that grids cross unless asked not to"
    plan = divided(atoms, barriers=[barrier])
    assert not plan.areas("grid").crosses(river).any()
    assert plan.areas("grid")["households"].between(300, 500).all()


def test_a_barrier_holds_for_micro_grids_too():
    atoms = block_atoms(6, 4, 4, kinds={"S001": ("rail", 4)}, profile=GUALI)
    plan = divided(atoms, GUALI, barriers=["rail"])
    rail = shapely.LineString([(EAST_M, NORTH_M + 100), (EAST_M + 600, NORTH_M + 100)])
    for level in ("grid", "micro"):
        assert not plan.areas(level).crosses(rail).any()


def test_an_unknown_barrier_is_an_error_that_lists_the_kinds():
    atoms = block_atoms(4, 4, 6)
    with pytest.raises(gg.TableError, match=r"barriers: 'S999' is no kind .rail, river, street, wall.*no street"):
        divided(atoms, barriers=["S999"])
    with pytest.raises(gg.TableError, match=r"rank 9 is none of 1 .trunk road. to 6"):
        divided(atoms, barriers=[9])
    with pytest.raises(gg.TableError, match=r"'river' is one word, not a list; write \['river'\]"):
        divided(atoms, barriers="river")


def test_a_piece_that_a_barrier_cuts_off_too_small_is_joined_and_told():
    atoms = block_atoms(6, 4, 6, kinds={"S003": ("river", 4)})
    plan = divided(atoms, barriers=["river"])
    north = 6 * 9 * 6
    assert not len(plan.certificates.query("reason == 'component'")), north
    atoms = block_atoms(3, 4, 8, kinds={"S003": ("river", 4)})
    plan = divided(atoms, barriers=["river"])
    told = plan.certificates.query("reason == 'component'").iloc[0]
    assert told["households"] == 3 * 9 * 8
    assert "joined across a barrier" in told["message"]


def test_a_barrier_with_a_bridge_over_it_is_crossed_there():
    atoms = block_atoms(3, 4, 8, kinds={"S003": ("river", 4)})
    south = atoms.index[(atoms.centroid.y > NORTH_M + 200) & (atoms.centroid.y < NORTH_M + 300)]
    north = atoms.index[atoms.centroid.y > NORTH_M + 300]
    pair = next((a, b) for a, b in neighbours_of(atoms).edges if {a, b} & set(south) and {a, b} & set(north))
    plan = divided(atoms, barriers=["river"], bridges=[pair])
    assert not len(plan.certificates.query("reason == 'component'"))
    graph = neighbours_of(atoms)
    graph.remove_edges_from([(a, b) for a, b in graph.edges if (a in north) != (b in north)])
    graph.add_edge(*pair)
    assert (pieces_of(plan, graph=graph) == 1).all()


# Bridges


@pytest.mark.parametrize("form", ["pairs", "lines"])
def test_a_bridge_joins_an_island(form):
    atoms = drawn_atoms("CCCC.C\nCCCC.C", 40)
    told = divided(atoms).certificates
    assert "component" in told["reason"].tolist()
    line = shapely.LineString([(EAST_M + 350, NORTH_M + 150), (EAST_M + 550, NORTH_M + 150)])
    bridges = [("A004", "A005")] if form == "pairs" else gpd.GeoDataFrame(geometry=[line], crs=CRS)
    plan = divided(atoms, bridges=bridges)
    assert "component" not in plan.certificates["reason"].tolist()
    graph = neighbours_of(atoms)
    graph.add_edge("A004", "A005")
    assert (pieces_of(plan, graph=graph) == 1).all()


def test_a_bridge_between_neighbours_changes_little_and_breaks_nothing():
    atoms = drawn_atoms(WIDE, 60)
    plan = divided(atoms, bridges=[("A001", "A002"), ("A001", "A001"), ("A002", "A001")])
    assert (pieces_of(plan) == 1).all()
    assert held_by(plan).between(300, 500).all()


def test_a_bridge_that_leads_nowhere_is_refused():
    atoms = drawn_atoms(WIDE, 60)
    with pytest.raises(gg.TableError, match="bridges: there is no atom 'A999'"):
        divided(atoms, bridges=[("A001", "A999")])
    with pytest.raises(gg.TableError, match="bridges: is not a list of pairs"):
        divided(atoms, bridges=[("A001", "A002", "A003")])
    with pytest.raises(gg.TableError, match="bridges: is not a list of pairs"):
        divided(atoms, bridges=["A001", "A002"])
    line = shapely.LineString([(EAST_M + 50, NORTH_M + 50), (EAST_M + 5000, NORTH_M)])
    with pytest.raises(gg.TableError, match="bridges: line 0 ends outside the territory"):
        divided(atoms, bridges=gpd.GeoDataFrame(geometry=[line], crs=CRS))
    point = gpd.GeoDataFrame(geometry=[shapely.Point(EAST_M + 50, NORTH_M + 50)], crs=CRS)
    with pytest.raises(gg.TableError, match="bridges: row 0 is no line"):
        divided(atoms, bridges=point)
    assert divided(atoms, bridges=[]).owner("grid").equals(divided(atoms).owner("grid"))


# Seeds


@pytest.mark.parametrize("method", ["gridgeo", "metis", "trees"])
def test_each_grid_holds_one_seed(method):
    atoms = drawn_atoms(WIDE, 60)
    seeds = ["A001", "A002", "A024"]
    plan = divided(atoms, seeds=seeds, method=method)
    held = plan.owner("grid")[seeds].value_counts()
    if method == "gridgeo":
        assert sorted(held) == [1, 1, 1]
        assert plan.owner("grid").nunique() == 3
    missed = plan.owner("grid").nunique() != 3 or (held > 1).any()
    assert missed == plan.certificates["message"].str.contains("seeds").any()


def test_points_are_seeds_of_the_atoms_they_lie_in():
    atoms = drawn_atoms(WIDE, 60)
    points = gpd.GeoSeries(atoms.geometry[["A001", "A006", "A019"]].centroid, crs=CRS)
    found = divided(atoms, seeds=points).owner("grid")
    assert found.equals(divided(atoms, seeds=["A001", "A006", "A019"]).owner("grid"))
    assert found[["A001", "A006", "A019"]].nunique() == 3


def test_communities_without_seeds_are_free():
    atoms = drawn_atoms("KKKKKK\nKKKKKK\nLLLLLL\nLLLLLL", 60)
    plan = divided(atoms, seeds=["A001", "A012"])
    owner = plan.owner("grid")
    assert owner[["A001", "A012"]].nunique() == 2
    assert owner[atoms["community_id"] == "K"].nunique() == 2
    assert held_by(plan).between(300, 500).all()


def test_seeds_that_contradict_are_refused():
    atoms = drawn_atoms(WIDE, 60)
    with pytest.raises(gg.GridgeoError, match="number_of_areas: contradicts seeds"):
        divided(atoms, seeds=["A001", "A024"], number_of_areas=3)
    with pytest.raises(gg.TableError, match="seeds: there is no atom 'A999'"):
        divided(atoms, seeds=["A999"])
    with pytest.raises(gg.TableError, match="seeds: two lie in atom 'A001'"):
        divided(atoms, seeds=["A001", "A001"])
    with pytest.raises(gg.TableError, match="seeds: point 0 lies outside the territory"):
        divided(atoms, seeds=gpd.GeoSeries([shapely.Point(EAST_M - 50, NORTH_M)], crs=CRS))
    with pytest.raises(gg.TableError, match="seeds: 'A001' and 'A002' lie in one group"):
        divided(atoms, seeds=["A001", "A002"], keep_together=[["A001", "A002"]])
    with pytest.raises(gg.TableError, match="seeds: 'A001' and 'A002' lie in one locked area"):
        divided(atoms, seeds=["A001", "A002"], locked=pd.Series("X", index=["A001", "A002", "A003"]))


def test_a_locked_area_without_a_seed_takes_none_from_the_others():
    atoms = drawn_atoms(WIDE, 60)
    locked = pd.Series("X", index=[f"A{number:03d}" for number in (1, 2, 7, 8, 13, 14)])
    plan = divided(atoms, locked=locked, seeds=["A003", "A006", "A024"])
    assert plan.owner("grid")[["A003", "A006", "A024"]].nunique() == 3
    assert plan.owner("grid").nunique() == 4


def test_a_community_whose_only_seed_is_locked_is_free_around_it():
    atoms = drawn_atoms(WIDE, 60)
    locked = pd.Series("X", index=[f"A{number:03d}" for number in (1, 2, 7, 8, 13, 14)])
    plan = divided(atoms, locked=locked, seeds=["A001"])
    assert held_by(plan).between(300, 500).all()


# Shapes


def test_a_hole_in_a_community_stays_a_hole():
    atoms = drawn_atoms("CCCCC\nCC.CC\nCCCCC\nCCCCC", 60)
    plan = divided(atoms)
    assert (pieces_of(plan) == 1).all()
    assert held_by(plan).between(300, 500).all()
    hole = shapely.Point(EAST_M + 250, NORTH_M + 250)
    assert not plan.areas("grid").covers(hole).any()


def test_options_hold_for_a_community_in_two_parts_with_an_island():
    atoms = drawn_atoms("CCCCC.CCCCC\nCCCCC.CCCCC\n...........\nC..........", 60)
    plan = divided(atoms, keep_together=[["A001", "A002"]], number_of_areas=3)
    told = plan.certificates["reason"].tolist()
    assert told.count("component") == 1
    assert plan.owner("grid").nunique() == 3
    graph = neighbours_of(atoms)
    assert sorted(pieces_of(plan, graph=graph)) == [1, 1, 2]
    assert nx.number_connected_components(graph) == 3


# Methods


@pytest.mark.parametrize("method", ["gridgeo", "metis", "trees", "bisection"])
def test_every_method_keeps_what_was_asked_for(method):
    atoms = block_atoms(6, 4, 7, kinds={"S001": ("river", 4)}, exclusive=table_of([box(5, 3, 6, 4)], name="Clinic"))
    group = atoms.index[atoms.centroid.x < EAST_M + 100][:4]
    group = group[atoms.centroid.y[group] > NORTH_M + 100]
    plan = divided(atoms, method=method, keep_together=[list(group)], barriers=["river"], exclusive="grid")
    assert len(set(plan.owner("grid")[group])) == 1
    assert plan.register["name"].eq("Clinic").sum() == 1
    graph = neighbours_of(atoms)
    graph.remove_edges_from(
        [
            (a, b)
            for a, b in graph.edges
            if (atoms.centroid.y[a] > NORTH_M + 100) != (atoms.centroid.y[b] > NORTH_M + 100)
        ]
    )
    assert (pieces_of(plan, graph=graph) == 1).all()


@pytest.mark.parametrize(
    ("returned", "word"),
    [
        (lambda n: np.zeros(n - 1, dtype=int), "method: returned"),
        (lambda n: np.linspace(0, 1, n), "float64, not one whole number"),
        (lambda n: np.full(n, -1), "whole number >= 0"),
        (lambda _: None, "method: returned"),
        (lambda n: np.arange(n) % 2, "in pieces"),
    ],
)
def test_a_method_of_ones_own_that_returns_no_division_is_refused(returned, word):
    with pytest.raises(gg.GridgeoError, match=word):
        divided(drawn_atoms(WIDE, 60), method=lambda problem, _: returned(len(problem)))


# Progress


def test_progress_is_told_for_every_community_and_level():
    atoms = drawn_atoms("KKKKKK\nKKKKKK\nLLLLLL\nLLLLLL", 30)
    told = []
    divided(atoms, GUALI, progress=lambda *row: told.append(row))
    assert told == [("grid", 1, 2), ("micro", 1, 2), ("grid", 2, 2), ("micro", 2, 2)]


def test_work_that_is_cancelled_ends_with_an_error_that_says_how_far_it_was():
    atoms = drawn_atoms("KKKKKK\nKKKKKK\nLLLLLL\nLLLLLL", 30)
    answers = iter([False, True])
    with pytest.raises(gg.CancelledError, match="cancelled after 1 of 2 communities"):
        divided(atoms, cancelled=lambda: next(answers))
    assert divided(atoms, cancelled=lambda: False).owner("grid").equals(divided(atoms).owner("grid"))
