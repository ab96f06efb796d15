"""Codes are written as a standard says, in reading order, and no code is ever given twice."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS, town

import gridgeo as gg

XINJIEKOU = "320104001001"
C1 = {"C1": XINJIEKOU}
BEIJING = "beijing-15"


def grids(drawing, parent_id="C1"):
    return town(drawing, parent_id=parent_id)


def numbers(areas, template=BEIJING, communities=C1, digits=3, **options):
    """Give the end of each area's code."""
    codes = gg.assign_codes(areas, template, communities=communities, **options)
    return {area_id: code[-digits:] for area_id, code in codes.items()}


def order(areas, **options):
    """Give the letters in order of their codes."""
    codes = gg.assign_codes(areas, BEIJING, communities=C1, **options)
    return "".join(codes.sort_values().index)


# Templates


def test_the_templates_of_the_standards_come_with_it():
    assert gg.list_code_templates() == ["12+n", "beijing-15", "cjt349-20", "xian"]
    assert gg.load_code_template(BEIJING).length == 15
    assert gg.load_code_template("cjt349-20", object_code="010203").length == 20
    assert gg.load_code_template("12+4").length == 16
    assert gg.load_code_template("12+n", digits=2).length == 14
    assert gg.load_code_template("xian", digits=3).length == 15


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("12+n", {}, "pass digits=3"),
        ("xian", {}, "pass digits=3"),
        ("cjt349-20", {}, 'pass object_code="..."'),
        ("cjt349-20", {"object_code": "0102"}, "object_code = '0102' is not of 6 digits"),
        ("cjt349-20", {"object_code": "01020三"}, "is not of 6 digits"),
        (BEIJING, {"object_code": "010203"}, "has no part object; leave it out"),
        (BEIJING, {"digits": 4}, "digits = 3 is stated, and digits = 4 is asked for"),
        ("12+3", {"digits": 4}, "digits = 4 contradicts its name"),
        ("12+n", {"digits": 0}, "digits = 0 is no whole number above 0"),
        ("12+0", {}, "digits = 0 is no whole number above 0"),
        ("beijng-15", {}, "did you mean 'beijing-15'"),
        ("absent.toml", {}, "'absent.toml' cannot be read"),
        ("xian", {"digits": 2, "exclusive_first": 100}, "exclusive_first = 100 is not from 2 to 99"),
    ],
)
def test_what_a_template_leaves_open_or_forbids_is_told(name, options, said):
    with pytest.raises(gg.ProfileError) as told:
        gg.load_code_template(name, **options)
    assert said in str(told.value)


def test_every_choice_that_a_source_does_not_state_is_named_as_ours():
    for name, options in {"12+n": {"digits": 3}, BEIJING: {}, "cjt349-20": {"object_code": "0" * 6},
                          "xian": {"digits": 3}}.items():  # fmt: skip
        made = gg.load_code_template(name, **options)
        assert made.source
        assert any("micro" in words for words in made.ours)


OWN = """name = "own"
source = "order no. 12"
micro_digits = 2

[[parts]]
part = "county"
digits = 6

[[parts]]
part = "object"
digits = 2
value = "06"

[[parts]]
part = "street"

[[parts]]
part = "community"

[[parts]]
part = "number"
digits = 2
"""


