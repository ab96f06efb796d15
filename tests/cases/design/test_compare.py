"""What a change of plan means: for areas, households, communities, officers, load and borders."""

import pandas as pd
import pytest
from drawn_plans import drawn_plan
from towns import households_at, town

import gridgeo as gg
from gridgeo.model.errors import TableError

ATOMS = """
    abcdefgh
    ijklmnop
"""
COMMUNITIES = """
    11112222
    11112222
"""
BEFORE = """
    11223344
    11223344
"""
AFTER = """
    11122344
    11122345
"""


def plans(before=BEFORE, after=AFTER):
    return tuple(drawn_plan(ATOMS, community=COMMUNITIES, grid=grid) for grid in (before, after))


def duties(**areas):
    rows = [(f"D{number}", officer, area) for number, (officer, area) in enumerate(
        (officer, area) for officer, held in areas.items() for area in held.split())]  # fmt: skip
    table = pd.DataFrame(rows, columns=["duty_id", "officer_id", "area_id"]).set_index("duty_id")
    return table.assign(role="primary")


def officers(*ids):
    return pd.DataFrame({"name": list(ids), "role": "primary"}, index=pd.Index(ids, name="officer_id"))


def test_areas_are_added_gone_changed_renamed_or_the_same():
    before, after = plans("1122334411223366", "1112234511122345")
    after.register.loc["G4", "name"] = "another"
    found = gg.compare(before, after)
    assert found.areas["status"].to_dict() == {
        "G1": "changed", "G2": "changed", "G3": "changed", "G4": "changed", "G5": "added", "G6": "gone"}  # fmt: skip
    renamed = drawn_plan(ATOMS, community=COMMUNITIES, grid=BEFORE)
    renamed.register.loc["G4", "name"] = "another"
    assert gg.compare(plans()[0], renamed).areas["status"].tolist() == ["same", "same", "same", "renamed"]


def test_households_that_change_their_area_are_counted_by_community():
    found = gg.compare(*plans())
    told = found.summary()
    assert (told["households"], told["households_moved"], told["moved_share"]) == (1600, 500, 500 / 1600)
    assert found.communities["households_moved"].to_dict() == {"C1": 200, "C2": 300}
    assert found.communities["moved_share"].to_dict() == {"C1": 0.25, "C2": 0.375}
    assert found.communities[["areas_before", "areas_after"]].to_numpy().tolist() == [[2, 2], [2, 3]]


def test_the_atoms_that_moved_are_listed():
    moved = gg.compare(*plans()).moved_atoms
    assert moved[["before_id", "after_id"]].apply(tuple, axis=1).to_dict() == {
        "c": ("G2", "G1"), "k": ("G2", "G1"), "e": ("G3", "G2"), "m": ("G3", "G2"), "p": ("G4", "G5")}  # fmt: skip
    assert moved["households"].sum() == 500


def test_officers_gain_and_lose_the_households_of_the_land_that_moved():
    found = gg.compare(*plans(), officers=officers("O1", "O2", "O3", "O9"), duties=duties(O1="G1", O2="G2 G3", O3="G4"))
    rows = found.officers
    assert rows["households_before"].to_dict() == {"O1": 400, "O2": 800, "O3": 400, "O9": 0}
    assert rows["households_after"].to_dict() == {"O1": 600, "O2": 600, "O3": 300, "O9": 0}
    assert rows["households_gained"].to_dict() == {"O1": 200, "O2": 0, "O3": 0, "O9": 0}
    assert rows["households_lost"].to_dict() == {"O1": 0, "O2": 200, "O3": 100, "O9": 0}
    assert found.areas["officers_after"].fillna(-1).to_dict() == {"G1": 1, "G2": 1, "G3": 1, "G4": 1, "G5": 0}
    assert (found.summary()["officers_changed"], found.summary()["areas_without_officer"]) == (3, 1)


def test_other_duties_after_are_told_by_their_areas():
    found = gg.compare(*plans(after=BEFORE), duties=duties(O1="G1", O2="G2"), duties_after=duties(O1="G1 G3", O2="G4"))
    assert found.officers["gained_ids"].to_dict() == {"O1": "G3", "O2": "G4"}
    assert found.officers["lost_ids"].to_dict() == {"O1": "", "O2": "G2"}
    assert found.officers["households_gained"].to_dict() == {"O1": 400, "O2": 400}


