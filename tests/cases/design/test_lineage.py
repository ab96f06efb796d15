"""What became of each area: in households and land, and in a word."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS, households_at, town

import gridgeo as gg
from gridgeo.model.errors import CrsError, TableError, UnknownAreaError
from gridgeo.model.lineage_table import LINEAGE
from gridgeo.model.tables import check

ATOMS = """
    abcdefgh
    ijklmnop
"""
THREE = """
    11122233
    11122233
"""
MISSING = ""


def told(rows, *columns):
    """Give rows as tuples, missing ids as empty text."""
    columns = columns or ("before_id", "after_id", "change")
    return list(rows[list(columns)].fillna(MISSING).itertuples(index=False, name=None))


def plans(before, after, **fields):
    return drawn_plan(ATOMS, grid=before), drawn_plan(ATOMS, grid=after, **fields)


def test_a_plan_is_kept_by_itself():
    rows = gg.lineage(*plans(THREE, THREE))
    check(rows, LINEAGE)
    assert told(rows) == [("G1", "G1", "kept"), ("G2", "G2", "kept"), ("G3", "G3", "kept")]
    assert rows["households"].tolist() == [600, 600, 400]
    assert rows["area_m2"].tolist() == [60_000.0, 60_000.0, 40_000.0]
    assert rows.attrs["lineage"] == {"by": "atoms", "outside": {}}


def test_an_area_cut_in_two_is_split_and_two_joined_are_merged():
    rows = gg.lineage(*plans("1111222233334444", "5566222277777777"))
    assert told(rows, "before_id", "after_id", "households", "change") == [
        ("G1", "G5", 200, "split"),
        ("G1", "G6", 200, "split"),
        ("G2", "G2", 400, "kept"),
        ("G3", "G7", 400, "merged"),
        ("G4", "G7", 400, "merged"),
    ]


def test_a_small_piece_that_changes_hands_is_moved_and_both_areas_are_kept():
    rows = gg.lineage(*plans("1111111122222222", "1111111222222222"), least_share=0.2)
    assert told(rows) == [("G1", "G1", "kept"), ("G1", "G2", "moved"), ("G2", "G2", "kept")]
    assert rows["households"].tolist() == [700, 100, 800]


def test_a_piece_as_large_as_the_least_share_is_a_part():
    rows = gg.lineage(*plans("1111111122222222", "1111111222222222"), least_share=0.125)
    assert told(rows) == [("G1", "G1", "split"), ("G1", "G2", "split"), ("G2", "G2", "kept")]


def test_a_small_area_that_joins_a_large_one_is_merged_and_one_cut_from_it_split():
    joined = gg.lineage(*plans("1222222222222222", "2222222222222222"))
    assert told(joined) == [("G1", "G2", "merged"), ("G2", "G2", "merged")]
    cut = gg.lineage(*plans("2222222222222222", "1222222222222222"))
    assert told(cut) == [("G2", "G1", "split"), ("G2", "G2", "split")]


def test_the_words_go_by_land_and_not_by_ids():
    rows = gg.lineage(*plans("1111111122222222", "2222222211111111"))
    assert told(rows) == [("G1", "G2", "kept"), ("G2", "G1", "kept")]


def test_tables_of_areas_are_compared_by_their_land():
    before, after = town("AABB"), town("ACCB")
    rows = gg.lineage(before.assign(households=[300, 500]), after.assign(households=[200, 100, 401]))
    assert told(rows, "before_id", "after_id", "households", "area_m2") == [
        ("A", "A", 200, 10_000.0),
        ("A", "C", 201, 10_000.0),
        ("B", "B", 100, 10_000.0),
        ("B", "C", 200, 10_000.0),
    ]
    assert rows.attrs["lineage"]["by"] == "land"


def test_land_without_an_area_on_one_side_is_added_or_gone():
    rows = gg.lineage(town("AAB."), town("A.BC"))
    assert told(rows, "before_id", "after_id", "area_m2", "change") == [
        ("A", "A", 10_000.0, "kept"),
        ("A", MISSING, 10_000.0, "gone"),
        ("B", "B", 10_000.0, "kept"),
        (MISSING, "C", 10_000.0, "added"),
    ]


def test_households_on_land_that_is_gone_are_those_before():
    rows = gg.lineage(town("AAB", households=50), town("A.B", households=70))
    assert told(rows, "before_id", "after_id", "households") == [("A", "A", 70), ("A", MISSING, 25), ("B", "B", 70)]


def shifted(by_m):
    """Draw the border between A and B a little farther east."""
    areas = town("AABB")
    west, south, east, north = areas.total_bounds
    middle = (west + east) / 2 + by_m
    shapes = [shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)]
    return areas.set_geometry(gpd.GeoSeries(shapes, crs=CRS, index=areas.index))


def test_a_border_drawn_a_little_beside_makes_slivers_that_still_add_up():
    rows = gg.lineage(town("AABB"), shifted(0.3))
    assert told(rows) == [("A", "A", "kept"), ("B", "A", "sliver"), ("B", "B", "kept")]
    assert rows["area_m2"].tolist() == pytest.approx([20_000.0, 30.0, 19_970.0])
    exact = gg.lineage(town("AABB"), shifted(0.3), tolerance_m2=20.0)
    assert told(exact)[1] == ("B", "A", "moved")


def test_a_sliver_on_which_somebody_lives_is_no_sliver():
    homes = households_at([(2.001, 0.5), (0.5, 0.5)], count=3)
    rows = gg.lineage(town("AABB"), shifted(0.3), households=homes)
    assert told(rows, "before_id", "after_id", "households", "change") == [
        ("A", "A", 3, "kept"), ("B", "A", 3, "moved"), ("B", "B", 0, "kept")]  # fmt: skip


def test_the_only_land_of_a_tiny_area_is_no_sliver():
    tiny = town("AABB")
    rows = gg.lineage(tiny, tiny, tolerance_m2=1e6)
    assert told(rows) == [("A", "A", "kept"), ("B", "B", "kept")]


def test_points_count_where_the_area_index_finds_them():
    before, after = town("AABB"), town("ACCB")
    homes = households_at([(0.5, 0.5), (1.0, 0.5), (1.5, 0.5), (2.0, 0.5), (3.0, 0.5), (9.0, 9.0)], count=2)
    rows = gg.lineage(before, after, households=homes, incidents=incidents_of(homes))
    for side, areas in (("before", before), ("after", after)):
        expected = gg.AreaIndex.from_areas(areas).count(homes.geometry, weights=homes["count"])
        assert rows.groupby(f"{side}_id")["households"].sum().to_dict() == expected.to_dict()
    assert rows["incidents"].sum() == 5
    assert rows.attrs["lineage"] == {"by": "points", "outside": {"households": 2, "incidents": 1}}


def incidents_of(homes):
    moments = pd.date_range("2026-09-01", periods=len(homes), tz="UTC")
    index = pd.Index([f"I{number}" for number in range(len(homes))], name="incident_id")
    return gpd.GeoDataFrame(
        {"reported_at": moments, "category": "noise"}, geometry=homes.geometry.set_axis(index), index=index
    )


def test_incidents_without_a_place_lie_nowhere():
    homes = households_at([(0.5, 0.5), (1.5, 0.5)])
    past = incidents_of(homes)
    past.loc["I1", "geometry"] = None
    rows = gg.lineage(town("AABB"), town("ACCB"), incidents=past)
    assert rows["incidents"].tolist() == [1, 0, 0, 0]


def test_atoms_that_were_renamed_are_known_by_their_shape():
    finer = """
        abcdefgh
        ijklmnqr
    """
    before, after = drawn_plan(ATOMS, grid=THREE), drawn_plan(finer, grid="1112224411122244")
    rows = gg.lineage(before, after)
    assert told(rows) == [("G1", "G1", "kept"), ("G2", "G2", "kept"), ("G3", "G4", "kept")]
    assert rows["households"].tolist() == [600, 600, 400]


def test_a_block_that_was_divided_carries_its_owner_and_the_new_counts():
    before = drawn_plan("ab", grid="12")
    west = before.atoms.geometry["a"].bounds
    halves = [shapely.box(west[0], west[1], west[0] + 40, west[3]), shapely.box(west[0] + 40, *west[1:])]
    ids = pd.Index(["a1", "a2", "b"], name="atom_id")
    atoms = before.atoms.loc[["a", "a", "b"]].set_axis(ids)
    atoms = atoms.assign(households=[30, 90, 100], area_m2=[4e3, 6e3, 1e4])
    atoms = atoms.set_geometry(gpd.GeoSeries([*halves, before.atoms.geometry["b"]], crs=CRS, index=ids))
    after = gg.Plan(atoms, {"grid": pd.Series(["G1", "G2", "G2"], index=ids)}, before.register, before.profile,
                    before.borders.iloc[:0])  # fmt: skip
    rows = gg.lineage(before, after)
    assert told(rows, "before_id", "after_id", "households", "area_m2") == [
        ("G1", "G1", 30, 4_000.0), ("G1", "G2", 90, 6_000.0), ("G2", "G2", 100, 10_000.0)]  # fmt: skip


def test_the_order_of_rows_does_not_matter():
    before, after = town("AABBDD", households=101), town("ACCBBD", households=99)
    turned = gg.lineage(before[::-1], after[::-1])
    pd.testing.assert_frame_equal(turned, gg.lineage(before, after))


def test_the_arguments_stay_as_they_were():
    before, after = town("AABB", households=9), town("ACCB", households=9)
    kept = before.copy(), after.copy()
    gg.lineage(before, after)
    pd.testing.assert_frame_equal(before, kept[0])
    pd.testing.assert_frame_equal(after, kept[1])


def test_levels_are_chosen_from_tables_of_several():
    areas = pd.concat([town("AABB"), town("XXXX", level="community")])
    assert told(gg.lineage(areas, areas, level="community")) == [("X", "X", "kept")]
    with pytest.raises(TableError, match="before: holds no area of level 'micro'; its levels are community, grid"):
        gg.lineage(areas, areas, level="micro")
    with pytest.raises(UnknownAreaError, match="no level 'micro'"):
        gg.lineage(*plans(THREE, THREE), level="micro")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda areas: areas.to_crs("EPSG:4548"), CrsError, r"after: is in .*CM 117E, before is in .*use after.to_crs"),
        (lambda areas: areas.to_crs("EPSG:4490"), CrsError, "after: .* is in degrees"),
        (lambda areas: areas.translate(1e6).to_frame("geometry"), TableError, "no land in common"),
        (lambda areas: areas.iloc[[0, 1, 1]], TableError, "area_id 'B' stands more than once"),
        (lambda areas: areas.iloc[:0], TableError, "after: has no area"),
        (lambda areas: areas.assign(households=-1), TableError, "households of 'A' is -1, below 0"),
        (lambda _: None, TableError, "after: is a NoneType, not a Plan or a table of areas"),
        (lambda areas: areas.set_geometry(areas.buffer(30)), TableError,
         "after: areas overlap by .* m2 on '.' of before, tolerance is 100.0 m2; repair"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(change, error, message):
    areas = town("AABB")
    with pytest.raises(error, match=message):
        gg.lineage(areas, change(areas))


def test_numbers_and_points_that_make_no_sense_are_refused():
    areas = town("AABB")
    with pytest.raises(TableError, match=r"least_share is 0\.7, not above 0 and up to 0.5"):
        gg.lineage(areas, areas, least_share=0.7)
    with pytest.raises(TableError, match="tolerance_m2 is nan"):
        gg.lineage(areas, areas, tolerance_m2=float("nan"))
    with pytest.raises(CrsError, match="households: is in another CRS"):
        gg.lineage(areas, areas, households=households_at([(1, 1)]).to_crs("EPSG:4548"))
    with pytest.raises(TableError, match="households: column 'count' is missing"):
        gg.lineage(areas, areas, households=households_at([(1, 1)]).drop(columns="count"))


def test_a_concordance_tells_codes_and_shares():
    before, after = plans("1111111122222222", "1111113322222222")
    after.register.loc["G3", "code"] = "330109001003"
    table = gg.concordance(gg.lineage(before, after), before, after)
    row = table.set_index(["before_id", "after_id"]).loc[("G1", "G3")]
    assert row["after_code"] == "330109001003"
    assert row[["before_households_share", "before_area_share", "after_area_share", "weight"]].tolist() == [
        0.25, 0.25, 1.0, 0.25]  # fmt: skip


def test_counts_are_carried_over_by_households_and_by_land_where_nobody_lives():
    before, after = town("AAAABB"), town("ACCCBB")
    homes = households_at([(0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (3.5, 0.5)])
    table = gg.concordance(gg.lineage(before, after, households=homes.iloc[[0, 1]]))
    carried = gg.carry_counts(pd.Series({"A": 10.0, "B": 4.0}), table)
    assert carried.to_dict() == {"A": 5.0, "B": 4.0, "C": 5.0}
    bare = gg.carry_counts(pd.Series({"A": 10.0}), gg.concordance(gg.lineage(before, after)))
    assert bare.to_dict() == {"A": 2.5, "B": 0.0, "C": 7.5}
    with pytest.raises(TableError, match="area 'Z' is not in the concordance"):
        gg.carry_counts(pd.Series({"Z": 1}), table)


def test_slivers_do_not_stand_in_a_concordance():
    table = gg.concordance(gg.lineage(town("AABB"), shifted(0.3)))
    assert told(table, "before_id", "after_id", "weight") == [("A", "A", 1.0), ("B", "B", 1.0)]


def test_rates_are_compared_over_a_lineage_as_it_is_made():
    rows = gg.lineage(*plans("1111222233334444", "5566222277777777"))
    start = pd.Timestamp("2026-10-01T00:00Z")

    def rates(*areas):
        ids = pd.Index([f"I{number}" for number in range(len(areas))], name="incident_id", dtype="str")
        past = pd.DataFrame({"reported_at": start, "category": "noise", "area_id": list(areas)}, index=ids)
        log = pd.DataFrame({"incident_id": ids[:1], "status": "accepted", "at": start})
        return gg.incident_rates(past, log, since=start, until=start + pd.Timedelta(days=1))

    found = gg.compare_rates(rates("G1", "G1", "G3"), rates("G5", "G6", "G7", "G7"), rows)
    assert found["change"].to_dict() == {"G2": "kept", "G5": "split", "G7": "merged"}
    assert found["received_before"].to_dict() == {"G2": 0, "G5": 2, "G7": 1}
    assert found["received_after"].to_dict() == {"G2": 0, "G5": 2, "G7": 2}


def test_areas_without_households_count_none():
    areas = town("AABB")[["geometry"]]
    rows = gg.lineage(areas, areas)
    assert rows["households"].tolist() == [0, 0]
    assert np.isfinite(rows["area_m2"]).all()


def test_an_atom_that_both_plans_have_is_no_sliver_however_small():
    before, after = plans("1112222211122222", "1111222211112222")
    atoms = after.atoms.assign(households=0).drop(index="p")
    owners = {level: owner.drop("p") for level, owner in after.owners.items()}
    smaller = gg.Plan(atoms, owners, after.register, after.profile, after.borders)
    assert told(gg.lineage(before, smaller, tolerance_m2=1e6)) == [
        ("G1", "G1", "merged"), ("G2", "G1", "redrawn"), ("G2", "G2", "split"), ("G2", MISSING, "gone")]  # fmt: skip


def test_a_crumb_that_joins_a_large_area_leaves_it_kept():
    crumb = town("AB")
    west, south, east, north = crumb.geometry["A"].bounds
    shapes = [shapely.box(west, south, west + 0.5, north), shapely.box(west + 0.5, south, east + 100, north)]
    rows = gg.lineage(crumb.set_geometry(gpd.GeoSeries(shapes, crs=CRS, index=crumb.index)), town("BB"))
    assert told(rows) == [("A", "B", "moved"), ("B", "B", "kept")]