def test_a_template_of_ones_own_says_where_each_part_stands(tmp_path):
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    codes = gg.assign_codes(grids("AB"), tmp_path / "own.toml", communities=C1)
    assert codes.to_dict() == {"A": "3201040600100101", "B": "3201040600100102"}
    made = gg.read_code_template(OWN)
    assert made.division_in(codes["B"]) == XINJIEKOU


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("digits = 6", "digits = 5", "line 7: parts[1].digits = 5 is not 6, the digits of the county"),
        ('part = "street"', 'part = "sreet"', "line 15: parts[3].part = 'sreet' is not one of object, county"),
        ('part = "street"', 'part = "county"', "line 15: parts[3].part = 'county' stands more than once"),
        ('[[parts]]\npart = "street"\n\n', "", 'parts is missing; add [[parts]] with part = "street"'),
        ('value = "06"', 'value = "6"', "line 12: parts[2].value = '6' is not of 2 digits"),
        ('value = "06"', "value = 6", "line 12: parts[2].value = 6 is no text"),
        ("micro_digits = 2", "micro_digit = 2", "line 3: micro_digit is not known; did you mean 'micro_digits'?"),
        ("micro_digits = 2", "micro_digits = 0", "line 3: micro_digits = 0 is no whole number above 0"),
        ("micro_digits = 2", 'undivided = "000"', "line 3: undivided = '000' is not of 2 digits"),
        ("micro_digits = 2", 'undivided = "01"', "line 3: undivided = '01' is above 0"),
        ("micro_digits = 2", "merged_first = 1000", "line 3: merged_first = 1000 is above 999"),
        ("micro_digits = 2", "ours = 2", "line 3: ours = 2 is no list of texts"),
        ('name = "own"', "", "name is missing"),
        ('name = "own"', "name = own", "is no TOML"),
        ('source = "order no. 12"', 'source = ""', "line 2: source is empty"),
        ('[[parts]]\npart = "county"', '[[parts]]\npart = "number"\n[[parts]]\npart = "county"', "parts[2].part"),
    ],
)
def test_a_wrong_line_of_a_template_is_named_with_its_value(old, new, said):
    assert OWN.count(old) >= 1
    with pytest.raises(gg.ProfileError) as told:
        gg.read_code_template(OWN.replace(old, new, 1), "own.toml")
    assert "own.toml" in str(told.value)
    assert said in str(told.value)


# Reading order


def test_codes_run_west_to_east_then_north_to_south():
    assert order(grids("DAC\nBEF\nHGI")) == "DACBEFHGI"


def test_an_area_a_little_lower_than_its_neighbours_is_in_their_row():
    drawn = grids("""
        CCAA..
        CCAABB
        DDEEBB
        DDEE..
    """)
    assert order(drawn) == "CABDE"


def test_areas_of_one_place_in_a_row_follow_from_the_north():
    drawn = grids("AABB\nAACC\nDDDD\nDDDD")
    assert order(drawn) == "ABCD"


def test_a_tall_area_is_read_with_the_row_of_its_middle():
    assert order(grids("AABB\nTTCC\nTTDD\nTTEE\nFFGG")) == "ABCTDEFG"


def test_the_order_of_rows_in_the_table_does_not_matter():
    drawn = grids("DAC\nBEF\nHGI")
    assert order(drawn.iloc[::-1]) == order(drawn)


def test_a_shifted_town_keeps_its_order():
    drawn = grids("AAB\nCBB\nCDD")
    moved = drawn.set_geometry(drawn.geometry.translate(123.4, -987.6))
    assert order(moved) == order(drawn)


def test_a_border_that_moves_a_little_changes_no_code():
    drawn = grids("AABB\nAABB\nCCDD\nCCDD")
    corner = drawn.geometry["A"].bounds[2]
    bent = drawn.geometry.map(
        lambda shape: shapely.transform(shape, lambda xy: xy + 0.01 * (xy[:, :1] == corner) * (1, -1))
    )
    assert order(drawn.set_geometry(bent)) == order(drawn) == "ABCD"


# Numbers


def test_each_community_begins_at_one():
    areas = pd.concat([grids("AB.."), grids("..CD", "C2")])
    codes = gg.assign_codes(areas, BEIJING, communities={**C1, "C2": "320104001002"})
    assert codes.to_dict() == {
        "A": "320104001001001", "B": "320104001001002", "C": "320104001002001", "D": "320104001002002",
    }  # fmt: skip


def test_an_area_that_survives_keeps_its_code_and_a_new_one_gets_the_next():
    before = {"A": f"{XINJIEKOU}001", "B": f"{XINJIEKOU}002", "C": f"{XINJIEKOU}003"}
    assert numbers(grids("NACM"), before=before) == {"A": "001", "C": "003", "M": "005", "N": "004"}


def test_the_last_code_ever_used_is_not_used_again():
    before = {"A": f"{XINJIEKOU}001"}
    assert numbers(grids("AB"), before=before, reserved=[f"{XINJIEKOU}007"])["B"] == "008"
    # A micro grid's code uses that of its grid.
    assert numbers(grids("AB"), before=before, reserved=[f"{XINJIEKOU}00904"])["B"] == "010"
    assert numbers(grids("AB"), before=before, reserved=["320104001002044", "no code", ""])["B"] == "002"