def test_two_officers_of_one_area_lose_the_same_households():
    found = gg.compare(*plans(), duties=duties(O1="G2", O2="G2", O3="G1 G2"))
    assert found.officers["households_lost"].to_dict() == {"O1": 200, "O2": 200, "O3": 0}


def test_the_load_and_the_band_are_told_before_and_after():
    found = gg.compare(*plans())
    assert found.spread["before"][["areas", "lowest", "highest", "mean", "deviation"]].tolist() == [4, 400, 400, 400, 0]
    assert found.spread["after"][["areas", "lowest", "highest", "mean"]].tolist() == [5, 100, 600, 320]
    assert (found.summary()["in_band_before"], found.summary()["in_band_after"]) == (4, 2)


def test_counts_of_a_town_that_grew_are_each_sides_own():
    before, after = plans(after=BEFORE)
    after.atoms.loc["a", "households"] = 150
    found = gg.compare(before, after)
    assert found.areas.loc["G1", ["households_before", "households_after"]].tolist() == [400, 450]
    assert found.summary()["households_moved"] == 0


def test_borders_inside_communities_are_kept_dropped_or_drawn():
    found = gg.compare(*plans("1122334411223344", "1112334411123344"))
    assert found.borders["length_m"].to_dict() == {"kept": 200.0, "dropped": 200.0, "drawn": 200.0}


def test_tables_of_areas_are_compared_without_borders_and_atoms():
    homes = households_at([(0.5, 0.5), (1.5, 0.5), (2.5, 0.5), (3.5, 0.5)])
    found = gg.compare(town("AABB"), town("ACBB"), households=homes)
    told = found.summary()
    assert (told["households"], told["households_moved"], told["areas_added"]) == (4, 1, 1)
    assert found.areas["households_after"].to_dict() == {"A": 1, "B": 2, "C": 1}
    assert found.borders.empty
    assert found.moved_atoms.empty
    assert "1 of 4 households change their area (25.0%)" in str(found)


def test_new_ids_alone_part_nobody_from_their_neighbours():
    told = gg.compare(town("AABB", households=9), town("CCDD", households=9)).summary()
    assert (told["households_moved"], told["households_parted"]) == (18, 0)
    assert told["rows_kept"] == 2


def test_the_report_names_what_was_given():
    report = str(gg.compare(*plans(), duties=duties(O1="G1")))
    assert "4 areas of level grid before, 5 after: 1 added, 0 gone, 4 changed, 0 renamed, 0 same" in report
    assert "500 of 1,600 households change their area (31.2%)" in report
    assert "4 areas keep their band before, 2 after" in report
    assert "incidents" not in report


def test_nothing_changes_between_a_plan_and_itself():
    told = gg.compare(*plans(after=BEFORE)).summary()
    assert told["areas_same"] == told["rows_kept"] == 4
    assert told["households_moved"] == told["atoms_moved"] == told["area_moved_m2"] == told["border_drawn_m"] == 0


def test_what_cannot_be_compared_is_refused():
    before, after = plans()
    with pytest.raises(TableError, match="duties: column 'role' is missing"):
        gg.compare(before, after, duties=duties(O1="G1").drop(columns="role"))
    with pytest.raises(TableError, match="duties_after: is given without duties"):
        gg.compare(before, after, duties_after=duties(O1="G1"))
    with pytest.raises(TableError, match="officers: the index is named None"):
        gg.compare(before, after, duties=duties(O1="G1"), officers=officers("O1").reset_index(drop=True))


def test_the_report_can_be_had_in_chinese():
    found = gg.compare(*plans(), duties=duties(O1="G1"))
    assert "1,600 户中有 500 户改变归属(31.2%)" in found.report("zh")
    assert len(found.report("zh").splitlines()) == len(str(found).splitlines())


def test_nobody_counted_is_no_share():
    areas = town("AABB")
    assert "no households are counted" in str(gg.compare(areas, areas))
