"""A plan is held against each clause of its rules: it holds, it fails by a known figure, or nobody can tell."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS, EAST_M, NORTH_M, communities, households_at, street_lines, town

import gridgeo as gg
from gridgeo.design.clause_points import BY_CLAUSE, POINTS
from gridgeo.design.conformance import JUDGES
from gridgeo.design.five_covers import find_crossings
from gridgeo.model.errors import CrsError, ProfileError, TableError
from gridgeo.model.profile import load_profile, read_profile
from gridgeo.model.tables import FINDINGS, check

ATOMS = """
    abcdef
    ghijkl
"""
GRIDS = """
    111222
    111222
"""
MICROS = """
    112334
    112334
"""
GROUND = communities("""
    TTTTTT
    TTTTTT
""")


def plan(**changes):
    """Draw 12 squares of 60 households: two grids of 360, micro grids of 240, 120, 240 and 120."""
    return drawn_plan(ATOMS, **{"grid": GRIDS, "micro": MICROS, "households": 60, **changes})


def rules(levels, *clauses, name="rules"):
    """Write rules; each clause is (id, subject, strength, level), the clause that a band names is added."""
    if 'clause = "size"' in levels and "size" not in [clause[0] for clause in clauses]:
        clauses = (SIZE, *clauses)
    rows = [
        f'[[clauses]]\nid = "{key}"\nsubject = "{subject}"\nstrength = "{strength}"\n'
        + (f'level = "{level}"\n' if level else "")
        for key, subject, strength, level in clauses
    ]
    return read_profile(f'name = "{name}"\nsource = "No. 7"\n{levels}\n' + "\n".join(rows))


GRID_BAND = '[grid]\nhouseholds = [300, 500]\nclause = "size"'
SIZE = ("size", "size", "hard", "grid")


def judged(made, profile, clause, **given):
    """Give the rows of a clause, and the findings."""
    told = gg.conformance(made, profile, **given)
    return told.clauses[told.clauses["clause"] == clause], told.findings


def only(made, profile, clause, **given):
    rows, findings = judged(made, profile, clause, **given)
    assert len(rows) == 1
    return rows.iloc[0], findings


# Size


def test_grids_inside_their_band_hold_and_the_figures_are_told():
    row, findings = only(plan(), rules(GRID_BAND, SIZE), "size")
    assert row["state"] == "holds"
    assert row["source"] == "No. 7"
    assert (row["figure"], row["limit"], row["judged"]) == (0, 0, 2)
    assert (row["least"], row["most"], row["low"], row["high"]) == (360, 360, 300, 500)
    assert not len(findings)


def test_a_grid_above_its_band_is_found_with_its_place_and_its_amount():
    row, findings = only(plan(grid="111112\n111112"), rules(GRID_BAND, SIZE), "size")
    assert (row["state"], row["figure"], row["least"], row["most"]) == ("fails", 2, 120, 600)
    assert findings["area_ids"].tolist() == ["G1", "G2"]
    assert findings["value"].tolist() == [600, 120]
    assert findings["limit"].tolist() == [500, 300]
    assert findings["severity"].tolist() == ["error", "error"]
    assert findings.geometry.area.tolist() == pytest.approx([100_000, 20_000])
    check(findings, FINDINGS)


def test_households_that_are_given_are_counted_anew():
    homes = households_at([(0.5, 0.5), (4.5, 0.5)], count=[310, 290])
    row, findings = only(plan(), rules(GRID_BAND, SIZE), "size", households=homes)
    assert (row["state"], row["least"], row["most"]) == ("fails", 290, 310)
    assert findings["area_ids"].tolist() == ["G2"]


def test_what_the_plan_says_of_itself_is_not_believed():
    made = plan(grid="111112\n111112")
    liar = replace(made, register=made.register.assign(households=400, in_band=True))
    assert only(liar, rules(GRID_BAND, SIZE), "size")[0]["state"] == "fails"


def test_an_institutions_own_area_is_not_judged_by_the_band_of_others():
    made = plan(grid="111112\n111112")
    made.register.loc["G2", "kind"] = "exclusive"
    row, findings = only(made, rules(GRID_BAND, SIZE), "size")
    assert (row["judged"], row["figure"]) == (1, 1)
    assert findings["area_ids"].tolist() == ["G1"]


def test_a_target_without_a_band_is_told_and_not_judged():
    row, findings = only(plan(), rules('[grid]\nhouseholds = {target = 50}\nclause = "size"', SIZE), "size")
    assert (row["state"], row["reason"]) == ("cannot be judged", "target_only")
    assert (row["figure"], row["limit"]) == (360, 50)
    assert not len(findings)


def test_a_measure_that_nobody_counted_cannot_be_judged():
    made = plan()
    band = '[grid]\npersons = {max = 100}\nclause = "size"'
    assert only(made, rules(band, SIZE), "size")[0]["state"] == "fails"
    uncounted = replace(made, atoms=made.atoms.assign(persons=0))
    row, _ = only(uncounted, rules(band, SIZE), "size")
    assert (row["state"], row["reason"], row["missing"]) == ("cannot be judged", "not_counted", "persons")


def test_a_band_that_no_clause_states_is_a_clause_of_its_own():
    told = gg.conformance(plan(grid="111112\n111112"), rules("[grid]\nhouseholds = [300, 500]"))
    assert told.clauses.index.tolist() == ["grid.households"]
    assert told.clauses["says"].tolist() == ["grid: 300-500 households"]
    assert not told.holds


def test_a_soft_band_is_missed_with_a_warning_and_a_permitted_one_with_a_note():
    for strength, severity in (("soft", "warning"), ("may", "note")):
        told = gg.conformance(plan(grid="111112\n111112"), rules(f'{GRID_BAND}\nstrength = "{strength}"', SIZE))
        assert set(told.findings["severity"]) == {severity}
        assert told.clauses["strength"].tolist() == [strength]


def test_ranges_of_floors_are_judged_one_by_one():
    floors = {"parent_id": "G1", "atom_id": "a", "building_id": "B", "stairwell": 1}
    rows = [
        {**floors, "area_id": "G1.1", "floor_from": 1, "floor_to": 4, "households": 310},
        {**floors, "area_id": "G1.2", "floor_from": 5, "floor_to": 6, "households": 50},
    ]
    row, findings = only(plan(manifest={"stacked": rows}), rules(GRID_BAND, SIZE), "size")
    assert (row["judged"], row["figure"], row["least"]) == (3, 1, 50)
    assert findings["area_ids"].tolist() == ["G1,G1.2"]


def test_land_is_measured_from_the_outline():
    band = '[grid]\narea_m2 = {target = 60000, tolerance = 0.1}\nclause = "size"'
    assert only(plan(), rules(band, SIZE), "size")[0]["state"] == "holds"
    row, _ = only(plan(grid="111122\n111222"), rules(band, SIZE), "size")
    assert (row["figure"], row["least"], row["most"]) == (2, 50_000, 70_000)


# The five covers

COVER = ("cover", "coverage", "hard", "grid")


def test_what_is_given_is_covered_in_five_ways():
    streets = street_lines([[(0, 1), (3, 1)], [(3, 1), (6, 1)], [(3, 0), (3, 1)]])
    places = gpd.GeoDataFrame(geometry=households_at([(1, 1)]).geometry.to_numpy(), crs=CRS)
    given = {"territory": GROUND, "households": households_at([(0.5, 0.5)]), "streets": streets, "places": places}
    rows, findings = judged(plan(), rules(GRID_BAND, COVER), "cover", **given)
    assert rows["point"].tolist() == [
        "cover_area", "cover_households", "cover_streets", "cover_institutions", "cover_crossings",
    ]  # fmt: skip
    assert set(rows["state"]) == {"holds"}
    assert rows["figure"].tolist() == [1.0] * 5
    assert rows["judged"].tolist() == [120_000, 1, 700, 1, 1]
    assert not len(findings[findings["clause"] == "cover"])


def test_what_is_covered_by_none_is_told_five_times_with_its_size():
    ground = communities("TTTTTTT\nTTTTTTT")
    streets = street_lines([[(0, 1), (6.5, 1)], [(6.5, 1), (7, 1)], [(6.5, 0), (6.5, 1)]])
    places = gpd.GeoDataFrame(
        {"name": ["clinic", "school", "park"]},
        geometry=[_place(6.5, 1.5), _box(5.5, 0, 6.5, 1), _box(0, 0, 1, 1)], crs=CRS,
    )  # fmt: skip
    homes = households_at([(0.5, 0.5), (6.5, 0.5)], count=[9, 3])
    told = gg.conformance(plan(), rules(GRID_BAND, COVER), territory=ground, households=homes, streets=streets,
                          places=places)  # fmt: skip
    covers = told.covers
    assert covers["total"].tolist() == pytest.approx([140_000, 12, 800, 3, 1])
    assert covers["in_none"].tolist() == pytest.approx([20_000, 3, 200, 2, 1])
    assert covers["share"].tolist() == pytest.approx([6 / 7, 0.75, 0.75, 1 / 3, 0], abs=1e-3)
    cover = told.clauses[told.clauses["clause"] == "cover"]
    assert set(cover["state"]) == {"fails"}
    found = told.findings.set_index("kind")
    assert found.geometry["uncovered_area"].area == pytest.approx(20_000)
    assert found.loc["uncovered_institutions", "thing"].tolist() == ["1", "0"]
    assert "5,000 m2 of institution 'school'" in found.loc["uncovered_institutions", "message"].iloc[0]
    assert found.loc["uncovered_households", "value"] == 3


def _place(x, y):
    return shapely.Point(EAST_M + 100 * x, NORTH_M + 100 * y)


def _box(west, south, east, north):
    return shapely.box(EAST_M + 100 * west, NORTH_M + 100 * south, EAST_M + 100 * east, NORTH_M + 100 * north)


def test_what_lies_outside_the_territory_counts_neither_way():
    homes = households_at([(0.5, 0.5), (9, 9)], count=[5, 2])
    told = gg.conformance(plan(), rules(GRID_BAND, COVER), territory=GROUND, households=homes)
    assert told.covers.loc["households", ["total", "in_none", "outside"]].tolist() == [5, 0, 2]


def test_what_was_not_given_cannot_be_judged_and_never_holds():
    rows, _ = judged(plan(), rules(GRID_BAND, COVER), "cover")
    assert set(rows["state"]) == {"cannot be judged"}
    assert rows["missing"].tolist() == ["territory", "households", "streets", "places", "streets"]


def test_an_atom_without_an_area_fails_the_cover_whatever_is_given():
    made = plan()
    made = replace(made, owners={**made.owners, "grid": made.owners["grid"].drop("a")})
    rows, findings = judged(made, rules(GRID_BAND, COVER), "cover", territory=GROUND)
    assert rows.set_index("point").loc[["cover_area", "cover_atoms"], "state"].tolist() == ["fails", "fails"]
    assert findings.geometry.area.tolist() == pytest.approx([10_000, 10_000])


def test_a_hairline_is_not_counted_as_uncovered():
    wider = shapely.box(*shapely.buffer(GROUND.union_all(), 0.004).bounds)
    rows, _ = judged(plan(), rules(GRID_BAND, COVER), "cover", territory=wider)
    assert rows.iloc[0]["state"] == "holds"
    rows, _ = judged(plan(), rules(GRID_BAND, COVER), "cover", territory=wider, tolerance_m=0.001)
    assert rows.iloc[0]["state"] == "fails"


def test_a_crossing_is_where_three_pieces_of_street_meet():
    lines = street_lines([[(0, 1), (4, 1)], [(2, 0), (2, 2)], [(4, 1), (5, 1)], [(3, 1), (3, 2)]])
    assert [point.wkt for point in find_crossings(lines.geometry.to_numpy())] == [_place(2, 1).wkt, _place(3, 1).wkt]


def test_rivers_are_no_streets_to_cover():
    lines = street_lines([[(0, 1), (6, 1)], [(6, 1), (9, 1)]]).assign(kind=["street", "river"])
    told = gg.conformance(plan(), rules(GRID_BAND, COVER), streets=lines)
    assert told.covers.loc["streets", ["total", "in_none"]].tolist() == [600, 0]


# Nesting, pieces, overlap

NESTING = ("nesting", "nesting", "hard", "")
BOTH = f"{GRID_BAND}\n[micro]\nhouseholds = [50, 250]"


def test_areas_inside_their_parents_nest_at_every_level():
    rows, _ = judged(plan(), rules(BOTH, SIZE, NESTING), "nesting")
    assert rows["level"].tolist() == ["grid", "micro"]
    assert rows["state"].tolist() == ["holds", "holds"]
    assert rows["judged"].tolist() == [2, 4]


def test_a_micro_grid_that_reaches_into_another_grid_is_found_with_what_lies_outside():
    rows, findings = judged(plan(micro="112233\n112233"), rules(BOTH, SIZE, NESTING), "nesting")
    assert rows["state"].tolist() == ["holds", "fails"]
    found = findings[findings["kind"] == "outside_parent"]
    assert found["area_ids"].tolist() == ["M2,G1"]
    assert found["value"].tolist() == pytest.approx([20_000])
    assert found.geometry.area.tolist() == pytest.approx([20_000])


def test_an_area_that_names_no_parent_is_found():
    made = plan()
    made.register.loc["M1", "parent_id"] = "G9"
    _, findings = judged(made, rules(BOTH, SIZE, NESTING), "nesting")
    assert findings["kind"].tolist() == ["no_parent"]


def test_a_plan_without_the_level_of_a_clause_leaves_it_open():
    rows, _ = judged(plan(micro=None), rules(BOTH, SIZE, NESTING), "nesting")
    assert rows["state"].tolist() == ["holds", "cannot be judged"]
    assert rows["reason"].tolist() == ["", "no_level"]


def beats(made, drawing):
    letters = "".join(drawing.split())
    squares = "".join(ATOMS.split())
    owner = pd.Series({atom: f"B{letters[squares.index(atom)]}" for atom in made.atoms.index}, name="area_id")
    rows = pd.DataFrame({"code": None, "name": None, "level": "beat", "kind": "base", "parent_id": None},
                        index=pd.Index(sorted(set(owner)), name="area_id"))  # fmt: skip
    register = pd.concat([made.register, rows.astype(object)])
    return replace(made, owners={**made.owners, "beat": owner}, register=register)


def test_a_beat_holds_whole_grids_or_the_cut_grid_is_named():
    profile = load_profile("police-beats")
    row, _ = only(beats(plan(), "111222 111222"), profile, "nesting")
    assert (row["state"], row["judged"]) == ("holds", 2)
    row, findings = only(beats(plan(), "112222 112222"), profile, "nesting")
    assert (row["state"], row["figure"]) == ("fails", 1)
    assert findings["area_ids"].tolist() == ["G1,B1,B2"]
    assert only(plan(), profile, "nesting")[0]["reason"] == "no_level"


def test_the_grids_of_a_beat_are_counted():
    band = '[beat]\ngrids = {max = 1}\nclause = "size"\n[grid]\nhouseholds = [300, 500]'
    clause = ("size", "size", "hard", "beat")
    assert only(beats(plan(), "111222 111222"), rules(band, clause), "size")[0]["state"] == "holds"
    row, _ = only(beats(plan(), "111111 111111"), rules(band, clause), "size")
    assert (row["state"], row["most"]) == ("fails", 2)


def test_parts_that_touch_in_a_corner_are_two_pieces():
    profile = rules(GRID_BAND, ("whole", "other", "hard", "grid"))
    row, _ = only(plan(), profile, "whole", judged_by={"whole": "one_piece"})
    assert row["state"] == "holds"
    row, findings = only(plan(grid="111222\n222111"), profile, "whole", judged_by={"whole": "one_piece"})
    assert (row["state"], row["figure"]) == ("fails", 2)
    assert findings["value"].tolist() == [2, 2]


def test_a_clause_of_which_a_part_only_can_be_measured_never_holds_and_may_fail():
    profile = rules(GRID_BAND, ("shape", "shape", "soft", "grid"))
    row, _ = only(plan(), profile, "shape")
    assert (row["state"], row["reason"], row["figure"]) == ("cannot be judged", "rest_in_words", 0)
    assert only(plan(grid="111222\n222111"), profile, "shape")[0]["state"] == "fails"


def test_land_that_two_areas_claim_is_measured():
    made = plan()
    atoms = made.atoms.copy()
    atoms.loc["d", "geometry"] = shapely.box(*(shapely.bounds(atoms.geometry["d"]) - [10, 0, 0, 0]))
    profile = rules(GRID_BAND, ("apart", "other", "hard", "grid"))
    assert only(made, profile, "apart", judged_by={"apart": "no_overlap"})[0]["state"] == "holds"
    row, findings = only(replace(made, atoms=atoms), profile, "apart", judged_by={"apart": "no_overlap"})
    assert (row["state"], row["figure"]) == ("fails", 1)
    assert findings["value"].tolist() == pytest.approx([1_000])


# Whole units and institutions alone

UNIT = ("unit", "boundary", "hard", "grid")


def shapes(*boxes, **columns):
    return gpd.GeoDataFrame(columns, geometry=[_box(*each) for each in boxes], crs=CRS)


def test_an_estate_that_a_border_cuts_is_named_with_the_areas_that_share_it():
    profile = rules(GRID_BAND, UNIT)
    asked = {"judged_by": {"unit": "whole_units"}}
    whole = shapes((0, 0, 3, 1), (3, 0, 4, 1), name=["A", "B"])
    row, _ = only(plan(), profile, "unit", units=whole, **asked)
    assert (row["state"], row["judged"]) == ("holds", 2)
    row, findings = only(plan(), profile, "unit", units=shapes((2, 0, 4, 1), name=["Lakeside"]), **asked)
    assert (row["state"], row["figure"]) == ("fails", 1)
    assert findings[["area_ids", "thing"]].to_numpy().tolist() == [["G1,G2", "Lakeside"]]
    assert only(plan(), profile, "unit", **asked)[0]["missing"] == "units"
    assert only(plan(), profile, "unit", units=whole.iloc[:0], **asked)[0]["reason"] == "empty"


def test_a_building_above_the_band_may_be_split_where_a_clause_permits_it():
    profile = load_profile("guali-2024")
    houses = shapes((1.9, 0.1, 2.1, 0.9), households=[81]).rename_axis("building_id")
    houses.index = houses.index.astype(str)
    rows, _ = judged(plan(), profile, "micro-unit", buildings=houses)
    assert rows.set_index("point").loc["whole_buildings", "reason"] == "nothing"
    rows, findings = judged(plan(), profile, "micro-unit", buildings=houses.assign(households=80))
    assert rows.set_index("point").loc["whole_buildings", "state"] == "fails"
    assert findings[findings["kind"] == "unit_cut"]["area_ids"].tolist() == ["M1,M2"]


def test_the_ground_of_a_hospital_is_kept_whole_and_a_point_tells_nothing():
    profile = rules(GRID_BAND, UNIT)
    asked = {"judged_by": {"unit": "whole_institutions"}}
    assert only(plan(), profile, "unit", places=shapes((0, 0, 1, 1)), **asked)[0]["state"] == "holds"
    assert only(plan(), profile, "unit", places=shapes((2.5, 0, 3.5, 1)), **asked)[0]["state"] == "fails"
    points = gpd.GeoDataFrame(geometry=[_place(1, 1)], crs=CRS)
    assert only(plan(), profile, "unit", places=points, **asked)[0]["reason"] == "empty"


def test_an_exclusive_area_holds_one_whole_institution():
    made = plan()
    made.register.loc["M2", "kind"] = "exclusive"
    profile = load_profile("guali-2024")
    assert only(made, profile, "exclusive")[0]["missing"] == "places"
    assert only(made, profile, "exclusive", places=shapes((2, 0, 3, 2)))[0]["state"] == "holds"
    row, findings = only(made, profile, "exclusive", places=shapes((2, 0, 3, 1), (2, 1, 3, 2)))
    assert (row["state"], row["figure"]) == ("fails", 1)
    assert set(findings[findings["clause"] == "exclusive"]["severity"]) == {"note"}
    assert only(made, profile, "exclusive", places=shapes((2, 0, 4, 2)))[0]["state"] == "fails"
    assert only(plan(), profile, "exclusive", places=shapes((2, 0, 3, 2)))[0]["reason"] == "nothing"


def test_an_institution_is_judged_by_the_band_of_its_kind():
    made = plan()
    made.register.loc["M2", "kind"] = "exclusive"
    profile = load_profile("guali-2024")
    site = shapes((2, 0, 3, 2), kind=["office"])
    rows, _ = judged(made, profile, "exclusive-people", places=site)
    office = rows.set_index("point").loc["office_persons"]
    assert (office["state"], office["most"], office["strength"]) == ("holds", 240, "may")
    assert rows.set_index("point").loc["commercial_persons", "reason"] == "nothing"
    crowded = replace(made, atoms=made.atoms.assign(persons=200))
    rows, findings = judged(crowded, profile, "exclusive-people", places=site)
    assert rows.set_index("point").loc["office_persons", "state"] == "fails"
    assert findings.loc[findings["clause"] == "exclusive-people", "value"].tolist() == [400]


# Borders

BORDERS = ("borders", "boundary", "hard", "grid")
ON_STREETS = {"judged_by": {"borders": "on_streets"}}


def test_borders_on_streets_hold_and_those_beside_are_located():
    profile = rules(GRID_BAND, BORDERS)
    assert only(plan(), profile, "borders", **ON_STREETS)[0]["missing"] == "streets"
    row, _ = only(plan(), profile, "borders", streets=street_lines([[(3, 0), (3, 2)]]), **ON_STREETS)
    assert (row["state"], row["figure"], row["limit"]) == ("holds", 1, 1)
    row, findings = only(plan(), profile, "borders", streets=street_lines([[(3, 0), (3, 0.5)]]), **ON_STREETS)
    assert (row["state"], row["figure"]) == ("fails", pytest.approx(51 / 200))
    assert findings["value"].tolist() == pytest.approx([149])
    assert findings["area_ids"].tolist() == ["G1,G2"]


def test_how_much_is_enough_is_not_invented():
    profile = rules(GRID_BAND, ("borders", "boundary", "soft", "grid"))
    half = street_lines([[(3, 0), (3, 1)]])
    row, findings = only(plan(), profile, "borders", streets=half, **ON_STREETS)
    assert (row["state"], row["reason"]) == ("cannot be judged", "no_share")
    assert row["figure"] == pytest.approx(101 / 200)
    assert not len(findings)
    stated = {"streets": half, "street_share": 0.5, **ON_STREETS}
    assert only(plan(), profile, "borders", **stated)[0]["state"] == "holds"
    assert only(plan(), profile, "borders", **{**stated, "street_share": 0.6})[0]["state"] == "fails"


def test_a_border_on_a_river_can_be_seen_and_is_no_street():
    profile = rules(GRID_BAND, BORDERS)
    river = street_lines([[(3, 0), (3, 2)], [(0, 0), (0, 2)]]).assign(kind=["river", "street"])
    assert only(plan(), profile, "borders", streets=river, **ON_STREETS)[0]["figure"] == 0
    row, _ = only(plan(), profile, "borders", streets=river, judged_by={"borders": "on_features"})
    assert row["state"] == "holds"
    row, _ = only(plan(), profile, "borders", streets=river.iloc[1:], judged_by={"borders": "on_features"})
    assert row["reason"] == "no_share"


# Staffing and codes

STAFF = ("staff", "staffing", "hard", "grid")
ONE = {"judged_by": {"staff": "one_officer"}}


def duties(*rows, **columns):
    table = pd.DataFrame(rows, columns=["officer_id", "area_id", "role"])
    return table.assign(**columns).set_index(pd.Index([f"D{at}" for at in range(len(rows))], name="duty_id"))


def test_one_grid_has_one_officer():
    profile = rules(GRID_BAND, STAFF)
    chief = ("C1", "G1", "grid_chief"), ("C1", "G2", "grid_chief")
    good = duties(("P1", "G1", "full_time"), ("P2", "G2", "full_time"), *chief)
    assert only(plan(), profile, "staff", duties=good, **ONE)[0]["state"] == "holds"
    cases = {
        "vacancy": duties(("P1", "G1", "full_time"), *chief),
        "several_officers": duties(*[(who, where, "full_time") for who, where in zip("PQR", ("G1", "G2", "G2"))]),  # noqa: B905
        "shared_officer": duties(("P1", "G1", "full_time"), ("P1", "G2", "full_time")),
    }
    for kind, table in cases.items():
        row, findings = only(plan(), profile, "staff", duties=table, **ONE)
        assert row["state"] == "fails"
        assert findings["kind"].tolist() == [kind]
    assert only(plan(), profile, "staff", **ONE)[0]["missing"] == "duties"
    assert only(plan(), profile, "staff", duties=good.iloc[:0], **ONE)[0]["reason"] == "empty"
    assert only(plan(), profile, "staff", duties=duties(*chief), **ONE)[0]["reason"] == "no_role"


def test_duties_are_judged_on_their_day():
    profile = rules(GRID_BAND, STAFF)
    table = duties(("P1", "G1", "full_time"), ("P2", "G2", "full_time"), valid_from=date(2026, 1, 1),
                   valid_to=[date(2026, 7, 1), None])  # fmt: skip
    assert only(plan(), profile, "staff", duties=table, **ONE)[0]["reason"] == "no_day"
    assert only(plan(), profile, "staff", duties=table, at=date(2026, 6, 30), **ONE)[0]["state"] == "holds"
    row, findings = only(plan(), profile, "staff", duties=table, at=date(2026, 7, 1), **ONE)
    assert findings["area_ids"].tolist() == ["G1"]
    assert row["figure"] == 1


def test_a_rule_of_chief_and_officer_fails_without_a_chief_and_never_holds_in_full():
    profile = load_profile("guali-2024")
    full = duties(*[(f"{role}{area}", area, role) for area in ("G1", "G2") for role in ("full_time", "grid_chief")])
    row, _ = only(plan(), profile, "staffing", duties=full)
    assert (row["state"], row["reason"]) == ("cannot be judged", "rest_in_words")
    row, findings = only(plan(), profile, "staffing", duties=full.iloc[:3])
    assert row["state"] == "fails"
    assert "'G2' has no grid chief" in findings["message"].tolist()


def test_codes_go_on_from_the_parents_code():
    profile = rules(GRID_BAND, ("number", "codes", "hard", "grid"))
    made = plan()
    made.register["code"] = made.register["code"].replace({"C1": "33", "G1": "33001", "G2": "33002"})
    assert only(made, profile, "number")[0]["state"] == "holds"
    for wrong in ("34002", "33", "33001", ""):
        made.register.loc["G2", "code"] = wrong
        row, findings = only(made, profile, "number")
        assert row["state"] == "fails"
        assert "G2" in findings["area_ids"].tolist()


# The whole


def test_words_and_permissions_cannot_be_judged():
    told = gg.conformance(plan(), load_profile("guali-2024")).clauses
    assert told.loc["settings", "reason"] == "words"
    assert told.loc["micro-split", "reason"] == "permission"
    open_ = gg.conformance(plan(), load_profile("baoan")).clauses
    assert open_.loc["counts", "reason"] == "unstated"


def test_a_plan_holds_when_a_hard_clause_is_kept_and_none_is_broken():
    assert gg.conformance(plan(), rules(GRID_BAND, SIZE)).holds
    assert not gg.conformance(plan(grid="111112\n111112"), rules(GRID_BAND, SIZE)).holds
    assert not gg.conformance(plan(), rules(GRID_BAND + '\nstrength = "soft"', ("size", "size", "soft", "grid"))).holds
    told = gg.conformance(plan(), rules(BOTH, SIZE, NESTING))
    assert told.states.to_dict() == {"size": "holds", "nesting": "holds", "micro.households": "holds"}
    assert "3 clauses of rules: holds: 3" in str(told)
    assert "<table" in told._repr_html_()


@pytest.mark.parametrize("name", gg.list_profiles())
def test_every_shipped_profile_judges_a_plan_and_never_holds_without_input(name):
    told = gg.conformance(plan(), load_profile(name))
    profile = load_profile(name)
    assert set(told.states.index) >= {clause.id for clause in profile.clauses}
    assert told.clauses.index.is_unique
    assert set(told.clauses["state"]) <= {"holds", "fails", "cannot be judged"}
    assert (told.clauses["state"].eq("cannot be judged") == told.clauses["why"].ne("")).all()
    held = told.clauses.loc[told.clauses["state"] == "holds", "point"]
    assert set(held) <= {"households", "persons", "area_m2", "grids", "nesting", "no_overlap"}


def test_each_listed_clause_is_one_of_its_profile():
    for name, clauses in BY_CLAUSE.items():
        assert set(clauses) <= {clause.id for clause in load_profile(name).clauses}
        assert all(set(points) <= set(POINTS) for points, _ in clauses.values())
    assert set(JUDGES) | {"cover", "on_streets"} == set(POINTS)


def test_a_copy_of_a_shipped_profile_is_judged_as_the_profile_is():
    copy = replace(load_profile("guali-2024"), name="our-town")
    assert gg.conformance(plan(), copy).clauses["point"].tolist() == (
        gg.conformance(plan(), load_profile("guali-2024")).clauses["point"].tolist()
    )


def test_the_order_of_rows_changes_nothing_and_nothing_is_changed():
    made = plan(grid="111122\n112222")
    homes = households_at([(x + 0.5, y + 0.5) for x in range(6) for y in range(2)], count=60)
    before = made.atoms.copy(), homes.copy()
    first = gg.conformance(made, households=homes, territory=GROUND)
    pd.testing.assert_frame_equal(made.atoms, before[0])
    pd.testing.assert_frame_equal(homes, before[1])
    turned = replace(made, atoms=made.atoms.iloc[::-1], register=made.register.iloc[::-1])
    again = gg.conformance(turned, households=homes.iloc[::-1], territory=GROUND)
    pd.testing.assert_frame_equal(first.clauses, again.clauses)
    pd.testing.assert_frame_equal(first.findings.drop(columns="geometry"), again.findings.drop(columns="geometry"))


def test_layers_in_another_reference_system_are_brought_over():
    homes = households_at([(x + 0.5, y + 0.5) for x in range(6) for y in range(2)], count=60).to_crs("EPSG:4548")
    units = shapes((0, 0, 3, 1)).to_crs("EPSG:4326")
    told = gg.conformance(plan(), rules(GRID_BAND, SIZE, UNIT, COVER), households=homes, units=units,
                          territory=GROUND.to_crs("EPSG:4326"), judged_by={"unit": "whole_units"})  # fmt: skip
    assert (
        told.clauses.loc[["size", "unit", "cover/cover_households", "cover/cover_area"], "state"].tolist()
        == ["holds"] * 4
    )


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"households": households_at([(1, 1)]).to_crs(4326)}, CrsError, "in degrees"),
        ({"places": gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)])}, CrsError, "places: has no CRS"),
        ({"units": pd.DataFrame({"a": [1]})}, TableError, "units: has no geometry"),
        ({"units": gpd.GeoDataFrame(geometry=[shapely.Point(1, 1)], crs=CRS)}, TableError, "units: row 0 is Point"),
        ({"duties": pd.DataFrame({"a": [1]})}, TableError, "duties"),
        ({"territory": shapely.Polygon()}, TableError, "territory: has no land"),
        ({"judged_by": {"none": "nesting"}}, ProfileError, "has no clause 'none'"),
        ({"judged_by": {"size": "beauty"}}, ProfileError, "'beauty' is none of"),
        ({"at": "2026-01-01"}, TableError, "at is '2026-01-01'"),
        ({"street_share": 2}, TableError, "street_share is 2"),
        ({"tolerance_m": -1}, TableError, "tolerance_m is -1"),
    ],
)
def test_bad_input_is_refused_in_one_line(given, error, words):
    with pytest.raises(error, match=words):
        gg.conformance(plan(), rules(GRID_BAND, SIZE), **given)


def test_a_plan_without_atoms_is_refused():
    with pytest.raises(TableError, match="plan: has no atoms"):
        gg.conformance(replace(plan(), atoms=plan().atoms.iloc[:0]), rules(GRID_BAND, SIZE))


def test_a_profile_of_levels_that_the_plan_has_not_leaves_all_open():
    told = gg.conformance(plan(micro=None), rules('[beat]\ngrids = {max = 9}\nclause = "size"', (*SIZE[:3], "beat")))
    assert told.clauses["reason"].tolist() == ["no_level"]
    assert not told.holds


def test_towns_are_drawn_by_the_same_hand():
    assert town("A").geometry.iloc[0].equals(_box(0, 0, 1, 1))