def test_an_area_that_went_to_another_community_gets_a_code_of_that_one():
    before = {"A": f"{XINJIEKOU}001", "B": f"{XINJIEKOU}002"}
    areas = pd.concat([grids("A."), grids(".B", "C2")])
    codes = gg.assign_codes(areas, BEIJING, communities={**C1, "C2": "320104001002"}, before=before)
    assert codes.to_dict() == {"A": f"{XINJIEKOU}001", "B": "320104001002001"}
    back = gg.assign_codes(grids("AN"), BEIJING, communities=C1, before=before)
    assert back["N"] == f"{XINJIEKOU}003"


def test_codes_of_another_template_are_not_kept():
    assert numbers(grids("AB"), before={"A": f"{XINJIEKOU}0042", "B": "GRID-B"}) == {"A": "001", "B": "002"}


def test_two_areas_cannot_have_had_one_code():
    with pytest.raises(gg.TableError, match=f"before: code '{XINJIEKOU}001' stands on 'A' and 'B'"):
        numbers(grids("AB"), before={"A": f"{XINJIEKOU}001", "B": f"{XINJIEKOU}001"})


def test_nine_areas_fit_one_digit_and_ten_do_not():
    assert numbers(grids("ABCDEFGHI"), "12+1", digits=1)["I"] == "9"
    with pytest.raises(gg.TableError) as told:
        numbers(grids("ABCDEFGHIJ"), "12+1")
    for words in ("community 'C1' (320104001001)", "needs 10 new numbers", "end at 9", "'12+2'"):
        assert words in str(told.value)


def test_numbers_that_were_used_up_are_told_though_few_areas_are_left():
    with pytest.raises(gg.TableError, match=r"needs 1 new numbers after 999.*1000 is above it.*'12\+4'"):
        numbers(grids("AB"), before={"A": f"{XINJIEKOU}001"}, reserved=[f"{XINJIEKOU}999"])


def test_micro_grids_have_codes_below_their_grids():
    plan = drawn_plan("ABCD", grid="1122", micro="1234")
    codes = gg.assign_codes(plan, BEIJING, communities=C1)
    assert codes.to_dict() == {
        "C1": XINJIEKOU, "G1": f"{XINJIEKOU}001", "G2": f"{XINJIEKOU}002", "M1": f"{XINJIEKOU}00101",
        "M2": f"{XINJIEKOU}00102", "M3": f"{XINJIEKOU}00201", "M4": f"{XINJIEKOU}00202",
    }  # fmt: skip
    made = gg.load_code_template(BEIJING, micro_digits=1)
    with pytest.raises(gg.TableError, match=r"grid 'G1'.*end at 9: 11 is above it.*micro_digits=2"):
        gg.assign_codes(plan, made, communities=C1, reserved=[f"{XINJIEKOU}0019"], before={"G1": f"{XINJIEKOU}001"})


def test_a_plan_is_coded_as_a_whole_and_the_old_one_stays():
    plan = drawn_plan("ABCD", grid="1122", micro="1234")
    coded = gg.code_plan(plan, gg.load_code_template("cjt349-20", object_code="010203"), communities=C1)
    assert plan.register["code"].tolist() == plan.register.index.tolist()
    assert coded.register.at["G2", "code"] == f"010203{XINJIEKOU}02"
    assert coded.areas("micro").at["M4", "code"] == f"010203{XINJIEKOU}0202"
    assert coded.manifest["codes"]["template"] == "cjt349-20"
    assert coded.manifest["seed"] == plan.manifest["seed"]
    # Once communities have their codes, nobody needs to say them again.
    assert gg.assign_codes(coded, BEIJING)["G1"] == f"{XINJIEKOU}001"


# What single standards say


def cjt(areas, communities=C1, **options):
    made = gg.load_code_template("cjt349-20", object_code="010203")
    return gg.assign_codes(areas, made, communities=communities, **options)


def test_a_community_that_is_not_divided_has_number_00():
    assert cjt(grids("AA")).to_dict() == {"A": f"010203{XINJIEKOU}00"}
    assert cjt(grids("AB"))["A"] == f"010203{XINJIEKOU}01"


def test_a_community_that_is_divided_later_loses_00_for_good():
    before = {"A": f"010203{XINJIEKOU}00"}
    assert cjt(grids("AA"), before=before).to_dict() == before
    assert cjt(grids("AB"), before=before)["A"] == f"010203{XINJIEKOU}01"
    # Another area that is the only one now cannot have the 00 of A.
    assert cjt(grids("NN"), before=before)["N"] == f"010203{XINJIEKOU}01"


