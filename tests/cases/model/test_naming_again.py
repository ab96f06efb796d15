"""Hold the names of a plan that was drawn anew to those before."""

import pandas as pd
import pytest
from drawn_plans import drawn_plan

from gridgeo.model.errors import EditError
from gridgeo.model.naming_again import fresh_ids, renew_ids

BEFORE = drawn_plan("ABCDEFGH", grid="11223344", micro="12345678")


def used(*plans, ids=(), codes=()):
    rows = [("area_id", word) for plan in plans for word in plan.register.index]
    rows += [("code", word) for plan in plans for word in plan.register["code"]]
    rows += [("area_id", word) for word in ids] + [("code", word) for word in codes]
    return pd.DataFrame(rows, columns=["kind", "word"])


def coded(plan, **codes):
    register = plan.register.assign(code=[codes.get(area, code) for area, code in plan.register["code"].items()])
    return type(plan)(plan.atoms, plan.owners, register, plan.profile, plan.borders, manifest=plan.manifest)


def grids(plan):
    return "".join(area.removeprefix("G") for area in plan.owner("grid"))


def test_the_same_division_under_other_numbers_gets_its_numbers_back():
    anew = drawn_plan("ABCDEFGH", grid="44332211", micro="87654321")
    found = renew_ids(anew, BEFORE, used(BEFORE))
    assert grids(found) == "11223344"
    assert found.owner("micro").tolist() == BEFORE.owner("micro").tolist()
    pd.testing.assert_frame_equal(found.register, BEFORE.register.sort_index())
    assert found.manifest["renewed"]["G1"] == "G4"


def test_an_area_goes_on_when_it_keeps_more_than_half_of_its_households():
    anew = drawn_plan("ABCDEFGH", grid="44444321")
    found = renew_ids(anew, drawn_plan("ABCDEFGH", grid="11122224"), used(BEFORE))
    # ABCDE shares 3 of 5 with ABC; F, G are fresh; H was G4.
    assert found.owner("grid").tolist() == ["G1"] * 5 + ["G6", "G5", "G4"]


def test_halves_of_a_split_area_get_new_ids():
    anew = drawn_plan("ABCDEFGH", grid="12334455")
    found = renew_ids(anew, BEFORE, used(BEFORE))
    assert found.owner("grid").tolist()[2:] == ["G2", "G2", "G3", "G3", "G4", "G4"]
    assert set(found.owner("grid").tolist()[:2]) == {"G6", "G7"}  # G5 is what the plan calls another area


def test_an_id_that_was_never_used_stays():
    found = renew_ids(drawn_plan("ABCDEFGH", grid="78787899"), BEFORE, used(BEFORE))
    assert found.owner("grid").tolist() == ["G7", "G8"] * 3 + ["G4"] * 2


def test_an_id_that_was_retired_long_ago_is_not_used_again():
    found = renew_ids(drawn_plan("ABCDEFGH", grid="78787899"), BEFORE, used(BEFORE, ids=["G7", "G10"]))
    assert found.owner("grid").tolist() == ["G11", "G8"] * 3 + ["G4"] * 2


def test_areas_without_households_go_on_by_their_land():
    before = drawn_plan("ABCD", grid="1122", households=0)
    found = renew_ids(drawn_plan("ABCD", grid="2211", households=0), before, used(before))
    assert grids(found) == "1122"


def test_parents_and_other_atoms_are_followed():
    before = drawn_plan("AABB", grid="1122", micro="1122")
    anew = drawn_plan("ABCD", grid="2211", micro="3344")
    found = renew_ids(anew, before, used(before))
    assert grids(found) == "1122"
    assert found.owner("micro").tolist() == ["M1", "M1", "M2", "M2"]
    assert found.register["parent_id"].dropna().to_dict() == {"G1": "C1", "G2": "C1", "M1": "G1", "M2": "G2"}


def test_codes_go_on_with_their_areas_and_new_ones_follow_those_in_use():
    codes = {"C1": "110101001001", "G1": "110101001001001", "G2": "110101001001002", "G3": "110101001001003"}
    before = coded(drawn_plan("ABCDEF", grid="112233"), **codes)
    anew = coded(drawn_plan("ABCDEF", grid="331245"), **{**codes, "G4": "110101001001004", "G5": "110101001001005"})
    found = renew_ids(anew, before, used(before, codes=["110101001001004"]))
    told = found.register["code"]
    assert told[found.owner("grid")["A"]] == "110101001001001"
    fresh = sorted(told[area] for area in found.owner("grid")[["C", "D", "E", "F"]])
    assert fresh == [f"1101010010010{number}" for number in ("05", "06", "07", "08")]


def test_a_stacked_area_and_a_certificate_follow_their_area():
    anew = drawn_plan(
        "ABCD", grid="2211", manifest={"stacked": [{"area_id": "G2-1", "parent_id": "G2", "floor_from": 1}]}
    )
    found = renew_ids(anew, drawn_plan("ABCD", grid="1122"), used(drawn_plan("ABCD", grid="1122")))
    assert found.manifest["stacked"] == [{"area_id": "G2-1", "parent_id": "G1", "floor_from": 1}]


def test_a_code_without_a_number_left_is_told():
    before = coded(drawn_plan("ABCD", grid="1122"), C1="1", G1="199")
    anew = coded(drawn_plan("ABCD", grid="1234"), C1="1", G1="199", G2="198", G3="197", G4="196")
    with pytest.raises(EditError, match="code '199': no number is left"):
        renew_ids(anew, before, used(before))


def test_a_share_below_a_half_is_refused():
    with pytest.raises(EditError, match=r"least_share is 0\.4"):
        renew_ids(BEFORE, BEFORE, used(BEFORE), least_share=0.4)


def test_fresh_ids_are_as_wide_as_those_in_use():
    assert fresh_ids("G", 2, ["G007", "G012", "H99", "Gx", "G1-5"]) == ["G013", "G014"]
    assert fresh_ids("G", 2, ["G99", "G98"]) == ["G100", "G101"]
    assert fresh_ids("G", 0, []) == []