def test_merged_communities_are_numbered_from_601_in_their_street():
    areas = pd.concat([grids("...A"), grids("BC..", "C2"), grids("..D.", "C3")])
    codes = {
        "C1": ["320104001001", "320104001002"],
        "C2": "320104001003 + 320104001004",
        "C3": "320104001005",
    }
    assert cjt(areas, codes).to_dict() == {
        "A": "01020332010400160200", "B": "01020332010400160101", "C": "01020332010400160102",
        "D": "01020332010400100500",
    }  # fmt: skip


def test_a_merged_community_keeps_its_number_and_a_new_one_follows():
    areas = pd.concat([grids("A."), grids(".B", "C2")])
    codes = {"C1": ["320104001001", "320104001002"], "C2": ["320104001003", "320104001004"]}
    kept = cjt(areas, codes, before={"B": "01020332010400160300", "X": "01020332010400160500"})
    assert kept.to_dict() == {"A": "01020332010400160600", "B": "01020332010400160300"}


@pytest.mark.parametrize(
    ("template", "codes", "said"),
    [
        (BEIJING, ["320104001001", "320104001002"], "has no numbers for merged communities"),
        ("cjt", ["320104001001", "320104002001"], "streets 320104001 and 320104002"),
        ("cjt", ["320104001001", "3201040010"], "code '3201040010' of 'C1' is not of 12 digits"),
    ],
)
def test_communities_that_cannot_be_merged_are_told(template, codes, said):
    made = gg.load_code_template("cjt349-20", object_code="010203") if template == "cjt" else template
    with pytest.raises(gg.TableError) as told:
        gg.assign_codes(grids("AB"), made, communities={"C1": codes})
    assert said in str(told.value)


def test_a_street_with_too_many_merged_communities_is_told():
    with pytest.raises(gg.TableError, match="merged community 1000 of street 320104001, above 999"):
        cjt(grids("A"), {"C1": "320104001001+320104001002"}, reserved=["01020332010400199900"])


def test_institutions_may_have_numbers_of_their_own():
    areas = grids("ABCD").assign(kind=["base", "exclusive", "base", "exclusive"])
    made = gg.load_code_template("xian", digits=3, exclusive_first=901)
    assert numbers(areas, made) == {"A": "001", "B": "901", "C": "002", "D": "902"}
    assert numbers(areas, gg.load_code_template("xian", digits=3))["B"] == "002"
    # An area that becomes an institution's own leaves the ordinary numbers.
    assert numbers(areas, made, before={"B": f"{XINJIEKOU}001"}) == {"A": "002", "B": "901", "C": "003", "D": "902"}


# Bad input


@pytest.mark.parametrize(
    ("change", "communities", "said"),
    [
        ({}, None, "communities: 'C1' have no 12-digit division code"),
        ({}, {"C1": "32010400100"}, "code '32010400100' of 'C1' is not of 12 digits"),
        ({}, {"C1": "32010400100１"}, "is not of 12 digits"),
        ({}, {"C2": XINJIEKOU}, "'C1' have no 12-digit division code"),
        ({"parent_id": None}, C1, "grid 'A' names no community; fill parent_id"),
        ({"level": "micro"}, C1, "micro grid 'A' lies in 'C1', no grid here; add the grids"),
        ({"households": -1}, C1, "households of 'A' is -1"),
    ],
)
def test_areas_that_cannot_be_coded_are_told(change, communities, said):
    with pytest.raises(gg.TableError) as told:
        gg.assign_codes(grids("AB").assign(**change), BEIJING, communities=communities)
    assert said in str(told.value)


def test_two_communities_with_one_code_are_told():
    areas = pd.concat([grids("A."), grids(".B", "C2")])
    with pytest.raises(gg.TableError, match=f"'C1' and 'C2' both have the code '{XINJIEKOU}'"):
        gg.assign_codes(areas, BEIJING, communities={"C1": XINJIEKOU, "C2": XINJIEKOU})


def test_a_division_code_read_as_a_number_is_taken_as_its_digits():
    assert numbers(grids("AB"), communities=pd.Series({"C1": 320104001001})) == {"A": "001", "B": "002"}
    assert numbers(grids("AB"), communities=pd.Series({"C1": 320104001001.0, "C2": None}))["A"] == "001"


def test_a_map_without_areas_has_no_codes():
    assert gg.assign_codes(grids("AB").iloc[:0], BEIJING).to_dict() == {}


# Checks


def coded(drawing="ABC", **codes):
    areas = grids(drawing)
    right = gg.assign_codes(areas, BEIJING, communities=C1)
    return areas.assign(code=[codes.get(each, right[each]) for each in areas.index])


def faults(found):
    return dict(zip(found["area_ids"], found["fault"], strict=True))


def test_codes_as_they_were_given_have_no_fault():
    assert not len(gg.check_codes(coded(), BEIJING, C1, divisions=[XINJIEKOU, "320104001", "320104"]))
    plan = gg.code_plan(drawn_plan("ABCD", grid="1122", micro="1234"), BEIJING, communities=C1)
    assert not len(gg.check_codes(plan, BEIJING))


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("", "no_code"),
        (None, "no_code"),
        (f"{XINJIEKOU}00A", "not_digits"),
        (f"{XINJIEKOU}00２", "not_digits"),
        (f"{XINJIEKOU}02", "wrong_length"),
        (f"{XINJIEKOU}0002", "wrong_length"),
        (f"{XINJIEKOU}000", "wrong_number"),
        ("320104001002002", "wrong_prefix"),
    ],
)
def test_a_wrong_code_is_one_finding_that_names_its_fault(code, fault):
    found = gg.check_codes(coded(B=code), BEIJING, C1)
    assert faults(found) == {"B": fault}
    assert found["kind"].tolist() == ["wrong_code"]
    assert found["severity"].tolist() == ["error"]
    assert found.geometry.iloc[0].area == pytest.approx(10_000)


def test_a_code_on_two_areas_is_one_finding():
    found = gg.check_codes(coded(B=f"{XINJIEKOU}001"), BEIJING, C1)
    assert found[["kind", "area_ids", "fault"]].to_numpy().tolist() == [["duplicate_code", "A,B", "duplicate"]]


def test_without_division_codes_the_odd_one_out_is_found():
    assert faults(gg.check_codes(coded(B="320104001002002"), BEIJING)) == {"B": "wrong_prefix"}


def test_a_community_whose_areas_all_carry_another_code_is_one_cause():
    found = gg.check_codes(coded(), BEIJING, {"C1": "320104001009"})
    assert found["cause"].tolist() == ["parent_renumbered"]
    assert found["area_ids"].tolist() == ["A,B,C"]


@pytest.mark.parametrize(
    ("division", "word"),
    [("990104001001", "county 990104"), ("320104099001", "street 320104099"), (XINJIEKOU[:-1] + "9", "community")],
)
def test_the_level_of_a_division_code_that_is_unknown_is_named(division, word):
    areas = grids("AB")
    areas["code"] = gg.assign_codes(areas, BEIJING, communities={"C1": division})
    found = gg.check_codes(areas, BEIJING, {"C1": division}, divisions=[XINJIEKOU])
    assert faults(found) == {"A,B": "unknown_division"}
    assert f"there is no {word}" in found["message"].iloc[0]
    # A list that goes down to counties only judges no streets.
    assert len(gg.check_codes(areas, BEIJING, {"C1": division}, divisions=["320104"])) == (word[:6] == "county")


def test_a_division_code_of_the_wrong_form_is_told():
    found = gg.check_codes(coded(), BEIJING, {"C1": "3201"})
    assert faults(found) == {"A,B,C": "no_division"}


def test_a_micro_grid_is_judged_by_the_code_of_its_grid():
    plan = gg.code_plan(drawn_plan("ABCD", grid="1122", micro="1234"), BEIJING, communities=C1)
    register = plan.register.copy()
    register.loc["M2", "code"] = f"{XINJIEKOU}00203"
    register.loc["M4", "code"] = f"{XINJIEKOU}002"
    found = gg.check_codes(replace(plan, register=register), BEIJING)
    assert faults(found) == {"M2": "wrong_prefix", "M4": "wrong_length"}
    assert found["cause"].tolist().count("code_of_other_parent") == 1


def test_number_00_is_a_fault_where_the_community_is_divided():
    made = gg.load_code_template("cjt349-20", object_code="010203")
    areas = grids("AB").assign(code=[f"010203{XINJIEKOU}00", f"010203{XINJIEKOU}01"])
    found = gg.check_codes(areas, made, C1)
    assert faults(found) == {"A": "wrong_number"}
    assert "says that C1 is not divided, and it has 2 areas" in found["message"].iloc[0]
    assert not len(gg.check_codes(areas.iloc[1:], made, C1))


def test_a_merged_community_is_judged_by_its_number_from_601():
    made = gg.load_code_template("cjt349-20", object_code="010203")
    merged = {"C1": ["320104001001", "320104001002"]}
    areas = grids("ABC")
    areas["code"] = gg.assign_codes(areas, made, communities=merged)
    divisions = ["320104001001", "320104001002"]
    assert not len(gg.check_codes(areas, made, merged, divisions=divisions))
    areas.loc["A", "code"] = f"010203{XINJIEKOU}01"
    assert faults(gg.check_codes(areas, made, merged, divisions=divisions)) == {"A": "wrong_prefix"}


def test_a_grid_of_no_community_is_told():
    areas = coded().assign(parent_id=["C1", None, "C1"])
    found = gg.check_codes(areas, BEIJING, C1)
    assert faults(found) == {"B": "no_parent"}
    assert found["kind"].tolist() == ["wrong_parent"]


def test_a_map_with_broken_rows_is_judged_all_the_same():
    areas = coded(B="12")
    areas.loc["B", "geometry"] = None
    twice = gpd.GeoDataFrame(pd.concat([areas, areas.loc[["A"]]]), crs=CRS)
    assert "wrong_length" in gg.check_codes(twice, BEIJING, C1)["fault"].tolist()


def test_a_table_without_levels_is_refused():
    with pytest.raises(gg.TableError, match="have no column level"):
        gg.check_codes(coded().drop(columns="level"), BEIJING, C1)


# Nested systems of codes


def nested():
    areas = grids("ABCDEF")
    return areas.assign(
        small=["T1-01", "T1-02", "T1-03", "T2-01", "T2-02", "T2-03"],
        middle=["T1-x", "T1-x", "T1-y", "T2-x", "T2-x", "T2-x"],
        large=["T1", "T1", "T1", "T2", "T2", "T2"],
    )


def check_nested(areas, **options):
    return gg.check_code_levels(areas, ["small", "middle", "large"], begins={"middle": "large"}, **options)


def test_a_nested_system_of_codes_in_order_has_no_fault():
    assert not len(check_nested(nested()))


@pytest.mark.parametrize(
    ("column", "value", "areas", "fault"),
    [
        ("small", "T1-01", "A,F", "duplicate"),
        ("small", "T201", "F", "wrong_form"),
        ("small", None, "F", "no_code"),
        ("middle", "T1-x", "F", "wrong_prefix"),
    ],
)
def test_a_fault_in_a_nested_system_is_found(column, value, areas, fault):
    broken = nested()
    broken.loc["F", column] = value
    found = check_nested(broken)
    assert fault in faults(found).values()
    assert faults(found)[areas] == fault


def test_a_code_in_two_larger_ones_is_told_with_the_areas_of_the_less_usual():
    broken = nested()
    broken.loc["F", "large"] = "T1"
    found = gg.check_code_levels(broken, ["small", "middle", "large"])
    assert faults(found) == {"F": "several_parents"}
    assert "middle 'T2-x' stands in large 'T2' with 2 areas, and in 'T1' with F" in found["message"].iloc[0]


def test_a_form_that_several_codes_have_is_no_fault():
    """Codes that count on in letters after 99 are as right as the others."""
    many = pd.concat([nested().assign(area_id=f"R{at}") for at in range(20)]).assign(level="grid")
    many["small"] = [f"T1-{at:02d}" if at < 100 else f"T1-A{at - 100:01d}" for at in range(110)] + [
        f"T1-B{at}" for at in range(10)
    ]
    many["area_id"] = [f"R{at:03d}" for at in range(120)]
    assert not len(gg.check_code_levels(many, ["small"]))
    assert len(gg.check_code_levels(many, ["small"], rare_share=0.2)) == 20


def test_the_form_of_codes_may_be_asked_for():
    assert faults(check_nested(nested(), forms={"small": r"T1-\d\d"})) == dict.fromkeys("DEF", "wrong_form")
    with pytest.raises(gg.TableError, match="is no regular expression"):
        check_nested(nested(), forms={"small": "("})
    with pytest.raises(gg.TableError, match="have no column 'town'"):
        gg.check_code_levels(nested(), ["small", "town"])
